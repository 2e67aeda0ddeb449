//! Receipts: promises that an entry is in the log at an index (section 3.5).

use alloc::vec::Vec;

use super::{CHECKPOINT_LEN, Certificate, Checkpoint, CheckpointBytes, Fault, Object, ObjectError};
use crate::bytes::Reader;
use crate::tree::{PATH_MAX, hashes, root_from_path};
use crate::{EntryId, Hash};

/// Length of a receipt before its path, in bytes: index and checkpoint.
pub const RECEIPT_HEAD_LEN: usize = 8 + CHECKPOINT_LEN;

/// A receipt whose checkpoint is verified and whose path has the right length. [`Receipt::verify_entry`] tells
/// whether it is the receipt of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    index: u64,
    checkpoint: Checkpoint,
    path: Vec<Hash>,
}

impl Receipt {
    /// Makes a receipt from its parts.
    ///
    /// # Errors
    /// If the index does not lie in the checkpoint's tree, or the path's length does not follow from index and size.
    pub fn new(index: u64, checkpoint: Checkpoint, path: Vec<Hash>) -> Result<Self, ObjectError> {
        if index >= checkpoint.size() {
            return Err(Object::Receipt.fault(Fault::Size));
        }
        // Only the path's length matters here, so any leaf will do.
        if root_from_path(&[0; 32], index, checkpoint.size(), &path).is_none() {
            return Err(Object::Receipt.fault(Fault::Path));
        }
        Ok(Self { index, checkpoint, path })
    }

    /// Reads a receipt and verifies its checkpoint.
    ///
    /// # Errors
    /// If the bytes are malformed, or the checkpoint is not one of the certificate's incarnation.
    pub fn from_bytes(bytes: &[u8], certificate: &Certificate) -> Result<Self, ObjectError> {
        let length = Object::Receipt.fault(Fault::Length);
        let mut reader = Reader::new(bytes);
        let index = reader.u64().ok_or(length)?;
        let checkpoint = reader.slice(CHECKPOINT_LEN).ok_or(length)?;
        let path = bytes.get(RECEIPT_HEAD_LEN..).unwrap_or_default();
        let path = hashes(path).filter(|path| path.len() <= PATH_MAX).ok_or(length)?;
        Self::new(index, Checkpoint::from_bytes(checkpoint, certificate)?, path.to_vec())
    }

    /// The bytes of the receipt: 121, and 32 for each hash of the path.
    pub fn to_bytes(&self) -> Vec<u8> {
        Self::encode(self.index, &self.checkpoint.to_bytes(), &self.path)
    }

    /// Encodes a receipt from these parts without checking them: for the server that made them.
    pub fn encode(index: u64, checkpoint: &CheckpointBytes, path: &[Hash]) -> Vec<u8> {
        [&index.to_be_bytes()[..], checkpoint, path.as_flattened()].concat()
    }

    /// True if the path leads from this entry to the checkpoint's root.
    pub fn verify_entry(&self, entry: &EntryId) -> bool {
        root_from_path(&entry.leaf(), self.index, self.checkpoint.size(), &self.path)
            == Some(*self.checkpoint.root())
    }

    /// The index of the entry.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint in whose tree it is.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The inclusion path, from the leaf's sibling upwards.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }
}
