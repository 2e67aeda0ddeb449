//! Groups: servers, tokens, posting, syncing.

use std::sync::Arc;
use std::time::Duration;

use cwtch_primitives::group::GroupId;

use super::context::Context;
use crate::api::{
    ApiError, GroupCreated, GroupInfo, MessageInfo, RejectInfo, ServerInfo, SyncInfo,
};

/// The groups half of an engine.
pub(crate) struct Groups {
    context: Arc<Context>,
}

#[allow(clippy::todo, unused_variables)]
impl Groups {
    /// Loads servers and groups; in a daemon with the experiment on it starts syncing.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        Ok(Self { context })
    }
    /// Whether the experiment is on.
    pub(crate) fn enabled(&self) -> bool {
        false
    }
    /// Turns the experiment on or off, durably; connections start or stop.
    pub(crate) async fn set_enabled(&self, enabled: bool) -> Result<(), ApiError> {
        todo!()
    }
    pub(crate) async fn server_add(&self, server: &str) -> Result<ServerInfo, ApiError> {
        todo!()
    }
    pub(crate) async fn server_list(&self) -> Result<Vec<ServerInfo>, ApiError> {
        todo!()
    }
    pub(crate) async fn group_new(&self, name: &str, server: &str) -> Result<GroupCreated, ApiError> {
        todo!()
    }
    pub(crate) async fn group_join(&self, invite: &str) -> Result<GroupInfo, ApiError> {
        todo!()
    }
    pub(crate) async fn group_list(&self) -> Result<Vec<GroupInfo>, ApiError> {
        todo!()
    }
    pub(crate) async fn group_leave(&self, group: &GroupId) -> Result<(), ApiError> {
        todo!()
    }
    /// The `tofubundle:…` of a group.
    pub(crate) async fn invite_for(&self, group: &GroupId) -> Result<String, ApiError> {
        todo!()
    }
    /// Posts an overlay and waits until it is durably stored by the server.
    pub(crate) async fn post(
        &self,
        group: &GroupId,
        kind: u64,
        data: &str,
        quoted: Option<i64>,
        timeout: Duration,
    ) -> Result<MessageInfo, ApiError> {
        todo!()
    }
    /// Fetches what is new from one group's server, or from all.
    pub(crate) async fn sync(&self, group: Option<&GroupId>) -> Result<SyncInfo, ApiError> {
        todo!()
    }
    pub(crate) async fn rejects(&self) -> Result<Vec<RejectInfo>, ApiError> {
        todo!()
    }
}
