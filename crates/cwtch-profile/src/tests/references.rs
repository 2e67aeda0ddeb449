//! What messages say about the ones before them: kept with them, found again, judged once.

use std::collections::BTreeSet;

use cwtch_log::EntryPrefix;
use cwtch_protocol::group::{Change as GroupChange, NoteKind, Open, Row, Verdict};
use cwtch_protocol::monitor::Change;
use cwtch_testkit::log::{HonestLog, START, ServerKeys};
use cwtch_wire::group::{Chain, Extensions, Gossip, Parent};
use proptest::prelude::*;

use super::*;

fn place(n: u64) -> LogPlace {
    LogPlace { index: n, incarnation: 60, root: [n as u8; 32] }
}

/// The entry of [`item`] number `n`.
fn entry(n: u64) -> EntryId {
    EntryId::of(&signature(n), &[9; 2800])
}

fn parent(n: u64) -> Parent {
    Parent { id: entry(n).prefix(), index: n }
}

pub(super) fn chain(label: u32, sequence: u32) -> Extensions {
    let chain = Chain { label, sequence, previous: EntryPrefix::from_bytes([7; 20]) };
    Extensions { chain: Some(chain), ..Extensions::default() }
}

/// [`item`] number `n` at index `n` of a log, with what it says.
pub(super) fn saying(group: &NewGroup, author: &Address, n: u64, said: Extensions) -> SyncItem {
    SyncItem { place: Some(place(n)), extensions: Some(said), ..item(group, author, n, None) }
}

fn stored_ids(outcome: &SyncOutcome) -> Vec<MessageId> {
    outcome.items.iter().filter_map(ItemOutcome::stored).collect()
}

fn kinds(profile: &Profile, id: MessageId) -> Vec<(NoteKind, u64)> {
    profile.notes(id).unwrap().into_iter().map(|note| (note.kind, note.count)).collect()
}

fn judged(id: MessageId, number: u8, verdict: Verdict) -> GroupChange {
    GroupChange::Judged { row: Row(id.0), number, verdict }
}

/// A server with a log whose certificate is pinned: an own client of it.
pub(super) fn with_log(history: History) -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile) = profile();
    let keys = ServerKeys::new(1);
    let mut server = server(1);
    server.board = keys.identity().address();
    profile.add_server(&server, NOW).unwrap();
    let log = HonestLog::first(keys, START, 0);
    let certificate = log.certificate();
    let changes = [
        Change::Certificate {
            incarnation: certificate.incarnation(),
            bytes: certificate.to_bytes().to_vec(),
        },
        Change::Pinned(certificate.incarnation()),
    ];
    profile.apply_log_changes(&server.board, &changes).unwrap();
    let group = group(1, &server, history);
    profile.add_group(&group, NOW).unwrap();
    (dir, profile, server, group)
}

/// The messages whose notes change by an act, as the change feed tells it.
fn noted<T>(profile: &mut Profile, act: impl FnOnce(&mut Profile) -> T) -> (T, Vec<MessageId>) {
    let before = profile.feed_bounds().unwrap().newest;
    let done = act(profile);
    let rows = profile.changes_after(before, u32::MAX).unwrap();
    let noted: BTreeSet<_> =
        rows.iter().filter(|row| row.what == What::Notes).filter_map(|row| row.message).collect();
    (done, noted.into_iter().collect())
}

/// A post as the engine makes it, of what the profile says.
fn enqueue(profile: &mut Profile, group: &NewGroup, n: u64, label: u32) -> (MessageId, Extensions) {
    let extensions = profile.next_extensions(&group.id, label).unwrap();
    let said = SaidByPost { extensions: extensions.clone(), abandoned_told: extensions.abandoned.len() };
    let post = NewPost { said: Some(said), ..post(n, None) };
    (profile.enqueue_group_post(&group.id, &post, NOW).unwrap(), extensions)
}

