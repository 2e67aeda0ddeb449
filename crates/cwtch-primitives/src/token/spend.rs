//! Spending: a token authenticates what it is spent on, and is never sent itself.

use core::fmt;

use hmac::{Hmac, Mac};
use sha3::digest::generic_array::GenericArray;
use sha3::{Digest, Sha3_256, Sha3_512};
use zeroize::Zeroizing;

use super::blind::hash_to_group;
use super::{IssuerKey, TOKEN_LEN, Token, TokenError};

/// Length of a spent token's MAC in bytes.
pub const MAC_LEN: usize = 64;

/// A token bound to the data that it pays for.
///
/// Whoever sees it before the server does can spend it on the same data, and afterwards recognises the post: `Debug`
/// shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SpentToken {
    /// The token's random part, which the server remembers as spent.
    pub t: [u8; TOKEN_LEN],
    /// HMAC-SHA3-512 over the data.
    pub mac: [u8; MAC_LEN],
}

impl fmt::Debug for SpentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpentToken([redacted])")
    }
}

impl Token {
    /// Spends the token on `data` (for a post: the encrypted message's JSON and the board's address). Consumes the
    /// token, so that spending the same value twice is visible in code.
    pub fn spend(self, data: &[u8]) -> SpentToken {
        SpentToken { t: self.t, mac: keyed(&self.t, &self.w, data).finalize().into_bytes().into() }
    }
}

impl IssuerKey {
    /// Checks, in constant time, that a token was issued by this key and is bound to `data`. Only the store knows
    /// whether it has been spent before.
    ///
    /// # Errors
    /// [`TokenError::Mac`] if it was not.
    pub fn redeem(&self, spent: &SpentToken, data: &[u8]) -> Result<(), TokenError> {
        let w = (hash_to_group(&spent.t) * self.k).compress().to_bytes();
        keyed(&spent.t, &w, data).verify_slice(&spent.mac).map_err(|_| TokenError::Mac)
    }
}

fn keyed(t: &[u8; TOKEN_LEN], w: &[u8; TOKEN_LEN], data: &[u8]) -> Hmac<Sha3_512> {
    let key: Zeroizing<[u8; 32]> =
        Zeroizing::new(Sha3_256::new().chain_update(t).chain_update(w).finalize().into());
    // A 32-byte key is shorter than the hash's 72-byte block, so padding it with zeros is HMAC's own rule.
    let mut block = Zeroizing::new([0u8; 72]);
    block.iter_mut().zip(key.iter()).for_each(|(b, k)| *b = *k);
    let mut mac = <Hmac<Sha3_512> as Mac>::new(GenericArray::from_slice(block.as_slice()));
    mac.update(data);
    mac
}
