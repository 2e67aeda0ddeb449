//! Circumstances of a simulated group.

use cwtch_wire::group::fork::Mode;

/// A person's way to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Accepts,
    EverySecond,
    Refuses,
    Never,
}

/// Members who are each other's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contacts {
    Nobody,
    /// Everybody and the one with half the number.
    Tree,
    All,
}

/// The circumstances of a world. Parts are of 1.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) members: usize,
    pub(crate) mode: Mode,
    /// Part of the hours in which somebody is there, drawn for each member from this range.
    pub(crate) presence: (f64, f64),
    /// Part of the hours, of those in which somebody is there, in which they write.
    pub(crate) chat: f64,
    /// Part of what a reader never gets of what the server has.
    pub(crate) loss: f64,
    /// Part of what a reader gets up to three days later.
    pub(crate) late: f64,
    /// Part of what a reader gets twice.
    pub(crate) twice: f64,
    /// Part of what is read in another order.
    pub(crate) shuffled: f64,
    /// Part of the transactions at which a program dies, half of them before it is durable, half before anything of it left; where it has a disk,
    /// three of ten find no room on it instead.
    pub(crate) crashes: f64,
    pub(crate) contacts: Contacts,
    /// Answers of all members that are not changed afterwards.
    pub(crate) person: Person,
    /// True if the server has a log.
    pub(crate) log: bool,
    /// Number of members, the last ones, whose programs know no forks.
    pub(crate) deployed: usize,
    /// True if messages are sealed, signed, opened and verified, each compared with what it is to say. Packages always are.
    pub(crate) bytes: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            members: 6,
            mode: Mode::Trusted,
            presence: (0.3, 0.3),
            chat: 0.05,
            loss: 0.0,
            late: 0.0,
            twice: 0.0,
            shuffled: 0.5,
            crashes: 0.0,
            contacts: Contacts::Tree,
            person: Person::Accepts,
            log: true,
            deployed: 0,
            bytes: false,
        }
    }
}
