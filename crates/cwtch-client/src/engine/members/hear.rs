//! Sorting of what contacts say about logs.

use cwtch_wire::peer_log::{
    CONTEXT_LOG_COMPARE, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT, Compare, Have, Mismatch,
    Want,
};

use super::ear::Heard;
use super::{compare, repair};
use crate::api::ApiError;
use crate::engine::inner::Inner;

/// Does what a message asks for, if there is anything to do: whoever is too fast, not understood or not in the group
/// hears nothing.
pub(super) async fn heard(inner: &Inner, heard: Heard) -> Result<(), ApiError> {
    let Heard { from, message } = heard;
    if !inner.members.state().admits(&from) {
        tracing::debug!("a contact says too much about logs; it is ignored");
        return Ok(());
    }
    let data = message.data.as_slice();
    match message.context.as_str() {
        CONTEXT_LOG_COMPARE => match Compare::from_bytes(data) {
            Ok(theirs) => compare::compared(inner, from, theirs).await,
            Err(_) => malformed(),
        },
        CONTEXT_LOG_MISMATCH => match Mismatch::from_bytes(data) {
            Ok(theirs) => compare::mismatched(inner, from, theirs).await,
            Err(_) => malformed(),
        },
        CONTEXT_LOG_WANT => match Want::from_bytes(data) {
            Ok(want) => repair::wanted(inner, from, want).await,
            Err(_) => malformed(),
        },
        CONTEXT_LOG_HAVE => match Have::from_bytes(data) {
            Ok(have) => repair::had(inner, from, have).await,
            Err(_) => malformed(),
        },
        _ => Ok(()),
    }
}

fn malformed() -> Result<(), ApiError> {
    tracing::debug!("a contact's message about a log cannot be read");
    Ok(())
}
