//! The app before a large conversation: what a person waits for, and what it takes of the machine.
//!
//! `cargo bench -p cwtch --bench app`; docs/benchmarks.md has the figures. The program is on a terminal that an emulator reads, and a
//! daemon over the loopback network holds the profile: times are from the key until the screen has what it asks for. Processor time and
//! memory are the app's, without the daemon's.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/app/screen.rs"]
mod screen;

use std::time::{Duration, Instant};

use common::{PATIENCE, Person, World};
use cwtch_profile::fixtures::{self, NOW};
use cwtch_profile::{DataDir, History, Password, SyncBatch};
use cwtch_testkit::usage;
use screen::{ENTER, ESCAPE, QUIT, Screen};

const MESSAGES: u64 = 100_000;
/// Messages that are stored at a time.
const BATCH: u64 = 1024;
const ROUNDS: usize = 15;
const PAGES: usize = 100;
const DRAWINGS: u32 = 200;
const IDLE: Duration = Duration::from_secs(60);
const SIZE: (u16, u16) = (300, 100);
const FIRST: &str = "\x1b[H";
const LAST: &str = "\x1b[F";
const PAGE_UP: &str = "\x1b[5~";
/// Ctrl+L.
const REDRAW: &str = "\x0c";

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let world = World::new();
    let mut me = world.person("me");
    fill(&me);
    // Else it asks when it is closed.
    std::fs::write(me.data.join("app.toml"), "stay_reachable = true\n").unwrap();
    me.start();
    println!("{:<62} {:>9} {:>9} {:>9} aim", "bench (milliseconds)", "median", "min", "max");
    row("first screen, with a daemon running", "<= 300", (0..ROUNDS).map(|_| first(&me)).collect());

    let mut screen = started(&me);
    row("opening a conversation of 100,000 messages", "<= 150", opened(&mut screen));
    row("a page back in it", "<= 30", paged(&mut screen));
    let draw = drawn(&mut screen);
    println!("{:<62} {draw:>9.2} {:>9} {:>9} <= 16", "drawing all of 300×100 anew, processor time", "", "");
    let [now, most] = usage::mebibytes(screen.id());
    println!("memory, MiB: {now:.1}, at most {most:.1} (aim: 60)");
    let before = usage::processor_seconds(screen.id());
    std::thread::sleep(IDLE);
    let share = (usage::processor_seconds(screen.id()) - before) / IDLE.as_secs_f64();
    println!("idle, of a core: {:.2} % (aim: 0.2 %)", share * 100.0);
    screen.gives(QUIT);
    me.stop();
}

/// A group of many messages, and a contact with none.
fn fill(me: &Person) {
    let data = DataDir::open_or_create(&me.data).unwrap();
    let mut profile = data.open("me", &Password::None).unwrap();
    profile.set_experiment("groups", true).unwrap();
    let server = fixtures::server(1);
    profile.add_server(&server, NOW).unwrap();
    let group = fixtures::group(1, &server, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    for from in (0..MESSAGES).step_by(BATCH.try_into().unwrap()) {
        let items = (from..MESSAGES.min(from + BATCH))
            .map(|n| fixtures::item(&group, &fixtures::peer(n % 20), n, n.checked_sub(1)))
            .collect();
        let epoch = profile.begin_sync(&server.board).unwrap().epoch;
        let batch = SyncBatch { epoch, items, ..SyncBatch::default() };
        profile.apply_sync_batch(&server.board, &batch, NOW).unwrap();
    }
    profile.add_contact(&fixtures::peer(1_000), Some("Quiet"), NOW).unwrap();
}

/// Several times of the same work.
fn row(name: &str, aim: &str, mut rounds: Vec<Duration>) {
    rounds.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, min, max) = (ms(rounds[rounds.len() / 2]), ms(rounds[0]), ms(rounds[rounds.len() - 1]));
    println!("{name:<62} {median:>9.2} {min:>9.2} {max:>9.2} {aim}");
}

/// Looks all the time until the screen is as it should be.
fn until(screen: &Screen, what: &str, fits: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fits(&screen.text()) {
        assert!(Instant::now() < deadline, "{what} on\n{}", screen.text());
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn started(me: &Person) -> Screen {
    let mut command = me.command(&[]);
    command.args(["--network", &me.network]);
    let screen = Screen::start(&command, SIZE);
    until(&screen, "the list and the status", |text| text.contains("Quiet") && text.contains("me · online"));
    screen
}

fn first(me: &Person) -> Duration {
    let begun = Instant::now();
    let mut screen = started(me);
    let took = begun.elapsed();
    screen.gives(QUIT);
    assert!(screen.ends().is_some());
    took
}

/// The last but one: the last also stands in the list.
fn newest(text: &str) -> bool {
    text.contains(&format!("message {}", MESSAGES - 2))
}

fn opened(screen: &mut Screen) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.len() < ROUNDS {
        for (key, large) in [(LAST, false), (FIRST, true)] {
            screen.gives(key);
            std::thread::sleep(Duration::from_millis(100));
            let begun = Instant::now();
            screen.gives(ENTER);
            until(screen, "the conversation", |text| newest(text) == large);
            if large {
                times.push(begun.elapsed());
            }
            // From the text back to the list; a key right behind it would be taken for a part of it.
            screen.gives(ESCAPE);
            until(screen, "the list's keys", |text| text.contains("Enter open"));
        }
    }
    screen.gives(ENTER);
    times
}

fn paged(screen: &mut Screen) -> Vec<Duration> {
    (0..PAGES)
        .map(|_| {
            let before = screen.text();
            let begun = Instant::now();
            screen.gives(PAGE_UP);
            until(screen, "an older page", |text| text != before);
            let took = begun.elapsed();
            // What is fetched meanwhile for the next page has its time, as with a person's finger.
            std::thread::sleep(Duration::from_millis(50));
            took
        })
        .collect()
}

/// Milliseconds of processor time that the app takes to draw everything, as the mean of many times.
fn drawn(screen: &mut Screen) -> f64 {
    let before = usage::processor_seconds(screen.id());
    for _ in 0..DRAWINGS {
        let written = screen.bytes_written();
        screen.gives(REDRAW);
        let deadline = Instant::now() + PATIENCE;
        // A whole screen has a byte for each of its places at least.
        while screen.bytes_written() < written + usize::from(SIZE.0) * usize::from(SIZE.1) / 4 {
            assert!(Instant::now() < deadline, "nothing was drawn");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    (usage::processor_seconds(screen.id()) - before) * 1000.0 / f64::from(DRAWINGS)
}
