//! A daemon whose profile's database is damaged.
//!
//! A job on the database that panics cannot be provoked from outside; the client's own tests have that.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::common::{World, exit_code};

/// Most of the database is what they say.
const MESSAGES: u64 = 300;
const LENGTH: usize = 5900;

fn database(folder: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.find_map(|path| match path.is_dir() {
        true => database(&path),
        false => path.ends_with("profile.db").then_some(path),
    })
}

/// Zeros instead of the second quarter of a file: as of a disk that lost what it had.
fn wipe_quarter(path: &Path) {
    let mut file = File::options().write(true).open(path).unwrap();
    let quarter = file.metadata().unwrap().len() / 4;
    file.seek(SeekFrom::Start(quarter)).unwrap();
    file.write_all(&vec![0; usize::try_from(quarter).unwrap()]).unwrap();
}

/// Whoever asks for what is gone is answered with an error, again and again; nothing hangs, and the daemon ends as it is told to.
#[test]
fn what_a_damaged_database_has_lost_is_an_error_and_nothing_hangs() {
    let world = World::new();
    let mut alice = world.person_online("alice");
    let bob = world.person("bob");
    alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    let mut rpc = alice.rpc();
    for n in 0..MESSAGES {
        let text = format!("{n:0>LENGTH$}");
        let sent = rpc.call(n, "send", json!({"conversation": "Bob", "text": text, "timeout": 0}));
        assert_eq!(sent["result"]["state"], "queued", "{sent}");
    }
    drop(rpc);
    alice.stop();
    wipe_quarter(&database(&alice.data).unwrap());
    alice.start();

    let mut rpc = alice.rpc();
    for id in 0..3 {
        let read = rpc.call(id, "messages", json!({"conversation": "Bob"}));
        assert_eq!(read["error"]["data"]["kind"], "storage");
    }
    // From then on the database answers nothing, and that is what is said.
    for asked in [["messages", "Bob"], ["contact", "list"]] {
        let (kind, message) = alice.fails(&asked);
        assert_eq!((kind.as_str(), exit_code(&kind)), ("storage", 1), "{message}");
        assert!(message.contains("damaged") && !message.contains("out of memory"), "{message}");
    }
    assert_eq!(rpc.call(4, "ping", json!({}))["result"], "pong");
    alice.stop();
    // What is not gone is there.
    alice.start();
    assert!(alice.contact(&bob.address).is_some());
    alice.stop();
}
