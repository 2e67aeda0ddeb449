//! The chains of other authors: numbers that are missing, numbers that were used twice.

use cwtch_log::MsgId;

/// Holes of a chain that are kept. What an earlier one lacks is still counted.
pub const HOLES_MAX: usize = 32;
/// Chains of an author in a group that are followed; messages of further ones are weak.
pub const CHAINS_MAX: usize = 16;

/// One chain of an author: the messages with one label. Few people have more than one or two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorChain {
    highest: u32,
    /// The index of the message with the highest number.
    highest_index: Option<u64>,
    /// Holes by number, ascending.
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

impl Hole {
    /// The count of its numbers.
    pub fn count(&self) -> u32 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    fn contains(&self, sequence: u32) -> bool {
        (self.first..=self.last).contains(&sequence)
    }
}

/// A message's role in its author's chain.
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

    /// The count of numbers that are missing in holes that are not kept any more.
    pub fn forgotten(&self) -> u32 {
        self.forgotten
    }

    /// True if a message with this number would be the first one.
    pub fn lacks(&self, sequence: u32) -> bool {
        sequence > self.highest || self.holes.iter().any(|hole| hole.contains(sequence))
    }

    /// Takes a verified message with a chain: its number, its name, its index in the log, the numbers that it says were given
    /// up. `known` is the message that had the number; it matters only where the chain does not [lack](Self::lacks) it.
    pub fn take(
        &mut self,
        sequence: u32,
        message: &MsgId,
        index: u64,
        abandoned: &[u32],
        known: Option<MsgId>,
    ) -> Taken {
        let taken = if sequence > self.highest {
            self.extend(sequence, index)
        } else if self.fill(sequence, Some(index)) {
            Taken::Late
        } else {
            match known {
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

    fn extend(&mut self, sequence: u32, index: u64) -> Taken {
        let first = self.highest.saturating_add(1);
        let gap = sequence - first;
        if gap > 0 {
            let hole = Hole { first, last: sequence - 1, after: self.highest_index, before: index };
            self.holes.push(hole);
            if self.holes.len() > HOLES_MAX {
                let gone = self.holes.remove(0);
                self.forgotten = self.forgotten.saturating_add(gone.count());
            }
        }
        self.highest = sequence;
        self.highest_index = Some(index);
        if gap > 0 { Taken::Gap(gap) } else { Taken::Next }
    }

    /// Takes a number out of the holes; `false` if it is in none. `index` is where it came.
    fn fill(&mut self, sequence: u32, index: Option<u64>) -> bool {
        let Some(at) = self.holes.iter().position(|hole| hole.contains(sequence)) else {
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
            self.forgotten = self.forgotten.saturating_add(gone.count());
        }
        true
    }
}
