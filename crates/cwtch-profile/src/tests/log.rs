//! What is stored of a server's log is what the monitor's changes say, and what it means for messages.

use cwtch_log::tree::CompactRange;
use cwtch_protocol::monitor::{
    Begun, Change, Evidence, EvidenceKind, EvidenceObject, GossipClaim, HeadSource, Loss, Monitor, Noise,
    ObjectKind, Snapshot, StoredHead, limits,
};
use cwtch_testkit::log::{HonestLog, Reply, START, entry_id};
use cwtch_testkit::malice::Forger;
use cwtch_wire::board::stream::Record;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn small() -> impl Strategy<Value = u64> {
    // Numbers that meet each other, and the largest there is.
    prop_oneof![8 => 0..12u64, 1 => Just(u64::MAX)]
}

/// Sizes and indexes, which are in an order.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..12u64, 1 => Just((1 << 48) - 1)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn entry() -> impl Strategy<Value = EntryId> {
    any::<u8>().prop_map(|n| EntryId::from_bytes([n; 32]))
}

fn source() -> impl Strategy<Value = HeadSource> {
    prop_oneof![
        Just(HeadSource::Reply),
        Just(HeadSource::Probe),
        Just(HeadSource::Comparison),
        Just(HeadSource::Certificate),
        entry().prop_map(|entry| HeadSource::Receipt { entry }),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let kinds: Vec<_> = (0..=u8::MAX).filter_map(EvidenceKind::from_code).collect();
    let kind = prop::sample::select(kinds);
    let what = prop::sample::select(vec![
        ObjectKind::Certificate,
        ObjectKind::Checkpoint,
        ObjectKind::Policy,
        ObjectKind::Retain,
        ObjectKind::Receipt,
    ]);
    let object = (what, bytes()).prop_map(|(what, bytes)| EvidenceObject { what, bytes });
    (kind, small(), small(), prop::option::of(bytes()), vec(object, 0..3)).prop_map(
        |(kind, incarnation, at, proof, objects)| Evidence { kind, incarnation, at, proof, objects },
    )
}

fn grown() -> impl Strategy<Value = Change> {
    let ranges = vec((size(), bytes()), 0..3);
    (0..12u64, vec(entry(), 0..6), ranges, 0..12u64, vec(size(), 0..6), bytes(), small()).prop_map(
        |(first, ids, ranges, ids_from, ranges_gone, checkpoint, incarnation)| Change::Grown {
            first,
            ids,
            ranges,
            ids_from,
            ranges_gone,
            checkpoint,
            incarnation,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => (small(), bytes()).prop_map(|(incarnation, bytes)| Change::Certificate { incarnation, bytes }),
        1 => small().prop_map(Change::CertificateGone),
        1 => small().prop_map(Change::Pinned),
        1 => (size(), bytes()).prop_map(|(size, range)| Change::Restarted { size, range }),
        1 => (0..12u64).prop_map(|size| Change::Rewound { size }),
        4 => grown(),
        1 => (small(), small(), bytes())
            .prop_map(|(size, incarnation, bytes)| Change::Boundary { size, incarnation, bytes }),
        1 => (small(), small()).prop_map(|(size, incarnation)| Change::BoundaryGone { size, incarnation }),
        1 => bytes().prop_map(Change::Policy),
        1 => bytes().prop_map(Change::Retain),
        1 => (small(), any::<u8>(), small())
            .prop_map(|(size, draw, block)| Change::Noise(Noise { size, draw, block })),
        2 => (small(), source(), small(), bytes()).prop_map(|(id, source, incarnation, bytes)| {
            Change::HeadAdded(StoredHead { id, source, incarnation, bytes })
        }),
        1 => small().prop_map(Change::HeadGone),
        1 => (small(), small(), small(), any::<bool>()).prop_map(|(from, to, at, replaces_last)| Change::Loss {
            loss: Loss { from, to, incarnation: 60, at },
            replaces_last,
        }),
        1 => evidence().prop_map(|evidence| Change::Evidence(Box::new(evidence))),
        1 => Just(Change::Stopped),
        2 => (0..3u8, small(), small()).prop_map(|(author, size, at)| {
            Change::Gossip(GossipClaim { author: [author; 32], incarnation: 60, size, root: [7; 32], at })
        }),
        1 => (0..3u8).prop_map(|author| Change::GossipGone { author: [author; 32] }),
        1 => Just(Change::StartedOver),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_database_holds_what_the_changes_say(
        transactions in vec(vec(change(), 0..8), 1..8),
        others in vec(change(), 0..8),
    ) {
        let (dir, mut profile) = profile();
        let (here, there) = (server(1), server(2));
        profile.add_server(&here, NOW).unwrap();
        profile.add_server(&there, NOW).unwrap();
        let mut expected = Snapshot::default();
        for changes in &transactions {
            profile.apply_log_changes(&here.board, changes).unwrap();
            changes.iter().for_each(|change| expected.apply(change));
            prop_assert_eq!(&profile.log_snapshot(&here.board).unwrap(), &expected);
        }
        // Another server's log is another one.
        profile.apply_log_changes(&there.board, &others).unwrap();
        let profile = reopen(&dir, profile);
        prop_assert_eq!(&profile.log_snapshot(&here.board).unwrap(), &expected);
        let mut other = Snapshot::default();
        others.iter().for_each(|change| other.apply(change));
        prop_assert_eq!(profile.log_snapshot(&there.board).unwrap(), other);
    }
}

/// A monitor over the store that hears a server that signs anything; as `memory_and_store_are_one_fold_whatever_a_server_signs`
/// of the protocol, with the shipped store.
struct Hearer {
    dir: TempDir,
    profile: Profile,
    server: Forger,
    monitor: Monitor,
}

impl Hearer {
    fn new(seed: u64) -> Self {
        let (dir, mut profile) = profile();
        let server = Forger::new(seed);
        profile.add_server(&NewServer { board: server.address(), ..super::server(1) }, NOW).unwrap();
        let monitor = Monitor::new(server.address());
        Self { dir, profile, server, monitor }
    }

    fn commit(&mut self) {
        let changes = self.monitor.take_changes();
        self.profile.apply_log_changes(&self.server.address(), &changes).unwrap();
        while self.monitor.poll_notice().is_some() {}
    }

    fn stored(&self) -> Snapshot {
        self.profile.log_snapshot(&self.server.address()).unwrap()
    }

    fn step(&mut self) {
        for _ in 0..self.server.below(3) {
            self.server.act();
        }
        let now = self.server.now();
        match self.server.below(8) {
            0..5 => self.sync(now),
            5 => drop(self.monitor.certificate_learnt(&self.server.certificate().to_bytes(), now)),
            6 => {
                let seen = self.monitor.seen();
                let (message, answer) = self.server.answer();
                let _ = self.monitor.post_answer(entry_id(&message), seen, &answer, now);
            }
            _ if self.monitor.is_stopped() => self.monitor.start_over(),
            _ => drop(self.monitor.head(&self.server.head(), now)),
        }
        self.commit();
    }

    fn sync(&mut self, now: u64) {
        let asked = self.monitor.replay_request(&mut rng(now)).from;
        let reply = self.server.reply(asked.min(self.server.log().size()));
        receive(&mut self.monitor, &reply, now);
    }
}

/// Takes a reply for as long as it is good.
fn receive(monitor: &mut Monitor, reply: &Reply, now: u64) {
    let Ok(Begun::Entries { .. }) = monitor.begin_replay(&reply.log, reply.count, now) else { return };
    for record in &reply.records {
        let read = match record {
            Record::Entry(message) => monitor.entry(entry_id(message)).map(drop),
            Record::Boundary(boundary) => monitor.boundary(boundary.as_slice()).map(drop),
        };
        if read.is_err() {
            return monitor.abandon();
        }
    }
    if monitor.finish_replay(now).is_err() {
        monitor.abandon();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_the_fold_that_the_monitor_is_whatever_a_server_signs(seed: u64, steps in 1usize..60) {
        let mut hearer = Hearer::new(seed);
        for step in 0..steps {
            hearer.step();
            if step % 5 == 0 {
                prop_assert_eq!(&hearer.stored(), &hearer.monitor.snapshot());
            }
            let status = hearer.profile.log_status(&hearer.server.address()).unwrap();
            prop_assert_eq!(status.min_index, hearer.monitor.min_index());
        }
        hearer.profile = reopen(&hearer.dir, hearer.profile);
        let stored = hearer.profile.log_snapshot(&hearer.server.address()).unwrap();
        let mut restored = Monitor::restore(hearer.server.address(), &stored).unwrap();
        prop_assert_eq!(restored.take_changes(), []);
        prop_assert_eq!(restored.snapshot(), hearer.monitor.snapshot());
    }
}

/// The rows of a server's log in each table, after hundreds of hostile replies.
#[test]
fn no_number_of_replies_fills_the_tables_of_a_log() {
    let mut hearer = Hearer::new(3);
    for _ in 0..300 {
        hearer.server.act();
        let now = hearer.server.now();
        hearer.sync(now);
        let certificate = hearer.server.certificate().to_bytes();
        let _ = hearer.monitor.certificate_learnt(&certificate, now);
        hearer.commit();
        if hearer.monitor.is_stopped() {
            hearer.monitor.start_over();
            hearer.commit();
        }
        // A stretch that was passed over.
        let (from, to) = (hearer.monitor.verified_size(), hearer.monitor.verified_size() + 1000);
        let mut passing = CompactRange::new();
        (0..to).for_each(|n| passing.push([n as u8; 32]));
        let restarted = [
            Change::Restarted { size: to, range: passing.to_bytes() },
            Change::Rewound { size: from.min(64) },
        ];
        hearer.profile.apply_log_changes(&hearer.server.address(), &restarted).unwrap();
        let over = [Change::Restarted { size: 0, range: Vec::new() }];
        hearer.profile.apply_log_changes(&hearer.server.address(), &over).unwrap();
        hearer.monitor = Monitor::restore(hearer.server.address(), &hearer.stored()).unwrap();
    }
    for (table, most) in [
        ("logs", 1),
        ("log_certificates", limits::CERTIFICATES_MAX),
        ("log_ranges", 256),
        ("log_ids", 3 * 256),
        ("log_boundaries", limits::BOUNDARIES_MAX),
        ("log_heads", limits::CERTIFICATES_MAX),
        ("log_losses", limits::LOSSES_MAX),
        ("log_unread", 64),
        ("log_gossip", limits::GOSSIP_AUTHORS_MAX * limits::GOSSIP_PER_AUTHOR_MAX),
        ("evidence", limits::EVIDENCE_MAX),
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = hearer.profile.conn.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert!(rows as usize <= most, "{rows} rows in {table}");
    }
}

/// What was passed over stays known, though its stretches are told together beyond a number.
#[test]
fn stretches_that_were_passed_over_are_bounded_and_none_is_forgotten() {
    let (_dir, mut profile, server, _) = with_log();
    let range = |size: u64| {
        let mut range = CompactRange::new();
        (0..size).for_each(|n| range.push([n as u8; 32]));
        range.to_bytes()
    };
    for n in 0..200 {
        let passed =
            [Change::Restarted { size: 10 * n + 5, range: range(10 * n + 5) }, grown_to(10 * n + 5, 5)];
        profile.apply_log_changes(&server.board, &passed).unwrap();
    }
    let mut rows = profile.conn.prepare("SELECT first, behind FROM log_unread ORDER BY first").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let rows: Vec<_> = rows.map(Result::unwrap).collect();
    assert_eq!(rows.len(), 64);
    for n in 0..200 {
        let (first, behind) = (10 * n, 10 * n + 5);
        assert!(rows.iter().any(|row| row.0 <= first && behind <= row.1), "{first} to {behind}: {rows:?}");
    }
}

/// Entries behind a size, all of them kept.
fn grown_to(first: u64, count: u8) -> Change {
    Change::Grown {
        first,
        ids: (0..count).map(|n| EntryId::from_bytes([n; 32])).collect(),
        ranges: Vec::new(),
        ids_from: first,
        ranges_gone: Vec::new(),
        checkpoint: Vec::new(),
        incarnation: 60,
    }
}

fn place(index: u64) -> Option<LogPlace> {
    Some(LogPlace { index, incarnation: 60, root: [index as u8; 32] })
}

fn placed(group: &NewGroup, author: &Address, n: u64, index: u64) -> SyncItem {
    SyncItem { place: place(index), ..item(group, author, n, None) }
}

fn loss(from: u64, to: u64) -> Change {
    Change::Loss { loss: Loss { from, to, incarnation: 120, at: 1 }, replaces_last: false }
}

/// A group on a server whose certificate is pinned.
fn with_log() -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    profile.apply_log_changes(&server.board, &[Change::Pinned(60)]).unwrap();
    (dir, profile, server, group)
}

#[test]
fn messages_keep_their_place_in_the_log() {
    let (dir, mut profile, server, group) = with_log();
    // One was known before the server had a log.
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None)]);
    apply(&mut profile, &server, vec![placed(&group, &peer(1), 1, 4), placed(&group, &peer(1), 2, 5)]);
    // A copy at another place changes nothing.
    apply(&mut profile, &server, vec![placed(&group, &peer(1), 2, 9)]);
    let profile = reopen(&dir, profile);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let messages = profile.messages(conversation, MessageId(0), 10).unwrap();
    let places: Vec<_> = messages.iter().map(|message| message.log_index).collect();
    assert_eq!(places, [Some(4), Some(5)]);
    assert_eq!(messages[0].entry, Some(item(&group, &peer(1), 1, None).entry));
}

