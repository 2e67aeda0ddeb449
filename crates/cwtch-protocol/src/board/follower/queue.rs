//! The queue of our own posts: those that are under way, and what holds others back.

use std::collections::HashMap;
use std::time::Duration;

use cwtch_log::EntryId;

use crate::app::board_client::PostId;
use crate::monitor::Seen;

/// The first pause before a server without room is asked again; it doubles up to [`FULL_MAX`].
pub const FULL_FIRST: Duration = Duration::from_secs(5);
/// The longest pause before a server without room is asked again.
pub const FULL_MAX: Duration = Duration::from_secs(5 * 60);

/// Number of posts of one connection that may await their answer. Each answer names its post by order only.
pub const POSTS_MAX: usize = 16;

/// Posts under way, and what holds others back.
#[derive(Debug, Default)]
pub(super) struct Posts {
    pub(super) in_flight: HashMap<PostId, Flight>,
    pub(super) queue: Queue,
    /// State of a server that had no room for a post, or could not store it.
    pub(super) full: Option<Full>,
}

/// A post that awaits its answer.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) entry: EntryId,
    /// State of our own log when the post was sent.
    pub(super) seen: Seen,
}

/// Knowledge about the posts that the store has for this server.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// There may be posts.
    #[default]
    Unread,
    /// All posts that may be sent were sent.
    Sent,
    /// Some posts wait for tokens.
    NoToken,
}

/// The pause before a server without room is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    /// End of the pause; `None` once it has come.
    until: Option<Duration>,
    pause: Duration,
}

impl Full {
    pub(super) fn after(before: Option<Self>, at: Duration) -> Self {
        let pause = match before {
            None => FULL_FIRST,
            // The refused posts were under way together, so this is one refusal.
            Some(full) if full.until.is_some() => full.pause,
            Some(full) => full.pause.saturating_mul(2).min(FULL_MAX),
        };
        Self { until: Some(at.saturating_add(pause)), pause }
    }
}

impl Posts {
    pub(super) fn none_in_flight(&self) -> bool {
        self.in_flight.is_empty()
    }

    pub(super) fn queued(&mut self) {
        self.queue = Queue::Unread;
    }

    /// Moment at which a full server is asked again.
    pub(super) fn again_at(&self) -> Option<Duration> {
        self.full.and_then(|full| full.until)
    }

    /// Ends the pause: one post asks whether there is room.
    pub(super) fn ask_again(&mut self) {
        if let Some(full) = &mut self.full {
            full.until = None;
        }
        self.queued();
    }

    /// Number of posts that may be sent beside those under way.
    pub(super) fn room(&self) -> usize {
        let most = match self.full {
            Some(Full { until: Some(_), .. }) => 0,
            // A server that was full is asked with one post.
            Some(_) => 1,
            None => POSTS_MAX,
        };
        most.saturating_sub(self.in_flight.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_is_asked_less_and_less_often() {
        let at = Duration::from_secs(100);
        let mut full = Full::after(None, at);
        assert_eq!(full, Full { until: Some(at + FULL_FIRST), pause: FULL_FIRST });
        // Another answer to posts that were on their way together.
        assert_eq!(Full::after(Some(full), at).pause, full.pause);
        for _ in 0..10 {
            full.until = None;
            let next = Full::after(Some(full), at);
            assert_eq!(next.pause, (full.pause * 2).min(FULL_MAX));
            assert_eq!(next.until, Some(at + next.pause));
            full = next;
        }
        assert_eq!(full.pause, FULL_MAX);
    }
}
