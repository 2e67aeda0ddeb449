//! Posts on their way, and a server that has no room for them.

use std::time::Duration;

use cwtch_log::EntryId;
use cwtch_protocol::monitor::Seen;
use tokio::time::Instant;

use crate::engine::groups::limits;
use crate::profile::PendingPost;

/// A post that awaits its answer.
pub(super) struct InFlight {
    pub(super) post: PendingPost,
    pub(super) entry: EntryId,
    /// Its token was bought since the database was opened.
    pub(super) bought_since: bool,
    /// Its token had never been sent before.
    pub(super) fresh: bool,
    /// What the own log was when it was sent.
    pub(super) seen: Seen,
}

/// The server had no room, or could not store: it is asked again after a pause.
pub(super) struct Full {
    /// When; `None` once that has come.
    pub(super) until: Option<Instant>,
    pause: Duration,
}

impl Full {
    pub(super) fn after(before: Option<&Self>) -> Self {
        let pause = match before {
            None => limits::FULL_FIRST,
            // Posts that were on their way together.
            Some(full) if full.until.is_some() => full.pause,
            Some(full) => (full.pause * 2).min(limits::RETRY_MAX),
        };
        Self { until: Some(Instant::now() + pause), pause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_server_is_asked_less_and_less_often() {
        let mut full = Full::after(None);
        assert_eq!(full.pause, limits::FULL_FIRST);
        // Another answer to posts that were on their way together.
        assert_eq!(Full::after(Some(&full)).pause, full.pause);
        for _ in 0..10 {
            full.until = None;
            let next = Full::after(Some(&full));
            assert_eq!(next.pause, (full.pause * 2).min(limits::RETRY_MAX));
            assert_eq!(next.until, Some(Instant::now() + next.pause));
            full = next;
        }
        assert_eq!(full.pause, limits::RETRY_MAX);
    }
}
