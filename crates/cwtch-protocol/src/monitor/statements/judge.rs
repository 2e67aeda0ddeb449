//! The judge of one server: keeps what it signed, and accuses it where a check fails.

use cwtch_log::{Certificate, Checkpoint, Receipt};
use cwtch_primitives::Address;

use super::charge::Charge;
use super::checkpoint::{against_signed, disproved};
use super::notice::Notice;
use super::notices::Notices;
use super::refused::Refused;
use crate::monitor::limits::EVIDENCE_MAX;
use crate::monitor::memory::{Edit, Evidence, Fold, HeadSource, Kept, Statement, WaitingHead};

/// The judge of one server's statements: what is kept of them, and what is to be told.
///
/// Functions that take the [`Fold`] may add to what it is compared with, or set it back after a declared loss.
pub(crate) struct Judge {
    pub(crate) server: Address,
    /// The state that is kept, here and in the store.
    pub(crate) kept: Kept,
    notices: Notices,
    /// Time of the newest input, in unix seconds.
    pub(crate) now: u64,
}

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

impl Judge {
    /// The judge of a server of which this much is kept.
    pub(crate) fn new(server: Address, kept: Kept) -> Self {
        Self { server, kept, notices: Notices::default(), now: 0 }
    }

    /// Queues a notice.
    pub(crate) fn tell(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// The next notice.
    pub(crate) fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop()
    }

    /// Keeps a failed check as evidence, and stops.
    pub(crate) fn accuse(&mut self, charge: Charge) -> Refused {
        let Charge { kind, incarnation, proof, mut objects } = charge;
        if !self.kept.stopped {
            self.kept.record(Edit::Stopped);
        }
        let known =
            self.kept.evidence.iter().any(|kept| kept.kind == kind && kept.incarnation == incarnation);
        if !known {
            // A proof has the certificate in it; without one, the objects need the key that they were signed with.
            if !kind.is_proven()
                && let Some(certificate) = self.kept.certificates.get(incarnation)
            {
                objects.insert(0, certificate.into());
            }
            let evidence = Box::new(Evidence { kind, incarnation, at: self.now, proof, objects });
            if self.kept.evidence.len() < EVIDENCE_MAX {
                self.kept.record(Edit::Evidence(evidence.clone()));
            }
            self.tell(Notice::Fraud(evidence));
        }
        Refused::Stopped
    }

    /// Accuses if a check failed.
    pub(crate) fn accuse_if(&mut self, charge: Option<Charge>) -> Result<(), Refused> {
        match charge {
            Some(charge) => Err(self.accuse(charge)),
            None => Ok(()),
        }
    }

    /// Compares a checkpoint with everything that is signed and held.
    pub(crate) fn against_signed(
        &mut self,
        checkpoint: &Checkpoint,
        certificate: &Certificate,
    ) -> Result<(), Refused> {
        let charge = against_signed(&self.kept, checkpoint, certificate);
        self.accuse_if(charge)
    }

    /// Compares a checkpoint with everything that is signed, then with our own log.
    pub(crate) fn observe(
        &mut self,
        checkpoint: Checkpoint,
        certificate: &Certificate,
        source: HeadSource,
        fold: &mut Fold,
    ) -> Result<Observed, Refused> {
        self.against_signed(&checkpoint, certificate)?;
        self.compare(Statement::Checkpoint(checkpoint), source, None, fold)
    }

    /// Compares a statement with our own log, or lets it wait.
    pub(crate) fn compare(
        &mut self,
        statement: Statement,
        source: HeadSource,
        receipt: Option<Receipt>,
        fold: &mut Fold,
    ) -> Result<Observed, Refused> {
        let (size, Some(root)) = (statement.size(), statement.root().copied()) else {
            return Ok(Observed::Incomparable);
        };
        if self.kept.is_void(&statement) {
            return Ok(Observed::Incomparable);
        }
        if size <= self.kept.verified_size() {
            return match self.kept.root_at(size) {
                Some(own) if own == root => Ok(Observed::Agrees),
                Some(_) => Err(self.accuse(disproved(&self.kept, &statement))),
                None => Ok(Observed::Incomparable),
            };
        }
        let (added, made_room) = self.kept.add_head(WaitingHead { statement, source, receipt });
        if let Some(entry) = made_room {
            self.tell(Notice::Unchecked { entry });
        }
        if let Some(id) = added {
            fold.add_head(id, &self.kept);
        }
        Ok(Observed::Waits)
    }
}
