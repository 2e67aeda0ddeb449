//! Several epochs of one group in one conversation.

use cwtch_protocol::group::NoteKind;
use cwtch_wire::group::{Chain, Extensions, Parent};

use super::references::{chain, with_log};
use super::*;
use crate::epochs::rows;
use crate::fixtures::daily_group;

/// An epoch of a group whose key is a byte 32 times, made by somebody from another epoch.
pub(super) fn fork(n: u8, parent: u64, server: &NewServer) -> NewEpoch {
    let NewGroup { id, key, name, server, .. } = group(n, server, History::Empty);
    NewEpoch {
        id,
        key,
        name,
        parent,
        server,
        forker: peer(5),
        made: NOW + i64::from(n),
        listed: 3,
        left_out: vec![peer(6)],
        added: vec![peer(7), peer(8)],
        begins: None,
        notice: None,
    }
}

/// The epoch as messages are made for it.
fn as_group(epoch: &NewEpoch) -> NewGroup {
    let NewEpoch { id, key, name, server, .. } = epoch.clone();
    NewGroup { id, key, name, server, history: History::Empty, notice: None }
}

/// A profile with a group and an undecided second epoch.
fn forked() -> (TempDir, Profile, NewServer, NewGroup, NewGroup, ConversationId) {
    let (dir, mut profile, server, first) = in_group(History::Empty);
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    let second = fork(2, 1, &server);
    assert_eq!(profile.add_epoch(conversation, &second, NOW).unwrap(), Added::New(2));
    (dir, profile, server, first, as_group(&second), conversation)
}

/// Takes everything in that waits, as the engine does it.
pub(super) fn take_in(profile: &mut Profile, server: &NewServer, all: &[SyncItem]) -> Vec<ItemOutcome> {
    let mut outcomes = Vec::new();
    loop {
        let waiting = profile.buffered(&server.board, 2).unwrap();
        if waiting.is_empty() {
            return outcomes;
        }
        let opened = |entry: &Buffered| {
            let item = all.iter().find(|item| item.signature == entry.message.signature).cloned();
            (entry.id, item.map(|item| SyncItem { place: entry.place, ..item }))
        };
        let entries: Vec<_> = waiting.iter().map(opened).collect();
        outcomes.extend(profile.enter_buffered(&server.board, &entries, NOW).unwrap().items);
    }
}

fn shown(profile: &Profile, conversation: ConversationId) -> Vec<(String, u64)> {
    let messages = profile.messages(conversation, MessageId(0), 1000).unwrap();
    messages.into_iter().map(|message| (message.content.data, message.epoch)).collect()
}

fn said(all: &[(&str, u64)]) -> Vec<(String, u64)> {
    all.iter().map(|(text, epoch)| ((*text).to_owned(), *epoch)).collect()
}

fn states(profile: &Profile, conversation: ConversationId) -> Vec<EpochState> {
    profile.epochs(conversation).unwrap().iter().map(|epoch| epoch.state).collect()
}

#[test]
fn an_epoch_that_was_left_closes_by_the_earlier_clock_and_not_before() {
    const DAY: i64 = 86_400;
    let (_dir, mut profile, server, first, _, conversation) = forked();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None), item(&first, &peer(2), 2, None)]);
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let closes = |profile: &mut Profile, now| profile.close_left(&server.board, now).unwrap();
    assert!(!closes(&mut profile, NOW + 30 * DAY - 1));
    // The own clock is years ahead of what others say.
    assert!(!closes(&mut profile, NOW + 4000 * DAY));
    let late = |n, author| SyncItem { sent: Some(NOW + 32 * DAY), ..item(&first, &author, n, None) };
    apply(&mut profile, &server, vec![late(3, peer(1))]);
    assert!(!closes(&mut profile, NOW + 32 * DAY), "one of them may be wrong");
    apply(&mut profile, &server, vec![late(4, peer(2))]);
    assert!(!closes(&mut profile, NOW + 29 * DAY), "an own clock behind delays");
    assert!(closes(&mut profile, NOW + 32 * DAY));
    assert!(!closes(&mut profile, NOW + 32 * DAY));
    assert_eq!(states(&profile, conversation), [EpochState::Closed, EpochState::Written]);
}

