//! Readiness of a network or a published address: what is waited for and what is in the way, as codes with arguments.
//!
//! The words for them stand in `cwtch-words`; docs/json-rpc.md lists the codes for programs.

use serde::{Deserialize, Serialize};

/// Something that is waited for: JSON `{"code":…,"args":{…}}`, without `args` where there are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "kebab-case")]
pub enum Step {
    /// The network itself.
    Network,
    /// The network takes the address.
    Address,
    /// The person wants to be reachable again.
    Presence,
    /// A first connection with a relay of the Tor network.
    FirstRelay,
    /// The directory of the Tor network's relays.
    Directory,
    /// The next attempt, after one that failed.
    NextAttempt,
    /// The control port of the system's Tor.
    ControlPort,
    /// A step that the system's Tor names by itself.
    TorStep {
        /// Tor's summary of the step: technical, in English.
        detail: String,
    },
    /// The first circuit of a Tor that tells nothing else.
    FirstCircuit,
    /// The Tor takes the onion service.
    ServiceTaken,
    /// The onion service starts.
    ServiceStart,
    /// The onion service has relays by which it is introduced.
    Introduction,
    /// The onion service's descriptor reaches directories.
    Descriptor {
        /// Number of directories that have it, where that can be told.
        done: Option<u32>,
        /// Number of directories that it goes to, where that can be told.
        total: Option<u32>,
    },
    /// The own address answers over Tor.
    OwnAnswer,
    /// Another program that answers at the own address stops.
    OtherStops,
}

/// Reason of the system's Tor for a link with the network that does not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkFault {
    /// Connections are refused.
    Refused,
    /// Connections are reset.
    Reset,
    /// Connections time out.
    TimesOut,
    /// There is no route.
    NoRoute,
    /// A relay is not who it should be.
    Identity,
    /// The encryption fails.
    Encryption,
    /// A bridge's pluggable transport is missing.
    TransportMissing,
    /// This computer has no file or memory left.
    Resources,
    /// This computer forbids Tor to connect.
    Forbidden,
    /// Any other.
    Other,
}

