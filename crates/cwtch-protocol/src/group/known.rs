//! Questions that a step asks a store.

use core::fmt;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_wire::group::Extensions;

use super::chain::AuthorChain;
use super::verdict::Verdict;

/// A store's number of a message: grows with each that is kept, and is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub i64);

/// The place of a message in a log that is verified up to there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its index.
    pub index: u64,
    /// The incarnation that signs for the index.
    pub incarnation: u64,
    /// The root of the log up to and with the message.
    pub root: Hash,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("index", &self.index).finish_non_exhaustive()
    }
}

/// The words of a message, as far as it tells one draft from another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Words<'a> {
    /// The overlay's number.
    pub kind: u64,
    /// The overlay's data.
    pub data: &'a str,
    /// The time that the author says, if that is sane.
    pub sent: Option<i64>,
}

/// A message whose group, name and author's signature were verified.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The author's key.
    pub author: &'a [u8; 32],
    /// Its name.
    pub id: MsgId,
    /// Its entry.
    pub entry: EntryId,
    /// The signature.
    pub signature: &'a [u8],
    /// The signature of the message that its author had seen last; empty for none.
    pub previous: &'a [u8],
    /// Its place, on a server with a log.
    pub place: Option<Place>,
    /// Its words for people.
    pub words: Words<'a>,
    /// The author's word about the messages before it.
    pub extensions: Option<&'a Extensions>,
}

/// The own chain of a group: one for each store, left whenever others may hold numbers of it that are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnChain {
    /// Tells this chain from others of the same author; `None` until the next message begins one.
    pub label: Option<u32>,
    /// The number of the next message.
    pub next: u32,
}

impl OwnChain {
    /// A chain that the next message begins.
    pub const FRESH: Self = Self { label: None, next: 1 };
}

/// One of the newest messages that a checkpoint covers.
#[derive(Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its entry.
    pub id: EntryPrefix,
    /// Its place in the log.
    pub place: Place,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The signature of the message that its author had seen last; empty for none.
    pub previous: Vec<u8>,
    /// The entries that it names.
    pub parents: Vec<EntryPrefix>,
}

/// A message that the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub row: Row,
    /// Its entry; `None` for one from before entries were kept.
    pub entry: Option<EntryId>,
    /// True if it has the signature that was asked for, not only the same words.
    pub same_signature: bool,
    /// True if it is an own one.
    pub own: bool,
    /// The server is known to have it.
    pub stored: bool,
    /// The server showed it: it has a place in the server's order.
    pub positioned: bool,
    /// A member gave it, and the server has not shown it.
    pub from_member: bool,
    /// Its index in the log, where it is known.
    pub index: Option<u64>,
    /// The root behind it is kept: a checkpoint covers it.
    pub covered: bool,
}

/// A message that names another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The message's place in the conversation's order.
    pub stands: i64,
    /// Its own index, where it is known.
    pub index: Option<u64>,
    /// The index at which it says that the other one is.
    pub named: u64,
    /// The verdict on the reference.
    pub verdict: Verdict,
}

/// A message with a number in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// Its number in the store.
    pub row: Row,
    /// Its name.
    pub id: MsgId,
    /// Its place in the conversation's order.
    pub stands: i64,
}

/// The names of a message that the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// True if it is an own one.
    pub own: bool,
    /// Its author's key.
    pub author: [u8; 32],
    /// Its entry; `None` for a draft.
    pub entry: Option<EntryId>,
    /// The label of its chain and its number, where the chain is followed.
    pub number: Option<(u32, u32)>,
}

/// A store's knowledge of one group.
///
/// Each answer is bounded by its argument or by its nature, so that a step costs the same in a large group. What is asked
/// is the state before the step.
pub trait Messages {
    /// Trouble with the store.
    type Error;

    /// The own key.
    fn own(&self) -> &[u8; 32];
    /// True if the server must show a log: its certificate is pinned, and it did not end the log.
    fn has_log(&self) -> bool;
    /// The index below which the server may have deleted entries; 0 without a log.
    fn min_index(&self) -> u64;
    /// The position in the server's order of the next message that it shows.
    fn next_position(&self) -> i64;
    /// The pinned certificate.
    ///
    /// # Errors
    /// Trouble with the store; so for all that follow.
    fn certificate(&self) -> Result<Option<Box<[u8; CERTIFICATE_LEN]>>, Self::Error>;

    /// The own chain.
    fn own_chain(&self) -> Result<OwnChain, Self::Error>;
    /// The newest own message of a chain below a number that was not given up.
    fn newest_own(&self, label: u32, below: u32) -> Result<Option<EntryPrefix>, Self::Error>;
    /// Numbers of the own chain that were given up and that no message tells, from the lowest.
    fn untold(&self, limit: usize) -> Result<Vec<u32>, Self::Error>;
    /// The names of a message.
    fn named(&self, row: Row) -> Result<Option<Named>, Self::Error>;
    /// Own messages with this number that wait to be sent for the first time.
    fn waiting(&self, label: u32, sequence: u32, limit: usize) -> Result<Vec<Row>, Self::Error>;
    /// An own message that is queued, was not composed yet, and says this.
    fn draft(&self, words: &Words<'_>) -> Result<Option<Row>, Self::Error>;

    /// The newest messages by index that a checkpoint covers, newest first.
    fn newest(&self, limit: usize) -> Result<Vec<Newest>, Self::Error>;
    /// A message with this signature or this name.
    fn held(&self, signature: &[u8], id: &MsgId) -> Result<Option<Held>, Self::Error>;
    /// True if a message with this signature is here.
    fn has_signature(&self, signature: &[u8]) -> Result<bool, Self::Error>;
    /// True if this entry is here, by itself or as a copy.
    fn has_entry(&self, entry: &EntryPrefix) -> Result<bool, Self::Error>;
    /// The own root of a size, kept with the message at its end.
    fn root_at(&self, size: u64) -> Result<Option<Hash>, Self::Error>;
    /// Messages that name an entry, those that stand first.
    fn answers(&self, entry: &EntryPrefix, limit: usize) -> Result<Vec<Answer>, Self::Error>;

    /// A chain of an author.
    fn chain(&self, author: &[u8; 32], label: u32) -> Result<Option<AuthorChain>, Self::Error>;
    /// The count of an author's chains that are kept.
    fn chains_of(&self, author: &[u8; 32]) -> Result<usize, Self::Error>;
    /// Messages of an author with a number, in the order in which they came.
    fn numbered(
        &self,
        author: &[u8; 32],
        label: u32,
        sequence: u32,
        limit: usize,
    ) -> Result<Vec<Numbered>, Self::Error>;
    /// True if the index from which the group was read is kept.
    fn knows_where_reading_began(&self) -> Result<bool, Self::Error>;
}
