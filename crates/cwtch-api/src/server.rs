//! Servers: their logs, evidence against them, what was fetched from them and what of it was refused.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::reason::Rejection;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The board's address.
    pub address: String,
    /// The whole `server:…` string.
    pub bundle: String,
    /// Unspent tokens in the wallet.
    pub tokens: u64,
    /// Connection phase; `null` where no daemon runs.
    pub phase: Option<crate::ServerPhase>,
    /// Reason why the server cannot be used as it should now: one sentence; `null` where nothing is known to be wrong.
    #[serde(default)]
    pub trouble: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Box<Problem>>,
    /// Messages accepted from it so far.
    pub received: u64,
    /// Messages that failed a check (messages of other people's groups do not count).
    pub rejected: u64,
    /// The server's verifiable log; `null` for a server that has shown none: it gives no receipts, and less can be
    /// told about what is missing.
    #[serde(default)]
    pub log: Option<LogInfo>,
}

/// A server's verifiable log as it is known here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogInfo {
    /// Messages of all groups that are checked: none of them can be changed or left out unnoticed any more.
    pub size: u64,
    /// Time at which the server signed the newest state that was checked.
    pub checked: Option<i64>,
    /// The place of the first message that the server still has to keep.
    pub min_index: u64,
    /// The alarm that is up, as whole sentences; `null` if none is.
    pub alarm: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Box<Problem>>,
    /// The server ended its log, and said so.
    pub retired: bool,
    /// Ranges that the server declared lost, oldest first.
    pub losses: Vec<LossInfo>,
    /// Number of pieces of evidence against it.
    pub evidence: u64,
    /// Our own messages that the server lost and that wait to be posted again.
    pub reposts: u64,
}

/// Messages that a server declared lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossInfo {
    /// Place of the first.
    pub from: u64,
    /// Place after the last that was known here.
    pub to: u64,
    /// Time at which it was learnt.
    pub at: i64,
}

/// Something that a server did and that no honest server does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceInfo {
    /// Its number in this profile.
    pub id: i64,
    /// The server's address.
    pub server: String,
    /// Time at which it was found.
    pub found: i64,
    /// True if it is a proof that anybody can check.
    pub proven: bool,
    /// Its kind: 1 to 12 as in section 4 of docs/verifiable-log.md, from 100 on without proof.
    pub kind: u8,
    /// Meaning of its kind, as a sentence.
    pub detail: String,
}

/// A piece of evidence to show to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceText {
    /// The evidence.
    #[serde(flatten)]
    pub evidence: EvidenceInfo,
    /// Incarnation of the log that it is about.
    #[serde(default)]
    pub incarnation: u64,
    /// Things that the server signed or showed, where they make no proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<SignedObject>,
    /// The armoured proof for `cwtch-verify`, or a report that says that it is no proof.
    pub text: String,
}

/// Something that a server signed or showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedObject {
    /// Its kind: `certificate`, `checkpoint`, `policy`, `retain` or `receipt`.
    pub what: String,
    /// Its bytes, in base64.
    pub base64: String,
}

/// The result of a sync: the sums, and each server. Where every server failed there is an error instead.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncReport {
    /// New messages of our own groups.
    pub received: u64,
    /// Messages that one of our own keys opened but that failed a check.
    pub rejected: u64,
    /// Our own messages that still wait for a server.
    #[serde(default)]
    pub waiting: u64,
    /// Outcome of each server.
    #[serde(default)]
    pub servers: Vec<ServerSync>,
}

/// Outcome of syncing with one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSync {
    /// Its address.
    pub server: String,
    /// New messages of our own groups.
    pub received: u64,
    /// Messages that one of our own keys opened but that failed a check.
    pub rejected: u64,
    /// Our own messages that still wait for it.
    pub waiting: u64,
    /// Reason why nothing could be fetched: one sentence; `null` if it was.
    pub trouble: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Box<Problem>>,
}

/// Counts of what was fetched from one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncInfo {
    /// New messages of our own groups.
    pub received: u64,
    /// Messages that one of our own keys opened but that failed a check.
    pub rejected: u64,
}

/// A refused message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectInfo {
    /// The server it came from.
    pub server: String,
    /// The group whose key opened it, where one did.
    pub group: Option<String>,
    /// The time.
    pub received: i64,
    /// The reason, as a sentence.
    pub reason: String,
    /// The same as a code; `None` for one that an earlier program stored as text.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Rejection>,
}