/// For the sample of this version: something in every table of it.
pub(super) fn fill(profile: &mut Profile) {
    let server = server(8);
    profile.add_server(&server, NOW).unwrap();
    let group = group(8, &server, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    let gossip = Some(Gossip { incarnation: 60, size: 3, root: [9; 32] });
    let said = Extensions { parents: vec![parent(1), parent(2)], gossip, ..chain(5, 4) };
    let first = saying(&group, &peer(1), 1, chain(5, 1));
    let copy = SyncItem { entry: EntryId::from_bytes([3; 32]), place: Some(place(7)), ..first.clone() };
    apply(profile, &server, vec![first, saying(&group, &peer(1), 4, said), copy]);
    let given = SyncItem { extensions: Some(chain(5, 2)), ..item(&group, &peer(1), 3, None) };
    profile.store_from_member(&given, NOW + 9).unwrap();
    let (given_up, _) = enqueue(profile, &group, 21, 77);
    profile.mark_post_refused(given_up, RefusedToken::GiveUp).unwrap();
    enqueue(profile, &group, 22, 77);
    let (again, _) = enqueue(profile, &group, 23, 77);
    profile.mark_post_refused(again, RefusedToken::GiveUp).unwrap();
    profile.note_comparison(&server.board, &peer(1), NOW + 5).unwrap();
}

/// What [`fill`] put in is there.
pub(super) fn reads_what_was_filled_in(profile: &mut Profile) {
    let board = server(8).board;
    let group = profile.find_group("group 8").unwrap().one().unwrap();
    let mut messages = profile.messages(group.conversation, MessageId(0), 100).unwrap();
    messages.sort_unstable_by_key(|message| message.id);
    let notes: Vec<_> = messages.iter().map(|message| kinds(profile, message.id)).collect();
    let fourth = vec![(NoteKind::Missing, 1), (NoteKind::Parent(Verdict::Waiting), 1)];
    assert_eq!(notes[..3], [vec![(NoteKind::Copy, 1)], fourth, vec![(NoteKind::Late, 1)]]);
    let missing = profile.missing(group.conversation).unwrap();
    assert_eq!(missing, [MissingFrom { author: peer(1), count: 1 }]);
    let open = profile.open_parents(&board, Open::All, None, 10).unwrap();
    assert_eq!((open.len(), open[0].parent, open[0].gossip.unwrap().root), (1, parent(2), [9; 32]));
    assert_eq!(profile.open_views(&board, Open::All, None, 10).unwrap().len(), 1);
    assert!(profile.kept_entry(&group.id, &entry(3).prefix()).unwrap().is_some());
    assert_eq!(profile.last_comparison(&board, &peer(1)).unwrap(), Some(NOW + 5));
    // Number 1 is told in the second message, which is under way; number 3 is not told yet.
    let next = profile.next_extensions(&group.id, 9).unwrap();
    assert_eq!((next.chain.unwrap().label, next.chain.unwrap().sequence, next.abandoned), (77, 4, vec![3]));
}

#[test]
fn own_numbers_go_on_after_a_restart_and_are_used_once() {
    let (dir, mut profile, _, group) = in_group(History::Empty);
    let (_, first) = enqueue(&mut profile, &group, 1, 77);
    assert_eq!(first.chain, Some(Chain { label: 77, sequence: 1, previous: EntryPrefix::NONE }));
    let mut profile = reopen(&dir, profile);
    let (_, second) = enqueue(&mut profile, &group, 2, 78);
    let previous = EntryId::of(&signature(1), &post(1, None).ciphertext).prefix();
    assert_eq!(second.chain, Some(Chain { label: 77, sequence: 2, previous }), "the label is drawn once");
    // Composed at the same time as another one: only one can have the number.
    let stale = SaidByPost { extensions: second, abandoned_told: 0 };
    let again = NewPost { said: Some(stale), ..post(3, None) };
    assert!(matches!(profile.enqueue_group_post(&group.id, &again, NOW), Err(StorageError::NumberTaken)));
    assert_eq!(profile.next_extensions(&group.id, 79).unwrap().chain.unwrap().sequence, 3);
    // Another group has another chain.
    let other = super::group(2, &server(1), History::Empty);
    profile.add_group(&other, NOW).unwrap();
    assert_eq!(profile.next_extensions(&other.id, 80).unwrap().chain.unwrap().label, 80);
}

#[test]
fn a_number_that_was_given_up_is_told_until_somebody_hears_it() {
    let (_dir, mut profile, _, group) = in_group(History::Empty);
    let (first, _) = enqueue(&mut profile, &group, 1, 7);
    profile.mark_post_refused(first, RefusedToken::GiveUp).unwrap();
    let (second, said) = enqueue(&mut profile, &group, 2, 7);
    assert_eq!(said.abandoned, [1]);
    assert_eq!(said.chain.unwrap().previous, EntryPrefix::NONE, "nobody has the one before");
    assert_eq!(profile.next_extensions(&group.id, 7).unwrap().abandoned, Vec::<u32>::new());
    // The message that told it is given up, too.
    profile.mark_post_refused(second, RefusedToken::GiveUp).unwrap();
    let (third, said) = enqueue(&mut profile, &group, 3, 7);
    assert_eq!(said.abandoned, [1, 2]);
    stored(&mut profile, third).unwrap();
    assert_eq!(profile.next_extensions(&group.id, 7).unwrap().abandoned, Vec::<u32>::new());
    // The server had it after all: nothing to tell any more.
    let (fourth, _) = enqueue(&mut profile, &group, 4, 7);
    profile.mark_post_refused(fourth, RefusedToken::GiveUp).unwrap();
    assert_eq!(profile.next_extensions(&group.id, 7).unwrap().abandoned, [4]);
    let own = *profile.address();
    let server = server(1);
    apply(&mut profile, &server, vec![item(&group, &own, 4, None)]);
    assert_eq!(profile.next_extensions(&group.id, 7).unwrap().abandoned, Vec::<u32>::new());
}

#[test]
fn without_a_log_only_the_chain_is_said() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None)]);
    let said = profile.next_extensions(&group.id, 7).unwrap();
    assert!(said.chain.is_some() && said.parents.is_empty() && said.gossip.is_none());
    assert!(said.certificate.is_none());
}

