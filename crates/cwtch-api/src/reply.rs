//! Replies: plain data in a stable JSON form. All times are unix seconds.
//!
//! Where something is wrong, `why` says it as a code with arguments. The sentence beside it is for people; the engine leaves
//! it empty, and whoever stands between engine and people fills it in from `cwtch-words`.

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value};

use crate::command::Command;
use crate::group::{ForkFollowed, ForkInfo, ForkMade, GroupDetails, GroupKeys, KnownMember, MemberInfo};
use crate::kept::{KeptInfo, SealedInfo};
use crate::message::{MessageInfo, RepairInfo};
use crate::name::{NameInfo, NameKind, NameSource};
use crate::presence::PresenceInfo;
use crate::problem::Problem;
use crate::readiness::StatusInfo;
use crate::server::{EvidenceInfo, EvidenceText, RejectInfo, ServerInfo, SyncReport};

/// The answer to a [`crate::Command`]. Its JSON is that of the value inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reply {
    /// An address.
    Address {
        /// 56 characters.
        address: String,
    },
    /// The engine's status.
    Status(StatusInfo),
    /// The presence.
    Presence(PresenceInfo),
    /// One contact.
    Contact(ContactInfo),
    /// Contacts.
    Contacts(Vec<ContactInfo>),
    /// Experiments.
    Experiments(Vec<ExperimentInfo>),
    /// Our public attributes.
    Attributes(Vec<AttributeInfo>),
    /// One server.
    Server(ServerInfo),
    /// Servers.
    Servers(Vec<ServerInfo>),
    /// Evidence.
    EvidenceList(Vec<EvidenceInfo>),
    /// A piece of evidence as a text.
    Evidence(EvidenceText),
    /// A group just made.
    GroupCreated(GroupCreated),
    /// A closed group of two was offered to a contact.
    GroupOffered(Box<GroupOffered>),
    /// One group.
    Group(GroupInfo),
    /// Groups.
    Groups(Vec<GroupInfo>),
    /// A group in detail.
    GroupDetails(Box<GroupDetails>),
    /// A fork that was made.
    ForkMade(Box<ForkMade>),
    /// A fork was followed.
    ForkFollowed(ForkFollowed),
    /// A group was left.
    Left {
        /// True if the server has the message that tells the others.
        told: bool,
    },
    /// Forks.
    Forks(Vec<ForkInfo>),
    /// Members of a group.
    Members(Vec<KnownMember>),
    /// One message.
    Message(MessageInfo),
    /// Messages.
    Messages(Vec<MessageInfo>),
    /// One conversation.
    Conversation(ConversationInfo),
    /// Conversations.
    Conversations(Vec<ConversationInfo>),
    /// One conversation with what is kept of it.
    ConversationDetails(Box<ConversationDetails>),
    /// A group was sealed.
    Sealed(SealedInfo),
    /// A finished sync.
    Synced(SyncReport),
    /// A finished repair.
    Repaired(RepairInfo),
    /// Refused messages.
    Rejects(Vec<RejectInfo>),
    /// A message was deleted here.
    Deleted {
        /// The sentence that the message, which was queued, may have left before.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// The same as a code with arguments.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<Box<Problem>>,
    },
    /// The command is done, and there is nothing else to say: an empty object.
    Done {},
}

