//! Identities: an Ed25519 key pair that signs and, mapped to Curve25519, agrees on keys (§1.1, §1.5).

use core::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::montgomery::MontgomeryPoint;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRngCore;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::secret::SecretBytes;

/// An Ed25519 signature, 64 bytes.
pub type Signature = [u8; 64];

/// The result of a key agreement, 32 bytes.
pub type SharedSecret = SecretBytes<32>;

/// A secret identity: 32 seed bytes of an Ed25519 key pair.
///
/// Erased on drop; `Debug` shows no key.
#[derive(Clone)]
pub struct Identity {
    key: SigningKey,
    public: PublicKey,
}

impl Identity {
    /// Draws a fresh identity.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let seed = Zeroizing::new(*SecretBytes::<32>::generate(rng).expose());
        Self::from_seed(&seed)
    }

    /// The identity of a 32-byte seed (RFC 8032, "private key").
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifying = key.verifying_key();
        Self { key, public: PublicKey { bytes: verifying.to_bytes() } }
    }

    /// The seed, to be stored encrypted.
    pub fn seed(&self) -> SecretBytes<32> {
        SecretBytes::new(self.key.to_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The onion address of this identity.
    pub fn address(&self) -> Address {
        Address::from_public_key(&self.public)
    }

    /// Signs a message (RFC 8032, Ed25519).
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.key.sign(message).to_bytes()
    }

    /// Agrees on a key by X25519 between this identity and a peer's Ed25519 key, both mapped to Curve25519 (§1.5 step
    /// 2).
    ///
    /// # Errors
    /// [`PublicKeyError::SmallOrder`] if the result is all zero.
    pub fn diffie_hellman(&self, peer: &PublicKey) -> Result<SharedSecret, PublicKeyError> {
        let point = peer.to_montgomery()?;
        // The lower half of SHA-512 of the seed; `mul_clamped` clamps it as RFC 7748 says.
        let scalar = Zeroizing::new(self.key.to_scalar_bytes());
        let shared = SharedSecret::new(point.mul_clamped(*scalar).to_bytes());
        if bool::from(shared.expose().ct_eq(&[0; 32])) {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(shared)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([redacted])")
    }
}

/// An Ed25519 public key: a canonical encoding of a point that is not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey {
    bytes: [u8; 32],
}

/// Reason why bytes are not a usable public key, or a signature is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The bytes are not the one canonical encoding of a point on the curve.
    #[error("not the canonical encoding of a curve point")]
    NotAPoint,
    /// The point is of small order, or the result of a key agreement would be known to everybody.
    #[error("a point of small order")]
    SmallOrder,
    /// The signature does not verify under this key.
    #[error("the signature is wrong")]
    Signature,
}

impl PublicKey {
    /// Reads a key from 32 bytes, checking them.
    ///
    /// # Errors
    /// If they are not a canonical point, or one of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let point = CompressedEdwardsY(*bytes).decompress().ok_or(PublicKeyError::NotAPoint)?;
        // `decompress` accepts y ≥ p and a sign bit on x = 0; the encoding of the result does not.
        if point.compress().to_bytes() != *bytes {
            return Err(PublicKeyError::NotAPoint);
        }
        if point.is_small_order() {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self { bytes: *bytes })
    }

    /// The 32 bytes of the compressed point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The onion address that names this key.
    pub fn address(&self) -> Address {
        Address::from_public_key(self)
    }

    /// True if the point lies in the group of prime order. §1.1 does not ask for it; the verifiable log does
    /// (docs/verifiable-log.md, section 1), so that a signature means the same to every verifier. Costs about as
    /// much as a verification: once for each key.
    pub fn is_torsion_free(&self) -> bool {
        CompressedEdwardsY(self.bytes).decompress().is_some_and(|point| point.is_torsion_free())
    }

    /// Verifies a signature strictly: no small-order points, no malleable scalars.
    ///
    /// # Errors
    /// [`PublicKeyError::Signature`] for a wrong signature or one that is not 64 bytes.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PublicKeyError> {
        let key = VerifyingKey::from_bytes(&self.bytes).map_err(|_| PublicKeyError::NotAPoint)?;
        let signature =
            ed25519_dalek::Signature::from_slice(signature).map_err(|_| PublicKeyError::Signature)?;
        key.verify_strict(message, &signature).map_err(|_| PublicKeyError::Signature)
    }

    fn to_montgomery(self) -> Result<MontgomeryPoint, PublicKeyError> {
        Ok(CompressedEdwardsY(self.bytes).decompress().ok_or(PublicKeyError::NotAPoint)?.to_montgomery())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;

    #[test]
    fn torsion_is_seen() {
        let honest = *Identity::from_seed(&[7; 32]).public_key();
        assert!(honest.is_torsion_free());
        let point = CompressedEdwardsY(*honest.as_bytes()).decompress().unwrap();
        for torsion in EIGHT_TORSION.iter().skip(1) {
            let mixed = PublicKey::from_bytes((point + torsion).compress().as_bytes()).unwrap();
            assert!(!mixed.is_torsion_free());
        }
    }
}
