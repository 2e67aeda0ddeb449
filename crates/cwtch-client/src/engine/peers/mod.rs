//! Peer to peer: who is connected, what goes out, what comes in (§1.10).
//!
//! - [`listener`] and [`dialer`] make authenticated connections; [`admission`] decides what the peer may
//!   do; [`registry`] keeps at most one connection per peer.
//! - [`connection`] is the task of one connection; [`session`] is what the two sides say to each other.
//! - [`outgoing`] queues a message durably and waits for its acknowledgement.
//!
//! A contact's state decides everything: accepted contacts are dialled, hear and are heard; an unknown peer
//! may stay connected, but nothing it sends is kept or acknowledged and no attribute is told; a blocked one
//! is closed once it has authenticated. When a person accepts a peer its old connection is closed, so
//! that the peer sends again what nobody acknowledged.

mod admission;
mod connection;
mod dialer;
mod limits;
mod listener;
mod outgoing;
mod registry;
mod session;

use std::sync::Arc;

use cwtch_net::Deadlines;
use cwtch_primitives::Address;
use tokio::sync::Semaphore;

use self::outgoing::Waiters;
use self::registry::Registry;
use super::context::Context;
use super::info::Standing;
use crate::api::{ApiError, ErrorKind, Event};
use crate::profile::ContactState;

/// All peer connections of a profile.
pub(crate) struct Peers {
    shared: Arc<Shared>,
}

/// What the tasks of this half share.
struct Shared {
    context: Arc<Context>,
    registry: Registry,
    waiters: Waiters,
    deadlines: Deadlines,
    dials: Semaphore,
    handshakes: Arc<Semaphore>,
}

impl Peers {
    /// Listens and dials all accepted contacts in a daemon; does nothing yet in a one-shot engine.
    ///
    /// # Errors
    /// If the network does not let the profile listen, or the database cannot be read.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        let shared = Arc::new(Shared {
            context,
            registry: Registry::default(),
            waiters: Waiters::default(),
            deadlines: Deadlines::default(),
            dials: Semaphore::new(limits::DIALS),
            handshakes: Arc::new(Semaphore::new(limits::HANDSHAKES)),
        });
        if shared.context.is_daemon() {
            Self::go_online(&shared).await?;
        }
        Ok(Self { shared })
    }

    async fn go_online(shared: &Arc<Shared>) -> Result<(), ApiError> {
        let context = &shared.context;
        let contacts = context.store.run(|profile| profile.contacts()).await?;
        let listener = context.network.listen(&context.identity).await.map_err(|error| {
            ApiError::new(ErrorKind::Unreachable, format!("Cannot listen on the profile's address: {error}."))
        })?;
        // Not `Context::spawn`: at shutdown the listener withdraws its address by itself.
        context.tasks.spawn(listener::run(shared.clone(), listener));
        for contact in contacts {
            if contact.state == ContactState::Accepted {
                dialer::ensure(shared, contact.address);
            }
        }
        context.emit(Event::Online { address: context.address.to_string() });
        Ok(())
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

    /// How the way to a contact stands; `None` where nobody keeps connections.
    pub(crate) fn standing(&self, contact: &Address) -> Option<Standing> {
        self.shared.context.is_daemon().then(|| self.shared.registry.standing(contact))
    }

    /// Accepted contacts with a connection.
    pub(crate) fn count_online(&self) -> u64 {
        self.shared.registry.online().len() as u64
    }
}
