//! The app as people meet it: the real program on a terminal, with a daemon that it starts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "test support"
)]

#[path = "../common/mod.rs"]
mod common;
mod pictures;
mod screen;
mod session;

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use common::{World, cwtch};
use cwtch_testkit::budget::{self, Sample};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rustix::process::Signal;
use screen::{DOWN, ENTER, ESCAPE, QUIT, STOP, Screen, TAB, UP};
use session::{KEYS_MAX, Way};

fn app(world: &World, name: &str, arguments: &[&str]) -> Command {
    let mut command = cwtch();
    command.arg("--data").arg(world.path(name)).args(["--network", &world.network()]).args(arguments);
    command
}

/// A daemon that the app started does not outlive a test.
struct Daemons<'a>(&'a World, &'a [&'a str]);

impl Drop for Daemons<'_> {
    fn drop(&mut self) {
        for name in self.1 {
            let _ = app(self.0, name, &["daemon", "--stop"]).output();
        }
    }
}

#[test]
fn two_people_come_from_an_empty_folder_to_a_delivered_message() {
    let world = World::new();
    let _daemons = Daemons(&world, &["alice", "bob"]);
    let keys = session::two_people(&Way::Loopback, |name| app(&world, name, &[]));
    assert!(keys <= KEYS_MAX, "{keys} keys");
    println!("{keys} keys");
    let status = common::run(&["--json", "--data", &world.path("alice").display().to_string(), "status"]);
    assert_eq!(status.value()["online"], true);

    // The second time nothing is asked: the daemon has the profile open, and the answer was remembered.
    let mut alice = Screen::start(&app(&world, "alice", &[]), (80, 24));
    alice.sees("Hello Bob");
    alice.press(QUIT);
    assert_eq!(alice.ends(), Some(0));
}

#[test]
fn a_daemon_that_stops_is_said_and_started_again() {
    let world = World::new();
    let mut person = world.person_online("alice");
    let _daemons = Daemons(&world, &["alice"]);
    let mut screen = Screen::start(&app(&world, "alice", &[]), (80, 24));
    screen.sees("alice · online");
    person.kill();
    screen.sees("The daemon has stopped: you are offline");
    screen.sees("offline: no daemon");
    screen.press(ENTER);
    screen.loses("The daemon has stopped");
    screen.sees("alice · online");
}

#[test]
fn a_window_that_is_too_small_says_so_and_goes_on_when_it_grows() {
    let world = World::new();
    let _alice = world.person_online("alice");
    let mut screen = Screen::start(&app(&world, "alice", &[]), (80, 24));
    screen.sees("alice · online");
    screen.resize(20, 5);
    screen.sees("There is too little room");
    screen.resize(100, 30);
    screen.sees("alice · online");
    // Ctrl+L.
    screen.press("\x0c");
    screen.press("?");
    screen.sees("Commands are typed where messages are written");
}

#[test]
fn line_by_line_the_same_is_said_without_drawing() {
    let world = World::new();
    let _daemons = Daemons(&world, &["alice"]);
    let mut screen = Screen::start(&app(&world, "alice", &["--plain"]), (80, 50));
    screen.sees("A name for your profile");
    screen.gives("alice\n");
    screen.sees("A password for alice");
    screen.gives("secret words\n");
    screen.sees("The same password once more");
    screen.gives("secret words\n");
    screen.sees("alice, online");
    assert!(!screen.text().contains("secret"), "{}", screen.text());
    screen.gives("/profile\n");
    screen.sees("1. Copy the address");
    let address = screen.address();
    screen.gives("\n");
    screen.gives(&format!("/add {}\n", address.split_at(20).0));
    screen.sees("address");
    screen.gives("/quit\n");
    screen.sees("2. Close, and go offline");
    screen.gives("2\n");
    assert_eq!(screen.ends(), Some(0));
    screen.is_as_before().unwrap();
}