#[test]
fn one_with_daily_keys_closes_early_only_where_all_followed() {
    const DAY: i64 = 86_400;
    let founder = cwtch_primitives::Identity::generate(&mut rng(1500));
    for (follow, closes_after) in [(false, 180), (true, 30)] {
        let (_dir, mut profile) = profile();
        let server = server(1);
        profile.add_server(&server, NOW).unwrap();
        let listed = [*profile.address(), peer(1)];
        let of = |n| daily_group(n, &server, &founder, &listed, History::Empty).0;
        let (first, second) = (of(1), of(2));
        profile.add_group(&first, NOW).unwrap();
        let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
        let NewGroup { id, key, notice, .. } = second.clone();
        let epoch = NewEpoch { id, key, notice, forker: founder.address(), ..fork(2, 1, &server) };
        profile.add_epoch(conversation, &epoch, NOW).unwrap();
        profile.move_to_epoch(conversation, 2, NOW).unwrap();
        let kept = |profile: &Profile| -> (bool, bool, bool) {
            let sql = "SELECT day_key IS NULL, notice IS NULL, fork_id IS NULL FROM epochs WHERE number = 1";
            profile.conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
        };
        if follow {
            let at = NOW + 200 * DAY;
            let said = |author, n| SyncItem { sent: Some(at), ..item(&second, &author, n, None) };
            apply(&mut profile, &server, vec![said(founder.address(), 1)]);
            assert!(!profile.close_left(&server.board, NOW + 40 * DAY).unwrap(), "one has not");
            apply(&mut profile, &server, vec![said(peer(1), 2)]);
        }
        assert!(!profile.close_left(&server.board, NOW + (closes_after - 1) * DAY).unwrap());
        assert_eq!(kept(&profile), (false, false, false));
        assert!(profile.close_left(&server.board, NOW + (closes_after + 1) * DAY).unwrap());
        // The name of the fork stays, and what would open its messages or say who was listed is gone.
        assert_eq!(kept(&profile), (true, true, false));
        let facts = profile.epochs(conversation).unwrap();
        assert_ne!(facts[0].fork_id, cwtch_wire::group::fork::ForkId::NONE);
    }
}

#[test]
fn nothing_waits_for_a_decision_for_longer_than_thirty_days() {
    const DAY: i64 = 86_400;
    let (_dir, mut profile, server, _, second, conversation) = forked();
    apply(&mut profile, &server, vec![item(&second, &peer(1), 11, None)]);
    profile.close_left(&server.board, NOW + 29 * DAY).unwrap();
    assert_eq!(profile.epochs(conversation).unwrap()[1].buffered, 1);
    profile.close_left(&server.board, NOW + 30 * DAY).unwrap();
    assert_eq!(profile.epochs(conversation).unwrap()[1].buffered, 0);
    profile.move_to_epoch(conversation, 2, NOW + 31 * DAY).unwrap();
    assert!(profile.begin_sync(&server.board).unwrap().refetch.is_some(), "it is read again");
}

#[test]
fn a_new_epoch_begins_before_the_first_message_behind_it() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None)]);
    assert_eq!(profile.beginnings(conversation).unwrap(), []);
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert_eq!(profile.beginnings(conversation).unwrap(), [], "nothing stands behind it");
    let outcome =
        apply(&mut profile, &server, vec![item(&first, &peer(1), 2, None), item(&second, &peer(1), 3, None)]);
    let begins = profile.beginnings(conversation).unwrap();
    assert_eq!((begins.len(), Some(begins[0].0), begins[0].1.number), (1, outcome.items[0].stored(), 2));
    assert_eq!(begins[0].1.wrote, 1);
}

#[test]
fn of_one_group_the_written_epoch_and_the_newest_others_are_tried() {
    let (_dir, mut profile, server, first, _, conversation) = forked();
    let other = group(50, &server, History::Empty);
    profile.add_group(&other, NOW).unwrap();
    for n in 3..=12 {
        profile.add_epoch(conversation, &fork(n, 1, &server), NOW + i64::from(n)).unwrap();
    }
    let tried = profile.begin_sync(&server.board).unwrap().groups;
    let of: Vec<_> = tried.iter().map(|epoch| (epoch.id, epoch.epoch)).collect();
    let newest = (6..=12).rev().map(|n| (fork(n, 1, &server).id, u64::from(n)));
    let expected: Vec<_> = [(first.id, 1)].into_iter().chain(newest).chain([(other.id, 1)]).collect();
    assert_eq!(of, expected);
}

/// For the sample of this version: epochs in every state, with something in every table of them.
pub(super) fn fill(profile: &mut Profile) {
    let server = server(6);
    profile.add_server(&server, NOW).unwrap();
    let first = group(61, &server, History::Empty);
    profile.add_group(&first, NOW).unwrap();
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    apply(profile, &server, vec![item(&first, &peer(1), 601, None)]);
    for (n, parent) in [(62, 1), (63, 2), (64, 3)] {
        profile.add_epoch(conversation, &fork(n, parent, &server), NOW + i64::from(n)).unwrap();
    }
    for (n, epoch) in [(62, 2), (63, 3)] {
        profile.move_to_epoch(conversation, epoch, NOW + 100).unwrap();
        apply(
            profile,
            &server,
            vec![item(&as_group(&fork(n, 1, &server)), &peer(1), 540 + u64::from(n), None)],
        );
    }
    profile.close_epoch(conversation, 1, NOW + 200).unwrap();
    let undecided = as_group(&fork(64, 3, &server));
    apply(profile, &server, vec![item(&undecided, &peer(3), 604, None)]);
    profile.refetch_from(&server.board, &undecided.id, Some(7), NOW).unwrap();
}

