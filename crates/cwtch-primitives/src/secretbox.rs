//! XSalsa20-Poly1305 ("secretbox"), used for packets (§1.3) and group messages (§1.9).

use dryoc::classic::crypto_secretbox::{
    crypto_secretbox_easy, crypto_secretbox_easy_inplace, crypto_secretbox_open_easy,
};
use rand_core::CryptoRngCore;

use crate::secret::SecretBytes;

/// Length of a nonce in bytes.
pub const NONCE_LEN: usize = 24;
/// Length of the authenticator in front of the ciphertext, in bytes.
pub const MAC_LEN: usize = 16;
/// Bytes that [`seal`] adds to a plaintext: nonce and authenticator.
pub const OVERHEAD: usize = NONCE_LEN + MAC_LEN;

/// A secretbox key.
pub type BoxKey = SecretBytes<32>;

/// Reason why a box could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoxError {
    /// A wrong key, or a changed or truncated box.
    #[error("the box does not open with this key")]
    Open,
    /// The output buffer is not exactly as long as the result.
    #[error("the buffer has the wrong length for the box")]
    Length,
}

/// Seals `plain` into `out`, which must be exactly [`MAC_LEN`] longer: authenticator, then ciphertext.
///
/// # Errors
/// [`BoxError::Length`] for a buffer of another length.
pub fn seal_into(
    key: &BoxKey,
    nonce: &[u8; NONCE_LEN],
    plain: &[u8],
    out: &mut [u8],
) -> Result<(), BoxError> {
    crypto_secretbox_easy(out, plain, nonce, key.expose()).map_err(|_| BoxError::Length)
}

/// Seals like [`seal_into`], but in place: `data` is the plaintext and [`MAC_LEN`] bytes of room after it, and
/// afterwards the authenticator and the ciphertext. No second copy of the plaintext remains to be erased.
///
/// # Errors
/// [`BoxError::Length`] for less than [`MAC_LEN`] bytes.
pub fn seal_in_place(key: &BoxKey, nonce: &[u8; NONCE_LEN], data: &mut [u8]) -> Result<(), BoxError> {
    crypto_secretbox_easy_inplace(data, nonce, key.expose()).map_err(|_| BoxError::Length)
}

/// Opens `boxed` (authenticator, then ciphertext) into `out`, which must be exactly [`MAC_LEN`] shorter.
/// The authenticator is checked, in constant time, before anything is decrypted.
///
/// # Errors
/// [`BoxError::Open`] if it does not open, [`BoxError::Length`] for a buffer of another length.
pub fn open_into(
    key: &BoxKey,
    nonce: &[u8; NONCE_LEN],
    boxed: &[u8],
    out: &mut [u8],
) -> Result<(), BoxError> {
    if boxed.len() < MAC_LEN {
        return Err(BoxError::Open);
    }
    if out.len() != boxed.len() - MAC_LEN {
        return Err(BoxError::Length);
    }
    crypto_secretbox_open_easy(out, boxed, nonce, key.expose()).map_err(|_| BoxError::Open)
}

/// Seals with a fresh random nonce; returns nonce, authenticator and ciphertext.
pub fn seal(key: &BoxKey, plain: &[u8], rng: &mut impl CryptoRngCore) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let mut out = vec![0; plain.len() + OVERHEAD];
    let (head, boxed) = out.split_at_mut(NONCE_LEN);
    head.copy_from_slice(&nonce);
    // Cannot fail: `boxed` was just sized for `plain`.
    let sealed = seal_into(key, &nonce, plain, boxed);
    debug_assert!(sealed.is_ok());
    out
}

/// Opens a box that [`seal`] made.
///
/// # Errors
/// [`BoxError::Open`] if it is too short or does not open.
pub fn open(key: &BoxKey, sealed: &[u8]) -> Result<Vec<u8>, BoxError> {
    let mut out = vec![0; sealed.len().saturating_sub(OVERHEAD)];
    open_to(key, sealed, &mut out)?;
    Ok(out)
}

/// Opens like [`open`], into a buffer of exactly `sealed.len() - OVERHEAD` bytes, so that trial decryption over many
/// keys allocates once.
///
/// # Errors
/// [`BoxError::Open`] if it is too short or does not open, [`BoxError::Length`] for a wrong buffer.
pub fn open_to(key: &BoxKey, sealed: &[u8], out: &mut [u8]) -> Result<(), BoxError> {
    let (nonce, boxed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(BoxError::Open)?;
    open_into(key, nonce, boxed, out)
}
