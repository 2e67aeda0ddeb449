//! The transcript that binds every step of a protocol run (§1.4): a Merlin transcript.

use core::fmt;

use curve25519_dalek::scalar::Scalar;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Shake256, Shake256Reader};

/// The label of every transcript of the deployed protocol.
pub const TRANSCRIPT_LABEL: &[u8] = b"tapir-transcript";

/// A running transcript. Two sides that added the same things draw the same challenges.
#[derive(Clone)]
pub struct Transcript(merlin::Transcript);

impl Transcript {
    /// A transcript with the deployed protocol's label.
    pub fn new() -> Self {
        Self::with_label(TRANSCRIPT_LABEL)
    }

    /// A transcript with another label, for test vectors.
    pub fn with_label(label: &'static [u8]) -> Self {
        Self(merlin::Transcript::new(label))
    }

    /// Adds labelled bytes.
    pub fn add(&mut self, label: &'static str, bytes: &[u8]) {
        self.0.append_message(label.as_bytes(), bytes);
    }

    /// Marks the start of an (inner) protocol.
    pub fn new_protocol(&mut self, name: &str) {
        self.0.append_message(b"protocol", name.as_bytes());
    }

    /// Draws a 64-byte challenge that depends on everything added so far.
    pub fn commit(&mut self, label: &'static str) -> [u8; 64] {
        let mut out = [0; 64];
        self.0.challenge_bytes(label.as_bytes(), &mut out);
        out
    }

    /// Draws a challenge and expands it to an endless stream of scalars.
    pub fn commit_to_prng(&mut self, label: &'static str) -> Prng {
        let mut shake = Shake256::default();
        shake.update(&self.commit(label));
        Prng(shake.finalize_xof())
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transcript(…)")
    }
}

/// A stream of scalars: SHAKE-256 over a transcript's challenge, of which each draw reduces 64 bytes to a
/// ristretto255 scalar.
#[derive(Clone)]
pub struct Prng(Shake256Reader);

impl Prng {
    /// The next scalar.
    pub fn next_scalar(&mut self) -> Scalar {
        let mut wide = [0; 64];
        self.0.read(&mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    }
}

impl fmt::Debug for Prng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prng(…)")
    }
}