#[test]
fn own_messages_that_the_server_lost_are_posted_again_with_the_same_bytes() {
    let (dir, mut profile, server, group) = with_log();
    let own = *profile.address();
    profile.add_tokens(&server.board, &tokens(6, 1)).unwrap();
    let mut queue = |n| {
        let id = profile.enqueue_group_post(&group.id, &post(n, None), NOW).unwrap();
        profile.take_token_for_post(id).unwrap();
        id
    };
    let (kept, lost, unread, waiting) = (queue(1), queue(2), queue(3), queue(4));
    apply(&mut profile, &server, vec![placed(&group, &own, 1, 7), placed(&group, &own, 2, 8)]);
    // This one has a receipt only.
    let receipt = Confirmation { place: Some((9, 60)), ..Confirmation::default() };
    assert!(profile.mark_post_stored(&server.board, unread, &receipt).unwrap());
    assert_eq!(profile.message(unread).unwrap().unwrap().log_index, Some(9));

    profile.apply_log_changes(&server.board, &[loss(8, 10)]).unwrap();
    let mut profile = reopen(&dir, profile);
    let queued: Vec<_> = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(queued.iter().map(|post| post.id).collect::<Vec<_>>(), [lost, unread, waiting]);
    assert!(queued.iter().all(|queued| leaves(queued).ciphertext == post(2, None).ciphertext));
    // A fresh token: the old one was spent, or may have been.
    assert!(queued[0].token.is_none() && queued[1].token.is_none() && queued[2].token.is_some());
    assert_eq!(profile.count_reposts(&server.board).unwrap(), 2);
    for (id, reposted, state) in [
        (kept, false, MessageState::Stored),
        (lost, true, MessageState::Queued),
        (unread, true, MessageState::Queued),
        (waiting, false, MessageState::Queued),
    ] {
        let message = profile.message(id).unwrap().unwrap();
        assert_eq!((message.reposted, message.state), (reposted, state), "{id}");
    }

    // It is there again, at another place; and may be lost again.
    let outcome = apply(&mut profile, &server, vec![placed(&group, &own, 2, 8)]);
    assert_eq!(outcome.items, [ItemOutcome::Confirmed(lost)]);
    assert_eq!(profile.message(lost).unwrap().unwrap().log_index, Some(8));
    assert_eq!(profile.count_reposts(&server.board).unwrap(), 1);
    profile.apply_log_changes(&server.board, &[loss(0, 10)]).unwrap();
    assert_eq!(profile.count_reposts(&server.board).unwrap(), 3);
    assert!(profile.message(kept).unwrap().unwrap().reposted);
}

