//! States that replies and problems name.

use serde::{Deserialize, Serialize};

/// State of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MessageState {
    /// Ours, durable here, not yet confirmed by the other side.
    Queued,
    /// Ours, acknowledged by the contact.
    Acknowledged,
    /// Ours, durably stored by the group's server.
    Stored,
    /// Ours, refused for good or taken back; see the error of `send`.
    Failed,
    /// Received from a contact over an authenticated connection.
    Received,
    /// Received from a group with a valid author's signature.
    Verified,
}

/// Manner in which it was seen that another copy of the profile runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenBy {
    /// A message under the profile's own name came to a group that was not written here.
    Message,
    /// The profile's own address leads to another process.
    Address,
}
