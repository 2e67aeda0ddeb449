//! Keeps a connection with one accepted contact: dials, waits, dials again.

use std::sync::Arc;

use backon::{BackoffBuilder, ExponentialBuilder};
use cwtch_net::{Isolation, SecureConnection};
use cwtch_primitives::{Address, OsRng};
use tokio::time::{Instant, sleep};

use super::limits::{RETRY_FIRST, RETRY_FLOOR, RETRY_MAX, STABLE};
use super::registry::DialerSeat;
use super::{Shared, admission};
use crate::profile::ContactState;

/// Makes sure that somebody dials `peer` whenever there is no connection.
pub(super) fn ensure(shared: &Arc<Shared>, peer: Address) {
    let Some(seat) = shared.registry.dialer_seat(&peer, &shared.context.shutdown) else { return };
    let shared_by_task = shared.clone();
    shared.context.spawn(async move {
        let stop = seat.stop.clone();
        let _ = stop.run_until_cancelled(keep_connected(&shared_by_task, peer, seat)).await;
    });
}

async fn keep_connected(shared: &Arc<Shared>, peer: Address, mut seat: DialerSeat) {
    loop {
        // Doubles from `RETRY_FIRST` to `RETRY_MAX` with jitter, for ever: two sides that lost each other
        // do not meet in lockstep, and a contact that is away for a week costs a dial every few minutes.
        let mut pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(RETRY_FIRST)
            .with_max_delay(RETRY_MAX)
            .without_max_times()
            .build();
        loop {
            if seat.online.wait_for(|online| !online).await.is_err() {
                return;
            }
            let begun = Instant::now();
            dial(shared, &peer).await;
            // If it worked, this waits for the connection's end.
            if seat.online.wait_for(|online| !online).await.is_err() {
                return;
            }
            if begun.elapsed() >= STABLE {
                break;
            }
            let pause = pauses.next().unwrap_or(RETRY_MAX);
            tokio::select! {
                () = sleep(pause) => {}
                () = async {
                    seat.hurry.notified().await;
                    sleep(RETRY_FLOOR.min(pause)).await;
                } => {}
                // They dialled us meanwhile.
                _ = seat.online.wait_for(|online| *online) => {}
            }
        }
    }
}

async fn dial(shared: &Arc<Shared>, peer: &Address) {
    let Ok(_place) = shared.dials.acquire().await else { return };
    let context = &shared.context;
    let address = *peer;
    let state = context.store.run(move |profile| profile.contact_state(&address)).await;
    if !matches!(state, Ok(Some(ContactState::Accepted))) {
        // Blocked in the moment in which a message to it had this dialer started: not even the fact that we are
        // online is for it. If it is accepted again, the next round dials.
        return;
    }
    let connected = SecureConnection::connect(
        &*context.network,
        &context.identity,
        peer,
        Isolation::new(),
        &shared.deadlines,
        OsRng,
    )
    .await;
    match connected {
        Ok(connection) => admission::admit(shared, connection, true).await,
        Err(error) => tracing::debug!(fault = ?error.fault(), "a contact could not be reached"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use cwtch_net::{BoxStream, Listener, NetError, Network};
    use cwtch_primitives::Identity;
    use tokio::sync::Semaphore;

    use super::super::{Registry, Waiters, limits};
    use super::*;
    use crate::engine::context::Context;
    use crate::engine::store::Store;
    use crate::engine::{EngineOptions, Mode};
    use crate::profile::{DataDir, Password};

    /// Counts those who are dialled; nobody answers.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Network for Counting {
        async fn listen(&self, _: &Identity) -> Result<Box<dyn Listener>, NetError> {
            Err(NetError::Closed)
        }

        async fn dial(&self, _: &Address, _: Isolation) -> Result<BoxStream, NetError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(NetError::Closed)
        }

        fn describe(&self) -> &'static str {
            "nobody"
        }
    }

    #[tokio::test]
    async fn only_an_accepted_contact_is_dialled() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
        let profile = data.create("me", &Password::None, &mut OsRng).unwrap();
        let identity = profile.identity().clone();
        let network = Arc::new(Counting::default());
        let options = EngineOptions::new(Mode::Daemon);
        let context = Context::new(Store::start(profile).unwrap(), network.clone(), identity, options);
        let shared = Arc::new(Shared {
            context,
            registry: Registry::default(),
            waiters: Waiters::default(),
            deadlines: cwtch_net::Deadlines::default(),
            dials: Semaphore::new(limits::DIALS),
            handshakes: Arc::new(Semaphore::new(limits::HANDSHAKES)),
        });
        let peer = Identity::from_seed(&[7; 32]).address();
        for (state, dials) in [
            (None, 0),
            (Some(ContactState::Unknown), 0),
            (Some(ContactState::Blocked), 0),
            (Some(ContactState::Accepted), 1),
            (Some(ContactState::Blocked), 1),
        ] {
            if let Some(state) = state {
                let set = shared.context.store.run(move |p| p.set_contact_state(&peer, state, 0));
                set.await.unwrap();
            }
            dial(&shared, &peer).await;
            assert_eq!(network.0.load(Ordering::Relaxed), dials, "{state:?}");
        }
    }
}
