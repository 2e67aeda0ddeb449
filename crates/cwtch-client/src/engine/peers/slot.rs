//! Slot of the registry for one peer.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use cwtch_protocol::app::lanes::Class;
use cwtch_wire::peer::PeerMessage;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::limits::{ASIDES, LINGER};
use crate::api::{ContactPhase, Problem};
use crate::engine::info::Standing;

/// Handle by which everybody may use an authenticated connection; its task does the work.
pub(super) struct PeerHandle {
    /// The connection's own number.
    pub(super) number: u64,
    /// True if this side dialled.
    pub(super) dialled: bool,
    /// True if the peer is an accepted contact. A connection never changes that: it is closed instead.
    pub(super) accepted: bool,
    /// Moment of its authentication.
    pub(super) since: Instant,
    /// Told when something new is queued for the peer.
    pub(super) flush: Notify,
    /// True if something is queued that was looked at before.
    pub(super) look_again: AtomicBool,
    /// True if something about messages that vanish is to be said.
    pub(super) vanishing: AtomicBool,
    /// Words to the peer beside messages, lost with the connection.
    asides: Mutex<VecDeque<(Class, PeerMessage)>>,
    /// Told when somebody doubts that the peer is still there.
    pub(super) probe: Notify,
    /// Told when the peer has said something.
    pub(super) heard: Notify,
    /// True if the peer announced version 2 of the message format (§1.10).
    pub(super) version_two: AtomicBool,
    /// Cancelled when the peer says something for the first time: so it uses this connection, too.
    pub(super) spoke: CancellationToken,
    /// The connection that has taken this one's place.
    pub(super) heir: watch::Sender<Option<Arc<PeerHandle>>>,
    /// Ends the connection.
    pub(super) close: CancellationToken,
}

impl PeerHandle {
    pub(super) fn new(number: u64, dialled: bool, accepted: bool) -> Self {
        Self {
            number,
            dialled,
            accepted,
            since: Instant::now(),
            flush: Notify::new(),
            look_again: AtomicBool::new(false),
            vanishing: AtomicBool::new(false),
            asides: Mutex::default(),
            probe: Notify::new(),
            heard: Notify::new(),
            version_two: AtomicBool::new(false),
            spoke: CancellationToken::new(),
            heir: watch::Sender::new(None),
            close: CancellationToken::new(),
        }
    }

    /// Has something said to the peer; false if too much of its class waits.
    pub(super) fn say(&self, class: Class, message: PeerMessage) -> bool {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        let room = asides.iter().filter(|(other, _)| *other == class).count() < ASIDES;
        if room {
            asides.push_back((class, message));
            self.flush.notify_one();
        }
        room
    }

    /// The next thing to say of a class that there is room for.
    pub(super) fn next_aside(&self, has_room: impl Fn(Class) -> bool) -> Option<(Class, PeerMessage)> {
        let mut asides = self.asides.lock().unwrap_or_else(PoisonError::into_inner);
        let next = asides.iter().position(|(class, _)| has_room(*class))?;
        asides.remove(next)
    }

    /// Waits until the peer uses this connection, for [`LINGER`] at most.
    ///
    /// Of two connections the one that goes must not end before: the peer may learn of its end earlier than of the
    /// one that stays, and would believe itself disconnected in between.
    pub(super) async fn until_used(&self) {
        let _ = timeout(LINGER, self.spoke.cancelled()).await;
    }

    /// Waits until another connection has this one's place and the peer uses that.
    pub(super) async fn outlived(&self) {
        let mut heirs = self.heir.subscribe();
        let heir = heirs.wait_for(Option::is_some).await.ok().and_then(|heir| heir.clone());
        if let Some(heir) = heir {
            heir.until_used().await;
        }
    }
}

/// End of a connection.
pub(super) enum Ended {
    /// Ended as one side wanted.
    Cleanly,
    /// Ended by a failure.
    Badly(Problem),
}

/// Everything about one peer.
pub(super) struct Slot {
    /// Its connection.
    pub(super) handle: Option<Arc<PeerHandle>>,
    /// A newer connection that waits until it is clear whether the peer still uses `handle`.
    pub(super) aside: Option<CancellationToken>,
    /// The connection that `handle` has replaced, and that may not have ended yet.
    pub(super) replaced: Option<Arc<PeerHandle>>,
    /// True if an accepted contact is connected.
    pub(super) online: watch::Sender<bool>,
    /// See [`DialerSeat`].
    pub(super) hurry: Arc<Notify>,
    /// See [`DialerSeat`].
    pub(super) wake: Arc<Notify>,
    /// See [`DialerSeat`].
    pub(super) stale: Arc<AtomicBool>,
    /// Ends the dialer, where there is one.
    pub(super) dialer: Option<CancellationToken>,
    /// Present step of the dialer.
    pub(super) dialling: ContactPhase,
    /// Reason why the last attempt or connection failed.
    pub(super) trouble: Option<Problem>,
    /// Standing that user interfaces were told last.
    pub(super) told: Standing,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            handle: None,
            aside: None,
            replaced: None,
            online: watch::Sender::new(false),
            hurry: Arc::default(),
            wake: Arc::default(),
            stale: Arc::default(),
            dialer: None,
            dialling: ContactPhase::Offline,
            trouble: None,
            told: NOWHERE,
        }
    }
}

/// Standing of somebody with whom nothing is done.
pub(super) const NOWHERE: Standing = Standing { phase: ContactPhase::Offline, trouble: None };

impl Slot {
    /// The connection of an accepted contact.
    pub(super) fn contact(&self) -> Option<&Arc<PeerHandle>> {
        self.handle.as_ref().filter(|handle| handle.accepted && !handle.close.is_cancelled())
    }

    /// Standing of the connection with the contact.
    pub(super) fn standing(&self) -> Standing {
        match self.contact() {
            Some(_) => Standing { phase: ContactPhase::Authenticated, trouble: None },
            None => Standing { phase: self.dialling, trouble: self.trouble.clone() },
        }
    }
}

/// Part of the registry that a dialer needs.
pub(super) struct DialerSeat {
    /// True if there is a connection.
    pub(super) online: watch::Receiver<bool>,
    /// Told when somebody waits for this contact.
    pub(super) hurry: Arc<Notify>,
    /// Told when the network or the machine is back: the pauses so far say nothing any more.
    pub(super) wake: Arc<Notify>,
    /// The last connection did not end as it should: its way through the network is not to be used again.
    pub(super) stale: Arc<AtomicBool>,
    /// The contact is not to be dialled any more.
    pub(super) stop: CancellationToken,
}
