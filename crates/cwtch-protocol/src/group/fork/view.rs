//! Knowledge of a member about the forks of one conversation.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_wire::group::fork::{ForkId, Mode};

use super::change::{Change, Question, Why};
use super::epoch::{Decision, Epoch, Fork, Member, Statement};
use super::{AUTHORS, CONTEST};

/// Everything that the rules go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub(super) me: Member,
    pub(super) first: Epoch,
    pub(super) forks: BTreeMap<ForkId, Fork>,
    /// The forks that were followed, oldest first.
    pub(super) path: Vec<ForkId>,
    /// End of the time in which concurrent rekeys of an epoch are settled by themselves, by the epoch.
    pub(super) contests: BTreeMap<ForkId, u64>,
    pub(super) statements: BTreeMap<Member, Statement>,
    pub(super) leaving: BTreeSet<(ForkId, Member)>,
    pub(super) authors: BTreeMap<(ForkId, Member), u64>,
    pub(super) blocked: BTreeSet<Member>,
    pub(super) refusals: BTreeMap<Member, u8>,
    /// First sight of a change, by its forker and the epoch that it changes.
    pub(super) stops: BTreeMap<(Member, ForkId), u64>,
    /// Signers of rekeys that the person has answered about, each for one epoch.
    pub(super) answered: BTreeSet<(Member, ForkId)>,
    pub(super) questions: Vec<Question>,
}

impl View {
    /// The view of a member who knows of no fork yet.
    pub fn new(me: Member, first: Epoch) -> Self {
        Self {
            me,
            first,
            forks: BTreeMap::new(),
            path: Vec::new(),
            contests: BTreeMap::new(),
            statements: BTreeMap::new(),
            leaving: BTreeSet::new(),
            authors: BTreeMap::new(),
            blocked: BTreeSet::new(),
            refusals: BTreeMap::new(),
            stops: BTreeMap::new(),
            answered: BTreeSet::new(),
            questions: Vec::new(),
        }
    }

    /// The epoch in which the member writes.
    pub fn current(&self) -> &Epoch {
        self.path.last().and_then(|id| self.epoch(id)).unwrap_or(&self.first)
    }

    /// An epoch that is known.
    pub fn epoch(&self, id: &ForkId) -> Option<&Epoch> {
        if *id == self.first.id {
            return Some(&self.first);
        }
        self.forks.get(id).map(|fork| &fork.epoch)
    }

    /// A fork that is known.
    pub fn fork(&self, id: &ForkId) -> Option<&Fork> {
        self.forks.get(id)
    }

    /// The forks that are known.
    pub fn forks(&self) -> impl Iterator<Item = &Fork> {
        self.forks.values()
    }

    /// The epochs that were followed, the first one included.
    pub fn path(&self) -> impl DoubleEndedIterator<Item = &Epoch> {
        core::iter::once(&self.first).chain(self.path.iter().filter_map(|id| self.epoch(id)))
    }

    /// The questions that wait for the person.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The newest statement of a member.
    pub fn statement(&self, member: &Member) -> Option<&Statement> {
        self.statements.get(member)
    }

    /// The followed fork of an epoch.
    pub(super) fn child(&self, parent: &ForkId) -> Option<&Epoch> {
        self.path().find(|epoch| epoch.parent.as_ref() == Some(parent))
    }

    /// True if an epoch was followed.
    pub(super) fn is_in_path(&self, id: &ForkId) -> bool {
        *id == self.first.id || self.path.contains(id)
    }

    /// Members by whom an epoch's forks are measured: those of its notice, or without one who wrote in it lately.
    pub(super) fn base(&self, epoch: &Epoch, now: u64) -> BTreeSet<Member> {
        if epoch.forker.is_some() {
            return epoch.listed.clone();
        }
        self.lately(epoch, now).chain([self.me]).collect()
    }

    /// Members of an epoch: those of its notice without who said that they leave, and where the list binds nobody, who wrote in it
    /// lately.
    pub fn members(&self, epoch: &Epoch, now: u64) -> BTreeSet<Member> {
        let mut members = self.base(epoch, now);
        if epoch.mode != Mode::Trusted {
            members.extend(self.lately(epoch, now));
        }
        members.retain(|member| !self.leaving.contains(&(epoch.id, *member)));
        members
    }

    /// Members of an epoch's notice who said that they leave.
    pub fn left(&self, epoch: &Epoch) -> BTreeSet<Member> {
        let left = self.leaving.iter().filter(|(id, _)| *id == epoch.id).map(|(_, who)| *who);
        left.filter(|who| epoch.listed.contains(who) || epoch.forker.is_none()).collect()
    }

