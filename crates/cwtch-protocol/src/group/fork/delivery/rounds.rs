//! Rounds in which a package is put into the group again.

use std::collections::BTreeSet;

use cwtch_wire::group::fork::Class;
use rand_core::RngCore;

use super::super::epoch::{Epoch, Member};
use super::super::view::View;
use super::super::{DAY, HOUR};
use super::wait::draw;

/// Days after the fork at which the rounds lie, each half as much earlier or later at random.
const DAYS: [u64; 3] = [1, 3, 7];
/// Time after the fork from which a posting belongs to a round, or to a later one: where the round before can be over.
const BEGINS: [u64; 3] = [12 * HOUR, 36 * HOUR, 108 * HOUR];
/// Time before a move at which a fork's rounds can have begun: who comes later takes part in what is left of them.
const BEFORE: u64 = 7 * DAY;

/// Rounds of one package, of which a member who moved takes part in each that nobody else has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounds {
    /// The beginning of the fork, from which all members count alike.
    pub since: u64,
    /// Seconds from then to each round, as drawn.
    pub waits: [u64; 3],
    /// The round that comes next; 3 when all are over.
    pub next: u8,
    /// Parts that somebody has put into the group again in this round, a bit for each.
    pub seen: u8,
}

impl Rounds {
    /// The rounds of a fork with this time in its notice, for a member who moves now. A time that is not of the last week says
    /// nothing about them: its maker's clock is wrong, or the member was away.
    pub fn new(time: u64, now: u64, rng: &mut impl RngCore) -> Self {
        let since = time.clamp(now.saturating_sub(BEFORE), now);
        let waits = DAYS.map(|day| draw(day * DAY / 2..=day * DAY * 3 / 2, rng));
        // Rounds that are over for everybody.
        let over = DAYS.iter().filter(|day| since.saturating_add(*day * DAY * 3 / 2) < now).count();
        Self { since, waits, next: u8::try_from(over).unwrap_or(u8::MAX), seen: 0 }
    }

    /// Notes a part of the package in a group message of a time, which is its author's and at most the present. The round is left to
    /// others once all parts were there: half a package would help nobody.
    pub fn sees(&mut self, index: u8, class: Class, time: u64) {
        let Some(begins) = BEGINS.get(usize::from(self.next)) else { return };
        if time < self.since.saturating_add(*begins) {
            return;
        }
        self.seen |= 1u8.checked_shl(index.into()).unwrap_or(0);
        if (0..class.parts()).all(|index| self.seen & (1 << index) != 0) {
            let begun = BEGINS.iter().filter(|begins| self.since.saturating_add(**begins) <= time).count();
            self.end(begun);
        }
    }

    /// True if a round is due: where a member lacks the package it is posted, and the round is over in any case. A clock that is set back
    /// delays it, which costs those who lack the package some days of one member's help.
    pub fn is_due(&self, now: u64) -> bool {
        self.wakes().is_some_and(|due| now >= due)
    }

    /// The time at which the next round is due; `None` when all are over.
    pub fn wakes(&self) -> Option<u64> {
        self.waits.get(usize::from(self.next)).map(|wait| self.since.saturating_add(*wait))
    }

    /// Ends the rounds that are due: who was away for two of them posts once.
    pub fn over(&mut self, now: u64) {
        self.end(self.waits.iter().filter(|wait| self.since.saturating_add(**wait) <= now).count());
    }

    fn end(&mut self, rounds: usize) {
        self.next = self.next.max(u8::try_from(rounds).unwrap_or(u8::MAX));
        self.seen = 0;
    }
}

impl View {
    /// Members who are listed in a fork, could open its package, and are not known to write in it or in an epoch below it.
    /// `capable` are those who published a prekey or an end mark: others have programs that would not read it.
    pub fn lacks(&self, fork: &Epoch, capable: &BTreeSet<Member>) -> BTreeSet<Member> {
        let listed = fork.listed.intersection(capable).copied();
        listed
            .filter(|who| *who != self.me && fork.forker != Some(*who))
            .filter(|who| !self.leaving.contains(&(fork.id, *who)))
            .filter(|who| !self.writes_in(who, &fork.id))
            .collect()
    }
}
