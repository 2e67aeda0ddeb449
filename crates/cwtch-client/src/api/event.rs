//! Events: what happens without being asked for.

use serde::{Deserialize, Serialize};

use super::reply::{ContactInfo, GroupInfo, MessageInfo, MessageState};

/// Something that happened. JSON: `{"event":"message",…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The profile listens on its address.
    Online {
        /// The own address.
        address: String,
    },
    /// An authenticated connection with a contact is up.
    ContactOnline {
        /// The contact's address.
        address: String,
    },
    /// The connection with a contact is gone; it is retried.
    ContactOffline {
        /// The contact's address.
        address: String,
    },
    /// Somebody unknown connected; nothing that they send is kept until they are accepted.
    ContactRequest {
        /// The stranger's address.
        address: String,
    },
    /// A contact's name, attributes or state changed.
    ContactChanged {
        /// The contact as it is now.
        contact: ContactInfo,
    },
    /// A message was received or, by another user interface, sent.
    Message {
        /// The message.
        message: MessageInfo,
    },
    /// An own message was acknowledged, stored or refused.
    MessageState {
        /// Local id.
        id: i64,
        /// Its conversation.
        conversation: String,
        /// The new state.
        state: MessageState,
    },
    /// A group was made, joined or left.
    GroupChanged {
        /// The group.
        group: GroupInfo,
    },
    /// A server connection changed its phase.
    Server {
        /// The server's address.
        address: String,
        /// The phase.
        phase: ServerPhase,
        /// Why, where it is not obvious: one sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Messages from a server failed a check and were not accepted.
    Rejected {
        /// The server's address.
        server: String,
        /// The group, where one of the own keys opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// How many.
        count: u64,
        /// Why, as a sentence.
        reason: String,
    },
    /// Progress of something that takes longer than a moment.
    Progress {
        /// What.
        task: Task,
        /// Units done.
        done: u64,
        /// Units in all, where known (an expectation for proof of work).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// The listener missed this many events because it read too slowly.
    Missed {
        /// How many.
        count: u64,
    },
}

/// What progress is reported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Task {
    /// Fetching messages; units are messages.
    Sync,
    /// Paying for tokens; units are candidates tried.
    ProofOfWork,
}

/// The phases of a server connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ServerPhase {
    /// Dialling or authenticating.
    Connecting,
    /// Fetching what is new.
    Syncing,
    /// Caught up; new messages arrive live.
    Synced,
    /// Not connected; retried with backoff.
    Offline,
}
