//! The parts of a running engine, for whatever needs several of them.

use std::sync::Arc;

use super::context::Context;
use super::groups::{Groups, switched_off};
use super::members::Members;
use super::peers::Peers;
use crate::api::ApiError;

/// The parts of a running engine.
pub(super) struct Inner {
    pub(super) context: Arc<Context>,
    pub(super) peers: Peers,
    pub(super) groups: Groups,
    pub(super) members: Members,
}

impl Inner {
    /// Refuses while the groups experiment is off. The one place where its switch decides.
    pub(super) fn require_groups(&self) -> Result<(), ApiError> {
        if self.groups.enabled() { Ok(()) } else { Err(switched_off()) }
    }
}
