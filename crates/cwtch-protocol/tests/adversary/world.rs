//! A server, its clients, and what they do.

use std::sync::LazyLock;

use cwtch_log::tree::consistency_proof;
use cwtch_log::{Checkpoint, EntryId};
use cwtch_primitives::group::LogTag;
use cwtch_protocol::monitor::{ComparisonOutcome, LivePlace, Malformed, Notice, Probed, Refused, Seen};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{HonestLog, Live, Reply, START, ServerKeys, entry, entry_id};
use cwtch_testkit::malice::{Attack, MaliciousServer, Posted as ServerPosted, Visitor};
use cwtch_wire::board::{EncryptedGroupMessage, PostLog};
use cwtch_wire::peer_log::Mismatch;
use rand_core::RngCore;

use super::client::{Client, Cut, Post, Seat, Synced};
use super::duty::{Before, Duty};
use super::held::Held;
use super::outcome::Outcome;

/// Sizes of the log when a schedule begins.
const BASES: [u64; 5] = [0, 30, 250, 300, 520];
/// Retentions that the server promises, in seconds.
const PROMISES: [u64; 2] = [0, 86_400];

static LOGS: LazyLock<Vec<HonestLog>> = LazyLock::new(|| {
    let log = |retention: u64, size: u64| {
        let mut log = HonestLog::first(ServerKeys::new(1), START, retention);
        // The promise was made before.
        log.commit(START + 60, &(0..size).map(entry).collect::<Vec<_>>());
        log
    };
    PROMISES.iter().flat_map(|retention| BASES.map(|size| log(*retention, size))).collect()
});

/// A fault that befalls a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The answer is lost on its way.
    AnswerLost,
    /// The server dies before the commit: nothing was sent, nothing is stored.
    BeforeCommit,
    /// The server dies after the commit, and nothing was sent.
    AfterCommit,
    /// The server dies after the commit; this many clients were told, but not the author.
    AfterLive(usize),
    /// The server dies after the commit and the answer.
    AfterAnswer,
    /// The server sends before it commits, and dies: no honest server does.
    SentBeforeCommit,
}

impl Fault {
    fn live(self, clients: usize) -> usize {
        match self {
            Self::None | Self::AnswerLost | Self::SentBeforeCommit => clients,
            Self::AfterLive(reached) => reached.min(clients),
            Self::BeforeCommit | Self::AfterCommit | Self::AfterAnswer => 0,
        }
    }

    fn answers(self) -> bool {
        matches!(self, Self::None | Self::AfterAnswer | Self::SentBeforeCommit)
    }

    fn forgets(self) -> bool {
        matches!(self, Self::BeforeCommit | Self::SentBeforeCommit)
    }

    fn ends(self) -> bool {
        !matches!(self, Self::None | Self::AnswerLost)
    }
}

pub(crate) struct World {
    pub(crate) attack: Option<Attack>,
    pub(crate) victim: usize,
    pub(crate) server: MaliciousServer,
    pub(crate) clients: Vec<Client>,
    pub(crate) now: u64,
    /// Seconds by which the server's clock is ahead.
    pub(crate) drift: i64,
    /// True if the server once sent something before it was stored.
    pub(crate) careless: bool,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) outcome: Outcome,
    next_entry: u64,
}

impl World {
    pub(crate) fn new(attack: Option<Attack>, seed: u64) -> Self {
        let mut rng = cwtch_testkit::rng(seed);
        let retention = match attack {
            Some(Attack::PruneEarly | Attack::PromiseBackwards) => 1,
            Some(Attack::RetainBackwards | Attack::FalseRetain | Attack::FalseFrontier) => 0,
            _ => below(&mut rng, 2),
        };
        // Boundaries are what these are about.
        let base = match attack {
            Some(Attack::PerClientBoundary) => 3 + below(&mut rng, 2),
            _ => below(&mut rng, BASES.len()),
        };
        let log = LOGS[retention * BASES.len() + base].clone();
        let count = 2 + below(&mut rng, 2);
        let victim = below(&mut rng, count);
        let address = log.address();
        let mut server = MaliciousServer::new(log, attack, victim, count, rng.next_u64());
        let clients = (0..count)
            .map(|_| {
                let (offset, seed) = (offset(&mut rng), rng.next_u64());
                Client::new(address, offset, cwtch_testkit::rng(seed))
            })
            .collect();
        let now = START + 60 + below(&mut rng, 7200) as u64;
        server.tick(now);
        Self {
            attack,
            victim,
            server,
            clients,
            now,
            drift: 0,
            careless: false,
            rng,
            outcome: Outcome::default(),
            next_entry: 1 << 32,
        }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        below(&mut self.rng, limit)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Draws a client; every second time the victim.
    pub(crate) fn somebody(&mut self) -> usize {
        if self.chance(50) { self.victim } else { self.below(self.clients.len()) }
    }

    /// Lets time go by.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        self.server.tick(self.server_clock());
    }