/// What [`fill`] put in is there.
pub(super) fn reads_what_was_filled_in(profile: &mut Profile) {
    let server = server(6);
    let group = profile.find_group("group 61").unwrap().one().unwrap();
    let epochs = profile.epochs(group.conversation).unwrap();
    let of: Vec<_> = epochs.iter().map(|epoch| (epoch.number, epoch.state, epoch.buffered)).collect();
    use EpochState as S;
    assert_eq!(of, [(1, S::Closed, 0), (2, S::Closing, 0), (3, S::Written, 0), (4, S::Undecided, 1)]);
    assert_eq!((epochs[3].parent, &epochs[3].left_out), (Some(3), &vec![peer(6)]));
    assert_eq!(profile.begin_sync(&server.board).unwrap().refetch.unwrap().from, 7);
    profile.move_to_epoch(group.conversation, 4, NOW + 300).unwrap();
    let all = [item(&as_group(&fork(64, 3, &server)), &peer(3), 604, None)];
    take_in(profile, &server, &all);
    let expected = [("message 601", 1), ("message 602", 2), ("message 603", 3), ("message 604", 4)];
    assert_eq!(shown(profile, group.conversation), said(&expected));
}

#[test]
fn an_undecided_epoch_is_read_and_shows_nothing_until_it_is_entered() {
    let (dir, mut profile, server, first, second, conversation) = forked();
    let tried: Vec<_> = profile.begin_sync(&server.board).unwrap().groups.iter().map(|g| g.id).collect();
    assert_eq!(tried, [first.id, second.id]);
    let before = (profile.listed(conversation).unwrap(), profile.feed_bounds().unwrap());
    let later = [item(&second, &peer(1), 11, None), item(&second, &peer(2), 12, Some(11))];
    let outcome = apply(&mut profile, &server, later.to_vec());
    assert_eq!(outcome.items, [ItemOutcome::Buffered, ItemOutcome::Buffered]);
    // The same again, as after a broken connection.
    apply(&mut profile, &server, later.to_vec());
    let after = (profile.listed(conversation).unwrap(), profile.feed_bounds().unwrap());
    assert_eq!(
        (before.0.kept.unread, before.0.kept.messages, before.1),
        (after.0.kept.unread, after.0.kept.messages, after.1)
    );
    assert!(profile.buffered(&server.board, 10).unwrap().is_empty(), "nobody has decided");
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None)]);
    // Both ids mean the conversation, and what is written goes where the group is written to.
    for id in [&first.id, &second.id] {
        let found = profile.group(id).unwrap().unwrap();
        assert_eq!((found.id, found.conversation), (first.id, conversation));
        let draft = profile.enqueue_draft(id, &text("mine"), NOW).unwrap();
        assert_eq!(profile.message(draft).unwrap().unwrap().epoch, 1);
    }

    let moved = profile.move_to_epoch(conversation, 2, NOW + 1).unwrap();
    assert_eq!(moved, Moved { from: 1, to: 2, drafts: 2, buffered: 2 });
    let mut profile = reopen(&dir, profile);
    assert_eq!(states(&profile, conversation), [EpochState::Closing, EpochState::Written]);
    assert_eq!(profile.group(&first.id).unwrap().unwrap().id, second.id);
    assert_eq!(profile.epoch(&first.id).unwrap().unwrap().id, first.id, "it is still read");
    assert!(
        profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty(),
        "not before the others"
    );
    // What comes meanwhile queues up behind what waits.
    let third = item(&second, &peer(1), 13, Some(12));
    assert_eq!(apply(&mut profile, &server, vec![third.clone()]).items, [ItemOutcome::Buffered]);
    let all = [later.as_slice(), &[third]].concat();
    let entered = take_in(&mut profile, &server, &all);
    assert!(entered.iter().all(|fate| fate.stored().is_some()), "{entered:?}");
    let expected =
        [("message 1", 1), ("message 11", 2), ("message 12", 2), ("message 13", 2), ("mine", 2), ("mine", 2)];
    assert_eq!(shown(&profile, conversation), said(&expected));
    assert_eq!(profile.listed(conversation).unwrap().kept.unread, 4);
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert!(pending.len() == 2 && pending.iter().all(|post| post.group == second.id));
    assert_eq!(profile.group(&first.id).unwrap().unwrap().last_signature, Some(signature(13)));
    assert_eq!(profile.epoch(&first.id).unwrap().unwrap().last_signature, Some(signature(1)));
    // What others still write under the old key is read.
    let late = apply(&mut profile, &server, vec![item(&first, &peer(6), 2, Some(1))]);
    assert!(late.items[0].stored().is_some());
    let counts = profile.group_counts(conversation).unwrap();
    assert_eq!(counts, GroupCounts { messages: 7, authors: 3 });
}

