//! A client as the engine is one: a follower, and a store that carries out what it says.
//!
//! Everything goes through the bytes of the wire, and is committed where the follower's contract says so: what a test
//! finds in the store is what a program would have on its disk.

use std::collections::VecDeque;
use std::time::Duration;

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::token::SpentToken;
use cwtch_protocol::app::board_client::PostId;
use cwtch_protocol::board::Follower;
use cwtch_protocol::board::follower::{
    Collected, Collector, End, NotNow, Now, Output, Start, Step, Transaction,
};
use cwtch_protocol::monitor::{LivePlace, Monitor, Notice, Refused, Snapshot};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::Live;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, PostLog, ServerMessage, live_payloads};
use rand_core::RngCore;

/// More than any log here has.
const MAX_REPLAY: u64 = 1 << 20;

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostFate {
    /// It is stored; the index that a valid receipt names.
    Stored(Option<u64>),
    Waits(NotNow),
    Refused,
}

/// What the server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Replay { from: u64 },
    Proof { from: u64, size: u64 },
}

/// A message: its index, its name, and whether it was read before.
type Item = (u64, EntryId, bool);

pub(crate) struct Reader {
    pub(crate) follower: Follower,
    collector: Collector<Item, Item>,
    /// What is not carried out yet: the store may be behind.
    waiting: VecDeque<Output>,
    /// What a store that applied every change has.
    pub(crate) store: Snapshot,
    /// The messages in the store, by index; `None` where they expired or were lost.
    pub(crate) entries: Vec<Option<EntryId>>,
    /// What was told; each after it was stored.
    pub(crate) notices: Vec<Notice>,
    pub(crate) fates: Vec<(PostId, PostFate)>,
    /// Why the connection ended.
    pub(crate) ended: Option<End>,
    /// The server was caught, and asked for what may prove it.
    pub(crate) caught: bool,
    /// How many replays were completed and stored.
    pub(crate) syncs: u64,
    /// How often the log was read from its start.
    pub(crate) refetched: u64,
    /// How many messages were handed on that had been read before.
    pub(crate) known: u64,
    clock: Duration,
    pub(crate) rng: ChaCha20Rng,
}

impl Reader {
    pub(crate) fn new(server: Address, mut rng: ChaCha20Rng) -> Self {
        Self {
            follower: Follower::new(Monitor::new(server), MAX_REPLAY, Duration::ZERO, &mut rng),
            collector: Collector::default(),
            waiting: VecDeque::new(),
            store: Snapshot::default(),
            entries: Vec::new(),
            notices: Vec::new(),
            fates: Vec::new(),
            ended: None,
            caught: false,
            syncs: 0,
            refetched: 0,
            known: 0,
            clock: Duration::ZERO,
            rng,
        }
    }

    pub(crate) fn monitor(&self) -> &Monitor {
        self.follower.monitor()
    }

    // --- connections ---

    /// The connection is over; the next one begins with what is stored, as in the engine.
    pub(crate) fn reconnect(&mut self) {
        self.restart();
    }

    /// The program dies, and begins again with what is stored.
    pub(crate) fn restart(&mut self) {
        let server = *self.monitor().server();
        let mut monitor = Monitor::restore(server, &self.store).expect("what was stored can be restored");
        assert_eq!(monitor.snapshot(), self.store, "a store has what the monitor has");
        assert_eq!(monitor.take_changes(), [], "nothing that was stored has to be mended");
        self.begin(monitor);
    }

    /// With another monitor than before: one that was restored by the test.
    pub(crate) fn begin(&mut self, monitor: Monitor) {
        self.follower = self.connection(monitor);
        self.collector = Collector::default();
        self.waiting.clear();
        self.ended = None;
        self.caught = false;
    }

    fn connection(&self, monitor: Monitor) -> Follower {
        Follower::new(monitor, MAX_REPLAY, self.clock, &mut self.rng.clone())
    }

    fn now(&self, unix: u64) -> Now {
        Now { unix, steady: self.clock }
    }

    // --- what is done ---

