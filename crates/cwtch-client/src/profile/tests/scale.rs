//! What a message costs must not grow with what is stored. Counted in steps of SQLite's machine, not in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
        chain: Some(Chain { label: 1, sequence: n as u32 + 1, previous: [7; 20] }),
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
            profile.open_parents(&server.board, 100).unwrap();
            profile.open_views(&server.board, 100).unwrap();
        });
        let asked = took(&mut || {
            assert_eq!(profile.companions().unwrap().len(), 1);
            assert!(!profile.is_author(&group.id, &peer(2)).unwrap());
            assert!(profile.wanted_entries(&group.id, 100).unwrap().is_empty());
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
