//! Waiters for posts, who are told what became of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::api::{ApiError, Problem};
use crate::profile::MessageId;

/// Fate of a post: what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server has it.
    Stored,
    /// Given up.
    Refused,
    /// Taken back by the person.
    TakenBack,
    /// The server cannot take it now, for this reason; it stays queued.
    Waits(Problem),
    /// The server is not used any more, for this reason; it stays queued.
    Stopped(ApiError),
}

/// Waiters for each post, by its local number.
#[derive(Clone, Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<MessageId, Vec<oneshot::Sender<Fate>>>>>);

impl Waiters {
    pub(super) fn wait_for(&self, id: MessageId) -> oneshot::Receiver<Fate> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever gave up waiting makes room for others.
        waiting.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiting.entry(id).or_default().push(sender);
        receiver
    }

    /// The fate of a post is durable.
    pub(super) fn settle(&self, id: MessageId, fate: &Fate) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        for sender in waiting.unwrap_or_default() {
            let _ = sender.send(fate.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_who_waits_for_a_post_hears_its_fate_and_nobody_else() {
        let waiters = Waiters::default();
        let (one, two) = (waiters.wait_for(MessageId(7)), waiters.wait_for(MessageId(7)));
        let mut other = waiters.wait_for(MessageId(8));
        waiters.settle(MessageId(7), &Fate::Stored);
        assert_eq!((one.await, two.await), (Ok(Fate::Stored), Ok(Fate::Stored)));
        assert!(other.try_recv().is_err());
        drop(other);
        drop(waiters.wait_for(MessageId(9)));
        let _last = waiters.wait_for(MessageId(10));
        assert_eq!(waiters.0.lock().unwrap().len(), 1, "who gave up is forgotten");
    }
}
