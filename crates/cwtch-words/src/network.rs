//! Networks: what is waited for, and what stands in the way.

use cwtch_api::{LinkFault, Obstacle, Step};

use crate::text::{because, in_brackets, one_line};

/// Words for something that is waited for, without a full stop: they follow "waiting for".
pub fn step(step: &Step) -> String {
    one_line(&match step {
        Step::Network => "the network".to_owned(),
        Step::Address => "the network to take the address".to_owned(),
        Step::Presence => "you to go online".to_owned(),
        Step::FirstRelay => "a first connection with the Tor network".to_owned(),
        Step::Directory => "the directory of the Tor network's relays".to_owned(),
        Step::NextAttempt => "the next attempt".to_owned(),
        Step::ControlPort => "Tor's control port".to_owned(),
        Step::TorStep { detail } if detail.is_empty() => "Tor".to_owned(),
        Step::TorStep { detail } => format!("Tor: {detail}"),
        Step::FirstCircuit => "Tor: a first circuit".to_owned(),
        Step::ServiceTaken => "Tor to take the onion service".to_owned(),
        Step::ServiceStart => "the onion service to start".to_owned(),
        Step::Introduction => "the onion service's introduction points".to_owned(),
        Step::Descriptor { done: Some(done), total: Some(total) } => {
            format!("the descriptor to reach directories: {done} of {total}")
        }
        Step::Descriptor { .. } => "the descriptor to reach directories".to_owned(),
        Step::OwnAnswer => "an answer from the own address over Tor".to_owned(),
        Step::OtherStops => "the other program to stop".to_owned(),
    })
}

/// The sentences about an obstacle: what is wrong, and what to do.
pub fn obstacle(obstacle: &Obstacle) -> String {
    one_line(&words(obstacle))
}

