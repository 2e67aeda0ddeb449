//! Contacts, groups and conversations as replies and events list them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::group::{GroupKeys, MemberInfo};
use crate::kept::KeptInfo;
use crate::message::MessageInfo;
use crate::name::{NameKind, NameSource};
use crate::problem::Problem;
use crate::vanish::VanishInfo;

/// State of a contact: whether it may talk to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactState {
    /// Connected once; nothing that it sends is kept.
    Unknown,
    /// Accepted by the person.
    Accepted,
    /// Connections are closed after authentication.
    Blocked,
    /// Connected, and the person said no: as `unknown`, but not asked about again.
    Rejected,
}

/// The phases of the way to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ContactPhase {
    /// No connection; where the contact is accepted, it is dialled again after a pause.
    Offline,
    /// Dialling.
    Connecting,
    /// A stream is open and the handshake runs.
    Connected,
    /// Both sides have proved who they are: messages flow.
    Authenticated,
}

/// The way to a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionInfo {
    /// The phase.
    pub phase: ContactPhase,
    /// Reason why the last attempt or connection failed: one sentence; `null` once one succeeds.
    pub trouble: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Box<Problem>>,
    /// Time at which the contact was last seen over an authenticated connection, to the minute.
    pub last_seen: Option<i64>,
}

/// A contact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactInfo {
    /// The number of the conversation with it: never given to another one.
    #[serde(default)]
    pub conversation: i64,
    /// Its address, 56 characters.
    pub address: String,
    /// The name that the person gave it, or the name that it claims, on one line and without what cannot be seen;
    /// empty without either.
    pub name: String,
    /// Source of the name.
    #[serde(default)]
    pub name_source: NameSource,
    /// The text to show, see [`NameInfo::shown`](crate::NameInfo::shown).
    #[serde(default)]
    pub shown: String,
    /// Its state: whether it may talk to us.
    pub state: ContactState,
    /// True if an authenticated connection is up; `null` where no daemon runs.
    pub online: Option<bool>,
    /// The way to it; `null` where no daemon runs.
    #[serde(default)]
    pub connection: Option<ConnectionInfo>,
    /// Time at which the person compared the safety words with it; `null` for never, or after it was taken back.
    #[serde(default)]
    pub compared: Option<i64>,
    /// The note that the person made about it, which is sent to nobody.
    #[serde(default)]
    pub note: Option<String>,
    /// The public attributes it told us: `name`, `status`, `attribute-1` … `attribute-3`.
    #[serde(default)]
    pub attributes: Vec<AttributeInfo>,
}

/// Shows neither who it is nor what is noted about them.
impl fmt::Debug for ContactInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, state, online, .. } = self;
        write!(f, "ContactInfo({conversation}, {state:?}, online: {online:?})")
    }
}

/// The safety words of the profile and a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyWords {
    /// The contact.
    pub contact: ContactInfo,
    /// The twelve words, in their order: the same ones on both sides if each has the other's own address.
    pub words: Vec<String>,
}

/// A public attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeInfo {
    /// The attribute: `name`, `status`, `attribute-1` … `attribute-3`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentInfo {
    /// Its name.
    pub name: String,
    /// True if it is on.
    pub enabled: bool,
    /// One sentence about what it does and risks.
    pub description: String,
}

/// A group just made.
///
/// Whoever has an invite is a member: `Debug` shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCreated {
    /// Its id.
    pub group: String,
    /// `torv3…`: for people who know the server.
    pub invite: String,
    /// `tofubundle:…`: server and invite in one. With daily keys both are the same `cwtchgroup2:…`, which contains the server.
    pub tofubundle: String,
    /// Kind of its keys.
    #[serde(default)]
    pub keys: GroupKeys,
    /// Its list of members, where it has one.
    #[serde(default)]
    pub members: Vec<MemberInfo>,
}

impl fmt::Debug for GroupCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupCreated([redacted])")
    }
}

/// A closed group of two that was offered to a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupOffered {
    /// The group.
    pub group: GroupInfo,
    /// True if it had been made before.
    pub again: bool,
    /// The message with its invite.
    pub message: MessageInfo,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInfo {
    /// The number of its conversation: never given to another one.
    #[serde(default)]
    pub conversation: i64,
    /// Its id, 32 hex characters.
    pub group: String,
    /// The name that the person gave it, or the name that its maker gave it, as for contacts.
    pub name: String,
    /// Source of the name.
    #[serde(default)]
    pub name_source: NameSource,
    /// The text to show, see [`NameInfo::shown`](crate::NameInfo::shown).
    #[serde(default)]
    pub shown: String,
    /// Its server's address.
    pub server: String,
    /// Messages held.
    pub messages: u64,
    /// Authors seen so far (members are not known otherwise).
    pub authors: u64,
    /// Authors of whom numbered messages never came.
    #[serde(default)]
    pub missing: Vec<MissingInfo>,
}

/// An author of whom messages are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingInfo {
    /// The author's address.
    pub author: String,
    /// The author's name, if it is a contact that has one.
    #[serde(default)]
    pub name: Option<String>,
    /// Source of the name.
    #[serde(default)]
    pub name_source: NameSource,
    /// The text to show, see [`NameInfo::shown`](crate::NameInfo::shown).
    #[serde(default)]
    pub shown: String,
    /// Their number.
    pub count: u64,
}

/// A conversation, with a contact or in a group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationInfo {
    /// Its number: never given to another one.
    pub conversation: i64,
    /// Contact or group.
    pub kind: NameKind,
    /// The contact's address or the group's id.
    pub with: String,
    /// Its name, as for contacts and groups.
    pub name: String,
    /// Source of the name.
    pub name_source: NameSource,
    /// The text to show, see [`NameInfo::shown`](crate::NameInfo::shown).
    pub shown: String,
    /// Number of messages of others that came after the read mark.
    pub unread: u64,
    /// The read mark: messages up to this id are read, wherever they stand.
    pub read_to: i64,
    /// Messages in all, without those that were deleted here.
    pub messages: u64,
    /// The text that the person was writing.
    pub draft: Option<String>,
    /// The note that the person made for themselves, which is sent to nobody.
    #[serde(default)]
    pub note: Option<String>,
    /// True if the person wants to hear nothing of it.
    pub muted: bool,
    /// True if it stands before those that are not pinned.
    pub pinned: bool,
    /// True if it is out of the way. It stays so when a message comes.
    pub archived: bool,
    /// Seconds for which texts are kept; `null` for ever.
    #[serde(default)]
    pub keep: Option<u64>,
    /// The agreement about messages that vanish; `null` for a group.
    #[serde(default)]
    pub vanish: Option<VanishInfo>,
    /// Time at which the newest message came or was written; `null` without one.
    pub active: Option<i64>,
    /// The last message in its order.
    pub last: Option<Box<MessageInfo>>,
}

/// Shows neither with whom somebody talks nor about what.
impl fmt::Debug for ConversationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, kind, unread, messages, .. } = self;
        write!(f, "ConversationInfo({conversation}, {kind:?}, {unread} of {messages} unread)")
    }
}

/// A conversation with what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationDetails {
    /// The conversation as it is listed.
    #[serde(flatten)]
    pub conversation: ConversationInfo,
    /// The part of it that is kept.
    pub kept: KeptInfo,
}
