//! Comparisons of the server's signed statements with each other and with our own log.

use cwtch_log::fraud::Disagreement;
use cwtch_log::{Certificate, Checkpoint, FraudProof, Hash, Head, Receipt};

use super::Monitor;
use super::evidence::{Evidence, EvidenceKind, EvidenceObject, ObjectKind, Unproven};
use super::fold::{Watch, Watched};
use super::kept::Edit;
use super::limits::EVIDENCE_MAX;
use super::notice::Notice;
use super::refused::Refused;
use super::statement::{Statement, contradiction, two_checkpoints};
use super::waiting::{HeadSource, WaitingHead};

/// Outcome of comparing a statement that contradicts nothing so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observed {
    /// Our own log has that root at that size.
    Agrees,
    /// Our own log does not have that size yet.
    Waits,
    /// Our own log no longer knows its root of that size, or the size was declared lost.
    Incomparable,
}

impl Monitor {
    /// Records a failed check and stops.
    pub(crate) fn accuse(
        &mut self,
        kind: EvidenceKind,
        incarnation: u64,
        proof: Option<&FraudProof>,
        objects: Vec<EvidenceObject>,
    ) -> Refused {
        if !self.kept.stopped {
            self.kept.record(Edit::Stopped);
        }
        let known =
            self.kept.evidence.iter().any(|kept| kept.kind == kind && kept.incarnation == incarnation);
        if !known {
            let proof = proof.map(FraudProof::to_bytes);
            let evidence = Box::new(Evidence { kind, incarnation, at: self.now, proof, objects });
            if self.kept.evidence.len() < EVIDENCE_MAX {
                self.kept.record(Edit::Evidence(evidence.clone()));
            }
            self.tell(Notice::Fraud(evidence));
        }
        Refused::Stopped
    }

    pub(crate) fn proven(
        &mut self,
        proof: &FraudProof,
        incarnation: u64,
        objects: Vec<EvidenceObject>,
    ) -> Refused {
        self.accuse(EvidenceKind::Proven(proof.kind()), incarnation, Some(proof), objects)
    }

    pub(crate) fn unproven(
        &mut self,
        what: Unproven,
        incarnation: u64,
        objects: Vec<EvidenceObject>,
    ) -> Refused {
        let certificate = self.kept.certificates.get(incarnation).map(certificate_object);
        let objects = certificate.into_iter().chain(objects).collect();
        self.accuse(EvidenceKind::Unproven(what), incarnation, None, objects)
    }

    /// Compares a checkpoint with everything that is signed and held: kinds 1, 3, 7, 9, 10 and 13.
    pub(crate) fn against_signed(
        &mut self,
        checkpoint: &Checkpoint,
        certificate: &Certificate,
    ) -> Result<(), Refused> {
        let incarnation = checkpoint.incarnation();
        let proof = self.signed_contradiction(checkpoint, certificate);
        match proof {
            Some((proof, other)) => {
                let mut objects = vec![checkpoint_object(checkpoint)];
                objects.extend(other);
                Err(self.proven(&proof, incarnation, objects))
            }
            None => Ok(()),
        }
    }

    fn signed_contradiction(
        &self,
        checkpoint: &Checkpoint,
        certificate: &Certificate,
    ) -> Option<(FraudProof, Option<EvidenceObject>)> {
        if let Some(proof) = against_start(certificate, &checkpoint.clone().into()) {
            return Some((proof, Some(certificate_object(certificate))));
        }
        for later in self.kept.certificates.all() {
            if let Some(proof) = FraudProof::old_signer(certificate, later, checkpoint) {
                return Some((proof, Some(certificate_object(later))));
            }
        }
        let suspects = self.kept.boundaries.suspects(checkpoint, certificate);
        let held = self.kept.head.iter().chain(self.kept.waiting.checkpoints()).chain(&suspects);
        for other in held {
            if let Some(proof) = two_checkpoints(certificate, checkpoint, other) {
                return Some((proof, Some(checkpoint_object(other))));
            }
        }
        let retain = self.kept.retain.as_ref()?;
        let head = checkpoint.clone().into();
        let same_size = FraudProof::same_size(certificate, &head, &retain.clone().into());
        let early = self.kept.policy.as_ref();
        let early = || FraudProof::pruned_early(certificate, early?, checkpoint, retain);
        let object = Statement::Retain(retain.clone()).object();
        same_size.or_else(early).map(|proof| (proof, Some(object)))
    }

