//! Accidents at one of a program's transactions, for tests of what is left then: its death, or a disk that is full.

use std::io;

use crate::error::StorageError;

/// Kind of an accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accident {
    /// The program dies before the transaction.
    DiesBefore,
    /// It dies behind it: the transaction is durable.
    DiesBehind,
    /// There is no room for it, nor for any after it; the program goes on.
    DiskFull,
}

/// State of a program to which an accident happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fuse {
    /// Nothing happens.
    #[default]
    Unlit,
    /// It happens at the transaction behind so many others.
    Lit(u64, Accident),
    /// It has happened.
    Burnt(Accident),
}

impl Fuse {
    /// True if the program is dead, or dies before the next transaction.
    pub(super) fn ends_before(&mut self) -> bool {
        if let Self::Lit(0, accident @ (Accident::DiesBefore | Accident::DiskFull)) = *self {
            *self = Self::Burnt(accident);
        }
        self.has_died()
    }

    /// True if the next transaction finds no room.
    pub(super) fn is_full(self) -> bool {
        self == Self::Burnt(Accident::DiskFull)
    }

    /// True if the program died.
    pub(super) fn has_died(self) -> bool {
        matches!(self, Self::Burnt(Accident::DiesBefore | Accident::DiesBehind))
    }

    /// True if the program died behind a transaction.
    pub(super) fn ends_behind(&mut self) -> bool {
        match self {
            Self::Unlit | Self::Burnt(_) => return false,
            Self::Lit(0, accident) => *self = Self::Burnt(*accident),
            Self::Lit(at, _) => *at -= 1,
        }
        self.has_died()
    }

    /// The end of everything that the program was about to do.
    pub(super) fn died(doing: &'static str) -> StorageError {
        StorageError::io(doing, io::Error::other("the program died here"))
    }
}
