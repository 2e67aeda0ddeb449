//! Learning certificates, and following new incarnations (section 7.1).

use cwtch_log::{Certificate, EntryId, FraudProof, GRID};
use cwtch_wire::board::Certificates;

use super::Monitor;
use super::certificates::Relation;
use super::evidence::Unproven;
use super::kept::Edit;
use super::limits::LOSS_ALARM;
use super::notice::Notice;
use super::observe::{certificate_object, checkpoint_object};
use super::refused::Refused;
use super::snapshot::Noise;
use super::statement::Statement;
use super::waiting::HeadSource;

/// Entries that the server declared lost: those that a new incarnation does not continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Index of the first lost entry.
    pub from: u64,
    /// Index after the last lost entry that the client held a signature for; there may have been more.
    pub to: u64,
    /// The incarnation whose certificate declared the loss.
    pub incarnation: u64,
    /// Time at which it was learnt, in unix seconds.
    pub at: u64,
}

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

impl Monitor {
    /// Learns a certificate from an invite, or from the padding of a member's verified message. It counts because it
    /// verifies under the server's address; who sent it does not matter.
    ///
    /// # Errors
    /// [`Refused::Malformed`] if it does not verify: ignore it. [`Refused::Stopped`] if it proves fraud.
    pub fn certificate_learnt(&mut self, bytes: &[u8], now: u64) -> Result<Learnt, Refused> {
        self.now = now;
        let certificate = self.read_certificate(bytes)?;
        match self.kept.certificates.relation(&certificate, &[]) {
            Relation::First => {
                self.pin(certificate);
                Ok(Learnt::Pinned)
            }
            Relation::Pinned => Ok(Learnt::Known),
            Relation::Second(known) => Err(self.two_certificates(&known, &certificate)),
            Relation::Later(path) => {
                self.accept(path)?;
                Ok(Learnt::Continued)
            }
            Relation::Contradiction => Err(self.not_continued(&certificate)),
            Relation::Earlier | Relation::Unlinked => {
                let new = self.kept.keep_certificate(&certificate);
                Ok(if new { Learnt::Kept } else { Learnt::Known })
            }
        }
    }

