//! Replays: header, entries and end. [`cursor`](super::cursor) decides what is asked for.

use cwtch_log::{Checkpoint, EntryId};
use cwtch_wire::board::ReplayLog;

use super::Monitor;
use super::fold::{Fold, Replay};
use super::notice::Notice;
use super::refused::{Malformed, Refused};
use super::statement::Statement;
use super::waiting::HeadSource;

/// Meaning of a reply's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The entries `from..size` follow: give each to [`Monitor::entry`], each boundary checkpoint of the stream to
    /// [`Monitor::boundary`], then call [`Monitor::finish_replay`].
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

impl Monitor {
    /// Takes a reply without `Log`: the server shows no log.
    ///
    /// # Errors
    /// [`Refused::Downgrade`] if it has one: do not read the reply. `Ok` means that the server is read as one without a
    /// log.
    pub fn replay_without_log(&mut self, now: u64) -> Result<(), Refused> {
        self.now = now;
        self.reset_fold();
        if self.expects_log() {
            self.tell(Notice::Downgrade);
            return Err(Refused::Downgrade);
        }
        Ok(())
    }

    /// Takes a reply's header, after [`Monitor::replay_request`]: its `Log` and `NumMessages`. Entries of live
    /// messages that no checkpoint covered are dropped; the reply brings them again.
    ///
    /// # Errors
    /// [`Refused`]: do not read the entries.
    pub fn begin_replay(&mut self, log: &ReplayLog, count: u64, now: u64) -> Result<Begun, Refused> {
        self.now = now;
        let gathering = self.gathering;
        let asked = self.asked.take();
        self.abandon();
        if self.kept.stopped && !gathering {
            return Err(Refused::Stopped);
        }
        self.gathering = gathering;
        let asked = asked.ok_or(Refused::Unexpected)?;
        let (certificate, chain) = self.read_certificates(&log.certificates)?;
        let Some(start) = &log.start else {
            if !certificate.is_retired() {
                return Err(Malformed::Parts.into());
            }
            self.take_certificates(&certificate, &chain)?;
            return Ok(Begun::NoLog);
        };
        let checkpoint = self.take_statements(
            (&certificate, &chain),
            (&start.checkpoint, &start.policy, start.retain.as_ref()),
        )?;
        let size = checkpoint.size();
        self.against_signed(&checkpoint, &certificate)?;
        if size < self.verified_size() {
            self.tell(Notice::Older);
            return Err(Refused::Older);
        }
        if count != size.saturating_sub(start.from) {
            return Err(Malformed::Count.into());
        }
        let Some(base) = self.base(asked, start, size)? else { return Ok(Begun::AskAgain) };
        let from = base.size();
        // If the reply is interrupted, its head still counts.
        if size > self.verified_size() {
            self.compare(Statement::Checkpoint(checkpoint.clone()), HeadSource::Reply, None)?;
        }
        self.fold = Fold::at(base, self.watches(from));
        self.fold.replay = Some(Replay { checkpoint });
        self.compare_base();
        Ok(Begun::Entries { from, size })
    }

    /// Takes the next entry of the reply. Costs two or three hashes and allocates nothing.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn entry(&mut self, id: EntryId) -> Result<EntryPlace, Refused> {
        if self.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        let Some(replay) = &self.fold.replay else { return Err(Refused::Unexpected) };
        if self.fold.size() >= replay.checkpoint.size() {
            return Err(Malformed::Order.into());
        }
        if self.fold.boundary_due {
            return Err(Malformed::BoundaryMissing.into());
        }
        self.fold_entry(id)
    }

    pub(crate) fn fold_entry(&mut self, id: EntryId) -> Result<EntryPlace, Refused> {
        let index = self.fold.size();
        if self.fold.push(id) {
            self.cross()?;
        }
        Ok(if index < self.verified_size() { EntryPlace::Known { index } } else { EntryPlace::New { index } })
    }

    /// Takes the boundary checkpoint that stands in the stream; true if it covered entries: commit now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn boundary(&mut self, bytes: &[u8]) -> Result<bool, Refused> {
        if self.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        if self.fold.replay.is_none() {
            return Err(Refused::Unexpected);
        }
        if !self.fold.boundary_due {
            return Err(Malformed::Order.into());
        }
        self.take_boundary(bytes)
    }

    /// Takes the boundary checkpoint of the present size of the fold.
    pub(crate) fn take_boundary(&mut self, bytes: &[u8]) -> Result<bool, Refused> {
        let size = self.fold.size();
        let Some(certificate) = self.kept.certificates.of_size(size).cloned() else {
            // It is signed by an incarnation before all that are known, so it can tell nothing.
            self.fold.boundary_due = false;
            return Ok(false);
        };
        let boundary = Checkpoint::from_bytes(bytes, &certificate)?;
        if !boundary.is_boundary() || boundary.size() != size {
            return Err(Malformed::Size.into());
        }
        self.fold.boundary_due = false;
        self.against_signed(&boundary, &certificate)?;
        if *boundary.root() != self.fold.range.root() {
            // The entries that it disagrees with are not signed yet; even if they never will be, the boundary still
            // counts.
            self.compare(Statement::Checkpoint(boundary), HeadSource::Reply, None)?;
            return Ok(false);
        }
        self.settle(&Statement::Checkpoint(boundary.clone()))?;
        if !self.fold.conflicts.is_empty() {
            return Ok(false);
        }
        self.fold.settled = size;
        if self.kept.stopped {
            return Ok(false);
        }
        self.kept.keep_boundary(&boundary);
        let grows = size > self.verified_size();
        if grows {
            self.advance(boundary);
        }
        Ok(grows)
    }

    /// Ends the reply: all of it is verified now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection.
    pub fn finish_replay(&mut self, now: u64) -> Result<(), Refused> {
        self.now = now;
        if self.kept.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        let Some(Replay { checkpoint }) = self.fold.replay.take() else { return Err(Refused::Unexpected) };
        if self.fold.size() != checkpoint.size() || self.fold.boundary_due {
            self.abandon();
            return Err(Malformed::Count.into());
        }
        self.cover(checkpoint)
    }

    /// Drops everything that no checkpoint covers, because the connection ended or the reply is given up. Entries
    /// that disagreed with something signed accuse nobody before a checkpoint covers them.
    pub fn abandon(&mut self) {
        self.gathering = false;
        self.reset_fold();
    }
}
