//! Phases of a connection to a board.

use core::fmt;

/// Beginning of the next replay, as the store has it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// The signature of the newest message of which all before are here: where a server without a log goes on.
    pub cursor: Option<Vec<u8>>,
    /// The log is to be read from its start, for groups whose past was not looked for.
    pub refetch: bool,
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
    /// Its entries come.
    Reading { entries: Entries, refetch: bool },
    /// All of them were read, and are being stored. With `again` they were not what was needed: the next replay is.
    Storing { again: bool },
    /// The server was caught, and is asked for what may prove it to others.
    Gathering(Gathering),
    /// The connection is over.
    Ended,
}

/// Kind of the entries that come now.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Entries {
    /// Of a server without a log.
    Plain(Joins),
    /// Of its log.
    Log,
    /// Not to be read.
    Dropped,
}

/// Tells if a replay of a server without a log begins where the one before ended: with the last message of that.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Joins {
    /// The first message has not come.
    Unknown(Option<Vec<u8>>),
    /// It does.
    Yes,
    /// It does not: messages in between may have been deleted.
    No,
}

/// Question to a server that was caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathering {
    /// Nothing yet: what was found is being stored.
    Caught,
    /// The proof that the log up to a kept boundary is the beginning of the one in doubt.
    Proof,
    /// A reply that begins further back.
    Reply,
}

/// A cursor is a message's name.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("refetch", &self.refetch).finish_non_exhaustive()
    }
}

/// Without the cursor, which is a message's name.
impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Log => "Log",
            Self::Dropped => "Dropped",
        })
    }
}