    /// Reads the certificates of an answer and follows them to the current one, which is then the pinned one.
    pub(crate) fn take_certificates(
        &mut self,
        current: &Certificate,
        chain: &[Certificate],
    ) -> Result<(), Refused> {
        for link in chain {
            if let Some(known) = self.kept.certificates.second(link).cloned() {
                return Err(self.two_certificates(&known, link));
            }
        }
        match self.kept.certificates.relation(current, chain) {
            Relation::First => self.pin(current.clone()),
            Relation::Pinned => {}
            Relation::Second(known) => return Err(self.two_certificates(&known, current)),
            Relation::Earlier => {
                self.tell(Notice::EarlierCertificate);
                return Err(Refused::EarlierCertificate);
            }
            Relation::Later(path) => self.accept(path)?,
            Relation::Contradiction => return Err(self.not_continued(current)),
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
    pub(crate) fn read_certificate(&self, bytes: &[u8]) -> Result<Certificate, Refused> {
        match self.kept.certificates.all().find(|known| known.to_bytes() == *bytes) {
            Some(known) => Ok(known.clone()),
            None => Ok(Certificate::from_bytes(bytes, &self.server)?),
        }
    }

    fn pin(&mut self, certificate: Certificate) {
        let incarnation = certificate.incarnation();
        let (retired, loss) = (certificate.is_retired(), certificate.is_total_loss());
        self.kept.pin(&certificate);
        self.tell(if retired { Notice::Retired } else { Notice::Pinned });
        if loss {
            self.tell(Notice::LostBefore { ago: self.now.saturating_sub(incarnation) });
        }
    }

    fn two_certificates(&mut self, a: &Certificate, b: &Certificate) -> Refused {
        let objects = vec![certificate_object(a), certificate_object(b)];
        match FraudProof::two_certificates(a, b) {
            Some(proof) => self.proven(&proof, a.incarnation(), objects),
            None => self.unproven(Unproven::NotContinued, a.incarnation(), objects),
        }
    }

    fn not_continued(&mut self, certificate: &Certificate) -> Refused {
        let incarnation = self.kept.certificates.pinned().map_or(0, Certificate::incarnation);
        self.unproven(Unproven::NotContinued, incarnation, vec![certificate_object(certificate)])
    }

    /// Follows certificates to a later one, each of which continues the one before.
    fn accept(&mut self, path: Vec<Certificate>) -> Result<(), Refused> {
        path.into_iter().try_for_each(|certificate| self.accept_one(&certificate))
    }

    fn accept_one(&mut self, later: &Certificate) -> Result<(), Refused> {
        // If it continues an incarnation before the pinned one (an old backup), those in between are not continued
        // either.
        let continued = match later.previous() {
            Some(previous) => self.kept.certificates.continued(previous.incarnation),
            None => later.is_total_loss().then_some(0),
        };
        let Some(continued) = continued else { return Err(self.not_continued(later)) };
        let size = later.previous().map_or(0, |previous| previous.size);
        let from = continued.min(size);
        self.old_signer(later)?;
        let statement = Statement::Previous(later.clone());
        if size == from && !later.is_total_loss() {
            self.wrong_start(&statement)?;
        }
        let held = self.largest_signed();
        self.kept.pin(later);
        // A total loss is told to everybody, even to those to whom nothing was confirmed yet.
        if from < held || later.is_total_loss() {
            self.lose(from, held, later.incarnation());
        } else if !later.is_retired() {
            self.tell(Notice::Continued);
        }
        if later.is_retired() {
            self.tell(Notice::Retired);
        }
        if size > 0 {
            self.compare(statement, HeadSource::Certificate, None)?;
        }
        Ok(())
    }

    /// Looks for kind 7: checkpoints that an earlier incarnation signed after the later one began.
    fn old_signer(&mut self, later: &Certificate) -> Result<(), Refused> {
        let newest = self.kept.boundaries.between(0, u64::MAX).next();
        let newest = newest.and_then(|(size, incarnation)| {
            self.kept.boundaries.get(size, self.kept.certificates.get(incarnation)?)
        });
        let found = self.kept.head.iter().chain(self.kept.waiting.checkpoints()).chain(&newest).find_map(
            |checkpoint| {
                let earlier = self.kept.certificates.get(checkpoint.incarnation())?;
                let proof = FraudProof::old_signer(earlier, later, checkpoint)?;
                Some((proof, earlier.incarnation(), checkpoint_object(checkpoint)))
            },
        );
        match found {
            Some((proof, incarnation, object)) => {
                Err(self.proven(&proof, incarnation, vec![certificate_object(later), object]))
            }
            None => Ok(()),
        }
    }

    /// Looks for kind 8, as far as our own log can tell: a certificate's wrong statement about the incarnation
    /// before.
    fn wrong_start(&mut self, statement: &Statement) -> Result<(), Refused> {
        let same_size = self.kept.waiting.iter().map(|(_, head)| &head.statement).find_map(|other| {
            let same = other.size() == statement.size() && other.root() != statement.root();
            let proof = same.then(|| {
                super::statement::contradiction(&self.kept.certificates, other, statement, &self.kept.tail)
            });
            Some((proof??, other.object()))
        });
        if let Some((proof, object)) = same_size {
            let objects = vec![statement.object(), object];
            return Err(self.proven(&proof, statement.incarnation(), objects));
        }
        match self.own_root(statement.size()) {
            Some(own) if statement.root() != Some(&own) => Err(self.disprove(statement)),
            _ => Ok(()),
        }
    }

    /// The greatest size that the client holds a signature for.
    fn largest_signed(&self) -> u64 {
        let waiting = self.kept.waiting.iter().map(|(_, head)| head.statement.size());
        waiting.chain([self.verified_size()]).max().unwrap_or(0)
    }

    /// Takes a declared loss of the entries `from..to`: goes back before it, and tells it.
    fn lose(&mut self, from: u64, to: u64, incarnation: u64) {
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
        if self.verified_size() > from {
            self.rewind(from);
        }
        self.reset_fold();
        self.tell(Notice::Lost { loss, void: posts, again });
    }

    /// Goes back to the multiple of 64 before a size, or to the largest compact range before it, or to nothing.
    fn rewind(&mut self, size: u64) {
        let grid = size / GRID * GRID;
        let kept = self.kept.tail.kept_at_or_below(grid).map_or(0, cwtch_log::tree::CompactRange::size);
        self.kept.record(Edit::Rewound(kept));
        // Everybody who lost the same asks for the same, so there is no noise here, and the smallest block.
        self.kept.record(Edit::Noise(Noise { size: kept, draw: 0, block: GRID }));
    }
}
