//! Attention of the person, which decides who is dialled first, and, while the profile hides, who is dialled at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

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

/// Knowledge about every target of a profile. Only its contacts and servers come in, so it is as bounded as they.
#[derive(Default)]
pub(crate) struct Attention {
    known: Mutex<Known>,
    /// Told when somebody is wanted who was not, or no longer, when messages are queued for somebody, and when it changed
    /// who is dialled at all.
    changed: watch::Sender<()>,
    /// Counts looks for all profiles whose ranks are compared.
    looks: Arc<AtomicU64>,
}

#[derive(Default)]
struct Known {
    interests: HashMap<Target, Interest>,
    /// The profile appears offline: nobody is dialled but who is chosen or wanted.
    hidden: bool,
}

#[derive(Default)]
struct Interest {
    wanted: usize,
    chosen: bool,
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
    /// Knowledge about nobody, its looks counted together with others'.
    pub(super) fn new(looks: Arc<AtomicU64>) -> Self {
        Self { looks, ..Self::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command waits for the target until the guard is dropped.
    pub(crate) fn want(self: &Arc<Self>, target: Target) -> Wanted {
        self.known().interests.entry(target).or_default().wanted += 1;
        self.changed.send_replace(());
        Wanted { attention: self.clone(), target }
    }

    /// The person looks at the target now.
    pub(crate) fn look(&self, target: Target) {
        let look = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
        self.known().interests.entry(target).or_default().look = look;
    }

    /// True if messages are queued for the target.
    pub(crate) fn queued(&self, target: Target, queued: bool) {
        let before = std::mem::replace(&mut self.known().interests.entry(target).or_default().queued, queued);
        if queued && !before {
            self.changed.send_replace(());
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

    /// Hides the profile from everybody, or from nobody; who was chosen before is not chosen any more.
    pub(crate) fn hide(&self, hidden: bool) {
        let mut known = self.known();
        known.hidden = hidden;
        known.interests.values_mut().for_each(|interest| interest.chosen = false);
        drop(known);
        self.changed.send_replace(());
    }

    /// The person connects with the target although the profile hides, or no longer.
    pub(crate) fn choose(&self, target: Target, chosen: bool) {
        self.known().interests.entry(target).or_default().chosen = chosen;
        self.changed.send_replace(());
    }

    /// True if the profile hides.
    pub(crate) fn is_hidden(&self) -> bool {
        self.known().hidden
    }

    /// True if a connection with the target is kept without a command that waits for it.
    pub(crate) fn keeps(&self, target: Target) -> bool {
        let known = self.known();
        !known.hidden || known.interests.get(&target).is_some_and(|interest| interest.chosen)
    }

    /// True if the target may be dialled, and a connection with it may stay.
    pub(crate) fn allows(&self, target: Target) -> bool {
        let known = self.known();
        !known.hidden
            || known.interests.get(&target).is_some_and(|interest| interest.chosen || interest.wanted > 0)
    }

    /// Waits until the target may be dialled.
    pub(crate) async fn until_allowed(&self, target: Target) {
        self.until(|| self.allows(target)).await;
    }

    /// Waits until a connection with the target must not stay.
    pub(crate) async fn until_forbidden(&self, target: Target) {
        self.until(|| !self.allows(target)).await;
    }

    /// Waits until the profile hides, or until it does not.
    pub(crate) async fn until_hidden(&self, hidden: bool) {
        self.until(|| self.is_hidden() == hidden).await;
    }

    /// Tells of every change of what is wanted, queued, chosen or hidden.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Waits until a command waits for the target.
    pub(super) async fn until_wanted(&self, target: Target) {
        self.until(|| self.rank(target).wanted).await;
    }

    /// Waits until the target matters in a way that it did not when it had this rank, and that a reserve is for.
    pub(super) async fn until_urgent(&self, target: Target, before: Rank) {
        self.until(|| {
            let now = self.rank(target);
            now.wanted && !before.wanted || now.queued && !before.queued
        })
        .await;
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        // Subscribed before the look, so that no change falls between the two.
        let mut changes = self.changes();
        // The sender lives as long as this.
        while !holds() && changes.changed().await.is_ok() {}
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        if let Some(interest) = self.attention.known().interests.get_mut(&self.target) {
            interest.wanted = interest.wanted.saturating_sub(1);
        }
        self.attention.changed.send_replace(());
    }
}
