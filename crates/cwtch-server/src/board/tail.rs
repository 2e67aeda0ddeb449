//! The newest messages, encoded once for everybody, and the number of the newest one.
//!
//! A synced connection is a position in the sequence of messages and has no queue: it waits for the newest number to
//! pass its own and takes what follows from here, or from the database if it is further behind than the ring reaches.
//! So a thousand slow readers cost no more memory than one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use cwtch_protocol::app::board_host;
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog};
use tokio::sync::watch;

use crate::store::{Committed, Outcome, Publication, Seq};

/// The payload of a packet.
pub(crate) type Payload = Bytes;

/// Number of messages kept ready, in both forms at most 22 MiB.
const RING: usize = 1024;

/// The shared end of the sequence of messages.
#[derive(Debug)]
pub(crate) struct Tail {
    ring: Mutex<Ring>,
    newest: watch::Sender<Seq>,
}

/// A message that was just stored. Each of its two forms is encoded for the first client that needs it.
#[derive(Debug)]
pub(crate) struct Live {
    message: EncryptedGroupMessage,
    /// True for a message that deployed clients are not sent.
    shadowed: bool,
    log: Option<LiveLog>,
    deployed: OnceLock<Payload>,
    logged: OnceLock<(Payload, Option<Payload>)>,
}

impl Live {
    fn new(message: EncryptedGroupMessage, shadowed: bool, log: Option<LiveLog>) -> Self {
        Self { message, shadowed, log, deployed: OnceLock::new(), logged: OnceLock::new() }
    }

    /// Payloads of the message for a client, in order: none, one or two.
    pub(crate) fn payloads(&self, speaks_log: bool) -> impl Iterator<Item = Payload> {
        let payloads = match &self.log {
            Some(log) if speaks_log => {
                let logged =
                    self.logged.get_or_init(|| board_host::log_message(self.message.borrowed(), log));
                [Some(logged.0.clone()), logged.1.clone()]
            }
            _ if self.shadowed => [None, None],
            _ => {
                let deployed = self.deployed.get_or_init(|| board_host::new_message(self.message.clone()));
                [Some(deployed.clone()), None]
            }
        };
        payloads.into_iter().flatten()
    }
}

/// Messages that follow a position.
#[derive(Debug)]
pub(crate) enum Following {
    /// The messages, and the number of the last one.
    Ready(Vec<Arc<Live>>, Seq),
    /// The ring does not reach back to the position.
    TooOld,
}

impl Tail {
    /// An empty ring after the newest stored message.
    pub(crate) fn new(newest: Seq) -> Self {
        Self {
            ring: Mutex::new(Ring { next: newest + 1, messages: VecDeque::new() }),
            newest: watch::Sender::new(newest),
        }
    }

    /// Takes the messages that a commit stored and wakes the synced connections.
    pub(crate) fn publish(&self, news: Publication) {
        let newest = {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            for Committed { outcome, post } in news.committed {
                if let (Outcome::Stored { seq, index, shadowed }, Some(entry)) = (outcome, post.entry) {
                    let (signature, ciphertext) = entry.into_parts();
                    let message = EncryptedGroupMessage { ciphertext, signature };
                    let log = news.log.as_ref().map(|log| log.live(index));
                    ring.push(seq, Live::new(message, shadowed, log));
                }
            }
            if let Some(newest) = news.recovered.filter(|newest| *newest >= ring.next) {
                // The messages of a commit whose outcome was lost are in the database only.
                ring.messages.clear();
                ring.next = newest + 1;
            }
            ring.next - 1
        };
        self.newest.send_if_modified(|current| std::mem::replace(current, newest) != newest);
    }

    /// A receiver of the newest message's number, to wait on.
    pub(crate) fn watch(&self) -> watch::Receiver<Seq> {
        self.newest.subscribe()
    }

    /// Looks up at most `limit` messages that follow `position`.
    pub(crate) fn after(&self, position: Seq, limit: usize) -> Following {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).after(position, limit)
    }
}

#[derive(Debug)]
struct Ring {
    /// Number of the next message to be stored.
    next: Seq,
    /// The last messages before it, at most [`RING`].
    messages: VecDeque<Arc<Live>>,
}

impl Ring {
    fn push(&mut self, seq: Seq, message: Live) {
        if seq != self.next {
            // Numbers have no gaps; if one ever showed, only the database would know what is right.
            self.messages.clear();
        }
        if self.messages.len() == RING {
            self.messages.pop_front();
        }
        self.messages.push_back(Arc::new(message));
        self.next = seq + 1;
    }

