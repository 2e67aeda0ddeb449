//! Progress of a running Tor, as its control port tells.

use cwtch_net::{LinkFault, Obstacle, Readiness, Step};

use super::reply::Reply;
use super::words::{value_of, words};

/// Percentage that is done once the control port has let us in.
const LOGGED_IN: u8 = 5;

/// Longest part of Tor's summary that is shown, in characters.
const MAX_SUMMARY: usize = 80;

/// Tor's own progress (control-spec, "BOOTSTRAP").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phase {
    percent: u8,
    /// Tor's present step, in its own words.
    summary: String,
    /// Tor's complaint, if it has tried long enough to make one.
    problem: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Clock,
    Stuck(LinkFault),
}

impl Phase {
    /// Reads `NOTICE BOOTSTRAP PROGRESS=… TAG=… SUMMARY="…"`, of a reply or an event.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let words = words(text);
        if !words.iter().any(|word| word.key.is_none() && word.value == b"BOOTSTRAP") {
            return None;
        }
        let percent: u8 = value_of(&words, "PROGRESS")?.parse().ok()?;
        let warned = value_of(&words, "RECOMMENDATION").as_deref() == Some("warn");
        // Tor's WARNING is not shown: it may contain a relay's address.
        let problem = value_of(&words, "REASON").filter(|_| warned).map(|reason| problem(&reason));
        Some(Self {
            percent: percent.min(100),
            summary: plain(&value_of(&words, "SUMMARY").unwrap_or_default()),
            problem,
        })
    }
}

/// Tor's reasons for a link that failed.
fn problem(reason: &str) -> Problem {
    Problem::Stuck(match reason {
        "CLOCK_SKEW" => return Problem::Clock,
        "CONNECTREFUSED" => LinkFault::Refused,
        "CONNECTRESET" => LinkFault::Reset,
        "TIMEOUT" => LinkFault::TimesOut,
        "NOROUTE" => LinkFault::NoRoute,
        "IDENTITY" => LinkFault::Identity,
        "TLS_ERROR" => LinkFault::Encryption,
        "PT_MISSING" => LinkFault::TransportMissing,
        "RESOURCELIMIT" => LinkFault::Resources,
        "NOPERM" => LinkFault::Forbidden,
        _ => LinkFault::Other,
    })
}

/// The part of a text of Tor's that is shown.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).take(MAX_SUMMARY).collect()
}

/// Everything that is known of a Tor's progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    /// Tor's own progress, where it tells.
    pub(crate) phase: Option<Phase>,
    /// True if Tor has a circuit; asked only where it does not tell its progress.
    pub(crate) circuit: Option<bool>,
    /// True if its network is switched off.
    pub(crate) disabled: bool,
    /// True if Tor has noticed that no packet arrives any more.
    down: bool,
    /// The clock's error in seconds by Tor's estimate, if it complained and if it told.
    skew: Option<Option<i64>>,
}

impl Status {
    /// Applies an event; `false` if it is about something else.
    pub(crate) fn event(&mut self, event: &Reply) -> bool {
        let text = event.first();
        match text.split(' ').next() {
            Some("NETWORK_LIVENESS") => self.down = text.ends_with(" DOWN"),
            Some("STATUS_CLIENT" | "STATUS_GENERAL") => {
                if let Some(phase) = Phase::of(text) {
                    self.phase = Some(phase);
                }
                let words = words(text);
                if words.iter().any(|word| word.value == b"CLOCK_SKEW" && word.key.is_none()) {
                    let seconds = value_of(&words, "SKEW").and_then(|skew| skew.parse().ok());
                    self.skew = Some(seconds);
                }
            }
            _ => return false,
        }
        true
    }

    /// True if Tor has said that this machine's clock is wrong.
    pub(crate) fn complains_about_clock(&self) -> bool {
        self.skew.is_some()
    }

    /// The Tor's progress. A Tor that tells nothing counts as ready: dialling will show.
    pub(crate) fn readiness(&self) -> Readiness {
        let (percent, step) = match (&self.phase, self.circuit) {
            (Some(phase), _) => (phase.percent, Step::TorStep { detail: decapitalized(&phase.summary) }),
            (None, Some(false)) => (50, Step::FirstCircuit),
            (None, _) => (100, Step::Network),
        };
        if percent == 100 {
            self.skew.inspect(|_| tracing::debug!("Tor complains about the clock, but is connected"));
            return match self.down {
                true => Readiness::waiting(90, Step::Network).with_trouble(Obstacle::NetworkDown),
                false => Readiness::ready(),
            };
        }
        let percent = LOGGED_IN + u8::try_from(u16::from(percent) * 94 / 100).unwrap_or_default();
        let waiting = Readiness::waiting(percent, step);
        let problem = self.phase.as_ref().and_then(|phase| phase.problem);
        let obstacle = match (self.disabled, self.skew, problem, self.down) {
            (true, ..) => Obstacle::TorDisabled,
            (_, Some(seconds), ..) => Obstacle::Clock { seconds, detail: None },
            (_, None, Some(Problem::Clock), _) => Obstacle::Clock { seconds: None, detail: None },
            (.., Some(Problem::Stuck(why)), _) => Obstacle::TorStuck { reason: why },
            (.., true) => Obstacle::NetworkDown,
            _ => return waiting,
        };
        waiting.with_trouble(obstacle)
    }
}