    /// Time of the server's clock, in unix seconds.
    pub(crate) fn server_clock(&self) -> u64 {
        self.now.saturating_add_signed(self.drift)
    }

    pub(crate) fn fire(&mut self) -> bool {
        let fired = self.server.fire(self.server_clock());
        self.outcome.fired |= fired;
        fired
    }

    /// Syncs a client over a new connection, whole or cut.
    pub(crate) fn sync(&mut self, at: usize, cut: Cut) {
        self.clients[at].disconnect();
        self.read_on(at, cut);
    }

    /// Joins a group: everything is read from the start, over a new connection.
    pub(crate) fn refetch(&mut self, at: usize) {
        if self.clients[at].monitor().is_stopped() {
            return;
        }
        self.clients[at].disconnect();
        if self.read(at, Cut::Whole, true) {
            self.read_on(at, Cut::Whole);
        }
    }

    /// Asks for a replay on a silent connection, to see that it lives.
    pub(crate) fn heartbeat(&mut self, at: usize) {
        if self.clients[at].connected && self.clients[at].heartbeat(self.now) {
            self.read_on(at, Cut::Whole);
        }
    }

    /// Syncs over the existing connection, until nothing is asked for again.
    pub(crate) fn read_on(&mut self, at: usize, cut: Cut) {
        let mut cut = cut;
        for _ in 0..4 {
            if self.clients[at].monitor().is_stopped() || !self.read(at, cut, false) {
                return;
            }
            cut = Cut::Whole;
        }
        panic!("client {at} asks again and again");
    }

    /// Performs one replay; true if the client asks for another.
    fn read(&mut self, at: usize, cut: Cut, refetch: bool) -> bool {
        let before = Before::of(&self.clients[at]);
        let (shown, tampered) = (Held::newest(self.server.log_of(at)), self.server.tampered());
        let deleted = self.server.log_of(at).min_index();
        let comparable = self.clients[at].monitor().root_at(deleted).is_some();
        let mut seat = SeatAt { server: &mut self.server, at, manner: Manner::draw(&mut self.rng) };
        let synced = self.clients[at].replay(&mut seat, self.now, cut, refetch);
        let tampered = self.server.tampered() > tampered;
        if matches!(cut, Cut::Dies(..)) && matches!(synced, Synced::Cut) {
            // What it may have learnt died with it.
            self.check(at);
            return false;
        }
        let again = synced == Synced::Again;
        // A false Retain is seen where the client can tell the root of its size.
        let false_retain = self.attack == Some(Attack::FalseRetain) && self.server.acted() > 0;
        let tampered = |from| tampered || (false_retain && (comparable || deleted > from));
        match synced {
            Synced::NoLog(result) => {
                let expected = if before.expects_log { Err(Refused::Downgrade) } else { Ok(()) };
                assert_eq!(result, expected);
                if before.expects_log {
                    self.told(at, |notice| *notice == Notice::Downgrade);
                }
            }
            Synced::Whole { from } | Synced::Refused { why: Refused::Stopped, from } => {
                let begin = deleted.min(shown.size);
                let compared = match refetch {
                    false => Some(from),
                    // What the client has is compared, whatever was asked for; after that, nothing leads to where the
                    // reply begins.
                    true if before.verified >= begin => Some(begin),
                    true => None,
                };
                if compared.is_none() {
                    // Entries before the beginning of the reply are gone.
                    let entries = &mut self.clients[at].reader.entries;
                    entries.resize(entries.len().max(begin as usize), None);
                }
                self.after_sync(at, &before, &shown, compared, tampered(from), true);
            }
            Synced::Cut | Synced::Again => self.after_sync(at, &before, &shown, None, false, true),
            Synced::Refused { why: Refused::ClockAhead, .. } => {}
            Synced::Refused {
                why: Refused::Older | Refused::EarlierCertificate | Refused::Unlinked, ..
            } => self.after_sync(at, &before, &shown, None, false, false),
            Synced::Refused { why, .. } => panic!("a well-formed answer was refused: {why:?}"),
        }
        self.check(at);
        again
    }

