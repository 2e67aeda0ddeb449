//! Knowledge of a member as a store keeps it and gives it back, and the bounds of what others can make grow in it.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_wire::group::fork::ForkId;

use super::change::Question;
use super::epoch::{Epoch, Fork, Member, Statement};
use super::view::View;

/// The most authors that are remembered beside listed members, each for one epoch, and the most statements of such authors.
pub const AUTHORS_KEPT: usize = 256;
/// The most first sights of changes that are remembered beside those of forks that are known.
const STOPS_KEPT: usize = 256;

/// Everything in a [`View`] but the reader and the first epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The forks that are known.
    pub forks: BTreeMap<ForkId, Fork>,
    /// The forks that were followed, oldest first.
    pub path: Vec<ForkId>,
    /// End of the time in which concurrent rekeys of an epoch are settled by themselves.
    pub contests: BTreeMap<ForkId, u64>,
    /// The newest statement of each member.
    pub statements: BTreeMap<Member, Statement>,
    /// Members who said in an epoch that they leave.
    pub leaving: BTreeSet<(ForkId, Member)>,
    /// Time of the newest message of each author in each epoch.
    pub authors: BTreeMap<(ForkId, Member), u64>,
    /// Members whose forks are passed over, because the person wants it.
    pub blocked: BTreeSet<Member>,
    /// Number of refused changes by each member.
    pub refusals: BTreeMap<Member, u8>,
    /// First sight of a change, by its forker and the epoch that it changes.
    pub stops: BTreeMap<(Member, ForkId), u64>,
    /// Signers about whose rekeys of an epoch the person has answered.
    pub answered: BTreeSet<(Member, ForkId)>,
    /// The questions that wait for the person.
    pub questions: Vec<Question>,
}

impl View {
    /// Restores a view.
    pub fn restore(me: Member, first: Epoch, kept: Kept) -> Self {
        let Kept {
            forks,
            path,
            contests,
            statements,
            leaving,
            authors,
            blocked,
            refusals,
            stops,
            answered,
            questions,
        } = kept;
        Self {
            me,
            first,
            forks,
            path,
            contests,
            statements,
            leaving,
            authors,
            blocked,
            refusals,
            stops,
            answered,
            questions,
        }
    }

    /// The reader.
    pub const fn me(&self) -> Member {
        self.me
    }

    /// The newest statements of all members.
    pub fn statements(&self) -> impl Iterator<Item = (&Member, &Statement)> {
        self.statements.iter()
    }

    /// Everything that a store has to keep.
    pub fn kept(&self) -> Kept {
        Kept {
            forks: self.forks.clone(),
            path: self.path.clone(),
            contests: self.contests.clone(),
            statements: self.statements.clone(),
            leaving: self.leaving.clone(),
            authors: self.authors.clone(),
            blocked: self.blocked.clone(),
            refusals: self.refusals.clone(),
            stops: self.stops.clone(),
            answered: self.answered.clone(),
            questions: self.questions.clone(),
        }
    }

    /// Forgets what is beyond the bounds. Whoever has a group's key can write in as many names as they like; members whom a
    /// notice lists are never forgotten for that.
    pub(super) fn trim(&mut self) {
        if self.authors.len() > AUTHORS_KEPT {
            self.trim_authors();
        }
        if self.statements.len() > AUTHORS_KEPT {
            let unlisted = self.statements.iter().filter(|(who, _)| !self.is_listed_anywhere(who));
            let times = unlisted.map(|(who, statement)| (statement.time, *who));
            for (_, who) in oldest(times.collect(), AUTHORS_KEPT) {
                self.statements.remove(&who);
            }
        }
        if self.stops.len() > STOPS_KEPT {
            let forks: BTreeSet<_> =
                self.forks.values().map(|fork| (fork.epoch.forker, fork.epoch.parent)).collect();
            let gone = self.stops.iter().filter(|((who, of), _)| !forks.contains(&(Some(*who), Some(*of))));
            let times = gone.map(|(key, since)| (*since, *key));
            for (_, key) in oldest(times.collect(), STOPS_KEPT) {
                self.stops.remove(&key);
            }
        }
    }

    fn trim_authors(&mut self) {
        let unlisted = self.authors.iter().filter(|((_, who), _)| !self.is_listed_anywhere(who));
        let times = unlisted.map(|(key, time)| (*time, *key));
        for (_, key) in oldest(times.collect(), AUTHORS_KEPT) {
            self.authors.remove(&key);
            self.leaving.remove(&key);
        }
    }

    fn is_listed_anywhere(&self, who: &Member) -> bool {
        self.path().any(|epoch| epoch.listed.contains(who))
    }
}

/// All but the newest so many.
fn oldest<T: Ord>(mut times: Vec<(u64, T)>, keep: usize) -> Vec<(u64, T)> {
    times.sort_unstable();
    let gone = times.len().saturating_sub(keep);
    times.truncate(gone);
    times
}
