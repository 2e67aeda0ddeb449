//! Live messages and the checkpoints that come with them.

use cwtch_log::{Certificate, Checkpoint, EntryId};
use cwtch_wire::board::LiveLog;

use super::reader::ReplyReader;
use crate::monitor::limits::AHEAD_MAX;
use crate::monitor::memory::{HeadSource, KeptLog};
use crate::monitor::statements::{Judge, Malformed, Notice, Refused};

/// Place of a live message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LivePlace {
    /// The message is the next of the log; provisional until the verified size is above its index.
    New {
        /// Its index.
        index: u64,
    },
    /// The message is held already, or only checkpoints came.
    Known,
    /// Something before it is missing: ask for a replay, which brings it. Nobody is accused.
    Gap,
    /// A reply is being received; it brings the message, or there is a gap after it.
    InReplay,
}

impl ReplyReader {
    /// Takes a live message, or the checkpoints that came without one.
    pub(crate) fn live(
        &mut self,
        log: &LiveLog,
        id: Option<EntryId>,
        judge: &mut Judge,
    ) -> Result<LivePlace, Refused> {
        let index = log.index;
        if judge.kept.stopped {
            return Err(Refused::Stopped);
        }
        if !judge.kept.expects_log() {
            return Err(Refused::Unexpected);
        }
        if self.is_reading() {
            return Ok(LivePlace::InReplay);
        }
        let place = match id {
            Some(id) if index < self.fold.size() => self.held(index, id, &judge.kept),
            // After an unsigned boundary nothing can be verified; a replay brings both.
            Some(id) if index == self.fold.size() && !self.fold.boundary_due => {
                self.fold_entry(id, judge)?;
                Ok(LivePlace::New { index })
            }
            None if index < self.fold.size() => Ok(LivePlace::Known),
            _ => Ok(LivePlace::Gap),
        };
        // Signed statements count even beside a message that does not fit.
        let size = index.saturating_add(1);
        if let Some(mark) = &log.mark {
            self.live_mark(size, mark, judge)?;
        }
        if let Some(checkpoint) = &log.checkpoint {
            self.live_checkpoint(size, checkpoint, place.is_ok(), judge)?;
        }
        place
    }

    /// Compares a message with the one that is held at its place.
    fn held(&self, index: u64, id: EntryId, log: &KeptLog) -> Result<LivePlace, Refused> {
        match self.entry_at(index, log) {
            // A live message is unsigned, so it accuses nobody; a connection that outlived a restored server would do
            // this. What the server signs in its next reply decides.
            Some(held) if held != id => Err(Malformed::Place.into()),
            _ => Ok(LivePlace::Known),
        }
    }

    fn live_mark(&mut self, size: u64, mark: &[u8], judge: &mut Judge) -> Result<(), Refused> {
        if self.fold.boundary_due && size == self.fold.size() {
            return self.take_boundary(mark, judge).map(|_| ());
        }
        let (checkpoint, pinned) = pinned_checkpoint(&judge.kept, mark)?;
        if !checkpoint.is_boundary() || checkpoint.size() != size {
            return Err(Malformed::Size.into());
        }
        judge.observe(checkpoint, &pinned, HeadSource::Reply, &mut self.fold).map(|_| ())
    }

    /// Takes a live checkpoint. `fits` tells that the message beside it is the one that is held at its place.
    fn live_checkpoint(
        &mut self,
        size: u64,
        checkpoint: &[u8],
        fits: bool,
        judge: &mut Judge,
    ) -> Result<(), Refused> {
        let (checkpoint, pinned) = pinned_checkpoint(&judge.kept, checkpoint)?;
        if checkpoint.size() != size {
            return Err(Malformed::Size.into());
        }
        let by = checkpoint.time().saturating_sub(judge.now);
        if by > AHEAD_MAX {
            judge.tell(Notice::ClockAhead { by });
            return Ok(());
        }
        if !fits || size != self.fold.size() || self.fold.boundary_due || size <= judge.kept.verified_size() {
            return judge.observe(checkpoint, &pinned, HeadSource::Reply, &mut self.fold).map(|_| ());
        }
        judge.against_signed(&checkpoint, &pinned)?;
        self.cover(checkpoint, judge)
    }
}

fn pinned_checkpoint(log: &KeptLog, bytes: &[u8]) -> Result<(Checkpoint, Certificate), Refused> {
    let pinned = log.certificates.pinned().ok_or(Refused::Unexpected)?;
    Ok((Checkpoint::from_bytes(bytes, pinned)?, pinned.clone()))
}