    fn after(&self, position: Seq, limit: usize) -> Following {
        let missing = self.next - 1 - position;
        let Ok(missing) = usize::try_from(missing) else { return Following::Ready(Vec::new(), position) };
        let Some(skip) = self.messages.len().checked_sub(missing) else { return Following::TooOld };
        let out: Vec<_> = self.messages.iter().skip(skip).take(limit).map(Arc::clone).collect();
        let upto = position + i64::try_from(out.len()).unwrap_or(0);
        Following::Ready(out, upto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NewEntry, NewPost};

    fn message(n: u8) -> EncryptedGroupMessage {
        EncryptedGroupMessage { ciphertext: vec![n], signature: vec![n] }
    }

    fn committed(outcome: Outcome, n: u8) -> Committed {
        let entry = Some(NewEntry::new(vec![n], vec![n]));
        Committed { outcome, post: NewPost { token: [n; 32], entry } }
    }

    fn stored(seq: Seq, shadowed: bool, n: u8) -> Committed {
        committed(Outcome::Stored { seq, index: 0, shadowed }, n)
    }

    fn publish(tail: &Tail, committed: Vec<Committed>) {
        tail.publish(Publication::of(committed, None));
    }

    /// The payloads that a deployed client gets next, and the number of the last one; `None` if the ring does not
    /// reach back so far.
    fn after(tail: &Tail, position: Seq, limit: usize) -> Option<(Vec<Payload>, Seq)> {
        match tail.after(position, limit) {
            Following::Ready(live, upto) => {
                Some((live.iter().flat_map(|live| live.payloads(false)).collect(), upto))
            }
            Following::TooOld => None,
        }
    }

    fn payloads(all: &[u8]) -> Vec<Payload> {
        all.iter().map(|n| board_host::new_message(message(*n))).collect()
    }

    #[test]
    fn what_follows_is_given_in_order_and_shadowed_messages_are_passed_over() {
        let tail = Tail::new(4);
        publish(
            &tail,
            vec![
                stored(5, false, 5),
                committed(Outcome::Duplicate, 9),
                stored(6, true, 6),
                stored(7, false, 7),
            ],
        );
        assert_eq!(after(&tail, 4, 10), Some((payloads(&[5, 7]), 7)));
        assert_eq!(after(&tail, 4, 1), Some((payloads(&[5]), 5)));
        assert_eq!(after(&tail, 5, 1), Some((payloads(&[]), 6)));
        assert_eq!(after(&tail, 7, 10), Some((payloads(&[]), 7)));
        assert_eq!(after(&tail, 3, 10), None);
    }

    #[test]
    fn each_form_is_encoded_once() {
        let log = LiveLog { index: 3, checkpoint: None, mark: None };
        let live = Live::new(message(1), true, Some(log.clone()));
        assert_eq!(live.payloads(false).count(), 0);
        let twice: Vec<_> = live.payloads(true).chain(live.payloads(true)).collect();
        assert_eq!(twice[0].as_ptr(), twice[1].as_ptr(), "encoded once");
        assert_eq!(twice[0], board_host::log_message(message(1).borrowed(), &log).0);
    }

    #[test]
    fn the_ring_is_bounded_and_sends_the_late_to_the_database() {
        let tail = Tail::new(0);
        for seq in 1..=Seq::try_from(RING).unwrap() + 10 {
            publish(&tail, vec![stored(seq, false, 1)]);
        }
        assert_eq!(after(&tail, 9, 1), None);
        assert_eq!(after(&tail, 10, 1), Some((payloads(&[1]), 11)));
        assert_eq!(tail.ring.lock().unwrap().messages.len(), RING);
    }

    #[test]
    fn a_commit_wakes_only_if_it_stored_something() {
        let tail = Tail::new(1);
        let mut newest = tail.watch();
        publish(&tail, vec![committed(Outcome::TokenSpent, 1)]);
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
        assert_eq!(after(&tail, 2, 10), None);
        tail.publish(Publication { committed: Vec::new(), log: None, recovered: Some(4) });
        assert!(!newest.has_changed().unwrap());
        publish(&tail, vec![stored(5, false, 5)]);
        assert_eq!(after(&tail, 4, 10), Some((payloads(&[5]), 5)));
    }
}