#[test]
fn drafts_go_along_and_what_may_have_left_goes_on_where_it_was() {
    let (dir, mut profile, server, first, second, conversation) = forked();
    profile.add_tokens(&server.board, &tokens(4, 1)).unwrap();
    let sent = profile.enqueue_draft(&first.id, &text("message 1"), NOW).unwrap();
    let waiting = profile.enqueue_draft(&first.id, &text("message 2"), NOW).unwrap();
    profile.compose_post(sent, &post(1, None)).unwrap().unwrap();
    // It is being composed under the old key while the group moves.
    let composed = post(2, None);
    let moved = profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert_eq!((moved.drafts, moved.buffered), (1, 0));
    assert!(matches!(profile.compose_post(waiting, &composed), Err(StorageError::UnknownMessage)));
    let mut profile = reopen(&dir, profile);
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    let of: Vec<_> = pending.iter().map(|post| (post.id, post.group)).collect();
    assert_eq!(of, [(sent, first.id), (waiting, second.id)]);
    assert_eq!(leaves(&pending[0]).signature, signature(1), "with the same bytes");
    profile.compose_post(waiting, &NewPost { group: second.id, ..composed }).unwrap().unwrap();
    // Each is confirmed in its own epoch, once.
    let own = *profile.address();
    let outcome =
        apply(&mut profile, &server, vec![item(&first, &own, 1, None), item(&second, &own, 2, None)]);
    assert_eq!(outcome.items, [ItemOutcome::Confirmed(sent), ItemOutcome::Confirmed(waiting)]);
    assert_eq!(shown(&profile, conversation), said(&[("message 1", 1), ("message 2", 2)]));
}