/// Writes the enum, and from the same lines its codes and who must act, so that they cannot disagree.
macro_rules! obstacles {
    ($($(#[$about:meta])* $name:ident $({ $($(#[$field_about:meta])* $field:ident: $type:ty),+ $(,)? })?
        = $code:literal, $by:ident;)+) => {
        /// Something that stands between the program and a usable network or address: JSON `{"code":…,"args":{…}}`, without
        /// `args` where there are none.
        ///
        /// An argument called `detail` comes from a library, the operating system or another program. It is technical, in
        /// English, and names no address.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "code", content = "args")]
        pub enum Obstacle {
            $($(#[$about])* #[serde(rename = $code)] $name $({ $($(#[$field_about])* $field: $type),+ })?,)+
        }

        impl Obstacle {
            /// The codes of all, in the order of the documentation.
            pub const CODES: &[&str] = &[$($code),+];

            /// Its code, as JSON has it.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                }
            }

            /// True if somebody has to do something about it. If not, it may pass by itself.
            pub fn needs_person(&self) -> bool {
                match self {
                    $(Self::$name { .. } => obstacles!(@ $by),)+
                }
            }
        }
    };
    (@ Person) => { true };
    (@ Time) => { false };
}

obstacles! {
    // --- any Tor ---
    /// This computer's clock is wrong, so that Tor cannot connect.
    Clock {
        /// Number of seconds that it is ahead (or behind, where negative), where Tor tells.
        seconds: Option<i64>,
        /// Tor's report, where it gives one.
        detail: Option<String>,
    } = "clock", Person;
    /// The onion service is published but does not answer yet.
    NoAnswer {
        /// The observation.
        detail: String,
    } = "no-answer", Time;
    /// Another program answers at the own address.
    ServedElsewhere = "served-elsewhere", Person;
    /// The network will not publish the address now; a later attempt may succeed.
    AddressNotTaken {
        /// The network's error.
        detail: String,
    } = "address-not-taken", Time;
    /// The network will not publish the address as things are set up.
    AddressRefused {
        /// The network's error.
        detail: String,
    } = "address-refused", Person;

    // --- the embedded Tor ---
    /// No relay can be reached.
    NoRelay = "no-relay", Time;
    /// Connections with relays are opened and then cut off.
    CutOff = "cut-off", Time;
    /// Relays are reached, but no connection with them comes about.
    NoHandshake = "no-handshake", Time;
    /// The directory arrives very slowly or not at all.
    SlowDirectory = "slow-directory", Time;
    /// The directory cannot be had.
    NoDirectory {
        /// Tor's report.
        detail: String,
    } = "no-directory", Time;
    /// The network cannot be used, for another reason.
    TorUnusable {
        /// Tor's report.
        detail: String,
    } = "tor-unusable", Time;
    /// The network could be used a moment ago, and cannot now.
    TorUnreachable = "tor-unreachable", Time;
    /// Another program uses the directory of this Tor.
    TorDirectoryInUse = "tor-directory-in-use", Person;
    /// A pluggable transport does not run.
    Transport {
        /// Tor's report.
        detail: String,
    } = "transport", Person;
    /// The directories refuse the onion service's descriptor.
    DescriptorRefused = "descriptor-refused", Time;
    /// The onion service finds no relay to be introduced by.
    NoIntroduction = "no-introduction", Time;
    /// The onion service failed inside Tor.
    ServiceFailed = "service-failed", Person;
    /// The onion service cannot be set up.
    ServiceUnfit {
        /// Tor's report.
        detail: String,
    } = "service-unfit", Person;

    // --- the system's Tor ---
    /// No Tor answers at the control port.
    NoControlPort = "no-control-port", Person;
    /// The control socket may not be opened by this user.
    ControlForbidden = "control-forbidden", Person;
    /// The control port cannot be reached.
    ControlUnreachable {
        /// The system's error.
        detail: String,
    } = "control-unreachable", Time;
    /// Something else than a Tor answers at the control port.
    NotTor = "not-tor", Person;
    /// The SOCKS port does not keep streams apart.
    MixesStreams = "mixes-streams", Person;
    /// The control port does not answer.
    ControlSilent = "control-silent", Time;
    /// The connection with the control port ended.
    ControlBroken = "control-broken", Time;
    /// A filter before the control port refuses something.
    ControlFiltered {
        /// The command that is refused.
        command: String,
    } = "control-filtered", Person;
    /// The control port refuses the password.
    ControlPasswordWrong = "control-password-wrong", Person;
    /// The control port wants a password, and none is configured.
    ControlPasswordNeeded = "control-password-needed", Person;
    /// The control port's cookie cannot be read by this user.
    CookieUnreadable = "cookie-unreadable", Person;
    /// The control port and its cookie do not belong together.
    CookieWrong = "cookie-wrong", Person;
    /// The control port offers no way to log in that works here.
    NoLogin = "no-login", Person;
    /// The Tor is too old for onion services of version 3.
    TorTooOld = "tor-too-old", Person;
    /// Tor's network is switched off.
    TorDisabled = "tor-disabled", Person;
    /// Tor notices no network.
    NetworkDown = "network-down", Time;
    /// Tor does not get on.
    TorStuck {
        /// Tor's reason.
        reason: LinkFault,
    } = "tor-stuck", Time;
    /// The Tor already serves the onion service of this identity.
    ServedAlready = "served-already", Person;
    /// The Tor runs on another machine and cannot hand connections over.
    NeedsListen = "needs-listen", Person;
    /// No socket for Tor to hand connections over could be opened.
    NoSocket {
        /// The system's error.
        detail: String,
    } = "no-socket", Person;
    /// Tor refused the onion service.
    ServiceRefused {
        /// The code of the control port.
        reply: u16,
    } = "service-refused", Time;
    /// Directories refused the onion service's descriptor.
    UploadRejected = "upload-rejected", Time;
    /// No directory has taken the onion service's descriptor yet.
    UploadFailed = "upload-failed", Time;
    /// No SOCKS port of the Tor answers.
    NoSocksPort = "no-socks-port", Time;
    /// Tor ended the connection at its SOCKS port.
    SocksEnded = "socks-ended", Time;
    /// Tor could not open a circuit now.
    NoCircuit = "no-circuit", Time;
    /// Something else than a Tor answers at the SOCKS port.
    SocksNotTor = "socks-not-tor", Person;
    /// The SOCKS port takes no user name and password, by which streams are kept apart.
    SocksMixesStreams = "socks-mixes-streams", Person;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first column of a table of docs/json-rpc.md whose heading begins with a word.
    fn listed(first: &str) -> Vec<String> {
        let document = include_str!("../../../docs/json-rpc.md");
        let (_, table) = document.split_once(&format!("\n| {first} | ")).expect("a table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.filter_map(|line| line.split('`').nth(1)).map(str::to_owned).collect()
    }

    #[test]
    fn the_documentation_lists_each_obstacle_and_nothing_else() {
        assert_eq!(listed("obstacle"), Obstacle::CODES);
    }

    #[test]
    fn the_documentation_lists_steps_as_they_are_written() {
        let args = serde_json::json!({"detail": "x", "done": null, "total": 8});
        let listed = listed("step");
        assert_eq!(listed.len(), 15, "a new step needs a row");
        for code in listed {
            let json = serde_json::json!({"code": code, "args": args});
            let bare = serde_json::json!({"code": code});
            let step = serde_json::from_value::<Step>(json).or_else(|_| serde_json::from_value(bare));
            assert_eq!(serde_json::to_value(step.unwrap()).unwrap()["code"], code.as_str());
        }
    }

    #[test]
    fn json_has_the_code_and_the_arguments() {
        let stuck = Obstacle::TorStuck { reason: LinkFault::TimesOut };
        let json = r#"{"code":"tor-stuck","args":{"reason":"times-out"}}"#;
        assert_eq!(serde_json::to_string(&stuck).unwrap(), json);
        assert_eq!(serde_json::from_str::<Obstacle>(json).unwrap(), stuck);
        assert_eq!(serde_json::to_string(&Obstacle::NotTor).unwrap(), r#"{"code":"not-tor"}"#);
    }
}
