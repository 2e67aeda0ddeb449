//! Replies: plain data in a stable JSON form. All times are unix seconds.
//!
//! Where something is wrong, `why` says it as a code with arguments. The sentence beside it is for people; the engine leaves
//! it empty, and whoever stands between engine and people fills it in from `cwtch-words`.

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value};

use crate::command::Command;
use crate::group::{
    EpochStanding, ForkFollowed, ForkInfo, ForkMade, GroupDetails, GroupKeys, KnownMember, MemberInfo,
    OldKeyInfo,
};
use crate::host::OpenProfile;
use crate::kept::{KeptInfo, SealedInfo};
use crate::network::{Obstacle, Step};
use crate::presence::PresenceInfo;
use crate::problem::Problem;
use crate::reason::Rejection;
use crate::state::{MessageState, SeenBy};

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

/// Source of a name: who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameSource {
    /// There is no name.
    #[default]
    None,
    /// The person.
    Given,
    /// Somebody else: the contact itself, the maker of the group. Anybody can choose any name.
    Claimed,
}

/// Kind of thing that a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NameKind {
    /// Somebody who is no contact: nothing but an address is known.
    #[default]
    Stranger,
    /// The profile itself.
    You,
    /// A contact.
    Contact,
    /// A group.
    Group,
}

/// Whom or what a text names, and how to show it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NameInfo {
    /// Kind of thing that it stands for.
    pub kind: NameKind,
    /// The name as it was chosen, on one line and without what cannot be seen; empty without one.
    pub name: String,
    /// Source of the name.
    pub name_source: NameSource,
    /// The text to show: a given name as it is, a claimed one in quotation marks, without a name the beginning of the
    /// address or id; followed by that in brackets where another conversation could be taken for this one. Only the
    /// profile itself is shown as `you`.
    pub shown: String,
    /// The beginning of the address or id.
    pub short: String,
}

/// A conversation that an ambiguous name may stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateInfo {
    /// The conversation's number, by which it is named without doubt.
    pub conversation: i64,
    /// The contact's address or the group's id, which names it as well.
    pub with: String,
    /// Its name.
    #[serde(flatten)]
    pub name: NameInfo,
}

/// Readiness of something: the network, the profile's own address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessInfo {
    /// The part that is done, 0 to 100, as far as it can be told.
    pub percent: u8,
    /// The thing that is waited for, in a few words without a full stop; empty once ready.
    pub waiting_for: String,
    /// The same as a code with arguments; `null` once ready.
    #[serde(default, deserialize_with = "crate::problem::known")]
    pub step: Option<Step>,
    /// True if it is usable.
    pub ready: bool,
    /// The obstacle, and what to do: whole sentences.
    pub trouble: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, deserialize_with = "crate::problem::known")]
    pub why: Option<Obstacle>,
    /// True if somebody has to do something about the trouble. If not, it may pass by itself.
    #[serde(default)]
    pub needs_person: bool,
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

/// Offer of a closed group of two, as an invite in a message makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferInfo {
    /// Address of the server on which the group is.
    pub server: String,
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

/// Note about a group message beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteInfo {
    /// Kind of the note.
    pub kind: NoteKind,
    /// The number of messages that it is about, where they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The author's name, as everywhere; of the kind `you` for another device of the person's.
    #[serde(default)]
    pub who: Box<NameInfo>,
    /// The same as whole sentences.
    pub sentence: String,
}

