//! Register of those who wait for a message to arrive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Fate of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its acknowledgement is durable.
    Arrived,
    /// The person took it back.
    TakenBack,
}

/// Those who wait for an acknowledgement, by the protocol's message id.
#[derive(Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<String, Vec<oneshot::Sender<Fate>>>>>);

/// One wait; gives its place up when dropped.
pub(super) struct Wait {
    waiters: Waiters,
    id: String,
    pub(super) fate: oneshot::Receiver<Fate>,
}

impl Clone for Waiters {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Waiters {
    pub(super) fn wait_for(&self, id: &str) -> Wait {
        let (sender, fate) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(id.to_owned()).or_default().push(sender);
        Wait { waiters: self.clone(), id: id.to_owned(), fate }
    }

    /// The acknowledgement of a message is durable.
    pub(super) fn arrived(&self, id: &str) {
        self.settle(id, Fate::Arrived);
    }

    pub(super) fn settle(&self, id: &str, fate: Fate) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        for waiter in waiting.unwrap_or_default() {
            let _ = waiter.send(fate);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.fate.close();
        let mut waiting = self.waiters.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(others) = waiting.get_mut(&self.id) {
            others.retain(|waiter| !waiter.is_closed());
            if others.is_empty() {
                waiting.remove(&self.id);
            }
        }
    }
}
