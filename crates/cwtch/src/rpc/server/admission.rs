//! Admission of connections: the policy alone, without sockets and without a clock.
//!
//! Programs that stay connected, commands that wait for a confirmation and commands that just come do not use up one
//! limit. When a newcomer finds no place, who has the least claim goes: first who does not read what it is sent, then
//! who connected and never asked anything, then who has been idle the longest. Nobody goes before a grace is over, so
//! that a burst of commands on a slow machine waits in the socket's queue and loses none.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Numbers of connections, by kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections that neither hear events nor wait for a confirmation.
    pub(super) open: usize,
    /// Connections that hear events.
    pub(super) subscribed: usize,
    /// Connections that wait for a confirmation.
    pub(super) waiting: usize,
    /// Confirmations that one connection waits for.
    pub(super) waits: usize,
    /// Time for which nobody goes for being quiet.
    pub(super) grace: Duration,
    /// Time for which nobody goes for not reading.
    pub(super) stall: Duration,
}

impl Limits {
    /// Those of a daemon: in all fewer descriptors than half of what systems give a program by default (1,024).
    pub(super) const DAEMON: Self = Self {
        open: 128,
        subscribed: 64,
        waiting: 256,
        waits: 1024,
        grace: Duration::from_secs(10),
        stall: Duration::from_secs(60),
    };
}

/// A connection's number.
pub(super) type Id = u64;

/// All connections. `H` is what ends one of them.
pub(super) struct Admission<H> {
    limits: Limits,
    places: BTreeMap<Id, Place<H>>,
    last: Id,
}

struct Place<H> {
    handle: H,
    /// True if it ever asked anything.
    spoke: bool,
    /// Requests that were read and are not answered.
    asked: usize,
    /// Those of them for which something outside is waited for.
    waiting: usize,
    subscribed: bool,
    /// Moment since which nothing happened on it.
    quiet: Instant,
    /// Moment since which it does not take what is written to it.
    stalled: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Fresh,
    Idle,
    Working,
    Subscribed,
    Waiting,
}

impl<H> Place<H> {
    fn class(&self) -> Class {
        if self.waiting > 0 {
            Class::Waiting
        } else if self.subscribed {
            Class::Subscribed
        } else if self.asked > 0 {
            Class::Working
        } else if self.spoke {
            Class::Idle
        } else {
            Class::Fresh
        }
    }

    fn is_open(&self) -> bool {
        !matches!(self.class(), Class::Subscribed | Class::Waiting)
    }
}

/// Verdict about a newcomer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<H> {
    /// There is a place.
    Come,
    /// There is one as soon as this connection has ended; it has lost its place already.
    Instead(H),
    /// There is none; look again at this moment, or when somebody leaves.
    Later(Instant),
}

impl<H> Admission<H> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, places: BTreeMap::new(), last: 0 }
    }

    /// Somebody wants to come in.
    pub(super) fn knock(&mut self, now: Instant) -> Verdict<H> {
        let open = self.places.values().filter(|place| place.is_open()).count();
        if open < self.limits.open {
            return Verdict::Come;
        }
        let Limits { grace, stall, .. } = self.limits;
        let quiet = |class, rank| {
            move |place: &Place<H>| (place.class() == class).then(|| (place.quiet + grace, rank, place.quiet))
        };
        let stalled = |place: &Place<H>| {
            place.stalled.filter(|_| place.is_open()).map(|since| (since + stall, 0, since))
        };
        let (fresh, idle) = (quiet(Class::Fresh, 1), quiet(Class::Idle, 2));
        let claims: Vec<_> = self
            .places
            .iter()
            .flat_map(|(id, place)| {
                [stalled(place), fresh(place), idle(place)].into_iter().flatten().map(|claim| (claim, *id))
            })
            .collect();
        let due = claims.iter().filter(|((due, ..), _)| *due <= now);
        if let Some((_, id)) = due.min_by_key(|((_, rank, since), _)| (*rank, *since))
            && let Some(place) = self.places.remove(id)
        {
            return Verdict::Instead(place.handle);
        }
        let next = claims.iter().map(|((due, ..), _)| *due).min();
        Verdict::Later(next.unwrap_or(now + grace))
    }

    /// Somebody came in.
    pub(super) fn enter(&mut self, handle: H, now: Instant) -> Id {
        self.last += 1;
        let place = Place {
            handle,
            spoke: false,
            asked: 0,
            waiting: 0,
            subscribed: false,
            quiet: now,
            stalled: None,
        };
        self.places.insert(self.last, place);
        self.last
    }

    /// The connection ended.
    pub(super) fn leave(&mut self, id: Id) {
        self.places.remove(&id);
    }

    /// A request was read.
    pub(super) fn asks(&mut self, id: Id, now: Instant) {
        self.change(id, now, |place| {
            place.spoke = true;
            place.asked += 1;
        });
    }

    /// A request is done with.
    pub(super) fn answered(&mut self, id: Id, now: Instant) {
        self.change(id, now, |place| place.asked = place.asked.saturating_sub(1));
    }

    /// Takes a place to wait for a confirmation; false if there is none.
    pub(super) fn wait(&mut self, id: Id) -> bool {
        let others = self.places.values().filter(|place| place.class() == Class::Waiting).count();
        let limits = self.limits;
        let Some(place) = self.places.get_mut(&id) else { return false };
        let room = if place.waiting == 0 { others < limits.waiting } else { place.waiting < limits.waits };
        if room {
            place.waiting += 1;
        }
        room
    }

    /// Gives a place from [`Self::wait`] back.
    pub(super) fn waited(&mut self, id: Id, now: Instant) {
        self.change(id, now, |place| place.waiting = place.waiting.saturating_sub(1));
    }

    /// It wants to hear events. Where all places are taken, one that does not read goes; what ends that is in the
    /// answer.
    ///
    /// # Errors
    /// How many places there are, if all are in use.
    pub(super) fn subscribe(&mut self, id: Id, now: Instant) -> Result<Option<H>, usize> {
        let listening = self.places.iter().filter(|(_, place)| place.subscribed);
        let mut gone = None;
        if listening.clone().count() >= self.limits.subscribed {
            let stall = self.limits.stall;
            let slowest = listening
                .filter_map(|(id, place)| place.stalled.map(|since| (since, *id)))
                .filter(|(since, _)| *since + stall <= now)
                .min();
            let (_, slowest) = slowest.ok_or(self.limits.subscribed)?;
            gone = self.places.remove(&slowest).map(|place| place.handle);
        }
        self.change(id, now, |place| place.subscribed = true);
        Ok(gone)
    }

    /// It wants to hear no more events.
    pub(super) fn unsubscribe(&mut self, id: Id, now: Instant) {
        self.change(id, now, |place| place.subscribed = false);
    }

    /// Something is being written to it (since then), or it has taken all of it.
    pub(super) fn writes(&mut self, id: Id, since: Option<Instant>) {
        if let Some(place) = self.places.get_mut(&id) {
            place.stalled = since;
        }
    }

    fn change(&mut self, id: Id, now: Instant, change: impl FnOnce(&mut Place<H>)) {
        if let Some(place) = self.places.get_mut(&id) {
            change(place);
            place.quiet = now;
        }
    }
}

#[cfg(test)]
mod tests;
