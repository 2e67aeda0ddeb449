//! The queue under a clock that is turned: any number of contacts, dials that hang, people who wait for some of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::PLACES;
use super::attention::Rank;
use super::queue::{Queue, SLOT, Ticket};

/// The longest that a dial may last.
const DIAL: Duration = cwtch_protocol::channel::deadlines::DIAL;
/// Time from a nudge to the dialler's next attempt.
const FLOOR: Duration = Duration::from_millis(250);
const HOUR: Duration = Duration::from_secs(3600);

/// Event at a moment of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    /// A contact's pause is over, if it is still this one.
    Enters { contact: usize, pause: u64 },
    /// A dial ends.
    Ends { contact: usize, ticket: u64 },
    /// A dial has lasted for a slot.
    Slot,
    /// A person waits for a contact, or does not any more.
    Wanted { contact: usize, wanted: bool },
    /// Messages are queued for a contact, or were delivered.
    Queued { contact: usize, queued: bool },
}

#[derive(Default, Clone)]
struct Contact {
    rank: Rank,
    /// The longest pause between two dials of it.
    pause: Duration,
    /// Counts its pauses.
    pauses: u64,
    /// Set while it waits in the queue: since when, and how many waited then, it among them.
    waits: Option<(Duration, usize)>,
    dialled: bool,
    /// Set while it is waited for and waits in the queue: since when, and how many of those are, it among them.
    urgent: [Option<(Duration, usize)>; 2],
    last_dial: Duration,
}

struct World {
    rng: ChaCha20Rng,
    queue: Queue<usize, usize>,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, Happens)>>,
    contacts: Vec<Contact>,
    tickets: HashMap<u64, Ticket>,
    given: u64,
    /// True if each dial hangs as long as it may.
    all_hang: bool,
    under_way: usize,
    longest_gap: Duration,
    most_under_way: usize,
}

impl World {
    fn new(seed: u64, contacts: usize, all_hang: bool) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let contacts: Vec<Contact> = (0..contacts)
            .map(|_| Contact {
                rank: Rank {
                    look: if rng.gen_bool(0.1) { rng.gen_range(1..100) } else { 0 },
                    active: rng.gen_range(0..1_000_000),
                    ..Rank::default()
                },
                // As `backoff` has them: seen within the hour, the day, the week, or longer ago.
                pause: Duration::from_secs([30, 120, 600, 3600][rng.gen_range(0..4)]),
                ..Contact::default()
            })
            .collect();
        let mut world = Self {
            rng,
            queue: Queue::new(PLACES),
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            tickets: HashMap::new(),
            given: 0,
            all_hang,
            under_way: 0,
            longest_gap: Duration::ZERO,
            most_under_way: 0,
            contacts,
        };
        for contact in 0..world.contacts.len() {
            world.at(Duration::ZERO, Happens::Enters { contact, pause: 0 });
        }
        world
    }

    fn at(&mut self, when: Duration, what: Happens) {
        self.events.push(Reverse((when, what)));
    }

    fn run(&mut self, until: Duration) {
        while let Some(Reverse((when, what))) = self.events.pop() {
            if when > until {
                break;
            }
            self.now = when;
            self.happens(what);
            self.grant();
        }
    }

    fn happens(&mut self, what: Happens) {
        match what {
            Happens::Slot => {}
            Happens::Enters { contact, pause } => {
                if self.contacts[contact].pauses == pause {
                    self.enter(contact);
                }
            }
            Happens::Ends { contact, ticket } => {
                self.queue.give_back(self.tickets.remove(&ticket).unwrap());
                self.under_way -= 1;
                let found = &mut self.contacts[contact];
                found.dialled = false;
                found.pauses += 1;
                let (longest, pause) = (found.pause, found.pauses);
                let when = self.now + longest.mul_f64(self.rng.gen_range(0.5..1.0));
                self.at(when, Happens::Enters { contact, pause });
            }
            Happens::Wanted { contact, wanted } => {
                self.contacts[contact].rank.wanted = wanted;
                self.urgent(contact, 0, wanted);
            }
            Happens::Queued { contact, queued } => {
                self.contacts[contact].rank.queued = queued;
                self.urgent(contact, 1, queued);
            }
        }
    }

    /// Somebody is waited for from now on, or is not any more.
    fn urgent(&mut self, contact: usize, kind: usize, urgent: bool) {
        let found = &self.contacts[contact];
        if !urgent {
            self.contacts[contact].urgent[kind] = None;
        } else if found.waits.is_some() {
            self.note_urgent(contact, kind);
        } else if !found.dialled {
            // The dialler is told to stop pausing.
            self.contacts[contact].pauses += 1;
            let pause = self.contacts[contact].pauses;
            self.at(self.now + FLOOR, Happens::Enters { contact, pause });
        }
    }

    fn note_urgent(&mut self, contact: usize, kind: usize) {
        if self.contacts[contact].urgent[kind].is_none() {
            let others = self.contacts.iter().filter(|contact| contact.urgent[kind].is_some()).count();
            self.contacts[contact].urgent[kind] = Some((self.now, others + 1));
        }
    }

    fn enter(&mut self, contact: usize) {
        assert!(self.contacts[contact].waits.is_none() && !self.contacts[contact].dialled);
        let waiting = self.contacts.iter().filter(|contact| contact.waits.is_some()).count();
        self.contacts[contact].waits = Some((self.now, waiting + 1));
        let Rank { wanted, queued, .. } = self.contacts[contact].rank;
        for (kind, urgent) in [wanted, queued].into_iter().enumerate() {
            if urgent {
                self.note_urgent(contact, kind);
            }
        }
        self.queue.enter(contact, contact);
    }

    /// Gives out places; each that is given keeps the bounds.
    fn grant(&mut self) {
        let (now, contacts) = (self.now, &self.contacts);
        let mut granted = Vec::new();
        while let Some(found) = self.queue.grant(now, |contact| Some(contacts[*contact].rank)) {
            granted.push(found);
        }
        for (contact, ticket) in granted {
            let found = &mut self.contacts[contact];
            let (since, waiting) = found.waits.take().unwrap();
            let rounds = u32::try_from(waiting.div_ceil(PLACES.fair)).unwrap();
            let waited = now - since;
            assert!(waited <= DIAL * rounds, "{waited:?} behind {waiting}");
            for (kind, places) in [PLACES.wanted, PLACES.queued].into_iter().enumerate() {
                if let Some((since, urgent)) = found.urgent[kind].take() {
                    let slots = u32::try_from(urgent.div_ceil(places)).unwrap();
                    assert!(now - since <= SLOT * slots, "{:?} behind {urgent} of kind {kind}", now - since);
                }
            }
            self.longest_gap = self.longest_gap.max(now - found.last_dial);
            found.last_dial = now;
            found.dialled = true;
            self.given += 1;
            self.tickets.insert(self.given, ticket);
            self.under_way += 1;
            self.most_under_way = self.most_under_way.max(self.under_way);
            let lasts = if self.all_hang { DIAL } else { DIAL.mul_f64(self.rng.gen_range(0.01..=1.0)) };
            let ends = Happens::Ends { contact, ticket: self.given };
            self.at(now + lasts, ends);
            self.at(now + SLOT, Happens::Slot);
        }
    }
}

