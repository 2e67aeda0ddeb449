//! Queue of dials: places and those who wait for one, without a clock or a task.
//!
//! A contact that is offline may hold a place for as long as a dial may take, so places are kept apart by what they are
//! for ([`Places`]): who matters most, who has waited longest, and two kinds of reserve. Whatever others do:
//!
//! - Who waits gets a place before `⌈n / fair⌉` dials have had their time, where `n` wait at that moment.
//! - Who a person waits for gets one within `⌈n / wanted⌉` times [`SLOT`], where a person waits for `n` of those who
//!   wait; who has messages queued, with `queued` in the same way.

use std::time::Duration;

use super::Rank;

/// Time that a dial counts in a reserve: one that hangs longer does not keep the next out. A reserve's dials under way are
/// so no more than its places times the slots that a dial may last.
pub(super) const SLOT: Duration = Duration::from_secs(30);

/// Number of dials that there may be for each purpose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    /// Dials for who matters most.
    pub(super) ranked: usize,
    /// Dials for who has waited longest.
    pub(super) fair: usize,
    /// Begun within one [`SLOT`], for whom a person waits.
    pub(super) wanted: usize,
    /// Begun within one [`SLOT`], for whom messages are queued.
    pub(super) queued: usize,
}

/// Purpose of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Wanted,
    Queued,
    Ranked,
    Fair,
}

/// The reserves first, so that the others stay for those who have none.
const PURPOSES: [Purpose; 4] = [Purpose::Wanted, Purpose::Queued, Purpose::Ranked, Purpose::Fair];

/// Places, and who waits for one with what it is told by. Times count from any fixed moment.
pub(super) struct Queue<T, W> {
    places: Places,
    busy: Vec<Busy>,
    /// Those who wait, in the order in which they came.
    waiting: Vec<Waiting<T, W>>,
    tickets: u64,
    /// Counts those who were seen to be urgent.
    urgent: u64,
}

struct Waiting<T, W> {
    ticket: u64,
    target: T,
    waker: W,
    /// Turn, among all that became urgent while they waited, in which it was seen to be wanted, and to have messages
    /// queued.
    wanted: Option<u64>,
    queued: Option<u64>,
}

struct Busy {
    ticket: u64,
    purpose: Purpose,
    since: Duration,
}

