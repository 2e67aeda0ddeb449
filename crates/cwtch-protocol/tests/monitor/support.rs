//! A client with a database in memory, and how it talks with a server in memory.

use cwtch_log::EntryId;
use cwtch_protocol::monitor::{Begun, Evidence, EvidenceKind, LivePlace, Monitor, Notice, Refused, Snapshot};
use cwtch_testkit::log::{HonestLog, Live, Reply, START, ServerKeys, entry, entry_id};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog};

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

/// A client: its monitor, and what its database has.
pub(crate) struct Client {
    pub(crate) monitor: Monitor,
    pub(crate) stored: Snapshot,
    /// The entries that it holds as verified, from index 0; `None` where they expired or were lost.
    pub(crate) entries: Vec<Option<EntryId>>,
    pending: Vec<(u64, EntryId)>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) rng: ChaCha20Rng,
    /// Its clock's error, seconds.
    pub(crate) skew: i64,
}

impl Client {
    pub(crate) fn new(server: &Server, seed: u64) -> Self {
        Self {
            monitor: Monitor::new(server.log.address()),
            stored: Snapshot::default(),
            entries: Vec::new(),
            pending: Vec::new(),
            notices: Vec::new(),
            rng: rng(seed),
            skew: 0,
        }
    }

    pub(crate) fn now(&self, server: &Server) -> u64 {
        server.now.saturating_add_signed(self.skew)
    }

    /// What follows each step: one transaction.
    pub(crate) fn commit(&mut self) {
        for change in self.monitor.take_changes() {
            self.stored.apply(&change);
        }
        assert_eq!(self.stored, self.monitor.snapshot(), "the changes are all that changed");
        while let Some(notice) = self.monitor.poll_notice() {
            assert!(!notice.to_string().is_empty());
            if let Notice::Lost { loss, .. } = &notice {
                self.entries.truncate(usize::try_from(loss.from).unwrap());
            }
            self.notices.push(notice);
        }
        let verified = self.monitor.verified_size();
        for (index, id) in self.pending.extract_if(.., |(index, _)| *index < verified) {
            let index = usize::try_from(index).unwrap();
            if self.entries.len() <= index {
                self.entries.resize(index + 1, None);
            }
            if let Some(held) = self.entries[index] {
                assert_eq!(held, id, "a verified entry changed");
            }
            self.entries[index] = Some(id);
        }
    }

    /// The program ends and begins again.
    pub(crate) fn restart(&mut self) {
        self.pending.clear();
        self.monitor = Monitor::restore(*self.monitor.server(), &self.stored).expect("what was stored");
        self.commit();
    }

    /// The connection ends.
    pub(crate) fn disconnect(&mut self) {
        self.pending.clear();
        self.monitor.abandon();
        self.commit();
    }

    /// A sync with an honest server.
    pub(crate) fn sync(&mut self, server: &Server) -> Result<(), Refused> {
        // A loss, and then perhaps a certificate that was not in the first reply's chain.
        for _ in 0..3 {
            let asked = self.monitor.replay_request(&mut self.rng).from;
            self.commit();
            let reply = server.log.reply(asked);
            if self.receive(&reply, usize::MAX, self.now(server))? {
                return Ok(());
            }
        }
        let asked = self.monitor.replay_request(&mut self.rng);
        let reply = server.log.reply(asked.from);
        panic!(
            "the client asks again and again: {asked:?}, verified {}, min {}, reply from {:?}, size {}, ranges {:?}",
            self.monitor.verified_size(),
            self.monitor.min_index(),
            reply.log.start.map(|start| (start.from, start.skipped.is_some())),
            server.size(),
            self.stored.ranges.keys(),
        );
    }

    /// Receives up to so many records of a reply; `false` if it has to ask again.
    pub(crate) fn receive(&mut self, reply: &Reply, records: usize, now: u64) -> Result<bool, Refused> {
        let result = self.receive_inner(reply, records, now);
        if result.is_err() {
            self.monitor.abandon();
            self.pending.clear();
        }
        self.commit();
        result
    }

    fn receive_inner(&mut self, reply: &Reply, records: usize, now: u64) -> Result<bool, Refused> {
        self.pending.clear();
        let begun = self.monitor.begin_replay(&reply.log, reply.count, now);
        self.commit();
        match begun? {
            Begun::Entries { .. } => {}
            Begun::AskAgain => return Ok(false),
            Begun::NoLog => return Ok(true),
        }
        for record in reply.records.iter().take(records) {
            match record {
                Record::Entry(message) => {
                    let id = entry_id(message);
                    let index = self.monitor.entry(id)?.index();
                    self.pending.push((index, id));
                }
                Record::Boundary(bytes) => {
                    if self.monitor.boundary(bytes.as_slice())? {
                        self.commit();
                    }
                }
            }
        }
        if records < reply.records.len() {
            self.disconnect();
        } else {
            self.monitor.finish_replay(now)?;
        }
        Ok(true)
    }

    pub(crate) fn live(&mut self, message: &Live, now: u64) -> Result<LivePlace, Refused> {
        let id = entry_id(&message.message);
        let place = self.monitor.live(&message.log, Some(id), now);
        if let Ok(LivePlace::New { index }) = place {
            self.pending.push((index, id));
        }
        self.commit();
        place
    }

    pub(crate) fn probe(&mut self, head: &HeadLog, now: u64) -> Result<(), Refused> {
        let result = self.monitor.head(head, now).map(|_| ());
        self.commit();
        result
    }

    /// Whether the client holds exactly what the server has, but for what expired before it came.
    pub(crate) fn agrees_with(&self, server: &Server) {
        assert_eq!(self.monitor.verified_size(), server.size());
        let root = server.log.root_at(server.size());
        assert_eq!(self.monitor.root_at(server.size()), Some(root));
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

    /// What the client may ask for after a stop without a proof, of the server that it distrusts.
    pub(crate) fn gather(&mut self, server: &Server) {
        if let Some((from, size)) = self.monitor.proof_request()
            && size == server.size()
        {
            let proof = cwtch_log::tree::consistency_proof(&mut server.log.tree(), from, size).unwrap();
            self.monitor.proof_answer(from, size, &proof.concat(), server.now);
        }
        if let Some(asked) = self.monitor.evidence_request() {
            let reply = server.log.reply(asked.from);
            assert_eq!(self.receive(&reply, usize::MAX, server.now), Err(Refused::Stopped));
        }
        self.commit();
    }

    /// The only evidence.
    pub(crate) fn evidence(&self) -> &Evidence {
        let [evidence] = self.monitor.evidence() else { panic!("{:?}", self.monitor.evidence()) };
        assert!(self.monitor.is_stopped());
        evidence
    }

    /// The only evidence is a fraud proof of this kind, and a third party believes it.
    pub(crate) fn proved(&self, kind: cwtch_log::FraudKind) {
        assert!(self.monitor.is_stopped());
        let evidence = self.monitor.evidence().last().expect("evidence");
        assert_eq!(evidence.kind, EvidenceKind::Proven(kind));
        let proof = evidence.proof.as_ref().expect("a proof");
        let verified = cwtch_log::FraudProof::verify(proof, self.monitor.server()).expect("a valid proof");
        assert_eq!(verified.kind(), kind);
    }
}
