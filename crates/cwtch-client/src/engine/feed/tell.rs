//! Telling what was just committed.

use std::sync::Arc;

use super::read::{Names, events};
use super::{Feed, Live, Numbers};
use crate::profile::{Profile, StorageError, StoredMessage};

/// Rows that are read at a time.
const ROWS: u32 = 1024;

/// Tells the rows of the feed as events, on the database's thread.
pub(in crate::engine) struct Teller {
    feed: Arc<Feed>,
    names: Names,
    /// The newest row that everybody was told, or that nobody wanted to be told.
    told: i64,
}

impl Teller {
    /// One for a profile that was just opened.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(in crate::engine) fn new(feed: Arc<Feed>, profile: &Profile) -> Result<Self, StorageError> {
        Ok(Self { feed, names: Names::default(), told: profile.feed_bounds()?.newest })
    }

    /// Before a job of the database: whether what it stores is to be kept for telling.
    pub(in crate::engine) fn before(&self, profile: &mut Profile) {
        profile.listen(self.feed.live.receiver_count() > 0);
    }

    /// After a job, and before anybody hears what came of it: tells what it committed.
    pub(in crate::engine) fn after(&mut self, profile: &mut Profile) {
        let fresh = profile.take_fresh();
        if !profile.take_written() {
            return;
        }
        if let Err(error) = self.tell(profile, fresh) {
            // What is stored is stored. The rows are told with the next ones, or read by who follows.
            tracing::warn!(%error, "a change could not be told");
        }
    }

    fn tell(&mut self, profile: &Profile, fresh: Vec<StoredMessage>) -> Result<(), StorageError> {
        if self.feed.live.receiver_count() == 0 {
            self.told = profile.feed_bounds()?.newest;
            return Ok(());
        }
        let mut rows = Vec::new();
        loop {
            let from = rows.last().map_or(self.told, |row: &crate::profile::ChangeRow| row.seq);
            let next = profile.next_changes(from, ROWS)?;
            let more = next.len() == ROWS as usize;
            rows.extend(next);
            if !more {
                break;
            }
        }
        for (seq, event) in events(profile, &self.feed, &mut self.names, &rows, fresh)? {
            let numbers = Some(Numbers { after: self.told, seq });
            let _ = self.feed.live.send(Arc::new(Live { numbers, event: Arc::new(event) }));
            self.told = seq;
        }
        Ok(())
    }
}
