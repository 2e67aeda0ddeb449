//! Types that the profile's transactions take and give. Texts, keys and addresses stay out of `Debug`.

use core::fmt;

use cwtch_log::{EntryId, MsgId};
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::token::{IssuerPublicKey, Token};
use cwtch_primitives::{Address, Zeroizing};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::Extensions;
use cwtch_wire::group::fork::{DayKeys, ForkId, Mode, Notice, Prekey, ServerPart};

pub use cwtch_protocol::group::fork::Writes;
pub use cwtch_protocol::group::{Place as LogPlace, Stretch};

use crate::names::{self, Source};

/// The most bytes of an overlay's JSON that are stored: what one packet can carry.
pub const OVERLAY_MAX: usize = 8192;

/// The local number of a message: grows through the whole profile and is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageId(pub i64);

/// The local number of a conversation (a contact's or a group's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Access of a contact: whether it may talk to us (§1.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactState {
    /// Connected once; nothing that it sends is kept.
    Unknown,
    /// Accepted by the person.
    Accepted,
    /// Connections are closed after authentication.
    Blocked,
    /// As unknown, but the person said that they need not be asked again.
    Rejected,
}

/// A public attribute of a profile (§1.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// `profile.name`
    Name,
    /// `profile.profile-status`
    Status,
    /// `profile.profile-attribute-1`
    Attribute1,
    /// `profile.profile-attribute-2`
    Attribute2,
    /// `profile.profile-attribute-3`
    Attribute3,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Name, Self::Status, Self::Attribute1, Self::Attribute2, Self::Attribute3];
    /// The most bytes of a value.
    pub const MAX: usize = 1024;

    /// The path by which peers ask for it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Name => "profile.name",
            Self::Status => "profile.profile-status",
            Self::Attribute1 => "profile.profile-attribute-1",
            Self::Attribute2 => "profile.profile-attribute-2",
            Self::Attribute3 => "profile.profile-attribute-3",
        }
    }

    /// The attribute of a path, if a contact may read it at all.
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.path() == path)
    }
}

/// Result of adding something: it is new, or had been there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added<T> {
    /// The thing is new.
    New(T),
    /// The thing had been there.
    Known(T),
}

impl<T> Added<T> {
    /// The thing, new or not.
    pub fn into_inner(self) -> T {
        match self {
            Self::New(t) | Self::Known(t) => t,
        }
    }

    /// True if it is new.
    pub fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// A contact.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its address.
    pub address: Address,
    /// Name that the person gave it.
    pub local_name: Option<String>,
    /// Access: whether it may talk to us.
    pub state: ContactState,
    /// Time at which it was added or first connected, unix seconds.
    pub added: i64,
    /// Time at which it was last seen over an authenticated connection, unix seconds, to the minute.
    pub last_seen: Option<i64>,
    /// Time at which the person compared the safety words with it, unix seconds.
    pub compared: Option<i64>,
    /// The note that the person made about it.
    pub note: Option<Note>,
    /// Attributes that it told us of itself.
    pub attributes: Vec<(Attribute, String)>,
    /// The name that it shows: the person's for it, else its own; `None` if neither can be seen.
    pub naming: Option<Naming>,
}

impl Contact {
    /// One of the attributes it told us.
    pub fn attribute(&self, attribute: Attribute) -> Option<&str> {
        self.attributes.iter().find(|(a, _)| *a == attribute).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("conversation", &self.conversation)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A note that a person made for themselves about a conversation, or about who it is with. It is sent to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(pub String);

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({} bytes)", self.0.len())
    }
}

/// The name that a conversation shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Naming {
    /// The name as it may be shown, see [`names::clean`].
    pub name: String,
    /// Source of the name: the person or somebody else.
    pub source: Source,
    /// True if another conversation would be taken for this one by its name.
    pub alike: bool,
}

impl fmt::Debug for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Naming")
            .field("source", &self.source)
            .field("alike", &self.alike)
            .finish_non_exhaustive()
    }
}

