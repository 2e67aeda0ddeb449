//! The proof that one key signed a whole batch: Chaum-Pedersen over a random linear combination.

use core::fmt;

use curve25519_dalek::constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_TABLE};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use data_encoding::BASE64;

use super::{Element, IssuerKey, IssuerPublicKey, MAX_BATCH, TokenError};
use crate::transcript::Transcript;

/// A Chaum-Pedersen proof: challenge `C` and response `S`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BatchProof {
    c: Scalar,
    s: Scalar,
}

impl fmt::Debug for BatchProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchProof(…)")
    }
}

impl BatchProof {
    /// Decodes the two scalars of 32 bytes each.
    ///
    /// # Errors
    /// [`TokenError::Scalar`] for a non-canonical one.
    pub fn from_bytes(c: &[u8], s: &[u8]) -> Result<Self, TokenError> {
        Ok(Self { c: scalar(c)?, s: scalar(s)? })
    }

    /// The challenge's bytes.
    pub fn c(&self) -> [u8; 32] {
        self.c.to_bytes()
    }

    /// The response's bytes.
    pub fn s(&self) -> [u8; 32] {
        self.s.to_bytes()
    }

    /// Makes a proof with the secret scalar `t`, which must be fresh and random for each proof.
    pub fn prove(
        transcript: &mut Transcript,
        key: &IssuerKey,
        blinded: &[Element],
        signed: &[Element],
        t: Scalar,
    ) -> Self {
        let (m, z) = combine(transcript, key.public(), blinded, signed);
        let a = (RISTRETTO_BASEPOINT_TABLE * &t).compress().to_bytes();
        let b = (m * t).compress().to_bytes();
        let c = challenge(transcript, key.public(), &m, &z, &a, &b);
        Self { c, s: t - c * key.k }
    }

    /// Checks the proof.
    ///
    /// # Errors
    /// [`TokenError::BatchSize`] if the two lists do not belong together, [`TokenError::Proof`] if it is wrong.
    pub fn verify(
        &self,
        transcript: &mut Transcript,
        issuer: &IssuerPublicKey,
        blinded: &[Element],
        signed: &[Element],
    ) -> Result<(), TokenError> {
        if blinded.is_empty() || blinded.len() > MAX_BATCH || blinded.len() != signed.len() {
            return Err(TokenError::BatchSize);
        }
        let (m, z) = combine(transcript, issuer, blinded, signed);
        // With M the identity the second equation says nothing about the key.
        if m.is_identity() || z.is_identity() {
            return Err(TokenError::Proof);
        }
        let a = RistrettoPoint::vartime_double_scalar_mul_basepoint(&self.c, &issuer.0.point, &self.s);
        let b = RistrettoPoint::vartime_multiscalar_mul([self.s, self.c], [m, z]);
        let c = challenge(transcript, issuer, &m, &z, &a.compress().to_bytes(), &b.compress().to_bytes());
        if c == self.c { Ok(()) } else { Err(TokenError::Proof) }
    }
}

fn scalar(bytes: &[u8]) -> Result<Scalar, TokenError> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| TokenError::Scalar)?;
    Option::from(Scalar::from_canonical_bytes(bytes)).ok_or(TokenError::Scalar)
}

/// The two linear combinations, with weights drawn from the transcript.
fn combine(
    transcript: &mut Transcript,
    issuer: &IssuerPublicKey,
    blinded: &[Element],
    signed: &[Element],
) -> (RistrettoPoint, RistrettoPoint) {
    transcript.new_protocol("privacy-pass-batch-proof");
    transcript.add("X-batch", RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
    transcript.add("Y-batch", issuer.as_bytes());
    transcript.add("P-vector", list_text(blinded).as_bytes());
    transcript.add("Q-vector", list_text(signed).as_bytes());
    let mut prng = transcript.commit_to_prng("w");
    let weights: Vec<Scalar> = blinded.iter().map(|_| prng.next_scalar()).collect();
    // Weights and elements have been on the wire, so variable time reveals nothing.
    let m = RistrettoPoint::vartime_multiscalar_mul(&weights, blinded.iter().map(|e| e.point));
    let z = RistrettoPoint::vartime_multiscalar_mul(&weights, signed.iter().map(|e| e.point));
    (m, z)
}

fn challenge(
    transcript: &mut Transcript,
    issuer: &IssuerPublicKey,
    m: &RistrettoPoint,
    z: &RistrettoPoint,
    a: &[u8; 32],
    b: &[u8; 32],
) -> Scalar {
    transcript.add("X", RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
    transcript.add("Y", issuer.as_bytes());
    transcript.add("P", m.compress().as_bytes());
    transcript.add("Q", z.compress().as_bytes());
    transcript.add("A", a);
    transcript.add("B", b);
    transcript.commit_to_prng("c").next_scalar()
}

/// Formats elements as Go's `%v` does a slice of structs with one text-marshalled field: `[{b64} {b64}]`.
fn list_text(elements: &[Element]) -> String {
    let items: Vec<String> =
        elements.iter().map(|e| format!("{{{}}}", BASE64.encode(e.as_bytes()))).collect();
    format!("[{}]", items.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pow;
    use cwtch_testkit::{hex, hex_array, list, model, text};

    #[test]
    fn the_combination_is_the_models() {
        let vector = &model()["token_service"];
        let field = |name: &str| -> Vec<Element> {
            let tokens = list(&vector["tokens"]).iter();
            tokens.map(|t| Element::from_bytes(&hex(&t[name])).unwrap()).collect()
        };
        let (blinded, signed) = (field("P_hex"), field("Q_hex"));
        assert_eq!(list_text(&blinded), text(&vector["p_vector_text"]));
        assert_eq!(list_text(&signed), text(&vector["q_vector_text"]));

        let mut transcript = Transcript::new();
        let _ = pow::Challenge::new(&mut transcript, &hex(&vector["pow"]["seed_hex"]));
        pow::accept(&mut transcript, &hex_array(&vector["pow"]["solution_hex"]));
        transcript.new_protocol("token-app");
        let key = IssuerPublicKey::from_bytes(&hex(&vector["Y_hex"])).unwrap();
        let (m, z) = combine(&mut transcript, &key, &blinded, &signed);
        assert_eq!(m.compress().as_bytes().as_slice(), hex(&vector["M_hex"]));
        assert_eq!(z.compress().as_bytes().as_slice(), hex(&vector["Z_hex"]));

        let weights = list(&vector["tokens"]).iter().map(|t| hex_array(&t["c_hex"]));
        let weights: Vec<Scalar> = weights.map(|c| Scalar::from_canonical_bytes(c).unwrap()).collect();
        let by_hand = blinded.iter().zip(&weights).map(|(p, c)| p.point * c).sum::<RistrettoPoint>();
        assert_eq!(by_hand, m);
    }
}
