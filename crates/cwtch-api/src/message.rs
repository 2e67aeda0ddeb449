//! Messages, and the notes beside them.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::group::{EpochStanding, OldKeyInfo};
use crate::name::NameInfo;
use crate::problem::Problem;
use crate::state::MessageState;

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

/// Offer of a closed group of two, as an invite in a message makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferInfo {
    /// Address of the server on which the group is.
    pub server: String,
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
