//! The chains of other authors: numbers that are missing, numbers that were used twice.

use cwtch_log::MsgId;

use super::view::View;

/// How many holes of a chain are kept. What an earlier one lacks is still counted.
pub const HOLES_MAX: usize = 32;

/// One chain of an author: the messages with one label. Few people have more than one or two; a caller should keep no
/// more than a few for each author, and treat messages of further labels as weak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorChain {
    highest: u32,
    /// The index of the message with the highest number.
    highest_index: Option<u64>,
    /// By number, ascending.
    holes: Vec<Hole>,
    forgotten: u32,
}

/// Numbers of a chain that were never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// The index of the message before them; `None` if there is none.
    pub after: Option<u64>,
    /// The index of the message behind them.
    pub before: u64,
}

/// What a message is in its author's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The next one.
    Next,
    /// One with numbers before it that were not seen: so many, but for those that it says were given up.
    Gap(u32),
    /// One that was missing.
    Late,
    /// The same message once more: "re-posted by somebody".
    Copy,
    /// Another message with a number that was used: "NAME sent conflicting histories (or restored a backup)".
    Equivocation {
        /// The message that had the number before.
        before: MsgId,
    },
}

/// Numbers of a chain that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub count: u32,
    /// Whether it can be told that they were not delivered.
    pub why: Why,
}

/// Why numbers are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Not delivered, by the author or by the server.
    NotDelivered,
    /// They may be among entries that expired or were declared lost.
    PerhapsExpired,
}

impl Missing {
    /// What a person reads.
    pub fn sentence(self, author: &str) -> String {
        let (messages, are, they) =
            if self.count == 1 { ("message", "is", "it") } else { ("messages", "are", "they") };
        let Self { count, why } = self;
        match why {
            Why::NotDelivered => {
                format!(
                    "{count} {messages} from {author} {are} missing: not delivered, by {author} or by the server."
                )
            }
            Why::PerhapsExpired => {
                format!(
                    "{count} {messages} from {author} {are} missing; {they} may have expired on the server."
                )
            }
        }
    }
}

impl Taken {
    /// What a person reads; `None` where there is nothing to say, or [`AuthorChain::missing`] says it.
    pub fn sentence(self, author: &str) -> Option<String> {
        match self {
            Self::Copy => Some("This message was posted again by somebody.".to_owned()),
            Self::Equivocation { .. } => {
                Some(format!("{author} sent conflicting histories (or restored a backup)."))
            }
            Self::Next | Self::Gap(_) | Self::Late => None,
        }
    }
}

impl AuthorChain {
    /// A chain of which nothing was seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stored chain: the highest number with its message's index, the holes by number, and how many numbers are missing
    /// beside them.
    pub fn restore(highest: u32, highest_index: Option<u64>, holes: Vec<Hole>, forgotten: u32) -> Self {
        Self { highest, highest_index, holes, forgotten }
    }

    /// The highest number.
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// The index of the message with the highest number.
    pub fn highest_index(&self) -> Option<u64> {
        self.highest_index
    }

    /// The holes, by number.
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// How many numbers are missing in holes that are not kept any more.
    pub fn forgotten(&self) -> u32 {
        self.forgotten
    }

    /// Takes a verified message with a chain: its number, its name, its index in the log, the numbers that it says were given
    /// up. `known` gives the name of the message that had a number, if it is stored.
    pub fn take(
        &mut self,
        sequence: u32,
        message: &MsgId,
        index: u64,
        abandoned: &[u32],
        known: impl FnOnce(u32) -> Option<MsgId>,
    ) -> Taken {
        let taken = if sequence > self.highest {
            self.extend(sequence, index)
        } else if self.fill(sequence, Some(index)) {
            Taken::Late
        } else {
            match known(sequence) {
                Some(before) if before == *message => Taken::Copy,
                Some(before) => Taken::Equivocation { before },
                // In a hole that is not kept, or given up and sent all the same.
                None => {
                    self.forgotten = self.forgotten.saturating_sub(1);
                    Taken::Late
                }
            }
        };
        // Of the author's own word: it can only take away what is missing.
        if !matches!(taken, Taken::Equivocation { .. }) {
            for number in abandoned.iter().filter(|number| **number < sequence) {
                self.fill(*number, None);
            }
        }
        taken
    }

    /// What is missing, together for each reason.
    pub fn missing(&self, view: &impl View) -> Vec<Missing> {
        let (mut not_delivered, mut expired) = (self.forgotten, 0u32);
        for hole in &self.holes {
            let count = (hole.last - hole.first).saturating_add(1);
            // They were posted between their neighbours, if each was posted before the next.
            if view.unseen(hole.after.map_or(0, |index| index + 1), hole.before) {
                expired = expired.saturating_add(count);
            } else {
                not_delivered = not_delivered.saturating_add(count);
            }
        }
        [(not_delivered, Why::NotDelivered), (expired, Why::PerhapsExpired)]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| Missing { count, why })
            .collect()
    }

    fn extend(&mut self, sequence: u32, index: u64) -> Taken {
        let first = self.highest.saturating_add(1);
        let gap = sequence - first;
        if gap > 0 {
            let hole = Hole { first, last: sequence - 1, after: self.highest_index, before: index };
            self.holes.push(hole);
            if self.holes.len() > HOLES_MAX {
                let gone = self.holes.remove(0);
                self.forgotten = self.forgotten.saturating_add((gone.last - gone.first).saturating_add(1));
            }
        }
        self.highest = sequence;
        self.highest_index = Some(index);
        if gap > 0 { Taken::Gap(gap) } else { Taken::Next }
    }

    /// Takes a number out of the holes; `false` if it is in none. `index` is where it came.
    fn fill(&mut self, sequence: u32, index: Option<u64>) -> bool {
        let Some(at) = self.holes.iter().position(|hole| (hole.first..=hole.last).contains(&sequence)) else {
            return false;
        };
        let hole = self.holes.remove(at);
        if sequence < hole.last {
            let after = index.or(hole.after);
            self.holes.insert(at, Hole { first: sequence + 1, after, ..hole });
        }
        if sequence > hole.first {
            let before = index.unwrap_or(hole.before);
            self.holes.insert(at, Hole { last: sequence - 1, before, ..hole });
        }
        if self.holes.len() > HOLES_MAX {
            let gone = self.holes.remove(0);
            self.forgotten = self.forgotten.saturating_add((gone.last - gone.first).saturating_add(1));
        }
        true
    }
}
