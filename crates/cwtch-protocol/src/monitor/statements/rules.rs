//! Policies and Retains: kinds 6, 9 and 11, and the Retain as a head.

use cwtch_log::{Certificate, Checkpoint, FraudProof, Policy, Retain};

use super::charge::Charge;
use super::checkpoint::disproved;
use super::contradiction::against_start;
use super::judge::Judge;
use super::refused::Refused;
use crate::monitor::memory::{Edit, EvidenceObject, KeptLog, Statement};

impl Judge {
    /// Compares a policy with the last one and keeps the newer.
    pub(crate) fn take_policy(&mut self, policy: Policy, certificate: &Certificate) -> Result<(), Refused> {
        self.accuse_if(backwards(&self.kept, &policy, certificate))?;
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
        self.accuse_if(broken_promise(&self.kept, &retain, certificate))?;
        let statement = Statement::Retain(retain.clone());
        if !self.kept.is_void(&statement)
            && self.kept.root_at(retain.min_index()).is_some_and(|own| own != *retain.root())
        {
            return Err(self.accuse(disproved(&self.kept, &statement)));
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
}

/// Looks for kind 11: a policy that takes back what the last one promised.
fn backwards(log: &KeptLog, policy: &Policy, certificate: &Certificate) -> Option<Charge> {
    let kept = log.policy.as_ref()?;
    let proof = FraudProof::policy_backwards(certificate, kept, policy)
        .or_else(|| FraudProof::policy_backwards(certificate, policy, kept))?;
    Some(Charge::proven(&proof, certificate.incarnation(), vec![kept.into(), policy.into()]))
}

/// Looks for a start, an earlier Retain, or a checkpoint and a policy that a Retain contradicts: kinds 13, 6, 1 and 9.
fn broken_promise(log: &KeptLog, retain: &Retain, certificate: &Certificate) -> Option<Charge> {
    let charge =
        |proof: &FraudProof, objects| Some(Charge::proven(proof, certificate.incarnation(), objects));
    if let Some(proof) = against_start(certificate, &retain.clone().into()) {
        return charge(&proof, vec![certificate.into(), retain.into()]);
    }
    if let Some(kept) = &log.retain {
        let proof = FraudProof::retain_backwards(certificate, kept, retain)
            .or_else(|| FraudProof::retain_backwards(certificate, retain, kept))
            .or_else(|| FraudProof::same_size(certificate, &kept.clone().into(), &retain.clone().into()));
        if let Some(proof) = proof {
            return charge(&proof, vec![kept.into(), retain.into()]);
        }
    }
    for checkpoint in checkpoints_below(log, retain.min_index(), certificate) {
        let same = FraudProof::same_size(certificate, &checkpoint.clone().into(), &retain.clone().into());
        let early = || FraudProof::pruned_early(certificate, log.policy.as_ref()?, &checkpoint, retain);
        if let Some(proof) = same.or_else(early) {
            let policy = log.policy.as_ref().map(EvidenceObject::from);
            let objects = policy.into_iter().chain([(&checkpoint).into(), retain.into()]);
            return charge(&proof, objects.collect());
        }
    }
    None
}

/// Held checkpoints of an incarnation up to a size; of the boundaries the newest two, which tell most.
fn checkpoints_below(log: &KeptLog, size: u64, certificate: &Certificate) -> Vec<Checkpoint> {
    let boundaries = log
        .boundaries
        .between(0, size)
        .filter(|(_, incarnation)| *incarnation == certificate.incarnation())
        .take(2);
    let boundaries = boundaries.filter_map(|(size, _)| log.boundaries.get(size, certificate));
    log.head
        .iter()
        .chain(log.waiting.checkpoints())
        .filter(|checkpoint| {
            checkpoint.size() <= size && checkpoint.incarnation() == certificate.incarnation()
        })
        .cloned()
        .chain(boundaries)
        .collect()
}
