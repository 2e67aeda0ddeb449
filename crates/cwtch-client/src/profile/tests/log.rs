//! What is stored of a server's log is what the monitor's changes say, and what it means for messages.

use cwtch_protocol::monitor::{
    Change, Evidence, EvidenceKind, EvidenceObject, GossipClaim, HeadSource, Loss, Noise, ObjectKind,
    Snapshot, StoredHead,
};
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
    let receipt = Confirmation { log: Vec::new(), place: Some((9, 60)) };
    assert!(profile.mark_post_stored(&server.board, unread, &receipt).unwrap());
    assert_eq!(profile.message(unread).unwrap().unwrap().log_index, Some(9));

    profile.apply_log_changes(&server.board, &[loss(8, 10)]).unwrap();
    let mut profile = reopen(&dir, profile);
    let queued: Vec<_> = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(queued.iter().map(|post| post.id).collect::<Vec<_>>(), [lost, unread, waiting]);
    assert!(queued.iter().all(|queued| queued.ciphertext == post(2, None).ciphertext));
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
    assert!(!profile.begin_sync(&server.board).unwrap().refetch);
    profile.add_group(&group(2, &server, History::Replay), NOW).unwrap();
    let start = profile.begin_sync(&server.board).unwrap();
    assert!(start.refetch);
    // Another one was joined while it ran.
    profile.add_group(&group(3, &server, History::Replay), NOW).unwrap();
    profile.note_refetched(&server.board, start.epoch).unwrap();
    let start = profile.begin_sync(&server.board).unwrap();
    assert!(start.refetch);
    profile.note_refetched(&server.board, start.epoch).unwrap();
    assert!(!profile.begin_sync(&server.board).unwrap().refetch);
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
