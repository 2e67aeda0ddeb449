//! The life of a fork: events, and the changes that follow from them.

use std::collections::BTreeMap;

use cwtch_wire::group::fork::ForkId;

use super::change::{Change, Event};
use super::epoch::{Epoch, Fork, Member};
use super::kind::Kind;
use super::view::View;
use super::{FORKS, FORKS_OF_EPOCH, OPENABLE};

/// Everything that follows from an event at a time (unix seconds: the latest of the own clock and of what others signed).
pub fn step(view: &View, event: &Event, now: u64) -> Vec<Change> {
    let mut next = view.clone();
    let mut changes = learn(&next, event, now);
    changes.iter().for_each(|change| next.apply(change));
    while let Some(change) = due(&next, now) {
        next.apply(&change);
        changes.push(change);
    }
    changes
}

fn learn(view: &View, event: &Event, now: u64) -> Vec<Change> {
    match event {
        Event::Opened(epoch) => keep(view, epoch, now),
        Event::Forked(epoch) => {
            let mut changes = keep(view, epoch, now);
            if epoch.forker == Some(view.me) && epoch.parent == Some(view.current().id) {
                changes.push(Change::Moves { to: epoch.id, at: now, chosen: false });
            }
            changes
        }
        Event::Said(who, statement) => vec![Change::Said(*who, *statement)],
        // Of somebody else it means nothing, and whoever has the key can write in any number of names.
        Event::Leaves(who, id) => {
            let leaves = view.epoch(id).is_some_and(|epoch| view.belongs(who, epoch, now));
            leaves.then_some(Change::Leaves(*who, *id)).into_iter().collect()
        }
        Event::Synced => vec![Change::Synced],
        Event::Blocks(who, blocked) => vec![Change::Blocks(*who, *blocked)],
        Event::Accepts(fork) => accept(view, fork, now),
        Event::Refuses(question) => vec![Change::Refuses(question.clone(), now)],
        Event::TakesBack(fork) => take_back(view, fork, now),
        Event::Expires(fork) => {
            let over = view.fork(fork).is_some_and(|known| !known.closed) && !view.can_be_followed(fork, now);
            over.then_some(Change::Closes(*fork)).into_iter().collect()
        }
        Event::Tick => Vec::new(),
    }
}

fn keep(view: &View, epoch: &Epoch, now: u64) -> Vec<Change> {
    if view.epoch(&epoch.id).is_some() {
        return Vec::new();
    }
    let mut changes = Vec::new();
    match make_room(view, epoch) {
        Room::Free => {}
        Room::By(dropped) => changes.extend(view.below(&dropped).into_iter().map(Change::Drops)),
        Room::None => return Vec::new(),
    }
    changes.push(Change::Keep(epoch.clone(), now));
    if let (Some(forker), Some(parent)) = (epoch.forker, epoch.parent)
        && view.kind(epoch, now) != Kind::Rekey
    {
        changes.push(Change::Stops(forker, parent, now));
    }
    changes
}

/// Room for one more fork.
enum Room {
    Free,
    By(ForkId),
    None,
}

/// Finds room for a fork: where there is none, the oldest of whoever made most of them goes with what came out of it, so that nobody keeps
/// out another's by making many. What was followed has messages, and stays: it does not count.
fn make_room(view: &View, epoch: &Epoch) -> Room {
    let of_parent = |fork: &&Fork| fork.epoch.parent == epoch.parent;
    let others = || view.forks().filter(|fork| !fork.followed);
    let crowded = others().filter(of_parent).count() >= FORKS_OF_EPOCH;
    if !crowded && others().count() < FORKS {
        return Room::Free;
    }
    let mut by_forker: BTreeMap<Member, Vec<&Fork>> = BTreeMap::new();
    for fork in others().filter(|fork| !crowded || of_parent(fork)) {
        if let Some(forker) = fork.epoch.forker {
            by_forker.entry(forker).or_default().push(fork);
        }
    }
    let own = epoch.forker.and_then(|forker| by_forker.get(&forker)).map_or(0, Vec::len);
    let most = by_forker.into_values().max_by_key(Vec::len).filter(|forks| forks.len() > own);
    let oldest = most.and_then(|forks| forks.into_iter().min_by_key(|fork| fork.opened));
    oldest.map_or(Room::None, |fork| Room::By(fork.epoch.id))
}

