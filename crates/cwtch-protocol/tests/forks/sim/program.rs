//! One member's program: the shipped rules with nothing between them but what a program must do, which is to keep what they say and to send
//! it. Every method is one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_protocol::group::fork::delivery::{
    Announcement, Answer, Answering, Half, Passing, Posting, Rounds, Shelf, Source, Standing, Unopened,
    Voice, is_newer_prekey, spent_halves,
};
use cwtch_protocol::group::fork::{
    Change, Checked, DAY, Epoch, Event, HOUR, Member, Readiness, Statement, View, check, keys, may_fork, step,
};
use cwtch_testkit::ChaCha20Rng;
use cwtch_wire::group::fork::{
    Ack, AckState, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, DayKeys, ForkId, OpenFault,
    OpenedFork, Package, PackageId, Part, Prekey,
};

use super::travel::{Entry, Made, Outgoing, Packet, Words};

/// The circumstances of a transaction.
pub(crate) struct Now<'a> {
    /// The own clock.
    pub(crate) clock: u64,
    /// The time that decisions go by.
    pub(crate) present: u64,
    pub(crate) rng: &'a mut ChaCha20Rng,
}

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
    pub(crate) moves: u32,
    pub(crate) followed: BTreeSet<ForkId>,
    pub(crate) invited: u32,
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
            moves: 0,
            followed: BTreeSet::new(),
            invited: 0,
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
        let entered = Keys {
            group: group_id(epoch),
            key: keys.group.clone(),
            days: DayKeys::new(epoch.time / DAY, 0, keys.first_day.clone()),
            seen: 0,
            left: None,
        };
        self.epochs.entry(epoch.id).or_insert(entered);
    }

    pub(crate) fn event(&mut self, event: &Event, now: &mut Now<'_>) {
        for change in step(&self.view, event, now.present) {
            let before = self.current().id;
            self.view.apply(&change);
            match &change {
                Change::Moves { to, chosen, .. } => {
                    if !chosen && !matches!(event, Event::Forked(_)) {
                        self.followed.insert(*to);
                    }
                    self.moves += 1;
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

    // Reading.

    /// A page of what the server has, in the order of arrival.
    pub(crate) fn read(&mut self, page: &[Rc<Entry>], log: Option<Member>, now: &mut Now<'_>) {
        for entry in page {
            if !self.read.insert(entry.index) || entry.words.author == self.me {
                continue;
            }
            let words = &entry.words;
            let author = words.author;
            if let Some(part) = &words.part {
                // Who has moved posts packages again in the epoch before: that says nothing about where they write.
                self.part(Source::Author(author), part, now);
                let held = self.held.values_mut().find(|held| held.package.id() == part.package());
                if let Some(rounds) = held.and_then(|held| held.rounds.as_mut()) {
                    rounds.sees(part.index(), part.class(), words.time.min(now.clock));
                }
            } else {
                let place = log.map(|log| (log, entry.index));
                let statement = Statement { epoch: entry.epoch, time: words.time, place };
                self.event(&Event::Said(author, statement), now);
            }
            if words.leaving {
                self.event(&Event::Leaves(author, entry.epoch), now);
            }
            if let Some(prekey) = words.prekey {
                self.capable.insert(author);
                self.learn(author, prekey, now);
            }
        }
    }

    fn learn(&mut self, of: Member, prekey: Prekey, now: &Now<'_>) {
        let kept = self.prekeys.get(&of).map(Prekey::created);
        if is_newer_prekey(kept, prekey.created(), now.present) {
            self.prekeys.insert(of, prekey);
        }
    }

    /// A part, from whoever. Returns how far the package has come.
    fn part(&mut self, source: Source, part: &Part, now: &mut Now<'_>) -> Option<AckState> {
        let id = part.package();
        if self.condemned.contains(&id) {
            return None;
        }
        if let Some(held) = self.held.values().find(|held| held.package.id() == id) {
            return Some(self.stage(&held.fork.notice.fork_id()));
        }
        if self.waiting.contains_key(&id) {
            return Some(AckState::Opened);
        }
        match self.shelf.put(source, part.clone(), now.clock) {
            Ok(Some(package)) => self.whole(&Rc::new(package), now),
            Ok(None) => self.unopened.contains_key(&id).then_some(AckState::Complete),
            Err(_) => None,
        }
    }

    fn stage(&self, fork: &ForkId) -> AckState {
        let moved = self.view.path().any(|epoch| epoch.id == *fork);
        if moved { AckState::Moved } else { AckState::Opened }
    }

    fn whole(&mut self, package: &Rc<Package>, now: &mut Now<'_>) -> Option<AckState> {
        let halves: Vec<AgreementKey> = self.halves.iter().map(|(_, half)| half.clone()).collect();
        match package.open(&halves) {
            Ok(fork) => self.opened(package, &Rc::new(fork), now),
            Err(OpenFault::NotForMe) => {
                let epoch = self.current().id;
                let new = || Lost { epoch, unopened: Unopened::new(now.clock), asked: BTreeMap::new() };
                self.unopened.entry(package.id()).or_insert_with(new);
                Some(AckState::Complete)
            }
            Err(_) => self.condemn(package),
        }
    }

    fn condemn(&mut self, package: &Package) -> Option<AckState> {
        self.shelf.settle(&package.id());
        self.unopened.remove(&package.id());
        self.condemned.insert(package.id());
        None
    }

    fn opened(
        &mut self,
        package: &Rc<Package>,
        fork: &Rc<OpenedFork>,
        now: &mut Now<'_>,
    ) -> Option<AckState> {
        let group = |epoch: &Epoch| self.epochs.get(&epoch.id).map(|keys| keys.group);
        match check(&self.view, fork, group, now.present) {
            Err(_) => self.condemn(package),
            Ok(Checked::Waits | Checked::Elsewhere) => {
                self.shelf.settle(&package.id());
                self.waiting.insert(package.id(), (Rc::clone(package), Rc::clone(fork)));
                Some(AckState::Opened)
            }
            Ok(Checked::Good(epoch)) => {
                self.shelf.settle(&package.id());
                self.waiting.remove(&package.id());
                self.unopened.remove(&package.id());
                let held = Held {
                    package: Rc::clone(package),
                    fork: Rc::clone(fork),
                    opened: now.clock,
                    secret: true,
                    rounds: None,
                    again: None,
                    passing: BTreeMap::new(),
                };
                self.held.entry(epoch.id).or_insert(held);
                self.enter(&epoch, &fork.keys);
                self.event(&Event::Opened(epoch.clone()), now);
                if self.view.fork(&epoch.id).is_none() {
                    // There was no room.
                    self.held.remove(&epoch.id);
                    self.epochs.remove(&epoch.id);
                    return Some(AckState::Complete);
                }
                self.look_again(now);
                Some(self.stage(&epoch.id))
            }
        }
    }

    /// Looks at what waited.
    fn look_again(&mut self, now: &mut Now<'_>) {
        for (id, (package, fork)) in self.waiting.clone() {
            if self.waiting.contains_key(&id) {
                self.opened(&package, &fork, now);
            }
        }
    }

    /// A sync was completed.
    pub(crate) fn synced(&mut self, log: bool, now: &mut Now<'_>) {
        self.look_again(now);
        self.event(&Event::Synced, now);
        self.shelf.expire(now.clock);
        // What came out of an epoch that was followed is asked for, also once another fork of it is followed: others may be there.
        let path: BTreeSet<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        let held: BTreeSet<PackageId> = self.shelf.held().iter().map(|held| held.package).collect();
        self.unopened.retain(|id, lost| path.contains(&lost.epoch) && held.contains(id));
        if now.clock.abs_diff(self.pruned) >= DAY {
            self.pruned = now.clock;
            self.forget(log, now);
        }
    }

    fn forget(&mut self, log: bool, now: &Now<'_>) {
        let halves: Vec<Half> = self.halves.iter().map(|(half, _)| *half).collect();
        for place in spent_halves(&halves, now.clock).into_iter().rev() {
            self.halves.remove(place);
        }
        let others: Vec<u64> = self.statements().map(|said| said.time).collect();
        let today = keys::today(now.clock, log.then_some(now.present), &others);
        let path: Vec<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        for (id, keys) in &mut self.epochs {
            let Some(epoch) = self.view.epoch(id) else { continue };
            let oldest = keys::oldest_kept(today, epoch.time / DAY, keys::MEMORY);
            if epoch.mode.is_daily() {
                keys.days.forget_before(oldest);
            }
            if let Some(held) = self.held.get_mut(id) {
                let expires = keys::secret_expires(epoch.mode, held.opened, oldest, false, now.clock);
                held.secret &= !expires;
            }
        }
        let closed = |id: &ForkId, keys: &Keys| {
            let Some(epoch) = self.view.epoch(id) else { return true };
            let left = keys.left.filter(|_| *id != self.current().id);
            let all = epoch.listed.iter().all(|who| self.view.statement(who).is_some_and(|s| s.epoch != *id));
            let left = left.is_some_and(|left| keys::closes(epoch.mode, left, all, now.present));
            // One that was never followed closes when it cannot be any more.
            let openable = self.held.get(id).is_none_or(|held| now.clock < held.opened + 31 * DAY);
            left || (!path.contains(id) && !openable)
        };
        let closed: Vec<ForkId> =
            self.epochs.iter().filter(|(id, keys)| closed(id, keys)).map(|(id, _)| *id).collect();
        for id in closed {
            self.epochs.remove(&id);
        }
    }

    pub(crate) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.current().listed.iter().chain(&self.capable).filter_map(|who| self.view.statement(who))
    }

    // Writing.

    fn queue(&mut self, epoch: ForkId, words: Words) {
        self.numbers += 1;
        self.outbox.push(Outgoing { number: self.numbers, epoch, words, begun: false });
    }

    fn words(&self, time: u64) -> Words {
        let (part, prekey, leaving, control) = (None, None, false, false);
        Words { author: self.me, time, part, prekey, leaving, control }
    }

    /// Writes what is due: parts, and the first message after a move; `chat` if the person wants to say something.
    pub(crate) fn write(&mut self, chat: bool, now: &mut Now<'_>) {
        let waits = self.own.as_ref().is_some_and(|(_, own)| own.standing(now.clock) == Standing::Waits);
        let mut postings = Vec::new();
        if let Some((fork, own)) = &mut self.own
            && let Some(posting) = &mut own.posting
        {
            postings.extend(posts(posting, now).into_iter().map(|part| (*fork, part)));
        }
        let forks: Vec<ForkId> = self.held.keys().copied().collect();
        for fork in forks {
            let Some(epoch) = self.view.epoch(&fork).cloned() else { continue };
            let in_path = self.view.path().any(|epoch| epoch.id == fork);
            let lacks = in_path && !self.view.lacks(&epoch, &self.capable).is_empty();
            let Some(held) = self.held.get_mut(&fork) else { continue };
            if let Some(rounds) = held.rounds.as_mut().filter(|rounds| rounds.is_due(now.clock)) {
                rounds.over(now.clock);
                if lacks {
                    held.again = Some(Posting::new(held.package.class(), now.clock));
                }
            }
            if let Some(posting) = &mut held.again {
                postings.extend(posts(posting, now).into_iter().map(|part| (fork, part)));
            }
        }
        for (fork, (index, time)) in postings {
            let parent = self.view.epoch(&fork).and_then(|epoch| epoch.parent);
            let part = self.held.get(&fork).map(|held| held.package.parts().remove(usize::from(index)));
            let Some((parent, part)) = parent.zip(part) else { continue };
            if self.epochs.contains_key(&parent) {
                self.posted_parts += 1;
                self.queue(parent, Words { part: Some(part), control: true, ..self.words(time) });
            }
        }
        if !waits
            && (chat || self.voice.is_due(self.current().mode, self.view.is_settling(now.present), now.clock))
        {
            self.say(!chat, false, now);
        }
    }

    /// Writes a message in the current epoch.
    pub(crate) fn say(&mut self, control: bool, leaving: bool, now: &mut Now<'_>) {
        let newest = self.halves.iter().map(|(half, _)| half.created).max();
        let carries = self.voice.carries(newest, now.clock);
        let prekey = carries.prekey.then(|| self.new_half(now));
        let words = Words { prekey, control, leaving, ..self.words(now.clock) };
        let epoch = self.current().id;
        self.queue(epoch, words);
        self.voice.wrote(now.clock, now.rng);
    }

    /// Makes a prekey, which is durable before it is published.
    pub(crate) fn new_half(&mut self, now: &mut Now<'_>) -> Prekey {
        let half = AgreementKey::generate(now.rng);
        let prekey = Prekey::new(now.clock, *half.public_key());
        self.halves.push((Half { created: prekey.created(), superseded: None }, half));
        prekey
    }

    /// A message is about to leave.
    pub(crate) fn begins(&mut self, number: u64) {
        let begun = self.outbox.iter_mut().filter(|waiting| waiting.number == number);
        begun.for_each(|waiting| waiting.begun = true);
    }

    /// The server has a message.
    pub(crate) fn confirmed(&mut self, sent: &Outgoing, now: &Now<'_>) {
        self.outbox.retain(|waiting| waiting.number != sent.number);
        if let Some(prekey) = sent.words.prekey {
            let older = self.halves.iter_mut().filter(|(half, _)| half.created < prekey.created());
            older.for_each(|(half, _)| _ = half.superseded.get_or_insert(now.clock));
        }
        if let (Some(part), Some((fork, own))) = (&sent.words.part, &mut self.own)
            && self.held.get(fork).is_some_and(|held| held.package.id() == part.package())
        {
            own.confirmed(part.index());
        }
    }

    // Forks of one's own.

    /// Time and depth for a fork, if the rules let the member make one.
    pub(crate) fn may_fork(&self, log: bool, now: &Now<'_>) -> Option<(u64, u32)> {
        let others = self.statements().map(|said| said.time).collect();
        let ready = Readiness {
            clock: now.clock,
            synced: Some(now.clock),
            checkpoint: log.then_some(now.present),
            others,
            ..Readiness::default()
        };
        may_fork(&self.view, &ready, now.present).ok().map(|own| (own.time, own.depth))
    }

    pub(crate) fn forked(&mut self, made: &Made, quiet: bool, now: &mut Now<'_>) {
        let fork = &made.sealed.content;
        let held = Held {
            package: Rc::new(made.sealed.package.clone()),
            fork: Rc::new(fork.clone()),
            opened: now.clock,
            secret: true,
            rounds: None,
            again: None,
            passing: BTreeMap::new(),
        };
        self.own = Some((made.epoch.id, Announcement::new(held.package.class(), quiet, now.clock)));
        self.held.insert(made.epoch.id, held);
        self.enter(&made.epoch, &fork.keys);
        self.event(&Event::Forked(made.epoch.clone()), now);
    }

    // Contacts.

    /// What a contact is sent when a connection stands, which it does from now on.
    pub(crate) fn greet(&mut self, contact: &Member, now: &mut Now<'_>) -> Vec<Packet> {
        let mut packets = Vec::new();
        let waits = self.own.as_ref().filter(|(_, own)| own.standing(now.clock) == Standing::Waits);
        let waits = waits.map(|(fork, _)| *fork);
        let path: BTreeSet<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        for (id, held) in &mut self.held {
            let Some(epoch) = self.view.epoch(id) else { continue };
            if waits == Some(*id) || !self.view.passes_on(epoch, contact, now.present) {
                continue;
            }
            let passing = held.passing.entry(*contact).or_default();
            let stage = if path.contains(id) { AckState::Moved } else { AckState::Opened };
            if let Some(state) = passing.tells(stage, false) {
                packets.push(Packet::ack(&Ack { package: held.package.id(), fork: *id, state }));
                passing.told(state);
            }
            if passing.sends(now.clock, now.clock) {
                passing.sent(now.clock);
                self.sent_parts += u32::from(held.package.class().parts());
                packets.extend(held.package.parts().iter().map(Packet::part));
            }
        }
        if self.view.statement(contact).is_some() {
            let due = |lost: &&mut Lost| lost.unopened.asks(lost.asked.get(contact).copied(), now.clock);
            let mut epochs = BTreeSet::new();
            for lost in self.unopened.values_mut().filter(due) {
                let (last, times) = lost.asked.entry(*contact).or_default();
                (*last, *times) = (now.clock, *times + 1);
                epochs.insert(lost.epoch);
            }
            for epoch in epochs {
                let prekey = match self.halves.iter().max_by_key(|(half, _)| half.created) {
                    Some((half, key)) => Prekey::new(half.created, *key.public_key()),
                    None => self.new_half(now),
                };
                packets.push(Packet::Want(epoch, prekey));
            }
        }
        packets
    }

    /// What a contact is answered.
    pub(crate) fn hear(
        &mut self,
        from: &Member,
        packet: &Packet,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        match packet {
            Packet::Data(CONTEXT_FORK_PART, data) => {
                let Ok(part) = Part::from_bytes(data) else { return Vec::new() };
                let last = part.index() + 1 == part.class().parts();
                let state = self.part(Source::Contact(*from), &part, now);
                let fork = self.fork_of(&part.package());
                let ack = state.zip(fork).filter(|_| last);
                ack.map(|(state, fork)| Packet::ack(&Ack { package: part.package(), fork, state }))
                    .into_iter()
                    .collect()
            }
            Packet::Data(CONTEXT_FORK_ACK, data) => {
                let Ok(ack) = Ack::from_bytes(data) else { return Vec::new() };
                if let Some(held) = self.held.get_mut(&ack.fork) {
                    held.passing.entry(*from).or_default().acknowledged(ack.state);
                }
                Vec::new()
            }
            Packet::Data(CONTEXT_FORK_BARE, data) => {
                let Ok(bare) = Bare::from_bytes(data) else { return Vec::new() };
                let whole = self.shelf.whole().into_iter().map(|(_, package)| package);
                let of_fork: Vec<Package> = whole.filter(|p| p.fork_id() == bare.fork).collect();
                for package in of_fork {
                    if let Ok(fork) = package.open_with(&bare.secret) {
                        self.opened(&Rc::new(package), &Rc::new(fork), now);
                        break;
                    }
                }
                Vec::new()
            }
            Packet::Data(..) => Vec::new(),
            Packet::Want(epoch, prekey) => self.wanted(from, epoch, *prekey, made, now),
            Packet::Invite(made) => {
                // A new beginning: nothing of the past is known any more.
                self.invited += 1;
                self.enter(&made.epoch, made.keys());
                self.view = View::new(self.me, made.epoch.clone());
                self.voice = Voice::new(now.clock, now.rng);
                Vec::new()
            }
        }
    }

    fn fork_of(&self, package: &PackageId) -> Option<ForkId> {
        let held = self.held.values().find(|held| held.package.id() == *package);
        let waiting = || self.waiting.get(package).map(|(_, fork)| fork.notice.fork_id());
        let shelf =
            || self.shelf.whole().into_iter().find(|(_, p)| p.id() == *package).map(|(_, p)| p.fork_id());
        held.map(|held| held.fork.notice.fork_id()).or_else(waiting).or_else(shelf)
    }

    fn wanted(
        &mut self,
        from: &Member,
        epoch: &ForkId,
        prekey: Prekey,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        self.learn(*from, prekey, now);
        if !self.answering.entry(*from).or_default().is_due(now.clock) {
            return Vec::new();
        }
        let has = |fork: &ForkId| self.held.get(fork).is_some_and(|held| held.secret);
        let answers = self.view.answers(from, epoch, has, now.present);
        if answers.is_empty() {
            return Vec::new();
        }
        self.answering.insert(*from, Answering { last: Some(now.clock) });
        let mut packets = Vec::new();
        for answer in answers {
            match answer {
                Answer::Parts(fork) => {
                    let held = self.held.get(&fork);
                    packets
                        .extend(held.iter().flat_map(|held| held.package.parts()).map(|p| Packet::part(&p)));
                }
                Answer::Bare(fork) => {
                    let secret = self.held.get(&fork).map(|held| held.fork.secret.clone());
                    packets.extend(secret.map(|secret| Packet::bare(&Bare { fork, secret })));
                }
                Answer::Invite => {
                    packets.extend(made.get(&self.current().id).map(|made| Packet::Invite(Rc::clone(made))));
                }
            }
        }
        packets
    }
}

/// The parts that are due within an hour, with their times.
fn posts(posting: &mut Posting, now: &mut Now<'_>) -> Vec<(u8, u64)> {
    let mut due = Vec::new();
    let mut at = now.clock;
    while let Some(index) = posting.due(at) {
        due.push((index, at));
        posting.posted(at, now.rng);
        at = posting.wakes().unwrap_or(at);
        if at >= now.clock + HOUR {
            break;
        }
    }
    due
}

/// The id of an epoch's group: deriving the real one takes milliseconds, and nothing here depends on it.
pub(crate) fn group_id(epoch: &Epoch) -> GroupId {
    let mut id = [0; 16];
    id.copy_from_slice(&epoch.id.as_bytes()[16..]);
    GroupId::from_bytes(id)
}
