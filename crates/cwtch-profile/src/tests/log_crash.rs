//! SIGKILL between and in transactions: what is stored of a log is a state that the monitor can go on from.

use cwtch_protocol::monitor::{Begun, Monitor};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry, entry_id};
use cwtch_wire::board::stream::Record;

use super::crash::{child_dir, run_and_kill};
use super::*;

const ENTRIES: u64 = 1500;

/// A server with a long log; the same in both processes.
pub(super) fn board() -> HonestLog {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
    let posts: Vec<_> = (0..ENTRIES).map(entry).collect();
    for posts in posts.chunks(100) {
        log.commit(START, posts);
    }
    log
}

pub(super) fn board_server() -> NewServer {
    NewServer { board: ServerKeys::new(1).address(), ..server(1) }
}

/// Reads one reply into the profile: each step of the monitor is a transaction. A message stands for every 64th entry, and
/// is stored in the transaction that covers it.
pub(super) fn read_log(profile: &mut Profile, log: &HonestLog, group: &NewGroup, told: impl FnMut(u64)) {
    read(profile, log, group, |item| item, told);
}

/// The same, with messages that are made of those.
pub(super) fn read_log_as(
    profile: &mut Profile,
    log: &HonestLog,
    group: &NewGroup,
    made: impl Fn(SyncItem) -> SyncItem,
) {
    read(profile, log, group, made, |_| {});
}

fn read(
    profile: &mut Profile,
    log: &HonestLog,
    group: &NewGroup,
    made: impl Fn(SyncItem) -> SyncItem,
    mut told: impl FnMut(u64),
) {
    let server = log.address();
    let mut monitor = Monitor::restore(server, &profile.log_snapshot(&server).unwrap()).unwrap();
    let request = monitor.replay_request(&mut rng(1));
    profile.apply_log_changes(&server, &monitor.take_changes()).unwrap();
    let reply = log.reply(request.from);
    let start = reply.log.start.as_ref().unwrap();
    assert!(matches!(monitor.begin_replay(&reply.log, reply.count, START), Ok(Begun::Entries { .. })));
    profile.apply_log_changes(&server, &monitor.take_changes()).unwrap();
    let mut items = Vec::new();
    let mut next = start.from;
    let known = monitor.verified_size();
    for record in &reply.records {
        match record {
            Record::Entry(message) => {
                monitor.entry(entry_id(message)).unwrap();
                if next >= known && next.is_multiple_of(64) {
                    let place = Some(LogPlace { index: next, incarnation: START, root: [0; 32] });
                    items.push(made(SyncItem { place, ..item(group, &peer(1), next, None) }));
                }
                next += 1;
            }
            Record::Boundary(boundary) => drop(monitor.boundary(boundary.as_slice()).unwrap()),
        }
        let changes = monitor.take_changes();
        if !changes.is_empty() {
            let batch = SyncBatch { items: std::mem::take(&mut items), log: changes, ..SyncBatch::default() };
            profile.apply_sync_batch(&server, &batch, NOW).unwrap();
            told(monitor.verified_size());
        }
    }
    monitor.finish_replay(START).unwrap();
    let batch = SyncBatch { items, log: monitor.take_changes(), ..SyncBatch::default() };
    profile.apply_sync_batch(&server, &batch, NOW).unwrap();
    assert_eq!(profile.log_snapshot(&server).unwrap(), monitor.snapshot());
    told(monitor.verified_size());
}

#[test]
fn child_reads_a_log() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let (log, group) = (board(), group(1, &board_server(), History::Empty));
    loop {
        read_log(&mut profile, &log, &group, |size| eprintln!("done {size}"));
        // From the start again, for as long as it is left alive.
        let over = [cwtch_protocol::monitor::Change::StartedOver];
        profile.apply_log_changes(&log.address(), &over).unwrap();
    }
}

#[test]
fn a_killed_program_leaves_a_log_that_can_be_read_on() {
    let (dir, mut profile) = profile();
    profile.add_server(&board_server(), NOW).unwrap();
    let group = group(1, &board_server(), History::Empty);
    profile.add_group(&group, NOW).unwrap();
    drop(profile);
    let log = board();
    for reports in [1, 3, 5, 9, 14] {
        run_and_kill("log_crash::child_reads_a_log", &dir.path().join("data"), reports);
        let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        let kept = profile.log_snapshot(&log.address()).unwrap();
        let monitor = Monitor::restore(log.address(), &kept).unwrap();
        // Every message below the verified size is here, and no other: nothing comes a second time.
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        let places = |profile: &Profile| -> Vec<u64> {
            let messages = profile.messages(conversation, MessageId(0), u32::MAX).unwrap();
            messages.iter().filter_map(|message| message.log_index).collect()
        };
        let expected: Vec<u64> = (0..monitor.verified_size()).step_by(64).collect();
        assert_eq!(places(&profile), expected);
        read_log(&mut profile, &log, &group, |_| {});
        assert_eq!(places(&profile), (0..ENTRIES).step_by(64).collect::<Vec<_>>());
    }
}