    /// Begins a replay and gives where, once that is stored.
    pub(crate) fn request(&mut self, refetch: bool, unix: u64) -> Option<u64> {
        let now = self.now(unix);
        self.follower.start(Start { cursor: None, refetch: refetch.then_some(0) }, &mut self.rng, now);
        let early = self.asked();
        if early.is_some() {
            assert!(self.follower.poll_output().is_none(), "what was drawn is stored before it is asked for");
        } else {
            self.carry_out(unix);
        }
        match early.or_else(|| self.asked()) {
            Some(Asked::Replay { from }) => Some(from),
            None => None,
            other => panic!("a replay was to be asked for, not {other:?}"),
        }
    }

    /// What the server is asked now.
    pub(crate) fn asked(&mut self) -> Option<Asked> {
        let payload = self.follower.poll_send()?;
        Some(match ClientMessage::from_json(&payload).unwrap().unwrap() {
            ClientMessage::Replay { log, .. } => Asked::Replay { from: log.expect("a replay of the log") },
            ClientMessage::LogProof { from, size } => Asked::Proof { from, size },
            other => panic!("not a question: {other:?}"),
        })
    }

    /// Takes a payload of the server, and carries out what comes of it.
    pub(crate) fn take(&mut self, payload: &[u8], unix: u64) {
        self.take_behind(payload, unix, 0);
    }

    /// As [`Reader::take`], with a store that is so many outputs behind.
    pub(crate) fn take_behind(&mut self, payload: &[u8], unix: u64, behind: usize) {
        let now = self.now(unix);
        self.follower.handle(payload, now);
        while let Some(output) = self.follower.poll_output() {
            self.waiting.push_back(output);
        }
        while self.waiting.len() > behind {
            self.carry_out_next(unix);
        }
        if behind == 0 {
            self.carry_out(unix);
        }
        self.follower.handled(self.clock);
    }

    /// Why the connection ended, if it did.
    pub(crate) fn why(&self) -> Option<Refused> {
        match &self.ended {
            None => None,
            Some(End::Refused(why)) => Some(*why),
            Some(other) => panic!("a server that breaks no protocol was left: {other}"),
        }
    }

    /// A live message, and where it stands.
    pub(crate) fn live(&mut self, live: &Live, unix: u64) -> Result<LivePlace, Refused> {
        let (index, received) = (live.log.index, self.monitor().received_range().size());
        self.take_live(live, unix);
        if let Some(why) = self.why() {
            return Err(why);
        }
        Ok(if index < received {
            LivePlace::Known
        } else if self.monitor().received_range().size() > index {
            LivePlace::New { index }
        } else {
            LivePlace::Gap
        })
    }

    fn take_live(&mut self, live: &Live, unix: u64) {
        let payloads = live_payloads(live.message.borrowed(), &live.log);
        self.take(&payloads.first, unix);
        if let Some(notice) = payloads.notice.filter(|_| self.ended.is_none()) {
            self.take(&notice, unix);
        }
    }

    /// Sends a post, if the follower has room for one now.
    pub(crate) fn post(&mut self, message: &EncryptedGroupMessage, unix: u64) -> Option<PostId> {
        if self.follower.is_full() {
            self.be_silent(unix);
        }
        if self.follower.room_for_posts() == 0 {
            return None;
        }
        if self.rng.next_u32().is_multiple_of(8) {
            // The wallet was empty, and is not any more.
            self.follower.posts_sent(true);
            assert!(self.follower.lacks_tokens() && self.follower.room_for_posts() == 0);
            self.follower.posts_queued();
        }
        let (token, now) = (SpentToken { t: [1; 32], mac: [2; 64] }, self.now(unix));
        let id = self.follower.post(&token, message, now).expect("a message that fits");
        self.follower.posts_sent(false);
        let payload = self.follower.poll_send().expect("a post");
        let sent = ClientMessage::from_json(&payload).unwrap().unwrap();
        assert!(matches!(sent, ClientMessage::Post { message: sent, .. } if sent == *message));
        Some(id)
    }

    /// The answer to the oldest post; gives what became of it, if the connection goes on.
    pub(crate) fn take_answer(&mut self, answer: &PostLog, unix: u64) -> Option<PostFate> {
        let told = self.fates.len();
        let payload = if self.monitor().expects_log() {
            ServerMessage::LogPostResult(answer.clone())
        } else {
            ServerMessage::PostResult { success: answer.success() }
        };
        self.take(&payload.to_json(), unix);
        self.fates.get(told).map(|(_, fate)| *fate)
    }