impl Reply {
    /// Reads the reply to a command from its JSON, which alone does not tell its type.
    ///
    /// # Errors
    /// If it is no reply to this command.
    pub fn from_json(command: &Command, json: Value) -> Result<Self, serde_json::Error> {
        use Command as C;
        #[derive(Deserialize)]
        struct Address {
            address: String,
        }
        #[derive(Deserialize)]
        struct Deleted {
            #[serde(default)]
            detail: Option<String>,
            #[serde(default, deserialize_with = "crate::problem::known")]
            why: Option<Box<Problem>>,
        }
        #[derive(Deserialize)]
        struct Left {
            #[serde(default)]
            told: bool,
        }
        #[derive(Deserialize)]
        struct Done {}

        Ok(match command {
            C::Address => {
                let Address { address } = from_value(json)?;
                Self::Address { address }
            }
            C::Status => Self::Status(from_value(json)?),
            C::PresenceSet { .. } | C::Connect { .. } | C::Disconnect { .. } => {
                Self::Presence(from_value(json)?)
            }
            C::ContactAdd { .. }
            | C::ContactAccept { .. }
            | C::ContactBlock { .. }
            | C::ContactRename { .. }
            | C::ContactReject { .. } => Self::Contact(from_value(json)?),
            C::ContactList => Self::Contacts(from_value(json)?),
            C::ExperimentEnable { .. } | C::ExperimentDisable { .. } | C::ExperimentList => {
                Self::Experiments(from_value(json)?)
            }
            C::AttributeSet { .. } | C::AttributeList => Self::Attributes(from_value(json)?),
            C::ServerAdd { .. } | C::ServerResume { .. } => Self::Server(from_value(json)?),
            C::ServerList => Self::Servers(from_value(json)?),
            C::EvidenceList => Self::EvidenceList(from_value(json)?),
            C::EvidenceExport { .. } => Self::Evidence(from_value(json)?),
            C::GroupNew { .. } => Self::GroupCreated(from_value(json)?),
            C::ContactOfferGroup { .. } => Self::GroupOffered(from_value(json)?),
            C::GroupJoin { .. } | C::GroupRename { .. } => Self::Group(from_value(json)?),
            C::GroupShow { .. } => Self::GroupDetails(from_value(json)?),
            C::GroupList => Self::Groups(from_value(json)?),
            C::GroupFork { .. } => Self::ForkMade(from_value(json)?),
            C::GroupAccept { .. } => Self::ForkFollowed(from_value(json)?),
            C::GroupForks { .. } => Self::Forks(from_value(json)?),
            C::GroupMembers { .. } | C::GroupHide { .. } => Self::Members(from_value(json)?),
            C::GroupInvite { .. }
            | C::Send { .. }
            | C::Suggest { .. }
            | C::MessageCancel { .. }
            | C::MessageRetry { .. } => Self::Message(from_value(json)?),
            C::MessageDelete { .. } => {
                let Deleted { detail, why } = from_value(json)?;
                Self::Deleted { detail, why }
            }
            C::Messages { .. } => Self::Messages(from_value(json)?),
            C::ConversationList { .. } => Self::Conversations(from_value(json)?),
            C::ConversationShow { .. } => Self::ConversationDetails(from_value(json)?),
            C::GroupSeal { .. } => Self::Sealed(from_value(json)?),
            C::GroupLeave { .. } => {
                let Left { told } = from_value(json)?;
                Self::Left { told }
            }
            C::GroupKeep { .. }
            | C::ConversationKeep { .. }
            | C::ConversationRead { .. }
            | C::ConversationDraft { .. }
            | C::ConversationMute { .. }
            | C::ConversationPin { .. }
            | C::ConversationArchive { .. } => Self::Conversation(from_value(json)?),
            C::Sync { .. } => Self::Synced(from_value(json)?),
            C::Repair { .. } => Self::Repaired(from_value(json)?),
            C::Rejects => Self::Rejects(from_value(json)?),
            C::ConfirmOnlyCopy
            | C::ChangePassword { .. }
            | C::ContactRemove { .. }
            | C::ContactBlockUnknown { .. }
            | C::ServerRemove { .. }
            | C::GroupDecline { .. }
            | C::GroupKeepKeys { .. }
            | C::Focus { .. } => {
                let Done {} = from_value(json)?;
                Self::Done {}
            }
        })
    }
}

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The text to show, see [`NameInfo::shown`].
    #[serde(default)]
    pub shown: String,
    /// Its state: whether it may talk to us.
    pub state: ContactState,
    /// True if an authenticated connection is up; `null` where no daemon runs.
    pub online: Option<bool>,
    /// The way to it; `null` where no daemon runs.
    #[serde(default)]
    pub connection: Option<ConnectionInfo>,
    /// The public attributes it told us: `name`, `status`, `attribute-1` … `attribute-3`.
    #[serde(default)]
    pub attributes: Vec<AttributeInfo>,
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
    /// The text to show, see [`NameInfo::shown`].
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
    /// The text to show, see [`NameInfo::shown`].
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
    /// The text to show, see [`NameInfo::shown`].
    pub shown: String,
    /// Number of messages of others that came after the read mark.
    pub unread: u64,
    /// The read mark: messages up to this id are read, wherever they stand.
    pub read_to: i64,
    /// Messages in all, without those that were deleted here.
    pub messages: u64,
    /// The text that the person was writing.
    pub draft: Option<String>,
    /// True if the person wants to hear nothing of it.
    pub muted: bool,
    /// True if it stands before those that are not pinned.
    pub pinned: bool,
    /// True if it is out of the way. It stays so when a message comes.
    pub archived: bool,
    /// Seconds for which texts are kept; `null` for ever.
    #[serde(default)]
    pub keep: Option<u64>,
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
