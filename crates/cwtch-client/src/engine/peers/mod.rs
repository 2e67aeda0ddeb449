//! Peer to peer: who is connected, what goes out, what comes in (§1.10).
//!
//! - [`listener`] and [`dialer`] make authenticated connections; [`admission`] decides what the peer may
//!   do; [`registry`] keeps at most one connection per peer, [`rivals`] says which, and [`aside`] asks the peer
//!   where only it knows. [`reachability`] tells whether others can dial us.
//! - [`connection`] is the task of one connection; [`session`] is what the two sides say to each other, and [`contexts`] who
//!   hears what is said beside chat.
//! - [`outgoing`] queues a message durably and waits for its acknowledgement.
//!
//! A contact's state decides everything: accepted contacts are dialled, hear and are heard; an unknown peer
//! may stay connected, but nothing it sends is kept or acknowledged and no attribute is told; a blocked one
//! is closed once it has authenticated. When a person accepts a peer its old connection is closed, so
//! that the peer sends again what nobody acknowledged.

mod admission;
mod aside;
mod backoff;
mod connection;
mod contexts;
mod dialer;
mod limits;
mod listener;
mod outgoing;
mod reachability;
mod registry;
mod rivals;
mod session;
mod shared;
mod slot;
mod waiters;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cwtch_primitives::Address;
use cwtch_wire::peer::PeerMessage;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(super) use self::contexts::Contexts;
pub(super) use self::outgoing::refuse_state;
use self::shared::PeerShared;
use super::context::Context;
use super::dial::{Target, Wanted};
use super::info::Standing;
use crate::api::{ApiError, Problem, ReadinessInfo};

/// All peer connections of a profile.
pub(crate) struct Peers {
    shared: Arc<PeerShared>,
}

