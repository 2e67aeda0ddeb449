//! Events, the changes that follow from them, and questions to the person.

use cwtch_wire::group::fork::ForkId;

use super::epoch::{Epoch, Member, Statement};

/// Something that a member learns, or wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A package opened and was found good by [`super::check()`].
    Opened(Epoch),
    /// An own fork was made, which is durable and on its way.
    Forked(Epoch),
    /// A verified message of a member was read that carries no part of a package. One that does is no statement: members who
    /// have moved post packages again in the epoch before.
    Said(Member, Statement),
    /// A member said in an epoch that they leave.
    Leaves(Member, ForkId),
    /// A sync was completed.
    Synced,
    /// The person blocks or ignores somebody's forks, or takes that back.
    Blocks(Member, bool),
    /// The person wants a fork, from a question or from the list of forks.
    Accepts(ForkId),
    /// The person wants none of a question's forks.
    Refuses(Question),
    /// The person takes back an own fork that nobody followed.
    TakesBack(ForkId),
    /// The keys of a fork that was never followed are to be erased, if it cannot be followed any more ([`super::View::can_be_followed`]).
    Expires(ForkId),
    /// Time has passed.
    Tick,
}

/// A change of what a member knows or does. The store keeps it; what others see of it comes afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A fork is known from a time on: its epoch is read and not written.
    Keep(Epoch, u64),
    /// A fork is not known any more, because another one needs its place.
    Drops(ForkId),
    /// The keys of a fork that was never followed are erased; what it is stays known.
    Closes(ForkId),
    /// A sync was completed since all that is known was opened.
    Synced,
    /// A member's message counts.
    Said(Member, Statement),
    /// A member leaves an epoch.
    Leaves(Member, ForkId),
    /// Forks of a member are passed over, or not any more.
    Blocks(Member, bool),
    /// A change by a member of an epoch was seen first at a time.
    Stops(Member, ForkId, u64),
    /// The member writes in a fork from now on; queued messages are composed anew there, and the epoch before begins to close.
    Moves {
        /// The fork.
        to: ForkId,
        /// The time.
        at: u64,
        /// True if a person chose it.
        chosen: bool,
    },
    /// The member writes in the epoch before again, because nobody followed an own fork.
    Returns(ForkId, u64),
    /// The person is asked; a question of the same name is replaced.
    Asks(Question),
    /// A question is settled without an answer.
    Withdraws(Question),
    /// The person wants none of a question's forks.
    Refuses(Question, u64),
}

/// Reason of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// Somebody made a key with another list, mode or server.
    Change,
    /// Somebody made a key for the same members, in a way that may be an attack.
    Doubtful,
    /// More members use another key than the one that was followed.
    Join,
    /// Most members use a key that was declined.
    Again,
}

/// A question about forks of one epoch. The first fork is the first choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The reason.
    pub why: Why,
    /// The epoch that they are forks of.
    pub parent: ForkId,
    /// The forks, lowest id first.
    pub forks: Vec<ForkId>,
}

impl Question {
    /// The question's name: there is one for each reason and epoch.
    pub const fn key(&self) -> (Why, ForkId) {
        (self.why, self.parent)
    }

    /// True if a refusal counts against who made the forks.
    pub(super) const fn is_about_changes(&self) -> bool {
        matches!(self.why, Why::Change)
    }
}