    /// The server is silent until the follower does something about it.
    pub(crate) fn be_silent(&mut self, unix: u64) {
        self.clock = self.follower.deadline();
        let now = self.now(unix);
        self.follower.overdue(now, &mut self.rng);
        self.carry_out(unix);
    }

    /// Something that came another way than over the connection.
    pub(crate) fn work<T>(&mut self, unix: u64, work: impl FnOnce(&mut Monitor) -> T) -> T {
        let result = work(self.follower.monitor_mut());
        self.follower.worked();
        self.carry_out(unix);
        result
    }

    // --- the store ---

    fn carry_out(&mut self, unix: u64) {
        loop {
            while let Some(output) = self.follower.poll_output() {
                self.waiting.push_back(output);
            }
            if self.waiting.is_empty() {
                return self.commit();
            }
            self.carry_out_next(unix);
        }
    }

    fn carry_out_next(&mut self, unix: u64) {
        let Some(output) = self.waiting.pop_front() else { return };
        match output {
            Output::Message(message) => {
                // Those of a server without a log are nobody's business here.
                if let Some(index) = message.place.index() {
                    self.known += u64::from(message.known);
                    self.collector.message((index, message.entry, message.known));
                }
            }
            Output::Step(step) => {
                if let Err(alone) = self.collector.step(*step) {
                    self.commit();
                    self.collector.barrier(alone);
                    self.commit();
                }
            }
            other => {
                self.commit();
                self.carry_out_behind(other, unix);
            }
        }
    }

    /// What stands behind everything that was brought before.
    fn carry_out_behind(&mut self, output: Output, unix: u64) {
        match output {
            Output::Message(_) | Output::Step(_) => {}
            Output::Replay { .. } => self.collector.replay(),
            Output::Flush => {
                assert!(
                    !self.caught || self.store.stopped,
                    "what was found is stored before more is asked for"
                );
                let now = self.now(unix);
                self.follower.stored(true, now);
                while let Some(output) = self.follower.poll_output() {
                    self.waiting.push_back(output);
                }
            }
            Output::Synced => self.syncs += 1,
            Output::Refetched => self.refetched += 1,
            Output::Caught => self.caught = true,
            Output::Posted(post) => {
                self.fates.push((post.id, PostFate::Stored(post.place.map(|(index, _)| index))));
                let Step { changes, notices, .. } = post.step;
                self.apply(Transaction { changes, notices, items: Vec::new() });
            }
            Output::PostRefused { id, .. } => self.fates.push((id, PostFate::Refused)),
            Output::PostWaits { id, why } => self.fates.push((id, PostFate::Waits(why))),
            Output::End(why) => self.ended = Some(why),
            Output::LogShown | Output::OwnMayBeMissing | Output::AllRead | Output::Incomplete => {}
        }
    }

    fn commit(&mut self) {
        let Some(Collected { messages, step }) = self.collector.collect() else { return };
        let opened = messages.into_iter().map(|item| (Some(item.0), item));
        let transaction = self.collector.commit(step, opened).expect("an honest number of messages");
        self.apply(transaction);
    }

    /// One transaction; then what there is to tell is told.
    fn apply(&mut self, Transaction { changes, notices, items }: Transaction<Item>) {
        changes.iter().for_each(|change| self.store.apply(change));
        for notice in notices {
            if matches!(notice, Notice::Lost { .. }) {
                // The rest is read again.
                let last = self.store.ids.keys().next_back().map(|last| last + 1);
                let end = last.or(self.store.ranges.keys().next_back().copied()).unwrap_or(0);
                self.entries.truncate(end as usize);
            }
            self.notices.push(notice);
        }
        for (index, id, known) in items {
            let index = index as usize;
            if self.entries.len() <= index {
                self.entries.resize(index + 1, None);
            }
            let held = self.entries[index];
            assert!(held.is_none_or(|held| known && held == id), "entry {index} came twice, or changed");
            self.entries[index] = Some(id);
        }
    }
}
