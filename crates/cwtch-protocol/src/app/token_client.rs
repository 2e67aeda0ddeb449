//! Buying a batch of tokens (§1.6): one batch for each connection.

use core::fmt;

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::pow::{self, Challenge};
use cwtch_primitives::token::{Element, IssuerPublicKey, MAX_BATCH, PendingToken, Token, TokenError};
use cwtch_primitives::transcript::Transcript;
use cwtch_wire::WireError;
use cwtch_wire::token::{SignedBatch, encode_request};
use std::collections::VecDeque;

/// Number of candidates that the proof of work takes on average; for showing progress.
pub const EXPECTED_TRIES: u64 = 1 << 16;
/// Number of candidates after which the search gives up: the probability that none of them is a solution is e^-256.
pub const MAX_TRIES: u64 = 1 << 24;

/// A buyer of tokens over a plain connection to a token service, which does not say who it is.
///
/// 1. Give the first payload to [`TokenClient::handle`].
/// 2. Call [`TokenClient::work`] until it returns [`Progress::Done`]; it computes, so run it where that blocks nobody
///    (the machine is `Send`), in slices that allow cancelling.
/// 3. Send what [`TokenClient::poll_send`] gives: the solution and, right after it, the request.
/// 4. Give the answer to `handle`; [`TokenClient::take_tokens`] has the tokens.
///
/// The connection is used up then: the deployed service ends it after one batch, and so does ours.
pub struct TokenClient {
    issuer: IssuerPublicKey,
    transcript: Transcript,
    pending: Vec<PendingToken>,
    state: ClientPhase,
    out: VecDeque<Vec<u8>>,
}

/// The step at which a client is.
enum ClientPhase {
    AwaitSeed,
    Working { challenge: Box<Challenge>, tried: u64 },
    AwaitAnswer,
    Done(Vec<Token>),
    Failed,
}

/// Progress of the proof of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The seed has not come yet.
    NotStarted,
    /// No solution was found yet; [`EXPECTED_TRIES`] is the average, and many times that can happen.
    Searching {
        /// Number of candidates tried so far.
        tried: u64,
    },
    /// The solution was found; there is something to send.
    Done,
}

/// Reason why no tokens were bought.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenClientError {
    /// The caller asked for no tokens or too many.
    #[error("a batch has 1 to 10 tokens, {0} were asked for")]
    BatchSize(usize),
    /// The service sent something where it should have waited.
    #[error("the token service spoke out of turn; try another server if it happens again")]
    OutOfTurn,
    /// The seed is empty.
    #[error("the token service sent an empty seed; try another server if it happens again")]
    Seed,
    /// No solution was found within [`MAX_TRIES`].
    #[error("the proof of work has no solution within reason; try again")]
    NoSolution,
    /// The answer cannot be read.
    #[error("the token service's answer is malformed: {0}")]
    Answer(#[source] WireError),
    /// The answer does not prove what it must. No token of it may be used.
    #[error("the token service's answer was refused, because it could reveal who you are: {0}")]
    Proof(#[source] TokenError),
    /// An earlier error ended this run.
    #[error("this purchase failed before; dial again")]
    Failed,
}

impl TokenClient {
    /// Prepares to buy `count` tokens (1 to 10) that the owner of `issuer`, from the key bundle, signs.
    ///
    /// # Errors
    /// [`TokenClientError::BatchSize`].
    pub fn new(
        issuer: IssuerPublicKey,
        count: usize,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, TokenClientError> {
        if count == 0 || count > MAX_BATCH {
            return Err(TokenClientError::BatchSize(count));
        }
        Ok(Self::with_tokens(issuer, (0..count).map(|_| PendingToken::generate(rng)).collect()))
    }

    fn with_tokens(issuer: IssuerPublicKey, pending: Vec<PendingToken>) -> Self {
        let transcript = Transcript::new();
        Self { issuer, transcript, pending, state: ClientPhase::AwaitSeed, out: VecDeque::new() }
    }

    /// Takes a payload of the service: the seed, later the answer.
    ///
    /// # Errors
    /// [`TokenClientError`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), TokenClientError> {
        // After any error the run is over: only the arms that succeed set another state.
        match core::mem::replace(&mut self.state, ClientPhase::Failed) {
            ClientPhase::AwaitSeed if payload.is_empty() => Err(TokenClientError::Seed),
            ClientPhase::AwaitSeed => {
                let challenge = Box::new(Challenge::new(&mut self.transcript, payload));
                self.state = ClientPhase::Working { challenge, tried: 0 };
                Ok(())
            }
            ClientPhase::AwaitAnswer => {
                let batch = SignedBatch::from_json(payload).map_err(TokenClientError::Answer)?;
                let tokens = PendingToken::finish_batch(
                    &mut self.transcript,
                    &self.issuer,
                    &self.pending,
                    &batch.signed,
                    &batch.proof,
                )
                .map_err(TokenClientError::Proof)?;
                self.pending.clear();
                self.state = ClientPhase::Done(tokens);
                Ok(())
            }
            ClientPhase::Working { .. } | ClientPhase::Done(_) => Err(TokenClientError::OutOfTurn),
            ClientPhase::Failed => Err(TokenClientError::Failed),
        }
    }

    /// Tries up to `budget` further candidates, each of which costs about a microsecond. Cheap and harmless if there
    /// is nothing to do.
    ///
    /// # Errors
    /// [`TokenClientError::NoSolution`] after [`MAX_TRIES`]; [`TokenClientError::Failed`].
    pub fn work(&mut self, budget: u32) -> Result<Progress, TokenClientError> {
        let (challenge, tried) = match &mut self.state {
            ClientPhase::AwaitSeed => return Ok(Progress::NotStarted),
            ClientPhase::Working { challenge, tried } => (challenge, tried),
            ClientPhase::AwaitAnswer | ClientPhase::Done(_) => return Ok(Progress::Done),
            ClientPhase::Failed => return Err(TokenClientError::Failed),
        };
        let Some(solution) = challenge.search(budget) else {
            *tried = tried.saturating_add(u64::from(budget));
            if *tried >= MAX_TRIES {
                self.state = ClientPhase::Failed;
                return Err(TokenClientError::NoSolution);
            }
            return Ok(Progress::Searching { tried: *tried });
        };
        pow::accept(&mut self.transcript, &solution);
        self.out.push_back(solution.to_vec());
        // The service says nothing to a right solution, so the request follows at once.
        self.transcript.new_protocol("token-app");
        let blinded: Vec<Element> = self.pending.iter().map(|p| *p.blinded()).collect();
        self.out.push_back(encode_request(&blinded));
        self.state = ClientPhase::AwaitAnswer;
        Ok(Progress::Done)
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// Takes the tokens, once, when they have come and their proof held.
    pub fn take_tokens(&mut self) -> Option<Vec<Token>> {
        match &mut self.state {
            ClientPhase::Done(tokens) if !tokens.is_empty() => Some(core::mem::take(tokens)),
            _ => None,
        }
    }
}

impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            ClientPhase::AwaitSeed => "await seed",
            ClientPhase::Working { .. } => "working",
            ClientPhase::AwaitAnswer => "await answer",
            ClientPhase::Done(_) => "done",
            ClientPhase::Failed => "failed",
        };
        f.debug_struct("TokenClient").field("state", &state).finish_non_exhaustive()
    }
}