#[test]
fn what_still_waits_when_its_epoch_closes_is_given_up_and_the_key_is_gone() {
    let (dir, mut profile, server, first, _, conversation) = forked();
    profile.add_tokens(&server.board, &tokens(4, 1)).unwrap();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 9, None)]);
    let sent = profile.enqueue_draft(&first.id, &text("message 1"), NOW).unwrap();
    profile.compose_post(sent, &post(1, None)).unwrap().unwrap();
    assert!(matches!(profile.close_epoch(conversation, 1, NOW), Err(StorageError::EpochState)), "written in");
    assert!(matches!(profile.close_epoch(conversation, 2, NOW), Err(StorageError::EpochState)), "undecided");
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert!(profile.close_epoch(conversation, 1, NOW + 9).unwrap());
    assert!(!profile.close_epoch(conversation, 1, NOW + 10).unwrap());
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.message(sent).unwrap().unwrap().state, MessageState::Failed);
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    let kept = |table: &str| -> i64 {
        profile.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((kept("received_entries"), kept("own_entries"), kept("posts")), (0, 0, 0));
    let keys: Vec<Option<Vec<u8>>> = {
        let mut keys = profile.conn.prepare("SELECT key FROM epochs ORDER BY number").unwrap();
        keys.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(keys, [None, Some(vec![2; 32])]);
    // Texts stay, and the old id still means the conversation.
    assert_eq!(shown(&profile, conversation).len(), 2);
    assert_eq!(profile.group(&first.id).unwrap().unwrap().conversation, conversation);
    assert!(profile.epoch(&first.id).unwrap().is_none());
    assert_eq!(profile.begin_sync(&server.board).unwrap().groups.len(), 1);
    // A batch that was tried before it closed.
    let late = apply(&mut profile, &server, vec![item(&first, &peer(1), 10, None)]);
    assert_eq!(late.items, [ItemOutcome::UnknownGroup]);
    // Neither an invite nor a package brings the key back.
    let joined = profile.add_group(&first, NOW).unwrap();
    assert!(!joined.is_new() && joined.into_inner().conversation == conversation);
    let again = NewEpoch { id: first.id, key: first.key.clone(), ..fork(1, 2, &server) };
    assert!(matches!(profile.add_epoch(conversation, &again, NOW), Err(StorageError::EpochState)));
    assert!(matches!(profile.move_to_epoch(conversation, 1, NOW), Err(StorageError::EpochState)));
    let facts = profile.epochs(conversation).unwrap();
    assert_eq!((facts[0].state, facts[0].since), (EpochState::Closed, NOW + 9));
}

#[test]
fn a_closed_epoch_says_who_made_it_and_how_many_it_left_out_and_no_more_whom() {
    let (_dir, mut profile, server, _, _, conversation) = forked();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let open = profile.epochs(conversation).unwrap().remove(1);
    assert_eq!((open.left_out, open.added.len()), (vec![peer(6)], 2));
    let third = fork(3, 2, &server);
    profile.add_epoch(conversation, &third, NOW).unwrap();
    profile.move_to_epoch(conversation, 3, NOW).unwrap();
    profile.close_epoch(conversation, 2, NOW).unwrap();
    let closed = profile.epochs(conversation).unwrap().remove(1);
    assert_eq!((closed.forker, closed.made, closed.parent), (Some(peer(5)), Some(NOW + 2), Some(1)));
    assert_eq!((closed.listed, closed.left_out_count, closed.added_count), (3, 1, 2));
    assert!(closed.left_out.is_empty() && closed.added.is_empty());
}

#[test]
fn a_fork_that_is_declined_leaves_nothing() {
    let (dir, mut profile, server, first, second, conversation) = forked();
    apply(&mut profile, &server, vec![item(&second, &peer(1), 11, None)]);
    profile.add_epoch(conversation, &fork(3, 2, &server), NOW).unwrap();
    assert!(
        matches!(profile.drop_epoch(conversation, 2), Err(StorageError::EpochState)),
        "another was made of it"
    );
    assert!(matches!(profile.drop_epoch(conversation, 1), Err(StorageError::EpochState)), "it is written in");
    assert!(profile.drop_epoch(conversation, 3).unwrap());
    assert!(profile.drop_epoch(conversation, 2).unwrap());
    assert!(!profile.drop_epoch(conversation, 2).unwrap());
    let mut profile = reopen(&dir, profile);
    for table in ["buffered", "epoch_people"] {
        let left = profile.conn.prepare(&format!("SELECT 1 FROM {table}")).unwrap().exists([]).unwrap();
        assert!(!left, "{table}");
    }
    assert_eq!(
        apply(&mut profile, &server, vec![item(&second, &peer(1), 12, None)]).items,
        [ItemOutcome::UnknownGroup]
    );
    assert_eq!(profile.group(&first.id).unwrap().unwrap().epoch, 1);
    assert!(profile.group(&second.id).unwrap().is_none());
}

#[test]
fn only_an_own_fork_is_taken_back_and_the_drafts_return() {
    let (_dir, mut profile, server, first, _, conversation) = forked();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert!(matches!(profile.return_to_epoch(conversation, NOW), Err(StorageError::EpochState)));
    let mine = NewEpoch { forker: *profile.address(), ..fork(3, 2, &server) };
    profile.add_epoch(conversation, &mine, NOW).unwrap();
    profile.move_to_epoch(conversation, 3, NOW).unwrap();
    let draft = profile.enqueue_draft(&first.id, &text("back"), NOW).unwrap();
    assert_eq!(
        profile.return_to_epoch(conversation, NOW + 1).unwrap(),
        Moved { from: 3, to: 2, drafts: 1, buffered: 0 }
    );
    assert_eq!(profile.message(draft).unwrap().unwrap().epoch, 2);
    assert_eq!(
        states(&profile, conversation),
        [EpochState::Closing, EpochState::Written, EpochState::Closing]
    );
    // Whoever chooses it after all goes there again.
    assert_eq!(profile.move_to_epoch(conversation, 3, NOW + 2).unwrap().drafts, 1);
    assert_eq!(
        profile.move_to_epoch(conversation, 3, NOW + 3).unwrap(),
        Moved { from: 3, to: 3, drafts: 0, buffered: 0 }
    );
}

#[test]
fn an_epoch_that_does_not_fit_is_refused() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    let fits = fork(4, 1, &server);
    let mut add = |epoch: NewEpoch| profile.add_epoch(conversation, &epoch, NOW);
    assert!(matches!(add(NewEpoch { parent: 7, ..fits.clone() }), Err(StorageError::EpochState)));
    assert!(matches!(add(NewEpoch { server: peer(99), ..fits.clone() }), Err(StorageError::UnknownServer)));
    assert!(matches!(add(NewEpoch { id: second.id, ..fits.clone() }), Err(StorageError::GroupChanged)));
    assert_eq!(add(fork(2, 1, &server)).unwrap(), Added::Known(2));
    // A name that cannot be shown is not the key's fault.
    assert_eq!(add(NewEpoch { name: "\u{7}".into(), ..fits }).unwrap(), Added::New(3));
    assert_eq!(profile.move_to_epoch(conversation, 3, NOW).unwrap().to, 3);
    assert_eq!(profile.group(&first.id).unwrap().unwrap().name, first.name);
    let nowhere = ConversationId(999);
    assert!(matches!(profile.add_epoch(nowhere, &fork(9, 1, &server), NOW), Err(StorageError::UnknownGroup)));
    assert!(matches!(profile.move_to_epoch(conversation, 9, NOW), Err(StorageError::EpochState)));
}

fn entry_of(n: u64) -> EntryId {
    EntryId::of(&signature(n), &[9; 2800])
}