/// The kinds of notes (docs/verifiable-log.md, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Its author gave its number to another message, too: a lie or a restored backup.
    Conflicting,
    /// The message refers to one that was never posted: its author lies.
    NeverPosted,
    /// An earlier message is missing, and its author reports a different log of the server. It accuses nobody.
    SplitView,
    /// Its author reports a different log of the server. It accuses nobody.
    OtherLog,
    /// Messages of its author are missing before it.
    Missing,
    /// An earlier message is missing; it cannot be told why.
    Undecided,
    /// An earlier message is missing, and the server gives no receipts.
    NoReceipts,
    /// It waits for an earlier message.
    Waiting,
    /// Older messages expired on the server.
    Expired,
    /// An earlier message is encrypted with a key that is not held.
    Unreadable,
    /// Somebody posted it again.
    Copy,
    /// A member gave it; the server has not shown it yet.
    Late,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageInfo {
    /// Local id: grows with every message of the profile.
    pub id: i64,
    /// The number of its conversation.
    pub conversation: i64,
    /// Whom the conversation is with: the contact's address or the group's id.
    #[serde(default)]
    pub with: String,
    /// The conversation's name: for own messages, where they go.
    #[serde(default)]
    pub conversation_name: Box<NameInfo>,
    /// The author's address.
    pub author: String,
    /// The author's name. Its kind is `you` for own messages and for no other.
    #[serde(default)]
    pub speaker: Box<NameInfo>,
    /// The text to show: of a text, a reply's body, or the content of an overlay that is not text.
    pub text: String,
    /// Overlay number (1 text, 10 reply, 100 suggested contact, 101 group invite, 200 file, others unknown).
    pub overlay: u64,
    /// Time of sending by its author's clock; `null` where the protocol does not say.
    pub sent: Option<i64>,
    /// Time of its arrival here; for own messages, of its writing.
    pub received: i64,
    /// Its state.
    pub state: MessageState,
    /// True if it is our own.
    pub own: bool,
    /// Group: base64 signature of the message that the author had seen last. Reply: see `quoted`.
    pub previous: Option<String>,
    /// Group: the message before, `previous`, has not been delivered to us.
    #[serde(default)]
    pub gap: bool,
    /// Reply: local id of the quoted message, where it is held.
    #[serde(default)]
    pub quoted: Option<i64>,
    /// Invite: it is to a closed group of its author and the profile alone, for what is written while one of them is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Box<OfferInfo>>,
    /// Group: place in the server's log, where it has one.
    #[serde(default)]
    pub index: Option<u64>,
    /// Place in its conversation: messages are read by growing place, and by growing id among equals. Numbers
    /// of one conversation are comparable, and say nothing else. It changes when the server shows where the message
    /// stands: [`crate::Event::MessageMoved`].
    #[serde(default)]
    pub place: i64,
    /// Group: the number of the epoch that it is of; 1 with a contact.
    #[serde(default)]
    pub epoch: u64,
    /// Group: the epochs that begin right before it in the conversation's order, in a page of messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begins: Vec<EpochStanding>,
    /// Group: it came under an old key, after the group had moved on to another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_key: Option<Box<OldKeyInfo>>,
    /// Group: our own, lost by the server and posted again.
    #[serde(default)]
    pub reposted: bool,
    /// True if what it said was forgotten here, by age or with its group's seal: there is no text.
    #[serde(default)]
    pub forgotten: bool,
    /// Group: what there is to say about it beside its text, the gravest first.
    #[serde(default)]
    pub notes: Vec<NoteInfo>,
    /// The reason for its state, as a sentence, in the answer to a command that sent it or took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::problem::known")]
    pub why: Option<Box<Problem>>,
}

/// Leaves out who wrote what to whom.
impl fmt::Debug for MessageInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, overlay, state, own, .. } = self;
        write!(f, "MessageInfo({id}, overlay {overlay}, {state:?}, own: {own}, {} bytes)", self.text.len())
    }
}

/// The result of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RepairInfo {
    /// Contacts that were asked.
    pub asked: u64,
    /// Messages that they gave.
    pub received: u64,
    /// Messages that are still missing and could be asked for.
    pub missing: u64,
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

/// Another copy of the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereInfo {
    /// Manner in which it was seen first.
    pub seen: SeenBy,
    /// The time.
    pub at: i64,
    /// The same as whole sentences.
    pub detail: String,
}

/// Status of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusInfo {
    /// The profile's own address.
    pub address: String,
    /// True if others can reach the profile's own address.
    pub online: bool,
    /// Presence of the profile: whether it shows that it is there.
    #[serde(default)]
    pub presence: PresenceInfo,
    /// Readiness of the network.
    pub network_readiness: ReadinessInfo,
    /// Readiness of the profile's own address for others; `null` where no daemon runs.
    pub address_readiness: Option<ReadinessInfo>,
    /// Contacts with a connection.
    pub contacts_online: u64,
    /// Our own messages that nobody has confirmed yet.
    pub queued: u64,
    /// True if something that is to be forgotten is not erased from the disk yet.
    #[serde(default)]
    pub erasing: bool,
    /// True if peers that are no contacts are disconnected and not asked about.
    #[serde(default)]
    pub unknown_blocked: bool,
    /// Another copy of the profile that seems to run elsewhere; `null` where none was seen. Nothing is sent while
    /// there is one.
    #[serde(default)]
    pub runs_elsewhere: Option<ElsewhereInfo>,
    /// The servers.
    pub servers: Vec<ServerInfo>,
    /// The network's name and, for networks that protect nobody, the warning.
    pub network: Value,
    /// The profiles that are open in the daemon, this one among them; none where no daemon runs.
    #[serde(default)]
    pub profiles: Vec<OpenProfile>,
}
