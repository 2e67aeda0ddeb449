//! Registry of connections: at most one per peer, and which of two survives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_primitives::Address;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::limits::{CONNECTIONS, UNKNOWN_CONNECTIONS};
use super::rivals::{Keep, keep};
use super::slot::{DialerSeat, Ended, NOWHERE, PeerHandle, Slot};
use crate::api::{ContactPhase, Event, Problem};
use crate::engine::info::Standing;

/// All connections and dialers of a profile, by peer.
pub(super) struct Registry {
    slots: Mutex<HashMap<Address, Slot>>,
    numbers: AtomicU64,
    /// Hears how the ways to contacts change, in order.
    tell: Box<dyn Fn(Event) + Send + Sync>,
}

/// Outcome for a freshly authenticated connection.
pub(super) enum Admitted {
    /// The connection is the peer's now; the flag says whether an accepted contact just came online.
    In(Arc<PeerHandle>, bool),
    /// There is another connection, of which only the peer knows whether it still lives.
    Aside(Doubt),
    /// This other connection stays instead. The peer may not know it yet, see [`PeerHandle::until_used`].
    Spare(Arc<PeerHandle>),
    /// The connection is to be dropped.
    No,
}

/// A new connection waits for news of the old one.
pub(super) struct Doubt {
    /// The old one.
    pub(super) old: Arc<PeerHandle>,
    /// An even newer one waits instead.
    pub(super) displaced: CancellationToken,
}

