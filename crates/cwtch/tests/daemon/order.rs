//! Requests of one connection take effect in the order of their lines, and none waits for another's confirmation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::{Value, json};

use super::common::{PATIENCE, Person, Rpc, World, until};

/// So many texts in one go.
const BURST: usize = 120;

fn send(id: impl Into<Value>, conversation: &str, text: &str, timeout: u64) -> String {
    let params = json!({"conversation": conversation, "text": text, "timeout": timeout});
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "send", "params": params}).to_string()
}

/// Writes a burst without reading, then reads all answers.
fn burst(from: &Person, conversation: &str, round: usize) -> Vec<String> {
    let texts: Vec<String> = (0..BURST).map(|number| format!("{round}-{number}")).collect();
    let mut rpc = from.rpc();
    let lines: Vec<String> =
        texts.iter().enumerate().map(|(id, text)| send(id, conversation, text, 3600)).collect();
    rpc.write(&lines.join("\n"));
    let mut answered: Vec<u64> = (0..BURST)
        .map(|_| {
            let answer = rpc.read().expect("an answer");
            assert!(answer.get("error").is_none(), "{answer}");
            answer["id"].as_u64().expect("a number")
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, (0..BURST as u64).collect::<Vec<_>>());
    texts
}

#[test]
fn pipelined_messages_arrive_in_their_order() {
    let world = World::new();
    let (me, you) = (world.person_online("me"), world.person_online("you"));
    me.befriend("You", &you, "Me");
    let mut all = Vec::new();
    for round in 0..10 {
        all.extend(burst(&me, "You", round));
    }
    assert_eq!(me.texts("You"), all, "as they were written");
    you.receives("Me", all.last().expect("a text"));
    assert_eq!(you.texts("Me"), all, "as they arrived");
}

#[test]
fn pipelined_posts_stand_in_a_group_in_their_order() {
    let world = World::new();
    let server = world.server("server");
    let (me, you) = (world.person_online("me"), world.person_online("you"));
    me.ok(&["experiment", "enable", "groups"]);
    you.ok(&["experiment", "enable", "groups"]);
    let made = me.ok(&["group", "new", "Friends", "--server", &server.bundle]);
    you.ok(&["group", "join", made["tofubundle"].as_str().expect("an invite")]);
    let mut rpc = me.rpc();
    let texts: Vec<String> = (0..BURST).map(|number| format!("{number}")).collect();
    let lines: Vec<String> =
        texts.iter().enumerate().map(|(id, text)| send(id, "Friends", text, 0)).collect();
    rpc.write(&lines.join("\n"));
    for _ in &texts {
        assert_eq!(rpc.read().expect("an answer")["result"]["state"], "queued");
    }
    assert_eq!(me.texts("Friends"), texts);
    // The first of them: each ten cost some work.
    let read = until("some of them arrive", || Some(you.texts("Friends")).filter(|read| read.len() >= 20));
    assert_eq!(read, texts[..read.len()], "and another member reads them so");
}

/// Pings on the same connection; what else is answered meanwhile is dropped.
fn pings(rpc: &mut Rpc) {
    rpc.write(r#"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#);
    while rpc.read().expect("an answer")["id"] != "ping" {}
}

#[test]
fn requests_that_wait_hold_up_nothing_behind_them() {
    let world = World::new();
    let mut me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let mut rpc = me.rpc();
    // More than a connection may wait for: those beyond are queued and answered at once.
    let many = 1100;
    for id in 0..many {
        rpc.write(&send(id, "Away", &id.to_string(), 3600));
    }
    pings(&mut rpc);
    until("all are queued", || {
        let status = me.ok(&["status"]);
        (status["queued"] == many).then_some(())
    });
    // Even who asked for all that is answered at once, and each of them hears what became of it.
    rpc.write(r#"{"jsonrpc":"2.0","id":"stop","method":"shutdown"}"#);
    let mut rpc = rpc.patient(PATIENCE);
    let mut heard = 0;
    while let Some(answer) = rpc.read() {
        heard += usize::from(answer["id"] != "stop");
    }
    assert!(heard >= 1024, "{heard} of those that waited were answered");
    assert_eq!(me.wait(), Some(0));
    assert_eq!(me.texts("Away"), (0..many).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[test]
fn what_was_asked_before_a_shutdown_still_takes_effect() {
    let world = World::new();
    let mut me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let mut rpc = me.rpc();
    let sends: Vec<String> = (0..50).map(|id| send(id, "Away", &id.to_string(), 3600)).collect();
    rpc.write(&format!("{}\n{}", sends.join("\n"), r#"{"jsonrpc":"2.0","id":"x","method":"shutdown"}"#));
    assert_eq!(me.wait(), Some(0));
    assert_eq!(me.texts("Away"), (0..50).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_last_line_needs_no_end() {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    let world = World::new();
    let me = world.person_online("me");
    let mut stream = UnixStream::connect(me.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(br#"{"jsonrpc":"2.0","id":1,"method":"address"}"#).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["result"]["address"], me.address.as_str());
}
