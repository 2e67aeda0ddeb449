//! Cold probes (section 7.2).

use cwtch_log::{Certificate, Checkpoint};
use cwtch_wire::board::HeadLog;

use super::Monitor;
use super::observe::Observed;
use super::refused::{Malformed, Refused};
use super::waiting::HeadSource;

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

impl Monitor {
    /// Takes the answer to a LogHead that was asked on a fresh circuit under a fresh identity.
    ///
    /// An older state than our own is not reported: a live message may have overtaken the answer. One that is
    /// older by the clock is ([`Notice::Stale`](super::Notice::Stale)).
    ///
    /// # Errors
    /// [`Refused`].
    pub fn head(&mut self, answer: &HeadLog, now: u64) -> Result<Probed, Refused> {
        self.now = now;
        let (certificate, chain) = self.read_certificates(&answer.certificates)?;
        let Some(state) = &answer.state else {
            if !certificate.is_retired() {
                return Err(Malformed::Parts.into());
            }
            self.take_certificates(&certificate, &chain)?;
            return Ok(Probed::NoLog);
        };
        let statements = (&state.checkpoint, &state.policy, state.retain.as_ref());
        let checkpoint = self.take_statements((&certificate, &chain), statements)?;
        if let Some(mark) = &state.mark
            && let Some((mark, signer)) = self.checkpoint_in_line(mark)?
        {
            if !mark.is_boundary() {
                return Err(Malformed::Size.into());
            }
            self.observe(mark, &signer, HeadSource::Probe)?;
        }
        Ok(match self.observe(checkpoint, &certificate, HeadSource::Probe)? {
            Observed::Agrees => Probed::Agrees,
            Observed::Waits => Probed::Waits,
            Observed::Incomparable => Probed::Incomparable,
        })
    }

    /// Verifies a checkpoint under the certificate that signs for its size, and returns both; `None` if that
    /// certificate is not known.
    pub(crate) fn checkpoint_in_line(
        &self,
        bytes: &[u8],
    ) -> Result<Option<(Checkpoint, Certificate)>, Refused> {
        let size = Checkpoint::peek(bytes).map_or(0, |fields| fields.size);
        let Some(certificate) = self.kept.certificates.of_size(size) else { return Ok(None) };
        Ok(Some((Checkpoint::from_bytes(bytes, certificate)?, certificate.clone())))
    }
}
