//! Who is connected: at most one connection per peer, and which of two survives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwtch_primitives::Address;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::limits::{AT_ONCE, CONNECTIONS, UNKNOWN_CONNECTIONS};
use crate::api::ContactPhase;
use crate::engine::info::Standing;

/// What everybody may do to an authenticated connection; its task does the work.
pub(super) struct Link {
    number: u64,
    /// Whether this side dialled.
    pub(super) dialled: bool,
    /// Whether the peer is an accepted contact. A connection never changes that: it is closed instead.
    pub(super) accepted: bool,
    since: Instant,
    /// Something new is queued for the peer.
    pub(super) flush: Notify,
    /// Somebody doubts that the peer is still there.
    pub(super) probe: Notify,
    /// The peer announced version 2 of the message format (§1.10).
    pub(super) version_two: AtomicBool,
    /// Ends the connection.
    pub(super) close: CancellationToken,
}

/// All connections and dialers of a profile, by peer.
#[derive(Default)]
pub(super) struct Registry {
    slots: Mutex<HashMap<Address, Slot>>,
    numbers: AtomicU64,
}

struct Slot {
    link: Option<Arc<Link>>,
    /// Whether an accepted contact is connected.
    online: watch::Sender<bool>,
    hurry: Arc<Notify>,
    dialer: Option<CancellationToken>,
}

impl Default for Slot {
    fn default() -> Self {
        Self { link: None, online: watch::Sender::new(false), hurry: Arc::default(), dialer: None }
    }
}

/// What a dialer needs of the registry.
pub(super) struct DialerSeat {
    /// Whether there is a connection.
    pub(super) online: watch::Receiver<bool>,
    /// Somebody waits for this contact.
    pub(super) hurry: Arc<Notify>,
    /// The contact is not to be dialled any more.
    pub(super) stop: CancellationToken,
}

/// Which of two connections with the same peer stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Old,
    New,
}

/// Two sides that dial at once keep the connection that the smaller address dialled: both see the same two
/// connections, so both keep the same one. In any other case the newer connection is the living one: its
/// peer would not have dialled while it held the older.
fn keep(own: &Address, peer: &Address, old_dialled: bool, new_dialled: bool, old_age: Duration) -> Keep {
    if old_dialled == new_dialled || old_age >= AT_ONCE {
        return Keep::New;
    }
    let own_dial_wins = own.as_bytes() < peer.as_bytes();
    if own_dial_wins == new_dialled { Keep::New } else { Keep::Old }
}

impl Registry {
    fn slots(&self) -> MutexGuard<'_, HashMap<Address, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a freshly authenticated connection in, closing the one it replaces; `None` if the new one is
    /// to be dropped. The flag says whether an accepted contact just came online.
    pub(super) fn admit(
        &self,
        own: &Address,
        peer: &Address,
        dialled: bool,
        accepted: bool,
    ) -> Option<(Arc<Link>, bool)> {
        let mut slots = self.slots();
        if !accepted && !Self::room_for_stranger(&slots, peer) {
            return None;
        }
        let slot = slots.entry(*peer).or_default();
        if let Some(old) = &slot.link {
            let comparable = old.accepted == accepted && !old.close.is_cancelled();
            if comparable && keep(own, peer, old.dialled, dialled, old.since.elapsed()) == Keep::Old {
                // Should the older one be dead after all, its probe finds out.
                old.probe.notify_one();
                return None;
            }
            old.close.cancel();
        }
        let link = Arc::new(Link {
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            dialled,
            accepted,
            since: Instant::now(),
            flush: Notify::new(),
            probe: Notify::new(),
            version_two: AtomicBool::new(false),
            close: CancellationToken::new(),
        });
        slot.link = Some(link.clone());
        let came_online = accepted && !slot.online.send_replace(true);
        Some((link, came_online))
    }

