//! Groups with daily keys: what is kept, what is forgotten, who writes.

use cwtch_log::EntryPrefix;
use cwtch_primitives::Identity;
use cwtch_protocol::group::fork::DAY;
use cwtch_testkit::log::START;
use cwtch_wire::group::fork::DayKeys;
use cwtch_wire::group::{Chain, Extensions};

use super::*;
use crate::fixtures::daily_group;

/// The day of [`NOW`], in days since 1970.
const TODAY: u64 = NOW.cast_unsigned() / DAY;

fn founder() -> Identity {
    Identity::generate(&mut rng(1500))
}

/// Somebody who joined a group that the founder made for these members; not on a server with a log.
fn joined(
    members: &[Address],
    writes: Writes,
    inviter: Option<Address>,
) -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let mut listed = members.to_vec();
    listed.push(*profile.address());
    let (mut group, _) = daily_group(1, &server, &founder(), &listed, History::Replay);
    if let Some(notice) = &mut group.notice {
        (notice.writes, notice.inviter) = (writes, inviter);
    }
    profile.add_group(&group, NOW).unwrap();
    (dir, profile, server, group)
}

fn of_day(item: SyncItem, day: u64) -> SyncItem {
    SyncItem { day: Some(day), sent: Some((day * DAY).cast_signed()), ..item }
}

fn days(profile: &Profile, group: &NewGroup) -> DayKeys {
    profile.group(&group.id).unwrap().unwrap().days.unwrap()
}

fn writes(profile: &Profile, group: &NewGroup) -> Writes {
    profile.group(&group.id).unwrap().unwrap().writes
}

fn at(day: u64) -> i64 {
    (day * DAY).cast_signed() + 7
}

fn rows(profile: &Profile, table: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {table}");
    profile.conn.query_row(&sql, [], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned())).unwrap()
}

fn unfit(group: &NewGroup, n: u64) -> SyncReject {
    SyncReject {
        group: Some(group.id),
        reason: "another key".into(),
        message_hash: hash(n),
        signature: signature(n),
        why: Unread::OtherKey,
    }
}

fn refuse(profile: &mut Profile, server: &NewServer, rejects: Vec<SyncReject>) {
    let epoch = profile.begin_sync(&server.board).unwrap().epoch;
    profile
        .apply_sync_batch(&server.board, &SyncBatch { epoch, rejects, ..SyncBatch::default() }, NOW)
        .unwrap();
}

#[test]
fn days_of_epochs_that_are_not_tried_any_more_are_forgotten_like_others() {
    let (_dir, mut profile, server, first) = joined(&[peer(1)], Writes::Yes, Some(peer(1)));
    let conversation = profile.group(&first.id).unwrap().unwrap().conversation;
    let forks: Vec<NewGroup> =
        (2..=12).map(|n| daily_group(n, &server, &founder(), &[peer(1)], History::Empty).0).collect();
    for (fork, at) in forks.iter().zip(NOW..) {
        let new = NewEpoch {
            id: fork.id,
            key: fork.key.clone(),
            name: fork.name.clone(),
            parent: 1,
            server: server.board,
            forker: founder().address(),
            made: NOW,
            listed: 2,
            left_out: Vec::new(),
            added: Vec::new(),
            begins: None,
            notice: fork.notice.clone(),
        };
        profile.add_epoch(conversation, &new, at).unwrap();
    }
    assert!(profile.begin_sync(&server.board).unwrap().groups.len() < forks.len(), "some are not tried");
    for n in 1..3 {
        let item = item(&first, &peer(n), n, None);
        apply(&mut profile, &server, vec![of_day(item, TODAY + 40)]);
    }
    profile.note_complete_sync(&server.board, at(TODAY + 40)).unwrap();
    for group in core::iter::once(&first).chain(&forks) {
        let kept = profile.epoch(&group.id).unwrap().unwrap().days.unwrap();
        assert_eq!(kept.first_day() + u64::from(kept.oldest()), TODAY + 10);
    }
}

