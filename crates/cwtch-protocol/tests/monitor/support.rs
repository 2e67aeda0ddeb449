//! A client with a database in memory, and how it talks with a server in memory.

use std::ops::{Deref, DerefMut};

use cwtch_log::EntryId;
use cwtch_log::tree::consistency_proof;
use cwtch_protocol::monitor::{Evidence, EvidenceKind, LivePlace, Monitor, Notice, Refused};
use cwtch_testkit::log::{HonestLog, Live, Reply, START, ServerKeys, entry, entry_id};
use cwtch_testkit::rng;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, ServerMessage};

use crate::reader::{Asked, Reader};

/// A server with a clock, and entries to append.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) log: HonestLog,
    /// Unix seconds.
    pub(crate) now: u64,
    drawn: u64,
}

impl Server {
    pub(crate) fn new(seed: u64, retention: u64) -> Self {
        let log = HonestLog::first(ServerKeys::new(seed), START, retention);
        Self { log, now: START, drawn: seed << 32 }
    }

    /// A message that the log does not have.
    pub(crate) fn draw(&mut self) -> EncryptedGroupMessage {
        self.drawn += 1;
        entry(self.drawn)
    }

    /// Appends drawn entries in one commit.
    pub(crate) fn grow(&mut self, count: u64) {
        let posts: Vec<_> = (0..count).map(|_| self.draw()).collect();
        self.log.commit(self.now, &posts);
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.log.tick(self.now);
    }

    /// The server is restored from a backup that has the first `size` entries, and some time passes.
    pub(crate) fn restore(&mut self, size: u64) {
        let known = self.log.time(self.now);
        self.log.restore(self.now, size, known);
        self.pass(200);
    }

    /// The server loses everything but its identity, says so, and some time passes.
    pub(crate) fn lose_everything(&mut self) {
        self.log.lose_everything(self.now);
        self.pass(400);
    }

    /// The same from an earlier state.
    pub(crate) fn restore_backup(&mut self, backup: &Self) {
        let known = self.log.time(self.now);
        self.log = backup.log.clone();
        self.log.restore(self.now, self.log.size(), known);
        self.pass(200);
    }

    pub(crate) fn size(&self) -> u64 {
        self.log.size()
    }

    pub(crate) fn id(&self, index: u64) -> EntryId {
        entry_id(self.log.entry(index))
    }

    pub(crate) fn incarnation(&self) -> u64 {
        self.log.certificate().incarnation()
    }

    /// The live messages of the last commit, which began at an index.
    pub(crate) fn live(&self, first: u64) -> Vec<Live> {
        (first..self.size()).map(|index| self.log.live(index)).collect()
    }
}

/// A client: a reader, and its clock.
pub(crate) struct Client {
    pub(crate) reader: Reader,
    /// Its clock's error, seconds.
    pub(crate) skew: i64,
}

impl Client {
    pub(crate) fn new(server: &Server, seed: u64) -> Self {
        Self { reader: Reader::new(server.log.address(), rng(seed)), skew: 0 }
    }

    pub(crate) fn now(&self, server: &Server) -> u64 {
        server.now.saturating_add_signed(self.skew)
    }

    pub(crate) fn monitor_mut(&mut self) -> &mut Monitor {
        self.reader.follower.monitor_mut()
    }

    /// What follows each step: one transaction.
    pub(crate) fn commit(&mut self) {
        self.reader.work(0, |_| ());
        assert_eq!(self.store, self.monitor().snapshot(), "the changes are all that changed");
    }

    /// The connection ends.
    pub(crate) fn disconnect(&mut self) {
        self.reader.reconnect();
        if !self.monitor().is_stopped() {
            self.commit();
        }
    }

    /// Asks for a replay over a new connection, and gives from where on.
    pub(crate) fn ask(&mut self) -> u64 {
        self.disconnect();
        self.reader.request(false, 0).expect("nothing else is under way")
    }

    /// A sync with an honest server.
    pub(crate) fn sync(&mut self, server: &Server) -> Result<(), Refused> {
        let now = self.now(server);
        let mut asked = self.ask();
        // A loss, and then perhaps a certificate that was not in the first reply's chain.
        for _ in 0..3 {
            if self.receive(&server.log.reply(asked), usize::MAX, now)? {
                return Ok(());
            }
            asked = self.reader.request(false, now).expect("it asks again over the same connection");
        }
        let reply = server.log.reply(asked);
        panic!(
            "the client asks again and again: {asked}, verified {}, min {}, reply from {:?}, size {}, ranges {:?}",
            self.monitor().verified_size(),
            self.monitor().min_index(),
            reply.log.start.map(|start| (start.from, start.skipped.is_some())),
            server.size(),
            self.store.ranges.keys(),
        );
    }