#[test]
fn what_a_server_may_delete_is_not_posted_again() {
    let (_dir, mut profile, server, group) = with_log();
    let own = *profile.address();
    for n in [1, 2] {
        profile.enqueue_group_post(&group.id, &post(n, None), NOW).unwrap();
    }
    apply(&mut profile, &server, vec![placed(&group, &own, 1, 7), placed(&group, &own, 2, 8)]);
    let mut retain = vec![0; 120];
    retain[16..24].copy_from_slice(&8u64.to_be_bytes());
    profile.apply_log_changes(&server.board, &[Change::Retain(retain), loss(0, 9)]).unwrap();
    assert_eq!(profile.count_reposts(&server.board).unwrap(), 1);
}

#[test]
fn what_was_deleted_from_a_log_that_is_lost_says_nothing_of_the_present_one() {
    let (_dir, mut profile) = profile();
    let server = super::log_crash::board_server();
    profile.add_server(&server, NOW).unwrap();
    let server = server.board;
    let mut monitor = Monitor::new(server);
    let mut sync = |log: &HonestLog, now: u64| {
        // A loss is told in the first reply, and the second is read.
        for _ in 0..2 {
            let asked = monitor.replay_request(&mut rng(now)).from;
            receive(&mut monitor, &log.reply(asked), now);
        }
        profile.apply_log_changes(&server, &monitor.take_changes()).unwrap();
        let status = profile.log_status(&server).unwrap();
        assert_eq!((status.size, status.min_index), (log.size(), monitor.min_index()));
        status.min_index
    };
    let mut log = super::log_crash::board();
    log.prune(START, 1024);
    assert_eq!(sync(&log, START), 1024);
    // What continues a log keeps what was deleted from it.
    log.restore(START + 600, 1400, START);
    assert_eq!(sync(&log, START + 1200), 1024);
    log.lose_everything(START + 7200);
    assert_eq!(sync(&log, START + 7800), 0);
}

