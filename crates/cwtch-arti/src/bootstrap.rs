//! Tor's bootstrap: its progress, for a person, and endless retries.

use std::sync::Arc;
use std::time::Duration;

use arti_client::status::{BlockageKind, BootstrapStatus};
use arti_client::{ErrorKind, HasKind};
use cwtch_net::{Obstacle, Readiness, Step};
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
    Readiness::waiting(0, Step::FirstRelay)
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

/// The readiness that arti's status tells.
fn read(status: &BootstrapStatus) -> Readiness {
    if status.ready_for_traffic() {
        return Readiness::ready();
    }
    let percent = (status.as_frac() * 100.0).clamp(0.0, 99.0) as u8;
    let waiting_for = match percent {
        0..CONNECTED => Step::FirstRelay,
        _ => Step::Directory,
    };
    let waiting = Readiness::waiting(percent, waiting_for);
    match status.blocked() {
        Some(blockage) => waiting.with_trouble(stuck(&blockage.kind(), &blockage.message().to_string())),
        None => waiting,
    }
}

/// Part of arti's hundred percent that a connection with a relay counts for before the handshake.
const REACHED: u8 = CONNECTED / 2;

/// Adds the trouble of a bootstrap that has not moved for a while.
fn stalled(seen: Readiness) -> Readiness {
    let obstacle = match seen.percent {
        0..REACHED => Obstacle::NoRelay,
        // arti says that the clock is wrong only once eight relays told it the time; this one's words name the clock as well.
        REACHED..CONNECTED => Obstacle::NoHandshake,
        _ => Obstacle::SlowDirectory,
    };
    seen.with_trouble(obstacle)
}

fn stuck(kind: &BlockageKind, message: &str) -> Obstacle {
    let detail = message.to_owned();
    match kind {
        BlockageKind::Offline => Obstacle::NoRelay,
        BlockageKind::Filtering => Obstacle::CutOff,
        BlockageKind::ClockSkewed => clock(detail),
        BlockageKind::CantBootstrap => Obstacle::NoDirectory { detail },
        _ => Obstacle::TorUnusable { detail },
    }
}

fn clock(detail: String) -> Obstacle {
    Obstacle::Clock { seconds: None, detail: Some(detail) }
}

fn explain(error: &arti_client::Error, percent: u8) -> Readiness {
    Readiness::waiting(percent, Step::NextAttempt).with_trouble(match error.kind() {
        ErrorKind::ClockSkew => clock(report(error)),
        ErrorKind::LocalNetworkError | ErrorKind::TorAccessFailed => Obstacle::NoRelay,
        ErrorKind::LocalResourceAlreadyInUse => Obstacle::TorDirectoryInUse,
        ErrorKind::ExternalToolFailed => Obstacle::Transport { detail: report(error) },
        _ => Obstacle::TorUnusable { detail: report(error) },
    })
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
    fn each_kind_of_blockage_is_an_obstacle_of_its_own() {
        let detail = || "the message".to_owned();
        for (kind, obstacle) in [
            (BlockageKind::Offline, Obstacle::NoRelay),
            (BlockageKind::Filtering, Obstacle::CutOff),
            (BlockageKind::ClockSkewed, Obstacle::Clock { seconds: None, detail: Some(detail()) }),
            (BlockageKind::CantBootstrap, Obstacle::NoDirectory { detail: detail() }),
            (BlockageKind::CantReachTor, Obstacle::TorUnusable { detail: detail() }),
        ] {
            assert_eq!(stuck(&kind, "the message"), obstacle);
        }
    }
}
