//! Changes that a step makes in a store.

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_wire::group::{Chain, Gossip, Parent};

use super::chain::AuthorChain;
use super::known::{OwnChain, Place, Row};
use super::verdict::Verdict;

/// The message that a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one that the step is about, which [`Change::Keep`] keeps.
    This,
    /// One that the store holds.
    Held(Row),
}

/// The way by which a message comes into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The server shows it: it stands at the next position of the server's order.
    Shown,
    /// A member gave it. It has no place yet, and is queued to be posted again with the same bytes.
    Given,
    /// The server shows what this draft was to say: another copy of the profile composed it. The draft becomes it, and is not
    /// sent any more.
    Adopted(Row),
    /// This draft was composed here. It waits to be sent.
    Composed(Row),
}

/// A root that an author computed over the log, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The author's word.
    pub gossip: Gossip,
    /// True if it is another log; `None` until it is judged.
    pub differs: Option<bool>,
}

/// A message that is kept, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// The way it came.
    pub how: How,
    /// The message that its author had seen last is not here.
    pub gap: bool,
    /// Its place in the conversation's order.
    pub stands: i64,
    /// Its references, with the verdicts so far.
    pub parents: Vec<(Parent, Verdict)>,
    /// The root that its author computed; `None` where nothing needs it.
    pub view: Option<View>,
    /// Its number, where its chain is followed.
    pub chain: Option<Chain>,
}

/// A part of what is kept of a group that changes. The changes of a step belong into one transaction, in their order;
/// [`Memory`](super::Memory) defines what each means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A message is kept.
    Keep(Box<Keep>),
    /// The server has an own message that waited; where the server shows it (`positioned` was false), it takes the next
    /// position of the server's order.
    Confirm(Row),
    /// The server shows a message that a member gave: it takes the next position, and need not be posted any more.
    Show(Row),
    /// A message that was here before its place in the log has it now.
    Locate {
        /// The message.
        row: Row,
        /// Its entry.
        entry: EntryId,
        /// The place.
        place: Place,
    },
    /// Another entry with the same message.
    Copy {
        /// The message.
        of: Row,
        /// The other entry.
        entry: EntryId,
        /// Its index.
        index: Option<u64>,
    },
    /// A message moves before this place of the conversation's order, if it stands behind it.
    StandBefore {
        /// The message.
        which: Which,
        /// The place.
        stands: i64,
    },
    /// No message that has this one as the last that its author saw lacks it any more.
    CloseGaps {
        /// The signature.
        signature: Vec<u8>,
    },
    /// An entry is here: all references to it come to [`Verdict::Fine`] but those that came to `but`.
    Settle {
        /// The entry.
        entry: EntryPrefix,
        /// The verdict that stands.
        but: Verdict,
    },
    /// An author's chain stands elsewhere now.
    Chain {
        /// The author.
        author: [u8; 32],
        /// The chain.
        label: u32,
        /// Its state.
        chain: AuthorChain,
        /// Its holes are not those that are kept.
        other_holes: bool,
    },
    /// The group was read from this index of the log on.
    ReadFrom(u64),

    /// The own chain.
    Own(OwnChain),
    /// A number of the own chain was given up and is to be told.
    Abandon(u32),
    /// The message of the step tells that this number was given up.
    Told(u32),
    /// Numbers that only this message told are to be told again.
    Untold(Row),
    /// A number that was given up is not.
    Retract(u32),
    /// No numbers are to be told: their chain was left.
    RetractAll,
    /// An own message that waits is a draft again.
    Unnumber(Row),

    /// A reference was judged.
    Judged {
        /// The message that refers.
        row: Row,
        /// The reference's number.
        number: u8,
        /// The verdict.
        verdict: Verdict,
    },
    /// A reference waits on; a sync brought nothing.
    Waited {
        /// The message that refers.
        row: Row,
        /// The reference's number.
        number: u8,
    },
    /// A computed root was compared.
    Compared {
        /// The message that says it.
        row: Row,
        /// True if it is another log.
        differs: bool,
    },
    /// A computed root waits on; a sync brought nothing.
    ViewWaited {
        /// The message that says it.
        row: Row,
    },
}