#[expect(clippy::too_many_lines, reason = "one entry for each obstacle, as the enum has them")]
fn words(obstacle: &Obstacle) -> String {
    use Obstacle as O;
    let fixed = match obstacle {
        // --- any Tor ---
        O::Clock { seconds, detail } => {
            let by = by(*seconds);
            let told = detail.as_deref().map(in_brackets).unwrap_or_default();
            return format!(
                "This computer's clock is wrong{by}{told}, so Tor cannot connect. Set date, time and time zone; it is tried \
                 again."
            );
        }
        O::NoAnswer { detail } => {
            let told = in_brackets(detail);
            return format!(
                "The onion service is published but does not answer yet{told}; it is tried again."
            );
        }
        O::ServedElsewhere => {
            "Another program answers at this address: the same identity seems to run on another machine, or twice on this \
             one. Stop it there; until then each takes the other's connections."
        }
        O::AddressNotTaken { detail } => {
            return format!("The address cannot be published now{} It is tried again.", because(detail));
        }
        O::AddressRefused { detail } => return format!("The address cannot be published{}", because(detail)),

        // --- the embedded Tor ---
        O::NoRelay => {
            "No relay of the Tor network can be reached: this machine seems to be offline, or the network here lets \
             nothing through. It is tried again; if Tor is blocked here, set up bridges in tor.toml."
        }
        O::CutOff => {
            "Connections with relays are opened and then cut off: the network here seems to block Tor. It is tried again; \
             set up bridges in tor.toml."
        }
        O::NoHandshake => {
            "Relays of the Tor network are reached, but no connection with them comes about: this machine's clock may be \
             wrong (check date, time and time zone), or the network here blocks Tor (set up bridges in tor.toml). It is \
             tried again."
        }
        O::SlowDirectory => {
            "The directory of the Tor network arrives very slowly or not at all: this machine's clock may be wrong (check \
             date, time and time zone), or Tor is hindered here (set up bridges in tor.toml). It is tried again."
        }
        O::NoDirectory { detail } => {
            let told = in_brackets(detail);
            return format!(
                "The directory of the Tor network cannot be had{told}. This machine's clock may be wrong: check date, \
                 time and time zone. It is tried again."
            );
        }
        O::TorUnusable { detail } => {
            let told = in_brackets(detail);
            return format!("The Tor network cannot be used{told}. It is tried again.");
        }
        O::TorUnreachable => "The Tor network cannot be reached. It is tried again.",
        O::TorDirectoryInUse => {
            "Another program uses the directory of this Tor: stop it, or name another data directory. It is tried again."
        }
        O::Transport { detail } => {
            let told = in_brackets(detail);
            return format!(
                "A pluggable transport does not run{told}. Check its path under bridges.transports in tor.toml; it is \
                 tried again."
            );
        }
        O::DescriptorRefused => {
            "The directories of the Tor network refuse the onion service's descriptor. If the same identity was online \
             over another Tor (the system's, another program's) within the last two days, that passes by itself; until \
             then use that one. It is tried again."
        }
        O::NoIntroduction => "The onion service finds no relay to be introduced by. It is tried again.",
        O::ServiceFailed => {
            "The onion service failed inside Tor: start the program again if it does not come back."
        }
        O::ServiceUnfit { detail } => {
            let told = in_brackets(detail);
            return format!("The onion service cannot be set up{told}: start the program again.");
        }

        // --- the system's Tor ---
        O::NoControlPort => {
            "No Tor answers at the control port. Start Tor, and let its torrc have a line ControlPort 9051 and a line \
             CookieAuthentication 1; if it listens elsewhere, set control under [system] in tor.toml. It is tried again."
        }
        O::ControlForbidden => {
            "This user may not open Tor's control socket. Add the user to the group that owns it, on Debian with sudo \
             adduser $USER debian-tor, and log in again."
        }
        O::ControlUnreachable { detail } => {
            return format!("Tor's control port cannot be reached{} It is tried again.", because(detail));
        }
        O::NotTor => {
            "What answers at the control port does not speak Tor's control protocol. Set control under [system] in \
             tor.toml to Tor's ControlPort; 9050 and 9150 are SOCKS ports."
        }
        O::MixesStreams => {
            "Tor's SOCKS port does not keep streams apart (NoIsolateSOCKSAuth in its torrc), so that one circuit would \
             carry what must not be linked. Remove NoIsolateSOCKSAuth there, or add a SocksPort without it, and reload \
             Tor; it is tried again."
        }
        O::ControlSilent => "Tor's control port does not answer. It is tried again.",
        O::ControlBroken => {
            "The connection with Tor's control port ended: Tor was stopped or restarted. It is tried again."
        }
        O::ControlFiltered { command } => {
            return format!(
                "Tor's control port is restricted and refuses {command}. Let its filter allow what Cwtch needs: \
                 docs/onion-grater-cwtch.yml is such a profile for onion-grater, which Whonix and Tails use."
            );
        }
        O::ControlPasswordWrong => {
            "Tor's control port refuses the password. Correct the file that password_file under [system] in tor.toml names \
             (or TOR_CONTROL_PASSWD); it must fit HashedControlPassword in the torrc."
        }
        O::ControlPasswordNeeded => {
            "Tor's control port wants a password and none is configured. Set password_file under [system] in tor.toml to a \
             private file with the password, or let the torrc have CookieAuthentication 1."
        }
        O::CookieUnreadable => {
            "Tor's control cookie cannot be read by this user. Let the torrc have CookieAuthFileGroupReadable 1 and add \
             the user to Tor's group, on Debian with sudo adduser $USER debian-tor, and log in again."
        }
        O::CookieWrong => {
            "The control port and its cookie file do not belong together: a file of an earlier Tor, or another program at \
             the port. Restart Tor, or correct control under [system] in tor.toml."
        }
        O::NoLogin => {
            "Tor's control port offers no way to log in that works here. Let the torrc have CookieAuthentication 1 and \
             restart Tor."
        }
        O::TorTooOld => {
            "This Tor is too old for onion services of version 3. Update Tor to a version that is still maintained."
        }
        O::TorDisabled => {
            "Tor's network is switched off. Connect in the program that runs this Tor (Tor Browser, Tails, Whonix), or \
             remove DisableNetwork from the torrc."
        }
        O::NetworkDown => "Tor notices no network: the connection to the internet seems to be down.",
        O::TorStuck { reason } => {
            return format!(
                "Tor does not get on: {}. If this network blocks Tor, configure bridges in its torrc (UseBridges 1 and \
                 Bridge lines), or in the program that runs it.",
                link(*reason)
            );
        }
        O::ServedAlready => {
            "This Tor already serves the onion service of this identity: the program seems to run twice, or it was just \
             restarted. Stop the other one; it is tried again."
        }
        O::NeedsListen => {
            "Tor runs on another machine and cannot hand connections over to this one. Set listen under [system] in \
             tor.toml to an address and port of this machine that only Tor's machine reaches."
        }
        O::NoSocket { detail } => {
            return format!(
                "No socket for Tor to hand connections over could be opened{} Correct listen under [system] in tor.toml, \
                 or free a port; it is tried again.",
                because(detail)
            );
        }
        O::ServiceRefused { reply } => {
            return format!(
                "Tor refused the onion service (code {reply} of the control port). It is tried again."
            );
        }
        O::UploadRejected => {
            "Tor's directories refused the onion service's descriptor. If the same identity ran with another Tor program \
             until now, that passes within a day; Tor tries again by itself."
        }
        O::UploadFailed => {
            "No directory of the Tor network has taken the onion service's descriptor yet. Tor tries again by itself."
        }
        O::NoSocksPort => {
            "Nothing answers at Tor's SOCKS port. Let its torrc have a line SocksPort 9050, or set socks under [system] in \
             tor.toml."
        }
        O::SocksEnded => "Tor ended the connection at its SOCKS port. It is tried again.",
        O::NoCircuit => "Tor could not open a circuit now. It is tried again.",
        O::SocksNotTor => {
            "What answers at the SOCKS port is no Tor. Correct socks under [system] in tor.toml."
        }
        O::SocksMixesStreams => {
            "Tor's SOCKS port takes no user name and password, by which streams are kept apart. Remove its options in the \
             torrc, or set socks under [system] in tor.toml to one of Tor's."
        }
    };
    fixed.to_owned()
}

