//! Growth of the verified log by what a checkpoint covers.

use cwtch_log::Checkpoint;

use super::reader::ReplyReader;
use crate::monitor::memory::{Edit, EvidenceObject, Growth, HeadSource, Statement, Unproven};
use crate::monitor::statements::{Charge, Judge, Notice, Refused, contradiction};

impl ReplyReader {
    /// Takes a checkpoint of the fold's size, which covers the fold, or shows that the entries are not the signed
    /// ones.
    pub(super) fn cover(&mut self, checkpoint: Checkpoint, judge: &mut Judge) -> Result<(), Refused> {
        if *checkpoint.root() != self.fold.range.root() {
            let objects = self.disputed(&checkpoint);
            return Err(judge.accuse(Charge::unproven(Unproven::Entries, checkpoint.incarnation(), objects)));
        }
        self.settle(&Statement::Checkpoint(checkpoint.clone()), judge)?;
        judge.accuse_if(self.unproven(&checkpoint, judge.kept.pinned_incarnation()))?;
        if judge.kept.stopped {
            return Err(Refused::Stopped);
        }
        self.advance(checkpoint, judge);
        self.reset_fold(&judge.kept);
        Ok(())
    }

    /// Takes a signed statement that agrees with everything received up to now: with it, earlier disagreements can be
    /// proven.
    pub(super) fn settle(&self, cover: &Statement, judge: &mut Judge) -> Result<(), Refused> {
        let charge = self.fold.conflicts.iter().flatten().find_map(|statement| {
            let proof = contradiction(&judge.kept.certificates, statement, cover, &self.fold.tail)?;
            let objects = vec![statement.object(), cover.object()];
            Some(Charge::proven(&proof, statement.incarnation(), objects))
        });
        judge.accuse_if(charge)
    }

    /// The charge without a proof if something disagreed: it is not proven, and will not be.
    fn unproven(&self, cover: &Checkpoint, incarnation: u64) -> Option<Charge> {
        if self.fold.conflicts.is_empty() {
            return None;
        }
        let mut statements = self.fold.conflicts.iter().flatten();
        let own_start = statements.any(|statement| matches!(statement, Statement::Previous(_)));
        let what = if own_start { Unproven::Beginning } else { Unproven::States };
        Some(Charge::unproven(what, incarnation, self.disputed(cover)))
    }

    /// A checkpoint, and the statements that disagree with what was received up to it.
    fn disputed(&self, checkpoint: &Checkpoint) -> Vec<EvidenceObject> {
        let conflicts = self.fold.conflicts.iter().flatten();
        core::iter::once(checkpoint.into()).chain(conflicts.map(Statement::object)).collect()
    }

    /// Moves everything received up to now into the verified log, covered by this checkpoint.
    pub(super) fn advance(&mut self, checkpoint: Checkpoint, judge: &mut Judge) {
        let covered = self.fold.take_covered();
        let end = judge.kept.verified_size();
        if covered.first() > end {
            let base = covered.range_at(covered.first()).unwrap_or_default();
            judge.kept.record(Edit::Restarted(base));
            judge.tell(Notice::Expired { from: end, to: covered.first() });
        }
        let tail = judge.kept.tail.growth(&covered);
        judge.kept.record(Edit::Grown(Box::new(Growth { tail, checkpoint })));
        for id in core::mem::take(&mut self.fold.matched) {
            let Some(head) = judge.kept.take_head(id) else { continue };
            match (head.source, &head.receipt) {
                (HeadSource::Receipt { entry }, Some(receipt)) => {
                    judge.tell(Notice::Confirmed { entry, index: receipt.index() });
                }
                (HeadSource::Probe | HeadSource::Comparison, _) => {
                    judge.tell(Notice::Agrees { size: head.statement.size() });
                }
                _ => {}
            }
        }
        drop_passed(judge);
    }
}

/// Drops heads below the verified size that were passed over with deleted entries: they can no longer be compared.
fn drop_passed(judge: &mut Judge) {
    let end = judge.kept.verified_size();
    let passed: Vec<u64> = judge
        .kept
        .waiting
        .iter()
        .filter(|(_, head)| head.statement.size() <= end)
        .map(|(id, _)| id)
        .collect();
    for id in passed {
        if let Some(entry) = judge.kept.take_head(id).and_then(|head| head.posted()) {
            judge.tell(Notice::Unchecked { entry });
        }
    }
}
