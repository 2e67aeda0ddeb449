//! Sorting of what contacts say about logs and forks.

use cwtch_wire::group::fork::{
    Ack, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, CONTEXT_FORK_WANT, ForkWant, Part,
};
use cwtch_wire::peer_log::{
    CONTEXT_LOG_COMPARE, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT, Compare, Have, Mismatch,
    Want,
};

use super::ear::Heard;
use super::{compare, forks, repair};
use crate::api::ApiError;
use crate::engine::inner::Inner;

/// Does what a message asks for, if there is anything to do: whoever is too fast, not understood or not in the group
/// hears nothing.
pub(super) async fn heard(inner: &Inner, heard: Heard) -> Result<(), ApiError> {
    let Heard { from, message } = heard;
    if !inner.members.state().admits(&from) {
        tracing::debug!("a contact says too much about logs and forks; it is ignored");
        return Ok(());
    }
    let data = message.data.as_slice();
    match message.context.as_str() {
        CONTEXT_LOG_COMPARE => match Compare::from_bytes(data) {
            Ok(theirs) => compare::compared(inner, from, theirs).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_LOG_MISMATCH => match Mismatch::from_bytes(data) {
            Ok(theirs) => compare::mismatched(inner, from, theirs).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_LOG_WANT => match Want::from_bytes(data) {
            Ok(want) => repair::wanted(inner, from, want).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_LOG_HAVE => match Have::from_bytes(data) {
            Ok(have) => repair::had(inner, from, have).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_FORK_PART => match Part::from_bytes(data) {
            Ok(part) => forks::part(inner, from, part).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_FORK_ACK => match Ack::from_bytes(data) {
            Ok(ack) => forks::acknowledged(inner, from, ack).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_FORK_WANT => match ForkWant::from_bytes(data) {
            Ok(want) => forks::wanted(inner, from, want).await,
            Err(_) => malformed(inner),
        },
        CONTEXT_FORK_BARE => match Bare::from_bytes(data) {
            Ok(bare) => forks::given(inner, from, bare).await,
            Err(_) => malformed(inner),
        },
        _ => Ok(()),
    }
}

/// Counts what cannot be read; it accuses nobody.
fn malformed(inner: &Inner) -> Result<(), ApiError> {
    let count = inner.members.state().cannot_read();
    tracing::debug!(count, "contacts' messages about logs or forks cannot be read");
    Ok(())
}
