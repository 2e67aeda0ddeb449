//! The table of places: which connections have one, and which loses its own when none is left. It makes decisions
//! only, without clock, sockets or tasks.
//!
//! Belonging to a class must cost something that a flood cannot have for free, or the class protects the flood. Being
//! authenticated costs nothing, nor does asking for messages. So *newcomers* (connections, authenticated or not, that
//! have sent nothing useful yet) and *residents* (those that have) never displace each other: each class has a share
//! of the places. Among the newcomers the one that has held its place longest goes first. Some of the residents are
//! *kept*: those who paid, the latest first, then those who have been there longest; of the others the one that has
//! been there longest goes first. So a flood displaces nobody who was there before it, and those who hold places
//! without paying cannot keep newcomers out of the unkept places.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names a connection for as long as its service runs. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u64);

/// Shares of the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// All places.
    limit: usize,
    /// Of them the ones that residents leave to newcomers.
    newcomers: usize,
    /// Of the residents' places the ones whose holders are kept.
    kept: usize,
}

impl Shares {
    /// Shares of `limit` places, of which residents leave `newcomers` (at least one, at most half) to newcomers. Half
    /// of the residents' places are kept.
    pub(crate) fn halves(limit: usize, newcomers: usize) -> Self {
        let limit = limit.max(2);
        let newcomers = newcomers.clamp(1, limit / 2);
        Self { limit, newcomers, kept: (limit - newcomers) / 2 }
    }

    /// Shares as in [`halves`](Self::halves), but none is kept: for a service whose residents are soon done.
    pub(crate) fn queue(limit: usize, newcomers: usize) -> Self {
        Self { kept: 0, ..Self::halves(limit, newcomers) }
    }

    fn residents(&self) -> usize {
        self.limit - self.newcomers
    }
}

/// A resident's claim to its place; the least claim goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// The resident asked for something, at this event. The later, the weaker the claim.
    Served(std::cmp::Reverse<u64>),
    /// The resident paid for something, at this event. The earlier, the weaker the claim.
    Paid(u64),
}

#[derive(Debug, Clone, Copy)]
enum Seat {
    Newcomer,
    /// A resident that may have to go, the one with the lowest turn first.
    Open {
        turn: u64,
        claim: Claim,
    },
    Kept {
        claim: Claim,
    },
}

/// The places of one service.
#[derive(Debug)]
pub(crate) struct Table {
    shares: Shares,
    /// Counter of what happened so far, so that any two events have an order.
    events: u64,
    seats: HashMap<Id, Seat>,
    newcomers: BTreeSet<Id>,
    open: BTreeMap<u64, Id>,
    kept: BTreeMap<Claim, Id>,
}