#[test]
fn the_newest_that_nothing_refers_to_become_parents() {
    let (_dir, mut profile, server, group) = with_log(History::Empty);
    let referring = |n, parents: &[u64]| {
        let parents = parents.iter().map(|n| parent(*n)).collect();
        saying(&group, &peer(n), n, Extensions { parents, ..Extensions::default() })
    };
    // Six that stand alone; 8 refers to two of them.
    let mut items: Vec<_> = (1..=6).map(|n| referring(n, &[])).collect();
    items.push(referring(8, &[5, 6]));
    // One without extensions refers to whom its author had seen last: 4.
    items.push(SyncItem { place: Some(place(9)), ..item(&group, &peer(9), 10, Some(4)) });
    // A message without a place is not covered.
    items.push(item(&group, &peer(9), 9, None));
    apply(&mut profile, &server, items);
    let said = profile.next_extensions(&group.id, 7).unwrap();
    let weak = Parent { id: entry(10).prefix(), index: 9 };
    assert_eq!(said.parents, [weak, parent(8), parent(3), parent(2)]);
    assert_eq!(said.gossip, Some(Gossip { incarnation: 60, size: 10, root: [9; 32] }));
    assert!(said.certificate.is_some(), "it goes along with the first message");
    assert!(said.encode(400).is_ok());
    // What the queued message refers to stays the newest until a checkpoint covers it.
    enqueue(&mut profile, &group, 20, 7);
    let next = profile.next_extensions(&group.id, 7).unwrap();
    assert_eq!(next.parents, said.parents);
    assert!(next.certificate.is_none());
}

#[test]
fn a_parent_that_comes_late_settles_whoever_named_it() {
    let (_dir, mut profile, server, group) = with_log(History::Empty);
    let said = |parents: &[u64]| {
        let size = parents.iter().max().unwrap() + 1;
        let gossip = Some(Gossip { incarnation: 60, size, root: [(size - 1) as u8; 32] });
        Extensions { parents: parents.iter().map(|n| parent(*n)).collect(), gossip, ..Extensions::default() }
    };
    let items = vec![
        saying(&group, &peer(1), 2, Extensions::default()),
        saying(&group, &peer(1), 3, said(&[2])),
        saying(&group, &peer(1), 4, said(&[1, 3])),
    ];
    let outcome = apply(&mut profile, &server, items);
    let ids = stored_ids(&outcome);
    assert_eq!(kinds(&profile, ids[1]), []);
    let open = profile.open_parents(&server.board, Open::All, None, 10).unwrap();
    assert_eq!(
        open.iter().map(|o| (MessageId(o.row.0), o.number, o.parent)).collect::<Vec<_>>(),
        [(ids[2], 0, parent(1))]
    );
    assert_eq!(open[0].gossip.unwrap().size, 4);
    assert_eq!(open[0].own_root, Some([3; 32]));
    assert_eq!(kinds(&profile, ids[2]), [(NoteKind::Parent(Verdict::Waiting), 1)]);
    // Not judged again once it is judged, but settled when it comes.
    let undecided = [judged(ids[2], 0, Verdict::Undecided)];
    assert_eq!(noted(&mut profile, |p| p.keep_verdicts(&undecided).unwrap()).1, [ids[2]]);
    assert!(profile.open_parents(&server.board, Open::All, None, 10).unwrap().is_empty());
    assert_eq!(kinds(&profile, ids[2]), [(NoteKind::Parent(Verdict::Undecided), 1)]);
    let (_, noted) = noted(&mut profile, |p| apply(p, &server, vec![item(&group, &peer(2), 1, None)]));
    assert_eq!(noted, [ids[2]]);
    assert_eq!(kinds(&profile, ids[2]), []);
}

