//! A model of a member's program: the shipped rules with nothing between them but what a program must do, which is to keep what they say and
//! to send it. Every piece of work is one transaction.

mod program;
mod read;
mod talk;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_protocol::group::fork::delivery::{
    Announcement, Answering, Half, Passing, Posting, Rounds, Shelf, Unopened, Voice,
};
use cwtch_protocol::group::fork::{Change, DAY, Epoch, Event, Member, View, step};
use cwtch_wire::group::fork::{DayKeys, ForkId, OpenedFork, Package, PackageId, Prekey};

use super::program::{Now, Tally};
use super::travel::Outgoing;
pub(crate) use program::Model;

/// An epoch whose keys a member holds.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) group: GroupId,
    pub(crate) key: GroupKey,
    pub(crate) days: DayKeys,
    /// Number of messages that were read.
    pub(crate) seen: usize,
    pub(crate) left: Option<u64>,
}

impl Keys {
    pub(crate) fn new(group: GroupId, epoch: &Epoch, keys: &EpochKeys) -> Self {
        let days = DayKeys::new(epoch.time / DAY, 0, keys.first_day.clone());
        Self { group, key: keys.group.clone(), days, seen: 0, left: None }
    }
}

/// A fork whose package is open.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) package: Rc<Package>,
    pub(crate) fork: Rc<OpenedFork>,
    pub(crate) opened: u64,
    /// False once the secret is erased.
    pub(crate) secret: bool,
    pub(crate) rounds: Option<Rounds>,
    pub(crate) again: Option<Posting>,
    pub(crate) passing: BTreeMap<Member, Passing>,
}

/// A package that does not open.
#[derive(Clone)]
pub(crate) struct Lost {
    /// The epoch that was written in when it came.
    epoch: ForkId,
    pub(crate) unopened: Unopened,
    /// Contacts who were asked, when last and how often.
    asked: BTreeMap<Member, (u64, u32)>,
}

/// Everything that a program must not lose.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) me: Member,
    pub(crate) view: View,
    pub(crate) epochs: BTreeMap<ForkId, Keys>,
    pub(crate) shelf: Shelf,
    pub(crate) held: BTreeMap<ForkId, Held>,
    /// Packages that are opened and wait, because their time or their place has not come.
    pub(crate) waiting: BTreeMap<PackageId, (Rc<Package>, Rc<OpenedFork>)>,
    pub(crate) unopened: BTreeMap<PackageId, Lost>,
    pub(crate) condemned: BTreeSet<PackageId>,
    pub(crate) prekeys: BTreeMap<Member, Prekey>,
    pub(crate) capable: BTreeSet<Member>,
    pub(crate) halves: Vec<(Half, AgreementKey)>,
    pub(crate) voice: Voice,
    pub(crate) own: Option<(ForkId, Announcement)>,
    pub(crate) outbox: Vec<Outgoing>,
    pub(crate) numbers: u64,
    pub(crate) answering: BTreeMap<Member, Answering>,
    /// What comes later than the rest of its page: hour, epoch, place.
    pub(crate) late: Vec<(u64, ForkId, usize)>,
    pub(crate) read: BTreeSet<u64>,
    pub(crate) pruned: u64,
    /// What the tests measure.
    pub(crate) tally: Tally,
    pub(crate) posted_parts: u32,
    pub(crate) sent_parts: u32,
}

impl State {
    pub(crate) fn new(me: Member, first: &Epoch, keys: &EpochKeys, now: &mut Now<'_>) -> Self {
        let mut state = Self {
            me,
            view: View::new(me, first.clone()),
            epochs: BTreeMap::new(),
            shelf: Shelf::new(),
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            unopened: BTreeMap::new(),
            condemned: BTreeSet::new(),
            prekeys: BTreeMap::new(),
            capable: BTreeSet::new(),
            halves: Vec::new(),
            voice: Voice::new(now.clock, now.rng),
            own: None,
            outbox: Vec::new(),
            numbers: 0,
            answering: BTreeMap::new(),
            late: Vec::new(),
            read: BTreeSet::new(),
            pruned: 0,
            tally: Tally::default(),
            posted_parts: 0,
            sent_parts: 0,
        };
        state.enter(first, keys);
        state
    }

    pub(crate) fn current(&self) -> &Epoch {
        self.view.current()
    }

    pub(crate) fn enter(&mut self, epoch: &Epoch, keys: &EpochKeys) {
        let entered = || Keys::new(group_id(epoch), epoch, keys);
        self.epochs.entry(epoch.id).or_insert_with(entered);
    }

    pub(crate) fn event(&mut self, event: &Event, now: &mut Now<'_>) {
        for change in step(&self.view, event, now.present) {
            let before = self.current().id;
            self.view.apply(&change);
            match &change {
                Change::Moves { to, chosen, .. } => {
                    if !chosen && !matches!(event, Event::Forked(_)) {
                        self.tally.followed.insert(*to);
                    }
                    self.tally.moves += 1;
                    self.settle_in(before, now);
                }
                Change::Returns(..) => self.settle_in(before, now),
                Change::Drops(id) => {
                    self.held.remove(id);
                    self.epochs.remove(id);
                }
                _ => {}
            }
        }
    }

    /// What a move does: own messages that were not transmitted are written anew, rounds and the first message are drawn.
    fn settle_in(&mut self, before: ForkId, now: &mut Now<'_>) {
        let to = self.current().clone();
        for waiting in &mut self.outbox {
            if waiting.epoch == before && waiting.words.part.is_none() && !waiting.begun {
                waiting.epoch = to.id;
            }
        }
        self.voice = Voice::new(now.clock, now.rng);
        if let Some(left) = self.epochs.get_mut(&before) {
            left.left = Some(now.present);
        }
        if let Some(held) = self.held.get_mut(&to.id) {
            held.rounds = Some(Rounds::new(to.time, now.clock, now.rng));
        }
    }
}

/// The id of an epoch's group: deriving the real one takes milliseconds, and nothing here depends on it.
pub(crate) fn group_id(epoch: &Epoch) -> GroupId {
    let mut id = [0; 16];
    id.copy_from_slice(&epoch.id.as_bytes()[16..]);
    GroupId::from_bytes(id)
}