#[test]
fn a_notice_and_its_keys_are_kept_as_they_were() {
    let (dir, profile, _, group) = joined(&[peer(1)], Writes::AfterAnother, Some(peer(1)));
    let profile = reopen(&dir, profile);
    let stored = profile.group(&group.id).unwrap().unwrap();
    let made = group.notice.unwrap();
    assert_eq!((stored.mode, stored.fork_id), (Mode::Trusted, made.notice.fork_id()));
    assert_eq!((stored.days, stored.writes), (made.days, Writes::AfterAnother));
    assert!(profile.notice_of(&group.id).unwrap() == Some(made.notice));
    assert_eq!(profile.inviter_of(&group.id).unwrap(), Some(peer(1)));
}

#[test]
fn a_notice_whose_keys_do_not_belong_to_its_mode_is_refused() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    let (mut group, _) = daily_group(2, &server, &founder(), &[], History::Empty);
    if let Some(notice) = &mut group.notice {
        notice.days = None;
    }
    assert!(profile.add_group(&group, NOW).is_err());
    assert_eq!(profile.groups().unwrap().len(), 1);
}

#[test]
fn keys_are_forgotten_after_thirty_days_with_the_bytes_that_they_opened() {
    let (dir, mut profile, server, group) = joined(&[peer(1), peer(2)], Writes::Yes, None);
    profile.apply_log_changes(&server.board, &[cwtch_protocol::monitor::Change::Pinned(60)]).unwrap();
    let before = days(&profile, &group);
    let early =
        profile.enqueue_group_post(&group.id, &NewPost { day: Some(TODAY), ..super::post(90, None) }, NOW);
    let late = NewPost { day: Some(TODAY + 3), ..super::post(91, None) };
    let late = profile.enqueue_group_post(&group.id, &late, NOW);
    for post in [early, late] {
        assert!(stored(&mut profile, post.unwrap()).unwrap());
    }
    let items: Vec<_> =
        (0..5).map(|n| of_day(item(&group, &peer(1 + n % 2), n + 1, None), TODAY + n)).collect();
    apply(&mut profile, &server, items);
    assert_eq!((rows(&profile, "received_entries"), rows(&profile, "own_entries")), (7, 2));

    let sync = |profile: &mut Profile, day| profile.note_complete_sync(&server.board, at(day)).unwrap();
    // The own clock alone says nothing: the others' newest days are these.
    assert!(!sync(&mut profile, TODAY + 4000));
    assert_eq!(days(&profile, &group), before);
    // They are 32 days on, and both say so; the earlier of the two newest counts.
    let items = vec![
        of_day(item(&group, &peer(1), 20, None), TODAY + 40),
        of_day(item(&group, &peer(2), 21, None), TODAY + 32),
    ];
    apply(&mut profile, &server, items);
    assert!(!sync(&mut profile, TODAY + 30), "an own clock that is behind delays");
    assert!(sync(&mut profile, TODAY + 33));
    assert!(!sync(&mut profile, TODAY + 33), "once");
    let mut expected = before;
    expected.forget_before(2);
    let mut profile = reopen(&dir, profile);
    assert_eq!(days(&profile, &group), expected);
    assert_eq!(profile.begin_sync(&server.board).unwrap().groups[0].days, Some(expected));
    // Days 2 to 4 of five, two later ones, the own one of day 3.
    assert_eq!(rows(&profile, "own_entries"), 1);
    assert_eq!(rows(&profile, "received_entries WHERE day IS NOT NULL"), 3 + 2 + 1);
    // What was said stays: that is the person's choice.
    assert_eq!(
        profile.group_counts(profile.group(&group.id).unwrap().unwrap().conversation).unwrap().messages,
        9
    );
    let rows = profile.changes_after(0, 1000).unwrap();
    assert!(rows.iter().any(|row| row.what == What::Conversation));
    assert!(!sync(&mut profile, TODAY + 300));
}

#[test]
fn a_static_group_has_nothing_to_forget() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None)]);
    assert!(!profile.note_complete_sync(&server.board, at(TODAY + 400)).unwrap());
    assert_eq!(rows(&profile, "received_entries"), 1);
}

