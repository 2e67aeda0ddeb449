//! Writing: messages, parts, and forks of one's own.

use std::collections::BTreeMap;
use std::rc::Rc;

use cwtch_primitives::agreement::AgreementKey;
use cwtch_protocol::group::fork::delivery::{Announcement, Half, Posting, Standing};
use cwtch_protocol::group::fork::{Event, HOUR, Readiness, may_fork};
use cwtch_wire::group::fork::{ForkId, Prekey};

use super::super::program::Now;
use super::super::travel::{Made, Outgoing, Words};
use super::{Held, State};

impl State {
    pub(super) fn queue(&mut self, epoch: ForkId, words: Words) {
        self.numbers += 1;
        self.outbox.push(Outgoing { number: self.numbers, epoch, words, begun: false, sealed: None });
    }

    pub(super) fn words(&self, time: u64) -> Words {
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
