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

use std::process::Command;

use common::{World, cwtch};
use cwtch_testkit::budget::{self, Sample};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rustix::process::Signal;
use screen::{DOWN, ENTER, ESCAPE, QUIT, STOP, Screen, TAB, UP};

/// The most keys of two people beside what they give: names, passwords, addresses, texts.
const KEYS_MAX: usize = 40;

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

    let mut alice = Screen::start(&app(&world, "alice", &[]), (80, 24));
    alice.sees("A name for your profile");
    alice.gives("alice");
    alice.press(ENTER);
    alice.sees("A password for alice");
    alice.gives("correct horse");
    alice.press(ENTER);
    alice.sees("The same password once more");
    alice.gives("correct horse");
    alice.press(ENTER);
    alice.sees("alice · online");
    assert!(!alice.text().contains("horse"));
    // The network that protects nobody is named, always.
    alice.sees("this network hides nothing");
    alice.sees("i for your profile");
    alice.press("i");
    let address = alice.address();
    alice.press(ESCAPE);

    let mut bob = Screen::start(&app(&world, "bob", &[]), (40, 12));
    bob.sees("A name for your profile");
    bob.gives("bob");
    bob.press(ENTER);
    bob.sees("A password for bob");
    bob.press(ENTER);
    bob.sees("Yes, without a password");
    bob.press(DOWN);
    bob.press(ENTER);
    bob.sees("bob · online");
    bob.sees("/ begins a command");
    bob.press("/");
    bob.gives(&format!("add {address} Alice"));
    bob.press(ENTER);
    bob.sees("The contact is added.");

    // The notice comes a moment before the list has it.
    alice.sees("1 request");
    alice.press(DOWN);
    alice.press(ENTER);
    alice.sees("Accept");
    alice.press(ENTER);
    bob.sees("Alice · online");
    bob.gives("Hello שלום Alice");
    bob.press(ENTER);
    bob.sees("arrived");
    assert!(alice.keeps_our_order(), "the terminal reorders");
    // Words from the right stand as they are read, whatever the terminal would make of them.
    alice.sees("Hello םולש Alice");
    alice.gives("Hello Bob");
    alice.press(ENTER);
    bob.sees("Hello Bob");

    // Bob goes offline, and Alice stays reachable without the app.
    bob.press(QUIT);
    bob.sees("Close, and go offline");
    bob.press(DOWN);
    bob.press(ENTER);
    assert_eq!(bob.ends(), Some(0));
    bob.is_as_before().unwrap();
    alice.press(QUIT);
    alice.sees("Close, and stay reachable");
    alice.press(ENTER);
    assert_eq!(alice.ends(), Some(0));
    alice.is_as_before().unwrap();
    let status = common::run(&["--json", "--data", &world.path("alice").display().to_string(), "status"]);
    assert_eq!(status.value()["online"], true);

    let keys = alice.pressed + bob.pressed;
    assert!(keys <= KEYS_MAX, "{keys} keys");
    println!("{keys} keys");

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
