//! The rules that deployed clients rely on, by example.

use super::*;

#[test]
fn posts_are_numbered_kept_and_replayed_in_order() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(
        writer.commit(&[post(1, "a", "A"), post(2, "b", "B")]).unwrap().outcomes,
        [stored(1), stored(2)]
    );
    assert_eq!(writer.commit(&[post(3, "c", "C")]).unwrap().outcomes, [stored(3)]);
    assert_eq!(texts(&replay(&store, None)), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&store, Some("b"))), ["B", "C"]);
    assert_eq!(texts(&replay(&store, Some("c"))), ["C"]);
    assert_eq!(texts(&replay(&store, Some(""))), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&store, Some("unknown"))), ["A", "B", "C"]);
}

#[test]
fn an_empty_board_replays_nothing() {
    let store = Fixture::new(None);
    let store = store.open();
    assert_eq!(store.reader().unwrap().plan(None).unwrap(), ReplayPlan { from: 1, to: 0, count: 0 });
}

#[test]
fn the_same_message_is_stored_once_and_costs_one_token() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let outcomes =
        writer.commit(&[post(1, "a", "A"), post(1, "a", "A"), post(2, "a", "A")]).unwrap().outcomes;
    assert_eq!(outcomes, [stored(1), Outcome::Duplicate, Outcome::Duplicate]);
    // Token 2 was left alone.
    assert_eq!(writer.commit(&[post(2, "b", "B")]).unwrap().outcomes, [stored(2)]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.spent, status.newest), (2, 2, 2));
}

#[test]
fn a_spent_token_stores_nothing() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "a", "A")]).unwrap();
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap().outcomes, [Outcome::TokenSpent]);
    // Within one batch as well.
    let outcomes = writer.commit(&[post(2, "c", "C"), post(2, "d", "D")]).unwrap().outcomes;
    assert_eq!(outcomes, [stored(2), Outcome::TokenSpent]);
    assert_eq!(texts(&replay(&store, None)), ["A", "C"]);
}

#[test]
fn a_repeated_signature_is_stored_but_shadowed() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let outcomes =
        writer.commit(&[post(1, "s", "first"), post(2, "s", "second"), post(3, "t", "T")]).unwrap().outcomes;
    assert_eq!(outcomes, [stored(1), shadowed(2), stored(3)]);
    assert_eq!(texts(&replay(&store, None)), ["first", "T"]);
    assert_eq!(texts(&replay(&store, Some("s"))), ["first", "T"]);
    assert_eq!(store.reader().unwrap().status().unwrap().messages, 3);
}

#[test]
fn a_token_may_be_spent_on_nothing() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let nothing = NewPost { token: token(1), entry: None };
    assert_eq!(writer.commit(std::slice::from_ref(&nothing)).unwrap().outcomes, [Outcome::TokenOnly]);
    assert_eq!(writer.commit(&[nothing]).unwrap().outcomes, [Outcome::TokenSpent]);
    assert_eq!(replay(&store, None), []);
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let fixture = Fixture::new(None);
    {
        let store = fixture.open();
        let mut writer = store.writer().unwrap();
        writer.commit(&[post(1, "a", "A")]).unwrap();
        // No orderly close: the writer is leaked with its connection open.
        std::mem::forget(writer);
    }
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(texts(&replay(&store, None)), ["A"]);
    assert!(store.reader().unwrap().contains(NewEntry::new(b"a".to_vec(), b"A".to_vec()).id()).unwrap());
    assert!(!store.reader().unwrap().contains(NewEntry::new(b"a".to_vec(), b"B".to_vec()).id()).unwrap());
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap().outcomes, [Outcome::TokenSpent]);
    assert_eq!(writer.commit(&[post(2, "b", "B")]).unwrap().outcomes, [stored(2)]);
}

#[test]
fn over_the_cap_the_oldest_tenth_goes() {
    let fixture = Fixture::new(Some(20));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    for n in 1..=20 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
        assert!(!writer.prune_step().unwrap());
    }
    assert_eq!(replay(&store, None).len(), 20);
    writer.commit(&[post(21, "21", "21")]).unwrap();
    assert!(!writer.prune_step().unwrap());
    let left = replay(&store, None);
    assert_eq!((left.len(), left[0].0), (19, 3));
    // A pruned message is unknown: everything is sent. Its token stays spent.
    assert_eq!(replay(&store, Some("1")).len(), 19);
    assert_eq!(writer.commit(&[post(1, "x", "x")]).unwrap().outcomes, [Outcome::TokenSpent]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.pruned, status.newest), (19, 2, 21));
    drop(writer);
    fixture.open();
}

#[test]
fn a_message_is_shadowed_no_longer_than_what_shadows_it_exists() {
    let fixture = Fixture::new(Some(10));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "s", "squatter")]).unwrap();
    for n in 2..=10 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
    }
    writer.commit(&[post(11, "s", "honest")]).unwrap();
    assert!(!texts(&replay(&store, None)).contains(&"honest"));
    writer.prune_step().unwrap();
    assert_eq!(texts(&replay(&store, None)).last(), Some(&"honest"));
}