#[test]
fn what_is_no_chat_has_its_place_and_is_not_shown() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let newest = profile.feed_bounds().unwrap().newest;
    let hidden = SyncItem { hidden: true, ..item(&group, &peer(1), 1, None) };
    let outcome = apply(&mut profile, &server, vec![hidden, item(&group, &peer(2), 2, Some(1))]);
    assert_eq!(outcome.gaps, 0, "the message behind it names it");
    let shown = profile.messages(conversation, MessageId(0), 10).unwrap();
    assert_eq!(shown.iter().map(|m| m.content.data.as_str()).collect::<Vec<_>>(), ["message 2"]);
    let kept = profile.listed(conversation).unwrap().kept;
    assert_eq!((kept.messages, kept.unread), (1, 1));
    let told = profile.changes_after(newest, 100).unwrap();
    assert_eq!(told.iter().filter(|row| row.what == What::Message).count(), 1);
    let id = outcome.items[0].stored().unwrap();
    let kept = profile.message(id).unwrap().unwrap();
    assert!(kept.erased && kept.content.json.is_empty() && kept.content.data.is_empty());
    profile.remove_group(&group.id).unwrap();
}

#[test]
fn a_message_that_comes_more_than_eight_days_late_is_shown_by_nobody() {
    let board = log_crash::board_server();
    let (_dir, mut profile) = profile();
    profile.add_server(&board, NOW).unwrap();
    let (group, _) = daily_group(1, &board, &founder(), &[], History::Empty);
    profile.add_group(&group, NOW).unwrap();
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let signed = START / DAY;
    let on_log = |day: u64| move |item: SyncItem| of_day(item, day);
    log_crash::read_log_as(&mut profile, &log_crash::board(), &group, on_log(signed - 9));
    // Every 64th entry is the group's; the first four lie before the first boundary, which is as old as they may be.
    let shown = profile.messages(conversation, MessageId(0), 100).unwrap();
    assert_eq!(shown.iter().filter_map(|m| m.log_index).collect::<Vec<_>>(), [0, 64, 128, 192]);
    assert_eq!(profile.unshown(&group.id).unwrap().late, 20);

    let (other, _) = daily_group(2, &board, &founder(), &[], History::Empty);
    let (_dir, mut profile) = super::profile();
    profile.add_server(&board, NOW).unwrap();
    profile.add_group(&other, NOW).unwrap();
    log_crash::read_log_as(&mut profile, &log_crash::board(), &other, on_log(signed - 8));
    assert_eq!(profile.unshown(&other.id).unwrap(), Unshown::default());
}

#[test]
fn what_cannot_be_read_is_counted_once() {
    let (_dir, mut profile, server, group) = joined(&[peer(1)], Writes::Yes, None);
    let epoch = profile.begin_sync(&server.board).unwrap().epoch;
    let batch = SyncBatch {
        epoch,
        rejects: vec![unfit(&group, 1), unfit(&group, 2)],
        sealed: vec![(group.id, Some(4)); 3],
        ..SyncBatch::default()
    };
    profile.apply_sync_batch(&server.board, &batch, NOW).unwrap();
    refuse(&mut profile, &server, vec![unfit(&group, 1)]);
    assert_eq!(profile.unshown(&group.id).unwrap(), Unshown { sealed: 3, unfit: 2, late: 0 });
    assert_eq!(profile.rejects(10).unwrap().len(), 2);
    assert_eq!(rows(&profile, "doubted"), 0, "nobody waits for the keys to be confirmed");
}

/// What came before a newcomer's first day is not missing; of whoever has read the past, nothing is excused any more.
#[test]
fn what_a_newcomer_has_no_keys_for_is_not_missing() {
    let (_dir, mut profile, server, group) = joined(&[peer(1)], Writes::Yes, None);
    profile.apply_log_changes(&server.board, &[cwtch_protocol::monitor::Change::Pinned(60)]).unwrap();
    let read_from = |profile: &Profile| {
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        profile.group_facts(conversation).unwrap().epochs[0].read_from
    };
    let sealed = |profile: &mut Profile, index| {
        let epoch = profile.begin_sync(&server.board).unwrap().epoch;
        let sealed = vec![(group.id, Some(index))];
        profile
            .apply_sync_batch(&server.board, &SyncBatch { epoch, sealed, ..SyncBatch::default() }, NOW)
            .unwrap();
    };
    sealed(&mut profile, 6);
    sealed(&mut profile, 4);
    assert_eq!(read_from(&profile), Some(7));
    // The third of Peer's messages, behind two of days before: they are expired here, and not withheld.
    let said = Extensions {
        chain: Some(Chain { label: 5, sequence: 3, previous: EntryPrefix::NONE }),
        ..Extensions::default()
    };
    let place = Some(LogPlace { index: 9, incarnation: 60, root: [0; 32] });
    let third = SyncItem { extensions: Some(said), place, ..of_day(item(&group, &peer(1), 3, None), TODAY) };
    apply(&mut profile, &server, vec![third]);
    assert_eq!(read_from(&profile), Some(7));
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    assert!(profile.missing(conversation).unwrap().is_empty());
    let epoch = profile.begin_sync(&server.board).unwrap().epoch;
    profile.note_refetched(&server.board, epoch).unwrap();
    sealed(&mut profile, 20);
    assert_eq!((read_from(&profile), profile.unshown(&group.id).unwrap().sealed), (Some(7), 3));
}