/// Follows a fork that the person chose, if it can still be followed.
fn accept(view: &View, id: &ForkId, now: u64) -> Vec<Change> {
    let Some(fork) = view.fork(id) else { return Vec::new() };
    let openable = fork.is_openable(now);
    let reachable = fork.epoch.parent.is_some_and(|parent| view.is_in_path(&parent)) && !view.is_in_path(id);
    let left_out = fork.epoch.forker.is_none_or(|forker| view.is_left_out(&forker, now));
    if !openable || !reachable || left_out {
        return Vec::new();
    }
    vec![Change::Moves { to: *id, at: now, chosen: true }]
}

fn take_back(view: &View, id: &ForkId, now: u64) -> Vec<Change> {
    let current = view.current();
    let is_mine = current.id == *id && current.forker == Some(view.me);
    if is_mine && view.count(current, now) <= 1 { vec![Change::Returns(*id, now)] } else { Vec::new() }
}

/// The next change that is due by itself.
fn due(view: &View, now: u64) -> Option<Change> {
    let asked = view.due_questions(now);
    let settled = view.questions.iter().find(|open| !asked.iter().any(|due| due.key() == open.key()));
    if let Some(question) = settled {
        return Some(Change::Withdraws(question.clone()));
    }
    if let Some(question) = asked.into_iter().find(|due| !view.questions.contains(due)) {
        return Some(Change::Asks(question));
    }
    let to = view.next_rekey(now)?;
    Some(Change::Moves { to, at: now, chosen: false })
}

impl View {
    /// The rekey that is followed next by itself: for an epoch that was left lately, a better one than the one that was followed;
    /// then the best one of the epoch that is written in.
    fn next_rekey(&self, now: u64) -> Option<ForkId> {
        let better = self.path().find_map(|followed| {
            let parent = followed.parent.filter(|parent| self.is_contested(parent, now))?;
            let better = self.automatic(&parent, now).filter(|fork| self.overtakes(fork, followed, now));
            self.best(better.collect(), now)
        });
        better.or_else(|| self.best(self.automatic(&self.current().id, now).collect(), now))
    }

    /// A fork and those that came out of it, the latter first.
    fn below(&self, fork: &ForkId) -> Vec<ForkId> {
        let mut below: Vec<&Fork> =
            self.forks.values().filter(|other| self.is_below(other.epoch.id, fork)).collect();
        below.sort_by_key(|fork| core::cmp::Reverse(fork.epoch.depth));
        below.into_iter().map(|fork| fork.epoch.id).collect()
    }

    /// True if a fork was followed, or may still be: by a person's choice, by itself, or behind one of which that holds. Once it is false it
    /// stays so, and nothing is lost with the fork's keys. `now` is the time that erasing goes by.
    pub fn can_be_followed(&self, id: &ForkId, now: u64) -> bool {
        if self.is_in_path(id) {
            return true;
        }
        let Some(fork) = self.fork(id).filter(|fork| !fork.closed) else { return false };
        if fork.followed {
            return true;
        }
        let Some(parent) = fork.epoch.parent.filter(|parent| self.can_be_followed(parent, now)) else {
            return false;
        };
        let waits_for_rules = || {
            let settled = self.is_in_path(&parent) && self.current().id != parent;
            let open = !settled || self.is_contested(&parent, now);
            open && fork.decision.refused.is_none() && self.kind(&fork.epoch, now) == Kind::Rekey
        };
        fork.is_openable(now) || waits_for_rules()
    }

    /// True while concurrent rekeys of an epoch that was left are settled, and after that as long as somebody is known to follow another one,
    /// for the time in which it can be followed: others count where one writes.
    pub fn is_settling(&self, now: u64) -> bool {
        let splits = |other: &Epoch| {
            let opened = self.fork(&other.id).map_or(0, |fork| fork.opened);
            now < opened.saturating_add(OPENABLE) && self.count(other, now) > 0
        };
        self.path().any(|epoch| {
            let contested = epoch.parent.is_some_and(|parent| self.is_contested(&parent, now));
            let mut rivals = self.siblings(epoch).filter(|other| self.kind(other, now) == Kind::Rekey);
            rivals.any(|other| contested || splits(other))
        })
    }

    fn best(&self, forks: Vec<&Epoch>, now: u64) -> Option<ForkId> {
        let best =
            forks.into_iter().reduce(|best, fork| if self.is_better(fork, best, now) { fork } else { best });
        best.map(|fork| fork.id)
    }
}