#[test]
fn of_a_thousand_contacts_who_are_away_each_is_dialled_within_six_hours() {
    let mut world = World::new(1, 1000, true);
    // A person waits for somebody all the time, and some have messages queued for good.
    for minute in 0..12 * 60 {
        let contact = world.rng.gen_range(0..1000);
        let begins = Duration::from_secs(60 * minute);
        world.at(begins, Happens::Wanted { contact, wanted: true });
        world.at(begins + Duration::from_secs(60), Happens::Wanted { contact, wanted: false });
    }
    for contact in 0..50 {
        world.at(Duration::ZERO, Happens::Queued { contact, queued: true });
    }
    world.run(12 * HOUR);
    assert!(world.contacts.iter().all(|contact| world.now - contact.last_dial <= 6 * HOUR));
    assert!(world.longest_gap <= 6 * HOUR, "{:?}", world.longest_gap);
    let most = PLACES.ranked + PLACES.fair + 3 * (PLACES.wanted + PLACES.queued);
    assert!(world.most_under_way <= most, "{}", world.most_under_way);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_waits_longer_than_those_before_it_may_take(
        seed in any::<u64>(),
        contacts in 1..200_usize,
        all_hang in any::<bool>(),
        people in prop::collection::vec((0..300_usize, 0..1800_u64, 1..600_u64, any::<bool>()), 0..200),
    ) {
        let mut world = World::new(seed, contacts, all_hang);
        let mut until = HashMap::new();
        for (contact, begins, lasts, wanted) in people {
            let (contact, begins) = (contact % contacts, Duration::from_secs(begins));
            let ends = begins + Duration::from_secs(lasts);
            // One after the other for one contact: the queue hears of the first and the last of several who wait.
            if until.get(&(contact, wanted)).is_some_and(|until| begins <= *until) {
                continue;
            }
            until.insert((contact, wanted), ends);
            let event = |on| match wanted {
                true => Happens::Wanted { contact, wanted: on },
                false => Happens::Queued { contact, queued: on },
            };
            world.at(begins, event(true));
            world.at(ends, event(false));
        }
        world.run(2 * HOUR);
        // The bounds were looked at each time; here is what one of them is for.
        for contact in &world.contacts {
            if let Some((since, waiting)) = contact.waits {
                let rounds = u32::try_from(waiting.div_ceil(PLACES.fair)).unwrap();
                prop_assert!(world.now - since <= DIAL * rounds);
            }
        }
    }
}
