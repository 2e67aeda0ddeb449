//! Live messages and the checkpoints that come with them.

use cwtch_log::{Certificate, Checkpoint, EntryId};
use cwtch_wire::board::LiveLog;

use super::Monitor;
use super::limits::AHEAD_MAX;
use super::notice::Notice;
use super::refused::{Malformed, Refused};
use super::waiting::HeadSource;

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

impl Monitor {
    /// Takes a NewMessage with a `Log`, and the message's id (`None` if it came without a message).
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn live(&mut self, log: &LiveLog, id: Option<EntryId>, now: u64) -> Result<LivePlace, Refused> {
        let index = log.index;
        self.now = now;
        if self.kept.stopped {
            return Err(Refused::Stopped);
        }
        if !self.expects_log() {
            return Err(Refused::Unexpected);
        }
        if self.fold.replay.is_some() {
            return Ok(LivePlace::InReplay);
        }
        let place = match id {
            Some(id) if index < self.fold.size() => self.held(index, id),
            // After an unsigned boundary nothing can be verified; a replay brings both.
            Some(id) if index == self.fold.size() && !self.fold.boundary_due => {
                self.fold_entry(id)?;
                Ok(LivePlace::New { index })
            }
            None if index < self.fold.size() => Ok(LivePlace::Known),
            _ => Ok(LivePlace::Gap),
        };
        // Signed statements count even beside a message that does not fit.
        let size = index.saturating_add(1);
        if let Some(mark) = &log.mark {
            self.live_mark(size, mark)?;
        }
        if let Some(checkpoint) = &log.checkpoint {
            self.live_checkpoint(size, checkpoint, place.is_ok())?;
        }
        place
    }

    /// Compares a message with the one that is held at its place.
    fn held(&self, index: u64, id: EntryId) -> Result<LivePlace, Refused> {
        match self.entry_at(index) {
            // A live message is unsigned, so it accuses nobody; a connection that outlived a restored server would do
            // this. What the server signs in its next reply decides.
            Some(held) if held != id => Err(Malformed::Place.into()),
            _ => Ok(LivePlace::Known),
        }
    }

    fn live_mark(&mut self, size: u64, mark: &[u8]) -> Result<(), Refused> {
        if self.fold.boundary_due && size == self.fold.size() {
            return self.take_boundary(mark).map(|_| ());
        }
        let (checkpoint, pinned) = self.pinned_checkpoint(mark)?;
        if !checkpoint.is_boundary() || checkpoint.size() != size {
            return Err(Malformed::Size.into());
        }
        self.observe(checkpoint, &pinned, HeadSource::Reply).map(|_| ())
    }

    /// Takes a live checkpoint. `fits` tells that the message beside it is the one that is held at its place.
    fn live_checkpoint(&mut self, size: u64, checkpoint: &[u8], fits: bool) -> Result<(), Refused> {
        let (checkpoint, pinned) = self.pinned_checkpoint(checkpoint)?;
        if checkpoint.size() != size {
            return Err(Malformed::Size.into());
        }
        let by = checkpoint.time().saturating_sub(self.now);
        if by > AHEAD_MAX {
            self.tell(Notice::ClockAhead { by });
            return Ok(());
        }
        if !fits || size != self.fold.size() || self.fold.boundary_due || size <= self.verified_size() {
            return self.observe(checkpoint, &pinned, HeadSource::Reply).map(|_| ());
        }
        self.against_signed(&checkpoint, &pinned)?;
        self.cover(checkpoint)
    }

    fn pinned_checkpoint(&self, bytes: &[u8]) -> Result<(Checkpoint, Certificate), Refused> {
        let pinned = self.kept.certificates.pinned().ok_or(Refused::Unexpected)?;
        Ok((Checkpoint::from_bytes(bytes, pinned)?, pinned.clone()))
    }
}
