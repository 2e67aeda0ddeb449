//! A client of the schedules: a reader, its clock, its posts, and what the model knows that it holds.

use std::ops::{Deref, DerefMut};

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_protocol::board::follower::End;
use cwtch_protocol::monitor::{Evidence, LivePlace, Notice, Probed, Refused};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{Live, Reply, entry_id};
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, PostLog, ServerMessage};

use super::held::Held;
use super::reader::{Asked, PostFate, Reader};

/// A message of its own that the client posts until it knows that it is stored.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) message: EncryptedGroupMessage,
    pub(crate) answered: bool,
}

pub(crate) struct Client {
    pub(crate) reader: Reader,
    /// Seconds by which its clock is ahead.
    pub(crate) offset: i64,
    pub(crate) connected: bool,
    pub(crate) posts: Vec<Post>,
    pub(crate) held: Vec<Held>,
    /// How many of the notices were looked at.
    looked_at: usize,
}

/// How far a sync goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// To its end.
    Whole,
    /// The connection ends after so many records.
    After(usize),
    /// The program dies after so many records, with a store that is behind by so much of what they brought.
    Dies(usize, usize),
}

/// What came of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Synced {
    /// All of it was read.
    Whole { from: u64 },
    /// It did not begin early enough, and is asked for again over the same connection.
    Again,
    /// It was cut; the header was taken.
    Cut,
    /// Not used.
    Refused { why: Refused, from: u64 },
    /// The server showed no log.
    NoLog(Result<(), Refused>),
}

/// A server as one client meets it.
pub(crate) trait Seat {
    /// The answer to a replay request; `None` from a server without a log.
    fn replay(&mut self, from: u64) -> Option<Reply>;

    /// The answer to a question for a proof; `None` if there is none.
    fn proof(&mut self, from: u64, size: u64) -> Option<Vec<u8>>;
}

impl Client {
    pub(crate) fn new(server: Address, offset: i64, rng: ChaCha20Rng) -> Self {
        Self {
            reader: Reader::new(server, rng),
            offset,
            connected: false,
            posts: Vec::new(),
            held: Vec::new(),
            looked_at: 0,
        }
    }

