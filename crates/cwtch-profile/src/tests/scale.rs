//! What a message costs must not grow with what is stored. Counted in steps of SQLite's machine, not in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cwtch_log::EntryPrefix;
use cwtch_protocol::group::Open;
use cwtch_wire::group::{Chain, Extensions, Gossip, Parent};

use super::*;

/// Steps between two counts.
const GRAIN: u64 = 10;
const BATCH: u64 = 100;
/// Few batches, and many.
const FEW: u64 = 3;
const MANY: u64 = 30;

fn counted(profile: &Profile) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&steps);
    let count = move || {
        counter.fetch_add(GRAIN, Ordering::Relaxed);
        false
    };
    profile.conn.progress_handler(GRAIN as i32, Some(count)).unwrap();
    steps
}

/// The message at an index, which says that it came after the one before.
fn saying(group: &NewGroup, n: u64) -> SyncItem {
    let entry = |n: u64| EntryId::of(&signature(n), &[9; 2800]);
    let place = |n: u64| LogPlace { index: n, incarnation: 60, root: hash(n) };
    let before = n.checked_sub(1);
    let said = Extensions {
        parents: before
            .map(|before| Parent { id: entry(before).prefix(), index: before })
            .into_iter()
            .collect(),
        gossip: before.map(|before| Gossip { incarnation: 60, size: n, root: hash(before) }),
        chain: Some(Chain { label: 1, sequence: n as u32 + 1, previous: EntryPrefix::from_bytes([7; 20]) }),
        ..Extensions::default()
    };
    SyncItem { place: Some(place(n)), extensions: Some(said), ..item(group, &peer(1), n, before) }
}

#[test]
fn a_message_costs_the_same_in_a_long_group() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let contact = peer(1);
    profile.add_contact(&contact, Some("Bob"), NOW).unwrap();
    profile.add_contact(&peer(2), Some("Carol"), NOW).unwrap();
    let steps = counted(&profile);
    let took = |work: &mut dyn FnMut()| {
        let before = steps.load(Ordering::Relaxed);
        work();
        steps.load(Ordering::Relaxed) - before
    };
    let mut figures: Vec<[u64; 4]> = Vec::new();
    for batch in 0..MANY {
        let items: Vec<SyncItem> = (batch * BATCH..(batch + 1) * BATCH).map(|n| saying(&group, n)).collect();
        let synced = took(&mut || {
            assert_eq!(apply(&mut profile, &server, items.clone()).items.len() as u64, BATCH);
        });
        // What is looked at after each sync, and each time that contacts may be asked.
        let judged = took(&mut || {
            profile.open_parents(&server.board, Open::All, None, 100).unwrap();
            profile.open_views(&server.board, Open::All, None, 100).unwrap();
            profile.anything_open(&server.board).unwrap();
        });
        let asked = took(&mut || {
            assert_eq!(profile.companions(&contact).unwrap().len(), 1);
            assert!(!profile.is_author(&group.id, &peer(2)).unwrap());
            assert!(profile.wanted_entries(&group.id, 0, 100).unwrap().0.is_empty());
        });
        let written = took(&mut || {
            profile.next_extensions(&group.id, 9).unwrap();
        });
        figures.push([synced, judged, asked, written]);
    }
    let (few, many) = (figures[FEW as usize], figures[MANY as usize - 1]);
    for (what, (few, many)) in
        ["a sync", "judging", "asking", "writing"].iter().zip(few.into_iter().zip(many))
    {
        assert!(many <= few + few / 2 + 200, "{what} took {few} steps at first and {many} later");
    }
}

/// Several groups on one server, with so many messages of several authors in each.
fn filled(profile: &mut Profile, server: &NewServer, groups: &[NewGroup], messages: u64) {
    let mut n = 0;
    for group in groups {
        let items: Vec<SyncItem> = (0..messages)
            .map(|message| {
                n += 1;
                item(group, &peer(message % 5), n, None)
            })
            .collect();
        apply(profile, server, items);
    }
}

/// Steps for what is done again and again, or waited for, in a profile with so many messages in each of its groups, and
/// so many contacts who wrote nothing.
fn work(messages: u64, contacts: u64) -> Vec<(&'static str, u64)> {
    const GROUPS: u8 = 12;
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let groups: Vec<NewGroup> = (1..=GROUPS).map(|n| group(n, &server, History::Empty)).collect();
    for group in &groups {
        profile.add_group(group, NOW).unwrap();
    }
    profile.add_contact(&peer(1), None, NOW).unwrap();
    for n in 0..contacts {
        profile.add_contact(&peer(500 + n), None, NOW).unwrap();
    }
    filled(&mut profile, &server, &groups, messages);
    let steps = counted(&profile);
    let mut figures = Vec::new();
    let mut took = |what, work: &mut dyn FnMut()| {
        let before = steps.load(Ordering::Relaxed);
        work();
        figures.push((what, steps.load(Ordering::Relaxed) - before));
    };
    took("listing the groups", &mut || {
        for group in profile.groups().unwrap() {
            let counts = profile.group_counts(group.conversation).unwrap();
            assert_eq!((counts.messages, counts.authors), (messages, messages.min(5)));
            assert!(profile.missing(group.conversation).unwrap().is_empty());
        }
    });
    took("finding a contact in groups", &mut || {
        assert_eq!(profile.companions(&peer(1)).unwrap().len(), usize::from(GROUPS));
        assert_eq!(profile.companions_in(&groups[0].id).unwrap().len(), 1);
        assert!(profile.is_author(&groups[0].id, &peer(1)).unwrap());
    });
    took("the last messages", &mut || {
        let conversation = profile.group(&groups[3].id).unwrap().unwrap().conversation;
        let last = profile.messages(conversation, MessageId(0), 5).unwrap();
        profile.messages_after(conversation, MessageId(0), Some(last[0].id), 5).unwrap();
        profile.messages_since(conversation, last[0].id, 5).unwrap();
    });
    took("counting what waits", &mut || {
        assert_eq!(profile.count_unconfirmed().unwrap(), 0);
    });
    took("beginning a sync", &mut || {
        profile.begin_sync(&server.board).unwrap();
    });
    took("joining a group", &mut || {
        profile.add_group(&group(100, &server, History::Replay), NOW).unwrap();
    });
    took("leaving a group", &mut || profile.remove_group(&groups[0].id).unwrap());
    took("erasing a little", &mut || assert!(profile.erase_some().unwrap()));
    figures
}

#[test]
fn what_is_done_often_costs_the_same_whatever_groups_and_contacts_hold() {
    // More than is erased in one step, in both.
    let (small, large) = (work(150, 5), work(1500, 200));
    for ((what, small), (_, large)) in small.into_iter().zip(large) {
        assert!(
            large <= small + small / 2 + 200,
            "{what} took {small} steps in a small profile, {large} in a large one"
        );
    }
}
