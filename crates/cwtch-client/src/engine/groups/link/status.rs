//! Status of a link, and how others are told of it.

use std::sync::Arc;

use cwtch_primitives::Address;
use tokio::sync::watch;

use crate::api::{Event, Problem, ServerPhase};
use crate::engine::context::Context;

/// Status of a link, as the rest of the engine sees it.
pub(super) struct Status {
    /// Phase of the connection.
    pub(super) phase: ServerPhase,
    /// Reason why the phase is no better.
    pub(super) trouble: Option<Problem>,
}

/// The end of a link's status that the task has.
#[derive(Clone)]
pub(in crate::engine::groups) struct StatusSender(Arc<watch::Sender<Status>>);

impl StatusSender {
    /// A status to begin with, and the end that the rest of the engine has.
    pub(super) fn new() -> (Self, watch::Receiver<Status>) {
        let (sender, receiver) = watch::channel(Status { phase: ServerPhase::Offline, trouble: None });
        (Self(Arc::new(sender)), receiver)
    }

    /// Phase of the connection.
    pub(in crate::engine::groups) fn phase(&self) -> ServerPhase {
        self.0.borrow().phase
    }

    /// Tells everybody where the connection stands, if that is new.
    pub(super) fn set(
        &self,
        context: &Context,
        board: &Address,
        phase: ServerPhase,
        trouble: Option<Problem>,
    ) {
        let changed = self.0.send_if_modified(|status| {
            if status.phase == phase && status.trouble == trouble {
                return false;
            }
            *status = Status { phase, trouble: trouble.clone() };
            true
        });
        if changed {
            let why = trouble.map(Box::new);
            context.emit(Event::Server { address: board.to_string(), phase, detail: None, why });
        }
    }
}