/// Names one who waits, and then the place that it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<T, W> Queue<T, W> {
    /// A queue with so many places.
    pub(super) fn new(places: Places) -> Self {
        Self { places, busy: Vec::new(), waiting: Vec::new(), tickets: 0, urgent: 0 }
    }

    /// Comes to wait.
    pub(super) fn enter(&mut self, target: T, waker: W) -> Ticket {
        self.tickets += 1;
        self.waiting.push(Waiting { ticket: self.tickets, target, waker, wanted: None, queued: None });
        Ticket(self.tickets)
    }

    /// Waits no longer; nothing happens for one who has got a place.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|waiting| waiting.ticket != ticket.0);
    }

    /// The place that was given for a ticket is free again.
    pub(super) fn give_back(&mut self, ticket: Ticket) {
        self.busy.retain(|busy| busy.ticket != ticket.0);
    }

    /// Gives a free place to whoever it is for *now*; `rank` is `None` for those who get none now. To be called until it
    /// gives none when somebody came, a place was given back, somebody began to matter more or may be dialled again, and
    /// when a place was held for a [`SLOT`].
    pub(super) fn grant(&mut self, now: Duration, rank: impl Fn(&T) -> Option<Rank>) -> Option<(W, Ticket)> {
        self.notice(&rank);
        for purpose in PURPOSES {
            if self.has_room(purpose, now)
                && let Some(index) = self.next(purpose, &rank)
            {
                let Waiting { ticket, waker, .. } = self.waiting.remove(index);
                self.busy.push(Busy { ticket, purpose, since: now });
                return Some((waker, Ticket(ticket)));
            }
        }
        None
    }

    /// Notes who is urgent now. Who has become so comes behind those who did before: not by when it came, or those who
    /// come again and again would be before others for ever.
    fn notice(&mut self, rank: impl Fn(&T) -> Option<Rank>) {
        for waiting in &mut self.waiting {
            // Who gets no place now is not urgent now: its time begins when it may get one.
            let rank = rank(&waiting.target).unwrap_or_default();
            for (is, since) in [(rank.wanted, &mut waiting.wanted), (rank.queued, &mut waiting.queued)] {
                if is && since.is_none() {
                    self.urgent += 1;
                    *since = Some(self.urgent);
                } else if !is {
                    *since = None;
                }
            }
        }
    }

    fn has_room(&self, purpose: Purpose, now: Duration) -> bool {
        let counts = |busy: &&Busy| busy.purpose == purpose;
        let fresh = |busy: &&Busy| now.saturating_sub(busy.since) < SLOT;
        let held = self.busy.iter().filter(counts);
        match purpose {
            Purpose::Wanted => held.filter(fresh).count() < self.places.wanted,
            Purpose::Queued => held.filter(fresh).count() < self.places.queued,
            Purpose::Ranked => held.count() < self.places.ranked,
            Purpose::Fair => held.count() < self.places.fair,
        }
    }

    /// Whom a place is for; among equals who came first.
    fn next(&self, purpose: Purpose, rank: impl Fn(&T) -> Option<Rank>) -> Option<usize> {
        match purpose {
            Purpose::Wanted => self.first(|waiting| waiting.wanted),
            Purpose::Queued => self.first(|waiting| waiting.queued),
            Purpose::Ranked => {
                let ranks =
                    self.waiting.iter().enumerate().filter_map(|(index, w)| Some((rank(&w.target)?, index)));
                // Of several greatest ones `max_by` takes the last: the index turns that round.
                ranks.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, index)| index)
            }
            Purpose::Fair => self.waiting.iter().position(|w| rank(&w.target).is_some()),
        }
    }

    fn first(&self, since: impl Fn(&Waiting<T, W>) -> Option<u64>) -> Option<usize> {
        let urgent = self.waiting.iter().enumerate().filter_map(|(index, w)| Some((since(w)?, index)));
        urgent.min().map(|(_, index)| index)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cwtch_primitives::Identity;
    use rand::Rng;

    use super::*;
    use crate::engine::dial::{Attention, Target};

    /// One place for who matters most, and no other.
    const ONE: Places = Places { ranked: 1, fair: 0, wanted: 0, queued: 0 };

    fn contact(n: u8) -> Target {
        Target::Contact(Identity::from_seed(&[n; 32]).address())
    }

    struct Bench {
        queue: Queue<Target, u8>,
        attention: Arc<Attention>,
    }

    impl Bench {
        /// Contacts 1 to `count` wait for a place each; there is one in all.
        fn new(count: u8) -> Self {
            let mut queue = Queue::new(ONE);
            for n in 1..=count {
                queue.enter(contact(n), n);
            }
            Self { queue, attention: Arc::default() }
        }

        fn next(&mut self) -> Option<u8> {
            let rank = |target: &Target| Some(self.attention.rank(*target));
            let (next, place) = self.queue.grant(Duration::ZERO, rank)?;
            assert_eq!(self.queue.grant(Duration::ZERO, rank), None, "one place");
            self.queue.give_back(place);
            Some(next)
        }
    }

    #[test]
    fn who_came_first_goes_first_where_nobody_matters_more() {
        let mut bench = Bench::new(3);
        assert_eq!(
            [bench.next(), bench.next(), bench.next(), bench.next()],
            [Some(1), Some(2), Some(3), None]
        );
    }

    #[test]
    fn commands_go_before_looks_and_looks_before_activity() {
        let mut bench = Bench::new(6);
        let attention = bench.attention.clone();
        attention.active(contact(6), 200);
        attention.active(contact(5), 300);
        attention.look(contact(4));
        attention.look(contact(3));
        let _wanted = attention.want(contact(2));
        let order: Vec<_> = std::iter::from_fn(|| bench.next()).collect();
        assert_eq!(order, [2, 3, 4, 5, 6, 1]);
    }

    #[test]
    fn attention_that_changes_while_somebody_waits_counts() {
        let mut bench = Bench::new(4);
        let attention = bench.attention.clone();
        let wanted = attention.want(contact(4));
        attention.look(contact(3));
        drop(wanted);
        // The command is over, and the person has looked elsewhere since.
        assert_eq!(bench.next(), Some(3));
        attention.look(contact(2));
        assert_eq!(bench.next(), Some(2));
        assert_eq!(bench.next(), Some(1));
    }

    #[test]
    fn two_commands_for_one_contact_are_both_waited_for() {
        let mut bench = Bench::new(2);
        let (one, _other) = (bench.attention.want(contact(1)), bench.attention.want(contact(1)));
        bench.attention.look(contact(2));
        drop(one);
        assert_eq!(bench.next(), Some(1));
    }

    #[test]
    fn a_server_and_a_contact_are_never_confused() {
        let attention = Arc::new(Attention::default());
        let address = Identity::from_seed(&[1; 32]).address();
        attention.look(Target::Server(address));
        assert_eq!(attention.rank(Target::Contact(address)), Rank::default());
    }

    #[test]
    fn who_may_not_be_dialled_gets_no_place_and_keeps_nobody_else_from_one() {
        for places in [ONE, Places { ranked: 0, fair: 1, ..ONE }, Places { ranked: 0, wanted: 1, ..ONE }] {
            let mut queue: Queue<u8, u8> = Queue::new(places);
            for n in 0..3 {
                queue.enter(n, n);
            }
            let urgent = Rank { wanted: true, ..Rank::default() };
            assert_eq!(queue.grant(Duration::ZERO, |_| None), None);
            let (first, place) = queue.grant(Duration::ZERO, |n| (*n > 0).then_some(urgent)).unwrap();
            assert_eq!(first, 1);
            assert_eq!(queue.grant(Duration::ZERO, |_| Some(urgent)), None, "the one place is taken");
            queue.give_back(place);
            let behind = queue.grant(Duration::ZERO, |_| Some(urgent)).map(|(n, _)| n);
            // Among those who are wanted, who has been so for longer; else who came first.
            assert_eq!(behind, Some(if places.wanted == 1 { 2 } else { 0 }));
        }
    }

    #[test]
    fn places_are_never_exceeded_nor_lost() {
        let places = Places { ranked: 2, fair: 1, wanted: 2, queued: 1 };
        let mut rng = cwtch_testkit::rng(7);
        let rank = |n: &u8| Some(Rank { wanted: *n == 0, queued: *n == 1, ..Rank::default() });
        let mut queue: Queue<u8, ()> = Queue::new(places);
        let (mut waiting, mut busy) = (Vec::new(), Vec::new());
        // No time passes, so that no reserve is renewed.
        for _ in 0..10_000 {
            match rng.gen_range(0..4) {
                0 => waiting.push(queue.enter(rng.gen_range(0..5), ())),
                1 if !waiting.is_empty() => {
                    queue.leave(waiting.swap_remove(rng.gen_range(0..waiting.len())));
                }
                2 if !busy.is_empty() => queue.give_back(busy.swap_remove(rng.gen_range(0..busy.len()))),
                _ => busy.extend(queue.grant(Duration::ZERO, rank).map(|(_, place)| place)),
            }
            assert!(busy.len() <= 6);
        }
        busy.into_iter().for_each(|place| queue.give_back(place));
        while let Some((_, place)) = queue.grant(Duration::ZERO, rank) {
            queue.give_back(place);
        }
        waiting.into_iter().for_each(|ticket| queue.leave(ticket));
        assert!(queue.waiting.is_empty() && queue.busy.is_empty());
        for n in [0, 0, 0, 1, 1, 1, 2, 2, 2] {
            queue.enter(n, ());
        }
        assert_eq!(std::iter::from_fn(|| queue.grant(Duration::ZERO, rank)).count(), 6);
    }

    #[test]
    fn a_dial_that_hangs_does_not_keep_the_next_one_out_of_a_reserve() {
        let places = Places { ranked: 0, fair: 0, wanted: 1, queued: 0 };
        let rank = |_: &u8| Some(Rank { wanted: true, ..Rank::default() });
        let mut queue: Queue<u8, u8> = Queue::new(places);
        for n in 0..3 {
            queue.enter(n, n);
        }
        let (first, hanging) = queue.grant(Duration::ZERO, rank).unwrap();
        assert_eq!(queue.grant(SLOT - Duration::from_millis(1), rank), None);
        let (second, _) = queue.grant(SLOT, rank).unwrap();
        assert_eq!((first, second), (0, 1));
        // One that ends makes no second room.
        queue.give_back(hanging);
        assert_eq!(queue.grant(SLOT, rank), None);
        assert!(queue.grant(SLOT * 2, rank).is_some());
    }
}
