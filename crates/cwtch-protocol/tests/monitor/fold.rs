//! Memory and store are the same fold of the same changes, whatever a server sends; and all of it is bounded.

use cwtch_log::EntryId;
use cwtch_protocol::monitor::{Begun, GossipClaim, Monitor, Notice, Snapshot, limits};
use cwtch_testkit::log::{START, entry_id};
use cwtch_testkit::malice::Forger;
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::board::stream::Record;
use cwtch_wire::peer_log::{BoundaryEvidence, Mismatch};
use proptest::prelude::*;
use rand_core::RngCore;

use crate::support::{Client, Server};

/// A monitor that hears a server that signs anything, and the store beside it.
struct Hearer {
    server: Forger,
    monitor: Monitor,
    stored: Snapshot,
    rng: ChaCha20Rng,
}

impl Hearer {
    fn new(seed: u64) -> Self {
        let server = Forger::new(seed);
        let monitor = Monitor::new(server.address());
        Self { server, monitor, stored: Snapshot::default(), rng: rng(seed) }
    }

    /// Commits one transaction, and checks that what is stored is what is in memory, and comes back from the store.
    fn commit(&mut self) {
        for change in self.monitor.take_changes() {
            self.stored.apply(&change);
        }
        while self.monitor.poll_notice().is_some() {}
        assert_eq!(self.stored, self.monitor.snapshot());
        is_bounded(&self.stored);
    }

    fn restored(&self) -> Monitor {
        let mut restored = Monitor::restore(self.server.address(), &self.stored).expect("what was stored");
        assert_eq!(restored.take_changes(), [], "nothing that a monitor stored has to be mended");
        assert_eq!(restored.snapshot(), self.stored);
        assert_eq!(restored.verified_size(), self.monitor.verified_size());
        assert_eq!(restored.certificate(), self.monitor.certificate());
        restored
    }

    fn step(&mut self) {
        for _ in 0..self.server.below(3) {
            self.server.act();
        }
        let now = self.server.now().saturating_add_signed(self.server.below(600) as i64 - 200);
        match self.server.below(20) {
            0..8 => self.sync(now),
            8 | 9 => {
                let live = self.server.live();
                let id = entry_id(&live.message);
                if self.monitor.live(&live.log, Some(id), now).is_err() {
                    self.monitor.abandon();
                }
            }
            10 | 11 => drop(self.monitor.head(&self.server.head(), now)),
            12 => {
                let seen = self.monitor.seen();
                let (message, answer) = self.server.answer();
                let _ = self.monitor.post_answer(entry_id(&message), seen, &answer, now);
            }
            13 | 14 => drop(self.monitor.certificate_learnt(&self.server.certificate().to_bytes(), now)),
            15 => self.contact(now),
            16 => drop(self.monitor.replay_without_log(now)),
            17 => {
                let (author, size) = (self.server.below(70) as u8, self.server.below(20));
                let claim =
                    GossipClaim { author: [author; 32], incarnation: START, size, root: [1; 32], at: now };
                self.monitor.note_gossip(claim);
            }
            18 => self.monitor = self.restored(),
            _ if self.monitor.is_stopped() => self.monitor.start_over(),
            _ => self.monitor.abandon(),
        }
        self.commit();
    }

    fn sync(&mut self, now: u64) {
        let asked = match self.server.below(8) {
            0 => self.monitor.replay_request_from(0),
            1 if self.monitor.is_stopped() => match self.monitor.evidence_request() {
                Some(request) => request,
                None => return,
            },
            _ => self.monitor.replay_request(&mut self.rng),
        };
        self.commit();
        let reply = self.server.reply(asked.from.min(self.server.log().size()));
        let Ok(Begun::Entries { .. }) = self.monitor.begin_replay(&reply.log, reply.count, now) else {
            return;
        };
        self.commit();
        let cut = if self.server.below(3) == 0 { self.server.below(400) as usize } else { usize::MAX };
        for record in reply.records.iter().take(cut) {
            let read = match record {
                Record::Entry(message) => self.monitor.entry(entry_id(message)).map(|_| ()),
                Record::Boundary(boundary) => self.monitor.boundary(boundary.as_slice()).map(|_| ()),
            };
            if matches!(record, Record::Boundary(_)) {
                self.commit();
            }
            if read.is_err() {
                return self.monitor.abandon();
            }
        }
        if cut > reply.records.len() && self.monitor.finish_replay(now).is_err() {
            self.monitor.abandon();
        }
    }

