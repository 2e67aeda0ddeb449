//! Counters of a running server. They tell how many and of which kind, never who.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::Outcome;

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The live counters; they only ever grow, except those that count what is open or synced now.
        #[derive(Debug, Default)]
        pub(crate) struct Stats {
            $(pub(crate) $name: Counter,)*
        }

        /// The counters at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct StatsSnapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            /// Reads every counter.
            pub(crate) fn snapshot(&self) -> StatsSnapshot {
                StatsSnapshot { $($name: self.$name.get(),)* }
            }
        }
    };
}

stats! {
    /// Board connections open now.
    board_open,
    /// Of these, the ones that are synced: they get new messages.
    synced,
    /// Token connections open now.
    token_open,
    /// Board connections whose handshake was completed.
    board_accepted,
    /// Connections closed because others had a better claim to their places.
    evicted,
    /// Handshakes that failed.
    handshakes_failed,
    /// Messages stored.
    stored,
    /// Posts of a message that was stored already.
    duplicates,
    /// Posts answered false: token not authentic or spent, or nothing could be stored.
    posts_refused,
    /// Replays begun.
    replays,
    /// Messages sent in replays.
    replayed,
    /// New messages sent to synced connections.
    delivered,
    /// Connections closed because they did not take what was sent, or were too far behind.
    slow_readers,
    /// Connections closed because of what they sent.
    misbehaved,
    /// Batches of tokens issued.
    token_batches,
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more.
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts one more for as long as the guard lives.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.add(1);
        Held(self)
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A guard that takes its one off the counter when dropped, see [`Counter::hold`].
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a Counter);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stats {
    /// Counts the outcomes of a commit.
    pub(crate) fn count_outcomes(&self, outcomes: impl Iterator<Item = Outcome>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Stored { .. } => self.stored.add(1),
                Outcome::Duplicate => self.duplicates.add(1),
                Outcome::TokenSpent | Outcome::Full => self.posts_refused.add(1),
                Outcome::TokenOnly => {}
            }
        }
    }
}
