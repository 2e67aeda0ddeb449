//! Tor's bootstrap: its progress, for a person, and endless retries.

use std::sync::Arc;
use std::time::Duration;

use arti_client::status::{BlockageKind, BootstrapStatus};
use arti_client::{ErrorKind, HasKind};
use cwtch_net::Readiness;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::{Arti, report};

/// The first pause after a bootstrap that failed; it doubles. arti tries many times before it fails.
const RETRY_FIRST: Duration = Duration::from_secs(2);
/// The longest pause.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// Time without progress that is reported as a trouble: arti itself names one only after minutes, or never.
const STALL: Duration = Duration::from_secs(20);
/// Pause between two looks at a status that does not change by itself: a directory can go out of date.
const LOOK: Duration = Duration::from_secs(30);

/// Part of arti's hundred percent that the connection counts for; the rest is the directory's.
const CONNECTED: u8 = 15;

/// The readiness before anything was tried.
pub(crate) fn started() -> Readiness {
    Readiness::waiting(0, "a first connection with the Tor network")
}

/// Bootstraps, and reports the progress until the receiver or the client is gone.
pub(crate) async fn keep(client: Arc<Arti>, readiness: watch::Sender<Readiness>) {
    let failure: watch::Sender<Option<Readiness>> = watch::Sender::new(None);
    let mut failed = failure.subscribe();
    let mut events = client.bootstrap_events();
    let watching = async {
        let mut progress = (0, Instant::now());
        loop {
            let mut seen = read(&client.bootstrap_status());
            if seen.percent != progress.0 {
                progress = (seen.percent, Instant::now());
            }
            let stalled_at = progress.1 + STALL;
            if !seen.is_ready() && seen.trouble.is_none() && Instant::now() >= stalled_at {
                seen = stalled(seen);
            }
            // While nothing is under way, the failure of the last attempt says more.
            let last = failed.borrow_and_update().clone().filter(|_| !seen.is_ready());
            last.unwrap_or(seen).report_to(&readiness);
            tokio::select! {
                event = events.next() => if event.is_none() { return },
                Ok(()) = failed.changed() => {}
                () = sleep_until(stalled_at), if Instant::now() < stalled_at => {}
                () = sleep(LOOK) => {}
                () = readiness.closed() => return,
            }
        }
    };
    let trying = async {
        let mut pause = RETRY_FIRST;
        loop {
            match client.bootstrap().await {
                // arti keeps itself up to date from here on.
                Ok(()) => {
                    failure.send_replace(None);
                    return std::future::pending::<()>().await;
                }
                Err(error) => {
                    tracing::info!(kind = ?error.kind(), "Tor did not bootstrap; trying again");
                    let percent = read(&client.bootstrap_status()).percent;
                    failure.send_replace(Some(explain(&error, percent)));
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
    };
    tokio::select! {
        () = watching => {}
        () = trying => {}
    }
}

/// arti's status in a person's words.
fn read(status: &BootstrapStatus) -> Readiness {
    if status.ready_for_traffic() {
        return Readiness::ready();
    }
    let percent = (status.as_frac() * 100.0).clamp(0.0, 99.0) as u8;
    let waiting_for = match percent {
        0..CONNECTED => "a first connection with the Tor network",
        _ => "the directory of the Tor network's relays",
    };
    let waiting = Readiness::waiting(percent, waiting_for);
    match status.blocked() {
        Some(blockage) => {
            let (sentence, needs_person) = stuck(&blockage.kind(), &blockage.message().to_string());
            waiting.with_trouble(sentence, needs_person)
        }
        None => waiting,
    }
}

const OFFLINE: &str = "No relay of the Tor network can be reached: this machine seems to be offline, or the network here \
     lets nothing through. It is tried again; if Tor is blocked here, set up bridges in tor.toml.";
const FILTERED: &str = "Connections with relays are opened and then cut off: the network here seems to block Tor. It is tried \
     again; set up bridges in tor.toml.";

/// Part of arti's hundred percent that a connection with a relay counts for before the handshake.
const REACHED: u8 = CONNECTED / 2;
/// Sentence for a stall between connection and handshake. arti says that the clock is wrong only once eight relays
/// told it the time, so this names the clock as well.
const HALFWAY: &str = "Relays of the Tor network are reached, but no connection with them comes about: this machine's clock may be wrong \
     (check date, time and time zone), or the network here blocks Tor (set up bridges in tor.toml). It is tried again.";
const STALLED: &str = "The directory of the Tor network arrives very slowly or not at all: this machine's clock may be wrong (check date, time \
     and time zone), or Tor is hindered here (set up bridges in tor.toml). It is tried again.";

/// Adds the trouble of a bootstrap that has not moved for a while.
fn stalled(seen: Readiness) -> Readiness {
    let sentence = match seen.percent {
        0..REACHED => OFFLINE,
        REACHED..CONNECTED => HALFWAY,
        _ => STALLED,
    };
    seen.with_trouble(sentence, false)
}

fn stuck(kind: &BlockageKind, message: &str) -> (String, bool) {
    match kind {
        BlockageKind::Offline => (OFFLINE.to_owned(), false),
        BlockageKind::Filtering => (FILTERED.to_owned(), false),
        BlockageKind::ClockSkewed => (clock(message), true),
        BlockageKind::CantBootstrap => {
            let sentence = format!(
                "The directory of the Tor network cannot be had ({message}). This machine's clock may be wrong: check date, time and \
                 time zone. It is tried again."
            );
            (sentence, false)
        }
        _ => (format!("The Tor network cannot be used ({message}). It is tried again."), false),
    }
}

fn clock(what: &str) -> String {
    format!(
        "Tor does not work with a wrong clock, and this machine's seems to be wrong ({what}). Set date, time and time \
         zone; it is tried again."
    )
}

fn explain(error: &arti_client::Error, percent: u8) -> Readiness {
    let waiting = Readiness::waiting(percent, "the next attempt");
    match error.kind() {
        ErrorKind::ClockSkew => waiting.with_trouble(clock(&report(error)), true),
        ErrorKind::LocalNetworkError | ErrorKind::TorAccessFailed => waiting.with_trouble(OFFLINE, false),
        ErrorKind::LocalResourceAlreadyInUse => waiting.with_trouble(
            "Another program uses the directory of this Tor: stop it, or name another data directory. It is tried again.",
            true,
        ),
        ErrorKind::ExternalToolFailed => waiting.with_trouble(
            format!(
                "A pluggable transport does not run ({}). Check its path under bridges.transports in tor.toml; it is \
                 tried again.",
                report(error)
            ),
            true,
        ),
        _ => waiting.with_trouble(format!("Tor does not get ready ({}). It is tried again.", report(error)), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_not_begun_waits_for_its_first_connection() {
        let readiness = read(&BootstrapStatus::default());
        assert_eq!((readiness.percent, readiness.is_ready()), (0, false));
    }

    #[test]
    fn what_is_stuck_says_what_to_do() {
        for (kind, word, person) in [
            (BlockageKind::Offline, "bridges in tor.toml", false),
            (BlockageKind::Filtering, "bridges in tor.toml", false),
            (BlockageKind::ClockSkewed, "Set date, time and time zone", true),
            (BlockageKind::CantBootstrap, "tried again", false),
            (BlockageKind::CantReachTor, "tried again", false),
        ] {
            let (sentence, needs_person) = stuck(&kind, "the message");
            assert!(sentence.contains(word) && sentence.ends_with('.'), "{sentence}");
            assert_eq!(needs_person, person);
        }
    }
}