#[test]
fn a_newcomer_writes_once_another_than_the_inviter_was_read() {
    let (_dir, mut profile, server, group) =
        joined(&[peer(1)], Writes::AfterAnother, Some(founder().address()));
    let by = |author: &Address, n| of_day(item(&group, author, n, None), TODAY);
    // Not by the inviter, not by somebody whom nobody listed, not by time.
    apply(&mut profile, &server, vec![by(&founder().address(), 1), by(&peer(7), 2)]);
    profile.note_complete_sync(&server.board, NOW).unwrap();
    assert_eq!(writes(&profile, &group), Writes::AfterAnother);
    apply(&mut profile, &server, vec![by(&peer(1), 3)]);
    assert_eq!(writes(&profile, &group), Writes::Yes);
    let rows = profile.changes_after(0, 1000).unwrap();
    assert!(rows.iter().any(|row| row.what == What::Conversation));
}

#[test]
fn two_confirm_where_it_is_not_known_who_invited() {
    let (_dir, mut profile, server, group) = joined(&[peer(1), peer(2)], Writes::AfterAnother, None);
    let by = |author: &Address, n| of_day(item(&group, author, n, None), TODAY);
    apply(&mut profile, &server, vec![by(&peer(1), 1), by(&peer(1), 2)]);
    assert_eq!(writes(&profile, &group), Writes::AfterAnother);
    apply(&mut profile, &server, vec![by(&founder().address(), 3)]);
    assert_eq!(writes(&profile, &group), Writes::Yes);
}

/// Signatures are over what lies in the inner box: who invented a key can put another's true words into a box of it.
#[test]
fn a_true_message_in_a_box_of_a_false_key_confirms_nothing() {
    let (dir, mut profile, server, group) =
        joined(&[peer(1)], Writes::AfterAnother, Some(founder().address()));
    let by = |n| of_day(item(&group, &peer(1), n, None), TODAY);
    refuse(&mut profile, &server, vec![unfit(&group, 1)]);
    apply(&mut profile, &server, vec![by(1)]);
    profile.note_complete_sync(&server.board, NOW).unwrap();
    assert_eq!(writes(&profile, &group), Writes::AfterAnother);
    // The copy came first.
    let mut profile = reopen(&dir, profile);
    refuse(&mut profile, &server, vec![unfit(&group, 2)]);
    apply(&mut profile, &server, vec![by(2)]);
    assert_eq!(writes(&profile, &group), Writes::AfterAnother);
    apply(&mut profile, &server, vec![by(3)]);
    assert_eq!(writes(&profile, &group), Writes::Yes);
    assert_eq!(rows(&profile, "doubted"), 0);
}

#[test]
fn who_comes_with_the_founding_writes_after_a_sync_unless_something_did_not_open() {
    for fits in [true, false] {
        let (_dir, mut profile, server, group) =
            joined(&[peer(1)], Writes::AfterSync, Some(founder().address()));
        assert_eq!(writes(&profile, &group), Writes::AfterSync);
        if !fits {
            refuse(&mut profile, &server, vec![unfit(&group, 1)]);
        }
        assert_eq!(writes(&profile, &group), Writes::AfterSync);
        profile.note_complete_sync(&server.board, NOW).unwrap();
        assert_eq!(writes(&profile, &group), if fits { Writes::Yes } else { Writes::AfterAnother });
    }
}