impl Registry {
    /// An empty registry; `tell` is called with its lock held, so that events keep their order.
    pub(super) fn new(tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self { slots: Mutex::default(), numbers: AtomicU64::new(0), tell: Box::new(tell) }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Address, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how the way to a contact stands, if that is new.
    fn announce(&self, peer: &Address, slot: &mut Slot) {
        let now = slot.standing();
        if now != slot.told {
            let (phase, why) = (now.phase, now.trouble.clone().map(Box::new));
            slot.told = now;
            (self.tell)(Event::ContactConnection { address: peer.to_string(), phase, detail: None, why });
        }
    }

    /// Takes a freshly authenticated connection in, closing the one it replaces.
    pub(super) fn admit(&self, own: &Address, peer: &Address, dialled: bool, accepted: bool) -> Admitted {
        let mut slots = self.slots();
        if !accepted && !Self::room_for_stranger(&slots, peer) {
            return Admitted::No;
        }
        let slot = slots.entry(*peer).or_default();
        let comparable = |old: &PeerHandle| old.accepted == accepted && !old.close.is_cancelled();
        if let Some(old) = slot.handle.as_ref().filter(|old| comparable(old)) {
            match keep(own, peer, old.dialled, dialled, old.since.elapsed()) {
                Keep::New => {}
                Keep::Old => {
                    // Should the older one be dead after all, its probe finds out.
                    old.probe.notify_one();
                    return Admitted::Spare(old.clone());
                }
                Keep::Doubt => {
                    let (old, displaced) = (old.clone(), CancellationToken::new());
                    if let Some(other) = slot.aside.replace(displaced.clone()) {
                        other.cancel();
                    }
                    return Admitted::Aside(Doubt { old, displaced });
                }
            }
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let handle = Arc::new(PeerHandle::new(number, dialled, accepted));
        if let Some(old) = slot.handle.replace(handle.clone()) {
            // Only for contacts, and one at a time: connections cost strangers nothing.
            if accepted && comparable(&old) {
                old.heir.send_replace(Some(handle.clone()));
                if let Some(older) = slot.replaced.replace(old) {
                    older.close.cancel();
                }
            } else {
                old.close.cancel();
            }
        }
        if accepted {
            slot.trouble = None;
        }
        let came_online = accepted && !slot.online.send_replace(true);
        self.announce(peer, slot);
        Admitted::In(handle, came_online)
    }

    /// Makes room for somebody who is not a contact: the oldest such connection goes.
    fn room_for_stranger(slots: &HashMap<Address, Slot>, peer: &Address) -> bool {
        let mut strangers = 0;
        let mut oldest: Option<&Arc<PeerHandle>> = None;
        let mut all = 0;
        for (address, slot) in slots {
            let Some(handle) = &slot.handle else { continue };
            all += 1;
            if handle.accepted || address == peer || handle.close.is_cancelled() {
                continue;
            }
            strangers += 1;
            if oldest.is_none_or(|o| handle.since < o.since) {
                oldest = Some(handle);
            }
        }
        if all >= CONNECTIONS {
            return false;
        }
        if strangers >= UNKNOWN_CONNECTIONS
            && let Some(oldest) = oldest
        {
            oldest.close.cancel();
        }
        true
    }

    /// Takes an ended connection out. True if it was an accepted contact's current one: they are offline now.
    pub(super) fn leave(&self, peer: &Address, handle: &PeerHandle, ended: Ended) -> bool {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(peer) else { return false };
        if slot.replaced.as_ref().is_some_and(|old| old.number == handle.number) {
            slot.replaced = None;
        }
        if slot.handle.as_ref().is_none_or(|current| current.number != handle.number) {
            return false;
        }
        slot.handle = None;
        if let Ended::Badly(why) = ended {
            slot.trouble = handle.accepted.then_some(why);
            slot.stale.store(true, Ordering::Release);
        }
        let went_offline = slot.online.send_replace(false);
        self.announce(peer, slot);
        if slot.dialer.is_none() {
            slots.remove(peer);
        }
        went_offline
    }

    /// A dialer does something else now; `trouble` is why its last attempt failed, where one just did.
    pub(super) fn dialling(&self, peer: &Address, phase: ContactPhase, trouble: Option<Problem>) {
        let mut slots = self.slots();
        // Without a dialer this is an echo of one that was stopped.
        let Some(slot) = slots.get_mut(peer).filter(|slot| slot.dialer.is_some()) else { return };
        slot.dialling = phase;
        if trouble.is_some() {
            slot.trouble = trouble;
        }
        self.announce(peer, slot);
    }

    /// Closes the peer's connection, if there is one, and whatever is left of others.
    pub(super) fn close(&self, peer: &Address) {
        if let Some(slot) = self.slots().get(peer) {
            slot.handle.iter().chain(&slot.replaced).for_each(|handle| handle.close.cancel());
            slot.aside.iter().for_each(CancellationToken::cancel);
        }
    }

    /// Closes the connections with everybody who is not allowed to stay, and whatever is left of others.
    pub(super) fn close_unless(&self, allowed: impl Fn(&Address) -> bool) {
        for (_, slot) in self.slots().iter().filter(|(peer, _)| !allowed(peer)) {
            slot.handle.iter().chain(&slot.replaced).for_each(|handle| handle.close.cancel());
            slot.aside.iter().for_each(CancellationToken::cancel);
        }
    }

    /// Tells of the connections with contacts who are not allowed to stay when they end.
    pub(super) fn online_unless(&self, allowed: impl Fn(&Address) -> bool) -> Vec<watch::Receiver<bool>> {
        let slots = self.slots();
        slots.iter().filter(|(peer, _)| !allowed(peer)).map(|(_, slot)| slot.online.subscribe()).collect()
    }

    /// Closes the connections of all who are no accepted contacts.
    pub(super) fn close_strangers(&self) {
        for handle in
            self.slots().values().filter_map(|slot| slot.handle.as_ref()).filter(|handle| !handle.accepted)
        {
            handle.close.cancel();
        }
    }

    /// The connection with an accepted contact.
    pub(super) fn handle(&self, peer: &Address) -> Option<Arc<PeerHandle>> {
        self.slots().get(peer)?.contact().cloned()
    }

    /// Standing of the connection with a contact.
    pub(super) fn standing(&self, peer: &Address) -> Standing {
        self.slots().get(peer).map_or(NOWHERE, Slot::standing)
    }

    /// Accepted contacts that are connected.
    pub(super) fn online(&self) -> Vec<Address> {
        self.slots().iter().filter(|(_, slot)| *slot.online.borrow()).map(|(address, _)| *address).collect()
    }

    /// Gives out the seat of the peer's only dialer; `None` if it is taken.
    pub(super) fn dialer_seat(&self, peer: &Address, parent: &CancellationToken) -> Option<DialerSeat> {
        let mut slots = self.slots();
        let slot = slots.entry(*peer).or_default();
        if slot.dialer.is_some() {
            return None;
        }
        let stop = parent.child_token();
        slot.dialer = Some(stop.clone());
        Some(DialerSeat {
            online: slot.online.subscribe(),
            hurry: slot.hurry.clone(),
            wake: slot.wake.clone(),
            stale: slot.stale.clone(),
            stop,
        })
    }

    /// Ends the peer's dialer.
    pub(super) fn stop_dialer(&self, peer: &Address) {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(peer) else { return };
        if let Some(stop) = slot.dialer.take() {
            stop.cancel();
        }
        (slot.dialling, slot.trouble) = (ContactPhase::Offline, None);
        self.announce(peer, slot);
        if slot.handle.is_none() {
            slots.remove(peer);
        }
    }

    /// Flushes the peer's connection, or hurries its dialer, because something is queued for it.
    pub(super) fn nudge(&self, peer: &Address) {
        let slots = self.slots();
        let Some(slot) = slots.get(peer) else { return };
        match &slot.handle {
            Some(handle) => handle.flush.notify_one(),
            None => slot.hurry.notify_one(),
        }
    }

    /// Has all dialers begin anew.
    pub(super) fn hurry_all(&self) {
        for slot in self.slots().values() {
            slot.wake.notify_one();
        }
    }

    /// Asks all connections for a sign of life.
    pub(super) fn probe_all(&self) {
        for handle in self.slots().values().filter_map(|slot| slot.handle.as_ref()) {
            handle.probe.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn two() -> (Address, Address) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let a = Identity::generate(&mut rng).address();
        let b = Identity::generate(&mut rng).address();
        if a.as_bytes() < b.as_bytes() { (a, b) } else { (b, a) }
    }

    fn registry() -> (Registry, Arc<Mutex<Vec<ContactPhase>>>) {
        let told = Arc::<Mutex<Vec<ContactPhase>>>::default();
        let teller = told.clone();
        let registry = Registry::new(move |event| match event {
            Event::ContactConnection { phase, .. } => teller.lock().unwrap().push(phase),
            other => panic!("nothing but connections: {other:?}"),
        });
        (registry, told)
    }

    fn taken(admitted: Admitted) -> (Arc<PeerHandle>, bool) {
        match admitted {
            Admitted::In(handle, online) => (handle, online),
            Admitted::Aside(_) | Admitted::Spare(_) => panic!("another one stays"),
            Admitted::No => panic!("dropped"),
        }
    }

    #[tokio::test]
    async fn one_link_per_peer_and_the_dropped_one_does_not_take_it_offline() {
        // The larger side: the peer's dials win.
        let (peer, own) = two();
        let (registry, _) = registry();
        let (first, online) = taken(registry.admit(&own, &peer, true, true));
        assert!(online);
        let (second, online) = taken(registry.admit(&own, &peer, false, true));
        assert!(!online, "they were online already");
        assert!(!first.close.is_cancelled(), "the peer may not know yet");
        let dropped = registry.admit(&own, &peer, true, true);
        assert!(matches!(dropped, Admitted::Spare(_)), "the smaller address's dial stays");
        let outlived = first.outlived();
        second.spoke.cancel();
        outlived.await;
        assert!(!registry.leave(&peer, &first, Ended::Cleanly));
        assert_eq!(registry.online(), vec![peer]);
        assert!(registry.leave(&peer, &second, Ended::Cleanly));
        assert!(registry.online().is_empty());
    }

    #[tokio::test]
    async fn however_often_a_peer_dials_two_connections_stay_at_most() {
        let (own, peer) = two();
        for accepted in [true, false] {
            let (registry, _) = registry();
            let handles: Vec<_> =
                (0..10).map(|_| taken(registry.admit(&own, &peer, false, accepted)).0).collect();
            let open = handles.iter().filter(|handle| !handle.close.is_cancelled()).count();
            assert_eq!(open, if accepted { 2 } else { 1 });
            registry.close(&peer);
            assert!(handles.iter().all(|handle| handle.close.is_cancelled()));
        }
    }

    #[tokio::test]
    async fn of_several_connections_in_doubt_the_newest_waits() {
        let (own, peer) = two();
        let (registry, _) = registry();
        let (held, _) = taken(registry.admit(&own, &peer, true, true));
        let Admitted::Aside(first) = registry.admit(&own, &peer, false, true) else { panic!() };
        let Admitted::Aside(second) = registry.admit(&own, &peer, false, true) else { panic!() };
        assert!(first.displaced.is_cancelled() && !second.displaced.is_cancelled());
        assert!(!held.close.is_cancelled());
        // The old one is given up: the next look takes the new one.
        held.close.cancel();
        let (_, online) = taken(registry.admit(&own, &peer, false, true));
        assert!(!online, "they never went offline");
    }

    #[tokio::test]
    async fn each_change_of_the_way_to_a_contact_is_told_once() {
        use ContactPhase::{Authenticated, Connected, Connecting, Offline};
        let failed = |how: &str| Problem::ConnectionFailed { detail: how.to_owned() };
        let (own, peer) = two();
        let (registry, told) = registry();
        let parent = CancellationToken::new();
        let seat = registry.dialer_seat(&peer, &parent).unwrap();
        for (phase, trouble) in [
            (Offline, None),
            (Connecting, None),
            (Connecting, None),
            (Connected, None),
            (Offline, Some("away")),
            (Offline, None),
        ] {
            registry.dialling(&peer, phase, trouble.map(failed));
        }
        assert_eq!(registry.standing(&peer).trouble, Some(failed("away")), "until one succeeds");
        let (handle, _) = taken(registry.admit(&own, &peer, false, true));
        assert_eq!(registry.standing(&peer), Standing { phase: Authenticated, trouble: None });
        registry.dialling(&peer, Offline, None);
        assert!(!seat.stale.load(Ordering::Acquire));
        registry.leave(&peer, &handle, Ended::Badly(failed("silent")));
        assert!(seat.stale.load(Ordering::Acquire));
        assert_eq!(registry.standing(&peer).trouble, Some(failed("silent")));
        registry.stop_dialer(&peer);
        registry.dialling(&peer, Connecting, None);
        let expected = [Connecting, Connected, Offline, Authenticated, Offline, Offline];
        assert_eq!(
            *told.lock().unwrap(),
            expected,
            "the last one tells that the trouble is nobody's any more"
        );
        assert_eq!(registry.standing(&peer), NOWHERE);
    }

    #[tokio::test]
    async fn strangers_displace_strangers_only() {
        let (own, contact) = two();
        let (registry, told) = registry();
        let (kept, _) = taken(registry.admit(&own, &contact, false, true));
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut handles = Vec::new();
        for _ in 0..=UNKNOWN_CONNECTIONS {
            let stranger = Identity::generate(&mut rng).address();
            handles.push(taken(registry.admit(&own, &stranger, false, false)).0);
        }
        assert_eq!(handles.iter().filter(|l| l.close.is_cancelled()).count(), 1);
        assert!(!kept.close.is_cancelled());
        assert_eq!(told.lock().unwrap().len(), 1, "strangers are no contacts");
    }

    #[tokio::test]
    async fn a_peer_has_one_dialer() {
        let (_, peer) = two();
        let (registry, _) = registry();
        let parent = CancellationToken::new();
        let seat = registry.dialer_seat(&peer, &parent).unwrap();
        assert!(registry.dialer_seat(&peer, &parent).is_none());
        registry.stop_dialer(&peer);
        assert!(seat.stop.is_cancelled());
        assert!(registry.dialer_seat(&peer, &parent).is_some());
    }
}