#[test]
fn who_named_a_place_where_another_one_stands_is_not_settled() {
    let (_dir, mut profile, server, group) = with_log(History::Empty);
    let lie = Extensions { parents: vec![parent(1)], ..Extensions::default() };
    let outcome = apply(&mut profile, &server, vec![saying(&group, &peer(1), 4, lie)]);
    let id = stored_ids(&outcome)[0];
    profile.keep_verdicts(&[judged(id, 0, Verdict::AuthorLies)]).unwrap();
    let (_, noted) = noted(&mut profile, |p| apply(p, &server, vec![item(&group, &peer(2), 1, None)]));
    assert_eq!(noted, []);
    assert_eq!(kinds(&profile, id), [(NoteKind::Parent(Verdict::AuthorLies), 1)]);
}

#[test]
fn two_messages_with_one_number_are_both_kept_and_both_noted() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let told =
        |n, author: u64, said| SyncItem { extensions: Some(said), ..item(&group, &peer(author), n, None) };
    let items = vec![
        told(1, 1, chain(5, 1)),
        told(2, 1, chain(5, 2)),
        told(3, 2, chain(5, 2)),
        told(4, 1, chain(6, 2)),
    ];
    let ids = stored_ids(&apply(&mut profile, &server, items));
    let (outcome, noted) = noted(&mut profile, |p| apply(p, &server, vec![told(5, 1, chain(5, 2))]));
    let other = stored_ids(&outcome)[0];
    assert_eq!(noted, [ids[1], other]);
    for id in [ids[1], other] {
        assert_eq!(kinds(&profile, id), [(NoteKind::Conflicting, 1)]);
    }
    // The same number of somebody else, or of another chain, is none of it.
    for id in [ids[0], ids[2], ids[3]] {
        assert_eq!(kinds(&profile, id), []);
    }
}

#[test]
fn the_same_message_at_another_place_is_a_copy_of_the_first() {
    let (_dir, mut profile, server, group) = with_log(History::Empty);
    let first = saying(&group, &peer(1), 1, Extensions::default());
    let id = stored_ids(&apply(&mut profile, &server, vec![first.clone()]))[0];
    let copy = EntryId::from_bytes([3; 32]);
    let again = SyncItem { entry: copy, place: Some(place(6)), ..first.clone() };
    let (outcome, told) = noted(&mut profile, |p| apply(p, &server, vec![again.clone()]));
    assert_eq!((outcome.items, told), (vec![ItemOutcome::Duplicate], vec![id]));
    assert_eq!(kinds(&profile, id), [(NoteKind::Copy, 1)]);
    assert_eq!(profile.message(id).unwrap().unwrap().log_index, Some(1), "it stays where it was");
    // Told once; the same entry again is nothing new.
    assert_eq!(noted(&mut profile, |p| apply(p, &server, vec![again, first])).1, []);
    // Who refers to the copy refers to the message.
    let said = Extensions { parents: vec![Parent { id: copy.prefix(), index: 6 }], ..Extensions::default() };
    let outcome = apply(&mut profile, &server, vec![saying(&group, &peer(1), 8, said)]);
    assert_eq!(kinds(&profile, stored_ids(&outcome)[0]), []);
}

