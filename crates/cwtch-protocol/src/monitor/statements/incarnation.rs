//! Learning certificates, and following new incarnations (section 7.1).

use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, EntryId, FraudProof, GRID};
use cwtch_wire::board::Certificates;

use super::charge::Charge;
use super::checkpoint::disproved;
use super::contradiction::contradiction;
use super::judge::Judge;
use super::notice::Notice;
use super::refused::Refused;
use crate::monitor::limits::LOSS_ALARM;
use crate::monitor::memory::{Edit, Fold, HeadSource, KeptLog, Loss, Noise, Relation, Statement, Unproven};

/// Outcome of learning a certificate from an invite or a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    /// The certificate is pinned now: no other was known.
    Pinned,
    /// The certificate was known.
    Known,
    /// The certificate begins a new incarnation that continues the pinned one.
    Continued,
    /// The certificate is kept; it may link a later one to the pinned one.
    Kept,
}

impl Judge {
    /// Learns a certificate that somebody else than the server passed on.
    pub(crate) fn learn(&mut self, bytes: &[u8], fold: &mut Fold) -> Result<Learnt, Refused> {
        let certificate = self.read_certificate(bytes)?;
        match self.kept.certificates.relation(&certificate, &[]) {
            Relation::First => {
                self.pin(certificate);
                Ok(Learnt::Pinned)
            }
            Relation::Pinned => Ok(Learnt::Known),
            Relation::Second(known) => Err(self.accuse(two_certificates(&known, &certificate))),
            Relation::Later(path) => {
                self.follow(path, fold)?;
                Ok(Learnt::Continued)
            }
            Relation::Contradiction => Err(self.accuse(not_continued(&self.kept, &certificate))),
            Relation::Earlier | Relation::Unlinked => {
                let new = self.kept.keep_certificate(&certificate);
                Ok(if new { Learnt::Kept } else { Learnt::Known })
            }
        }
    }

    /// Takes the certificates of an answer and follows them to the current one, which is then the pinned one.
    pub(crate) fn take_certificates(
        &mut self,
        current: &Certificate,
        chain: &[Certificate],
        fold: &mut Fold,
    ) -> Result<(), Refused> {
        for link in chain {
            if let Some(known) = self.kept.certificates.second(link).cloned() {
                return Err(self.accuse(two_certificates(&known, link)));
            }
        }
        match self.kept.certificates.relation(current, chain) {
            Relation::First => self.pin(current.clone()),
            Relation::Pinned => {}
            Relation::Second(known) => return Err(self.accuse(two_certificates(&known, current))),
            Relation::Earlier => {
                self.tell(Notice::EarlierCertificate);
                return Err(Refused::EarlierCertificate);
            }
            Relation::Later(path) => self.follow(path, fold)?,
            Relation::Contradiction => return Err(self.accuse(not_continued(&self.kept, current))),
            Relation::Unlinked => {
                self.tell(Notice::Unlinked);
                return Err(Refused::Unlinked);
            }
        }
        // Only certificates that lead to the current one are kept: a server can make any number of others.
        while let Some(before) = self.kept.certificates.missing_in_line()
            && let Some(link) = chain.iter().find(|link| link.incarnation() == before)
            && self.kept.keep_certificate(link)
        {}
        Ok(())
    }

    /// Reads the bytes of an answer's certificates.
    pub(crate) fn read_certificates(
        &self,
        certificates: &Certificates,
    ) -> Result<(Certificate, Vec<Certificate>), Refused> {
        let current = self.read_certificate(&certificates.current)?;
        let chain = certificates.earlier.iter().map(|bytes| self.read_certificate(bytes));
        Ok((current, chain.collect::<Result<_, _>>()?))
    }

    /// Reads a certificate; one that is known, byte for byte, is not verified again.
    fn read_certificate(&self, bytes: &[u8]) -> Result<Certificate, Refused> {
        match self.kept.certificates.all().find(|known| known.to_bytes() == *bytes) {
            Some(known) => Ok(known.clone()),
            None => Ok(Certificate::from_bytes(bytes, &self.server)?),
        }
    }

    /// Pins the first certificate.
    fn pin(&mut self, certificate: Certificate) {
        let incarnation = certificate.incarnation();
        let (retired, loss) = (certificate.is_retired(), certificate.is_total_loss());
        self.kept.pin(&certificate);
        self.tell(if retired { Notice::Retired } else { Notice::Pinned });
        if loss {
            self.tell(Notice::LostBefore { ago: self.now.saturating_sub(incarnation) });
        }
    }

    /// Follows certificates to a later one, each of which continues the one before.
    fn follow(&mut self, path: Vec<Certificate>, fold: &mut Fold) -> Result<(), Refused> {
        path.into_iter().try_for_each(|certificate| self.follow_one(&certificate, fold))
    }