    /// Checks the monitor against what it was shown. `whole` is the index that it had asked for, if it read
    /// everything.
    fn after_sync(
        &mut self,
        at: usize,
        before: &Before,
        shown: &Held,
        whole: Option<u64>,
        tampered: bool,
        used: bool,
    ) {
        let log = self.server.log_of(at);
        let begin = whole.map(|from| (from, from.max(log.min_index()).min(log.size())));
        let mut duty = Duty::default();
        duty.header(before, log, used);
        duty.heads(&self.clients[at].held, before, shown, begin);
        if let Some((from, _)) = begin {
            duty.boundaries(before, log, from);
            if tampered {
                duty.detect("tampered", false);
            }
        }
        if self.attack == Some(Attack::FreezeStale)
            && self.server.acted() > 0
            && at == self.victim
            && shown.time + 30 * 60 < self.clients[at].clock(self.now)
        {
            self.told(at, |notice| matches!(notice, Notice::Stale { .. }));
        }
        self.settle(at, &duty);
        let client = &mut self.clients[at];
        if client.monitor().is_stopped() || !used {
            return;
        }
        if let Some((from, begin)) = begin {
            if begin > from {
                // What lies between is gone: heads there are not compared any more.
                client.held.retain(|held| held.size <= from || held.size > begin);
                let entries = &mut client.reader.entries;
                entries.resize(entries.len().max(begin as usize), None);
                entries[from as usize..begin as usize].fill(None);
            }
            assert_eq!(client.monitor().verified_size(), shown.size);
            self.accepted(at, shown);
        }
        let client = &mut self.clients[at];
        if begin.is_some() || shown.size >= before.verified {
            client.held.push(shown.clone());
        }
    }

    /// Checks that a client took for verified exactly what it was shown, entry by entry.
    fn accepted(&self, at: usize, shown: &Held) {
        let client = &self.clients[at];
        let mut pairs = client.received().iter().zip(shown.entries());
        let same = pairs.all(|(mine, entry)| mine.is_none_or(|mine| mine == *entry));
        assert!(same, "a client accepted entries that are not those of the log that it was shown");
        assert_eq!(client.received().len() as u64, shown.size);
    }

    /// Draws an entry that was never posted.
    pub(crate) fn draw(&mut self) -> EncryptedGroupMessage {
        self.next_entry += 1;
        entry(self.next_entry)
    }

    /// Posts entries of strangers, several at once.
    pub(crate) fn strangers_post(&mut self) {
        let messages: Vec<_> = (0..=self.below(6)).map(|_| self.draw()).collect();
        self.posted_by_strangers(&messages);
    }

    /// Posts these entries of strangers, in one commit.
    pub(crate) fn posted_by_strangers(&mut self, messages: &[EncryptedGroupMessage]) {
        let mut live = self.server.posts(messages, self.server_clock());
        for to in 0..self.clients.len() {
            self.deliver(to, live.remove(&to).unwrap_or_default());
        }
    }