fn decapitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::reply::Line;
    use super::*;

    fn event(text: &str) -> Reply {
        Reply { code: 650, lines: vec![Line { text: text.to_owned(), data: Vec::new() }] }
    }

    fn after(events: &[&str]) -> Readiness {
        let mut status = Status::default();
        for text in events {
            assert!(status.event(&event(text)), "{text}");
        }
        status.readiness()
    }

    fn trouble(readiness: &Readiness) -> &Obstacle {
        readiness.trouble.as_ref().unwrap()
    }

    #[test]
    fn progress_is_tor_s_own() {
        let text = "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=50 TAG=loading_descriptors SUMMARY=\"Loading relay descriptors\"";
        assert_eq!(
            after(&[text]),
            Readiness::waiting(52, Step::TorStep { detail: "loading relay descriptors".to_owned() })
        );
        let done = "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\"";
        assert!(after(&[text, done]).is_ready());
        assert!(after(&[]).is_ready(), "a Tor that tells nothing");
        assert_eq!(Phase::of("NOTICE BOOTSTRAP TAG=x"), None);
        assert_eq!(Phase::of("NOTICE CIRCUIT_ESTABLISHED PROGRESS=5"), None);
    }

    #[test]
    fn a_bootstrap_that_is_stuck_names_the_reason_and_bridges() {
        let text = |reason| {
            format!(
                "STATUS_CLIENT WARN BOOTSTRAP PROGRESS=10 TAG=conn_done SUMMARY=\"Connected to a relay\" \
                 WARNING=\"to 192.0.2.1:9001\" REASON={reason} COUNT=9 RECOMMENDATION=warn HOSTADDR=\"192.0.2.1:9001\""
            )
        };
        let stuck = after(&[&text("TIMEOUT")]);
        assert_eq!(trouble(&stuck), &Obstacle::TorStuck { reason: LinkFault::TimesOut });
        assert!(!format!("{stuck:?}").contains("192.0.2.1"));
        assert_eq!(trouble(&after(&[&text("CLOCK_SKEW")])), &Obstacle::Clock { seconds: None, detail: None });
        let ignored = text("TIMEOUT").replace("RECOMMENDATION=warn", "RECOMMENDATION=ignore");
        assert_eq!(after(&[&ignored]).trouble, None);
    }

    #[test]
    fn a_wrong_clock_counts_as_long_as_tor_is_not_connected() {
        let skew = "STATUS_GENERAL WARN CLOCK_SKEW SKEW=-7200 SOURCE=DIRSERV:192.0.2.1:9030";
        let half = "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=50 TAG=x SUMMARY=\"X\"";
        let told = after(&[half, skew]);
        assert_eq!(trouble(&told), &Obstacle::Clock { seconds: Some(-7200), detail: None });
        assert!(
            after(&[skew, "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\""])
                .is_ready()
        );
    }

    #[test]
    fn a_network_that_is_gone_or_switched_off_is_told() {
        let gone = after(&["NETWORK_LIVENESS DOWN"]);
        assert!(*trouble(&gone) == Obstacle::NetworkDown && !gone.is_ready());
        assert!(after(&["NETWORK_LIVENESS DOWN", "NETWORK_LIVENESS UP"]).is_ready());
        let phase = Phase::of("NOTICE BOOTSTRAP PROGRESS=0 TAG=starting SUMMARY=\"Starting\"");
        let off = Status { phase, disabled: true, ..Status::default() }.readiness();
        assert!(*trouble(&off) == Obstacle::TorDisabled && off.percent == 5, "{off:?}");
    }

    #[test]
    fn a_restricted_port_tells_at_least_of_circuits() {
        let without = Status { circuit: Some(false), ..Status::default() }.readiness();
        assert_eq!((without.percent, without.is_ready()), (52, false));
        assert!(Status { circuit: Some(true), ..Status::default() }.readiness().is_ready());
    }

    #[test]
    fn other_events_are_none_of_this() {
        assert!(!Status::default().event(&event("HS_DESC UPLOAD x UNKNOWN y")));
    }
}
