//! Replays: their extent and the records of the log in them.

use cwtch_log::object::CheckpointBytes;
use cwtch_wire::board::ReplayLog;

use super::{EntryRef, Seq};

/// The extent of a replay: the unshadowed messages `from..=to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPlan {
    /// First number.
    pub from: Seq,
    /// Last number; below `from` where there is nothing.
    pub to: Seq,
    /// Exact number of unshadowed messages in the range.
    pub count: u64,
}

/// A record of the log, as a replay shows it.
#[derive(Debug, Clone, Copy)]
pub enum LogRecord<'a> {
    /// An entry, whether shadowed or not.
    Entry(EntryRef<'a>),
    /// The boundary checkpoint of the entries up to here.
    Boundary(&'a CheckpointBytes),
}

/// The answer to a client that reads the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReplay {
    /// The log's part of the ReplayResult.
    pub log: Box<ReplayLog>,
    /// The entries that follow; empty for a log that has ended.
    pub entries: ReplayPlan,
}