impl Table {
    /// All places free.
    pub(crate) fn new(shares: Shares) -> Self {
        Self {
            shares,
            events: 0,
            seats: HashMap::new(),
            newcomers: BTreeSet::new(),
            open: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Gives a newcomer a place. If none was free, the second value is the connection that loses its own.
    pub(crate) fn enter(&mut self) -> (Id, Option<Id>) {
        let full = self.seats.len() >= self.shares.limit;
        // Residents never fill the newcomers' share, so a full table has a newcomer to evict.
        let evicted = if full { self.newcomers.first().copied() } else { None };
        if let Some(evicted) = evicted {
            self.leave(evicted);
        }
        let id = Id(self.next_event());
        self.newcomers.insert(id);
        self.seats.insert(id, Seat::Newcomer);
        (id, evicted)
    }

    /// Makes a newcomer that did something useful a resident, and returns the connection that loses its place for it,
    /// if any. Has no effect on a resident.
    pub(crate) fn served(&mut self, id: Id) -> Option<Id> {
        if !self.newcomers.remove(&id) {
            return None;
        }
        let full = self.open.len() + self.kept.len() >= self.shares.residents();
        let evicted = if full { self.least() } else { None };
        if let Some(evicted) = evicted {
            self.leave(evicted);
        }
        let turn = self.next_event();
        self.place_open(id, turn, Claim::Served(std::cmp::Reverse(turn)));
        self.keep_more();
        evicted
    }

    /// Notes that a connection paid, and returns the one that loses its place for it, if any.
    pub(crate) fn paid(&mut self, id: Id) -> Option<Id> {
        let evicted = self.served(id);
        let turn = self.next_event();
        match self.seats.get(&id).copied() {
            Some(Seat::Open { turn, .. }) => {
                self.open.remove(&turn);
            }
            Some(Seat::Kept { claim }) => {
                self.kept.remove(&claim);
            }
            Some(Seat::Newcomer) | None => return evicted,
        }
        let claim = Claim::Paid(turn);
        if self.kept.len() >= self.shares.kept {
            let Some((least, displaced)) = self.kept.pop_first() else {
                self.place_open(id, turn, claim);
                return evicted;
            };
            // The displaced connection was kept until now, so it gets the last turn to go.
            let last = self.next_event();
            self.place_open(displaced, last, least);
        }
        self.kept.insert(claim, id);
        self.seats.insert(id, Seat::Kept { claim });
        evicted
    }

    /// Frees a connection's place. Has no effect if it is free already.
    pub(crate) fn leave(&mut self, id: Id) {
        match self.seats.remove(&id) {
            Some(Seat::Newcomer) => {
                self.newcomers.remove(&id);
            }
            Some(Seat::Open { turn, .. }) => {
                self.open.remove(&turn);
            }
            Some(Seat::Kept { claim }) => {
                self.kept.remove(&claim);
                self.keep_more();
            }
            None => {}
        }
    }

    fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    /// The resident with the least claim.
    fn least(&self) -> Option<Id> {
        self.open.values().next().or_else(|| self.kept.values().next()).copied()
    }

    fn place_open(&mut self, id: Id, turn: u64, claim: Claim) {
        self.open.insert(turn, id);
        self.seats.insert(id, Seat::Open { turn, claim });
    }

    /// Moves the residents that have been there longest up to kept places while any is free.
    fn keep_more(&mut self) {
        while self.kept.len() < self.shares.kept
            && let Some((_, id)) = self.open.pop_first()
        {
            if let Some(Seat::Open { claim, .. }) = self.seats.get(&id).copied() {
                self.kept.insert(claim, id);
                self.seats.insert(id, Seat::Kept { claim });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A count kept from outside, against which the module's promises are checked.
    #[derive(Default)]
    struct Seen {
        /// The history of each connection inside.
        inside: BTreeMap<Id, Life>,
    }

    #[derive(Default, Clone)]
    struct Life {
        resident: bool,
        paid: bool,
        entered_since: usize,
        /// Number of others that became residents, or paid, since this one became a resident.
        served_since: usize,
        /// Number of others that paid since this one last paid.
        paid_since: usize,
    }

    impl Seen {
        fn evicted(&mut self, shares: Shares, evicted: Option<Id>, by: &str) {
            let Some(evicted) = evicted else { return };
            let life = self.inside.remove(&evicted).expect("only somebody who is inside loses a place");
            if life.resident {
                assert_ne!(by, "enter", "a newcomer never costs a resident its place");
                let others = shares.residents() - shares.kept;
                assert!(life.served_since + 1 >= others, "{} became residents since", life.served_since);
                if life.paid && shares.kept > 0 {
                    assert!(life.paid_since >= shares.kept, "{} paid since", life.paid_since);
                }
            } else {
                assert_eq!(by, "enter", "a resident never costs a newcomer its place");
                assert!(life.entered_since + 1 >= shares.newcomers, "{} entered since", life.entered_since);
            }
        }
    }

    fn run(shares: Shares, steps: &[(u8, prop::sample::Index)]) {
        let mut table = Table::new(shares);
        let mut seen = Seen::default();
        for (step, who) in steps {
            let ids: Vec<Id> = seen.inside.keys().copied().collect();
            let chosen = (!ids.is_empty()).then(|| ids[who.index(ids.len())]);
            match (step, chosen) {
                (0..4, _) | (_, None) => {
                    let (id, evicted) = table.enter();
                    seen.evicted(shares, evicted, "enter");
                    seen.inside.values_mut().for_each(|life| life.entered_since += 1);
                    seen.inside.insert(id, Life::default());
                }
                (4..8, Some(id)) => {
                    let evicted = table.served(id);
                    assert_ne!(evicted, Some(id), "nobody pushes out itself");
                    seen.evicted(shares, evicted, "serve");
                    let life = seen.inside.get_mut(&id).unwrap();
                    if !std::mem::replace(&mut life.resident, true) {
                        seen.inside.iter_mut().filter(|(other, _)| **other != id).for_each(|(_, life)| {
                            life.served_since += 1;
                        });
                    }
                }
                (8, Some(id)) => {
                    let evicted = table.paid(id);
                    assert_ne!(evicted, Some(id), "nobody pushes out itself");
                    seen.evicted(shares, evicted, "pay");
                    let newly = !std::mem::replace(&mut seen.inside.get_mut(&id).unwrap().resident, true);
                    for (_, life) in seen.inside.iter_mut().filter(|(other, _)| **other != id) {
                        life.served_since += 1 + usize::from(newly);
                        life.paid_since += 1;
                    }
                    let life = seen.inside.get_mut(&id).unwrap();
                    (life.paid, life.paid_since) = (true, 0);
                }
                (_, Some(id)) => {
                    table.leave(id);
                    seen.inside.remove(&id);
                }
            }
            let residents = table.open.len() + table.kept.len();
            assert!(table.seats.len() <= shares.limit && residents <= shares.residents());
            assert_eq!(table.seats.len(), residents + table.newcomers.len());
            assert_eq!(table.seats.len(), seen.inside.len());
            assert!(table.kept.len() == shares.kept.min(residents), "as many are kept as can be");
        }
    }

    proptest! {
        #[test]
        fn nobody_loses_a_place_to_who_has_no_better_claim(
            limit in 2usize..14, newcomers in 1usize..8, queue: bool,
            steps in prop::collection::vec((0u8..10, any::<prop::sample::Index>()), 0..400),
        ) {
            run(if queue { Shares::queue(limit, newcomers) } else { Shares::halves(limit, newcomers) }, &steps);
        }
    }

    #[test]
    fn silent_newcomers_push_out_each_other_and_nobody_else() {
        let mut table = Table::new(Shares::halves(8, 2));
        let idle: Vec<Id> = (0..6).map(|_| table.enter().0).collect();
        assert!(idle.iter().all(|id| table.served(*id).is_none()));
        let mut flood: Vec<Id> = (0..2).map(|_| table.enter().0).collect();
        for _ in 0..100 {
            let (id, evicted) = table.enter();
            assert_eq!(evicted, Some(flood.remove(0)));
            flood.push(id);
        }
    }

    #[test]
    fn who_holds_places_without_paying_keeps_nobody_out() {
        let mut table = Table::new(Shares::halves(8, 2));
        let holders: Vec<Id> = (0..6).map(|_| table.enter().0).collect();
        holders.iter().for_each(|id| assert_eq!(table.served(*id), None));
        // The first three are kept; the others go in turn.
        for holder in &holders[3..] {
            let honest = table.enter().0;
            assert_eq!(table.served(honest), Some(*holder));
        }
        // One who pays takes the place of the youngest that is kept, which goes to the end of the queue.
        let honest = table.enter().0;
        table.paid(honest);
        assert!(!table.kept.values().any(|id| *id == holders[2]));
        assert!(table.open.values().next_back() == Some(&holders[2]));
    }
}
