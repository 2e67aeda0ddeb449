//! A replay: what is asked for, its header, its entries, its end.

use cwtch_log::tree::{CompactRange, roots_from_consistency};
use cwtch_log::{Certificate, Checkpoint, EntryId, FraudProof, GRID, Policy, Retain};
use cwtch_wire::board::{ReplayLog, ReplayStart, Skipped};
use rand_core::RngCore;

use super::Monitor;
use super::evidence::Unproven;
use super::fold::{Fold, Replay, Watch, Watched};
use super::limits::{AHEAD_MAX, BEHIND_MAX, NOISE_MAX};
use super::notice::Notice;
use super::observe::checkpoint_object;
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

    /// A checkpoint of the fold's size: covers it, or shows that the entries are not the signed ones.
    pub(crate) fn cover(&mut self, checkpoint: Checkpoint) -> Result<(), Refused> {
        if *checkpoint.root() != self.fold.range.root() {
            let mut objects = vec![checkpoint_object(&checkpoint)];
            objects.extend(self.fold.conflicts.iter().flatten().map(Statement::object));
            return Err(self.unproven(Unproven::Entries, checkpoint.incarnation(), objects));
        }
        self.settle(&Statement::Checkpoint(checkpoint.clone()))?;
        self.settle_unproven(&checkpoint)?;
        if self.stopped {
            return Err(Refused::Stopped);
        }
        self.advance(checkpoint);
        self.reset_fold();
        Ok(())
    }

    /// The connection ended, or the reply is given up: drops what no checkpoint covers. Entries that disagreed with
    /// something signed accuse nobody before a checkpoint covers them.
    pub fn abandon(&mut self) {
        self.gathering = false;
        self.reset_fold();
    }

    /// Everything received up to now is covered by this checkpoint.
    pub(crate) fn advance(&mut self, checkpoint: Checkpoint) {
        let covered = self.fold.take_covered();
        let end = self.tail.end();
        if covered.first() > end {
            let base = covered.range_at(covered.first()).unwrap_or_default();
            self.changes.push(Change::Restarted { size: base.size(), range: base.to_bytes() });
            self.tell(Notice::Expired { from: end, to: covered.first() });
        }
        let first = end.max(covered.first());
        let skip = usize::try_from(first - covered.first()).unwrap_or(usize::MAX);
        let ids: Vec<EntryId> = covered.ids().skip(skip).copied().collect();
        let ranges = covered.ranges().filter(|range| range.size() > first);
        let ranges = ranges.map(|range| (range.size(), range.to_bytes())).collect();
        self.tail.absorb(covered);
        self.tail.trim();
        let ranges_from = self.tail.ranges().next().map_or(0, CompactRange::size);
        self.changes.push(Change::Grown {
            first,
            ids,
            ranges,
            ids_from: self.tail.first(),
            ranges_from,
            checkpoint: checkpoint.to_bytes().to_vec(),
            incarnation: checkpoint.incarnation(),
        });
        self.head = Some(checkpoint);
        for id in core::mem::take(&mut self.fold.matched) {
            let Some(head) = self.waiting.remove(id, &mut self.changes) else { continue };
            match (head.source, &head.receipt) {
                (HeadSource::Receipt { entry }, Some(receipt)) => {
                    self.tell(Notice::Confirmed { entry, index: receipt.index() });
                }
                (HeadSource::Probe | HeadSource::Comparison, _) => {
                    self.tell(Notice::Agrees { size: head.statement.size() });
                }
                _ => {}
            }
        }
        self.drop_passed();
    }

    /// Heads below the verified size that were passed over with deleted entries can no longer be compared.
    fn drop_passed(&mut self) {
        let end = self.verified_size();
        let passed: Vec<u64> =
            self.waiting.iter().filter(|(_, head)| head.statement.size() <= end).map(|(id, _)| id).collect();
        for id in passed {
            if let Some(HeadSource::Receipt { entry }) =
                self.waiting.remove(id, &mut self.changes).map(|head| head.source)
            {
                self.tell(Notice::Unchecked { entry });
            }
        }
    }

    /// The fold goes back to the verified log.
    pub(crate) fn reset_fold(&mut self) {
        let end = self.verified_size();
        let base = self.tail.range_at(end).unwrap_or_default();
        self.fold = Fold::at(base, self.watches(end));
    }

    fn watches(&self, from: u64) -> Vec<Watch> {
        let mut watches: Vec<Watch> = self
            .waiting
            .iter()
            .map(|(id, head)| Watch { size: head.statement.size(), what: Watched::Head(id) })
            .collect();
        watches.push(Watch { size: self.verified_size(), what: Watched::Verified });
        if let Some(retain) = &self.retain
            && !self.is_void(&Statement::Retain(retain.clone()))
        {
            watches.push(Watch { size: retain.min_index(), what: Watched::Retain });
        }
        watches.retain(|watch| watch.size > from);
        watches
    }

    /// The compact range that the reply folds on from; `None` if it begins too late after a declared loss.
    fn base(&mut self, asked: u64, start: &ReplayStart, size: u64) -> Result<Option<CompactRange>, Refused> {
        let wrong = Malformed::From { asked, from: start.from };
        if let Some(skipped) = &start.skipped {
            let retain = self.retain.clone().filter(|retain| retain.min_index() == start.from);
            let (true, Some(retain)) = (start.from > asked && start.from <= size, retain) else {
                return Err(wrong.into());
            };
            if asked > self.verified_size() {
                // After a declared loss nothing leads from the own log to there.
                return Ok(None);
            }
            return self.frontier(asked, skipped, &retain).map(Some);
        }
        if start.from != asked && !(start.from == size && asked > size) {
            return Err(wrong.into());
        }
        Ok(match start.from {
            0 => Some(CompactRange::new()),
            // After a declared loss the own log may end before.
            from if from > self.verified_size() => None,
            from => self.tail.range_at(from),
        })
    }

    /// What stands in for deleted entries: it must be what the Retain says, and continue the own log.
    fn frontier(&mut self, asked: u64, skipped: &Skipped, retain: &Retain) -> Result<CompactRange, Refused> {
        let frontier = CompactRange::from_bytes(retain.min_index(), &skipped.frontier)?;
        let statement = Statement::Retain(retain.clone());
        if frontier.root() != *retain.root() {
            return Err(self.unproven(Unproven::Skipped, retain.incarnation(), vec![statement.object()]));
        }
        if asked == 0 {
            return Ok(frontier);
        }
        let (hashes, rest) = skipped.proof.as_chunks::<32>();
        let roots = roots_from_consistency(asked, retain.min_index(), hashes).filter(|_| rest.is_empty());
        let own = self.own_root(asked);
        match roots {
            Some((small, large)) if Some(small) == own && large == *retain.root() => Ok(frontier),
            Some(_) => Err(self.wrong_proof(asked, hashes, retain)),
            None => Err(Malformed::Proof.into()),
        }
    }

    /// The proof does not lead from the own log to the Retain. With a boundary checkpoint of exactly that size it
    /// may be the proof of the contrary.
    fn wrong_proof(&mut self, asked: u64, hashes: &[[u8; 32]], retain: &Retain) -> Refused {
        let incarnation = retain.incarnation();
        let statement = Statement::Retain(retain.clone());
        let proof = self.certificates.get(incarnation).and_then(|certificate| {
            let boundary = self.boundaries.get(asked, certificate)?;
            FraudProof::prefix(certificate, &boundary.into(), &retain.clone().into(), hashes)
        });
        let mut objects = vec![statement.object()];
        objects.extend(self.head.as_ref().map(checkpoint_object));
        match proof {
            Some(proof) => self.proven(&proof, incarnation, objects),
            None => self.unproven(Unproven::Skipped, incarnation, objects),
        }
    }

    /// Verifies what a header or a probe states, and takes over certificates, policy and Retain.
    pub(crate) fn take_statements(
        &mut self,
        (certificate, chain): (&Certificate, &[Certificate]),
        (checkpoint, policy, retain): (&[u8; 113], &[u8; 96], Option<&[u8; 120]>),
    ) -> Result<Checkpoint, Refused> {
        if certificate.is_retired() {
            return Err(Malformed::Parts.into());
        }
        let checkpoint = Checkpoint::from_bytes(checkpoint, certificate)?;
        // Mostly it is the one that is kept.
        let kept = self
            .policy
            .as_ref()
            .filter(|kept| kept.incarnation() == certificate.incarnation() && kept.to_bytes() == *policy);
        let policy = kept.cloned().map_or_else(|| Policy::from_bytes(policy, certificate), Ok)?;
        let retain = retain.map(|retain| Retain::from_bytes(retain, certificate)).transpose()?;
        let by = checkpoint.time().saturating_sub(self.now);
        if by > AHEAD_MAX {
            // The certificate is valid whatever the clock says; the first one is pinned.
            if self.certificates.pinned().is_none() {
                self.take_certificates(certificate, chain)?;
            }
            self.tell(Notice::ClockAhead { by });
            return Err(Refused::ClockAhead);
        }
        if let Err(refused) = self.take_certificates(certificate, chain) {
            // A replaced log that goes on being signed is fraud, also where nobody reads it any more.
            if refused == Refused::EarlierCertificate {
                self.keep_certificate(certificate);
                self.against_signed(&checkpoint)?;
            }
            return Err(refused);
        }
        let by = self.now.saturating_sub(checkpoint.time());
        if by > BEHIND_MAX {
            self.tell(Notice::Stale { by });
        }
        self.take_policy(policy, certificate)?;
        if let Some(retain) = retain {
            self.take_retain(retain, certificate)?;
        }
        Ok(checkpoint)
    }
}
