//! Proof of work that a token batch costs (§1.6 steps 1 and 2).

use core::fmt;

use sha2::{Digest, Sha256};

use crate::transcript::{Prng, Transcript};

/// Length of a solution in bytes.
pub const SOLUTION_LEN: usize = 32;

/// The challenge that both sides derive from the server's seed.
#[derive(Clone)]
pub struct Challenge {
    challenge: [u8; 64],
    prng: Prng,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

impl Challenge {
    /// Derives the challenge by entering the proof-of-work application on the connection's transcript.
    pub fn new(transcript: &mut Transcript, seed: &[u8]) -> Self {
        transcript.new_protocol("pow-app");
        transcript.add("pow-seed", seed);
        let challenge = transcript.commit("pow-challenge");
        let prng = transcript.commit_to_prng("pow-prng");
        Self { challenge, prng }
    }

    /// Tries up to `budget` further candidates, of which 65,536 are enough on average; `None` if none of them is a
    /// solution. Call again to continue where it stopped, so that a caller can show progress or give up.
    pub fn search(&mut self, budget: u32) -> Option<[u8; SOLUTION_LEN]> {
        for _ in 0..budget {
            let candidate = self.prng.next_scalar().to_bytes();
            if self.check(&candidate) {
                return Some(candidate);
            }
        }
        None
    }

    /// True if a solution is valid: the hash over it and the challenge starts with two zero bytes.
    pub fn check(&self, solution: &[u8; SOLUTION_LEN]) -> bool {
        let hash = Sha256::new().chain_update(solution).chain_update(self.challenge).finalize();
        hash.starts_with(&[0, 0])
    }

    /// The 64 bytes of the challenge.
    pub fn bytes(&self) -> &[u8; 64] {
        &self.challenge
    }
}

/// Records the accepted solution on the transcript, on both sides.
pub fn accept(transcript: &mut Transcript, solution: &[u8; SOLUTION_LEN]) {
    transcript.add("pow-solution", solution);
}
