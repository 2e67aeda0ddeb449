//! Obstacles between this program and a running Tor, each with advice.

/// Obstacle between this program and a running Tor. Its text is whole sentences for a person and names no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error(
        "No Tor answers at the control port. Start Tor, and let its torrc have a line ControlPort 9051 and a line \
         CookieAuthentication 1; if it listens elsewhere, set control under [system] in tor.toml. It is tried again."
    )]
    NobodyThere,
    #[error(
        "This user may not open Tor's control socket. Add the user to the group that owns it, on Debian with \
         sudo adduser $USER debian-tor, and log in again."
    )]
    SocketForbidden,
    #[error("Tor's control port cannot be reached: {0}. It is tried again.")]
    Unreachable(String),
    #[error(
        "What answers at the control port does not speak Tor's control protocol. Set control under [system] in \
         tor.toml to Tor's ControlPort; 9050 and 9150 are SOCKS ports."
    )]
    NotTor,
    #[error(
        "Tor's SOCKS port does not keep streams apart (NoIsolateSOCKSAuth in its torrc), so that one circuit would carry \
         what must not be linked. Remove NoIsolateSOCKSAuth there, or add a SocksPort without it, and reload Tor; it is \
         tried again."
    )]
    MixesStreams,
    #[error("Tor's control port does not answer. It is tried again.")]
    Silent,
    #[error("The connection with Tor's control port ended: Tor was stopped or restarted. It is tried again.")]
    Broken,
    #[error(
        "Tor's control port is restricted and refuses {0}. Let its filter allow what Cwtch needs: \
         docs/onion-grater-cwtch.yml is such a profile for onion-grater, which Whonix and Tails use."
    )]
    Filtered(&'static str),
    #[error(
        "Tor's control port refuses the password. Correct the file that password_file under [system] in tor.toml \
         names (or TOR_CONTROL_PASSWD); it must fit HashedControlPassword in the torrc."
    )]
    WrongPassword,
    #[error(
        "Tor's control port wants a password and none is configured. Set password_file under [system] in tor.toml \
         to a private file with the password, or let the torrc have CookieAuthentication 1."
    )]
    PasswordNeeded,
    #[error(
        "Tor's control cookie cannot be read by this user. Let the torrc have CookieAuthFileGroupReadable 1 and add \
         the user to Tor's group, on Debian with sudo adduser $USER debian-tor, and log in again."
    )]
    CookieUnreadable,
    #[error(
        "The control port and its cookie file do not belong together: a file of an earlier Tor, or another program \
         at the port. Restart Tor, or correct control under [system] in tor.toml."
    )]
    CookieWrong,
    #[error(
        "Tor's control port offers no way to log in that works here. Let the torrc have CookieAuthentication 1 and \
         restart Tor."
    )]
    NoWayIn,
    #[error(
        "This Tor is too old for onion services of version 3. Update Tor to a version that is still maintained."
    )]
    TooOld,
    #[error(
        "This computer's clock is wrong{}, so Tor cannot connect. Set date, time and time zone.", by(*.0)
    )]
    ClockSkew(Option<i64>),
    #[error(
        "Tor's network is switched off. Connect in the program that runs this Tor (Tor Browser, Tails, Whonix), or \
         remove DisableNetwork from the torrc."
    )]
    Disabled,
    #[error("Tor notices no network: the connection to the internet seems to be down.")]
    NetworkDown,
    #[error(
        "Tor does not get on: {0}. If this network blocks Tor, configure bridges in its torrc (UseBridges 1 and \
         Bridge lines), or in the program that runs it."
    )]
    Stuck(&'static str),
    #[error(
        "This Tor already serves the onion service of this identity: the program seems to run twice, or it was just \
         restarted. Stop the other one; it is tried again."
    )]
    Collision,
    #[error(
        "Tor runs on another machine and cannot hand connections over to this one. Set listen under [system] in \
         tor.toml to an address and port of this machine that only Tor's machine reaches."
    )]
    NeedsListen,
    #[error(
        "No socket for Tor to hand connections over could be opened: {0}. Correct listen under [system] in tor.toml, \
         or free a port; it is tried again."
    )]
    NoSocket(String),
    #[error("Tor refused the onion service (code {0} of the control port). It is tried again.")]
    Refused(u16),
    #[error(
        "Tor's directories refused the onion service's descriptor. If the same identity ran with another Tor program \
         until now, that passes within a day; Tor tries again by itself."
    )]
    UploadRejected,
    #[error(
        "No directory of the Tor network has taken the onion service's descriptor yet. Tor tries again by itself."
    )]
    UploadFailed,
}

impl Obstacle {
    /// True if somebody has to do something. If not, it may pass by itself.
    pub(crate) fn needs_person(&self) -> bool {
        !matches!(
            self,
            Self::Unreachable(_)
                | Self::Silent
                | Self::Broken
                | Self::NetworkDown
                | Self::Stuck(_)
                | Self::Refused(_)
                | Self::UploadRejected
                | Self::UploadFailed
        )
    }
}

fn by(seconds: Option<i64>) -> String {
    let Some(seconds) = seconds else { return String::new() };
    // Tor tells by how many seconds the clock is ahead.
    let way = if seconds > 0 { "ahead" } else { "behind" };
    match seconds.unsigned_abs() {
        s @ 0..120 => format!(" by {s} seconds ({way})"),
        s @ 120..7200 => format!(" by {} minutes ({way})", s / 60),
        s => format!(" by {} hours ({way})", s / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_whole_sentences_that_say_what_to_do() {
        use Obstacle::*;
        for (obstacle, must_say) in [
            (NobodyThere, "Start Tor"),
            (SocketForbidden, "debian-tor"),
            (NotTor, "ControlPort"),
            (MixesStreams, "Remove NoIsolateSOCKSAuth"),
            (Filtered("ADD_ONION"), "docs/onion-grater-cwtch.yml"),
            (WrongPassword, "password_file"),
            (PasswordNeeded, "CookieAuthentication 1"),
            (CookieUnreadable, "CookieAuthFileGroupReadable"),
            (CookieWrong, "Restart Tor"),
            (NoWayIn, "CookieAuthentication"),
            (TooOld, "Update Tor"),
            (ClockSkew(Some(-7300)), "by 2 hours (behind)"),
            (ClockSkew(None), "time zone"),
            (Disabled, "DisableNetwork"),
            (Stuck("connections are refused"), "bridges"),
            (Collision, "Stop the other"),
            (NeedsListen, "listen"),
            (NoSocket("permission denied".into()), "listen"),
        ] {
            let sentence = obstacle.to_string();
            assert!(sentence.contains(must_say), "{sentence}");
            assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
            assert_eq!(obstacle.needs_person(), !matches!(obstacle, Stuck(_)), "{sentence}");
        }
        for obstacle in [Silent, Broken, NetworkDown, Refused(551), UploadRejected, UploadFailed] {
            assert!(!obstacle.needs_person() && obstacle.to_string().ends_with('.'));
        }
    }
}
