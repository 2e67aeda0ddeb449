//! Networks: what is waited for, and what stands in the way.

use cwtch_api::{LinkFault, Obstacle, Step};

use crate::Words;
use crate::text::{cause, count, known, named, number, one_line};

/// Words for something that is waited for, without a full stop: they follow "waiting for".
pub fn step(words: &Words, step: &Step) -> String {
    let key = match step {
        Step::Network => "step-network",
        Step::Address => "step-address",
        Step::Presence => "step-presence",
        Step::FirstRelay => "step-first-relay",
        Step::Directory => "step-directory",
        Step::NextAttempt => "step-next-attempt",
        Step::ControlPort => "step-control-port",
        Step::TorStep { detail } => return one_line(&words.say("step-tor", &[("detail", known(detail))])),
        Step::FirstCircuit => "step-first-circuit",
        Step::ServiceTaken => "step-service-taken",
        Step::ServiceStart => "step-service-start",
        Step::Introduction => "step-introduction",
        Step::Descriptor { done: Some(done), total: Some(total) } => {
            return words.say("step-descriptor-counted", &[("done", number(done)), ("total", number(total))]);
        }
        Step::Descriptor { .. } => "step-descriptor",
        Step::OwnAnswer => "step-own-answer",
        Step::OtherStops => "step-other-stops",
    };
    words.word(key)
}

/// The sentences about an obstacle: what is wrong, and what to do.
pub fn obstacle(words: &Words, obstacle: &Obstacle) -> String {
    one_line(&said(words, obstacle))
}

fn said(words: &Words, obstacle: &Obstacle) -> String {
    use Obstacle as O;
    let key = match obstacle {
        // --- any Tor ---
        O::Clock { seconds, detail } => {
            let by = seconds.map(|seconds| by(words, seconds));
            let (by, detail) = (named(by.as_deref()), cause(detail.as_deref().unwrap_or_default()));
            return words.say("obstacle-clock", &[("by", by), ("detail", detail)]);
        }
        O::NoAnswer { detail } => return words.say("obstacle-no-answer", &[("detail", cause(detail))]),
        O::ServedElsewhere => "obstacle-served-elsewhere",
        O::AddressNotTaken { detail } => {
            return words.say("obstacle-address-not-taken", &[("detail", cause(detail))]);
        }
        O::AddressRefused { detail } => {
            return words.say("obstacle-address-refused", &[("detail", cause(detail))]);
        }

        // --- the embedded Tor ---
        O::NoRelay => "obstacle-no-relay",
        O::CutOff => "obstacle-cut-off",
        O::NoHandshake => "obstacle-no-handshake",
        O::SlowDirectory => "obstacle-slow-directory",
        O::NoDirectory { detail } => return words.say("obstacle-no-directory", &[("detail", cause(detail))]),
        O::TorUnusable { detail } => return words.say("obstacle-tor-unusable", &[("detail", cause(detail))]),
        O::TorUnreachable => "obstacle-tor-unreachable",
        O::TorDirectoryInUse => "obstacle-tor-directory-in-use",
        O::Transport { detail } => return words.say("obstacle-transport", &[("detail", cause(detail))]),
        O::DescriptorRefused => "obstacle-descriptor-refused",
        O::NoIntroduction => "obstacle-no-introduction",
        O::ServiceFailed => "obstacle-service-failed",
        O::ServiceUnfit { detail } => {
            return words.say("obstacle-service-unfit", &[("detail", cause(detail))]);
        }

        // --- the system's Tor ---
        O::NoControlPort => "obstacle-no-control-port",
        O::ControlForbidden => "obstacle-control-forbidden",
        O::ControlUnreachable { detail } => {
            return words.say("obstacle-control-unreachable", &[("detail", cause(detail))]);
        }
        O::NotTor => "obstacle-not-tor",
        O::MixesStreams => "obstacle-mixes-streams",
        O::ControlSilent => "obstacle-control-silent",
        O::ControlBroken => "obstacle-control-broken",
        O::ControlFiltered { command } => {
            return words.say("obstacle-control-filtered", &[("command", command.as_str().into())]);
        }
        O::ControlPasswordWrong => "obstacle-control-password-wrong",
        O::ControlPasswordNeeded => "obstacle-control-password-needed",
        O::CookieUnreadable => "obstacle-cookie-unreadable",
        O::CookieWrong => "obstacle-cookie-wrong",
        O::NoLogin => "obstacle-no-login",
        O::TorTooOld => "obstacle-tor-too-old",
        O::TorDisabled => "obstacle-tor-disabled",
        O::NetworkDown => "obstacle-network-down",
        O::TorStuck { reason } => {
            return words.say("obstacle-tor-stuck", &[("reason", words.word(link(*reason)).into())]);
        }
        O::ServedAlready => "obstacle-served-already",
        O::NeedsListen => "obstacle-needs-listen",
        O::NoSocket { detail } => return words.say("obstacle-no-socket", &[("detail", cause(detail))]),
        O::ServiceRefused { reply } => {
            return words.say("obstacle-service-refused", &[("reply", number(reply))]);
        }
        O::UploadRejected => "obstacle-upload-rejected",
        O::UploadFailed => "obstacle-upload-failed",
        O::NoSocksPort => "obstacle-no-socks-port",
        O::SocksEnded => "obstacle-socks-ended",
        O::NoCircuit => "obstacle-no-circuit",
        O::SocksNotTor => "obstacle-socks-not-tor",
        O::SocksMixesStreams => "obstacle-socks-mixes-streams",
    };
    words.word(key)
}

/// The key of what is wrong with connections, as a part of a sentence.
fn link(fault: LinkFault) -> &'static str {
    match fault {
        LinkFault::Refused => "link-refused",
        LinkFault::Reset => "link-reset",
        LinkFault::TimesOut => "link-times-out",
        LinkFault::NoRoute => "link-no-route",
        LinkFault::Identity => "link-identity",
        LinkFault::Encryption => "link-encryption",
        LinkFault::TransportMissing => "link-transport-missing",
        LinkFault::Resources => "link-resources",
        LinkFault::Forbidden => "link-forbidden",
        LinkFault::Other => "link-other",
    }
}

/// By how much a clock is wrong, in words that follow "wrong"; Tor tells by how many seconds it is ahead.
fn by(words: &Words, seconds: i64) -> String {
    let ahead = seconds > 0;
    let (key, amount) = match seconds.unsigned_abs() {
        s @ 0..120 => (if ahead { "clock-seconds-ahead" } else { "clock-seconds-behind" }, s),
        s @ 120..7200 => (if ahead { "clock-minutes-ahead" } else { "clock-minutes-behind" }, s / 60),
        s => (if ahead { "clock-hours-ahead" } else { "clock-hours-behind" }, s / 3600),
    };
    words.say(key, &[("count", count(amount))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obstacle(obstacle: &Obstacle) -> String {
        super::obstacle(&Words::english().without_marks(), obstacle)
    }

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
