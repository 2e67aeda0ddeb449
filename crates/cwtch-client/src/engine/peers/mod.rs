//! Peer to peer: who is connected, what goes out, what comes in.

use std::sync::Arc;

use super::context::Context;
use crate::api::ApiError;

/// All peer connections of a profile.
pub(crate) struct Peers {
    context: Arc<Context>,
}

impl Peers {
    /// Listens and dials in a daemon; does nothing in a one-shot engine.
    pub(crate) async fn start(context: Arc<Context>) -> Result<Self, ApiError> {
        Ok(Self { context })
    }
}
