//! The change feed over real processes: subscribers and daemons that are killed, and readers that are slow.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::cell::Cell;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::common::{Person, World};

/// Messages in each round.
const ROUND: usize = 12;

/// `cwtch events --after`, which keeps only the number of what it has dealt with.
struct Subscriber {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What subscribers have dealt with, as a program would keep it.
#[derive(Default)]
struct Kept {
    after: i64,
    texts: Vec<String>,
}

impl Subscriber {
    fn start(person: &Person, kept: &Kept) -> Self {
        let mut command = person.command(&["--json", "events", "--after", &kept.after.to_string()]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, lines }
    }

    /// Deals with events until there are so many texts in all, or until there are no more events.
    fn read(&mut self, kept: &mut Kept, texts: usize) {
        while kept.texts.len() < texts {
            let Some(Ok(line)) = self.lines.next() else { return };
            // What was being written when somebody was killed.
            let Ok(event) = serde_json::from_str::<Value>(&line) else { return };
            let Some(seq) = event["seq"].as_i64() else { continue };
            assert!(seq > kept.after, "{event}");
            kept.after = seq;
            if event["event"] == "message" {
                kept.texts.push(event["message"]["text"].as_str().expect("a text").to_owned());
            }
        }
    }

    fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }
}

#[test]
fn subscribers_and_daemons_that_are_killed_see_each_message_once() {
    let world = World::new();
    let (mut me, you) = (world.person_online("me"), world.person_online("you"));
    me.befriend("You", &you, "Me");
    let mut outgoing = you.rpc();
    let mut kept = Kept::default();
    let mut said: Vec<String> = Vec::new();
    for round in 0..6 {
        let mut subscriber = Subscriber::start(&me, &kept);
        for number in 0..ROUND {
            let text = format!("{round}-{number}");
            let params = json!({"conversation": "Me", "text": text, "timeout": 0});
            assert_eq!(outgoing.call(number as u64, "send", params)["result"]["state"], "queued");
            said.push(text);
        }
        // Some are left for the next one.
        subscriber.read(&mut kept, said.len() - ROUND / 2);
        if round % 2 == 0 {
            subscriber.kill();
            continue;
        }
        me.kill();
        // What it was told before.
        subscriber.read(&mut kept, usize::MAX);
        subscriber.kill();
        me.start();
    }
    let mut subscriber = Subscriber::start(&me, &kept);
    subscriber.read(&mut kept, said.len());
    subscriber.kill();
    assert_eq!(kept.texts, said, "each once, and in order");
    assert_eq!(me.texts("You"), said);
}

#[test]
fn who_reads_too_slowly_hears_all_the_same() {
    let world = World::new();
    let (me, you) = (world.person_online("me"), world.person("you"));
    let mut slow = me.rpc();
    let begins = slow.call(1, "subscribe", json!({}))["result"]["after"].as_i64().expect("a number");
    // More than the socket, the queue of the connection and the engine's backlog hold together.
    let mut busy = me.rpc();
    me.ok(&["contact", "add", &you.address]);
    for id in 0..3000_u64 {
        let name = if id % 2 == 0 { "x" } else { "y" };
        let renamed =
            busy.call(id, "contact.rename", json!({"contact": you.address, "name": name.repeat(60)}));
        assert!(renamed.get("result").is_some(), "{renamed}");
    }
    me.ok(&["contact", "rename", &you.address, "Last"]);
    let after = Cell::new(begins);
    let caught_up = slow.event(|event| {
        if let Some(seq) = event["seq"].as_i64() {
            assert!(seq > after.get(), "{event}");
            after.set(seq);
        }
        let behind = event["event"] == "caught-up" && after.get() > begins;
        behind || event["contact"]["name"] == "Last"
    });
    assert!(after.get() > begins, "{caught_up}");
    // And then it hears on.
    me.ok(&["contact", "block", &you.address]);
    slow.event(|event| event["contact"]["state"] == "blocked");
}

#[test]
fn changes_that_are_not_there_are_an_error_of_their_own() {
    let world = World::new();
    let me = world.person_online("me");
    let mut rpc = me.rpc();
    let newest = rpc.call(1, "subscribe", json!({}))["result"]["after"].clone();
    let refused = rpc.call(2, "subscribe", json!({"after": 1_000_000}))["error"].clone();
    assert_eq!((&refused["code"], &refused["data"]["kind"]), (&json!(9), &json!("changes-gone")));
    assert_eq!(refused["data"]["changes"]["newest"], newest);
    let (kind, message) = me.fails(&["events", "--after", "1000000"]);
    assert_eq!(kind, "changes-gone");
    assert!(message.contains("put back") && message.contains("go on after the change"), "{message}");
    // The subscription of before goes on.
    me.ok(&["contact", "add", &world.person("you").address]);
    rpc.event(|event| event["event"] == "contact-changed");
}
