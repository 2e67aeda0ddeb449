//! Keeps a connection with one accepted contact: dials, waits, dials again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cwtch_net::{AtFault, BoxStream, ConnError, Isolation, NetError, SecureConnection, UnreachableWhy};
use cwtch_primitives::{Address, OsRng};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::admission;
use super::backoff::{self, Backoff};
use super::limits::{RETRY_FLOOR, STABLE};
use super::shared::PeerShared;
use super::slot::DialerSeat;
use crate::api::{ContactPhase, Problem};
use crate::engine::dial::{Stage, Target};
use crate::profile::{ContactState, Profile, StorageError};

/// Makes sure that somebody dials `peer` whenever there is no connection.
pub(super) fn ensure(shared: &Arc<PeerShared>, peer: Address) {
    let Some(seat) = shared.registry.dialer_seat(&peer, &shared.context.shutdown) else { return };
    let shared_by_task = shared.clone();
    shared.context.spawn(async move {
        let stop = seat.stop.clone();
        let _ = stop.run_until_cancelled(keep_connected(&shared_by_task, peer, seat)).await;
    });
}

async fn keep_connected(shared: &Arc<PeerShared>, peer: Address, mut seat: DialerSeat) {
    let mut backoff = Backoff::new();
    // One way through the network for one contact, until it proves to be a dead end.
    let mut isolation = Isolation::new();
    loop {
        match until_offline(&mut seat.online).await {
            Some(connected) if connected >= STABLE => backoff = Backoff::new(),
            Some(_) => {}
            None => return,
        }
        if seat.stale.swap(false, Ordering::AcqRel) {
            isolation = Isolation::new();
        }
        let seen = last_seen(shared, &peer).await;
        if let Accepted::Yes { .. } = seen
            && let Err(error) = attempt(shared, &peer, isolation, seat.online.clone()).await
        {
            tracing::debug!(fault = ?error.at_fault(), "a contact could not be reached");
            if is_dead_end(&error) {
                isolation = Isolation::new();
            }
            let why = Problem::ConnectionFailed { detail: error.to_string() };
            shared.registry.dialling(&peer, ContactPhase::Offline, Some(why));
        }
        // If it worked, or they came first, this waits for the connection's end.
        match until_offline(&mut seat.online).await {
            Some(connected) if connected >= STABLE => {
                backoff = Backoff::new();
                continue;
            }
            Some(_) => {}
            None => return,
        }
        let unseen = match seen {
            Accepted::Yes { seen, added } => backoff::unseen(seen, added, shared.context.now()),
            Accepted::No => i64::MAX,
        };
        let pause = backoff.next(unseen, &mut rand::thread_rng());
        tokio::select! {
            () = sleep(pause) => {}
            () = async {
                seat.hurry.notified().await;
                sleep(RETRY_FLOOR.min(pause)).await;
            } => {}
            // No shorter pause here: whoever wakes all dialers has the queue spread them.
            () = seat.wake.notified() => backoff = Backoff::new(),
            // They dialled us meanwhile.
            _ = seat.online.wait_for(|online| *online) => {}
        }
    }
}

/// Waits until there is no connection; tells for how long there was one meanwhile. `None` at the engine's end.
async fn until_offline(online: &mut watch::Receiver<bool>) -> Option<Duration> {
    let begun = Instant::now();
    online.wait_for(|online| !online).await.ok()?;
    Some(begun.elapsed())
}

/// Answer to whether a contact may be dialled.
enum Accepted {
    Yes { seen: Option<i64>, added: i64 },
    No,
}

/// Asked before each attempt. The contact may have been blocked in the moment in which a message to it had this
/// dialer started: not even the fact that we are online is for it. If it is accepted again, the next round dials.
async fn last_seen(shared: &PeerShared, peer: &Address) -> Accepted {
    let address = *peer;
    let read = move |profile: &mut Profile| {
        Ok::<_, StorageError>((profile.contact(&address)?, profile.has_pending_p2p(&address)?))
    };
    match shared.context.store.run(read).await {
        Ok((Some(contact), pending)) if contact.state == ContactState::Accepted => {
            shared.context.dialing.attention().queued(Target::Contact(*peer), pending);
            Accepted::Yes { seen: contact.last_seen, added: contact.added }
        }
        _ => Accepted::No,
    }
}

/// Dials once, and authenticates. `Ok` as well if the contact dialled us first.
async fn attempt(
    shared: &Arc<PeerShared>,
    peer: &Address,
    isolation: Isolation,
    online: watch::Receiver<bool>,
) -> Result<(), ConnError> {
    let Some(stream) = stream(shared, peer, isolation, online).await? else {
        shared.registry.dialling(peer, ContactPhase::Offline, None);
        return Ok(());
    };
    shared.registry.dialling(peer, ContactPhase::Connected, None);
    // Never cut short: once the peer has our proof it may hold this connection for the one that stays.
    let connection =
        SecureConnection::outbound(stream, &shared.context.identity, peer, &shared.deadlines, OsRng).await?;
    admission::admit(shared, connection, true).await;
    shared.registry.dialling(peer, ContactPhase::Offline, None);
    Ok(())
}

/// A stream to the peer; `None` if the peer comes online before there is one. Nobody can hold a connection for the
/// one that stays before its handshake, so it is safe to stop here.
async fn stream(
    shared: &PeerShared,
    peer: &Address,
    isolation: Isolation,
    mut online: watch::Receiver<bool>,
) -> Result<Option<BoxStream>, ConnError> {
    let told = |stage| {
        let phase = match stage {
            Stage::Waiting => ContactPhase::Offline,
            Stage::Dialling => ContactPhase::Connecting,
        };
        shared.registry.dialling(peer, phase, None);
    };
    let dialing = &shared.context.dialing;
    tokio::select! {
        dialled = dialing.dial(Target::Contact(*peer), peer, isolation, &shared.deadlines, told) => dialled.map(Some),
        _ = online.wait_for(|online| *online) => Ok(None),
    }
}

/// True if the way through the network may be what failed: then the next attempt takes another one.
fn is_dead_end(error: &ConnError) -> bool {
    match error {
        ConnError::Network(error) => {
            matches!(
                error,
                NetError::Unreachable { why: UnreachableWhy::TimedOut | UnreachableWhy::NoAnswer }
            )
        }
        other => matches!(other.at_fault(), AtFault::Peer | AtFault::Network),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use cwtch_net::{Listener, Network};
    use cwtch_primitives::Identity;

    use super::*;
    use crate::engine::context::Context;
    use crate::engine::peers::Contexts;
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
        let context = Context::new(
            Store::start(profile).unwrap(),
            network.clone(),
            identity,
            options,
            (None, Contexts::default()),
        );
        let shared = PeerShared::new(context);
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
            if let Accepted::Yes { .. } = last_seen(&shared, &peer).await {
                let (_online, seen) = watch::channel(false);
                attempt(&shared, &peer, Isolation::new(), seen).await.unwrap_err();
            }
            assert_eq!(network.0.load(Ordering::Relaxed), dials, "{state:?}");
        }
    }
}
