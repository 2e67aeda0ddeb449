//! Cold probes (section 7.2).

use cwtch_log::{Certificate, Checkpoint};
use cwtch_wire::board::HeadLog;

use super::judge::{Judge, Observed};
use super::refused::{Malformed, Refused};
use crate::monitor::memory::{Fold, HeadSource, KeptLog};

/// Result of a cold probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// The server shows the state that our own log has.
    Agrees,
    /// The server shows a later state, which is compared when our own log gets there.
    Waits,
    /// The server shows a state that our own log can no longer compare.
    Incomparable,
    /// The server has ended its log, with a certificate that says so.
    NoLog,
}

impl Judge {
    /// Takes the answer to a cold probe.
    pub(crate) fn probed(&mut self, answer: &HeadLog, fold: &mut Fold) -> Result<Probed, Refused> {
        let (certificate, chain) = self.read_certificates(&answer.certificates)?;
        let Some(state) = &answer.state else {
            if !certificate.is_retired() {
                return Err(Malformed::Parts.into());
            }
            self.take_certificates(&certificate, &chain, fold)?;
            return Ok(Probed::NoLog);
        };
        let statements = (&state.checkpoint, &state.policy, state.retain.as_ref());
        let checkpoint = self.take_statements((&certificate, &chain), statements, fold)?;
        if let Some(mark) = &state.mark
            && let Some((mark, signer)) = checkpoint_in_line(&self.kept, mark)?
        {
            if !mark.is_boundary() {
                return Err(Malformed::Size.into());
            }
            self.observe(mark, &signer, HeadSource::Probe, fold)?;
        }
        Ok(match self.observe(checkpoint, &certificate, HeadSource::Probe, fold)? {
            Observed::Agrees => Probed::Agrees,
            Observed::Waits => Probed::Waits,
            Observed::Incomparable => Probed::Incomparable,
        })
    }
}

/// Verifies a checkpoint under the certificate that signs for its size, and returns both; `None` if that certificate
/// is not known.
fn checkpoint_in_line(log: &KeptLog, bytes: &[u8]) -> Result<Option<(Checkpoint, Certificate)>, Refused> {
    let size = Checkpoint::peek(bytes).map_or(0, |fields| fields.size);
    let Some(certificate) = log.certificates.of_size(size) else { return Ok(None) };
    Ok(Some((Checkpoint::from_bytes(bytes, certificate)?, certificate.clone())))
}