    /// Compares a checkpoint with everything that is signed, then with our own log.
    pub(crate) fn observe(
        &mut self,
        checkpoint: Checkpoint,
        certificate: &Certificate,
        source: HeadSource,
    ) -> Result<Observed, Refused> {
        self.against_signed(&checkpoint, certificate)?;
        self.compare(Statement::Checkpoint(checkpoint), source, None)
    }

    /// Compares a statement with our own log, or lets it wait.
    pub(crate) fn compare(
        &mut self,
        statement: Statement,
        source: HeadSource,
        receipt: Option<Receipt>,
    ) -> Result<Observed, Refused> {
        let (size, Some(root)) = (statement.size(), statement.root().copied()) else {
            return Ok(Observed::Incomparable);
        };
        if self.is_void(&statement) {
            return Ok(Observed::Incomparable);
        }
        if size <= self.verified_size() {
            return match self.own_root(size) {
                Some(own) if own == root => Ok(Observed::Agrees),
                Some(_) => Err(self.disprove(&statement)),
                None => Ok(Observed::Incomparable),
            };
        }
        let head = WaitingHead { statement, source, receipt };
        let (added, made_room) = self.kept.add_head(head);
        if let Some(entry) = made_room {
            self.tell(Notice::Unchecked { entry });
        }
        let Some(id) = added else { return Ok(Observed::Waits) };
        if size > self.fold.size() {
            self.fold.watch(Watch { size, what: Watched::Head(id) });
        } else if let Some(own) = self.fold.root_at(size) {
            self.compared(id, own);
        }
        Ok(Observed::Waits)
    }

    /// True if a later incarnation does not continue the log up to the statement's size.
    pub(crate) fn is_void(&self, statement: &Statement) -> bool {
        self.kept.certificates.continued(statement.incarnation()).is_none_or(|to| statement.size() > to)
    }

    /// Our own root of a size up to the verified one, if it is known.
    pub(crate) fn own_root(&self, size: u64) -> Option<Hash> {
        if size > self.verified_size() {
            return None;
        }
        self.kept.tail.root_at(size).or_else(|| {
            let certificate = self.kept.certificates.of_size(size)?;
            self.kept.boundaries.root(size, certificate.incarnation())
        })
    }

    /// Accuses the server because a statement disagrees with the verified log: looks for a signed statement of that
    /// log with which it makes a proof.
    pub(crate) fn disprove(&mut self, statement: &Statement) -> Refused {
        let incarnation = statement.incarnation();
        let found = self.partners(statement.size()).into_iter().find_map(|partner| {
            let proof = contradiction(&self.kept.certificates, statement, &partner, &self.kept.tail)?;
            Some((proof, partner))
        });
        let mut objects = vec![statement.object()];
        match found {
            Some((proof, partner)) => {
                objects.push(partner.object());
                self.proven(&proof, incarnation, objects)
            }
            None => {
                objects.extend(self.kept.head.as_ref().map(checkpoint_object));
                self.unproven(Unproven::States, incarnation, objects)
            }
        }
    }

    /// Signed statements of the verified log about sizes from `size` on.
    fn partners(&self, size: u64) -> Vec<Statement> {
        let mut partners: Vec<Statement> =
            self.kept.head.iter().cloned().map(Statement::Checkpoint).collect();
        for (size, incarnation) in self.kept.boundaries.between(size, self.verified_size()) {
            let certificate = self.kept.certificates.get(incarnation);
            let boundary = certificate.and_then(|certificate| self.kept.boundaries.get(size, certificate));
            partners.extend(boundary.map(Statement::Checkpoint));
            // Each costs a verification; two boundaries are as far as the ids reach.
            if partners.len() > 4 {
                break;
            }
        }
        if let Some(certificate) = self.kept.certificates.of_size(size) {
            let exact = self.kept.boundaries.get(size, certificate);
            partners.extend(exact.map(Statement::Checkpoint));
        }
        partners.extend(self.kept.certificates.all().cloned().map(Statement::Previous));
        partners
    }