    /// Makes room for somebody who is not a contact: the oldest such connection goes.
    fn room_for_stranger(slots: &HashMap<Address, Slot>, peer: &Address) -> bool {
        let mut strangers = 0;
        let mut oldest: Option<&Arc<Link>> = None;
        let mut all = 0;
        for (address, slot) in slots {
            let Some(link) = &slot.link else { continue };
            all += 1;
            if link.accepted || address == peer || link.close.is_cancelled() {
                continue;
            }
            strangers += 1;
            if oldest.is_none_or(|o| link.since < o.since) {
                oldest = Some(link);
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
    pub(super) fn leave(&self, peer: &Address, link: &Link) -> bool {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(peer) else { return false };
        if slot.link.as_ref().is_none_or(|current| current.number != link.number) {
            return false;
        }
        slot.link = None;
        let went_offline = slot.online.send_replace(false);
        if slot.dialer.is_none() {
            slots.remove(peer);
        }
        went_offline
    }

    /// Closes the peer's connection, if there is one.
    pub(super) fn close(&self, peer: &Address) {
        if let Some(link) = self.slots().get(peer).and_then(|slot| slot.link.as_ref()) {
            link.close.cancel();
        }
    }

    /// The connection with an accepted contact.
    pub(super) fn link(&self, peer: &Address) -> Option<Arc<Link>> {
        let slots = self.slots();
        slots.get(peer)?.link.clone().filter(|link| link.accepted && !link.close.is_cancelled())
    }

    /// How the way to a contact stands.
    pub(super) fn standing(&self, peer: &Address) -> Standing {
        let phase =
            if self.link(peer).is_some() { ContactPhase::Authenticated } else { ContactPhase::Offline };
        Standing { phase, trouble: None }
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
        Some(DialerSeat { online: slot.online.subscribe(), hurry: slot.hurry.clone(), stop })
    }

    /// Ends the peer's dialer.
    pub(super) fn stop_dialer(&self, peer: &Address) {
        let mut slots = self.slots();
        let Some(slot) = slots.get_mut(peer) else { return };
        if let Some(stop) = slot.dialer.take() {
            stop.cancel();
        }
        if slot.link.is_none() {
            slots.remove(peer);
        }
    }

    /// Something is queued for the peer: flushes its connection, or hurries its dialer.
    pub(super) fn nudge(&self, peer: &Address) {
        let slots = self.slots();
        let Some(slot) = slots.get(peer) else { return };
        match &slot.link {
            Some(link) => link.flush.notify_one(),
            None => slot.hurry.notify_one(),
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

    #[test]
    fn both_sides_of_a_double_dial_keep_the_same_connection() {
        let (small, large) = two();
        let young = Duration::ZERO;
        for small_first in [true, false] {
            // Each side saw the same connection first: the one that `small` dialled, or the other.
            let at_small = keep(&small, &large, small_first, !small_first, young);
            let at_large = keep(&large, &small, !small_first, small_first, young);
            assert_eq!(at_small, at_large);
            assert_eq!(at_small == Keep::Old, small_first, "the smaller address's dial stays");
            // They saw them in different order: what is old here is new there.
            let crossed = keep(&large, &small, small_first, !small_first, young);
            assert_ne!(at_small, crossed);
        }
    }

    #[test]
    fn a_newer_connection_replaces_one_that_may_be_dead() {
        let (small, large) = two();
        assert_eq!(keep(&small, &large, true, true, Duration::ZERO), Keep::New);
        assert_eq!(keep(&small, &large, false, false, Duration::ZERO), Keep::New);
        assert_eq!(keep(&small, &large, true, false, AT_ONCE), Keep::New);
    }

    #[tokio::test]
    async fn one_link_per_peer_and_the_dropped_one_does_not_take_it_offline() {
        let (own, peer) = two();
        let registry = Registry::default();
        let (first, online) = registry.admit(&own, &peer, false, true).unwrap();
        assert!(online);
        let (second, online) = registry.admit(&own, &peer, true, true).unwrap();
        assert!(!online, "they were online already");
        assert!(first.close.is_cancelled());
        assert!(registry.admit(&own, &peer, false, true).is_none(), "the smaller address's dial stays");
        assert!(!registry.leave(&peer, &first));
        assert_eq!(registry.online(), vec![peer]);
        assert!(registry.leave(&peer, &second));
        assert!(registry.online().is_empty());
    }

    #[tokio::test]
    async fn strangers_displace_strangers_only() {
        let (own, contact) = two();
        let registry = Registry::default();
        let (kept, _) = registry.admit(&own, &contact, false, true).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut links = Vec::new();
        for _ in 0..=UNKNOWN_CONNECTIONS {
            let stranger = Identity::generate(&mut rng).address();
            links.push(registry.admit(&own, &stranger, false, false).unwrap().0);
        }
        assert_eq!(links.iter().filter(|l| l.close.is_cancelled()).count(), 1);
        assert!(!kept.close.is_cancelled());
    }

    #[tokio::test]
    async fn a_peer_has_one_dialer() {
        let (_, peer) = two();
        let registry = Registry::default();
        let parent = CancellationToken::new();
        let seat = registry.dialer_seat(&peer, &parent).unwrap();
        assert!(registry.dialer_seat(&peer, &parent).is_none());
        registry.stop_dialer(&peer);
        assert!(seat.stop.is_cancelled());
        assert!(registry.dialer_seat(&peer, &parent).is_some());
    }
}
