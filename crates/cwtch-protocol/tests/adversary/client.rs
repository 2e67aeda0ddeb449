//! A client: a monitor, its store, and what it shows of a group.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{
    Begun, Evidence, LivePlace, Monitor, Notice, Posted, Probed, Refused, Seen, Snapshot,
};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{Live, Reply, entry_id};
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, PostLog};

use super::held::Held;

/// A message of its own that the client posts until it knows that it is stored.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) message: EncryptedGroupMessage,
    pub(crate) answered: bool,
}

pub(crate) struct Client {
    pub(crate) monitor: Monitor,
    /// What a store that applied every change has.
    pub(crate) store: Snapshot,
    /// Seconds by which its clock is ahead.
    pub(crate) offset: i64,
    pub(crate) connected: bool,
    pub(crate) posts: Vec<Post>,
    pub(crate) held: Vec<Held>,
    pub(crate) notices: Vec<Notice>,
    /// The entries that were received, by index; `None` where they were deleted before.
    pub(crate) received: Vec<Option<EntryId>>,
    /// How many syncs it completed.
    pub(crate) syncs: u64,
}

/// How far a sync goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// To its end.
    Whole,
    /// The connection ends after so many records.
    After(usize),
    /// The program dies after so many records, before anything of the sync is stored.
    Dies(usize),
}

/// What came of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Synced {
    /// All of it was read.
    Whole { from: u64 },
    /// It was cut; the header was taken.
    Cut,
    /// Not used.
    Refused { why: Refused, from: u64 },
    /// The server showed no log.
    NoLog(Result<(), Refused>),
}

impl Client {
    pub(crate) fn new(server: Address, offset: i64) -> Self {
        Self {
            monitor: Monitor::new(server),
            store: Snapshot::default(),
            offset,
            connected: false,
            posts: Vec::new(),
            held: Vec::new(),
            notices: Vec::new(),
            received: Vec::new(),
            syncs: 0,
        }
    }

    pub(crate) fn clock(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.offset)
    }

    /// Whether it has seen the log at all, and still reads it.
    pub(crate) fn reads(&self) -> bool {
        self.monitor.certificate().is_some() && !self.monitor.is_stopped()
    }

    pub(crate) fn evidence(&self) -> &[Evidence] {
        self.monitor.evidence()
    }

    /// One transaction: what changed is stored, then it is told.
    pub(crate) fn commit(&mut self) {
        for change in self.monitor.take_changes() {
            self.store.apply(&change);
        }
        while let Some(notice) = self.monitor.poll_notice() {
            if let Notice::Lost { loss, .. } = &notice {
                let kept = (loss.from / cwtch_log::GRID * cwtch_log::GRID) as usize;
                self.received.truncate(kept.min(self.received.len()));
                self.held.retain(|held| held.size <= loss.from);
                let received = &self.received;
                for post in &mut self.posts {
                    post.answered &= received.contains(&Some(entry_id(&post.message)));
                }
            }
            self.notices.push(notice);
        }
    }

    /// The program ends and starts again.
    pub(crate) fn restart(&mut self) {
        self.connected = false;
        let server = *self.monitor.server();
        self.monitor = Monitor::restore(server, &self.store).expect("what was stored can be restored");
        assert_eq!(self.monitor.snapshot(), self.store, "a store has what the monitor has");
        self.forget_provisional();
    }

    /// The connection ends.
    pub(crate) fn disconnect(&mut self) {
        self.connected = false;
        self.monitor.abandon();
        self.commit();
        self.forget_provisional();
    }

    fn forget_provisional(&mut self) {
        self.received.truncate(self.monitor.verified_size() as usize);
    }

    fn receive(&mut self, index: u64, id: EntryId) {
        let index = index as usize;
        if self.received.len() <= index {
            self.received.resize(index + 1, None);
        }
        self.received[index] = Some(id);
    }

    /// Asks once and reads the answer.
    pub(crate) fn sync(
        &mut self,
        rng: &mut ChaCha20Rng,
        ask: &mut dyn FnMut(u64) -> Option<Reply>,
        now: u64,
        cut: Cut,
    ) -> Synced {
        self.disconnect();
        // Who dies forgets everything since.
        let alive = (self.store.clone(), self.received.clone(), self.held.clone(), self.notices.len());
        let now = self.clock(now);
        let from = self.monitor.replay_request(rng).from;
        self.commit();
        let Some(reply) = ask(from) else {
            let result = self.monitor.replay_without_log(now);
            self.commit();
            return Synced::NoLog(result);
        };
        let read = self.read(&reply, now, cut);
        match read {
            Err(why) => {
                self.monitor.abandon();
                self.commit();
                self.forget_provisional();
                Synced::Refused { why, from }
            }
            Ok(true) => {
                self.commit();
                self.connected = true;
                self.syncs += 1;
                Synced::Whole { from }
            }
            Ok(false) => {
                self.disconnect();
                if matches!(cut, Cut::Dies(_)) {
                    self.notices.truncate(alive.3);
                    (self.store, self.received, self.held) = (alive.0, alive.1, alive.2);
                    self.restart();
                }
                Synced::Cut
            }
        }
    }

    /// `false` if it was cut.
    fn read(&mut self, reply: &Reply, now: u64, cut: Cut) -> Result<bool, Refused> {
        let limit = match cut {
            Cut::Whole => usize::MAX,
            Cut::After(records) | Cut::Dies(records) => records,
        };
        let begun = self.monitor.begin_replay(&reply.log, reply.count, now)?;
        self.commit();
        match begun {
            Begun::NoLog => return Ok(true),
            Begun::AskAgain => return Ok(false),
            Begun::Entries { .. } => {}
        }
        for (read, record) in reply.records.iter().enumerate() {
            if read == limit {
                return Ok(false);
            }
            match record {
                Record::Entry(entry) => {
                    let id = entry_id(entry);
                    let place = self.monitor.entry(id)?;
                    self.receive(place.index(), id);
                }
                Record::Boundary(boundary) => {
                    self.monitor.boundary(boundary.as_slice())?;
                    self.commit();
                }
            }
        }
        self.monitor.finish_replay(now)?;
        Ok(true)
    }

    /// A NewMessage.
    pub(crate) fn live(&mut self, live: &Live, now: u64) -> Result<LivePlace, Refused> {
        let id = entry_id(&live.message);
        let place = self.monitor.live(&live.log, Some(id), self.clock(now));
        self.commit();
        match &place {
            Ok(LivePlace::New { index }) => self.receive(*index, id),
            Ok(_) => {}
            Err(_) => self.disconnect(),
        }
        place
    }

    /// The answer to a post.
    pub(crate) fn answer(
        &mut self,
        entry: EntryId,
        seen: Seen,
        answer: &PostLog,
        now: u64,
    ) -> Result<Posted, Refused> {
        let result = self.monitor.post_answer(entry, seen, answer, self.clock(now));
        self.commit();
        result
    }

    /// The answer to a cold probe.
    pub(crate) fn probe(&mut self, head: &HeadLog, now: u64) -> Result<Probed, Refused> {
        let result = self.monitor.head(head, self.clock(now));
        self.commit();
        result
    }
}