    /// Posts a new message of a client, or one of which it does not know whether it is stored.
    pub(crate) fn post(&mut self, at: usize, fault: Fault) {
        if !self.clients[at].reads() || !self.clients[at].connected {
            return;
        }
        let waiting = self.clients[at].posts.iter().position(|post| !post.answered);
        let which = waiting.unwrap_or_else(|| {
            let post = Post { message: self.draw(), answered: false };
            self.clients[at].posts.push(post);
            self.clients[at].posts.len() - 1
        });
        let message = self.clients[at].posts[which].message.clone();
        let id = entry_id(&message);
        let seen = self.clients[at].monitor().seen();
        let now = self.clients[at].clock(self.now);
        if self.clients[at].post(&message, now).is_none() {
            // Something is to be read before.
            return;
        }
        self.careless |= fault == Fault::SentBeforeCommit;
        let state = fault.forgets().then(|| self.server.clone());
        let tampered = self.server.tampered();
        let ServerPosted { answer, mut live } = self.server.post(at, &message, self.server_clock());
        let tampered = self.server.tampered() > tampered;
        let everybody: Vec<usize> = (0..self.clients.len()).collect();
        if self.chance(50) {
            let reached = fault.live(everybody.len());
            everybody[..reached].iter().for_each(|to| self.deliver(*to, live.remove(to).unwrap_or_default()));
        }
        let waits = self.clients[at].connected && !self.clients[at].monitor().is_stopped();
        if fault.answers() && waits {
            self.answered(at, which, id, seen, &answer, tampered);
        }
        if fault == Fault::AnswerLost && waits {
            // A connection that loses an answer is dead.
            self.clients[at].unanswered(self.now);
        }
        if fault == Fault::None {
            everybody.iter().for_each(|to| self.deliver(*to, live.remove(to).unwrap_or_default()));
        }
        if let Some(state) = state {
            self.server = state;
        }
        if fault.ends() {
            self.server_restarts();
        }
    }

    /// Restarts the server's process: nobody is connected then.
    pub(crate) fn server_restarts(&mut self) {
        self.clients.iter_mut().for_each(Client::disconnect);
    }

    fn answered(
        &mut self,
        at: usize,
        which: usize,
        id: EntryId,
        seen: Seen,
        answer: &PostLog,
        tampered: bool,
    ) {
        let before = Before::of(&self.clients[at]);
        let shown = Held::newest(self.server.log_of(at));
        let result = self.clients[at].answer(answer, self.now);
        let mut duty = Duty::default();
        match &result {
            Ok(Some(_)) | Err(Refused::Stopped) => {
                duty.heads(&self.clients[at].held, &before, &shown, None);
                duty.agrees(&self.clients[at].held, &before, &shown);
            }
            Ok(None) => {}
            Err(other) => panic!("a receipt was refused: {other:?}"),
        }
        if tampered && self.attack == Some(Attack::SquattedSignature) {
            assert_eq!(result, Ok(None));
            self.told(at, |notice| matches!(notice, Notice::NoReceipt { .. }));
        }
        let index = self.server.log_of(at).index_of(&id);
        if tampered && self.attack == Some(Attack::OldPlace) && index.is_some_and(|index| index < seen.size) {
            duty.detect("a receipt of an old place", false);
        }
        self.settle(at, &duty);
        if let Ok(Some(place)) = result {
            assert_eq!(Some(place), index, "the receipt is that of the entry");
            self.clients[at].posts[which].answered = true;
            self.clients[at].held.push(shown);
        }
        self.check(at);
    }

    fn deliver(&mut self, at: usize, live: Vec<Live>) {
        for message in live {
            if !self.clients[at].connected || self.clients[at].monitor().is_stopped() {
                return;
            }
            let before = Before::of(&self.clients[at]);
            let log = self.server.log_of(at);
            let shown = Held::newest(log);
            let tampered = *log.entry(message.log.index) != message.message;
            let other_log = self.clients[at].monitor().certificate() != Some(log.certificate());
            let unused = shown.time > self.clients[at].clock(self.now) + 300;
            let last = message.log.checkpoint.is_some();
            let place = self.clients[at].live(&message, self.now);
            if matches!(place, Err(Refused::Malformed(_))) && other_log {
                // Signed by an incarnation that it does not know yet: it reconnects.
                return;
            }
            // An unsigned message that does not fit accuses nobody; the checkpoint beside it is signed.
            let fits = place != Err(Refused::Malformed(Malformed::Place));
            assert!(
                !fits || matches!(place, Ok(_) | Err(Refused::Stopped)),
                "a live message was refused: {place:?}"
            );
            if last && !unused {
                let mut duty = Duty::default();
                duty.heads(&self.clients[at].held, &before, &shown, None);
                let covered = self.clients[at].monitor().verified_size() == shown.size;
                if covered || shown.size <= before.verified {
                    duty.agrees(&self.clients[at].held, &before, &shown);
                }
                if tampered && matches!(place, Ok(LivePlace::New { .. })) {
                    duty.detect("another live message", false);
                }
                self.settle(at, &duty);
                if !self.clients[at].monitor().is_stopped() {
                    if covered && fits {
                        self.accepted(at, &shown);
                    }
                    self.clients[at].held.push(shown);
                }
            }
            self.check(at);
            if matches!(place, Ok(LivePlace::Gap)) {
                // It asks again: now, over the same connection if nothing else is under way, or later.
                if self.clients[at].reader.follower.wants_start() && self.chance(50) {
                    self.read_on(at, Cut::Whole);
                } else {
                    self.clients[at].disconnect();
                }
            }
        }
    }

