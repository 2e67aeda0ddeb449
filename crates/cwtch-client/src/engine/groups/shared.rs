//! State that the tasks for servers and groups share.

use std::sync::Arc;

use cwtch_net::Deadlines;
use tokio::sync::Notify;

use super::waiters::Waiters;
use crate::engine::context::Context;

/// State that the tasks for servers and groups share.
pub(super) struct LinkShared {
    pub(super) context: Arc<Context>,
    pub(super) waiters: Waiters,
    pub(super) deadlines: Deadlines,
    /// Something may be due about forks.
    pub(super) forks: Arc<Notify>,
    /// Contacts may have to be told something about forks.
    pub(super) tells: Notify,
}

impl LinkShared {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            waiters: Waiters::default(),
            deadlines: Deadlines::default(),
            forks: Arc::default(),
            tells: Notify::new(),
        }
    }
}
