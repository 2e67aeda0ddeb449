//! A daemon that goes to the background, and the terminal that it is started from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use super::common::{Person, Ran, Terminal, World, until};

const PASSWORD: &str = "open sesame";

/// Somebody whose profile has a password; a daemon that is left over ends with it.
struct Guarded(Person);

impl Guarded {
    fn new(world: &World) -> Self {
        let me = world.person("me");
        let file = world.password_file("password", PASSWORD);
        me.ok(&["profile", "change-password", "--new-password-file", &file]);
        Self(me)
    }

    fn detach(&self, more: &[&str]) -> Ran {
        let network = self.0.network.clone();
        self.0.json(&[&["--network", &network, "daemon", "--detach"], more].concat())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.json(&["daemon", "--stop"]);
    }
}

#[test]
fn a_daemon_asks_for_the_password_and_then_goes_to_the_background() {
    let world = World::new();
    let me = Guarded::new(&world);
    let network = world.network();
    let mut terminal = Terminal::start_session(&me.0.command(&["--network", &network, "daemon", "--detach"]));
    terminal.shows("Password of me: ");
    terminal.types(&format!("{PASSWORD}\n"));
    let (shown, code) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("The daemon runs") && !shown.contains(PASSWORD), "{shown}");
    // It outlives the terminal and the session, which have ended.
    until("it is online", || (me.0.ok(&["status"])["online"] == true).then_some(()));
    let log = me.0.data.join("profiles/me/daemon.log");
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&log).unwrap().contains(&me.0.address), "it names nobody");
    // A second one is refused before anybody types anything.
    let again = me.detach(&[]);
    assert_eq!((again.code, again.error().0.as_str()), (8, "locked"));
    assert_eq!(me.0.ok(&["daemon", "--stop"]), serde_json::json!({}));
    assert!(!me.0.data.join("profiles/me/daemon.sock").exists());
    assert_eq!(me.0.fails(&["daemon", "--stop"]).0, "no-daemon");
}

#[test]
fn why_a_daemon_does_not_start_is_said_where_it_was_asked_for() {
    let world = World::new();
    let me = Guarded::new(&world);
    let wrong = world.password_file("wrong", "open barley");
    let refused = me.detach(&["--password-file", &wrong]);
    assert_eq!((refused.code, refused.error().0.as_str()), (7, "password"), "{refused:?}");
    let file = world.password_file("password", PASSWORD);
    let log = world.path("nowhere/at/all").display().to_string();
    let refused = me.detach(&["--password-file", &file, "--log", &log]);
    assert_eq!((refused.code, refused.error().0.as_str()), (1, "storage"));
    let started = me.detach(&["--password-file", &file]);
    assert_eq!(started.code, 0, "{started:?}");
    assert_eq!(started.value()["address"], me.0.address.as_str());
    assert_eq!(started.value()["event"], "ready");
    assert!(started.value()["pid"].as_u64().is_some());
}

#[test]
fn a_terminal_that_goes_away_ends_a_daemon_cleanly() {
    let world = World::new();
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let mut me = world.person(&format!("me{}", signal.as_raw()));
        me.start();
        let socket = me.socket();
        me.signal(signal);
        assert_eq!(me.wait(), Some(0), "{signal:?}");
        assert!(!socket.exists());
    }
}

#[test]
fn whatever_ends_a_question_for_a_password_leaves_the_terminal_in_order() {
    let world = World::new();
    let me = Guarded::new(&world);
    let network = world.network();
    for arguments in [&["address"][..], &["--network", &network, "daemon"]] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
            let mut terminal = Terminal::start_session(&me.0.command(arguments));
            terminal.shows("Password of me: ");
            until("nothing is shown", || (!terminal.is_in_order()).then_some(()));
            terminal.signal(signal);
            assert_eq!(terminal.ended_by(), Some(signal.as_raw()), "{arguments:?}");
            assert!(terminal.is_in_order(), "{arguments:?} {signal:?}");
        }
        // The same by a key; and by a question that was answered.
        let mut terminal = Terminal::start_session(&me.0.command(arguments));
        terminal.shows("Password of me: ");
        terminal.types("half of it\u{3}");
        assert_eq!(terminal.ended_by(), Some(Signal::INT.as_raw()));
        assert!(terminal.is_in_order());
    }
    let mut terminal = Terminal::start_session(&me.0.command(&["address"]));
    terminal.shows("Password of me: ");
    terminal.types(&format!("{PASSWORD}\n"));
    terminal.shows(&me.0.address);
    assert!(terminal.is_in_order());
    assert_eq!(terminal.ends().1, Some(0));
}

#[test]
fn a_question_that_is_stopped_is_asked_again_when_it_goes_on() {
    let world = World::new();
    let me = Guarded::new(&world);
    let mut terminal = Terminal::start(me.0.command(&["address"]));
    terminal.shows("Password of me: ");
    terminal.signal(Signal::TSTP);
    until("it is stopped, and the terminal in order", || terminal.is_in_order().then_some(()));
    terminal.signal(Signal::CONT);
    terminal.shows("Password of me: ");
    until("nothing is shown", || (!terminal.is_in_order()).then_some(()));
    terminal.types(&format!("{PASSWORD}\n"));
    let (shown, code) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[test]
fn a_password_in_the_background_is_refused_and_not_waited_for() {
    let world = World::new();
    let me = Guarded::new(&world);
    let network = world.network();
    let mut shell = std::process::Command::new("sh");
    let daemon = me.0.command(&["--network", &network, "daemon"]);
    let line: Vec<String> = std::iter::once(daemon.get_program())
        .chain(daemon.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    // With job control the shell puts it in a group of its own.
    shell.args(["-c", &format!("set -m; {} & wait $!; echo \"ended with $?\"", line.join(" "))]);
    let mut terminal = Terminal::start_session(&shell);
    let shown = terminal.shows("ended with 7");
    assert!(shown.contains("--detach"), "{shown}");
}
