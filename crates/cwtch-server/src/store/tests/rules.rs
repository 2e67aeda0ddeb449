//! The rules that deployed clients rely on, by example.

use super::*;

on_every_back_end! {
    posts_are_numbered_kept_and_replayed_in_order
    an_empty_board_replays_nothing
    the_same_message_is_stored_once_and_costs_one_token
    a_spent_token_stores_nothing
    a_repeated_signature_is_stored_but_shadowed
    a_token_may_be_spent_on_nothing
    what_was_committed_is_there_after_reopening
    over_the_cap_the_oldest_tenth_goes
    a_message_is_shadowed_no_longer_than_what_shadows_it_exists
    a_reader_is_told_when_what_it_was_to_read_is_gone
    pruning_down_to_a_lowered_cap_takes_steps_and_leaves_a_sound_database
    a_full_disk_stores_nothing_of_the_batch_and_spends_no_token
}

fn posts_are_numbered_kept_and_replayed_in_order(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(
        writer.commit(&[post(1, "a", "A"), post(2, "b", "B")]).unwrap().outcomes,
        [stored(1), stored(2)]
    );
    assert_eq!(writer.commit(&[post(3, "c", "C")]).unwrap().outcomes, [stored(3)]);
    assert_eq!(texts(&replay(&*store, None)), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&*store, Some("b"))), ["B", "C"]);
    assert_eq!(texts(&replay(&*store, Some("c"))), ["C"]);
    assert_eq!(texts(&replay(&*store, Some(""))), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&*store, Some("unknown"))), ["A", "B", "C"]);
}

fn an_empty_board_replays_nothing(disk: Disk) {
    let store = Fixture::new(&disk, None);
    let store = store.open();
    assert_eq!(store.reader().unwrap().plan(None).unwrap(), ReplayPlan { from: 1, to: 0, count: 0 });
}

fn the_same_message_is_stored_once_and_costs_one_token(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
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

fn a_spent_token_stores_nothing(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "a", "A")]).unwrap();
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap().outcomes, [Outcome::TokenSpent]);
    // Within one batch as well.
    let outcomes = writer.commit(&[post(2, "c", "C"), post(2, "d", "D")]).unwrap().outcomes;
    assert_eq!(outcomes, [stored(2), Outcome::TokenSpent]);
    assert_eq!(texts(&replay(&*store, None)), ["A", "C"]);
}

fn a_repeated_signature_is_stored_but_shadowed(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let outcomes =
        writer.commit(&[post(1, "s", "first"), post(2, "s", "second"), post(3, "t", "T")]).unwrap().outcomes;
    assert_eq!(outcomes, [stored(1), shadowed(2), stored(3)]);
    assert_eq!(texts(&replay(&*store, None)), ["first", "T"]);
    assert_eq!(texts(&replay(&*store, Some("s"))), ["first", "T"]);
    assert_eq!(store.reader().unwrap().status().unwrap().messages, 3);
}

fn a_token_may_be_spent_on_nothing(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let nothing = NewPost { token: token(1), entry: None };
    assert_eq!(writer.commit(std::slice::from_ref(&nothing)).unwrap().outcomes, [Outcome::TokenOnly]);
    assert_eq!(writer.commit(&[nothing]).unwrap().outcomes, [Outcome::TokenSpent]);
    assert_eq!(replay(&*store, None), []);
}

fn what_was_committed_is_there_after_reopening(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    {
        let store = fixture.open();
        let mut writer = store.writer().unwrap();
        writer.commit(&[post(1, "a", "A")]).unwrap();
        // No orderly close: the writer is leaked with its connection open.
        std::mem::forget(writer);
    }
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(texts(&replay(&*store, None)), ["A"]);
    assert!(store.reader().unwrap().contains(NewEntry::new(b"a".to_vec(), b"A".to_vec()).id()).unwrap());
    assert!(!store.reader().unwrap().contains(NewEntry::new(b"a".to_vec(), b"B".to_vec()).id()).unwrap());
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap().outcomes, [Outcome::TokenSpent]);
    assert_eq!(writer.commit(&[post(2, "b", "B")]).unwrap().outcomes, [stored(2)]);
}

fn over_the_cap_the_oldest_tenth_goes(disk: Disk) {
    let fixture = Fixture::new(&disk, Some(20));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    for n in 1..=20 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
        assert!(!writer.prune_step().unwrap());
    }
    assert_eq!(replay(&*store, None).len(), 20);
    writer.commit(&[post(21, "21", "21")]).unwrap();
    assert!(!writer.prune_step().unwrap());
    let left = replay(&*store, None);
    assert_eq!((left.len(), left[0].0), (19, 3));
    // A pruned message is unknown: everything is sent. Its token stays spent.
    assert_eq!(replay(&*store, Some("1")).len(), 19);
    assert_eq!(writer.commit(&[post(1, "x", "x")]).unwrap().outcomes, [Outcome::TokenSpent]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.pruned, status.newest), (19, 2, 21));
    drop(writer);
    fixture.open();
}

fn a_message_is_shadowed_no_longer_than_what_shadows_it_exists(disk: Disk) {
    let fixture = Fixture::new(&disk, Some(10));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "s", "squatter")]).unwrap();
    for n in 2..=10 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
    }
    writer.commit(&[post(11, "s", "honest")]).unwrap();
    assert!(!texts(&replay(&*store, None)).contains(&"honest"));
    writer.prune_step().unwrap();
    assert_eq!(texts(&replay(&*store, None)).last(), Some(&"honest"));
}

fn a_reader_is_told_when_what_it_was_to_read_is_gone(disk: Disk) {
    let fixture = Fixture::new(&disk, Some(20));
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

fn pruning_down_to_a_lowered_cap_takes_steps_and_leaves_a_sound_database(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
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
    assert_eq!(steps, 2400 / super::super::rules::STEP + 1);
    assert_eq!(replay(&*store, None).len(), 100);
    drop(writer);
    lowered.open();
}

fn a_full_disk_stores_nothing_of_the_batch_and_spends_no_token(disk: Disk) {
    let fixture = Fixture::new(&disk, None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let posts: Vec<_> = (0..64).map(|n| post(n, &n.to_string(), &"x".repeat(3000))).collect();
    assert!(matches!(writer.with_full_disk(10, &posts), Err(StoreError::Full)));
    assert_eq!(writer.recover().unwrap(), 0);
    assert_eq!(replay(&*store, None), []);
    assert_eq!(store.reader().unwrap().status().unwrap(), StoreStatus::default());
    // A post that fits goes through, with a token of the refused batch.
    assert_eq!(writer.with_full_disk(10, &[post(0, "a", "A")]).unwrap().outcomes, [stored(1)]);
    assert_eq!(writer.commit(&posts[1..]).unwrap().outcomes.len(), 63);
    assert_eq!(replay(&*store, None).len(), 64);
}