    fn follow_one(&mut self, later: &Certificate, fold: &mut Fold) -> Result<(), Refused> {
        // If it continues an incarnation before the pinned one (an old backup), those in between are not continued
        // either.
        let continued = match later.previous() {
            Some(previous) => self.kept.certificates.continued(previous.incarnation),
            None => later.is_total_loss().then_some(0),
        };
        let Some(continued) = continued else { return Err(self.accuse(not_continued(&self.kept, later))) };
        let size = later.previous().map_or(0, |previous| previous.size);
        let from = continued.min(size);
        self.accuse_if(old_signer(&self.kept, later))?;
        let statement = Statement::Previous(later.clone());
        if size == from && !later.is_total_loss() {
            self.accuse_if(wrong_start(&self.kept, &statement))?;
        }
        let held = self.kept.largest_signed();
        self.kept.pin(later);
        // A total loss is told to everybody, even to those to whom nothing was confirmed yet.
        if from < held || later.is_total_loss() {
            self.lose(from, held, later.incarnation(), fold);
        } else if !later.is_retired() {
            self.tell(Notice::Continued);
        }
        if later.is_retired() {
            self.tell(Notice::Retired);
        }
        if size > 0 {
            self.compare(statement, HeadSource::Certificate, None, fold)?;
        }
        Ok(())
    }

    /// Takes a declared loss of the entries `from..to`: goes back before it, and tells it.
    fn lose(&mut self, from: u64, to: u64, incarnation: u64, fold: &mut Fold) {
        let loss = Loss { from, to, incarnation, at: self.now };
        // The times at which the losses were declared count, not those at which they were learnt: two may be learnt
        // at once.
        let last = self.kept.losses.last().map(|last| last.incarnation);
        let again = last.is_some_and(|last| incarnation.saturating_sub(last) < LOSS_ALARM);
        self.kept.keep_loss(loss);

        let void: Vec<u64> = self
            .kept
            .waiting
            .iter()
            .filter(|(_, head)| head.statement.size() > from)
            .map(|(id, _)| id)
            .collect();
        let mut posts: Vec<EntryId> = Vec::new();
        for id in void {
            let Some(head) = self.kept.take_head(id) else { continue };
            if let (HeadSource::Receipt { entry }, Some(receipt)) = (head.source, &head.receipt) {
                // The entry may lie before the loss although its receipt reaches into it.
                if receipt.index() >= from {
                    posts.push(entry);
                } else {
                    self.tell(Notice::Unchecked { entry });
                }
            }
        }
        if self.kept.verified_size() > from {
            self.rewind(from);
        }
        *fold = Fold::at_end(&self.kept);
        self.tell(Notice::Lost { loss, void: posts, again });
    }

    /// Goes back to the multiple of 64 before a size, or to the largest compact range before it, or to nothing.
    fn rewind(&mut self, size: u64) {
        let grid = size / GRID * GRID;
        let kept = self.kept.tail.kept_at_or_below(grid).map_or(0, CompactRange::size);
        self.kept.record(Edit::Rewound(kept));
        // Everybody who lost the same asks for the same, so there is no noise here, and the smallest block.
        self.kept.record(Edit::Noise(Noise { size: kept, draw: 0, block: GRID }));
    }
}

fn two_certificates(a: &Certificate, b: &Certificate) -> Charge {
    let objects = vec![a.into(), b.into()];
    match FraudProof::two_certificates(a, b) {
        Some(proof) => Charge::proven(&proof, a.incarnation(), objects),
        None => Charge::unproven(Unproven::NotContinued, a.incarnation(), objects),
    }
}

fn not_continued(log: &KeptLog, certificate: &Certificate) -> Charge {
    Charge::unproven(Unproven::NotContinued, log.pinned_incarnation(), vec![certificate.into()])
}

/// Looks for kind 7: checkpoints that an earlier incarnation signed after the later one began.
fn old_signer(log: &KeptLog, later: &Certificate) -> Option<Charge> {
    let newest = log.boundaries.between(0, u64::MAX).next();
    let newest =
        newest.and_then(|(size, incarnation)| log.boundaries.get(size, log.certificates.get(incarnation)?));
    log.head.iter().chain(log.waiting.checkpoints()).chain(&newest).find_map(|checkpoint| {
        let earlier = log.certificates.get(checkpoint.incarnation())?;
        let proof = FraudProof::old_signer(earlier, later, checkpoint)?;
        Some(Charge::proven(&proof, earlier.incarnation(), vec![later.into(), checkpoint.into()]))
    })
}

/// Looks for kind 8, as far as our own log can tell: a certificate's wrong statement about the incarnation before.
fn wrong_start(log: &KeptLog, statement: &Statement) -> Option<Charge> {
    let same_size = log.waiting.iter().map(|(_, head)| &head.statement).find_map(|other| {
        let same = other.size() == statement.size() && other.root() != statement.root();
        let proof = same.then(|| contradiction(&log.certificates, other, statement, &log.tail))??;
        let objects = vec![statement.object(), other.object()];
        Some(Charge::proven(&proof, statement.incarnation(), objects))
    });
    same_size.or_else(|| {
        let own = log.root_at(statement.size())?;
        (statement.root() != Some(&own)).then(|| disproved(log, statement))
    })
}