    /// Compares everything that is due at the present size of the fold.
    pub(crate) fn cross(&mut self) -> Result<(), Refused> {
        let own = self.fold.range.root();
        let mut starts = Vec::new();
        for what in self.fold.due() {
            match what {
                Watched::Verified => {
                    if self.own_root(self.fold.size()) != Some(own) {
                        self.fold.conflicts.push(self.kept.head.clone().map(Statement::Checkpoint));
                    }
                }
                Watched::Retain => {
                    if let Some(retain) = &self.kept.retain
                        && *retain.root() != own
                    {
                        self.fold.conflicts.push(Some(Statement::Retain(retain.clone())));
                    }
                }
                Watched::Start(incarnation) => {
                    let certificate = self.kept.certificates.get(incarnation).cloned();
                    let Some(start) = certificate.map(Statement::Previous) else { continue };
                    if start.root() == Some(&own) {
                        starts.push(start);
                    } else {
                        self.fold.conflicts.push(Some(start));
                    }
                }
                Watched::Head(id) => self.compared(id, own),
            }
        }
        // A certificate that states the root here covers what was received so far.
        let agreed: Vec<Statement> = self
            .fold
            .matched
            .iter()
            .filter_map(|id| self.kept.waiting.get(*id))
            .filter(|head| {
                head.source == HeadSource::Certificate && head.statement.size() == self.fold.size()
            })
            .map(|head| head.statement.clone())
            .collect();
        starts.iter().chain(&agreed).try_for_each(|cover| self.settle(cover))
    }

    fn compared(&mut self, id: u64, own: Hash) {
        let Some(head) = self.kept.waiting.get(id) else { return };
        if head.statement.root() == Some(&own) {
            self.fold.matched.push(id);
        } else {
            self.fold.conflicts.push(Some(head.statement.clone()));
        }
    }

    /// Takes a signed statement that agrees with everything received up to now: with it, earlier disagreements can be
    /// proven.
    pub(crate) fn settle(&mut self, cover: &Statement) -> Result<(), Refused> {
        let found = self.fold.conflicts.iter().flatten().find_map(|statement| {
            let proof = contradiction(&self.kept.certificates, statement, cover, &self.fold.tail)?;
            Some((proof, statement.clone()))
        });
        match found {
            Some((proof, statement)) => {
                let objects = vec![statement.object(), cover.object()];
                Err(self.proven(&proof, statement.incarnation(), objects))
            }
            None => Ok(()),
        }
    }

    /// Accuses without a proof if something disagreed: it is not proven, and will not be.
    pub(crate) fn settle_unproven(&mut self, cover: &Checkpoint) -> Result<(), Refused> {
        if self.fold.conflicts.is_empty() {
            return Ok(());
        }
        let mut objects: Vec<EvidenceObject> = vec![checkpoint_object(cover)];
        let statements: Vec<Statement> = self.fold.conflicts.iter().flatten().cloned().collect();
        objects.extend(statements.iter().map(Statement::object));
        let own_start = statements.iter().any(|s| matches!(s, Statement::Previous(_)));
        let what = if own_start { Unproven::Beginning } else { Unproven::States };
        let incarnation = self.kept.certificates.pinned().map_or(0, Certificate::incarnation);
        Err(self.unproven(what, incarnation, objects))
    }
}

/// Looks for kind 13, as far as a statement shows it by itself: too few entries, or others of the same number.
pub(crate) fn against_start(certificate: &Certificate, head: &Head) -> Option<FraudProof> {
    FraudProof::not_continued(certificate, head, &Disagreement::Smaller)
        .or_else(|| FraudProof::not_continued(certificate, head, &Disagreement::SameSize))
}

pub(crate) fn checkpoint_object(checkpoint: &Checkpoint) -> EvidenceObject {
    EvidenceObject { what: ObjectKind::Checkpoint, bytes: checkpoint.to_bytes().to_vec() }
}

pub(crate) fn certificate_object(certificate: &Certificate) -> EvidenceObject {
    EvidenceObject { what: ObjectKind::Certificate, bytes: certificate.to_bytes().to_vec() }
}
