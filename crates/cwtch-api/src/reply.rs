//! Replies: plain data in a stable JSON form. All times are unix seconds.
//!
//! Where something is wrong, `why` says it as a code with arguments. The sentence beside it is for people; the engine leaves
//! it empty, and whoever stands between engine and people fills it in from `cwtch-words`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value};

use crate::command::Command;
use crate::group::{ForkFollowed, ForkInfo, ForkMade, GroupDetails, KnownMember};
use crate::kept::SealedInfo;
use crate::listed::{
    AttributeInfo, ContactInfo, ConversationDetails, ConversationInfo, ExperimentInfo, GroupCreated,
    GroupInfo, GroupOffered, SafetyWords,
};
use crate::message::{MessageInfo, RepairInfo};
use crate::presence::PresenceInfo;
use crate::problem::Problem;
use crate::readiness::StatusInfo;
use crate::search::FoundInfo;
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
    /// The safety words of the profile and a contact.
    SafetyWords(SafetyWords),
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
    /// A page of what a search found.
    Found(FoundInfo),
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
    /// A message was deleted here, or several.
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
            | C::ContactReject { .. }
            | C::ContactShow { .. }
            | C::ContactCompared { .. }
            | C::ContactNote { .. } => Self::Contact(from_value(json)?),
            C::ContactList => Self::Contacts(from_value(json)?),
            C::ContactWords { .. } => Self::SafetyWords(from_value(json)?),
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
            C::Search { .. } => Self::Found(from_value(json)?),
            C::ConversationList { .. } => Self::Conversations(from_value(json)?),
            C::ConversationShow { .. } => Self::ConversationDetails(from_value(json)?),
            C::GroupSeal { .. } => Self::Sealed(from_value(json)?),
            C::GroupLeave { .. } => {
                let Left { told } = from_value(json)?;
                Self::Left { told }
            }
            C::GroupKeep { .. }
            | C::ConversationKeep { .. }
            | C::ConversationVanish { .. }
            | C::ConversationClear { .. }
            | C::ConversationRead { .. }
            | C::ConversationDraft { .. }
            | C::ConversationNote { .. }
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
