//! Who is dialled next: places and those who wait for one, without a clock or a task.

use super::{Rank, Target};

/// Places, and who waits for one with what it is told by.
pub(super) struct Queue<W> {
    open: bool,
    places: usize,
    busy: usize,
    /// In the order in which they came.
    waiting: Vec<Waiting<W>>,
    tickets: u64,
}

struct Waiting<W> {
    ticket: u64,
    target: Target,
    waker: W,
}

/// Names one who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<W> Queue<W> {
    /// A queue with so many places; while it is not open, nobody gets one.
    pub(super) fn new(places: usize, open: bool) -> Self {
        Self { open, places, busy: 0, waiting: Vec::new(), tickets: 0 }
    }

    /// Opens it, or closes it: places that were given out stay so.
    pub(super) fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    /// Comes to wait.
    pub(super) fn enter(&mut self, target: Target, waker: W) -> Ticket {
        self.tickets += 1;
        self.waiting.push(Waiting { ticket: self.tickets, target, waker });
        Ticket(self.tickets)
    }

    /// Waits no longer; nothing happens for one who has got a place.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|waiting| waiting.ticket != ticket.0);
    }

    /// A place is free again.
    pub(super) fn give_back(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// Gives a free place to whoever matters most *now*; among equals to the one who came first.
    pub(super) fn grant(&mut self, rank: impl Fn(Target) -> Rank) -> Option<W> {
        if !self.open || self.busy >= self.places {
            return None;
        }
        let ranks = self.waiting.iter().enumerate().map(|(index, waiting)| (rank(waiting.target), index));
        // Of several greatest ones `max_by` takes the last: the index turns that round.
        let (_, index) = ranks.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))?;
        self.busy += 1;
        Some(self.waiting.remove(index).waker)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cwtch_primitives::Identity;
    use rand::Rng;

    use super::*;
    use crate::engine::dial::Attention;

    fn contact(n: u8) -> Target {
        Target::Contact(Identity::from_seed(&[n; 32]).address())
    }

    struct Bench {
        queue: Queue<u8>,
        attention: Arc<Attention>,
    }

    impl Bench {
        /// Contacts 1 to `count` wait for a place each; there is one in all.
        fn new(count: u8) -> Self {
            let mut queue = Queue::new(1, true);
            for n in 1..=count {
                queue.enter(contact(n), n);
            }
            Self { queue, attention: Arc::default() }
        }

        fn next(&mut self) -> Option<u8> {
            let next = self.queue.grant(|target| self.attention.rank(target));
            assert_eq!(self.queue.grant(|target| self.attention.rank(target)), None, "one place");
            self.queue.give_back();
            next
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
    fn a_closed_queue_gives_no_places_and_keeps_those_it_gave() {
        let mut bench = Bench::new(3);
        bench.queue.set_open(false);
        assert_eq!(bench.next(), None);
        bench.queue.set_open(true);
        assert!(bench.queue.grant(|_| Rank::default()).is_some());
        bench.queue.set_open(false);
        bench.queue.set_open(true);
        assert_eq!(bench.queue.grant(|_| Rank::default()), None, "its one place is still taken");
    }

    #[test]
    fn places_are_never_exceeded_nor_lost() {
        let mut rng = cwtch_testkit::rng(7);
        let mut queue: Queue<()> = Queue::new(3, true);
        let (mut waiting, mut busy) = (Vec::new(), 0_usize);
        for _ in 0..10_000 {
            match rng.gen_range(0..4) {
                0 => waiting.push(queue.enter(contact(rng.gen_range(0..5)), ())),
                1 if !waiting.is_empty() => {
                    queue.leave(waiting.swap_remove(rng.gen_range(0..waiting.len())));
                }
                2 if busy > 0 => {
                    queue.give_back();
                    busy -= 1;
                }
                _ => busy += usize::from(queue.grant(|_| Rank::default()).is_some()),
            }
            assert!(busy <= 3);
        }
        for _ in 0..busy {
            queue.give_back();
        }
        while queue.grant(|_| Rank::default()).is_some() {
            queue.give_back();
        }
        for ticket in waiting {
            queue.leave(ticket);
        }
        assert!(queue.waiting.is_empty());
        for _ in 0..3 {
            queue.enter(contact(1), ());
        }
        assert_eq!(std::iter::from_fn(|| queue.grant(|_| Rank::default())).count(), 3);
    }
}