/// Text that a conversation is shown as: its name if it has one, and the beginning of its address or id if it has none or
/// the name alone may mislead. See [`names::shown`].
pub fn shown(naming: Option<&Naming>, id: &str) -> String {
    match naming {
        Some(Naming { name, source, alike }) => names::shown(name, *source, id, *alike),
        None => names::short(id),
    }
}

/// A contact or a group.
#[derive(Debug, Clone)]
pub enum Conversation {
    /// With one contact.
    Contact(Contact),
    /// In a group.
    Group(Group),
}

impl Conversation {
    /// Its number.
    pub fn id(&self) -> ConversationId {
        match self {
            Self::Contact(contact) => contact.conversation,
            Self::Group(group) => group.conversation,
        }
    }

    /// The contact's address or the group's id.
    pub fn id_text(&self) -> String {
        match self {
            Self::Contact(contact) => contact.address.to_string(),
            Self::Group(group) => group.id.to_string(),
        }
    }

    /// The name that it shows.
    pub fn naming(&self) -> Option<&Naming> {
        match self {
            Self::Contact(contact) => contact.naming.as_ref(),
            Self::Group(group) => group.naming.as_ref(),
        }
    }
}

/// The content of a message: an overlay (§1.10), parsed and as its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The overlay's number, `o`.
    pub kind: u64,
    /// The overlay's text, `d`.
    pub data: String,
    /// The JSON exactly as sent or received: quotes hash it. At most [`OVERLAY_MAX`] bytes.
    pub json: Vec<u8>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("kind", &self.kind)
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}

/// State of a message: how far an own one got, or how another one came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Ours, durable here, not yet sent.
    Queued,
    /// Ours, sent at least once, not yet confirmed.
    Sent,
    /// Ours, acknowledged by the contact.
    Acknowledged,
    /// Ours, durably stored by the group's server.
    Stored,
    /// Ours, given up.
    Failed,
    /// Received from a contact over an authenticated connection.
    Received,
    /// Received from a group, with a valid author's signature.
    Verified,
}

/// A stored message.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Local number.
    pub id: MessageId,
    /// Conversation that it belongs to.
    pub conversation: ConversationId,
    /// Address of its author.
    pub author: Address,
    /// True if this profile is the author.
    pub own: bool,
    /// State: how far it got, or how it came here.
    pub state: MessageState,
    /// Content of the message.
    pub content: Content,
    /// Time at which it was sent, as the author says, unix seconds; `None` where the protocol does not say.
    pub sent: Option<i64>,
    /// Time at which it arrived, unix seconds; for own messages, at which it was written.
    pub received: i64,
    /// Contacts: the protocol's message id.
    pub protocol_id: Option<String>,
    /// Groups: the author's signature.
    pub signature: Option<Vec<u8>>,
    /// Groups: the signature of the newest message that the author had seen; `None` for none.
    pub previous: Option<Vec<u8>>,
    /// Groups: `previous` has not been delivered to us.
    pub gap: bool,
    /// Groups: place in the server's order, from 1; `None` while the server has not shown it.
    pub position: Option<u64>,
    /// Groups: the message's entry, as it was posted.
    pub entry: Option<EntryId>,
    /// Groups: the index of that entry in the server's log, as the server signed it. Verified only below
    /// [`super::LogStatus::size`]; `None` without a log, and after the server lost it.
    pub log_index: Option<u64>,
    /// Groups: an own message that the server lost, posted again.
    pub reposted: bool,
    /// The person deleted it here: nothing of what it said is left.
    pub erased: bool,
    /// True if what it said was forgotten here: it is shown, and says nothing.
    pub forgotten: bool,
    /// Place in its conversation's order: messages are read by growing place, and by growing `id` among equals. It
    /// changes when the server shows the message; see profile/order.rs.
    pub place: i64,
    /// Groups: the number of the epoch that it is of.
    pub epoch: u64,
}

impl fmt::Debug for StoredMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMessage")
            .field("id", &self.id)
            .field("conversation", &self.conversation)
            .field("state", &self.state)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// Outcome of receiving a message from a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// New, now durable: acknowledge it.
    Stored(MessageId),
    /// Had been stored before: acknowledge it again, show nothing.
    Duplicate(MessageId),
    /// The peer is not an accepted contact: dropped, do not acknowledge.
    NotAccepted,
}

