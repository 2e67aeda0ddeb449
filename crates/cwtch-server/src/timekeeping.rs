//! The log's times: a quiet server signs once a minute, and a Tor network that is ready vouches for the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cwtch_log::TICK;
use cwtch_net::Readiness;
use cwtch_wire::board::EncryptedGroupMessage;
use tokio::sync::watch;

use crate::board::stopped;
use crate::store::Submitter;

/// Runs until the server stops. `network` is the readiness of a network whose being ready says that the clock is right.
pub(crate) async fn run(
    writer: Submitter<EncryptedGroupMessage>,
    mut network: Option<watch::Receiver<Readiness>>,
    mut shutdown: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = stopped(&mut shutdown) => return,
            () = tokio::time::sleep(until_next_minute()) => writer.refresh().await,
            () = ready(&mut network) => {
                network = None;
                writer.confirm_clock().await;
            }
        }
    }
}

/// The grid is that of unix time, and a second behind it, so that rounding does not wake it early.
fn until_next_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(TICK - now.as_secs() % TICK + 1)
}

/// Waits until the network is ready; for ever without one. Cancel-safe.
async fn ready(network: &mut Option<watch::Receiver<Readiness>>) {
    if let Some(network) = network
        && network.wait_for(Readiness::is_ready).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}
