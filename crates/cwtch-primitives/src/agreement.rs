//! Key agreement by X25519 (RFC 7748), with keys that are made for nothing else.

use core::fmt;

use rand_core::CryptoRngCore;
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::Zeroizing;

use crate::identity::SharedSecret;
use crate::secret::SecretBytes;

/// The private half of a key that others seal something to. Erased on drop; `Debug` shows no key.
#[derive(Clone)]
pub struct AgreementKey {
    secret: StaticSecret,
    public: AgreementPublicKey,
}

/// A public half with which every agreement has a result that is a secret: a point of small order is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgreementPublicKey([u8; 32]);

/// Reason why a public half is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a point of small order: everybody would know what is agreed upon with it")]
pub struct SmallOrder;

impl AgreementKey {
    /// Draws a fresh key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        Self::from_bytes(&SecretBytes::generate(rng))
    }

    /// The key of 32 bytes that were stored.
    pub fn from_bytes(bytes: &SecretBytes<32>) -> Self {
        let secret = StaticSecret::from(*bytes.expose());
        let public = AgreementPublicKey(Point::from(&secret).to_bytes());
        Self { secret, public }
    }

    /// The 32 bytes, to be stored encrypted.
    pub fn to_bytes(&self) -> SecretBytes<32> {
        SecretBytes::new(self.secret.to_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> &AgreementPublicKey {
        &self.public
    }

    /// Agrees on a secret with the holder of the other half.
    ///
    /// # Errors
    /// [`SmallOrder`] if the result is all zero, which no key of this type leads to.
    pub fn agree(&self, other: &AgreementPublicKey) -> Result<SharedSecret, SmallOrder> {
        contributory(&self.secret, &other.0)
    }
}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgreementKey([redacted])")
    }
}

impl AgreementPublicKey {
    /// Reads a public half; costs one agreement.
    ///
    /// # Errors
    /// [`SmallOrder`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SmallOrder> {
        // As X25519 clamps it, this is the scalar 2^254: it takes exactly the points of small order to zero, on the curve
        // and on its twist, because the other orders are odd primes times a power of two.
        contributory(&StaticSecret::from([0; 32]), bytes)?;
        Ok(Self(*bytes))
    }

    /// The 32 bytes, as they were received.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AgreementPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgreementPublicKey(…)")
    }
}

fn contributory(secret: &StaticSecret, other: &[u8; 32]) -> Result<SharedSecret, SmallOrder> {
    let shared = secret.diffie_hellman(&Point::from(*other));
    if !shared.was_contributory() {
        return Err(SmallOrder);
    }
    let bytes = Zeroizing::new(shared.to_bytes());
    Ok(SharedSecret::new(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cwtch_testkit::rng;
    use data_encoding::HEXLOWER;

    fn bytes(hex: &str) -> [u8; 32] {
        HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
    }

    /// Bob's side of RFC 7748, section 6.1.
    #[test]
    fn the_example_of_the_rfc() {
        let bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let bob = AgreementKey::from_bytes(&SecretBytes::new(bob));
        let public = bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        assert_eq!(bob.public_key().as_bytes(), &public);
        let alice = bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let shared = bob.agree(&AgreementPublicKey::from_bytes(&alice).unwrap()).unwrap();
        let expected = bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert_eq!(shared.expose(), &expected);
    }

    #[test]
    fn both_sides_agree_and_show_nothing() {
        let (alice, bob) = (AgreementKey::generate(&mut rng(1)), AgreementKey::generate(&mut rng(2)));
        let shared = alice.agree(bob.public_key()).unwrap();
        assert_eq!(shared, bob.agree(alice.public_key()).unwrap());
        let again = AgreementKey::from_bytes(&bob.to_bytes());
        assert_eq!(again.public_key(), bob.public_key());
        assert_eq!(
            format!("{bob:?} {:?}", bob.public_key()),
            "AgreementKey([redacted]) AgreementPublicKey(…)"
        );
    }

    #[test]
    fn points_of_small_order_are_refused() {
        // The points of order 1, 2, 4 and 8 of the curve and its twist, and their encodings that are not reduced
        // (the list of https://cr.yp.to/ecdh.html), with and without the bit that X25519 ignores.
        let small = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        for hex in small {
            let mut point = bytes(hex);
            assert_eq!(AgreementPublicKey::from_bytes(&point), Err(SmallOrder), "{hex}");
            point[31] |= 0x80;
            assert_eq!(AgreementPublicKey::from_bytes(&point), Err(SmallOrder), "{hex} with the ignored bit");
        }
        let mut base = [0; 32];
        base[0] = 9;
        assert!(AgreementPublicKey::from_bytes(&base).is_ok());
    }
}