#[test]
fn what_messages_say_of_each_other_stays_within_one_epoch() {
    let (_dir, mut profile, server, first) = with_log(History::Empty);
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    let second = NewEpoch { begins: Some(3), ..fork(2, 1, &server) };
    profile.add_epoch(conversation, &second, NOW).unwrap();
    let moved = profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert_eq!((moved.from, moved.to), (1, 2));
    let second = as_group(&second);
    let at = |item: SyncItem, index: u64| SyncItem {
        place: Some(LogPlace { index, incarnation: 60, root: hash(index) }),
        ..item
    };
    // The same label and number in both: a chain of each epoch, and no liar.
    let one = SyncItem { extensions: Some(chain(5, 1)), ..at(item(&first, &peer(1), 1, None), 2) };
    let names_the_old =
        Extensions { parents: vec![Parent { id: entry_of(1).prefix(), index: 2 }], ..chain(5, 1) };
    // It names one of the other epoch, by its signature and as a parent: nothing of this one.
    let other = SyncItem { extensions: Some(names_the_old), ..at(item(&second, &peer(1), 2, Some(1)), 4) };
    let skips = SyncItem { extensions: Some(chain(5, 4)), ..at(item(&second, &peer(1), 3, None), 5) };
    let outcome = apply(&mut profile, &server, vec![one, other, skips]);
    assert_eq!(outcome.gaps, 1, "what is of another epoch is not here");
    let [ItemOutcome::Stored(one), ItemOutcome::Stored(other), ItemOutcome::Stored(_)] = outcome.items[..]
    else {
        panic!("{:?}", outcome.items)
    };
    let kinds = |id| profile.notes(id).unwrap().into_iter().map(|note| note.kind).collect::<Vec<_>>();
    assert!(!kinds(one).contains(&NoteKind::Conflicting) && !kinds(other).contains(&NoteKind::Conflicting));
    // Each asks its members for its own, and gives its own only.
    assert_eq!(profile.wanted_entries(&first.id, 0, 10).unwrap().0, []);
    assert_eq!(
        profile.held_entries(&first.id, &[entry_of(1).prefix(), entry_of(2).prefix()]).unwrap(),
        [entry_of(1).prefix()]
    );
    assert!(profile.kept_entry(&first.id, &entry_of(2).prefix()).unwrap().is_none());
    assert!(profile.kept_entry(&second.id, &entry_of(2).prefix()).unwrap().is_some());
    // The own chain of the new epoch begins anew and names nothing of the old one.
    let next = profile.next_extensions(&second.id, 77).unwrap();
    let of = |chain: Option<Chain>| chain.map(|chain| (chain.label, chain.sequence));
    assert_eq!(of(next.chain), Some((77, 1)));
    assert!(next.parents.iter().all(|parent| parent.id != entry_of(1).prefix()));
    let old = profile.next_extensions(&first.id, 78).unwrap();
    assert_eq!(of(old.chain), Some((78, 1)));
    // One order: by the places in the log, with the beginning of the second epoch at its size.
    assert_eq!(shown(&profile, conversation), said(&[("message 1", 1), ("message 2", 2), ("message 3", 2)]));
    let begins = profile.epochs(conversation).unwrap()[1].place.unwrap();
    let places: Vec<_> =
        profile.messages(conversation, MessageId(0), 10).unwrap().iter().map(|m| m.place).collect();
    assert!(places[0] < begins && begins < places[1], "{places:?} {begins}");
}

#[test]
fn who_is_asked_about_an_epoch_wrote_in_it() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    let (stays, left_out) = (peer(1), peer(6));
    for contact in [stays, left_out] {
        profile.add_contact(&contact, None, NOW).unwrap();
    }
    apply(&mut profile, &server, vec![item(&first, &stays, 1, None), item(&first, &left_out, 2, None)]);
    let items = [item(&second, &stays, 11, None)];
    apply(&mut profile, &server, items.to_vec());
    let groups = |profile: &Profile, contact| {
        profile.companions(contact).unwrap().iter().map(|c| c.group).collect::<Vec<_>>()
    };
    assert_eq!(
        groups(&profile, &stays),
        [first.id],
        "nothing is asked about an epoch that nobody decided on"
    );
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    take_in(&mut profile, &server, &items);
    assert_eq!(groups(&profile, &stays), [second.id, first.id]);
    assert_eq!(groups(&profile, &left_out), [first.id]);
    assert!(
        profile.is_author(&second.id, &stays).unwrap() && !profile.is_author(&second.id, &left_out).unwrap()
    );
    assert_eq!(profile.companions_in(&second.id).unwrap().len(), 1);
    profile.close_epoch(conversation, 1, NOW).unwrap();
    assert_eq!(groups(&profile, &left_out), []);
}

#[test]
fn the_buffer_is_bounded_and_what_had_no_room_is_read_again() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    let items: Vec<_> = (11..21).map(|n| item(&second, &peer(1), n, None)).collect();
    apply(&mut profile, &server, items.clone());
    let trim = |profile: &mut Profile, entries, bytes| {
        let board = server.board;
        profile.write("trim", |tx| {
            let row = crate::servers::row_of(tx, &board)?;
            rows::trim_to(tx, row, entries, bytes)
        })
    };
    trim(&mut profile, 10, u64::MAX).unwrap();
    assert_eq!(profile.epochs(conversation).unwrap()[1].buffered, 10);
    trim(&mut profile, 7, u64::MAX).unwrap();
    trim(&mut profile, u64::MAX, 5 * 2800).unwrap();
    assert_eq!(profile.epochs(conversation).unwrap()[1].buffered, 5);
    assert_eq!(profile.begin_sync(&server.board).unwrap().refetch, None, "not before somebody decides");
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let again = profile.begin_sync(&server.board).unwrap();
    assert_eq!(again.refetch, Some(Refetch { from: 0, after: NOW + 3600 }));
    let of: Vec<_> = again.groups.iter().map(|group| (group.id, group.unread)).collect();
    assert_eq!(of, [(second.id, true), (first.id, false)], "with this key only");
    // The newest stayed, because they tell where their authors write.
    take_in(&mut profile, &server, &items);
    let texts: Vec<_> = shown(&profile, conversation).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, (16..21).map(|n| format!("message {n}")).collect::<Vec<_>>());
    apply(&mut profile, &server, items);
    profile.note_refetched(&server.board, again.epoch).unwrap();
    assert_eq!(shown(&profile, conversation).len(), 10);
    let done = profile.begin_sync(&server.board).unwrap();
    assert!(done.refetch.is_none() && done.groups.iter().all(|group| !group.unread));
}

