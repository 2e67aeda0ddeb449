//! Following the feed from a number on.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::read::{Names, events};
use super::{Live, now};
use crate::api::{ApiError, Event, Told};
use crate::engine::inner::Inner;
use crate::profile::Profile;

/// Rows that are read at a time.
const PAGE: u32 = 256;

/// Tells every change of the feed after a number once, in order, and between them what is not stored.
///
/// It reads from the database only what it was not told live: what was before it began, and what came while it was not asked.
/// It begins with how everything stands that is not stored, so that nobody has to ask for that beside it.
pub struct Follower {
    inner: Arc<Inner>,
    live: broadcast::Receiver<Arc<Live>>,
    /// The newest change that was told, or is about to be.
    after: i64,
    /// There may be rows behind `after` that are not told live, and how everything stands is to be told.
    behind: bool,
    waiting: VecDeque<Told>,
}

impl Follower {
    /// Goes on after a change, or with what happens from now on.
    ///
    /// # Errors
    /// `ChangesGone` if not all changes after that number are kept, or trouble with the database.
    pub(in crate::engine) async fn start(inner: Arc<Inner>, after: Option<i64>) -> Result<Self, ApiError> {
        // Before the number is looked at, so that nothing falls between.
        let live = inner.context.feed.live.subscribe();
        let begin = move |profile: &Profile| match after {
            None => Ok(profile.feed_bounds()?.newest),
            Some(after) => profile.changes_after(after, 1).map(|_| after),
        };
        let begins = inner.context.store.read(begin).await?;
        Ok(Self { inner, live, after: begins, behind: true, waiting: VecDeque::new() })
    }

    /// The number of the change after which it goes on.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// The next event; `None` after the engine's end. Nothing is lost if it is dropped while it waits.
    ///
    /// # Errors
    /// `ChangesGone` if it fell so far behind that changes are not kept any more: it cannot go on. Or trouble with the
    /// database.
    pub async fn next(&mut self) -> Result<Option<Told>, ApiError> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(Some(told));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            let live = tokio::select! {
                // What was told before the end is told to the end.
                biased;
                live = self.live.recv() => live,
                () = self.inner.context.ended.cancelled() => return Ok(None),
            };
            match live {
                Ok(live) => match live.numbers {
                    None => return Ok(Some(Told { seq: None, event: Event::clone(&live.event) })),
                    // Read already.
                    Some(numbers) if numbers.seq <= self.after => {}
                    Some(numbers) if numbers.after <= self.after => {
                        self.after = numbers.seq;
                        return Ok(Some(Told { seq: Some(numbers.seq), event: Event::clone(&live.event) }));
                    }
                    Some(_) => self.behind = true,
                },
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// Reads a page; behind the last one, how everything stands that is not stored.
    async fn catch_up(&mut self) -> Result<(), ApiError> {
        let (after, feed) = (self.after, self.inner.context.feed.clone());
        let page = move |profile: &Profile| {
            let rows = profile.changes_after(after, PAGE)?;
            let told = events(profile, &feed, &mut Names::default(), &rows, Vec::new())?;
            Ok::<_, crate::profile::StorageError>((
                told,
                rows.last().map_or(after, |row| row.seq),
                rows.len(),
            ))
        };
        let (told, last, count) = self.inner.context.store.read(page).await?;
        if count < PAGE as usize {
            let now = now::events(&self.inner).await?;
            let unnumbered = |event| Told { seq: None, event };
            self.waiting.extend(told.into_iter().map(numbered));
            self.waiting.extend(now.into_iter().map(unnumbered));
            self.waiting.push_back(unnumbered(Event::CaughtUp { after: last }));
            self.behind = false;
        } else {
            self.waiting.extend(told.into_iter().map(numbered));
        }
        self.after = last;
        Ok(())
    }
}

fn numbered((seq, event): (i64, Event)) -> Told {
    Told { seq: Some(seq), event }
}
