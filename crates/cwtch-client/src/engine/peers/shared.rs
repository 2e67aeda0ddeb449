//! State that the tasks of this half share.

use std::sync::Arc;

use cwtch_net::Deadlines;
use tokio::sync::{Notify, Semaphore};

use super::limits;
use super::reachability::Reachability;
use super::registry::Registry;
use super::waiters::Waiters;
use crate::engine::context::Context;

/// State that the tasks for peers share.
pub(super) struct PeerShared {
    pub(super) context: Arc<Context>,
    pub(super) registry: Registry,
    pub(super) waiters: Waiters,
    pub(super) deadlines: Deadlines,
    pub(super) handshakes: Arc<Semaphore>,
    pub(super) reachability: Reachability,
    /// Told when an accepted contact is connected.
    pub(super) came: Notify,
}

impl PeerShared {
    pub(super) fn new(context: Arc<Context>) -> Arc<Self> {
        let teller = context.clone();
        Arc::new(Self {
            registry: Registry::new(move |event| teller.emit(event)),
            context,
            waiters: Waiters::default(),
            deadlines: Deadlines::default(),
            handshakes: Arc::new(Semaphore::new(limits::HANDSHAKES)),
            reachability: Reachability::default(),
            came: Notify::new(),
        })
    }
}
