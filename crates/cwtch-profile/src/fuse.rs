//! Death of a program at one of its transactions, for tests of what is left then.

use std::io;

use crate::error::StorageError;

/// A program that dies at one of its transactions: what follows does not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fuse {
    /// It lives.
    #[default]
    Unlit,
    /// It dies at the transaction behind so many others: behind it if it is `durable`, else before.
    Lit { at: u64, durable: bool },
    /// It died.
    Burnt,
}

impl Fuse {
    /// True if nothing happens any more, before the next transaction.
    pub(super) fn ends_before(&mut self) -> bool {
        if *self == (Self::Lit { at: 0, durable: false }) {
            *self = Self::Burnt;
        }
        *self == Self::Burnt
    }

    /// True if the program died behind a transaction.
    pub(super) fn ends_behind(&mut self) -> bool {
        match self {
            Self::Unlit | Self::Burnt => return false,
            Self::Lit { at: 0, .. } => *self = Self::Burnt,
            Self::Lit { at, .. } => *at -= 1,
        }
        *self == Self::Burnt
    }

    /// The end of everything that the program was about to do.
    pub(super) fn died(doing: &'static str) -> StorageError {
        StorageError::io(doing, io::Error::other("the program died here"))
    }
}
