//! Questions to the person.

use cwtch_wire::group::fork::ForkId;

use super::change::{Question, Why};
use super::epoch::{Epoch, Fork, Member};
use super::kind::Kind;
use super::view::View;
use super::{JOIN_AGAIN, OPENABLE};

impl View {
    /// Questions that the person ought to be asked now, at most one for each forker.
    pub(super) fn due_questions(&self, now: u64) -> Vec<Question> {
        let mut due: Vec<Question> = Vec::new();
        let mut taken: Vec<Member> = Vec::new();
        for why in [Why::Change, Why::Join, Why::Again, Why::Doubtful] {
            for parent in self.path() {
                let wanted = self.forks.values().filter(|fork| {
                    fork.epoch.parent == Some(parent.id)
                        && fork.epoch.forker.is_some_and(|forker| !taken.contains(&forker))
                        && self.asks(why, fork, parent, now)
                });
                let forks: Vec<&Epoch> = wanted.map(|fork| &fork.epoch).collect();
                if forks.is_empty() {
                    continue;
                }
                let forkers: Vec<Member> = forks.iter().filter_map(|fork| fork.forker).collect();
                taken.extend(forkers);
                due.push(Question {
                    why,
                    parent: parent.id,
                    forks: forks.iter().map(|fork| fork.id).collect(),
                });
            }
        }
        due
    }

    fn asks(&self, why: Why, fork: &Fork, parent: &Epoch, now: u64) -> bool {
        let epoch = &fork.epoch;
        let fresh = now <= fork.opened.saturating_add(OPENABLE);
        let ignored = epoch.forker.is_none_or(|forker| self.is_ignored(&forker, now));
        if ignored || !fresh || fork.closed || self.is_in_path(&epoch.id) {
            return false;
        }
        let child = self.child(&parent.id);
        match why {
            Why::Change => self.asks_about_change(fork, parent, child, now),
            Why::Doubtful => {
                let asked = epoch.forker.is_some_and(|forker| self.answered.contains(&(forker, parent.id)));
                child.is_none()
                    && !asked
                    && self.kind(epoch, now) == Kind::Rekey
                    && !self.is_trustworthy(epoch, now)
            }
            Why::Join => {
                let waits = fork.decision.not_joined.is_some_and(|at| now < at.saturating_add(JOIN_AGAIN));
                let both = |child: &&Epoch| {
                    self.kind(child, now) == Kind::Rekey && self.kind(epoch, now) == Kind::Rekey
                };
                let over = !self.is_contested(&parent.id, now);
                !waits && over && child.filter(both).is_some_and(|child| self.is_better(epoch, child, now))
            }
            Why::Again => {
                let declined = fork.decision.refused.is_some_and(|at| now <= at.saturating_add(OPENABLE));
                declined && !fork.decision.asked_again && self.has_most(epoch, now)
            }
        }
    }

    fn asks_about_change(&self, fork: &Fork, parent: &Epoch, child: Option<&Epoch>, now: u64) -> bool {
        let epoch = &fork.epoch;
        if self.kind(epoch, now) == Kind::Rekey || fork.decision.refused.is_some() {
            return false;
        }
        let Some(child) = child else { return true };
        if self.kind(child, now) != Kind::Rekey {
            // Two changes: all who answer end in the one with the lower id.
            return epoch.id < child.id;
        }
        // A change beats a rekey, whoever was faster.
        let mut below = self.path().skip_while(|followed| followed.id != parent.id).skip(1);
        let listed = epoch.forker.is_some_and(|forker| self.current().listed.contains(&forker));
        listed && below.all(|followed| self.kind(followed, now) == Kind::Rekey)
    }

    /// True while concurrent rekeys of an epoch are settled by themselves.
    pub(super) fn is_contested(&self, parent: &ForkId, now: u64) -> bool {
        self.contests.get(parent).is_some_and(|until| now < *until)
    }
}