#[test]
fn a_message_of_a_member_waits_for_the_server_and_is_posted_again_with_the_same_bytes() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let told = |n, said| SyncItem { extensions: Some(said), ..item(&group, &peer(1), n, None) };
    let behind =
        stored_ids(&apply(&mut profile, &server, vec![told(1, chain(5, 1)), told(3, chain(5, 3))]))[1];
    assert_eq!(kinds(&profile, behind), [(NoteKind::Missing, 1)]);
    assert_eq!(
        profile.wanted_entries(&group.id, 0, 10).unwrap().0,
        [EntryPrefix::from_bytes([7; 20])],
        "the one before the third"
    );
    let given = told(2, chain(5, 2));
    let (stored_here, told_of) = noted(&mut profile, |p| p.store_from_member(&given, NOW + 5).unwrap());
    let FromMember::Stored(id) = stored_here else { panic!("it was not here") };
    assert_eq!(told_of, [behind, id]);
    assert_eq!((kinds(&profile, behind), kinds(&profile, id)), (vec![], vec![(NoteKind::Late, 1)]));
    assert!(matches!(profile.store_from_member(&given, NOW).unwrap(), FromMember::Known));
    let mut profile = reopen(&dir, profile);
    assert!(profile.wanted_entries(&group.id, 0, 10).unwrap().0.is_empty());

    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(
        pending.iter().map(|p| (p.id, &leaves(p).ciphertext)).collect::<Vec<_>>(),
        [(id, &given.ciphertext)]
    );
    // It is nobody's own: a refusal makes it no failed message, and a confirmation no stored one.
    profile.take_token_for_post(id).unwrap().unwrap();
    assert_eq!(profile.mark_post_refused(id, RefusedToken::Ours).unwrap(), MessageState::Verified);
    stored(&mut profile, id).unwrap();
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    assert_eq!(kinds(&profile, id), [(NoteKind::Late, 1)]);
    assert_eq!(noted(&mut profile, |p| apply(p, &server, vec![given])).1, [id]);
    let message = profile.message(id).unwrap().unwrap();
    assert_eq!((message.state, message.position), (MessageState::Verified, Some(3)));
    assert_eq!(kinds(&profile, id), []);
}

/// Of what is missing, each author's newest comes first, and everything comes at last, whoever names how much.
#[test]
fn nobody_who_names_what_nobody_has_stands_before_what_another_misses() {
    for identities in [1_u64, 5, 200] {
        let (_dir, mut profile, server, group) = with_log(History::Empty);
        let naming = |author: u64, n: u64, parents: Vec<Parent>| {
            saying(&group, &peer(author), n, Extensions { parents, ..Extensions::default() })
        };
        let invented = |n: u64| Parent { id: entry(10_000 + n).prefix(), index: n };
        let mut items = vec![naming(1, 50_000, vec![Parent { id: entry(7).prefix(), index: 7 }])];
        for n in 0..200 {
            let parents = (0..4).map(|m| invented(4 * n + m)).collect();
            items.push(naming(100 + n % identities, 60_000 + n, parents));
        }
        let ids = stored_ids(&apply(&mut profile, &server, items));
        let verdicts: Vec<_> =
            ids.iter().flat_map(|id| (0..4).map(|number| judged(*id, number, Verdict::Undecided))).collect();
        profile.keep_verdicts(&verdicts).unwrap();
        let wanted = |place| profile.wanted_entries(&group.id, place, 64).unwrap();
        let first = wanted(0).0;
        let honest = entry(7).prefix();
        let place = first.iter().position(|entry| *entry == honest);
        assert!(place.is_some_and(|place| place as u64 <= identities) || identities > 64, "{place:?}");
        let mut all = BTreeSet::new();
        for page in 0.. {
            let (entries, more) = wanted(64 * page);
            all.extend(entries);
            if !more {
                break;
            }
        }
        assert_eq!(all.len(), 801);
        assert!(all.contains(&honest));
    }
}

#[test]
fn entries_are_kept_for_members_but_not_for_ever() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    apply(&mut profile, &server, (0..600).map(|n| item(&group, &peer(1), n, None)).collect());
    let found = |n: u64| profile.kept_entry(&group.id, &entry(n).prefix()).unwrap();
    assert!(found(87).is_none(), "beyond the newest 512");
    let message = found(88).unwrap();
    assert_eq!(EntryId::of(&message.signature, &message.ciphertext), entry(88));
    assert!(profile.kept_entry(&group.id, &EntryPrefix::NONE).unwrap().is_none());
    // An own one that is still on its way, too.
    profile.enqueue_group_post(&group.id, &post(700, None), NOW).unwrap();
    assert!(profile.kept_entry(&group.id, &entry(700).prefix()).unwrap().is_some());
}

