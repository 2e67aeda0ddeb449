//! HMAC-SHA256 under a secret key, from which the keys of groups and of their forks are derived.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use sha2::digest::generic_array::GenericArray;
use zeroize::{Zeroize, Zeroizing};

use crate::secret::SecretBytes;

/// Length of HMAC's block for SHA-256, in bytes.
const BLOCK_LEN: usize = 64;

/// Computes HMAC-SHA256 of the parts, one behind the other.
pub fn hmac_sha256(key: &SecretBytes<32>, parts: &[&[u8]]) -> SecretBytes<32> {
    // The key filled up with zeros to a whole block is what RFC 2104 makes of a short one; a block needs no fallible call.
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    block.iter_mut().zip(key.expose()).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as Mac>::new(GenericArray::from_slice(block.as_slice()));
    parts.iter().for_each(|part| mac.update(part));
    let mut full = mac.finalize().into_bytes();
    let mut out = Zeroizing::new([0; 32]);
    out.iter_mut().zip(&full).for_each(|(to, from)| *to = *from);
    full.as_mut_slice().zeroize();
    SecretBytes::new(*out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn known_answer() {
        // By Python's hmac module; the parts are one text.
        let key = SecretBytes::new([0x0b; 32]);
        let expected = "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7";
        let whole = hmac_sha256(&key, &[b"Hi There"]);
        assert_eq!(whole, hmac_sha256(&key, &[b"Hi", b"", b" There"]));
        assert_eq!(HEXLOWER.encode(whole.expose()), expected);
        assert_ne!(whole, hmac_sha256(&key, &[b"Hi there"]));
    }
}
