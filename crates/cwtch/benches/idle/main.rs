//! A daemon with many contacts of a month ago, none of whom can be reached, when nobody asks it anything: processor time,
//! and writes to the disk.
//!
//! `cargo bench -p cwtch --bench idle`; docs/benchmarks.md has the figures. `CWTCH_IDLE_MINUTES` is how long it watches
//! (30 by default, in thirds). The network is the loopback one: what a dial costs over Tor is Tor's.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench prints, and one that cannot go on should say so"
)]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use common::World;
use cwtch_client::profile::{DataDir, Password};
use cwtch_primitives::{Identity, OsRng};
use cwtch_testkit::usage;

const CONTACTS: usize = 1000;
const PARTS: u32 = 3;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let minutes = std::env::var("CWTCH_IDLE_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let part = Duration::from_secs(minutes * 60) / PARTS;
    let world = World::new();
    let mut me = world.person("me");
    let data = DataDir::open_or_create(&me.data).expect("the data directory");
    let mut profile = data.open("me", &Password::None).expect("the profile");
    let month_ago = SystemTime::now() - Duration::from_secs(30 * 24 * 3600);
    let added = month_ago.duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs().cast_signed();
    for _ in 0..CONTACTS {
        let address = Identity::generate(&mut OsRng).address();
        profile.add_contact(&address, None, added).expect("a contact");
    }
    drop(profile);
    me.start();
    println!(
        "| {CONTACTS} contacts out of reach, minutes | of a core | writes | bytes written | files changed |"
    );
    println!("|---|---|---|---|---|");
    let mut before = Use::of(me.pid());
    for number in 0..PARTS {
        let (begun, since) = (Instant::now(), SystemTime::now());
        std::thread::sleep(part);
        let now = Use::of(me.pid());
        let share = (now.seconds - before.seconds) / begun.elapsed().as_secs_f64();
        println!(
            "| {} to {} | {:.2} % | {} | {} | {} |",
            (part * number).as_secs() / 60,
            (part * (number + 1)).as_secs() / 60,
            share * 100.0,
            now.writes - before.writes,
            now.written - before.written,
            changed(&me.data, since),
        );
        before = now;
    }
    me.stop();
}

/// What a process has used of the machine.
struct Use {
    seconds: f64,
    /// Calls that wrote anything, to a file, a socket or a terminal.
    writes: u64,
    /// Bytes that went to a disk.
    written: u64,
}

impl Use {
    fn of(process: u32) -> Self {
        let [writes, written] = usage::writes(process);
        Self { seconds: usage::processor_seconds(process), writes, written }
    }
}

/// Number of files below a directory that were written to since then.
fn changed(dir: &Path, since: SystemTime) -> usize {
    let entries = fs::read_dir(dir).expect("a directory").filter_map(Result::ok);
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => changed(&entry.path(), since),
            Ok(meta) => usize::from(meta.modified().is_ok_and(|at| at >= since)),
            // It is gone already.
            Err(_) => 0,
        })
        .sum()
}