#[test]
fn one_replay_serves_all_plans_and_none_that_began_before_them() {
    let (_dir, mut profile, server, _, second, conversation) = forked();
    let third = fork(3, 2, &server);
    profile.add_epoch(conversation, &third, NOW).unwrap();
    let board = server.board;
    let before = profile.begin_sync(&board).unwrap();
    profile.refetch_from(&board, &second.id, Some(1000), NOW).unwrap();
    let planned = profile.begin_sync(&board).unwrap();
    assert_eq!(planned.refetch, Some(Refetch { from: 1000, after: NOW + 3600 }));
    assert_eq!(planned.epoch, before.epoch, "a sync that reads no part again goes on");
    profile.refetch_from(&board, &third.id, Some(400), NOW + 60).unwrap();
    let both = profile.begin_sync(&board).unwrap();
    assert_eq!(both.refetch, Some(Refetch { from: 400, after: NOW + 3660 }));
    profile.note_refetched(&board, planned.epoch).unwrap();
    assert_eq!(profile.begin_sync(&board).unwrap().refetch, both.refetch, "it began before the second plan");
    // Whoever joins a group waits for nothing, and reads everything.
    profile.add_group(&group(9, &server, History::Replay), NOW).unwrap();
    let all = profile.begin_sync(&board).unwrap();
    assert_eq!(all.refetch, Some(Refetch { from: 0, after: 0 }));
    profile.refetch_from(&board, &second.id, Some(400), NOW).unwrap();
    let all = profile.begin_sync(&board).unwrap();
    assert_eq!(all.refetch, Some(Refetch { from: 0, after: 0 }));
    profile.note_refetched(&board, all.epoch).unwrap();
    assert_eq!(profile.begin_sync(&board).unwrap().refetch, None);
    assert!(matches!(
        profile.refetch_from(&board, &group(8, &server, History::Empty).id, None, NOW),
        Err(StorageError::UnknownGroup)
    ));
}

#[test]
fn entries_that_lose_their_places_do_not_wait_on() {
    let (_dir, mut profile, server, first) = with_log(History::Empty);
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    let second = NewEpoch { begins: Some(3), ..fork(2, 1, &server) };
    profile.add_epoch(conversation, &second, NOW).unwrap();
    let at = |n: u64, index: u64| SyncItem {
        place: Some(LogPlace { index, incarnation: 60, root: hash(index) }),
        ..item(&as_group(&second), &peer(1), n, None)
    };
    apply(&mut profile, &server, vec![at(11, 4), at(12, 9)]);
    let loss = cwtch_protocol::monitor::Loss { from: 6, to: 12, incarnation: 60, at: 70 };
    let lost = cwtch_protocol::monitor::Change::Loss { loss, replaces_last: false };
    profile.apply_log_changes(&server.board, &[lost]).unwrap();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let left: Vec<_> = profile.buffered(&server.board, 10).unwrap();
    assert_eq!(left.iter().map(|entry| entry.place.unwrap().index).collect::<Vec<_>>(), [4]);
    let again = profile.begin_sync(&server.board).unwrap().refetch;
    assert_eq!(again, Some(Refetch { from: 3, after: NOW + 3600 }));
}

#[test]
fn leaving_takes_every_epoch_along() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None), item(&second, &peer(1), 11, None)]);
    profile.enqueue_draft(&first.id, &text("mine"), NOW).unwrap();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    profile.remove_group(&first.id).unwrap();
    while profile.erase_some().unwrap() {}
    for table in [
        "epochs",
        "buffered",
        "epoch_people",
        "messages",
        "posts",
        "group_authors",
        "chains",
        "conversations",
    ] {
        let left = profile.conn.prepare(&format!("SELECT 1 FROM {table}")).unwrap().exists([]).unwrap();
        assert!(!left, "{table}");
    }
    assert!(profile.group(&second.id).unwrap().is_none() && profile.epochs_read().unwrap().is_empty());
}

