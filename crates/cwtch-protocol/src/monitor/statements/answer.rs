//! Statements that a server's answers have in common: those of a reply's header, and of an answer to a probe.

use cwtch_log::object::{CheckpointBytes, POLICY_LEN, RETAIN_LEN};
use cwtch_log::{Certificate, Checkpoint, Policy, Retain};

use super::judge::Judge;
use super::notice::Notice;
use super::refused::{Malformed, Refused};
use crate::monitor::limits::{AHEAD_MAX, BEHIND_MAX};
use crate::monitor::memory::Fold;

impl Judge {
    /// Verifies the statements of a header or a probe, and takes certificates, policy and Retain over.
    pub(crate) fn take_statements(
        &mut self,
        (certificate, chain): (&Certificate, &[Certificate]),
        (checkpoint, policy, retain): (&CheckpointBytes, &[u8; POLICY_LEN], Option<&[u8; RETAIN_LEN]>),
        fold: &mut Fold,
    ) -> Result<Checkpoint, Refused> {
        if certificate.is_retired() {
            return Err(Malformed::Parts.into());
        }
        let checkpoint = Checkpoint::from_bytes(checkpoint, certificate)?;
        // It is usually the one that is kept, and need not be verified again.
        let kept = self
            .kept
            .policy
            .as_ref()
            .filter(|kept| kept.incarnation() == certificate.incarnation() && kept.to_bytes() == *policy);
        let policy = kept.cloned().map_or_else(|| Policy::from_bytes(policy, certificate), Ok)?;
        let retain = retain.map(|retain| Retain::from_bytes(retain, certificate)).transpose()?;
        let by = checkpoint.time().saturating_sub(self.now);
        if by > AHEAD_MAX {
            // The certificate is valid whatever the clock says; the first one is pinned.
            if self.kept.certificates.pinned().is_none() {
                self.take_certificates(certificate, chain, fold)?;
            }
            self.tell(Notice::ClockAhead { by });
            return Err(Refused::ClockAhead);
        }
        if let Err(refused) = self.take_certificates(certificate, chain, fold) {
            // Signing a replaced log any further is fraud, even if nobody reads that log any more.
            if refused == Refused::EarlierCertificate {
                self.against_signed(&checkpoint, certificate)?;
            }
            return Err(refused);
        }
        let by = self.now.saturating_sub(checkpoint.time());
        if by > BEHIND_MAX {
            self.tell(Notice::Stale { by });
        }
        self.take_policy(policy, certificate)?;
        if let Some(retain) = retain {
            self.take_retain(retain, certificate)?;
        }
        Ok(checkpoint)
    }
}
