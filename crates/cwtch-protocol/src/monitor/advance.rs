//! Growth of the verified log by what a checkpoint covers.

use cwtch_log::{Certificate, Checkpoint};

use super::Monitor;
use super::evidence::Unproven;
use super::fold::{Fold, Watch, Watched};
use super::kept::{Edit, Growth};
use super::notice::Notice;
use super::observe::checkpoint_object;
use super::refused::Refused;
use super::statement::Statement;
use super::waiting::HeadSource;

impl Monitor {
    /// Takes a checkpoint of the fold's size, which covers the fold, or shows that the entries are not the signed
    /// ones.
    pub(crate) fn cover(&mut self, checkpoint: Checkpoint) -> Result<(), Refused> {
        if *checkpoint.root() != self.fold.range.root() {
            let mut objects = vec![checkpoint_object(&checkpoint)];
            objects.extend(self.fold.conflicts.iter().flatten().map(Statement::object));
            return Err(self.unproven(Unproven::Entries, checkpoint.incarnation(), objects));
        }
        self.settle(&Statement::Checkpoint(checkpoint.clone()))?;
        self.settle_unproven(&checkpoint)?;
        if self.kept.stopped {
            return Err(Refused::Stopped);
        }
        self.advance(checkpoint);
        self.reset_fold();
        Ok(())
    }

    /// Moves everything received up to now into the verified log, covered by this checkpoint.
    pub(crate) fn advance(&mut self, checkpoint: Checkpoint) {
        let covered = self.fold.take_covered();
        let end = self.kept.tail.end();
        if covered.first() > end {
            let base = covered.range_at(covered.first()).unwrap_or_default();
            self.kept.record(Edit::Restarted(base));
            self.tell(Notice::Expired { from: end, to: covered.first() });
        }
        let tail = self.kept.tail.growth(&covered);
        self.kept.record(Edit::Grown(Box::new(Growth { tail, checkpoint })));
        for id in core::mem::take(&mut self.fold.matched) {
            let Some(head) = self.kept.take_head(id) else { continue };
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

    /// Drops heads below the verified size that were passed over with deleted entries: they can no longer be
    /// compared.
    fn drop_passed(&mut self) {
        let end = self.verified_size();
        let passed: Vec<u64> = self
            .kept
            .waiting
            .iter()
            .filter(|(_, head)| head.statement.size() <= end)
            .map(|(id, _)| id)
            .collect();
        for id in passed {
            if let Some(entry) = self.kept.take_head(id).and_then(|head| head.posted()) {
                self.tell(Notice::Unchecked { entry });
            }
        }
    }

    /// Sets the fold back to the end of the verified log.
    pub(crate) fn reset_fold(&mut self) {
        let end = self.verified_size();
        let base = self.kept.tail.range_at(end).unwrap_or_default();
        self.fold = Fold::at(base, self.watches(end));
    }

    pub(super) fn watches(&self, from: u64) -> Vec<Watch> {
        let mut watches: Vec<Watch> = self
            .kept
            .waiting
            .iter()
            .map(|(id, head)| Watch { size: head.statement.size(), what: Watched::Head(id) })
            .collect();
        watches.push(Watch { size: self.verified_size(), what: Watched::Verified });
        if let Some(retain) = &self.kept.retain
            && !self.is_void(&Statement::Retain(retain.clone()))
        {
            watches.push(Watch { size: retain.min_index(), what: Watched::Retain });
        }
        let starts = self.starts().map(|(size, certificate)| {
            let what = Watched::Start(certificate.incarnation());
            Watch { size, what }
        });
        watches.extend(starts);
        watches.retain(|watch| watch.size > from);
        watches
    }

    /// The certificates of our own log's incarnations, each with the size that it claims to continue from: also the
    /// first that was ever learnt, and those that came with it.
    pub(super) fn starts(&self) -> impl Iterator<Item = (u64, &Certificate)> {
        self.kept.certificates.line().filter_map(|certificate| {
            let previous = certificate.previous()?;
            let void =
                self.kept.certificates.continued(previous.incarnation).is_none_or(|to| previous.size > to);
            (!void).then_some((previous.size, certificate))
        })
    }

    /// Compares the size at which the fold begins; later sizes are compared when they are crossed.
    pub(super) fn compare_base(&mut self) {
        let (size, own) = (self.fold.size(), self.fold.range.root());
        let differ = |certificate: &Certificate| {
            certificate.previous().is_some_and(|previous| previous.size == size && previous.root != own)
        };
        let starts = self.starts().map(|(_, certificate)| certificate).filter(|one| differ(one));
        let found: Vec<_> = starts.map(|one| Some(Statement::Previous(one.clone()))).collect();
        self.fold.conflicts.extend(found);
    }
}
