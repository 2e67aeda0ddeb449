//! Ear of the members' part: takes from connections what contacts say about logs and forks.

use cwtch_primitives::Address;
use cwtch_protocol::app::lanes::Class;
use cwtch_wire::group::fork::{CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, CONTEXT_FORK_WANT};
use cwtch_wire::peer::PeerMessage;
use cwtch_wire::peer_log::{CONTEXT_LOG_COMPARE, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT};
use tokio::sync::mpsc;

use crate::engine::peers::Contexts;

/// Messages of contacts that wait to be looked at; more are dropped.
const HEARD: usize = 64;

/// The contexts in which contacts in common groups talk.
const CONTEXTS: [&str; 8] = [
    CONTEXT_LOG_COMPARE,
    CONTEXT_LOG_MISMATCH,
    CONTEXT_LOG_WANT,
    CONTEXT_LOG_HAVE,
    CONTEXT_FORK_PART,
    CONTEXT_FORK_ACK,
    CONTEXT_FORK_WANT,
    CONTEXT_FORK_BARE,
];

/// A message of a contact about a log, or a fork.
pub(crate) struct Heard {
    pub(super) from: Address,
    pub(super) message: PeerMessage,
}

/// The other end of what the members' part hears.
pub(crate) type Hearing = mpsc::Receiver<Heard>;

/// Registers the contexts of the members' part, and gives the end from which it hears what contacts say in them.
pub(crate) fn contexts(mut contexts: Contexts) -> (Contexts, Hearing) {
    let (sender, receiver) = mpsc::channel(HEARD);
    for context in CONTEXTS {
        let sender = sender.clone();
        // What does not fit is dropped: nobody has a claim to an answer.
        let hear = move |from, message| {
            if sender.try_send(Heard { from, message }).is_err() {
                tracing::debug!("a contact's message about a log or a fork was dropped");
            }
        };
        contexts = contexts.with(context, Class::Bulk, Box::new(hear));
    }
    (contexts, receiver)
}
