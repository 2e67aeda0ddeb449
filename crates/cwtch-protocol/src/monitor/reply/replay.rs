//! Replays: header, entries and end. [`cursor`](super::cursor) decides what is asked for.

use cwtch_log::{Checkpoint, EntryId};
use cwtch_wire::board::ReplayLog;

use super::header::base;
use super::reader::ReplyReader;
use crate::monitor::memory::{Fold, HeadSource, Statement};
use crate::monitor::statements::{Judge, Malformed, Notice, Refused};

/// Meaning of a reply's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The entries `from..size` follow: give each to [`Monitor::entry`], each boundary checkpoint of the stream to
    /// [`Monitor::boundary`], then call [`Monitor::finish_replay`].
    ///
    /// [`Monitor::entry`]: crate::monitor::Monitor::entry
    /// [`Monitor::boundary`]: crate::monitor::Monitor::boundary
    /// [`Monitor::finish_replay`]: crate::monitor::Monitor::finish_replay
    Entries {
        /// Index of the first entry.
        from: u64,
        /// Index after the last entry.
        size: u64,
    },
    /// The server declared a loss, and the reply does not begin early enough. Drop it (its entries still
    /// come on this connection) and ask again.
    AskAgain,
    /// The server has ended its log, with a certificate that says so. The rest is as from a server without one.
    NoLog,
}

/// Place of an entry of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryPlace {
    /// The entry is below the size that was verified before: it was here already and needs no trial decryption. (It
    /// is compared all the same.)
    Known {
        /// Its index.
        index: u64,
    },
    /// The entry is new, and provisional until the verified size is above its index.
    New {
        /// Its index.
        index: u64,
    },
}

impl EntryPlace {
    /// The index.
    pub fn index(self) -> u64 {
        match self {
            Self::Known { index } | Self::New { index } => index,
        }
    }
}

impl ReplyReader {
    /// Takes a reply that shows no log.
    pub(crate) fn without_log(&mut self, judge: &mut Judge) -> Result<(), Refused> {
        self.reset_fold(&judge.kept);
        if judge.kept.expects_log() {
            judge.tell(Notice::Downgrade);
            return Err(Refused::Downgrade);
        }
        Ok(())
    }

    /// Takes a reply's header.
    pub(crate) fn begin(&mut self, log: &ReplayLog, count: u64, judge: &mut Judge) -> Result<Begun, Refused> {
        let gathering = self.gathering;
        let asked = self.asked.take();
        self.abandon(&judge.kept);
        if judge.kept.stopped && !gathering {
            return Err(Refused::Stopped);
        }
        self.gathering = gathering;
        let asked = asked.ok_or(Refused::Unexpected)?;
        let (certificate, chain) = judge.read_certificates(&log.certificates)?;
        let Some(start) = &log.start else {
            if !certificate.is_retired() {
                return Err(Malformed::Parts.into());
            }
            judge.take_certificates(&certificate, &chain, &mut self.fold)?;
            return Ok(Begun::NoLog);
        };
        let checkpoint = judge.take_statements(
            (&certificate, &chain),
            (&start.checkpoint, &start.policy, start.retain.as_ref()),
            &mut self.fold,
        )?;
        let size = checkpoint.size();
        judge.against_signed(&checkpoint, &certificate)?;
        if size < judge.kept.verified_size() {
            judge.tell(Notice::Older);
            return Err(Refused::Older);
        }
        if count != size.saturating_sub(start.from) {
            return Err(Malformed::Count.into());
        }
        let Some(base) = base(judge, asked, start, size)? else { return Ok(Begun::AskAgain) };
        let from = base.size();
        // If the reply is interrupted, its head still counts.
        if size > judge.kept.verified_size() {
            let head = Statement::Checkpoint(checkpoint.clone());
            judge.compare(head, HeadSource::Reply, None, &mut self.fold)?;
        }
        self.fold = Fold::after(base, &judge.kept);
        self.fold.reply = Some(checkpoint);
        self.fold.compare_base(&judge.kept);
        Ok(Begun::Entries { from, size })
    }

    /// Takes the next entry of the reply.
    pub(crate) fn entry(&mut self, id: EntryId, judge: &mut Judge) -> Result<EntryPlace, Refused> {
        if judge.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        let Some(end) = &self.fold.reply else { return Err(Refused::Unexpected) };
        if self.fold.size() >= end.size() {
            return Err(Malformed::Order.into());
        }
        if self.fold.boundary_due {
            return Err(Malformed::BoundaryMissing.into());
        }
        self.fold_entry(id, judge)
    }

    /// Lays an entry on top of what was received, and compares what is due at its place.
    pub(super) fn fold_entry(&mut self, id: EntryId, judge: &mut Judge) -> Result<EntryPlace, Refused> {
        let index = self.fold.size();
        if self.fold.push(id) {
            let covers = self.fold.cross(&judge.kept);
            covers.iter().try_for_each(|cover| self.settle(cover, judge))?;
        }
        let known = index < judge.kept.verified_size();
        Ok(if known { EntryPlace::Known { index } } else { EntryPlace::New { index } })
    }

    /// Takes the boundary checkpoint that stands in the stream; true if it covered entries.
    pub(crate) fn boundary(&mut self, bytes: &[u8], judge: &mut Judge) -> Result<bool, Refused> {
        if judge.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        if self.fold.reply.is_none() {
            return Err(Refused::Unexpected);
        }
        if !self.fold.boundary_due {
            return Err(Malformed::Order.into());
        }
        self.take_boundary(bytes, judge)
    }

    /// Takes the boundary checkpoint of the present size of the fold.
    pub(super) fn take_boundary(&mut self, bytes: &[u8], judge: &mut Judge) -> Result<bool, Refused> {
        let size = self.fold.size();
        let Some(certificate) = judge.kept.certificates.of_size(size).cloned() else {
            // It is signed by an incarnation before all that are known, so it can tell nothing.
            self.fold.boundary_due = false;
            return Ok(false);
        };
        let boundary = Checkpoint::from_bytes(bytes, &certificate)?;
        if !boundary.is_boundary() || boundary.size() != size {
            return Err(Malformed::Size.into());
        }
        self.fold.boundary_due = false;
        judge.against_signed(&boundary, &certificate)?;
        let statement = Statement::Checkpoint(boundary.clone());
        if *boundary.root() != self.fold.range.root() {
            // The entries that it disagrees with are not signed yet; even if they never will be, the boundary still
            // counts.
            judge.compare(statement, HeadSource::Reply, None, &mut self.fold)?;
            return Ok(false);
        }
        self.settle(&statement, judge)?;
        if !self.fold.conflicts.is_empty() {
            return Ok(false);
        }
        self.fold.settled = size;
        if judge.kept.stopped {
            return Ok(false);
        }
        judge.kept.keep_boundary(&boundary);
        let grows = size > judge.kept.verified_size();
        if grows {
            self.advance(boundary, judge);
        }
        Ok(grows)
    }

    /// Ends the reply.
    pub(crate) fn finish(&mut self, judge: &mut Judge) -> Result<(), Refused> {
        if judge.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        let Some(checkpoint) = self.fold.reply.take() else { return Err(Refused::Unexpected) };
        if self.fold.size() != checkpoint.size() || self.fold.boundary_due {
            self.abandon(&judge.kept);
            return Err(Malformed::Count.into());
        }
        self.cover(checkpoint, judge)
    }
}