#[test]
fn starting_over_forgets_places_but_no_message_and_no_evidence() {
    let (_dir, mut profile, server, group) = with_log();
    apply(&mut profile, &server, vec![placed(&group, &peer(1), 1, 7)]);
    let kind = EvidenceKind::from_code(3).unwrap();
    let evidence = Evidence { kind, incarnation: 60, at: 5, proof: Some(vec![1, 2]), objects: Vec::new() };
    let changes = [Change::Evidence(Box::new(evidence.clone())), Change::Stopped];
    profile.apply_log_changes(&server.board, &changes).unwrap();
    let status = profile.log_status(&server.board).unwrap();
    assert!(status.stopped && status.evidence == 1);

    profile.apply_log_changes(&server.board, &[Change::StartedOver]).unwrap();
    let status = profile.log_status(&server.board).unwrap();
    assert!(!status.stopped && !status.known && status.evidence == 1);
    let listed = profile.evidence().unwrap();
    assert_eq!((listed[0].server, &listed[0].evidence), (server.board, &evidence));
    assert_eq!(profile.evidence_by_id(listed[0].id).unwrap().as_ref(), listed.first());
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let messages = profile.messages(conversation, MessageId(0), 10).unwrap();
    assert_eq!((messages.len(), messages[0].log_index), (1, None));
}