/// Outcome of noting an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOutcome {
    /// The message is acknowledged now.
    Acknowledged(MessageId),
    /// The message had been acknowledged before.
    Already(MessageId),
    /// No own message to this contact has this id.
    Unknown,
}

/// An own message to a contact that it has not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingP2p {
    /// Local number.
    pub id: MessageId,
    /// The protocol's message id: a resend uses the same one.
    pub protocol_id: String,
    /// Content to send.
    pub content: Content,
    /// [`MessageState::Queued`] or [`MessageState::Sent`].
    pub state: MessageState,
}

/// A server as its verified key bundle describes it.
#[derive(Clone)]
pub struct NewServer {
    /// The board's address.
    pub board: Address,
    /// The token service's address.
    pub token_service: Address,
    /// The key that signs tokens.
    pub issuer: IssuerPublicKey,
    /// The bundle's JSON as received.
    pub bundle: Vec<u8>,
}

impl fmt::Debug for NewServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewServer(…)")
    }
}

/// A known server.
#[derive(Clone)]
pub struct Server {
    /// The board's address.
    pub board: Address,
    /// The token service's address.
    pub token_service: Address,
    /// The key that signs tokens.
    pub issuer: IssuerPublicKey,
    /// The bundle's JSON as first received.
    pub bundle: Vec<u8>,
    /// Time at which it was added, unix seconds.
    pub added: i64,
    /// Messages of own groups accepted from it.
    pub received: u64,
    /// Messages that an own key opened but that failed a check.
    pub rejected: u64,
    /// Tokens in the wallet.
    pub tokens: u64,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("received", &self.received)
            .field("rejected", &self.rejected)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// Record of a message that was refused.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// The server it came from.
    pub server: Address,
    /// The group whose key opened it, where one did.
    pub group: Option<GroupId>,
    /// Reason for the refusal: its name or sentence.
    pub reason: String,
    /// Time of the refusal, unix seconds.
    pub at: i64,
}

impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reject").field("reason", &self.reason).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Messages that a group's server may hold from before the group was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// The group was made just now: nothing.
    Empty,
    /// The group was joined: the next sync must replay everything that the server holds.
    Replay,
}

/// A group to be added.
#[derive(Clone)]
pub struct NewGroup {
    /// Its id, derived from key and server.
    pub id: GroupId,
    /// Its key.
    pub key: GroupKey,
    /// Its name, 1–128 bytes without control characters.
    pub name: String,
    /// The board that carries it; must be known.
    pub server: Address,
    /// Messages that the server may hold already.
    pub history: History,
    /// Announcement of it; `None` for a static group without a notice.
    pub notice: Option<NewNotice>,
}

/// A group's notice, with what goes along with it.
#[derive(Clone)]
pub struct NewNotice {
    /// The notice, which must be that of the group.
    pub notice: Notice,
    /// The keys of its days; there exactly if the notice's mode has daily keys.
    pub days: Option<DayKeys>,
    /// The keys of the group's server, as packages and invites carry them; verified as the server's.
    pub server: Option<ServerPart>,
    /// Condition under which own messages may leave.
    pub writes: Writes,
    /// Giver of the invite, where that is known.
    pub inviter: Option<Address>,
}

impl fmt::Debug for NewGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewGroup").field("history", &self.history).finish_non_exhaustive()
    }
}