#[test]
fn the_same_keys_from_a_second_listed_member_are_confirmed() {
    for (second, confirms) in
        [(Some(peer(1)), true), (Some(peer(7)), false), (Some(founder().address()), false), (None, false)]
    {
        let (_dir, mut profile, _, group) =
            joined(&[peer(1)], Writes::AfterAnother, Some(founder().address()));
        let again = NewNotice { inviter: second, ..group.notice.clone().unwrap() };
        assert!(!profile.invited_again(&group.id, &again).unwrap(), "nothing is replaced");
        assert_eq!(writes(&profile, &group) == Writes::Yes, confirms);
    }
}

#[test]
fn another_key_replaces_one_that_nothing_has_confirmed_and_no_other() {
    for (state, replaced) in [(Writes::AfterAnother, true), (Writes::Yes, false)] {
        let (_dir, mut profile, server, group) = joined(&[peer(1)], state, None);
        profile.note_refetched(&server.board, profile.begin_sync(&server.board).unwrap().epoch).unwrap();
        refuse(&mut profile, &server, vec![unfit(&group, 1)]);
        let notice = group.notice.clone().unwrap();
        let other = DayKeys::new(TODAY, 3, notice.days.clone().unwrap().oldest_key().next());
        let again = NewNotice { days: Some(other.clone()), inviter: Some(peer(1)), ..notice };
        assert_eq!(profile.invited_again(&group.id, &again).unwrap(), replaced);
        assert_eq!(days(&profile, &group) == other, replaced);
        let start = profile.begin_sync(&server.board).unwrap();
        assert_eq!((start.refetch.is_some(), start.groups[0].unread), (replaced, replaced));
        assert_eq!(profile.unshown(&group.id).unwrap().unfit, u64::from(!replaced));
        assert_eq!(profile.inviter_of(&group.id).unwrap(), replaced.then_some(peer(1)));
        assert_eq!(rows(&profile, "doubted"), 0);
    }
}

#[test]
fn what_waited_too_long_is_a_draft_again_and_its_number_is_told() {
    let (_dir, mut profile, _, group) = joined(&[peer(1)], Writes::Yes, None);
    let chain = Extensions {
        chain: Some(Chain { label: 5, sequence: 1, previous: EntryPrefix::NONE }),
        ..Extensions::default()
    };
    let said = SaidByPost { extensions: chain, abandoned_told: 0 };
    let post = NewPost { said: Some(said), day: Some(TODAY), ..super::post(1, None) };
    let id = profile.enqueue_group_post(&group.id, &post, NOW).unwrap();
    assert_eq!(profile.compose_anew(id).unwrap(), post.content.json);
    let waiting = profile.pending_posts(&group.server, MessageId(0), 10).unwrap();
    assert!(matches!(&waiting[0].body, PostBody::Draft { .. }) && waiting[0].own);
    let next = profile.next_extensions(&group.id, 9).unwrap();
    assert_eq!((next.chain.unwrap().sequence, next.abandoned.as_slice()), (2, &[1][..]));
    assert_eq!(rows(&profile, "received_entries"), 0, "nobody gets the old one");
    // It carries the time at which it leaves.
    let said = SaidByPost { extensions: next, abandoned_told: 1 };
    let later = NewPost {
        group: group.id,
        said: Some(said),
        sent: NOW + 9,
        day: Some(TODAY + 8),
        ..super::post(2, None)
    };
    profile.add_tokens(&group.server, &tokens(1, 1)).unwrap();
    assert!(profile.compose_post(id, &later).unwrap().is_some());
    let message = profile.message(id).unwrap().unwrap();
    assert_eq!((message.sent, message.state), (Some(NOW + 9), MessageState::Queued));
    assert!(matches!(profile.compose_anew(MessageId(999)), Err(StorageError::UnknownMessage)));
}

#[test]
fn who_may_not_write_yet_stands_in_nobody_s_way() {
    let (_dir, mut profile, server, group) = joined(&[peer(1)], Writes::AfterAnother, None);
    let other = super::group(2, &server, History::Empty);
    profile.add_group(&other, NOW).unwrap();
    let waits = profile.enqueue_draft(&group.id, &text("waits"), NOW).unwrap();
    let leaves = profile.enqueue_draft(&other.id, &text("leaves"), NOW).unwrap();
    let queued = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(queued.iter().map(|post| post.id).collect::<Vec<_>>(), [leaves, waits]);
}

