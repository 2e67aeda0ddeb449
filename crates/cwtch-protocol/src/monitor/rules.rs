//! Policies and Retains: kinds 6, 9 and 11, and the Retain as a head.

use cwtch_log::{Certificate, Checkpoint, FraudProof, Policy, Retain};

use super::Monitor;
use super::evidence::{EvidenceObject, ObjectKind};
use super::kept::Edit;
use super::observe::{against_start, certificate_object};
use super::refused::Refused;
use super::statement::Statement;

impl Monitor {
    /// Compares a policy with the last one and keeps the newer.
    pub(crate) fn take_policy(&mut self, policy: Policy, certificate: &Certificate) -> Result<(), Refused> {
        let proof = self.kept.policy.as_ref().and_then(|kept| {
            let proof = FraudProof::policy_backwards(certificate, kept, &policy)
                .or_else(|| FraudProof::policy_backwards(certificate, &policy, kept))?;
            Some((proof, vec![policy_object(kept), policy_object(&policy)]))
        });
        if let Some((proof, objects)) = proof {
            return Err(self.proven(&proof, certificate.incarnation(), objects));
        }
        let newer = self
            .kept
            .policy
            .as_ref()
            .is_none_or(|kept| (policy.incarnation(), policy.time()) > (kept.incarnation(), kept.time()));
        if newer {
            self.kept.record(Edit::Policy(Box::new(policy)));
        }
        Ok(())
    }

    /// Compares a Retain with the last one, with our own log and with the promise, and keeps the newer.
    pub(crate) fn take_retain(&mut self, retain: Retain, certificate: &Certificate) -> Result<(), Refused> {
        if self.kept.retain.as_ref() == Some(&retain) {
            return Ok(());
        }
        let incarnation = certificate.incarnation();
        if let Some((proof, objects)) = self.retain_contradiction(&retain, certificate) {
            return Err(self.proven(&proof, incarnation, objects));
        }
        let statement = Statement::Retain(retain.clone());
        if !self.is_void(&statement)
            && self.own_root(retain.min_index()).is_some_and(|own| own != *retain.root())
        {
            return Err(self.disprove(&statement));
        }
        let newer = self.kept.retain.as_ref().is_none_or(|kept| {
            (retain.incarnation(), retain.time(), retain.min_index())
                > (kept.incarnation(), kept.time(), kept.min_index())
        });
        if newer {
            self.kept.record(Edit::Retain(Box::new(retain)));
        }
        Ok(())
    }

    fn retain_contradiction(
        &self,
        retain: &Retain,
        certificate: &Certificate,
    ) -> Option<(FraudProof, Vec<EvidenceObject>)> {
        let mine = Statement::Retain(retain.clone()).object();
        if let Some(proof) = against_start(certificate, &retain.clone().into()) {
            return Some((proof, vec![certificate_object(certificate), mine]));
        }
        if let Some(kept) = &self.kept.retain {
            let proof = FraudProof::retain_backwards(certificate, kept, retain)
                .or_else(|| FraudProof::retain_backwards(certificate, retain, kept))
                .or_else(|| FraudProof::same_size(certificate, &kept.clone().into(), &retain.clone().into()));
            if let Some(proof) = proof {
                return Some((proof, vec![Statement::Retain(kept.clone()).object(), mine]));
            }
        }
        for checkpoint in self.checkpoints_below(retain.min_index(), certificate) {
            let same = FraudProof::same_size(certificate, &checkpoint.clone().into(), &retain.clone().into());
            let early =
                || FraudProof::pruned_early(certificate, self.kept.policy.as_ref()?, &checkpoint, retain);
            if let Some(proof) = same.or_else(early) {
                let other = Statement::Checkpoint(checkpoint).object();
                let policy = self.kept.policy.as_ref().map(policy_object);
                return Some((proof, policy.into_iter().chain([other, mine]).collect()));
            }
        }
        None
    }

    /// Held checkpoints of an incarnation up to a size; of the boundaries the newest two, which tell most.
    fn checkpoints_below(&self, size: u64, certificate: &Certificate) -> Vec<Checkpoint> {
        let boundaries = self
            .kept
            .boundaries
            .between(0, size)
            .filter(|(_, incarnation)| *incarnation == certificate.incarnation())
            .take(2);
        let boundaries = boundaries.filter_map(|(size, _)| self.kept.boundaries.get(size, certificate));
        self.kept
            .head
            .iter()
            .chain(self.kept.waiting.checkpoints())
            .filter(|checkpoint| {
                checkpoint.size() <= size && checkpoint.incarnation() == certificate.incarnation()
            })
            .cloned()
            .chain(boundaries)
            .collect()
    }
}

fn policy_object(policy: &Policy) -> EvidenceObject {
    EvidenceObject { what: ObjectKind::Policy, bytes: policy.to_bytes().to_vec() }
}