/// A group under one of its keys: the one that it is written with, where nothing else is said.
#[derive(Clone)]
pub struct Group {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its id.
    pub id: GroupId,
    /// Its key.
    pub key: GroupKey,
    /// Name that its maker gave it, as it stands in invites.
    pub name: String,
    /// The name that it shows: the person's for it, else its maker's; `None` if neither can be seen.
    pub naming: Option<Naming>,
    /// The board that carries it.
    pub server: Address,
    /// Time at which it was made or joined, unix seconds.
    pub joined: i64,
    /// Signature of the newest message known to be stored by the server: the next post's
    /// `PreviousMessageSig` (§1.9).
    pub last_signature: Option<Vec<u8>>,
    /// True while messages that its server had before it was joined are still to be read with its key.
    pub unread: bool,
    /// Its mode; [`Mode::Static`] for every group without a notice.
    pub mode: Mode,
    /// The name of its notice; [`ForkId::NONE`] without one. [`super::Profile::notice_of`] has the notice.
    pub fork_id: ForkId,
    /// The keys of its days that are kept; `None` in a static group.
    pub days: Option<DayKeys>,
    /// Condition under which own messages may leave.
    pub writes: Writes,
    /// The number of the epoch that this is: key, id, server and the newest message are of this one.
    pub epoch: u64,
    /// The part of the conversation's order in which the epoch's messages stand.
    pub stretch: Stretch,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("conversation", &self.conversation).finish_non_exhaustive()
    }
}

/// Numbers of messages and of authors in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupCounts {
    /// Messages.
    pub messages: u64,
    /// Different authors.
    pub authors: u64,
}

/// An own group message as it is posted.
#[derive(Clone)]
pub struct NewPost {
    /// The id of the epoch under whose key it was composed.
    pub group: GroupId,
    /// Content of the message.
    pub content: Content,
    /// The encrypted message.
    pub ciphertext: Vec<u8>,
    /// The author's signature.
    pub signature: Vec<u8>,
    /// The signature of the message before, empty for none.
    pub previous: Vec<u8>,
    /// The message's name; the same that a sync gives for it.
    pub msg_id: MsgId,
    /// Statements of the message about the messages before it.
    pub said: Option<SaidByPost>,
    /// The day with whose key it is sealed, in days since 1970; `None` in the static form.
    pub day: Option<u64>,
    /// The time that it carries, unix seconds: that at which it was written, or later.
    pub sent: i64,
    /// The own prekey that had room in it.
    pub prekey: Option<Prekey>,
}

impl fmt::Debug for NewPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewPost({} bytes)", self.ciphertext.len())
    }
}

/// Statements of an own message about the messages before it.
#[derive(Debug, Clone)]
pub struct SaidByPost {
    /// Extensions from [`super::Profile::next_extensions`].
    pub extensions: Extensions,
    /// Number of abandoned sequence numbers that had room in the message.
    pub abandoned_told: usize,
}

/// An own group message on its way.
#[derive(Clone)]
pub struct PendingPost {
    /// Local number of the message.
    pub id: MessageId,
    /// The group.
    pub group: GroupId,
    /// Draft, or the composed message.
    pub body: PostBody,
    /// The token bound to this post, if it has been sent or was about to be.
    pub token: Option<Token>,
    /// [`MessageState::Queued`] or [`MessageState::Sent`].
    pub state: MessageState,
    /// True if it is an own message, and not one of a member that is posted again.
    pub own: bool,
    /// The time that it carries, unix seconds.
    pub sent: i64,
}

/// Stage of an own group message on its way.
#[derive(Clone, PartialEq, Eq)]
pub enum PostBody {
    /// Draft: what the person wrote; it has no number yet.
    Draft {
        /// The overlay's JSON.
        overlay: Vec<u8>,
        /// Time at which it was written, unix seconds.
        written: i64,
    },
    /// Signed and encrypted: from now on it goes out as it is or not at all.
    Composed(EncryptedGroupMessage),
}

impl fmt::Debug for PostBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draft { .. } => "Draft",
            Self::Composed(_) => "Composed",
        })
    }
}

/// A token that is bound to a post.
#[derive(Debug, Clone)]
pub struct Payment {
    /// The token.
    pub token: Token,
    /// True if it was bought since the database was opened: no copy of the database can have spent it.
    pub bought_since: bool,
    /// True if it was bound by this call: this database has never sent it before.
    pub fresh: bool,
}

impl fmt::Debug for PendingPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingPost")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Token bytes on their way to or from the database.
pub(super) type TokenBytes = Zeroizing<[u8; 64]>;
