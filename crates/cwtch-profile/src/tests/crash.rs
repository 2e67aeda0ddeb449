//! SIGKILL at arbitrary moments: what was reported as done is there, and nothing is half-made.
//!
//! The killed process is this test program again, running one of the `child_…` tests below; without the
//! variable that names its data directory, such a test has nothing to do.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

const DATA: &str = "CWTCH_TEST_CRASH_DATA";

/// Runs a child test on a data directory until it has reported `reports` times, then kills it. Returns
/// all that it managed to report.
pub(super) fn run_and_kill(child: &str, data: &Path, reports: usize) -> Vec<String> {
    run_by(&[], child, data, reports)
}

/// The same by another program, with these arguments before the test's own command line.
pub(super) fn run_by(by: &[&str], child: &str, data: &Path, reports: usize) -> Vec<String> {
    let test = std::env::current_exe().unwrap();
    let mut line = by.iter().map(|part| Path::new(part).to_path_buf()).chain([test]);
    let mut process = Command::new(line.next().unwrap())
        .args(line)
        .args(["--exact", &format!("tests::{child}"), "--nocapture"])
        .env(DATA, data)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut seen: Vec<String> = lines.by_ref().take(reports).map(Result::unwrap).collect();
    process.kill().unwrap();
    process.wait().unwrap();
    seen.extend(lines.map_while(Result::ok));
    assert!(seen.len() >= reports, "the child ended by itself: {seen:?}");
    seen.into_iter().filter_map(|line| line.strip_prefix("done ").map(str::to_owned)).collect()
}

pub(super) fn child_dir() -> Option<DataDir> {
    std::env::var_os(DATA).map(|path| DataDir::open_or_create(path).unwrap())
}

#[test]
fn child_makes_profiles() {
    let Some(dir) = child_dir() else { return };
    let taken = dir.list().unwrap().len();
    for n in taken.. {
        let label = format!("p{n}");
        drop(dir.create(&label, &Password::None, &mut rng(n as u64)).unwrap());
        eprintln!("done {label}");
    }
}

#[test]
fn profiles_exist_completely_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::open_or_create(dir.path()).unwrap();
    for round in 1..=4 {
        let made = run_and_kill("crash::child_makes_profiles", dir.path(), round);
        let listed: Vec<_> = data.list().unwrap().into_iter().map(|p| p.label).collect();
        assert!(made.iter().all(|label| listed.contains(label)));
        for label in &listed {
            data.open(label, &Password::None).unwrap();
        }
    }
    // The next one cleans up whatever the last kill left.
    data.create("last", &Password::None, &mut rng(99)).unwrap();
    let hidden = std::fs::read_dir(dir.path().join("profiles"))
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".new-"))
        .count();
    assert_eq!(hidden, 0);
}

#[test]
fn child_receives_messages() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let seen = profile.messages(ConversationId(1), MessageId(0), u32::MAX).unwrap().len();
    for n in seen.. {
        let received = profile.receive_p2p(&peer(1), &n.to_string(), &text("x"), NOW).unwrap();
        assert!(matches!(received, Received::Stored(_)));
        eprintln!("done {n}");
    }
}

#[test]
fn what_was_stored_before_a_kill_is_there_after_it() {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    drop(profile);
    let data = dir.path().join("data");
    for reports in [1, 10, 40] {
        let acknowledged = run_and_kill("crash::child_receives_messages", &data, reports);
        let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        let stored = profile.messages(ConversationId(1), MessageId(0), u32::MAX).unwrap();
        let ids: Vec<_> = stored.iter().filter_map(|m| m.protocol_id.clone()).collect();
        assert!(acknowledged.iter().all(|id| ids.contains(id)));
        let expected: Vec<_> = (0..ids.len()).map(|n| n.to_string()).collect();
        assert_eq!(ids, expected, "in order, none missing, none twice");
    }
}

#[test]
fn child_changes_the_password() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    // None is stretched for none, so that kills come between all steps of writing the file.
    for n in 0_u64.. {
        profile.replace_password(&Password::None, &Password::None, &mut rng(n)).unwrap();
        eprintln!("done {n}");
    }
}

#[test]
fn a_kill_while_the_password_is_written_leaves_a_profile_that_opens() {
    let (dir, profile) = profile();
    let address = *profile.address();
    drop(profile);
    let data = dir.path().join("data");
    for reports in 1..=20 {
        let changed = run_and_kill("crash::child_changes_the_password", &data, reports);
        assert!(!changed.is_empty());
        let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        assert_eq!(*profile.address(), address);
    }
}
