//! Counts of followers, by which concurrent rekeys are settled.

use cwtch_wire::group::fork::ForkId;

use super::epoch::{Epoch, Fork, Member};
use super::kind::Kind;
use super::view::View;
use super::{HOUR, SETTLING, SPOKEN, STOP};

impl View {
    /// Number of members of the forked epoch who write in a fork or in an epoch below it, oneself included.
    pub fn count(&self, fork: &Epoch, now: u64) -> usize {
        let Some(parent) = fork.parent.and_then(|id| self.epoch(&id)) else { return 0 };
        self.base(parent, now).iter().filter(|member| self.writes_in(member, &fork.id)).count()
    }

    /// True if a member is known to write in a fork or in an epoch below it.
    pub fn writes_in(&self, member: &Member, fork: &ForkId) -> bool {
        self.place_of(member).is_some_and(|at| self.is_below(at, fork))
    }

    /// The epoch in which a member is known to write: that of the newest statement, or a fork that came out of it and that the member made
    /// since. Whoever signs a notice has moved, and no message that gets lost need say so. Of two such forks it is not known which.
    fn place_of(&self, member: &Member) -> Option<ForkId> {
        if *member == self.me {
            return Some(self.current().id);
        }
        let said = self.statement(member);
        let at = said.map_or(self.first.id, |said| said.epoch);
        let made = self.forks.values().map(|fork| &fork.epoch).filter(|fork| {
            let is_below = fork.parent.is_some_and(|parent| self.is_below(parent, &at));
            // Both times are by the member's own clock, but for the hour that a notice's is rounded down by.
            let since = said.is_none_or(|said| said.time < fork.time.saturating_add(HOUR));
            fork.forker == Some(*member) && is_below && since
        });
        let deepest = made.clone().map(|fork| fork.depth).max();
        let mut last = made.filter(|fork| Some(fork.depth) == deepest);
        match (last.next(), last.next()) {
            (Some(fork), None) => Some(fork.id),
            _ => said.map(|said| said.epoch),
        }
    }

    /// True if more than half of the members of the forked epoch have followed.
    pub(super) fn has_most(&self, fork: &Epoch, now: u64) -> bool {
        let parent = fork.parent.and_then(|id| self.epoch(&id));
        parent.is_some_and(|parent| 2 * self.count(fork, now) > self.base(parent, now).len())
    }

    /// True if an epoch is a fork, or came out of it.
    pub(super) fn is_below(&self, epoch: ForkId, fork: &ForkId) -> bool {
        let mut at = Some(epoch);
        while let Some(id) = at {
            if id == *fork {
                return true;
            }
            at = self.epoch(&id).and_then(|epoch| epoch.parent);
        }
        false
    }

    /// True if the first of two forks of one epoch is the better one: more have followed it, or as many and its id is lower. No
    /// fork is better for its time or its maker, which a hostile member chooses.
    pub(super) fn is_better(&self, fork: &Epoch, than: &Epoch, now: u64) -> bool {
        let (count, other) = (self.count(fork, now), self.count(than, now));
        count > other || (count == other && fork.id < than.id)
    }

    /// True if a rekey that was followed is left for another one of its epoch. As many followers and a lower id are enough for that only once all
    /// members have shown where they write, or had the time to: otherwise whoever keeps back a rekey with a low id would take back
    /// those who followed an honest one and have not heard of each other.
    pub(super) fn overtakes(&self, fork: &Epoch, followed: &Epoch, now: u64) -> bool {
        let (count, other) = (self.count(fork, now), self.count(followed, now));
        count > other || (self.is_better(fork, followed, now) && self.have_spoken(fork, now))
    }

    /// True if all members of a forked epoch write in one of its forks, or a time has passed in which those who are there say so.
    fn have_spoken(&self, fork: &Epoch, now: u64) -> bool {
        let Some(parent) = fork.parent.and_then(|id| self.epoch(&id)) else { return true };
        let known = |who: &Member| {
            self.forks
                .values()
                .any(|fork| fork.epoch.parent == Some(parent.id) && self.writes_in(who, &fork.epoch.id))
        };
        let opened = self.fork(&fork.id).map_or(0, |fork| fork.opened);
        now >= opened.saturating_add(SPOKEN) || self.members(parent, now).iter().all(known)
    }

    /// Rekeys of an epoch that can be followed by themselves.
    pub(super) fn automatic<'a>(&'a self, parent: &'a ForkId, now: u64) -> impl Iterator<Item = &'a Epoch> {
        let of_parent = self.forks.values().filter(move |fork| fork.epoch.parent == Some(*parent));
        of_parent.filter(move |fork| self.is_automatic(fork, now)).map(|fork| &fork.epoch)
    }

    fn is_automatic(&self, fork: &Fork, now: u64) -> bool {
        let epoch = &fork.epoch;
        let settled = fork.synced && now >= fork.opened.saturating_add(SETTLING);
        if !settled
            || fork.closed
            || fork.decision.refused.is_some()
            || self.kind(epoch, now) != Kind::Rekey
            || self.is_stopped(now)
        {
            return false;
        }
        if epoch.forker.is_none_or(|forker| self.is_ignored(&forker, now)) {
            return false;
        }
        self.is_trustworthy(epoch, now)
    }

    /// True if a rekey needs no person: its maker made none of what leads to it shortly before, or most vouch for it by having followed. Two
    /// rekeys of one epoch by one signer are two like any others: who wants to win by a low id signs only the lowest that they drew.
    pub(super) fn is_trustworthy(&self, epoch: &Epoch, now: u64) -> bool {
        !self.is_by_same_signer(epoch) || self.has_most(epoch, now)
    }

    /// True while a change that waits for an answer stops what goes by itself: each forker can do so once for an epoch, and
    /// for a limited time.
    pub(super) fn is_stopped(&self, now: u64) -> bool {
        let waiting = self.questions.iter().filter(|question| question.is_about_changes());
        let forks = waiting.flat_map(|question| &question.forks).filter_map(|id| self.epoch(id));
        let mut since = forks.filter_map(|fork| self.stops.get(&(fork.forker?, fork.parent?)));
        since.any(|since| now < since.saturating_add(STOP))
    }
}
