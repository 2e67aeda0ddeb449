//! The log's rules, by example.

use cwtch_log::{Certificate, Checkpoint, EntryId, Policy, Receipt, Retain};
use cwtch_wire::board::HeadLog;

use super::world::{BEGIN, Open, World};
use super::*;

fn head(open: &Open) -> HeadLog {
    open.reader().log_head().unwrap().unwrap()
}

fn checkpoint(world: &World, open: &Open) -> Checkpoint {
    let head = head(open);
    let certificate = Certificate::from_bytes(&head.certificates.current, &world.server.address()).unwrap();
    Checkpoint::from_bytes(&head.state.unwrap().checkpoint, &certificate).unwrap()
}

fn fill(open: &mut Open, from: u32, count: u32) -> Commit {
    let batch: Vec<_> = (from..from + count).map(|n| post(n, &format!("s{n}"), "c")).collect();
    open.writer.commit(&batch).unwrap()
}

on_every_back_end! {
    a_commit_has_one_checkpoint_and_receipts_that_verify
    a_quiet_log_is_signed_once_a_minute
    a_clock_that_jumps_ahead_is_not_signed_before_it_is_confirmed
    what_was_deleted_is_announced_and_still_proven
    a_crash_between_announcing_and_deleting_goes_on_with_deleting
    a_promised_retention_refuses_posts_instead_of_deleting_early
    a_promise_may_only_become_longer
    what_was_stored_before_there_was_a_log_is_in_it
}

fn a_commit_has_one_checkpoint_and_receipts_that_verify(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    fill(&mut open, 0, 3);
    world.pass(100);
    let commit = fill(&mut open, 3, 300);
    let log = commit.log.unwrap();
    let newest = checkpoint(&world, &open);
    assert_eq!((newest.size(), newest.time()), (303, BEGIN + 60));
    assert_eq!(log.checkpoint(), &newest.to_bytes());
    let certificate =
        Certificate::from_bytes(&head(&open).certificates.current, &world.server.address()).unwrap();
    for n in 3..303 {
        let bytes = log.receipt(n).unwrap();
        let receipt = Receipt::from_bytes(&bytes, &certificate).unwrap();
        assert!(receipt.verify_entry(&EntryId::of(format!("s{n}").as_bytes(), b"c")));
        assert_eq!(bytes[8..121], newest.to_bytes());
        // The same, from the database.
        let stored = open.reader().receipt(&EntryId::of(format!("s{n}").as_bytes(), b"c")).unwrap().unwrap();
        assert_eq!(stored, bytes);
        let live = log.live(n);
        assert_eq!((live.checkpoint.is_some(), live.mark.is_some()), (n == 302, n == 255));
    }
    assert!(log.receipt(2).is_none() && log.receipt(303).is_none());
    let mark = Checkpoint::from_bytes(&log.live(255).mark.unwrap(), &certificate).unwrap();
    assert!(mark.is_boundary() && mark.size() == 256);
    assert_eq!(head(&open).state.unwrap().mark, Some(mark.to_bytes()));
    // A commit that appends nothing signs nothing.
    assert!(open.writer.commit(&[post(1, "s1", "c")]).unwrap().log.is_none());
}

fn a_quiet_log_is_signed_once_a_minute(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    fill(&mut open, 0, 5);
    let first = checkpoint(&world, &open);
    world.pass(59);
    open.writer.refresh().unwrap();
    assert_eq!(checkpoint(&world, &open), first);
    world.pass(1);
    open.writer.refresh().unwrap();
    let second = checkpoint(&world, &open);
    assert_eq!((second.time(), second.size(), second.root()), (first.time() + 60, 5, first.root()));
    // Signed time never goes backwards.
    world.set_clock(-7200);
    open.writer.refresh().unwrap();
    fill(&mut open, 5, 1);
    assert_eq!(checkpoint(&world, &open).time(), second.time());
    drop(open);
    let open = world.open();
    assert_eq!(checkpoint(&world, &open).time(), second.time());
}

fn a_clock_that_jumps_ahead_is_not_signed_before_it_is_confirmed(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    world.set_clock(86_400);
    world.pass(60);
    fill(&mut open, 0, 1);
    assert_eq!(checkpoint(&world, &open).time(), BEGIN + 60);
    // A directory from before it tells nothing.
    let valid = |after| Some(Validity { after, until: BEGIN + 100_000 });
    open.writer.confirm_clock(valid(BEGIN));
    open.writer.refresh().unwrap();
    assert_eq!(checkpoint(&world, &open).time(), BEGIN + 60);
    open.writer.confirm_clock(valid(BEGIN + 80_000));
    open.writer.refresh().unwrap();
    assert_eq!(checkpoint(&world, &open).time(), BEGIN + 60 + 86_400);
}

