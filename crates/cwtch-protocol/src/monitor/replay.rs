//! A replay: what is asked for, its header, its entries, its end.

use cwtch_log::tree::CompactRange;
use cwtch_log::{Checkpoint, EntryId, GRID};
use cwtch_wire::board::ReplayLog;
use rand_core::RngCore;

use super::Monitor;
use super::fold::{Fold, Replay};
use super::limits::NOISE_MAX;
use super::notice::Notice;
use super::refused::{Malformed, Refused};
use super::snapshot::{Change, Noise};
use super::statement::Statement;
use super::waiting::HeadSource;

/// What to ask a server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayRequest {
    /// `Log.from`.
    pub from: u64,
    /// Whether `LastCommit` may be filled: only while the server is not known to have a log, else it is null.
    pub last_commit_allowed: bool,
}

/// What a reply's header begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The entries `from..size` follow: give each to [`Monitor::entry`], each boundary checkpoint of the stream to
    /// [`Monitor::boundary`], then call [`Monitor::finish_replay`].
    Entries {
        /// Index of the first.
        from: u64,
        /// Index behind the last.
        size: u64,
    },
    /// The server declared a loss, and the reply does not begin early enough. Drop it (its entries still
    /// come on this connection) and ask again.
    AskAgain,
    /// The server has ended its log, with a certificate that says so. What follows is as from a server without one.
    NoLog,
}

/// Where an entry of a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryPlace {
    /// Below the size that was verified before: it was here already and needs no trial decryption. (It is
    /// compared all the same.)
    Known {
        /// Its index.
        index: u64,
    },
    /// New, and provisional until the verified size is above its index.
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
    /// Draws where the next replay begins (section 7, *Cursor*). The draw is a change: commit it before the request is
    /// sent, so that the same block is named again after a crash.
    pub fn replay_request(&mut self, rng: &mut impl RngCore) -> ReplayRequest {
        let size = self.verified_size();
        let block = size / GRID * GRID;
        let draw = match self.noise {
            Some(noise) if noise.size == size => noise.draw,
            _ if block == 0 => 0,
            _ => {
                let draw = u8::try_from(rng.next_u32().trailing_ones()).unwrap_or(NOISE_MAX).min(NOISE_MAX);
                let noise = Noise { size, draw };
                self.noise = Some(noise);
                self.changes.push(Change::Noise(noise));
                draw
            }
        };
        let wanted = self.min_index().max(block.saturating_sub(GRID * u64::from(draw)));
        // Only a compact range that is kept can be folded on from. Where a Retain lies between two, or beyond the own
        // log, asking for less is answered with what stands in for the deleted entries.
        let from = match self.tail.range_at(wanted) {
            Some(_) => wanted,
            None => self.tail.kept_at_or_below(wanted).map_or(0, CompactRange::size),
        };
        self.asked = Some(from);
        ReplayRequest { from, last_commit_allowed: !self.expects_log() }
    }

    /// A reply without `Log`: the server shows no log.
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

    /// A reply's header, after [`Monitor::replay_request`]: its `Log` and `NumMessages`. What live messages brought and no
    /// checkpoint covered is dropped; the reply brings it again.
    ///
    /// # Errors
    /// [`Refused`]: do not read the entries.
    pub fn begin_replay(&mut self, log: &ReplayLog, count: u64, now: u64) -> Result<Begun, Refused> {
        self.now = now;
        let gathering = self.gathering;
        let asked = self.asked.take();
        self.abandon();
        if self.stopped && !gathering {
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
        self.against_signed(&checkpoint)?;
        if size < self.verified_size() {
            self.tell(Notice::Older);
            return Err(Refused::Older);
        }
        if count != size.saturating_sub(start.from) {
            return Err(Malformed::Count.into());
        }
        let Some(base) = self.base(asked, start, size)? else { return Ok(Begun::AskAgain) };
        let from = base.size();
        // Should the reply be interrupted, its head still counts.
        if size > self.verified_size() {
            self.compare(Statement::Checkpoint(checkpoint.clone()), HeadSource::Reply, None)?;
        }
        self.fold = Fold::at(base, self.watches(from));
        self.fold.replay = Some(Replay { checkpoint });
        self.compare_base();
        Ok(Begun::Entries { from, size })
    }

    /// The next entry of the reply. Costs two or three hashes and allocates nothing.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn entry(&mut self, id: EntryId) -> Result<EntryPlace, Refused> {
        if self.stopped && !self.gathering {
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

    /// The boundary checkpoint that stands in the stream. `true` if it covered entries: commit now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection and call [`Monitor::abandon`].
    pub fn boundary(&mut self, bytes: &[u8]) -> Result<bool, Refused> {
        if self.stopped && !self.gathering {
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

    /// The boundary checkpoint of the present size of the fold.
    pub(crate) fn take_boundary(&mut self, bytes: &[u8]) -> Result<bool, Refused> {
        let size = self.fold.size();
        let Some(certificate) = self.certificates.of_size(size) else {
            // Signed by an incarnation before all that are known: it can tell nothing.
            self.fold.boundary_due = false;
            return Ok(false);
        };
        let boundary = Checkpoint::from_bytes(bytes, certificate)?;
        if !boundary.is_boundary() || boundary.size() != size {
            return Err(Malformed::Size.into());
        }
        self.fold.boundary_due = false;
        self.against_signed(&boundary)?;
        if *boundary.root() != self.fold.range.root() {
            // The entries that it disagrees with are not signed yet; and should they never be, it still counts.
            self.compare(Statement::Checkpoint(boundary), HeadSource::Reply, None)?;
            return Ok(false);
        }
        self.settle(&Statement::Checkpoint(boundary.clone()))?;
        if !self.fold.conflicts.is_empty() {
            return Ok(false);
        }
        self.fold.settled = size;
        if self.stopped {
            return Ok(false);
        }
        self.boundaries.insert(&boundary, &mut self.changes);
        let grows = size > self.verified_size();
        if grows {
            self.advance(boundary);
        }
        Ok(grows)
    }

    /// The end of the reply: all of it is verified now.
    ///
    /// # Errors
    /// [`Refused`]; close the connection.
    pub fn finish_replay(&mut self, now: u64) -> Result<(), Refused> {
        self.now = now;
        if self.stopped && !self.gathering {
            return Err(Refused::Stopped);
        }
        let Some(Replay { checkpoint }) = self.fold.replay.take() else { return Err(Refused::Unexpected) };
        if self.fold.size() != checkpoint.size() || self.fold.boundary_due {
            self.abandon();
            return Err(Malformed::Count.into());
        }
        self.cover(checkpoint)
    }

    /// The connection ended, or the reply is given up: drops what no checkpoint covers. Entries that disagreed with
    /// something signed accuse nobody before a checkpoint covers them.
    pub fn abandon(&mut self) {
        self.gathering = false;
        self.reset_fold();
    }
}
