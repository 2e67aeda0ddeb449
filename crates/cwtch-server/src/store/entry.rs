//! Posts, the entries that they store, and their outcomes.

use core::fmt;

use cwtch_log::EntryId;
use sha2::{Digest, Sha256};

/// Number of a message, from 1.
pub type Seq = i64;

/// A stored message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Its number.
    pub seq: Seq,
    /// Its signature.
    pub signature: &'a [u8],
    /// Its ciphertext.
    pub ciphertext: &'a [u8],
}

impl fmt::Debug for EntryRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryRef({}, {} bytes)", self.seq, self.ciphertext.len())
    }
}

/// A 128-bit name of bytes, short enough for an index: the first half of SHA-256.
pub type ShortHash = [u8; 16];

/// Computes the short hash of some bytes.
pub fn short_hash(bytes: &[u8]) -> ShortHash {
    let mut out = [0; 16];
    out.iter_mut().zip(Sha256::digest(bytes)).for_each(|(o, h)| *o = h);
    out
}

/// A message to be stored, with the hashes that index it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    signature: Vec<u8>,
    ciphertext: Vec<u8>,
    signature_hash: ShortHash,
    id: EntryId,
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewEntry({} bytes)", self.ciphertext.len())
    }
}

impl NewEntry {
    /// Takes the two byte strings of an encrypted group message (§1.8).
    pub fn new(signature: Vec<u8>, ciphertext: Vec<u8>) -> Self {
        let (signature_hash, id) = (short_hash(&signature), EntryId::of(&signature, &ciphertext));
        Self { signature, ciphertext, signature_hash, id }
    }

    /// The signature and the ciphertext.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u8>) {
        (self.signature, self.ciphertext)
    }

    /// The message's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The message's ciphertext.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// The entry's name, unique in the log for ever.
    pub fn id(&self) -> &EntryId {
        &self.id
    }

    /// The short hash of the signature.
    pub fn signature_hash(&self) -> &ShortHash {
        &self.signature_hash
    }
}

/// A post whose token was found authentic.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPost {
    /// The token's random part.
    pub token: [u8; 32],
    /// The message, or `None` where only the token is to be spent (§1.8: an empty signature).
    pub entry: Option<NewEntry>,
}

impl fmt::Debug for NewPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPost").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// Outcome of one post of a commit that returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The message was stored under a new number; the token is spent.
    Stored {
        /// The message's number.
        seq: Seq,
        /// Its index in the log.
        index: u64,
        /// True if an earlier message has the same signature.
        shadowed: bool,
    },
    /// The very same message is in the log already; the token was not touched.
    Duplicate,
    /// The token had been spent; nothing was stored.
    TokenSpent,
    /// The token was spent, and there was no message to store.
    TokenOnly,
    /// The storage cap is reached, and nothing may be deleted before the promised time; the token was not touched.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_token_and_no_message() {
        let bytes = [0xc5; 64];
        let entry = NewEntry::new(bytes.to_vec(), bytes[..9].to_vec());
        let stored = EntryRef { seq: 3, signature: &bytes, ciphertext: &bytes[..9] };
        let post = NewPost { token: [0xc5; 32], entry: Some(entry) };
        let shown = format!("{post:?} {stored:?}");
        assert!(!shown.contains("197") && !shown.contains("c5"), "{shown}");
        assert_eq!(shown.matches("9 bytes").count(), 2, "{shown}");
    }
}