    /// Makes a cold probe; true if it showed another history than the client's.
    pub(crate) fn probe(&mut self, at: usize) -> bool {
        if !self.clients[at].reads() {
            return false;
        }
        let before = Before::of(&self.clients[at]);
        let (head, view) = self.server.head(Visitor::Stranger);
        let log = &self.server.logs()[view];
        let shown = Held::newest(log);
        let mut duty = Duty::default();
        let result = self.clients[at].probe(&head, self.now);
        let crossed = view != self.server.view_of(at);
        match &result {
            Ok(_) | Err(Refused::Stopped) => {
                duty.header(&before, log, true);
                duty.heads(&self.clients[at].held, &before, &shown, None);
                duty.mark(&before, log);
                if result != Ok(Probed::Incomparable) {
                    duty.agrees(&self.clients[at].held, &before, &shown);
                }
                self.settle(at, &duty);
                if matches!(result, Ok(Probed::Agrees | Probed::Waits)) {
                    self.clients[at].held.push(shown);
                }
            }
            Err(Refused::ClockAhead) => return false,
            Err(Refused::EarlierCertificate | Refused::Unlinked) => {
                duty.header(&before, log, false);
                self.settle(at, &duty);
            }
            Err(other) => panic!("a probe's answer was refused: {other:?}"),
        }
        self.check(at);
        crossed
    }

    /// Lets two clients compare what they have.
    pub(crate) fn compare(&mut self, a: usize, b: usize) {
        if !self.clients[a].reads() || !self.clients[b].reads() {
            return;
        }
        let tag = LogTag::from_bytes([7; 16]);
        let Some(comparison) = self.clients[a].monitor().comparison(tag) else { return };
        let ComparisonOutcome::Differs(answer) = self.clients[b].monitor().compare_with(&comparison) else {
            return;
        };
        self.mismatch(a, b, &answer);
        let answer = self.clients[a].monitor().mismatch(tag, comparison.size);
        self.mismatch(b, a, &answer);
    }

    fn mismatch(&mut self, to: usize, from: usize, mismatch: &Mismatch) {
        let Some(evidence) = mismatch.evidence.as_ref().filter(|_| !self.clients[to].monitor().is_stopped())
        else {
            return;
        };
        let before = Before::of(&self.clients[to]);
        let size = Checkpoint::peek(&evidence.checkpoint).expect("a checkpoint").size;
        let now = self.clients[to].clock(self.now);
        let result = self.clients[to].work(now, |monitor| monitor.mismatch_received(mismatch, now));
        let entries = &self.clients[from].received()[..size as usize];
        let differs = entries
            .iter()
            .zip(self.clients[to].received())
            .any(|(a, b)| a.is_some() && b.is_some() && a != b);
        let mut duty = Duty::default();
        if differs && size <= before.verified && before.pinned == self.clients[to].store.pinned {
            duty.detect("a contact's boundary", false);
        }
        assert!(
            matches!(result, Ok(_) | Err(Refused::Stopped)),
            "a contact's boundary was refused: {result:?}"
        );
        self.settle(to, &duty);
        self.check(to);
    }

