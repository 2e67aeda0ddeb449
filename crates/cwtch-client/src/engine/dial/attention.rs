//! Attention of the person, which decides who is dialled first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Target;

/// Rank of a target: what is waited for, then what messages are queued for, then what is looked at (the most
/// recent look first), then what was active last. Greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Rank {
    /// A running command waits for it.
    pub(super) wanted: bool,
    /// Messages are queued for it.
    pub(super) queued: bool,
    /// The number of the last look at it; 0 for none.
    pub(super) look: u64,
    /// Unix seconds of its last message or sight; 0 for none.
    pub(super) active: i64,
}

/// Knowledge about every target. Only contacts and servers of the profile come in, so it is as bounded as they.
#[derive(Default)]
pub(crate) struct Attention {
    known: Mutex<Known>,
    /// Somebody is wanted who was not, or messages are queued for somebody.
    changed: Notify,
}

#[derive(Default)]
struct Known {
    interests: HashMap<Target, Interest>,
    looks: u64,
}

#[derive(Default)]
struct Interest {
    wanted: usize,
    queued: bool,
    look: u64,
    active: i64,
}

/// A running command waits for somebody as long as this lives.
pub(crate) struct Wanted {
    attention: Arc<Attention>,
    target: Target,
}

impl Attention {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command waits for the target until the guard is dropped.
    pub(crate) fn want(self: &Arc<Self>, target: Target) -> Wanted {
        self.known().interests.entry(target).or_default().wanted += 1;
        self.changed.notify_waiters();
        Wanted { attention: self.clone(), target }
    }

    /// The person looks at the target now.
    pub(crate) fn look(&self, target: Target) {
        let mut known = self.known();
        known.looks += 1;
        let look = known.looks;
        known.interests.entry(target).or_default().look = look;
    }

    /// True if messages are queued for the target.
    pub(crate) fn queued(&self, target: Target, queued: bool) {
        let before = std::mem::replace(&mut self.known().interests.entry(target).or_default().queued, queued);
        if queued && !before {
            self.changed.notify_waiters();
        }
    }

    /// The target sent or got something, or was seen, at this time.
    pub(crate) fn active(&self, target: Target, at: i64) {
        let mut known = self.known();
        let interest = known.interests.entry(target).or_default();
        interest.active = interest.active.max(at);
    }

    /// Rank of the target now.
    pub(crate) fn rank(&self, target: Target) -> Rank {
        self.known().interests.get(&target).map_or_else(Rank::default, |interest| Rank {
            wanted: interest.wanted > 0,
            queued: interest.queued,
            look: interest.look,
            active: interest.active,
        })
    }

    /// Waits until a command waits for the target.
    pub(super) async fn until_wanted(&self, target: Target) {
        self.until(target, |rank| rank.wanted).await;
    }

    /// Waits until the target matters in a way that it did not when it had this rank, and that a reserve is for.
    pub(super) async fn until_urgent(&self, target: Target, before: Rank) {
        self.until(target, |now| now.wanted && !before.wanted || now.queued && !before.queued).await;
    }

    async fn until(&self, target: Target, holds: impl Fn(Rank) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no change falls between the two.
            changed.as_mut().enable();
            if holds(self.rank(target)) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        if let Some(interest) = self.attention.known().interests.get_mut(&self.target) {
            interest.wanted = interest.wanted.saturating_sub(1);
        }
    }
}
