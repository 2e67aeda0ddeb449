//! The part of a conversation that is kept here, and the result of sealing a group.

use serde::{Deserialize, Serialize};

/// The part of a conversation that is kept here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptInfo {
    /// Seconds for which texts are kept; `null` for ever.
    pub keep: Option<u64>,
    /// Messages whose texts are here.
    pub texts: u64,
    /// Time at which the oldest of them came or was written; `null` without one.
    pub oldest: Option<i64>,
    /// Time from which on its text is to go; `null` where texts are kept for ever.
    pub goes: Option<i64>,
    /// Messages that are shown with their authors and times, and whose texts were forgotten.
    pub forgotten: u64,
    /// Group: messages that are kept as they were posted, for members who miss them and for a server that loses them. With the
    /// group's key they say what their texts say.
    pub posted: u64,
    /// Group: time from which on its messages can be opened with the keys that are here; 0 for all of them. `null` for a
    /// contact: a connection's keys are gone with it.
    pub keys_from: Option<i64>,
    /// Group: time at which it was sealed last; `null` for never.
    pub sealed: Option<i64>,
}

/// Result of sealing a group: how much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedInfo {
    /// Messages of the group whose texts were forgotten because of their age.
    pub texts: u64,
    /// Messages, in all conversations, that held an invite to the group.
    pub invites: u64,
    /// Own messages that waited to be sent, and are given up.
    pub given_up: u64,
}
