//! Members and epochs to test with.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cwtch_primitives::Identity;
use cwtch_protocol::group::fork::{Change, Epoch, Event, Member, Question, Statement, View, step};
use cwtch_wire::group::fork::{ForkId, Mode};

/// Time at which tests begin, a full hour.
pub(crate) const START: u64 = 1_700_002_800;

static IDENTITIES: LazyLock<Vec<Identity>> =
    LazyLock::new(|| (0..64).map(|n| Identity::from_seed(&[n + 1; 32])).collect());

/// The identity of a member.
pub(crate) fn identity(number: usize) -> &'static Identity {
    &IDENTITIES[number]
}

/// A member by number.
pub(crate) fn member(number: usize) -> Member {
    *identity(number).public_key()
}

pub(crate) fn members(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<Member> {
    numbers.into_iter().map(member).collect()
}

/// The id of a fork: those with lower numbers are lower.
pub(crate) fn id(number: u64) -> ForkId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    ForkId::from_bytes(bytes)
}

/// A founded, trusted group of the first `count` members, made long ago by number 0.
pub(crate) fn founded(count: usize) -> Epoch {
    Epoch {
        id: id(u64::MAX),
        parent: None,
        mode: Mode::Trusted,
        depth: 0,
        time: START - 100 * 86_400,
        server: member(63),
        forker: Some(member(0)),
        listed: members(0..count),
    }
}

/// A rekey of an epoch.
pub(crate) fn rekey(number: u64, parent: &Epoch, forker: usize, time: u64) -> Epoch {
    Epoch {
        id: id(number),
        parent: Some(parent.id),
        depth: parent.depth + 1,
        time,
        forker: Some(member(forker)),
        ..parent.clone()
    }
}

/// A change of an epoch: without one member.
pub(crate) fn without(number: u64, parent: &Epoch, forker: usize, time: u64, out: usize) -> Epoch {
    let mut epoch = rekey(number, parent, forker, time);
    epoch.listed.remove(&member(out));
    epoch
}

/// A member with a clock.
pub(crate) struct One {
    pub(crate) view: View,
    pub(crate) now: u64,
}

impl One {
    /// Number 1 of a founded group.
    pub(crate) fn of(first: &Epoch) -> Self {
        Self { view: View::new(member(1), first.clone()), now: START }
    }

    pub(crate) fn event(&mut self, event: Event) -> Vec<Change> {
        let changes = step(&self.view, &event, self.now);
        changes.iter().for_each(|change| self.view.apply(change));
        assert_eq!(step(&self.view, &Event::Tick, self.now), [], "a step leaves nothing that is due");
        changes
    }

    /// A package opens, and a sync is completed.
    pub(crate) fn opens(&mut self, epoch: &Epoch) -> Vec<Change> {
        let mut changes = self.event(Event::Opened(epoch.clone()));
        changes.extend(self.event(Event::Synced));
        changes
    }

    pub(crate) fn waits(&mut self, seconds: u64) -> Vec<Change> {
        self.now += seconds;
        self.event(Event::Tick)
    }

    pub(crate) fn says(&mut self, who: usize, epoch: &Epoch) -> Vec<Change> {
        let statement = Statement { epoch: epoch.id, time: self.now, place: None };
        self.event(Event::Said(member(who), statement))
    }

    pub(crate) fn is_in(&self, epoch: &Epoch) -> bool {
        self.view.current().id == epoch.id
    }

    /// The only question that is open.
    pub(crate) fn question(&self) -> Question {
        let [question] = self.view.questions() else { panic!("{:?}", self.view.questions()) };
        question.clone()
    }

    pub(crate) fn is_asked(&self) -> bool {
        !self.view.questions().is_empty()
    }

    pub(crate) fn accepts(&mut self, epoch: &Epoch) -> Vec<Change> {
        self.event(Event::Accepts(epoch.id))
    }

    pub(crate) fn refuses(&mut self) -> Vec<Change> {
        let question = self.question();
        self.event(Event::Refuses(question))
    }
}