impl Peers {
    /// Listens and dials all accepted contacts in a daemon, as soon as the network is ready and unless the profile appears
    /// offline; does nothing yet in a one-shot engine.
    ///
    /// # Errors
    /// If the network will never let the profile listen, or the database cannot be read.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        let shared = PeerShared::new(context);
        let weak = Arc::downgrade(&shared);
        shared.context.feed.knows_standing(move |contact| {
            let shared = weak.upgrade().filter(|shared| shared.context.is_daemon())?;
            Some(shared.registry.standing(contact))
        });
        if shared.context.is_daemon() {
            Self::go_online(&shared).await?;
        }
        Ok(Self { shared })
    }

    async fn go_online(shared: &Arc<PeerShared>) -> Result<(), ApiError> {
        let context = &shared.context;
        let contacts = context.store.run(|profile| profile.contact_activity()).await?;
        let (first, attempted) = oneshot::channel();
        let hidden = context.dialing.attention().is_hidden();
        // Not `Context::spawn`: at shutdown the listener withdraws its address by itself.
        context.tasks.spawn(listener::run(shared.clone(), (!hidden).then_some(first)));
        // Where nobody listens yet, its end is dropped at once.
        if let Ok(Ok(Err(error))) = timeout(limits::LISTEN_FIRST, attempted).await {
            return Err(Problem::CannotListen { obstacle: listener::obstacle(&error) }.into());
        }
        for (contact, active) in contacts {
            context.dialing.attention().active(Target::Contact(contact), active);
            dialer::ensure(shared, contact);
        }
        Ok(())
    }

    /// The network or the machine was away: everybody is dialled anew.
    pub(crate) fn hurry(&self) {
        self.shared.registry.hurry_all();
    }

    /// Connections that may be dead are found within [`limits::PROBE_DEADLINE`].
    pub(crate) fn probe(&self) {
        self.shared.registry.probe_all();
    }

    /// Sends what waits for contacts who are connected.
    pub(crate) fn resend(&self) {
        for contact in self.shared.registry.online() {
            self.shared.registry.nudge(&contact);
        }
    }

    /// Readiness of the own address for others; `None` where nobody listens.
    pub(crate) fn reachability(&self) -> Option<ReadinessInfo> {
        self.shared.context.is_daemon().then(|| self.shared.reachability.info())
    }

    /// A contact was accepted: what it sent while it was unknown comes again over a new connection.
    pub(crate) fn accepted(&self, contact: Address) {
        self.shared.registry.close(&contact);
        if self.shared.context.is_daemon() {
            dialer::ensure(&self.shared, contact);
            // One that ran already may be in a long pause.
            self.shared.registry.nudge(&contact);
        }
    }

    /// A contact was blocked: no connection, no dials.
    pub(crate) fn blocked(&self, contact: &Address) {
        self.shared.registry.stop_dialer(contact);
        self.shared.registry.close(contact);
    }

    /// Closes the connections with everybody who is not allowed to stay.
    pub(crate) fn close_unless(&self, allowed: impl Fn(&Address) -> bool) {
        self.shared.registry.close_unless(allowed);
    }

    /// Waits until nobody listens, and no contact is connected who must not be, while the profile appears offline.
    pub(crate) async fn until_hidden(&self) {
        let attention = self.shared.context.dialing.attention();
        self.shared.reachability.until_waiting_for(&listener::HIDDEN).await;
        for mut online in self.shared.registry.online_unless(|peer| attention.allows(Target::Contact(*peer)))
        {
            // An end of it is an end of the connection, too.
            let _ = online.wait_for(|online| !online).await;
        }
    }

    /// Dials an accepted contact without a pause, unless it is connected.
    pub(crate) fn dial_now(&self, contact: &Address) {
        dialer::ensure(&self.shared, *contact);
        self.shared.registry.nudge(contact);
    }

    /// True if an accepted contact is connected or may be dialled for a command that does not name it.
    pub(crate) fn may_ask(&self, contact: &Address) -> bool {
        self.shared.context.dialing.attention().keeps(Target::Contact(*contact)) || self.is_online(contact)
    }

    /// Closes the connections of all who are no contacts.
    pub(crate) fn close_strangers(&self) {
        self.shared.registry.close_strangers();
    }

    /// Standing of the connection with a contact; `None` where nobody keeps connections.
    pub(crate) fn standing(&self, contact: &Address) -> Option<Standing> {
        self.shared.context.is_daemon().then(|| self.shared.registry.standing(contact))
    }

    /// True if an accepted contact is connected.
    pub(crate) fn is_online(&self, contact: &Address) -> bool {
        self.shared.registry.handle(contact).is_some()
    }

    /// Says something of a [registered context](Contexts) to an accepted contact that is connected; it is not kept for
    /// later. False if it cannot be said.
    pub(crate) fn say(&self, contact: &Address, message: PeerMessage) -> bool {
        let Some(class) = self.shared.context.contexts.class(&message.context) else { return false };
        self.shared.registry.handle(contact).is_some_and(|handle| handle.say(class, message))
    }

    /// The number of the connection with an accepted contact, which no other one has; `None` without one.
    pub(crate) fn connection(&self, contact: &Address) -> Option<u64> {
        self.shared.registry.handle(contact).map(|handle| handle.number)
    }

    /// Waits until an accepted contact is connected who was not, or by another connection. One task may wait for that.
    pub(crate) async fn until_somebody_comes(&self) {
        self.shared.came.notified().await;
    }

    /// Sends what was queued for a contact outside of [`Self::send`].
    pub(crate) fn queued(&self, contact: &Address) {
        let attention = self.shared.context.dialing.attention();
        attention.queued(Target::Contact(*contact), true);
        self.shared.registry.nudge(contact);
    }

    /// Says what is proposed to a contact about messages that vanish, if it is connected.
    pub(crate) fn say_vanishing(&self, contact: &Address) {
        if let Some(handle) = self.shared.registry.handle(contact) {
            handle.vanishing.store(true, Ordering::Release);
            handle.flush.notify_one();
        }
    }

    /// Has an accepted contact dialled; it comes before others as long as the value lives.
    pub(crate) fn reach(&self, contact: &Address) -> Wanted {
        let wanted = self.shared.context.dialing.attention().want(Target::Contact(*contact));
        self.dial_now(contact);
        wanted
    }

    /// The accepted contacts with a connection.
    pub(crate) fn online(&self) -> Vec<Address> {
        self.shared.registry.online()
    }

    /// Accepted contacts with a connection.
    pub(crate) fn count_online(&self) -> u64 {
        self.shared.registry.online().len() as u64
    }
}
