//! Gathering of proof after a reply whose entries do not give its root: further questions that the server may be
//! asked.
//!
//! A reply is folded on from our own compact range at its beginning. If the server shows another log, and the two
//! part before that, nothing in the reply says where. Two questions may tell: the consistency proof between a
//! boundary that is held and the checkpoint in doubt, and a reply that begins further back. A server that answers
//! them proves its fraud; one that does not loses nothing by it.

use cwtch_log::tree::{CompactRange, hashes};
use cwtch_log::{Checkpoint, FraudProof};

use super::Monitor;
use super::cursor::ReplayRequest;
use super::observe::checkpoint_object;
use super::statement::Statement;

impl Monitor {
    /// The `from` and `size` of a LogProof that may make a proof after a stop without one. Give the answer to
    /// [`Monitor::proof_answer`].
    pub fn proof_request(&self) -> Option<(u64, u64)> {
        if !self.lacks_proof() {
            return None;
        }
        let doubted = self.doubted().max_by_key(|checkpoint| checkpoint.size())?;
        let certificate = self.kept.certificates.get(doubted.incarnation())?;
        let below =
            self.kept.boundaries.between(1, self.verified_size().min(doubted.size().saturating_sub(1)));
        let (boundary, _) =
            below.into_iter().find(|(_, incarnation)| *incarnation == certificate.incarnation())?;
        Some((boundary, doubted.size()))
    }

    /// Takes the answer to a LogProof; true if it proves fraud. Any other answer changes nothing.
    pub fn proof_answer(&mut self, from: u64, size: u64, proof: &[u8], now: u64) -> bool {
        self.now = now;
        let Some(hashes) = hashes(proof) else { return false };
        let found = self.doubted().filter(|checkpoint| checkpoint.size() == size).find_map(|doubted| {
            let certificate = self.kept.certificates.get(doubted.incarnation())?;
            let boundary = self.kept.boundaries.get(from, certificate)?;
            let (smaller, larger) = (boundary.clone().into(), doubted.clone().into());
            let proof = FraudProof::prefix(certificate, &smaller, &larger, hashes)?;
            let objects = vec![checkpoint_object(&boundary), checkpoint_object(doubted)];
            Some((proof, doubted.incarnation(), objects))
        });
        let Some((proof, incarnation, objects)) = found else { return false };
        self.proven(&proof, incarnation, objects);
        true
    }

    /// Asks for one more reply after a stop without a proof, from as far back as our own log can be folded on. Its
    /// entries are for the monitor only: nothing of it is accepted, and it ends with
    /// [`Refused::Stopped`](super::Refused::Stopped) whatever it holds. `None` once it was asked for (until a
    /// restart).
    pub fn evidence_request(&mut self) -> Option<ReplayRequest> {
        if !self.lacks_proof() || self.gathered {
            return None;
        }
        self.gathered = true;
        self.gathering = true;
        let from = self.kept.tail.ranges().next().map_or(0, CompactRange::size);
        self.asked = Some(from);
        Some(ReplayRequest { from, last_commit_allowed: false })
    }

    fn lacks_proof(&self) -> bool {
        self.kept.stopped && self.kept.evidence.last().is_some_and(|evidence| evidence.proof.is_none())
    }

    /// Signed checkpoints that our own log did not lead to.
    fn doubted(&self) -> impl Iterator<Item = &Checkpoint> {
        self.kept.waiting.iter().filter_map(|(_, head)| match &head.statement {
            Statement::Checkpoint(checkpoint) => Some(checkpoint),
            _ => None,
        })
    }
}