#[test]
fn what_somebody_s_program_reads_is_known_by_what_they_did() {
    let (_dir, mut profile, server, group) = joined(&[], Writes::Yes, Some(peer(1)));
    let old = super::group(2, &server, History::Empty);
    profile.add_group(&old, NOW).unwrap();
    apply(
        &mut profile,
        &server,
        vec![item(&old, &peer(3), 1, None), of_day(item(&group, &peer(2), 2, None), TODAY)],
    );
    let known = [1, 2, 3, 4].map(|n| profile.reads_daily(&peer(n)).unwrap());
    assert_eq!(known, [true, true, false, false], "who invited and who wrote there, not who wrote elsewhere");
}

#[test]
fn a_message_that_another_listed_member_gave_confirms_at_once_and_the_inviters_gift_does_not() {
    for (giver, inviter, confirms) in [
        (peer(1), Some(founder().address()), true),
        (founder().address(), Some(founder().address()), false),
        (peer(7), Some(founder().address()), false),
        (peer(1), None, false),
    ] {
        let (_dir, mut profile, _server, group) = joined(&[peer(1)], Writes::AfterAnother, inviter);
        assert!(!profile.confirmed_by(&group.id, &giver).unwrap(), "nothing was read yet");
        let given = of_day(item(&group, &peer(1), 1, None), TODAY);
        profile.store_from_member(&given, NOW).unwrap();
        assert_eq!(writes(&profile, &group), Writes::AfterAnother);
        assert_eq!(profile.confirmed_by(&group.id, &giver).unwrap(), confirms);
        assert_eq!(writes(&profile, &group) == Writes::Yes, confirms);
    }
}

#[test]
fn keys_are_kept_for_as_long_as_the_person_wants_within_bounds() {
    let (dir, mut profile, server, group) = joined(&[peer(1), peer(2)], Writes::Yes, None);
    let here = profile.group(&group.id).unwrap().unwrap().conversation;
    assert_eq!(profile.keys_kept(here).unwrap(), 30);
    for unfit in [0, 15, 366, u16::MAX] {
        assert!(matches!(profile.keep_keys(here, unfit), Err(StorageError::KeyDays)));
    }
    profile.keep_keys(here, 16).unwrap();
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.keys_kept(here).unwrap(), 16);
    let items = vec![
        of_day(item(&group, &peer(1), 1, None), TODAY + 20),
        of_day(item(&group, &peer(2), 2, None), TODAY + 20),
    ];
    apply(&mut profile, &server, items);
    assert_eq!(days(&profile, &group).oldest(), 0, "only a sync forgets");
    assert!(profile.note_complete_sync(&server.board, at(TODAY + 20)).unwrap());
    assert_eq!(days(&profile, &group).oldest(), 4);
    // Longer again: nothing comes back, and nothing more goes.
    profile.keep_keys(here, 365).unwrap();
    assert!(!profile.note_complete_sync(&server.board, at(TODAY + 40)).unwrap());
    assert_eq!(days(&profile, &group).oldest(), 4);
    profile.keep_keys(here, 30).unwrap();
    assert_eq!(profile.keys_kept(here).unwrap(), 30);
    let rows = profile.changes_after(0, 1000).unwrap();
    assert!(rows.iter().any(|row| row.what == What::Conversation && row.conversation == Some(here)));

    let (_dir, mut profile, _server, group) = in_group(History::Empty);
    let here = profile.group(&group.id).unwrap().unwrap().conversation;
    assert!(matches!(profile.keep_keys(here, 20), Err(StorageError::NoDays)));
}

#[test]
fn an_own_clock_that_two_others_are_ahead_of_is_noticed() {
    let (_dir, mut profile, server, joined) = joined(&[peer(1), peer(2)], Writes::Yes, None);
    let group = |profile: &Profile| profile.group(&joined.id).unwrap().unwrap();
    let behind = |profile: &Profile, day| profile.day_is_behind(&group(profile), at(day)).unwrap();
    assert!(!behind(&profile, TODAY));
    apply(&mut profile, &server, vec![of_day(item(&joined, &peer(1), 1, None), TODAY + 9)]);
    assert!(!behind(&profile, TODAY), "one may be wrong");
    apply(&mut profile, &server, vec![of_day(item(&joined, &peer(2), 2, None), TODAY + 3)]);
    assert!(behind(&profile, TODAY + 1) && !behind(&profile, TODAY + 2));
}
