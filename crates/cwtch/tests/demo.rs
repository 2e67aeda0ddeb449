//! The demonstration is an end-to-end test of everything.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use common::{Ran, Terminal, cwtch, until};
use rustix::process::{Pid, Signal, kill_process};

/// Processes whose command line names something in this directory.
fn processes_of(directory: &Path) -> usize {
    let name = directory.display().to_string();
    let commands = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    commands
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(&name))
        .count()
}

#[test]
fn without_a_terminal_the_show_ends_well_and_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let ran = Ran::of(cwtch().arg("demo").env("TMPDIR", scratch.path()).output().unwrap());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    for shown in [
        "Hi Bob!",
        "acknowledged",
        "Carol comes back",
        "not written by the author it names",
        "go on without Carol",
    ] {
        assert!(ran.stdout.contains(shown), "{shown:?} expected in {}", ran.stdout);
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the directory is removed");
    assert_eq!(processes_of(scratch.path()), 0, "nothing runs on");
}

#[test]
fn on_a_terminal_everything_stays_until_enter() {
    let scratch = tempfile::tempdir().unwrap();
    let mut command = cwtch();
    command.arg("demo").env("TMPDIR", scratch.path()).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(command);
    let shown = terminal.shows("Press Enter");
    // One of the offered commands, as it stands there.
    let offered = shown.lines().find(|line| line.contains("messages Hikers") && line.contains("--data"));
    let ran = std::process::Command::new("sh").args(["-c", offered.unwrap().trim()]).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("That was not me."), "{ran:?}");
    terminal.types("\n");
    assert_eq!(terminal.ends().1, Some(0));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the directory is removed");
    assert_eq!(processes_of(scratch.path()), 0, "nothing runs on");
}

#[test]
fn interrupted_it_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().unwrap();
    let mut child = cwtch()
        .args(["--json", "demo"])
        .env("TMPDIR", scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"part\":\"3.")), "the show goes on to part 3");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // What is still said is read, as a terminal would.
    lines.for_each(drop);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.error().0.as_str()), (1, "interrupted"));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the directory is removed");
    until("nothing runs on", || (processes_of(scratch.path()) == 0).then_some(()));
}

#[test]
fn the_show_fails_loudly_where_it_cannot_work() {
    let ran = Ran::of(cwtch().args(["--json", "demo"]).env("TMPDIR", "/nowhere/at/all").output().unwrap());
    assert_eq!(ran.code, 1);
    assert_eq!(ran.error().0, "storage");
}
