//! The newest messages, encoded once for everybody, and the number of the newest.
//!
//! A synced connection is a position in the sequence of messages, no queue: it waits for the newest number
//! to pass its own and takes what follows from here, or from the database if it is further behind than the
//! ring reaches. So a thousand slow readers cost no more memory than one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::store::{Committed, Outcome, Publication, Seq};

/// The payload of a NewMessage packet (§1.8).
pub(crate) type Payload = Arc<[u8]>;

/// Messages kept ready: at most 8 MiB.
const RING: usize = 1024;

/// The shared end of the sequence of messages.
#[derive(Debug)]
pub(crate) struct Tail {
    ring: Mutex<Ring>,
    newest: watch::Sender<Seq>,
}

/// What follows a position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Following {
    /// These payloads, up to this number. Empty if only shadowed messages follow.
    Ready(Vec<Payload>, Seq),
    /// The ring does not reach back so far.
    TooOld,
}

impl Tail {
    /// An empty ring behind the newest stored message.
    pub(crate) fn new(newest: Seq) -> Self {
        Self {
            ring: Mutex::new(Ring { next: newest + 1, payloads: VecDeque::new() }),
            newest: watch::Sender::new(newest),
        }
    }

    /// Takes what a commit stored and wakes the synced connections.
    pub(crate) fn publish(&self, news: Publication<Payload>) {
        let newest = {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            for Committed { outcome, payload } in news.committed {
                if let Outcome::Stored { seq, shadowed, .. } = outcome {
                    ring.push(seq, (!shadowed).then_some(payload));
                }
            }
            if let Some(newest) = news.recovered.filter(|newest| *newest >= ring.next) {
                // Of these only the database knows.
                ring.payloads.clear();
                ring.next = newest + 1;
            }
            ring.next - 1
        };
        self.newest.send_if_modified(|current| std::mem::replace(current, newest) != newest);
    }

    /// The number of the newest message, to wait on.
    pub(crate) fn watch(&self) -> watch::Receiver<Seq> {
        self.newest.subscribe()
    }

    /// At most `limit` messages behind `position`.
    pub(crate) fn after(&self, position: Seq, limit: usize) -> Following {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).after(position, limit)
    }
}

#[derive(Debug)]
struct Ring {
    /// Number of the message that comes next.
    next: Seq,
    /// The last ones before it; `None` for a shadowed one, which is not sent.
    payloads: VecDeque<Option<Payload>>,
}

impl Ring {
    fn push(&mut self, seq: Seq, payload: Option<Payload>) {
        if seq != self.next {
            // Numbers have no gaps; if one ever showed, only the database would know what is right.
            self.payloads.clear();
        }
        if self.payloads.len() == RING {
            self.payloads.pop_front();
        }
        self.payloads.push_back(payload);
        self.next = seq + 1;
    }

    fn after(&self, position: Seq, limit: usize) -> Following {
        let missing = self.next - 1 - position;
        let Ok(missing) = usize::try_from(missing) else { return Following::Ready(Vec::new(), position) };
        let Some(skip) = self.payloads.len().checked_sub(missing) else { return Following::TooOld };
        let mut upto = position;
        let mut out = Vec::with_capacity(missing.min(limit));
        for payload in self.payloads.iter().skip(skip).take(limit) {
            out.extend(payload.clone());
            upto += 1;
        }
        Following::Ready(out, upto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(n: u8) -> Payload {
        Arc::from(vec![n])
    }

    fn stored(seq: Seq, shadowed: bool, n: u8) -> Committed<Payload> {
        Committed { outcome: Outcome::Stored { seq, index: 0, shadowed }, payload: payload(n) }
    }

    fn publish(tail: &Tail, committed: Vec<Committed<Payload>>) {
        tail.publish(Publication::of(committed, None));
    }

    #[test]
    fn what_follows_is_given_in_order_and_shadowed_messages_are_passed_over() {
        let tail = Tail::new(4);
        publish(
            &tail,
            vec![
                stored(5, false, 5),
                Committed { outcome: Outcome::Duplicate, payload: payload(9) },
                stored(6, true, 6),
                stored(7, false, 7),
            ],
        );
        assert_eq!(tail.after(4, 10), Following::Ready(vec![payload(5), payload(7)], 7));
        assert_eq!(tail.after(4, 1), Following::Ready(vec![payload(5)], 5));
        assert_eq!(tail.after(5, 1), Following::Ready(vec![], 6));
        assert_eq!(tail.after(7, 10), Following::Ready(vec![], 7));
        assert_eq!(tail.after(3, 10), Following::TooOld);
    }

    #[test]
    fn the_ring_is_bounded_and_sends_the_late_to_the_database() {
        let tail = Tail::new(0);
        for seq in 1..=Seq::try_from(RING).unwrap() + 10 {
            publish(&tail, vec![stored(seq, false, 1)]);
        }
        assert_eq!(tail.after(9, 1), Following::TooOld);
        assert!(matches!(tail.after(10, 1), Following::Ready(found, 11) if found.len() == 1));
        assert_eq!(tail.ring.lock().unwrap().payloads.len(), RING);
    }

    #[test]
    fn a_commit_wakes_only_if_it_stored_something() {
        let tail = Tail::new(1);
        let mut newest = tail.watch();
        publish(&tail, vec![Committed { outcome: Outcome::TokenSpent, payload: payload(1) }]);
        assert!(!newest.has_changed().unwrap());
        publish(&tail, vec![stored(2, false, 1)]);
        assert!(newest.has_changed().unwrap());
        assert_eq!(*newest.borrow_and_update(), 2);
    }

    #[test]
    fn what_only_the_database_knows_is_looked_up_there() {
        let tail = Tail::new(1);
        publish(&tail, vec![stored(2, false, 2)]);
        let mut newest = tail.watch();
        // A commit that failed and is on the disk all the same.
        tail.publish(Publication { committed: Vec::new(), log: None, recovered: Some(4) });
        assert!(newest.has_changed().unwrap());
        assert_eq!(*newest.borrow_and_update(), 4);
        assert_eq!(tail.after(2, 10), Following::TooOld);
        tail.publish(Publication { committed: Vec::new(), log: None, recovered: Some(4) });
        assert!(!newest.has_changed().unwrap());
        publish(&tail, vec![stored(5, false, 5)]);
        assert_eq!(tail.after(4, 10), Following::Ready(vec![payload(5)], 5));
    }
}
