//! The agreement of two contacts about a time after which messages vanish (section 2.9 of `docs/protocol.md`), as one side knows it. Both
//! sides are alike.
//!
//! Each side holds the newest timer that it knows, and newer is the same thing for both; so whatever is lost, repeated or crosses on
//! the way, both come to hold one timer. It is in force once a side knows that the other one holds it, too.

use cwtch_wire::WireError;
use cwtch_wire::peer_vanish::{Timer, Vanish};

/// The most by which a number that is heard may be above the held one.
pub const REACH: u64 = 1 << 32;
/// Changes by the other side that are taken within [`WINDOW`].
pub const CHANGES_MAX: u32 = 8;
/// Period for which changes by the other side are counted, in seconds.
pub const WINDOW: i64 = 3_600;

/// An agreement, as one side knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The newest timer that this side knows.
    pub held: Option<Timer>,
    /// True if the other side is known to hold it, too.
    pub settled: bool,
    /// Time in force, in seconds; `None` while messages do not vanish.
    pub in_force: Option<u32>,
    /// Answer of the other side's program when it was asked last whether it knows vanishing.
    pub able: Option<bool>,
    /// Changes by the other side that were taken in the present period.
    pub changes: u32,
    /// Begin of the period, in unix seconds.
    pub since: i64,
}

/// State of an agreement, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Messages do not vanish, and nothing else is proposed.
    Off,
    /// Another time than the one in force was proposed by this side, and waits for the other one's program.
    Proposed,
    /// Messages vanish.
    Agreed,
    /// The other side's program does not know vanishing, or does not count this side as a contact.
    Unsupported,
}

impl Agreement {
    /// Has another time proposed, or the end of vanishing. Nothing changes if that is what is held already.
    ///
    /// # Errors
    /// [`WireError::Range`] for a time that no timer has, or if there is no number left.
    pub fn propose(&mut self, seconds: Option<u32>) -> Result<(), WireError> {
        if self.wanted() == seconds {
            return Ok(());
        }
        let number = self.number().saturating_add(1);
        self.held = Some(Timer::new(number, seconds)?);
        self.settled = false;
        self.end_alone();
        Ok(())
    }

    /// Takes the other side's word; the answer to it, if there is one.
    pub fn hear(&mut self, word: Vanish, now: i64) -> Option<Vanish> {
        let (theirs, proposed) = match word {
            Vanish::Propose(timer) => (timer, true),
            Vanish::Confirm(timer) => (timer, false),
        };
        // Who speaks of it knows it.
        self.able = Some(true);
        match self.held.filter(|held| theirs <= *held) {
            Some(held) if theirs < held => proposed.then_some(Vanish::Propose(held)),
            Some(_) => {
                self.settle(theirs);
                proposed.then_some(Vanish::Confirm(theirs))
            }
            None if theirs.number().saturating_sub(self.number()) > REACH || !self.may_change(now) => None,
            None => {
                self.settle(theirs);
                Some(Vanish::Confirm(theirs))
            }
        }
    }

    /// Learns whether the other side's program knows vanishing.
    pub fn learn(&mut self, able: bool) {
        self.able = Some(able);
        self.end_alone();
    }

    /// The word with which a connection begins; `None` where nothing was ever proposed.
    pub fn opening(&self) -> Option<Vanish> {
        self.held.map(Vanish::Propose)
    }

    /// The time that this side holds, in seconds; `None` for messages that do not vanish.
    pub fn wanted(&self) -> Option<u32> {
        self.held.and_then(Timer::seconds)
    }

    /// The state.
    pub fn state(&self) -> State {
        match (self.wanted(), self.in_force) {
            (None, None) => State::Off,
            _ if self.able == Some(false) => State::Unsupported,
            (wanted, in_force) if wanted != in_force => State::Proposed,
            _ => State::Agreed,
        }
    }

    fn number(&self) -> u64 {
        self.held.map_or(0, Timer::number)
    }

    /// Both sides hold this timer.
    fn settle(&mut self, timer: Timer) {
        (self.held, self.settled, self.in_force) = (Some(timer), true, timer.seconds());
    }

    /// A program that does not know vanishing keeps no agreement: its end waits for nobody.
    fn end_alone(&mut self) {
        if self.able == Some(false) && self.wanted().is_none() {
            self.in_force = None;
        }
    }

    /// Counts a change by the other side; false if there were too many.
    fn may_change(&mut self, now: i64) -> bool {
        // A clock that was set back begins a period, too.
        if !(self.since..self.since.saturating_add(WINDOW)).contains(&now) {
            (self.changes, self.since) = (0, now);
        }
        let may = self.changes < CHANGES_MAX;
        self.changes += u32::from(may);
        may
    }
}
