//! How a connection reads the server's log.

use cwtch_protocol::monitor::Monitor;

/// How a connection reads the server's log.
pub(super) struct Reading {
    pub(super) monitor: Monitor,
    pub(super) replay: Replay,
    /// The sync that reads the log from its start.
    pub(super) refetch: Option<i64>,
    /// The replay under way is no good: another one is to be asked for.
    pub(super) again: bool,
    /// What is wrong with the newest answer, though it was used: a sentence.
    pub(super) trouble: Option<String>,
    /// The server was caught, and is asked for what may prove it.
    pub(super) gathering: Option<Gathering>,
    /// What the newest [`Step`](super::super::intake::Step) covered.
    pub(super) covered: u64,
    /// Whether a replay of a server without a log begins where the one before ended.
    pub(super) joins: Joins,
}

/// Whether a replay of a server without a log begins where the one before ended: with the last message of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Joins {
    /// It should begin with the message of this signature; `None` where that is not known any more.
    To(Option<Vec<u8>>),
    /// It does.
    Yes,
    /// It does not: messages in between may have been deleted.
    No,
}

/// What the entries that come now are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    /// Of a server without a log.
    Plain,
    /// Of its log.
    Log,
    /// Not to be read.
    Dropped,
}

impl Reading {
    pub(super) fn new(monitor: Monitor) -> Self {
        Self {
            monitor,
            replay: Replay::Plain,
            refetch: None,
            again: false,
            trouble: None,
            gathering: None,
            covered: 0,
            joins: Joins::No,
        }
    }
}

/// What the server was asked for the proof's sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathering {
    /// The proof that the log up to a kept boundary is the beginning of the one in doubt.
    Proof,
    /// A reply that begins further back.
    Reply,
}
