//! Many connections at once: programs that stay, commands that wait, commands that come.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use serde_json::json;

use super::common::{Person, Rpc, World, until};

/// Connections that asked something once and stay.
fn idle(person: &Person, count: usize) -> Vec<Rpc> {
    let open = |_| {
        let mut rpc = person.rpc();
        assert_eq!(rpc.call(1, "ping", json!({}))["result"], "pong");
        rpc
    };
    (0..count).map(open).collect()
}

#[test]
fn programs_that_stay_connected_keep_nobody_out() {
    let world = World::new();
    let me = world.person_online("me");
    // As many as there are places, and none of them has gone on saying anything.
    let mut staying = idle(&me, 128);
    // Commands wait a moment for a place and get it; those that were quiet the longest make room, and are told.
    assert_eq!(me.ok(&["profile", "list"])[0]["daemon"], true);
    assert_eq!(me.ok(&["address"])["address"], me.address.as_str());
    let told = staying[0].read().expect("why it is closed");
    assert_eq!((&told["error"]["code"], &told["error"]["data"]["kind"]), (&json!(-32000), &json!("busy")));
    assert_eq!(staying[0].read(), None);
    assert_eq!(staying[127].call(2, "ping", json!({}))["result"], "pong", "the younger ones stay");
}

#[test]
fn who_listens_and_who_waits_take_no_place_of_others() {
    let world = World::new();
    let me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let listen = |_| {
        let mut rpc = me.rpc();
        assert!(rpc.call(1, "subscribe", json!({}))["result"]["after"].is_number());
        rpc
    };
    let _listening: Vec<Rpc> = (0..64).map(listen).collect();
    let mut one_more = me.rpc();
    let refused = one_more.call(1, "subscribe", json!({}));
    assert_eq!(refused["error"]["code"], -32000);
    assert!(refused["error"]["message"].as_str().unwrap().contains("64 connections"), "{refused}");
    assert_eq!(one_more.call(2, "ping", json!({}))["result"], "pong", "only that was refused");

    // More commands that wait than there are places for that: those beyond are queued and do not wait.
    let send = json!({"conversation": "Away", "text": "hello", "timeout": 3600});
    let line = json!({"jsonrpc": "2.0", "id": 1, "method": "send", "params": send}).to_string();
    let mut waiting: Vec<Rpc> = (0..257)
        .map(|_| {
            let mut rpc = me.rpc();
            rpc.write(&line);
            rpc
        })
        .collect();
    until("all are queued", || (me.ok(&["status"])["queued"] == 257).then_some(()));
    let _staying = idle(&me, 100);
    me.queues(&["send", "Away", "one more", "--timeout", "3600"]);
    waiting.clear();
}

#[test]
fn all_of_many_commands_at_once_are_carried_out() {
    let world = World::new();
    let me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let start = |number: usize| {
        let text = number.to_string();
        let mut command = me.command(&["--json", "send", "Away", &text, "--timeout", "3600"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let mut sending: Vec<Child> = (0..80).map(start).collect();
    until("all are queued", || {
        for ended in &mut sending {
            if ended.try_wait().unwrap().is_none() {
                continue;
            }
            let mut why = String::new();
            ended.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("one ended: {why}");
        }
        (me.ok(&["status"])["queued"] == 80).then_some(())
    });
    let mut texts: Vec<usize> = me.texts("Away").iter().map(|text| text.parse().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..80).collect::<Vec<_>>());
    for child in &mut sending {
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[test]
fn events_end_with_their_reader() {
    let world = World::new();
    let me = world.person_online("me");
    for form in [&["events"][..], &["--json", "events"]] {
        let mut child = me.command(form).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // Until it listens nobody can tell; from its first line on it does.
        let other = world.person(&format!("other{}", form.len()));
        me.ok(&["contact", "add", &other.address]);
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let mut line = String::new();
                out.read_line(&mut line).unwrap();
                line
            });
            let mut name = 0;
            while !reading.is_finished() {
                name += 1;
                me.ok(&["contact", "rename", &other.address, &name.to_string()]);
            }
            assert!(!reading.join().unwrap().is_empty());
        });
        // Nothing happens from now on: it ends because nobody reads, and not because it writes.
        drop(out);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
    }
}

#[test]
fn messages_stop_with_their_reader() {
    let world = World::new();
    let me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let mut rpc = me.rpc();
    let text = "x".repeat(100);
    for id in 0..2500 {
        let params = json!({"conversation": "Away", "text": text, "timeout": 0});
        rpc.write(&json!({"jsonrpc": "2.0", "id": id, "method": "send", "params": params}).to_string());
        assert_eq!(rpc.read().unwrap()["id"], id);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = me.command(&["--json", "messages", "Away"]);
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.contains(&text));
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
