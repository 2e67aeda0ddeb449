//! Blinding, signing and unblinding.

use core::fmt;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use rand_core::CryptoRngCore;
use sha3::{Digest, Sha3_512};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{BatchProof, MAX_BATCH, TOKEN_LEN, TokenError};
use crate::secret::SecretBytes;
use crate::transcript::Transcript;

/// A ristretto255 element that is not the identity, with its canonical encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Element {
    pub(super) point: RistrettoPoint,
    bytes: [u8; TOKEN_LEN],
}

impl Element {
    /// Decodes 32 bytes.
    ///
    /// # Errors
    /// [`TokenError::Element`] for a non-canonical encoding or the identity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        let bytes: [u8; TOKEN_LEN] = bytes.try_into().map_err(|_| TokenError::Element)?;
        let point = CompressedRistretto(bytes).decompress().ok_or(TokenError::Element)?;
        if point.is_identity() {
            return Err(TokenError::Element);
        }
        Ok(Self { point, bytes })
    }

    /// The canonical encoding.
    pub fn as_bytes(&self) -> &[u8; TOKEN_LEN] {
        &self.bytes
    }

    pub(super) fn from_point(point: RistrettoPoint) -> Self {
        Self { point, bytes: point.compress().to_bytes() }
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Element(…)")
    }
}

/// Maps a token's random part to its element: the one-way map of its SHA3-512.
pub(super) fn hash_to_group(t: &[u8; TOKEN_LEN]) -> RistrettoPoint {
    RistrettoPoint::from_uniform_bytes(&Sha3_512::digest(t).into())
}

/// A token on its way through the issuer: its random part and the scalar that blinds it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PendingToken {
    t: [u8; TOKEN_LEN],
    r: Scalar,
    #[zeroize(skip)]
    blinded: Element,
}

impl PendingToken {
    /// Draws a token and blinds it.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut t = [0; TOKEN_LEN];
        rng.fill_bytes(&mut t);
        loop {
            // A zero scalar has probability 2^-252; the loop keeps the invariant without a panic.
            if let Ok(pending) = Self::from_parts(t, Scalar::random(rng)) {
                return pending;
            }
        }
    }

    /// Rebuilds a token from its parts, for test vectors.
    ///
    /// # Errors
    /// [`TokenError`] if the blinded element would be the identity.
    pub fn from_parts(t: [u8; TOKEN_LEN], r: Scalar) -> Result<Self, TokenError> {
        let point = hash_to_group(&t) * r;
        if point.is_identity() {
            return Err(TokenError::Element);
        }
        Ok(Self { t, r, blinded: Element::from_point(point) })
    }

    /// Blinded token: all that the issuer sees of it.
    pub fn blinded(&self) -> &Element {
        &self.blinded
    }

    fn unblind(&self, signed: &Element) -> Token {
        let w = signed.point * self.r.invert();
        Token { t: self.t, w: w.compress().to_bytes() }
    }

    /// Checks the proof over the whole batch, then unblinds every token.
    ///
    /// # Errors
    /// [`TokenError::BatchSize`] or [`TokenError::Proof`]; then no token of the batch is usable.
    pub fn finish_batch(
        transcript: &mut Transcript,
        issuer: &IssuerPublicKey,
        pending: &[Self],
        signed: &[Element],
        proof: &BatchProof,
    ) -> Result<Vec<Token>, TokenError> {
        let blinded: Vec<Element> = pending.iter().map(|p| p.blinded).collect();
        proof.verify(transcript, issuer, &blinded, signed)?;
        Ok(pending.iter().zip(signed).map(|(p, s)| p.unblind(s)).collect())
    }
}

impl fmt::Debug for PendingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingToken([redacted])")
    }
}

/// An unspent token: a bearer secret worth one post.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token {
    pub(super) t: [u8; TOKEN_LEN],
    pub(super) w: [u8; TOKEN_LEN],
}

impl Token {
    /// The token as 64 bytes (`t || W`), for an encrypted store.
    pub fn to_bytes(&self) -> SecretBytes<64> {
        let mut out = [0; 64];
        let (t, w) = out.split_at_mut(TOKEN_LEN);
        t.copy_from_slice(&self.t);
        w.copy_from_slice(&self.w);
        SecretBytes::new(out)
    }

    /// The token of 64 stored bytes, or `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (t, w) = bytes.split_first_chunk::<TOKEN_LEN>()?;
        Some(Self { t: *t, w: w.try_into().ok()? })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// The issuer's secret scalar `k`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct IssuerKey {
    pub(super) k: Scalar,
    #[zeroize(skip)]
    public: IssuerPublicKey,
}

impl IssuerKey {
    /// Draws a fresh key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        loop {
            if let Ok(key) = Self::from_scalar(Scalar::random(rng)) {
                return key;
            }
        }
    }

    /// The key of 32 stored bytes.
    ///
    /// # Errors
    /// [`TokenError::Scalar`] if they are no canonical, non-zero scalar.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, TokenError> {
        Self::from_scalar(Option::from(Scalar::from_canonical_bytes(*bytes)).ok_or(TokenError::Scalar)?)
    }

    fn from_scalar(k: Scalar) -> Result<Self, TokenError> {
        if k == Scalar::ZERO {
            return Err(TokenError::Scalar);
        }
        Ok(Self { k, public: IssuerPublicKey(Element::from_point(RistrettoPoint::mul_base(&k))) })
    }

    /// The key's bytes, for a file that only its owner can read.
    pub fn to_bytes(&self) -> SecretBytes<32> {
        SecretBytes::new(self.k.to_bytes())
    }

    /// The public half, `Y = k·B`, which the key bundle announces.
    pub fn public(&self) -> &IssuerPublicKey {
        &self.public
    }

    /// Signs a batch of blinded tokens and proves, on the connection's transcript, that this key did it.
    ///
    /// # Errors
    /// [`TokenError::BatchSize`] for none or too many.
    pub fn sign_batch(
        &self,
        transcript: &mut Transcript,
        blinded: &[Element],
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Vec<Element>, BatchProof), TokenError> {
        if blinded.is_empty() || blinded.len() > MAX_BATCH {
            return Err(TokenError::BatchSize);
        }
        let signed: Vec<Element> = blinded.iter().map(|p| Element::from_point(p.point * self.k)).collect();
        let proof = BatchProof::prove(transcript, self, blinded, &signed, Scalar::random(rng));
        Ok((signed, proof))
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerKey([redacted])")
    }
}

/// The issuer's public key `Y`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuerPublicKey(pub(super) Element);

impl IssuerPublicKey {
    /// Decodes 32 bytes.
    ///
    /// # Errors
    /// [`TokenError::Element`] for a non-canonical encoding or the identity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenError> {
        Element::from_bytes(bytes).map(Self)
    }

    /// The canonical encoding.
    pub fn as_bytes(&self) -> &[u8; TOKEN_LEN] {
        self.0.as_bytes()
    }
}
