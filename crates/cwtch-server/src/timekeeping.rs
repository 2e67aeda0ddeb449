//! Timekeeping of the log: a quiet server signs once a minute, and a Tor network that is ready vouches for the clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cwtch_log::TICK;
use cwtch_net::{Network, Validity};
use tokio::sync::watch;

use crate::board::stopped;
use crate::store::Submitter;

/// Pause between two questions to a network, which does not tell by itself when it knows more.
const ASK: Duration = Duration::from_secs(1);

/// Has the log signed every minute and passes on what the network says of the clock, until the server stops.
pub(crate) async fn run(writer: Submitter, network: Arc<dyn Network>, mut shutdown: watch::Receiver<bool>) {
    let mut first = true;
    loop {
        tokio::select! {
            () = stopped(&mut shutdown) => return,
            () = tokio::time::sleep(until_next_minute()) => {
                if let Some(valid) = valid(&*network) {
                    writer.confirm_clock(Some(valid)).await;
                }
                writer.refresh().await;
            }
            valid = told(&*network), if first => {
                first = false;
                writer.confirm_clock(valid).await;
                writer.refresh().await;
            }
        }
    }
}

/// Waits until the network's directory is valid by a clock; false if it turns out that the network cannot tell.
pub(crate) async fn confirmed(network: &dyn Network, now: impl Fn() -> u64) -> bool {
    loop {
        match told(network).await {
            None => return false,
            Some(valid) if valid.contains(now()) => return true,
            Some(_) => tokio::time::sleep(ASK).await,
        }
    }
}

/// The time for which a network's directory is valid, if the network is ready.
fn valid(network: &dyn Network) -> Option<Validity> {
    let ready = network.readiness().borrow().is_ready();
    network.validity().filter(|_| ready)
}

/// Waits until a network is ready and tells for which time its directory is valid; `None` if it turns out that it
/// cannot tell. Cancel-safe.
async fn told(network: &dyn Network) -> Option<Validity> {
    while network.confirms_clock() {
        if let Some(valid) = valid(network) {
            return Some(valid);
        }
        tokio::time::sleep(ASK).await;
    }
    None
}

/// Time until a second after the next whole minute of unix time, so that rounding does not wake the task too early.
fn until_next_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(TICK - now.as_secs() % TICK + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use async_trait::async_trait;
    use cwtch_net::{BoxStream, Isolation, Listener, NetError, Readiness};
    use cwtch_primitives::{Address, Identity};

    use super::*;
    use crate::store::{Commit, NewPost, Seq, StoreError, StoreWriter, spawn_writer};

    /// A writer that reports what it is asked to do.
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

        fn confirm_clock(&mut self, valid: Option<Validity>) {
            self.0.send(if valid.is_some() { "confirm" } else { "silent" }).unwrap();
        }

        fn finish(&mut self) {
            self.0.send("finish").unwrap();
        }
    }

    /// A network that tells how far it is and what its directory says.
    struct Saying {
        readiness: watch::Sender<Readiness>,
        valid: Mutex<Option<Validity>>,
        tells: bool,
    }

    #[async_trait]
    impl Network for Saying {
        async fn listen(&self, _: &Identity) -> Result<Box<dyn Listener>, NetError> {
            Err(NetError::Closed)
        }

        async fn dial(&self, _: &Address, _: Isolation) -> Result<BoxStream, NetError> {
            Err(NetError::Closed)
        }

        fn readiness(&self) -> watch::Receiver<Readiness> {
            self.readiness.subscribe()
        }

        fn confirms_clock(&self) -> bool {
            self.tells
        }

        fn validity(&self) -> Option<Validity> {
            *self.valid.lock().unwrap()
        }

        fn describe(&self) -> &'static str {
            "a test"
        }
    }

    fn network(tells: bool) -> Arc<Saying> {
        let readiness = watch::Sender::new(Readiness::waiting(5, cwtch_net::Step::ControlPort));
        Arc::new(Saying { readiness, valid: Mutex::default(), tells })
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_log_is_signed_each_minute_and_the_network_is_asked_as_often() {
        let (tell, told) = mpsc::channel();
        let (submitter, writer) = spawn_writer(Box::new(Told(tell)), (), |_| {}).unwrap();
        let network = network(true);
        let (stop, stopped) = watch::channel(false);
        let keeping = tokio::spawn(run(submitter, Arc::clone(&network) as _, stopped));
        // While paused, tokio's time passes as soon as there is nothing else to do.
        let count = async |wanted: &str, others: &[&str]| {
            for _ in 0..3 {
                loop {
                    let next = told.try_recv();
                    if next == Ok(wanted) {
                        break;
                    }
                    assert!(next.is_err() || next.is_ok_and(|told| others.contains(&told)), "{next:?}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        };
        count("refresh", &[]).await;
        // A network that is ready but has no directory confirms nothing.
        network.readiness.send_replace(Readiness::ready());
        count("refresh", &[]).await;
        *network.valid.lock().unwrap() = Some(Validity { after: 0, until: u64::MAX });
        count("confirm", &["refresh"]).await;
        stop.send_replace(true);
        keeping.await.unwrap();
        writer.join();
        assert_eq!(told.iter().last(), Some("finish"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_is_confirmed_within_the_directory_s_time_by_a_network_that_can_tell() {
        let network = network(true);
        let clock = Mutex::new(1000);
        let confirmed = confirmed(&*network, || *clock.lock().unwrap());
        tokio::pin!(confirmed);
        let mut still_waits = async || {
            tokio::select! {
                _ = &mut confirmed => panic!("told"),
                () = tokio::time::sleep(Duration::from_secs(3600)) => {}
            }
        };
        *network.valid.lock().unwrap() = Some(Validity { after: 100, until: 999 });
        still_waits().await;
        network.readiness.send_replace(Readiness::ready());
        still_waits().await;
        *network.valid.lock().unwrap() = Some(Validity { after: 1001, until: 2000 });
        still_waits().await;
        *clock.lock().unwrap() = 1001;
        assert!(confirmed.await);
        // A network that cannot tell keeps nobody waiting, and confirms nothing.
        let silent = super::tests::network(false);
        silent.readiness.send_replace(Readiness::ready());
        *silent.valid.lock().unwrap() = Some(Validity { after: 0, until: u64::MAX });
        assert!(!super::confirmed(&*silent, || 5).await);
    }
}