    /// Lets a contact show what it was given.
    fn contact(&mut self, now: u64) {
        let log = self.server.log();
        let Some(boundary) = log.boundary(log.size() / 256 * 256) else { return };
        let certificate = log.certificate().to_bytes();
        let evidence = Box::new(BoundaryEvidence { checkpoint: boundary.to_bytes(), certificate });
        let theirs =
            Mismatch { tag: cwtch_primitives::group::LogTag::from_bytes([7; 16]), evidence: Some(evidence) };
        let _ = self.monitor.mismatch_received(&theirs, now);
    }
}

fn is_bounded(stored: &Snapshot) {
    assert!(stored.certificates.len() <= limits::CERTIFICATES_MAX);
    assert!(stored.boundaries.len() <= limits::BOUNDARIES_MAX);
    assert!(stored.heads.len() <= limits::CERTIFICATES_MAX);
    assert!(stored.ids.len() <= 3 * 256 && stored.ranges.len() <= 256, "{}", stored.ranges.len());
    assert!(stored.losses.len() <= limits::LOSSES_MAX && stored.evidence.len() <= limits::EVIDENCE_MAX);
    assert!(stored.gossip.len() <= limits::GOSSIP_AUTHORS_MAX * limits::GOSSIP_PER_AUTHOR_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_store_are_one_fold_whatever_a_server_signs(seed: u64, steps in 1usize..120) {
        let mut hearer = Hearer::new(seed);
        for _ in 0..steps {
            hearer.step();
        }
        hearer.restored();
    }
}

/// A client that read 300 entries, and its server.
fn synced() -> (Server, Client) {
    let mut server = Server::new(21, 0);
    server.grow(300);
    let mut client = Client::new(&server, 21);
    client.sync(&server).unwrap();
    (server, client)
}

#[test]
fn no_number_of_certificates_makes_a_client_forget_the_pin() {
    let (server, mut client) = synced();
    let mut forger = Forger::new(21);
    assert_eq!(forger.address(), server.log.address());
    let pinned = client.monitor().certificate().cloned();
    for round in 0..300 {
        let asked = client.ask();
        client.commit();
        let mut reply = server.log.reply(asked);
        reply.log.certificates.earlier = forger.chain();
        // Only a second certificate of a known incarnation is more than noise.
        let read = client.receive(&reply, usize::MAX, server.now);
        assert!(matches!(read, Ok(true)), "{round}: {read:?}");
        let certificate = forger.certificate();
        if pinned.as_ref().is_some_and(|pinned| certificate.incarnation() < pinned.incarnation()) {
            client.monitor_mut().certificate_learnt(&certificate.to_bytes(), server.now).unwrap();
            client.commit();
        }
        client.restart();
        assert_eq!(client.monitor().certificate(), pinned.as_ref());
        assert!(
            client.store.certificates.len() <= 1 + limits::LOOSE_MAX,
            "{}",
            client.store.certificates.len()
        );
    }
    // What was pinned still binds: the rolled-back log is proven.
    let mut back = Server::new(21, 0);
    back.grow(200);
    back.pass(60);
    assert_eq!(client.sync(&back), Err(cwtch_protocol::monitor::Refused::Stopped));
    client.proved(cwtch_log::FraudKind::Shrunk);
}

#[test]
fn a_long_line_of_incarnations_is_followed_and_the_oldest_are_let_go() {
    let (mut server, mut client) = synced();
    for _ in 0..120 {
        server.restore(server.size());
        server.grow(1);
        client.sync(&server).unwrap();
        client.restart();
    }
    client.agrees_with(&server);
    assert!(client.accusations().is_empty());
    assert!(client.store.certificates.len() <= limits::LINE_MAX + limits::LOOSE_MAX);
}

#[test]
fn what_an_older_program_left_is_mended_and_the_pin_stays() {
    let (server, client) = synced();
    let mut kept = client.store.clone();
    let mut forger = Forger::new(21);
    // Every certificate that it was ever shown, and a head that hangs on one of them.
    while kept.certificates.len() < 1001 {
        let certificate = forger.certificate();
        let bytes = certificate.to_bytes().to_vec();
        kept.certificates.entry(certificate.incarnation()).or_insert(bytes);
    }
    let mut monitor = Monitor::restore(server.log.address(), &kept).unwrap();
    let changes = monitor.take_changes();
    assert!(!changes.is_empty());
    changes.iter().for_each(|change| kept.apply(change));
    assert_eq!(kept, monitor.snapshot());
    assert!(kept.certificates.len() <= limits::LINE_MAX + limits::LOOSE_MAX);
    assert_eq!(monitor.certificate(), client.monitor().certificate());
    assert_eq!(monitor.verified_size(), 300);

    // Entries that do not fit their checkpoint are read again, and held against what is signed.
    kept.ids.insert(299, EntryId::from_bytes([1; 32]));
    let mut monitor = Monitor::restore(server.log.address(), &kept).unwrap();
    monitor.take_changes().iter().for_each(|change| kept.apply(change));
    assert_eq!((monitor.verified_size(), &kept), (0, &monitor.snapshot()));
    assert_eq!(monitor.certificate(), client.monitor().certificate());
    let mut again = Client::new(&server, 3);
    again.store = kept;
    again.reader.begin(monitor);
    again.sync(&server).unwrap();
    again.agrees_with(&server);
    again.restart();
    assert!(again.accusations().is_empty());
}

#[test]
fn what_must_be_heard_is_heard_whatever_else_there_is_to_tell() {
    let (mut server, mut client) = synced();
    // As many receipts as wait, all of entries that will be lost: each is told when it is void.
    for _ in 0..limits::RECEIPTS_WAITING_MAX {
        let message = server.draw();
        let seen = client.monitor().seen();
        let answer = server.log.commit(server.now, std::slice::from_ref(&message)).answers.remove(0);
        client.monitor_mut().post_answer(entry_id(&message), seen, &answer, server.now).unwrap();
    }
    let lesser = |monitor: &mut Monitor, round: u64| {
        for n in 0..1000_u64 {
            let entry = EntryId::of(&n.to_be_bytes(), &round.to_be_bytes());
            let seen = monitor.seen();
            let junk = cwtch_wire::board::PostLog::Receipt(vec![1; 200]);
            monitor.post_answer(entry, seen, &junk, 0).unwrap();
        }
    };
    lesser(client.monitor_mut(), 1);
    server.restore(280);
    let certificate = server.log.certificate().to_bytes();
    client.monitor_mut().certificate_learnt(&certificate, server.now).unwrap();
    lesser(client.monitor_mut(), 2);
    client.monitor_mut().replay_without_log(server.now).unwrap_err();
    lesser(client.monitor_mut(), 3);
    let second = server.log.twin().certificate().to_bytes();
    client.monitor_mut().certificate_learnt(&second, server.now).unwrap_err();
    lesser(client.monitor_mut(), 4);
    client.commit();
    let told = |wanted: fn(&Notice) -> bool| client.notices.iter().filter(|notice| wanted(notice)).count();
    assert_eq!(told(|notice| matches!(notice, Notice::Lost { .. })), 1);
    assert_eq!(told(|notice| matches!(notice, Notice::Downgrade)), 1);
    assert_eq!(told(|notice| matches!(notice, Notice::Fraud(_))), 1);
    assert!(client.notices.len() <= 1 + limits::NOTICES_MAX, "{}", client.notices.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// However many losses are declared before anybody asks, the posts that they void are told, and the alarm that
    /// two make.
    #[test]
    fn losses_are_told_together_rather_than_not_at_all(seed: u64, losses in 1usize..400) {
        let mut draw = rng(seed);
        let (mut server, mut client) = synced();
        client.notices.clear();
        let mut void = Vec::new();
        for _ in 0..losses {
            server.grow(2);
            let message = server.draw();
            let answer = server.log.commit(server.now, std::slice::from_ref(&message)).answers.remove(0);
            let seen = client.monitor().seen();
            if client.monitor_mut().post_answer(entry_id(&message), seen, &answer, server.now).is_ok() {
                void.push(entry_id(&message));
            }
            let lost = 3 + draw.next_u64() % 3;
            server.restore(server.size().saturating_sub(lost));
            client.monitor_mut().certificate_learnt(&server.log.certificate().to_bytes(), server.now).unwrap();
        }
        client.commit();
        let mut told = Vec::new();
        let mut again = false;
        for notice in &client.notices {
            if let Notice::Lost { void, again: second, .. } = notice {
                told.extend(void.iter().copied());
                again |= *second;
            }
        }
        prop_assert_eq!(told, void);
        prop_assert_eq!(again, losses > 1);
        prop_assert!(client.notices.len() <= limits::NOTICES_MAX);
    }
}