#[test]
fn only_accepted_contacts_who_wrote_are_companions() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    for n in [1, 2] {
        profile.add_contact(&peer(n), None, NOW).unwrap();
    }
    profile.set_contact_state(&peer(3), ContactState::Blocked, NOW).unwrap();
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None), item(&group, &peer(3), 2, None)]);
    let expected = Companion { contact: peer(1), group: group.id, server: server.board };
    assert_eq!(profile.companions(&peer(1)).unwrap(), std::slice::from_ref(&expected));
    assert_eq!(profile.companions_in(&group.id).unwrap(), [expected]);
    for n in [2, 3, 4] {
        assert_eq!(profile.companions(&peer(n)).unwrap(), [], "did not write, is blocked, or is no contact");
    }
    assert!(
        profile.is_author(&group.id, &peer(3)).unwrap() && !profile.is_author(&group.id, &peer(2)).unwrap()
    );
    assert_eq!(profile.last_comparison(&server.board, &peer(1)).unwrap(), None);
    profile.note_comparison(&server.board, &peer(1), NOW).unwrap();
    profile.note_comparison(&server.board, &peer(1), NOW + 7).unwrap();
    assert_eq!(profile.last_comparison(&server.board, &peer(1)).unwrap(), Some(NOW + 7));
}

#[test]
fn a_restored_backup_that_sees_its_own_future_begins_another_chain() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let own = *profile.address();
    enqueue(&mut profile, &group, 1, 7);
    // From another device: another label, and nothing to fear.
    let other = SyncItem { extensions: Some(chain(8, 1)), ..item(&group, &own, 50, None) };
    apply(&mut profile, &server, vec![other]);
    assert_eq!(profile.next_extensions(&group.id, 9).unwrap().chain.unwrap().label, 7);
    let future = SyncItem { extensions: Some(chain(7, 2)), ..item(&group, &own, 51, None) };
    apply(&mut profile, &server, vec![future]);
    let next = profile.next_extensions(&group.id, 9).unwrap().chain.unwrap();
    assert_eq!((next.label, next.sequence), (9, 1));
}

#[test]
fn leaving_a_group_forgets_what_was_said_in_it() {
    let (_dir, mut profile, server, group) = with_log(History::Empty);
    let said = Extensions { parents: vec![parent(1)], ..chain(5, 4) };
    apply(&mut profile, &server, vec![saying(&group, &peer(1), 4, said)]);
    enqueue(&mut profile, &group, 9, 7);
    profile.remove_group(&group.id).unwrap();
    while profile.erase_some().unwrap() {}
    for table in
        ["parents", "views", "chains", "chain_holes", "message_copies", "received_entries", "abandoned"]
    {
        let count: i64 =
            profile.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

/// One arrival of a chain's message: its number, and the numbers that it says were given up.
fn arrival() -> impl Strategy<Value = (u32, Vec<u32>)> {
    (1..24u32, prop::collection::vec(1..24u32, 0..3))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_missing_is_what_never_came_and_was_not_given_up(
        arrivals in prop::collection::vec(arrival(), 1..20),
        has_log in any::<bool>(),
    ) {
        let (_dir, mut profile, server, group) =
            if has_log { with_log(History::Empty) } else { in_group(History::Empty) };
        let (mut seen, mut given_up) = (BTreeSet::<u32>::new(), BTreeSet::<u32>::new());
        let mut floor = if has_log { Some(0) } else { None };
        let mut last: Option<MessageId> = None;
        for (n, (number, abandoned)) in (1_u64..).zip(&arrivals) {
            let said = Extensions { abandoned: abandoned.clone(), ..chain(5, *number) };
            let message = SyncItem { extensions: Some(said), ..item(&group, &peer(1), n, None) };
            last = stored_ids(&apply(&mut profile, &server, vec![message])).pop();
            // Without a log the first one is where the chain begins.
            floor.get_or_insert(*number);
            // What is said under a number that was used is not believed.
            if seen.insert(*number) {
                given_up.extend(abandoned.iter().filter(|given| *given < number));
            }
            let highest = seen.last().copied().unwrap_or(0);
            let from = floor.map_or(1, |floor| floor.max(1));
            let missing: BTreeSet<u32> = (from..highest).filter(|n| !seen.contains(n) && !given_up.contains(n)).collect();
            let told: u64 = profile.missing(profile.group(&group.id).unwrap().unwrap().conversation).unwrap()
                .iter().map(|missing| missing.count).sum();
            prop_assert_eq!(told, missing.len() as u64);
            // The message speaks of the numbers right before it.
            let before = (1..*number).rev().take_while(|n| missing.contains(n)).count() as u64;
            let notes = profile.notes(last.unwrap()).unwrap();
            let note = notes.iter().find(|note| note.kind == NoteKind::Missing).map_or(0, |note| note.count);
            prop_assert_eq!(note, before);
        }
        prop_assert!(last.is_some());
    }
}