#[test]
fn a_joined_group_has_the_log_read_from_its_start_once() {
    let (_dir, mut profile, server, _) = with_log();
    assert!(profile.begin_sync(&server.board).unwrap().refetch.is_none());
    profile.add_group(&group(2, &server, History::Replay), NOW).unwrap();
    let start = profile.begin_sync(&server.board).unwrap();
    assert!(start.refetch.is_some());
    // Another one was joined while it ran.
    profile.add_group(&group(3, &server, History::Replay), NOW).unwrap();
    profile.note_refetched(&server.board, start.epoch).unwrap();
    let start = profile.begin_sync(&server.board).unwrap();
    assert!(start.refetch.is_some());
    profile.note_refetched(&server.board, start.epoch).unwrap();
    assert!(profile.begin_sync(&server.board).unwrap().refetch.is_none());
}

#[test]
fn a_missing_log_is_noted_once() {
    let (_dir, mut profile, server, _) = with_log();
    assert!(profile.note_downgrade(&server.board, Some(NOW)).unwrap());
    assert!(!profile.note_downgrade(&server.board, Some(NOW + 9)).unwrap());
    assert_eq!(profile.log_status(&server.board).unwrap().downgraded, Some(NOW));
    assert!(profile.note_downgrade(&server.board, None).unwrap());
    assert!(!profile.note_downgrade(&server.board, None).unwrap());
}
