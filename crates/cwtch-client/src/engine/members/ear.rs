//! Ear of the members' part: takes from connections what contacts say about logs.

use cwtch_primitives::Address;
use cwtch_wire::peer::PeerMessage;
use cwtch_wire::peer_log::{CONTEXT_LOG_COMPARE, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT};
use tokio::sync::mpsc;

/// Messages of contacts that wait to be looked at; more are dropped.
const HEARD: usize = 64;

/// A message of a contact about a log.
pub(crate) struct Heard {
    pub(super) from: Address,
    pub(super) message: PeerMessage,
}

/// Ear of the members' part: takes from connections what contacts say about logs.
#[derive(Clone)]
pub(crate) struct Ear(mpsc::Sender<Heard>);

impl Ear {
    /// Takes a message of an accepted contact. What does not fit is dropped: nobody has a claim to an answer.
    pub(crate) fn hear(&self, from: Address, message: PeerMessage) {
        if concerns(&message.context) && self.0.try_send(Heard { from, message }).is_err() {
            tracing::debug!("a contact's message about a log was dropped");
        }
    }
}

/// The other end of [`Ear`]s.
pub(crate) type Hearing = mpsc::Receiver<Heard>;

/// Both ends.
pub(crate) fn ear() -> (Ear, Hearing) {
    let (sender, receiver) = mpsc::channel(HEARD);
    (Ear(sender), receiver)
}

/// True if a context is one of ours.
fn concerns(context: &str) -> bool {
    matches!(context, CONTEXT_LOG_COMPARE | CONTEXT_LOG_MISMATCH | CONTEXT_LOG_WANT | CONTEXT_LOG_HAVE)
}