    pub(crate) fn clock(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.offset)
    }

    /// Whether it has seen the log at all, and still reads it.
    pub(crate) fn reads(&self) -> bool {
        self.monitor().certificate().is_some() && !self.monitor().is_stopped()
    }

    pub(crate) fn evidence(&self) -> &[Evidence] {
        self.monitor().evidence()
    }

    /// What was told changes what the model knows.
    fn look(&mut self) {
        for at in self.looked_at..self.notices.len() {
            let Notice::Lost { loss, .. } = &self.reader.notices[at] else { continue };
            self.held.retain(|held| held.size <= loss.from);
            for post in &mut self.posts {
                post.answered &= self.reader.entries.contains(&Some(entry_id(&post.message)));
            }
        }
        self.looked_at = self.notices.len();
    }

    /// The program dies and starts again.
    pub(crate) fn restart(&mut self) {
        self.connected = false;
        self.reader.restart();
    }

    /// The connection ends.
    pub(crate) fn disconnect(&mut self) {
        self.connected = false;
        self.reader.reconnect();
    }

    /// Asks once and reads the answer, over the connection that there is. With `refetch`, everything from the start, as for
    /// a group that was joined.
    pub(crate) fn replay(&mut self, seat: &mut dyn Seat, now: u64, cut: Cut, refetch: bool) -> Synced {
        let synced = self.read(seat, self.clock(now), cut, refetch);
        if self.reader.ended.is_some() {
            self.disconnect();
        }
        self.look();
        synced
    }

    fn read(&mut self, seat: &mut dyn Seat, now: u64, cut: Cut, refetch: bool) -> Synced {
        let from = self.reader.request(refetch, now).expect("nothing else is under way");
        let Some(reply) = seat.replay(from) else {
            self.reader.take(&ServerMessage::ReplayResult { count: 0 }.to_json(), now);
            return Synced::NoLog(self.reader.why().map_or(Ok(()), Err));
        };
        let (limit, behind) = match cut {
            Cut::Whole => (usize::MAX, 0),
            Cut::After(records) => (records, 0),
            Cut::Dies(records, behind) => (records, behind),
        };
        for (read, payload) in reply.one_by_one().iter().enumerate() {
            if read > limit {
                match cut {
                    Cut::Dies(..) => self.restart(),
                    _ => self.disconnect(),
                }
                return Synced::Cut;
            }
            self.reader.take_behind(payload, now, behind);
            if let Some(why) = self.reader.why() {
                return Synced::Refused { why, from };
            }
        }
        // What is behind is carried out now.
        self.reader.work(now, |_| ());
        if self.reader.caught {
            self.gather(seat, now);
        }
        if let Some(why) = self.reader.why() {
            return Synced::Refused { why, from };
        }
        self.connected = true;
        if self.reader.follower.wants_start() { Synced::Again } else { Synced::Whole { from } }
    }

    /// The server was caught, and is asked for what may prove it. It answers, or it does not.
    fn gather(&mut self, seat: &mut dyn Seat, now: u64) {
        let stored = self.reader.store.stopped;
        assert!(stored, "what was found is stored before more is asked for");
        while self.reader.ended.is_none() {
            match self.reader.asked() {
                Some(Asked::Proof { from, size }) => match seat.proof(from, size) {
                    Some(proof) => {
                        let proof = ServerMessage::LogProof { from, size, proof };
                        self.reader.take(&proof.to_json(), now);
                    }
                    None => self.reader.be_silent(now),
                },
                Some(Asked::Replay { from }) => match seat.replay(from) {
                    Some(reply) => {
                        for payload in reply.one_by_one() {
                            self.reader.take(&payload, now);
                        }
                    }
                    None => self.reader.be_silent(now),
                },
                None => self.reader.be_silent(now),
            }
        }
    }

    /// Nothing comes for so long that it asks for a sign of life; whether it does.
    pub(crate) fn heartbeat(&mut self, now: u64) -> bool {
        let now = self.clock(now);
        self.reader.be_silent(now);
        assert_eq!(self.reader.ended, None, "nothing is owed");
        self.reader.follower.wants_start()
    }

    /// The answer to a post does not come: the connection is given up.
    pub(crate) fn unanswered(&mut self, now: u64) {
        let now = self.clock(now);
        self.reader.be_silent(now);
        assert!(matches!(self.reader.ended, Some(End::Silent(_))), "{:?}", self.reader.ended);
        self.disconnect();
    }

    /// A NewMessage.
    pub(crate) fn live(&mut self, live: &Live, now: u64) -> Result<LivePlace, Refused> {
        let now = self.clock(now);
        let place = self.reader.live(live, now);
        self.look();
        if place.is_err() {
            self.disconnect();
        }
        place
    }

    /// The answer to a post; the index that a valid receipt names.
    pub(crate) fn answer(&mut self, answer: &PostLog, now: u64) -> Result<Option<u64>, Refused> {
        let now = self.clock(now);
        let fate = self.reader.take_answer(answer, now);
        self.look();
        match fate {
            Some(PostFate::Stored(index)) => Ok(index),
            Some(PostFate::Waits(_) | PostFate::Refused) => Ok(None),
            None => {
                let why = self.reader.why().expect("an answer, or the end");
                self.disconnect();
                Err(why)
            }
        }
    }

    /// The answer to a cold probe.
    pub(crate) fn probe(&mut self, head: &HeadLog, now: u64) -> Result<Probed, Refused> {
        let now = self.clock(now);
        self.work(now, |monitor| monitor.head(head, now))
    }

    /// Something that came another way than over the connection.
    pub(crate) fn work<T>(
        &mut self,
        now: u64,
        work: impl FnOnce(&mut cwtch_protocol::monitor::Monitor) -> T,
    ) -> T {
        let result = self.reader.work(now, work);
        if self.reader.ended.is_some() {
            self.disconnect();
        }
        self.look();
        result
    }

    pub(crate) fn received(&self) -> &[Option<EntryId>] {
        &self.reader.entries
    }
}

impl Deref for Client {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}