/// Whoever repeats one signature without end pays for each message, and must not make deleting dearer for it: what is deleted
/// is looked at, not what stays.
#[test]
fn deleting_costs_no_more_where_everything_has_one_signature() {
    let work_for = |signature: &dyn Fn(u32) -> String| {
        let fixture = Fixture::new(None);
        {
            let mut writer = fixture.open().writer().unwrap();
            let posts: Vec<_> = (0..4000).map(|n| post(n, &signature(n), &n.to_string())).collect();
            writer.commit(&posts).unwrap();
        }
        let lowered = Fixture { cap: Some(3995), ..fixture };
        let store = lowered.open();
        let mut writer = store.sqlite_writer(None).unwrap();
        while writer.prune_step().unwrap() {}
        let shown = if signature(0) == signature(1) { 1 } else { 3600 };
        assert_eq!(replay(&store, None).len(), shown);
        writer.unshadowing_work()
    };
    let (one, many) = (work_for(&|_| "s".to_owned()), work_for(&|n| n.to_string()));
    assert!(one < 1000 && many < 100 * 400, "{one} steps under one signature, {many} under many");
}

#[test]
fn what_was_deleted_is_gone_from_the_file() {
    let fixture = Fixture::new(Some(100));
    let holds = |needle: &str| {
        let bytes = std::fs::read(fixture.path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    let mut writer = fixture.open().writer().unwrap();
    let posts: Vec<_> =
        (0..101).map(|n| post(n, &n.to_string(), &format!("body {n:04} ").repeat(300))).collect();
    writer.commit(&posts).unwrap();
    drop(writer);
    assert!(holds("body 0000 ") && holds("body 0100 "), "closed, the journal is in the file");
    let mut writer = fixture.open().writer().unwrap();
    while writer.prune_step().unwrap() {}
    drop(writer);
    assert!(!holds("body 0000 ") && !holds("body 0009 ") && holds("body 0010 "));
}

#[test]
fn a_reader_is_told_when_what_it_was_to_read_is_gone() {
    let fixture = Fixture::new(Some(20));
    let store = fixture.open();
    let (mut writer, mut reader) = (store.writer().unwrap(), store.reader().unwrap());
    let posts: Vec<_> = (1..=21).map(|n| post(n, &n.to_string(), &n.to_string())).collect();
    writer.commit(&posts).unwrap();
    // As a synced client's that has the first one.
    assert_eq!(reader.read(2, 21, 4, &mut |_| {}).unwrap(), 6);
    while writer.prune_step().unwrap() {}
    assert!(matches!(reader.read(2, 21, 4, &mut |_| {}), Err(StoreError::Pruned)));
    assert_eq!(reader.read(3, 21, 100, &mut |_| {}).unwrap(), 22);
    // Nothing to read is nothing missed.
    assert_eq!(reader.read(22, 21, 4, &mut |_| {}).unwrap(), 22);
}

#[test]
fn pruning_down_to_a_lowered_cap_takes_steps_and_leaves_a_sound_database() {
    let fixture = Fixture::new(None);
    {
        let mut writer = fixture.open().writer().unwrap();
        let posts: Vec<_> = (0..2500).map(|n| post(n, &n.to_string(), "x")).collect();
        writer.commit(&posts).unwrap();
    }
    let lowered = Fixture { cap: Some(100), ..fixture };
    let store = lowered.open();
    let mut writer = store.writer().unwrap();
    let mut steps = 1;
    while writer.prune_step().unwrap() {
        steps += 1;
    }
    assert_eq!(steps, 2400 / super::super::prune::PRUNE_STEP + 1);
    assert_eq!(replay(&store, None).len(), 100);
    drop(writer);
    lowered.open();
}

#[test]
fn a_full_disk_stores_nothing_of_the_batch_and_spends_no_token() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer_with("PRAGMA max_page_count = 30").unwrap();
    let posts: Vec<_> = (0..64).map(|n| post(n, &n.to_string(), &"x".repeat(3000))).collect();
    assert!(matches!(writer.commit(&posts), Err(StoreError::Full)));
    assert_eq!(replay(&store, None), []);
    assert_eq!(store.reader().unwrap().status().unwrap(), StoreStatus::default());
    // A post that fits goes through, with a token of the refused batch.
    assert_eq!(writer.commit(&[post(0, "a", "A")]).unwrap().outcomes, [stored(1)]);
    drop(writer);
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.commit(&posts[1..]).unwrap().outcomes.len(), 63);
    assert_eq!(replay(&store, None).len(), 64);
}

#[test]
fn a_foreign_a_newer_and_anothers_database_are_refused() {
    let fixture = Fixture::new(None);
    std::fs::write(
        fixture.path(),
        b"this is no database at all, but long enough to be read as one".repeat(20),
    )
    .unwrap();
    assert!(SqliteStore::open(&fixture.path(), BOARD, None).is_err());

    let fixture = Fixture::new(None);
    rusqlite::Connection::open(fixture.path()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = SqliteStore::open(&fixture.path(), BOARD, None).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");

    let fixture = Fixture::new(None);
    drop(fixture.open());
    let error = SqliteStore::open(&fixture.path(), b"another board", None).unwrap_err();
    assert!(matches!(error, StoreError::OtherServer), "{error}");
    rusqlite::Connection::open(fixture.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for error in [
        SqliteStore::open(&fixture.path(), BOARD, None).map(drop).unwrap_err(),
        SqliteStore::existing(fixture.dir.path()).reader().map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Newer { found: 99, known: schema::VERSION }), "{error}");
    }
}

#[test]
fn a_database_with_a_hole_is_refused() {
    let fixture = Fixture::new(None);
    let mut writer = fixture.open().writer().unwrap();
    writer.commit(&[post(1, "a", "A"), post(2, "b", "B"), post(3, "c", "C")]).unwrap();
    drop(writer);
    let conn = rusqlite::Connection::open(fixture.path()).unwrap();
    conn.execute_batch("DELETE FROM messages WHERE seq = 1").unwrap();
    assert!(matches!(SqliteStore::open(&fixture.path(), BOARD, None), Err(StoreError::Damaged { .. })));
}
