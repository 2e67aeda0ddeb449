//! A fixed-size secret that erases itself.

use core::fmt;

use rand_core::CryptoRngCore;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes.
///
/// Guarantees: erased on drop; `Debug` prints `[redacted]`; equality takes the same time whatever
/// the contents; no `Display`, no serialisation. [`SecretBytes::expose`] is the one way to read it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes<const N: usize>([u8; N]);

impl<const N: usize> SecretBytes<N> {
    /// Takes ownership of secret bytes.
    pub fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// Draws `N` fresh bytes.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = [0; N];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The secret, or `None` where `bytes` is not exactly `N` long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes themselves. Do not copy them into anything that lives longer or prints.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl<const N: usize> PartialEq for SecretBytes<N> {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl<const N: usize> Eq for SecretBytes<N> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = SecretBytes::new([0xab; 32]);
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }

    #[test]
    fn compares_by_value() {
        assert_eq!(SecretBytes::new([1; 4]), SecretBytes::new([1; 4]));
        assert_ne!(SecretBytes::new([1; 4]), SecretBytes::new([2; 4]));
        assert!(SecretBytes::<4>::from_slice(&[1; 5]).is_none());
    }
}
