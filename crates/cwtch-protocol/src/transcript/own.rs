//! The own chain in a group.

use cwtch_log::EntryPrefix;
use cwtch_wire::group::{ABANDONED_MAX, Chain};
use rand_core::RngCore;

/// How many own messages may be under way at a time.
pub const IN_FLIGHT_MAX: usize = 64;
/// How many given-up numbers wait to be told. Further ones are reported as missing by the readers.
pub const WAITING_NUMBERS_MAX: usize = 1024;

/// The own chain: one for each profile database and group. A database that knows that it was restored from a backup begins
/// a new one.
///
/// **Durable first**: store it after [`OwnChain::reserve`], before the message is transmitted for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnChain {
    /// Tells this chain from others of the same author; never 0, so that a forgotten label shows.
    pub label: u32,
    /// The last number that was given out.
    pub last: u32,
    /// The newest own message that was posted: its number and name.
    pub posted: Option<(u32, EntryPrefix)>,
    /// Messages that were given a number and were neither posted nor given up, oldest first.
    pub in_flight: Vec<(u32, EntryPrefix)>,
    /// Numbers that were given up and not told yet, oldest first.
    pub abandoned: Vec<u32>,
}

impl OwnChain {
    /// Draws a chain.
    pub fn draw(rng: &mut impl RngCore) -> Self {
        let label = rng.next_u32().max(1);
        Self { label, last: 0, posted: None, in_flight: Vec::new(), abandoned: Vec::new() }
    }

    /// The place of the next message; its number is used up. `None` if too many are under way, or the chain is used up
    /// (begin another).
    pub fn reserve(&mut self) -> Option<Chain> {
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        let sequence = self.last.checked_add(1)?;
        self.last = sequence;
        let newest = self.in_flight.last().or(self.posted.as_ref());
        Some(Chain { label: self.label, sequence, previous: newest.map_or(EntryPrefix::NONE, |(_, id)| *id) })
    }

    /// The message with this number was written.
    pub fn written(&mut self, sequence: u32, id: EntryPrefix) {
        self.in_flight.push((sequence, id));
    }

    /// The numbers to tell with the next message.
    pub fn to_tell(&self) -> &[u32] {
        self.abandoned.get(..self.abandoned.len().min(ABANDONED_MAX)).unwrap_or_default()
    }

    /// A message was posted; it told these numbers.
    pub fn posted(&mut self, sequence: u32, told: &[u32]) {
        if let Some(at) = self.in_flight.iter().position(|(number, _)| *number == sequence) {
            let message = self.in_flight.remove(at);
            if self.posted.is_none_or(|(number, _)| number < sequence) {
                self.posted = Some(message);
            }
        }
        self.abandoned.retain(|number| !told.contains(number));
    }

    /// A message will never be posted, or was never written: its number is given up.
    pub fn abandon(&mut self, sequence: u32) {
        self.in_flight.retain(|(number, _)| *number != sequence);
        if sequence <= self.last
            && !self.abandoned.contains(&sequence)
            && self.abandoned.len() < WAITING_NUMBERS_MAX
        {
            self.abandoned.push(sequence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cwtch_testkit::rng;

    #[test]
    fn numbers_are_used_once_and_given_up_ones_are_told() {
        let mut chain = OwnChain::draw(&mut rng(1));
        let first = chain.reserve().unwrap();
        assert_eq!((first.sequence, first.previous), (1, EntryPrefix::NONE));
        chain.written(1, EntryPrefix::from_bytes([1; 20]));
        let second = chain.reserve().unwrap();
        assert_eq!((second.sequence, second.previous), (2, EntryPrefix::from_bytes([1; 20])));
        chain.written(2, EntryPrefix::from_bytes([2; 20]));
        chain.abandon(2);
        chain.posted(1, &[]);
        // The number stays used, and what was never posted is nobody's predecessor.
        let third = chain.reserve().unwrap();
        assert_eq!((third.sequence, third.previous), (3, EntryPrefix::from_bytes([1; 20])));
        assert_eq!(chain.to_tell(), [2]);
        chain.written(3, EntryPrefix::from_bytes([3; 20]));
        chain.posted(3, &[2]);
        assert!(chain.to_tell().is_empty());
        assert_eq!(chain.reserve().unwrap().previous, EntryPrefix::from_bytes([3; 20]));
    }

    #[test]
    fn everything_is_bounded() {
        let mut chain = OwnChain::draw(&mut rng(2));
        for number in 1..=IN_FLIGHT_MAX as u32 {
            assert_eq!(chain.reserve().unwrap().sequence, number);
            chain.written(number, EntryPrefix::NONE);
        }
        assert_eq!(chain.reserve(), None);
        chain.last = 100_000;
        (1..100_000).for_each(|number| chain.abandon(number));
        assert_eq!((chain.abandoned.len(), chain.in_flight.len()), (WAITING_NUMBERS_MAX, 0));
        assert_eq!(chain.to_tell().len(), ABANDONED_MAX);
        chain.last = u32::MAX;
        assert_eq!(chain.reserve(), None);
    }
}
