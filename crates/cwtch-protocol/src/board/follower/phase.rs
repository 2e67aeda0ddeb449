//! Phases of a connection to a board.

use core::fmt;

/// The beginning of the next replay, as the store knows it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// The signature of the newest message before which nothing is missing, from which a server without a log
    /// continues.
    pub cursor: Option<Vec<u8>>,
    /// The index from which on a log is to be read again, for keys that were not here when it was read; 0 for all of it. Of a
    /// server without a log, all is read.
    pub refetch: Option<u64>,
}

/// Phase of the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is under way: live messages come, posts go.
    Listening,
    /// The beginning of a replay was drawn, and is being stored before it is asked for.
    Drawn { from: u64, start: Start },
    /// A replay was asked for, and has not begun.
    Asked(Start),
    /// The entries of the replay come.
    Reading { entries: Entries, refetch: bool },
    /// All entries were read, and are being stored. With `again` they were not the needed ones: the next replay
    /// brings those.
    Storing { again: bool },
    /// The server was caught, and is asked for what may prove it to others.
    Gathering(Gathering),
    /// The connection is over.
    Ended,
}

/// Kind of the entries that come now.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Entries {
    /// Entries of a server without a log.
    Plain(Joins),
    /// Entries of the server's log.
    Log,
    /// Entries that are not to be read.
    Dropped,
}

/// Knowledge of whether a replay of a server without a log begins with the last message of the one before, so that
/// nothing is missing in between.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Joins {
    /// The first message has not come.
    Unknown(Option<Vec<u8>>),
    /// The replay begins there.
    Yes,
    /// The replay begins elsewhere: messages in between may have been deleted.
    No,
}

/// A question to a server that was caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathering {
    /// No question yet: the finding is being stored.
    Caught,
    /// The proof that the log up to a kept boundary is the beginning of the one in doubt.
    Proof,
    /// A reply that begins further back.
    Reply,
}

/// Shows no cursor, which is a message's name.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("refetch", &self.refetch).finish_non_exhaustive()
    }
}

/// Shows no cursor, which is a message's name.
impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Log => "Log",
            Self::Dropped => "Dropped",
        })
    }
}
