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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::store::{Commit, NewPost, Seq, StoreError, StoreWriter, spawn_writer};

    /// Tells what it is asked to do.
    struct Told(mpsc::Sender<&'static str>);

    impl StoreWriter for Told {
        fn commit(&mut self, _: &[NewPost]) -> Result<Commit, StoreError> {
            Err(StoreError::Full)
        }

        fn refresh(&mut self) -> Result<(), StoreError> {
            self.0.send("refresh").unwrap();
            Ok(())
        }

        fn prune_step(&mut self) -> Result<bool, StoreError> {
            Ok(false)
        }

        fn recover(&mut self) -> Result<Seq, StoreError> {
            Ok(0)
        }

        fn confirm_clock(&mut self) {
            self.0.send("confirm").unwrap();
        }

        fn finish(&mut self) {
            self.0.send("finish").unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_log_is_signed_each_minute_and_a_ready_network_confirms_once() {
        let (tell, told) = mpsc::channel();
        let (submitter, writer) = spawn_writer(Box::new(Told(tell)), (), |_| {}).unwrap();
        let network = watch::Sender::new(Readiness::waiting(5, "Tor"));
        let (stop, stopped) = watch::channel(false);
        let keeping = tokio::spawn(run(submitter, Some(network.subscribe()), stopped));
        // Paused, time passes as soon as nothing else is to be done.
        let mut refreshed = 0;
        while refreshed < 3 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            refreshed += told.try_iter().inspect(|told| assert_eq!(*told, "refresh")).count();
        }
        network.send_replace(Readiness::ready());
        while told.try_iter().all(|told| told != "confirm") {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        network.send_replace(Readiness::waiting(5, "Tor"));
        network.send_replace(Readiness::ready());
        stop.send_replace(true);
        keeping.await.unwrap();
        writer.join();
        // Perhaps it was signed once more meanwhile.
        let rest: Vec<_> = told.iter().filter(|told| *told != "refresh").collect();
        assert_eq!(rest, ["finish"]);
    }
}