    /// Receives up to so many records of a reply; `false` if it asks again.
    pub(crate) fn receive(&mut self, reply: &Reply, records: usize, now: u64) -> Result<bool, Refused> {
        for payload in reply.one_by_one().iter().take(records.saturating_add(1)) {
            self.reader.take(payload, now);
            if let Some(why) = self.reader.why() {
                return Err(why);
            }
        }
        self.commit();
        if records < reply.records.len() {
            self.disconnect();
            return Ok(true);
        }
        // What it asks of a server that it caught is the test's to answer.
        if self.reader.caught { Err(Refused::Stopped) } else { Ok(!self.reader.follower.wants_start()) }
    }

    /// Reads everything from the start, and looks after each record; gives how it ended.
    pub(crate) fn refetch(
        &mut self,
        reply: &Reply,
        now: u64,
        mut look: impl FnMut(&Self),
    ) -> Option<Refused> {
        self.disconnect();
        assert_eq!(self.reader.request(true, now), Some(0));
        for payload in reply.one_by_one() {
            self.reader.take(&payload, now);
            look(self);
        }
        self.reader.caught.then_some(Refused::Stopped).or(self.reader.why())
    }

    pub(crate) fn live(&mut self, message: &Live, now: u64) -> Result<LivePlace, Refused> {
        let place = self.reader.live(message, now);
        self.commit();
        place
    }

    pub(crate) fn probe(&mut self, head: &HeadLog, now: u64) -> Result<(), Refused> {
        let result = self.reader.work(now, |monitor| monitor.head(head, now).map(|_| ()));
        self.commit();
        result
    }

    /// Whether the client holds exactly what the server has, but for what expired before it came.
    pub(crate) fn agrees_with(&self, server: &Server) {
        assert_eq!(self.monitor().verified_size(), server.size());
        let root = server.log.root_at(server.size());
        assert_eq!(self.monitor().root_at(server.size()), Some(root));
        for (index, mine) in (0..server.size()).zip(&self.entries) {
            assert!(mine.is_none_or(|mine| mine == server.id(index)), "entry {index} differs");
        }
        let expired = |index: u64| {
            self.notices
                .iter()
                .any(|notice| matches!(notice, Notice::Expired { from, to } if (*from..*to).contains(&index)))
        };
        for index in 0..server.size() {
            let mine = self.entries.get(usize::try_from(index).unwrap()).copied().flatten();
            assert!(mine.is_some() || expired(index), "entry {index} is missing");
        }
    }

    pub(crate) fn accusations(&self) -> Vec<&Notice> {
        self.notices.iter().filter(|notice| notice.accuses()).collect()
    }

    /// A server that was caught answers what it is asked for a proof.
    pub(crate) fn gather(&mut self, server: &Server) {
        while self.reader.caught && self.reader.ended.is_none() {
            match self.reader.asked() {
                Some(Asked::Proof { from, size }) if size == server.size() => {
                    let proof = consistency_proof(&mut server.log.tree(), from, size).unwrap().concat();
                    let answer = ServerMessage::LogProof { from, size, proof };
                    self.reader.take(&answer.to_json(), server.now);
                }
                Some(Asked::Replay { from }) => {
                    for payload in server.log.reply(from).one_by_one() {
                        self.reader.take(&payload, server.now);
                    }
                    assert_eq!(self.reader.why(), Some(Refused::Stopped));
                }
                _ => self.reader.be_silent(server.now),
            }
        }
        self.commit();
    }

    /// The only evidence.
    pub(crate) fn evidence(&self) -> &Evidence {
        let [evidence] = self.monitor().evidence() else { panic!("{:?}", self.monitor().evidence()) };
        assert!(self.monitor().is_stopped());
        evidence
    }

    /// The only evidence is a fraud proof of this kind, and a third party believes it.
    pub(crate) fn proved(&self, kind: cwtch_log::FraudKind) {
        assert!(self.monitor().is_stopped());
        let evidence = self.monitor().evidence().last().expect("evidence");
        assert_eq!(evidence.kind, EvidenceKind::Proven(kind));
        let proof = evidence.proof.as_ref().expect("a proof");
        let verified = cwtch_log::FraudProof::verify(proof, self.monitor().server()).expect("a valid proof");
        assert_eq!(verified.kind(), kind);
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
