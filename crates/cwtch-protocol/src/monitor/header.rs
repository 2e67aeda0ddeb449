//! Reading a reply's header: its statements, and the compact range from which the reply folds on.

use cwtch_log::object::{CheckpointBytes, POLICY_LEN, RETAIN_LEN};
use cwtch_log::tree::{CompactRange, hashes, roots_from_consistency};
use cwtch_log::{Certificate, Checkpoint, FraudProof, Hash, Policy, Retain};
use cwtch_wire::board::{ReplayStart, Skipped};

use super::Monitor;
use super::evidence::Unproven;
use super::limits::{AHEAD_MAX, BEHIND_MAX};
use super::notice::Notice;
use super::observe::checkpoint_object;
use super::refused::{Malformed, Refused};
use super::statement::Statement;

impl Monitor {
    /// The compact range that the reply folds on from; `None` if it begins too late after a declared loss.
    pub(super) fn base(
        &mut self,
        asked: u64,
        start: &ReplayStart,
        size: u64,
    ) -> Result<Option<CompactRange>, Refused> {
        let wrong = Malformed::From { asked, from: start.from };
        if let Some(skipped) = &start.skipped {
            let retain = self.kept.retain.clone().filter(|retain| retain.min_index() == start.from);
            let (true, Some(retain)) = (start.from > asked && start.from <= size, retain) else {
                return Err(wrong.into());
            };
            if asked > self.verified_size() {
                // After a declared loss, nothing leads from our own log to there.
                return Ok(None);
            }
            return self.frontier(asked, skipped, &retain).map(Some);
        }
        if start.from != asked && !(start.from == size && asked > size) {
            return Err(wrong.into());
        }
        Ok(match start.from {
            0 => Some(CompactRange::new()),
            // After a declared loss, our own log may end before.
            from if from > self.verified_size() => None,
            from => self.kept.tail.range_at(from),
        })
    }

    /// Checks the stand-in for deleted entries: it must be what the Retain says, and continue our own log.
    fn frontier(&mut self, asked: u64, skipped: &Skipped, retain: &Retain) -> Result<CompactRange, Refused> {
        let frontier = CompactRange::from_bytes(retain.min_index(), &skipped.frontier)?;
        let statement = Statement::Retain(retain.clone());
        if frontier.root() != *retain.root() {
            return Err(self.unproven(Unproven::Skipped, retain.incarnation(), vec![statement.object()]));
        }
        if asked == 0 {
            return Ok(frontier);
        }
        let hashes = hashes(&skipped.proof).ok_or(Malformed::Proof)?;
        let roots = roots_from_consistency(asked, retain.min_index(), hashes);
        let own = self.own_root(asked);
        match roots {
            Some((small, large)) if Some(small) == own && large == *retain.root() => Ok(frontier),
            Some(_) => Err(self.wrong_proof(asked, hashes, retain)),
            None => Err(Malformed::Proof.into()),
        }
    }

    /// Accuses the server because its proof does not lead from our own log to the Retain. With a boundary checkpoint
    /// of exactly that size, the proof may show the contrary to others.
    fn wrong_proof(&mut self, asked: u64, hashes: &[Hash], retain: &Retain) -> Refused {
        let incarnation = retain.incarnation();
        let statement = Statement::Retain(retain.clone());
        let proof = self.kept.certificates.get(incarnation).and_then(|certificate| {
            let boundary = self.kept.boundaries.get(asked, certificate)?;
            FraudProof::prefix(certificate, &boundary.into(), &retain.clone().into(), hashes)
        });
        let mut objects = vec![statement.object()];
        objects.extend(self.kept.head.as_ref().map(checkpoint_object));
        match proof {
            Some(proof) => self.proven(&proof, incarnation, objects),
            None => self.unproven(Unproven::Skipped, incarnation, objects),
        }
    }

    /// Verifies the statements of a header or a probe, and takes certificates, policy and Retain over.
    pub(crate) fn take_statements(
        &mut self,
        (certificate, chain): (&Certificate, &[Certificate]),
        (checkpoint, policy, retain): (&CheckpointBytes, &[u8; POLICY_LEN], Option<&[u8; RETAIN_LEN]>),
    ) -> Result<Checkpoint, Refused> {
        if certificate.is_retired() {
            return Err(Malformed::Parts.into());
        }
        let checkpoint = Checkpoint::from_bytes(checkpoint, certificate)?;
        // It is usually the one that is kept, and need not be verified again.
        let kept = self
            .kept
            .policy
            .as_ref()
            .filter(|kept| kept.incarnation() == certificate.incarnation() && kept.to_bytes() == *policy);
        let policy = kept.cloned().map_or_else(|| Policy::from_bytes(policy, certificate), Ok)?;
        let retain = retain.map(|retain| Retain::from_bytes(retain, certificate)).transpose()?;
        let by = checkpoint.time().saturating_sub(self.now);
        if by > AHEAD_MAX {
            // The certificate is valid whatever the clock says; the first one is pinned.
            if self.kept.certificates.pinned().is_none() {
                self.take_certificates(certificate, chain)?;
            }
            self.tell(Notice::ClockAhead { by });
            return Err(Refused::ClockAhead);
        }
        if let Err(refused) = self.take_certificates(certificate, chain) {
            // Signing a replaced log any further is fraud, even if nobody reads that log any more.
            if refused == Refused::EarlierCertificate {
                self.against_signed(&checkpoint, certificate)?;
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