    /// Lets one client tell another its certificate, in an invite or beside a message.
    pub(crate) fn tell_certificate(&mut self, from: usize, to: usize) {
        let Some(certificate) = self.clients[from].monitor().certificate().cloned() else { return };
        if self.clients[to].monitor().is_stopped() {
            return;
        }
        let before = Before::of(&self.clients[to]);
        let now = self.clients[to].clock(self.now);
        let bytes = certificate.to_bytes();
        let result = self.clients[to].work(now, |monitor| monitor.certificate_learnt(&bytes, now));
        assert!(
            matches!(result, Ok(_) | Err(Refused::Stopped)),
            "a valid certificate was refused: {result:?}"
        );
        let mut duty = Duty::default();
        duty.certificate(&before, &certificate);
        self.settle(to, &duty);
        self.check(to);
    }

    /// Checks that what had to be noticed was noticed, and with a proof if one was possible.
    fn settle(&mut self, at: usize, duty: &Duty) {
        let Some(why) = duty.why() else { return };
        self.outcome.reached = true;
        let client = &self.clients[at];
        let accused = client.notices.iter().any(Notice::accuses);
        let noticed = client.monitor().is_stopped() || (duty.alarm_only() && accused);
        let seen: Vec<_> = client.held.iter().map(|head| (head.incarnation, head.size, head.time)).collect();
        assert!(
            noticed,
            "client {at} (victim {}) did not notice {why}: it holds {} entries and the heads {seen:?}; the newest head is \
             {:?}; it was told {:?}",
            self.victim,
            client.monitor().verified_size(),
            self.server.log_of(at).checkpoint(),
            client.notices,
        );
        assert!(
            !duty.provable() || client.evidence().iter().any(|found| found.proof.is_some()),
            "no proof: {why}"
        );
    }

    /// Checks that the person was told.
    fn told(&mut self, at: usize, what: impl Fn(&Notice) -> bool) {
        self.outcome.reached = true;
        self.outcome.detected = true;
        assert!(self.clients[at].notices.iter().any(what), "the person was not told");
    }

    /// Checks that nobody is accused who did nothing.
    fn check(&mut self, at: usize) {
        let client = &self.clients[at];
        let accused = client.monitor().is_stopped() || client.notices.iter().any(Notice::accuses);
        if accused {
            assert!(
                self.server.acted() > 0 || self.careless,
                "an honest server was accused: {:?}",
                client.notices
            );
            self.outcome.reached = true;
            self.outcome.detected = true;
        }
        assert_eq!(client.monitor().is_stopped(), !client.evidence().is_empty());
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let server = self.server.logs()[0].address();
        for client in &self.clients {
            self.outcome.add(&server, client.evidence(), &client.notices);
        }
        self.outcome
    }
}

/// Behaviour of a caught server when it is asked for a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Answers,
    Rubbish,
    Silent,
}

impl Manner {
    fn draw(rng: &mut ChaCha20Rng) -> Self {
        match below(rng, 4) {
            0 => Self::Rubbish,
            1 => Self::Silent,
            _ => Self::Answers,
        }
    }
}

/// The server as one client meets it.
struct SeatAt<'a> {
    server: &'a mut MaliciousServer,
    at: usize,
    manner: Manner,
}

impl Seat for SeatAt<'_> {
    fn replay(&mut self, from: u64) -> Option<Reply> {
        self.server.replay(self.at, from)
    }

    fn proof(&mut self, from: u64, size: u64) -> Option<Vec<u8>> {
        let tree = self.server.log_of(self.at).tree();
        match self.manner {
            Manner::Answers => consistency_proof(&mut &*tree, from, size).ok().map(|proof| proof.concat()),
            Manner::Rubbish => Some(vec![7; 96]),
            Manner::Silent => None,
        }
    }
}

fn below(rng: &mut ChaCha20Rng, limit: usize) -> usize {
    rng.next_u64() as usize % limit
}

/// Draws the error of a clock, in seconds: mostly within the tolerances.
pub(crate) fn offset(rng: &mut ChaCha20Rng) -> i64 {
    let (below, from) = if rng.next_u32().is_multiple_of(8) { (14_400, -7_200) } else { (840, -240) };
    i64::try_from(rng.next_u64() % below).unwrap() + from
}