    fn lately<'a>(&'a self, epoch: &Epoch, now: u64) -> impl Iterator<Item = Member> + 'a {
        let id = epoch.id;
        let recent = move |time: u64| time.saturating_add(AUTHORS) >= now;
        self.authors
            .iter()
            .filter(move |((of, _), time)| *of == id && recent(**time))
            .map(|((_, who), _)| *who)
    }

    /// True if an author of an epoch is known, or a member of it.
    pub(super) fn belongs(&self, who: &Member, epoch: &Epoch, now: u64) -> bool {
        self.members(epoch, now).contains(who) || self.authors.contains_key(&(epoch.id, *who))
    }

    /// Applies a change, as a store keeps it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Keep(epoch, at) => {
                let fork = Fork {
                    epoch: epoch.clone(),
                    opened: *at,
                    synced: false,
                    decision: Decision::default(),
                    followed: false,
                    closed: false,
                };
                self.forks.entry(epoch.id).or_insert(fork);
            }
            Change::Drops(id) => {
                self.forks.remove(id);
            }
            Change::Closes(id) => {
                if let Some(fork) = self.forks.get_mut(id) {
                    fork.closed = true;
                }
            }
            Change::Synced => self.forks.values_mut().for_each(|fork| fork.synced = true),
            Change::Said(who, statement) => {
                let at = self.authors.entry((statement.epoch, *who)).or_default();
                *at = (*at).max(statement.time);
                let newer = self.statements.get(who).is_none_or(|before| statement.is_newer_than(before));
                if newer {
                    self.statements.insert(*who, *statement);
                }
                self.trim();
            }
            Change::Leaves(who, epoch) => {
                self.leaving.insert((*epoch, *who));
            }
            Change::Blocks(who, true) => {
                self.blocked.insert(*who);
            }
            Change::Blocks(who, false) => {
                self.blocked.remove(who);
                self.refusals.remove(who);
            }
            Change::Stops(forker, parent, since) => {
                self.stops.entry((*forker, *parent)).or_insert(*since);
                self.trim();
            }
            Change::Moves { to, at, chosen } => self.follow(to, *at, *chosen),
            Change::Returns(fork, at) => {
                if self.path.last() == Some(fork) {
                    self.path.pop();
                }
                self.refuse(fork, *at);
            }
            Change::Asks(question) => {
                self.questions.retain(|open| open.key() != question.key());
                self.questions.push(question.clone());
            }
            Change::Withdraws(question) => self.questions.retain(|open| open.key() != question.key()),
            Change::Refuses(question, at) => self.refused(question, *at),
        }
    }

    fn follow(&mut self, to: &ForkId, at: u64, chosen: bool) {
        if chosen {
            // Who chose one of several did not want those before it.
            let named = self.questions.iter().filter(|question| question.forks.contains(to));
            let before: Vec<ForkId> =
                named.flat_map(|q| q.forks.iter().copied()).filter(|id| id < to).collect();
            before.iter().for_each(|id| self.refuse(id, at));
        }
        let Some(parent) = self.epoch(to).and_then(|epoch| epoch.parent) else { return };
        let place = self.path.iter().position(|id| *id == parent).map_or(0, |place| place + 1);
        self.path.truncate(place);
        self.path.push(*to);
        if let Some(fork) = self.forks.get_mut(to) {
            fork.followed = true;
        }
        // A person's choice ends it; the first move out of the epoch begins it.
        let until = self.contests.entry(parent).or_insert(at.saturating_add(CONTEST));
        if chosen {
            *until = at;
        }
    }

    fn refused(&mut self, question: &Question, at: u64) {
        self.questions.retain(|open| open.key() != question.key());
        for id in &question.forks {
            let Some(fork) = self.forks.get_mut(id) else { continue };
            match question.why {
                Why::Join => fork.decision.not_joined = Some(at),
                Why::Again => fork.decision.asked_again = true,
                Why::Change | Why::Doubtful => fork.decision.refused = Some(at),
            }
            let Some(forker) = fork.epoch.forker else { continue };
            if question.is_about_changes() {
                let refusals = self.refusals.entry(forker).or_default();
                *refusals = refusals.saturating_add(1);
            }
            self.answered.insert((forker, question.parent));
        }
    }

    fn refuse(&mut self, id: &ForkId, at: u64) {
        if let Some(fork) = self.forks.get_mut(id) {
            fork.decision.refused = Some(at);
        }
    }
}
