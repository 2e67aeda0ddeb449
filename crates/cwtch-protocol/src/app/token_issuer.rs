//! Selling a batch of tokens (§1.6) for a proof of work: one batch for each connection.

use core::fmt;

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::pow::{self, Challenge, SOLUTION_LEN};
use cwtch_primitives::token::{IssuerKey, TokenError};
use cwtch_primitives::transcript::Transcript;
use cwtch_wire::WireError;
use cwtch_wire::token::{SignedBatch, decode_request};

/// Length of the seed that is sent, in bytes.
pub const SEED_LEN: usize = 32;

/// The token service's side of one connection.
///
/// Send what [`TokenIssuer::poll_send`] gives (the seed at once, the answer at the end), give payloads
/// to [`TokenIssuer::handle`], close when [`TokenIssuer::is_done`] and all is sent. The deployed service
/// signs one batch for each proof of work and each connection, and so does this.
///
/// Anybody can open connections and never solve anything, so the seed is all that is kept and all that is computed before a
/// solution comes. It belongs to one connection: the candidates follow from the seed, so two clients with the same seed
/// would find the same solution.
pub struct TokenIssuer {
    state: IssuerPhase,
    out: Option<Vec<u8>>,
}

/// The message that an issuer waits for.
enum IssuerPhase {
    AwaitSolution([u8; SEED_LEN]),
    AwaitRequest(Box<Transcript>),
    Done,
}

/// Result of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The proof of work is right; no answer is sent, and the request comes next.
    Solved,
    /// This many tokens were signed; the answer is ready to send.
    Issued(usize),
}

/// Reason why a client gets no tokens. Every one of these closes the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenIssuerError {
    /// The proof of work is not 32 bytes, or no solution.
    #[error("the client's proof of work is wrong")]
    Solution,
    /// The request is no list of 1 to 10 usable blinded tokens.
    #[error("the client's token request is malformed: {0}")]
    Request(#[source] WireError),
    /// The batch cannot be signed.
    #[error("the client's token request cannot be signed: {0}")]
    Batch(#[source] TokenError),
    /// The client sent a second request, or anything after an error.
    #[error("the client sent more than one request on a connection")]
    Finished,
}

impl TokenIssuer {
    /// Starts with a fresh seed, ready to send.
    pub fn new(rng: &mut impl CryptoRngCore) -> Self {
        let mut seed = [0; SEED_LEN];
        rng.fill_bytes(&mut seed);
        Self { state: IssuerPhase::AwaitSolution(seed), out: Some(seed.to_vec()) }
    }

    /// Takes a payload of the client: the solution, then the request. A request costs the signing of up
    /// to ten tokens, about two milliseconds.
    ///
    /// # Errors
    /// [`TokenIssuerError`]; close the connection.
    pub fn handle(
        &mut self,
        payload: &[u8],
        key: &IssuerKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Step, TokenIssuerError> {
        match core::mem::replace(&mut self.state, IssuerPhase::Done) {
            IssuerPhase::AwaitSolution(seed) => {
                let solution: [u8; SOLUTION_LEN] =
                    payload.try_into().map_err(|_| TokenIssuerError::Solution)?;
                let mut transcript = Box::new(Transcript::new());
                if !Challenge::new(&mut transcript, &seed).check(&solution) {
                    return Err(TokenIssuerError::Solution);
                }
                pow::accept(&mut transcript, &solution);
                self.state = IssuerPhase::AwaitRequest(transcript);
                Ok(Step::Solved)
            }
            IssuerPhase::AwaitRequest(mut transcript) => {
                let blinded = decode_request(payload).map_err(TokenIssuerError::Request)?;
                transcript.new_protocol("token-app");
                let (signed, proof) =
                    key.sign_batch(&mut transcript, &blinded, rng).map_err(TokenIssuerError::Batch)?;
                let count = signed.len();
                self.out = Some(SignedBatch { signed, proof }.to_json());
                Ok(Step::Issued(count))
            }
            IssuerPhase::Done => Err(TokenIssuerError::Finished),
        }
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.out.take()
    }

    /// True if the client's proof of work was accepted, for the choice of a time limit.
    pub fn is_solved(&self) -> bool {
        !matches!(self.state, IssuerPhase::AwaitSolution(_))
    }

    /// True if nothing more may be received.
    pub fn is_done(&self) -> bool {
        matches!(self.state, IssuerPhase::Done)
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer").field("done", &self.is_done()).finish_non_exhaustive()
    }
}