fn what_was_deleted_is_announced_and_still_proven(disk: Disk) {
    let mut world = World::on(disk);
    world.cap = Some(100);
    let mut open = world.open();
    fill(&mut open, 0, 101);
    while open.writer.prune_step().unwrap() {}
    let address = world.server.address();
    let state = head(&open).state.unwrap();
    let certificate = Certificate::from_bytes(&head(&open).certificates.current, &address).unwrap();
    let retain = Retain::from_bytes(&state.retain.unwrap(), &certificate).unwrap();
    assert_eq!(retain.min_index(), 10);
    let replay = open.reader().log_replay(3).unwrap().unwrap();
    let start = replay.log.start.unwrap();
    assert_eq!((start.from, replay.entries.count), (10, 91));
    let skipped = start.skipped.unwrap();
    let frontier = cwtch_log::tree::CompactRange::from_bytes(10, &skipped.frontier).unwrap();
    assert_eq!(frontier.root(), *retain.root());
    let (proof, _) = skipped.proof.as_chunks::<32>();
    let (small, large) = cwtch_log::tree::roots_from_consistency(3, 10, proof).unwrap();
    assert_eq!((small, large), (open.store.root_at(3).unwrap(), *retain.root()));
    assert!(
        open.reader().log_replay(0).unwrap().unwrap().log.start.unwrap().skipped.unwrap().proof.is_empty()
    );
    assert!(open.reader().log_replay(10).unwrap().unwrap().log.start.unwrap().skipped.is_none());
    let beyond = open.reader().log_replay(5000).unwrap().unwrap();
    assert_eq!((beyond.log.start.unwrap().from, beyond.entries.count), (101, 0));
    // The entry is in the log for ever: posting it again costs no token and stores nothing.
    assert_eq!(open.writer.commit(&[post(900, "s3", "c")]).unwrap().outcomes, [Outcome::Duplicate]);
    assert!(open.reader().receipt(&EntryId::of(b"s3", b"c")).unwrap().is_some());
    // None of the bodies is read; and a reader that was slow is told that they are gone.
    let gone = open.reader().read_log(1, 20, 5, &mut |_| {});
    assert!(matches!(gone, Err(StoreError::Pruned)));
}

fn a_crash_between_announcing_and_deleting_goes_on_with_deleting(disk: Disk) {
    let mut world = World::on(disk);
    world.cap = Some(2000);
    let mut open = world.open();
    for n in 0..5 {
        fill(&mut open, n * 1000, 1000);
    }
    assert!(open.writer.prune_step().unwrap());
    let left = world.snapshot();
    world.replace_files(left.path());
    let mut open = world.open();
    let min_index = open.reader().log_state().unwrap().unwrap().min_index;
    assert_eq!(min_index, 3000);
    while open.writer.prune_step().unwrap() {}
    assert_eq!(open.reader().status().unwrap().messages, 2000);
    assert_eq!(open.reader().log_state().unwrap().unwrap().min_index, min_index);
}

fn a_promised_retention_refuses_posts_instead_of_deleting_early(disk: Disk) {
    const DAY: u64 = 86_400;
    let mut world = World::on(disk);
    (world.cap, world.retention) = (Some(300), DAY);
    let mut open = world.open();
    let commit = fill(&mut open, 0, 320);
    assert_eq!(commit.outcomes[299], stored(300));
    assert!(commit.outcomes[300..].iter().all(|outcome| *outcome == Outcome::Full));
    assert!(!open.writer.prune_step().unwrap());
    let fill = |open: &Open, world: &World| open.reader().fill(None, world.wall()).unwrap().unwrap();
    assert_eq!((fill(&open, &world).percent(), fill(&open, &world).counted), (100, 300));
    assert!(fill(&open, &world).warning().unwrap().contains("posts are refused"));
    world.pass(DAY + 59);
    assert!(!open.writer.prune_step().unwrap());
    assert_eq!(open.reader().status().unwrap().pruned, 0);
    // The token of a refused post is unspent; the promise is over for what lies below the boundary.
    world.pass(1);
    // A block of 256 may go now, so there is room.
    assert_eq!(fill(&open, &world).counted, 300 - 256);
    assert_eq!(fill(&open, &world).warning(), None);
    while open.writer.prune_step().unwrap() {}
    assert_eq!(open.reader().status().unwrap().pruned, 30);
    assert_eq!(open.writer.commit(&[post(310, "s310", "c")]).unwrap().outcomes, [stored(301)]);
    let address = world.server.address();
    let certificate = Certificate::from_bytes(&head(&open).certificates.current, &address).unwrap();
    let policy = Policy::from_bytes(&head(&open).state.unwrap().policy, &certificate).unwrap();
    assert_eq!((policy.retention(), policy.cap()), (DAY, 300));
}

fn a_promise_may_only_become_longer(disk: Disk) {
    let mut world = World::on(disk);
    world.retention = 1000;
    drop(world.open());
    world.retention = 999;
    let error = world.try_open(false).map(drop).unwrap_err();
    assert!(error.to_string().contains("999") && error.to_string().contains("at least 1000"), "{error}");
    world.retention = 2000;
    world.pass(60);
    let open = world.open();
    assert_eq!(open.reader().log_state().unwrap().unwrap().retention, 2000);
}

fn what_was_stored_before_there_was_a_log_is_in_it(disk: Disk) {
    let mut world = World::on(disk);
    let mut writer = world.store().writer().unwrap();
    let batch: Vec<_> = (0..600).map(|n| post(n, &n.to_string(), "c")).collect();
    writer.commit(&batch).unwrap();
    drop(writer);
    let open = world.open();
    assert_eq!(checkpoint(&world, &open).size(), 600);
    let mut reader = open.reader();
    let replay = reader.log_replay(0).unwrap().unwrap();
    let mut marks = 0;
    reader
        .read_log(replay.entries.from, replay.entries.to, 1000, &mut |record| {
            marks += u32::from(matches!(record, LogRecord::Boundary(_)));
        })
        .unwrap();
    assert_eq!(marks, 2);
}