#[test]
fn each_change_of_an_epoch_is_told() {
    let (_dir, mut profile, server, _, _, conversation) = forked();
    let mut told = {
        let mut after = profile.feed_bounds().unwrap().newest;
        move |profile: &Profile| {
            let rows = profile.changes_after(after, 100).unwrap();
            after = profile.feed_bounds().unwrap().newest;
            let of =
                |row: &ChangeRow| (row.conversation == Some(conversation)).then_some((row.what, row.about?));
            rows.iter().filter_map(of).collect::<Vec<_>>()
        }
    };
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert_eq!(told(&profile), [(What::Epoch, 1), (What::Epoch, 2)]);
    profile.add_epoch(conversation, &fork(3, 2, &server), NOW).unwrap();
    assert_eq!(told(&profile), [(What::Epoch, 3)]);
    profile.drop_epoch(conversation, 3).unwrap();
    assert_eq!(told(&profile), [(What::Epoch, 3)]);
    profile.close_epoch(conversation, 1, NOW).unwrap();
    assert_eq!(told(&profile), [(What::Epoch, 1)]);
    profile.remove_group(&group(1, &server, History::Empty).id).unwrap();
    assert_eq!(told(&profile), []);
}

#[test]
fn the_end_of_the_own_messages_is_the_last_that_may_have_left() {
    let (_dir, mut profile, server, first) = with_log(History::Empty);
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    profile.add_epoch(conversation, &fork(2, 1, &server), NOW).unwrap();
    assert_eq!(profile.own_end(conversation, 1).unwrap(), None);
    let mut compose = |n: u64| {
        let extensions = profile.next_extensions(&first.id, 77).unwrap();
        let said = Some(SaidByPost { extensions, abandoned_told: 0 });
        profile.enqueue_group_post(&first.id, &NewPost { said, ..post(n, None) }, NOW).unwrap()
    };
    compose(1);
    let given_up = compose(2);
    let end = |n, sequence| Some(OwnEnd { sequence, entry: entry_of(n) });
    assert_eq!(profile.own_end(conversation, 1).unwrap(), end(2, 2));
    profile.give_up_post(given_up).unwrap();
    profile.enqueue_draft(&first.id, &text("not yet"), NOW).unwrap();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    assert_eq!(profile.own_end(conversation, 1).unwrap(), end(1, 1));
    assert_eq!(profile.own_end(conversation, 2).unwrap(), None);
}

#[test]
fn what_comes_under_an_old_key_behind_the_new_one_is_marked_with_whom_it_leaves_out() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None)]);
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let later = vec![item(&second, &peer(1), 2, None), item(&first, &peer(6), 3, None)];
    apply(&mut profile, &server, later);
    let marks = |profile: &Profile| -> Vec<(String, Option<OldKey>)> {
        let messages = profile.messages(conversation, MessageId(0), 100).unwrap();
        let mark = |message: StoredMessage| {
            let old = profile.old_key(&message).unwrap();
            (message.content.data, old)
        };
        messages.into_iter().map(mark).collect()
    };
    let text = |n: u64| format!("message {n}");
    let old = OldKey { left_out: vec![peer(6)], left_out_count: 1 };
    assert_eq!(marks(&profile), [(text(1), None), (text(2), None), (text(3), Some(old))]);
    // Once the epoch is closed, the number stays and the names do not.
    profile.close_epoch(conversation, 1, NOW + 1).unwrap();
    let marked = marks(&profile).pop().unwrap().1.unwrap();
    assert_eq!(marked.left_out_count, 1);

    // Another fork is followed than the one that was, of the same epoch.
    let (_dir, mut profile, server, _, second, conversation) = forked();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    apply(&mut profile, &server, vec![item(&second, &peer(1), 2, None)]);
    let third = fork(3, 1, &server);
    profile.add_epoch(conversation, &third, NOW).unwrap();
    profile.move_to_epoch(conversation, 3, NOW).unwrap();
    let later = vec![item(&second, &peer(1), 4, None), item(&as_group(&third), &peer(2), 5, None)];
    apply(&mut profile, &server, later);
    let messages = profile.messages(conversation, MessageId(0), 100).unwrap();
    let marked: Vec<_> = messages.iter().map(|message| profile.old_key(message).unwrap().is_some()).collect();
    assert_eq!(marked, [false, true, false]);
}

#[test]
fn keys_do_not_count_as_gone_while_the_package_that_brought_them_opens() {
    let (_dir, mut profile, server, first, second, conversation) = forked();
    let opens = |profile: &Profile, group: &NewGroup| profile.package_opens(&group.id).unwrap();
    assert!(!opens(&profile, &second), "there was no prekey");
    let now = NOW.cast_unsigned();
    let prekey = profile.prekey(now, &mut rng(1)).unwrap();
    assert!(opens(&profile, &second) && !opens(&profile, &first), "nothing brought the first");
    let own = NewEpoch { forker: *profile.address(), ..fork(3, 1, &server) };
    profile.add_epoch(conversation, &own, NOW).unwrap();
    assert!(!opens(&profile, &as_group(&own)), "nobody seals to themselves");
    // The half goes three weeks after another one is known.
    profile.confirm_prekey(&prekey.public(), now).unwrap();
    let later = now + 8 * 86_400;
    let second_half = profile.prekey(later, &mut rng(2)).unwrap();
    profile.confirm_prekey(&second_half.public(), later).unwrap();
    assert!(opens(&profile, &second));
    assert_eq!(profile.note_synced(&server.board, later + 22 * 86_400).unwrap(), 1);
    assert!(!opens(&profile, &second));
}
