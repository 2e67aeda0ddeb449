//! Gathering of proof after a reply whose entries do not give its root: further questions that the server may be
//! asked.
//!
//! A reply is folded on from our own compact range at its beginning. If the server shows another log, and the two
//! part before that, nothing in the reply says where. Two questions may tell: the consistency proof between a
//! boundary that is held and the checkpoint in doubt, and a reply that begins further back. A server that answers
//! them proves its fraud; one that does not loses nothing by it.

use cwtch_log::FraudProof;
use cwtch_log::tree::{CompactRange, hashes};

use super::cursor::ReplayRequest;
use super::reader::ReplyReader;
use crate::monitor::memory::KeptLog;
use crate::monitor::statements::Charge;

/// The `from` and `size` of a proof that may show to others what was found without one.
pub(crate) fn proof_request(log: &KeptLog) -> Option<(u64, u64)> {
    if !lacks_proof(log) {
        return None;
    }
    // Our own log did not lead to the checkpoints that wait.
    let doubted = log.waiting.checkpoints().max_by_key(|checkpoint| checkpoint.size())?;
    let certificate = log.certificates.get(doubted.incarnation())?;
    let below = log.boundaries.between(1, log.verified_size().min(doubted.size().saturating_sub(1)));
    let (boundary, _) =
        below.into_iter().find(|(_, incarnation)| *incarnation == certificate.incarnation())?;
    Some((boundary, doubted.size()))
}

/// The charge that the answer to such a question proves; `None` if it proves nothing.
pub(crate) fn proven_by(log: &KeptLog, from: u64, size: u64, proof: &[u8]) -> Option<Charge> {
    let hashes = hashes(proof)?;
    log.waiting.checkpoints().filter(|checkpoint| checkpoint.size() == size).find_map(|doubted| {
        let certificate = log.certificates.get(doubted.incarnation())?;
        let boundary = log.boundaries.get(from, certificate)?;
        let (smaller, larger) = (boundary.clone().into(), doubted.clone().into());
        let proof = FraudProof::prefix(certificate, &smaller, &larger, hashes)?;
        let objects = vec![(&boundary).into(), doubted.into()];
        Some(Charge::proven(&proof, doubted.incarnation(), objects))
    })
}

fn lacks_proof(log: &KeptLog) -> bool {
    log.stopped && log.evidence.last().is_some_and(|evidence| evidence.proof.is_none())
}

impl ReplyReader {
    /// Asks for one more reply, only for evidence; `None` if that was done, or there is nothing to prove.
    pub(crate) fn request_evidence(&mut self, log: &KeptLog) -> Option<ReplayRequest> {
        if !lacks_proof(log) || self.gathered {
            return None;
        }
        self.gathered = true;
        self.gathering = true;
        Some(self.ask(log.tail.ranges().next().map_or(0, CompactRange::size), false))
    }
}