fn link(fault: LinkFault) -> &'static str {
    match fault {
        LinkFault::Refused => "connections to the Tor network are refused",
        LinkFault::Reset => "connections to the Tor network are reset",
        LinkFault::TimesOut => "connections to the Tor network time out",
        LinkFault::NoRoute => "there is no route to the Tor network",
        LinkFault::Identity => "a relay is not who it should be; the network may tamper with connections",
        LinkFault::Encryption => "connections to the Tor network are not encrypted as they should be",
        LinkFault::TransportMissing => {
            "the pluggable transport that a bridge needs is missing or does not run"
        }
        LinkFault::Resources => "the computer has no file or memory left for connections",
        LinkFault::Forbidden => "this computer forbids Tor to connect",
        LinkFault::Other => "connections to the Tor network fail",
    }
}

/// By how much a clock is wrong, in words that follow "wrong"; Tor tells by how many seconds it is ahead.
fn by(seconds: Option<i64>) -> String {
    let Some(seconds) = seconds else { return String::new() };
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
    fn a_wrong_clock_is_told_with_its_way() {
        let told = |seconds| obstacle(&Obstacle::Clock { seconds, detail: None });
        assert!(told(Some(-7300)).contains("by 2 hours (behind)"));
        assert!(told(Some(600)).contains("by 10 minutes (ahead)"));
        assert!(told(Some(5)).contains("by 5 seconds (ahead)"));
        assert!(told(None).contains("wrong, so Tor cannot connect"));
        let reported = Obstacle::Clock { seconds: None, detail: Some("skew\nof 3 h".to_owned()) };
        assert!(obstacle(&reported).contains("(skew\u{FFFD}of 3 h)"), "{}", obstacle(&reported));
    }

    #[test]
    fn what_needs_a_person_says_what_to_do() {
        for (obstacle, must_say) in [
            (Obstacle::NoControlPort, "Start Tor"),
            (Obstacle::ControlForbidden, "debian-tor"),
            (Obstacle::NotTor, "ControlPort"),
            (Obstacle::MixesStreams, "Remove NoIsolateSOCKSAuth"),
            (Obstacle::ControlFiltered { command: "ADD_ONION".to_owned() }, "docs/onion-grater-cwtch.yml"),
            (Obstacle::ControlPasswordWrong, "password_file"),
            (Obstacle::ControlPasswordNeeded, "CookieAuthentication 1"),
            (Obstacle::CookieUnreadable, "CookieAuthFileGroupReadable"),
            (Obstacle::CookieWrong, "Restart Tor"),
            (Obstacle::NoLogin, "CookieAuthentication"),
            (Obstacle::TorTooOld, "Update Tor"),
            (Obstacle::TorDisabled, "DisableNetwork"),
            (Obstacle::ServedAlready, "Stop the other"),
            (Obstacle::ServedElsewhere, "Stop it there"),
            (Obstacle::NeedsListen, "listen"),
            (Obstacle::NoSocket { detail: "permission denied".to_owned() }, "free a port"),
            (Obstacle::Transport { detail: "gone".to_owned() }, "bridges.transports"),
            (Obstacle::Clock { seconds: None, detail: None }, "time zone"),
        ] {
            assert!(obstacle.needs_person(), "{obstacle:?}");
            let sentence = self::obstacle(&obstacle);
            assert!(sentence.contains(must_say) && sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn what_is_stuck_names_bridges() {
        for reason in [LinkFault::TimesOut, LinkFault::Other, LinkFault::Identity] {
            let stuck = Obstacle::TorStuck { reason };
            assert!(!stuck.needs_person() && obstacle(&stuck).contains("bridges"));
        }
    }
}