#[test]
fn without_a_terminal_help_is_printed_and_nothing_is_opened() {
    let ran = common::run(&[]);
    assert!(ran.stderr.contains("Usage: cwtch"), "{ran:?}");
    let world = World::new();
    let data = world.path("data").display().to_string();
    let (kind, message) = common::run(&["--json", "--data", &data]).error();
    assert_eq!(kind, "usage");
    assert!(message.contains("--plain"), "{message}");
    assert!(!world.path("data").exists());
    let (kind, _) = common::run(&["--json", "--plain", "--data", &data, "profile", "list"]).error();
    assert_eq!(kind, "usage");
}

#[test]
fn the_desktop_is_told_that_something_came_and_nothing_else() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    // A desktop that writes down what it is asked to show.
    let (programs, shown) = (world.path("programs"), world.path("shown"));
    std::fs::create_dir(&programs).unwrap();
    let desktop = programs.join("notify-send");
    std::fs::write(&desktop, format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\n", shown.display())).unwrap();
    std::fs::set_permissions(&desktop, std::fs::Permissions::from_mode(0o755)).unwrap();
    let seen = || std::fs::read_to_string(&shown).unwrap_or_default();
    let mut app = app(&world, "alice", &[]);
    let path = std::env::var("PATH").unwrap_or_default();
    app.env("PATH", format!("{}:{path}", programs.display()));
    let mut screen = Screen::start(&app, (80, 24));
    screen.sees("alice · online");
    screen.press("/");
    screen.gives("notify on");
    screen.press(ENTER);
    // What is told in passing may be gone before it is looked for.
    common::until("a trial", || seen().contains("Notifications look like this.").then_some(()));
    bob.ok(&["send", "Alice", "come to the bridge"]);
    common::until("a notification", || seen().contains("There is something new.").then_some(()));
    for secret in ["bridge", "Bob", "bob", "alice", &bob.address, &alice.address] {
        assert!(!seen().contains(secret), "{}", seen());
    }
    screen.press(QUIT);
}

/// Whatever ends or stops the app, at whatever moment, the terminal is as before. `CWTCH_MOMENTS` is the number of moments; 50 in the long
/// form.
#[test]
fn the_terminal_is_as_before_whatever_ends_the_app() {
    let world = World::new();
    let _alice = world.person_online("alice");
    let moments = budget::number("CWTCH_MOMENTS").unwrap_or(12);
    let sample = Sample::new("moments at which the app is ended", moments, 4);
    while let Some(seed) = sample.draw() {
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let mut screen = Screen::start(&app(&world, "alice", &[]), (80, 24));
        // From the first byte on, or when all is drawn.
        let keys = random.next_u32() % 12;
        if !keys.is_multiple_of(3) {
            screen.sees("alice");
        }
        for _ in 0..keys {
            const KEYS: [&str; 9] = ["/", "help\r", TAB, ESCAPE, UP, DOWN, "i", "text", "?"];
            screen.gives(KEYS[random.next_u32() as usize % KEYS.len()]);
        }
        let ends = match random.next_u32() % 4 {
            0 => Signal::TERM,
            1 => Signal::HUP,
            2 => {
                screen.sees("alice");
                screen.gives(STOP);
                screen.is_stopped();
                screen.is_as_before().unwrap_or_else(|why| panic!("seed {seed}, stopped by its key: {why}"));
                screen.signal(Signal::CONT);
                screen.sees("alice");
                Signal::TERM
            }
            _ => {
                screen.sees("alice");
                screen.signal(Signal::TSTP);
                screen.is_stopped();
                screen.is_as_before().unwrap_or_else(|why| panic!("seed {seed}, stopped by a signal: {why}"));
                screen.signal(Signal::CONT);
                Signal::TERM
            }
        };
        screen.signal(ends);
        screen.ends();
        screen.is_as_before().unwrap_or_else(|why| panic!("seed {seed}, {ends:?}: {why}"));
    }
}
