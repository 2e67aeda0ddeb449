//! The daemon: its socket, its JSON-RPC, and how it stops.

mod common;
#[path = "daemon/crowd.rs"]
mod crowd;
#[path = "daemon/damaged.rs"]
mod damaged;
#[path = "daemon/detach.rs"]
mod detach;
#[path = "daemon/feed.rs"]
mod feed;
#[path = "daemon/order.rs"]
mod order;
#[path = "daemon/profiles.rs"]
mod profiles;
#[path = "daemon/receive.rs"]
mod receive;

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, Ordering};

use common::World;
use serde_json::{Value, json};

#[test]
fn the_conversation_on_the_socket_is_json_rpc() {
    let world = World::new();
    let me = world.person_online("me");
    let mut rpc = me.rpc();
    for (line, id, code) in [
        ("{nonsense", json!(null), -32700),
        ("[]", json!(null), -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":2,"method":"make.coffee"}"#, json!(2), -32601),
        (r#"{"jsonrpc":"2.0","id":"x","method":"send","params":{"text":1}}"#, json!("x"), -32602),
        (r#"{"jsonrpc":"2.0","id":3,"method":"messages","params":{"conversation":"nobody"}}"#, json!(3), 2),
        (r#"{"jsonrpc":"2.0","id":4,"method":"contact.add","params":{"address":"x"}}"#, json!(4), 1),
        (r#"{"jsonrpc":"2.0","id":5,"method":"group.list"}"#, json!(5), 3),
    ] {
        let answer = rpc.exchange(line);
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{line}: {answer}");
        assert_eq!(answer["jsonrpc"], "2.0");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(answer["error"]["data"]["kind"].is_string(), code > 0, "{answer}");
    }
    // The connection survived all that.
    assert_eq!(rpc.call(6, "ping", json!({}))["result"], "pong");
    assert_eq!(rpc.call(7, "address", json!({}))["result"]["address"], me.address.as_str());
    let version = rpc.call(8, "version", json!({}));
    assert_eq!((&version["result"]["profile"], &version["result"]["interface"]), (&json!("me"), &json!(2)));
    assert_eq!(rpc.call(9, "contact.list", json!([]))["result"], json!([]));
    // A notification is not answered: the next line answers the next request.
    rpc.write(r#"{"jsonrpc":"2.0","method":"ping"}"#);
    assert_eq!(rpc.exchange(r#"{"jsonrpc":"2.0","id":"after","method":"ping"}"#)["id"], "after");
}

#[test]
fn a_line_without_end_is_cut_off() {
    let world = World::new();
    let me = world.person_online("me");
    let mut rpc = me.rpc();
    rpc.write(&"x".repeat(1 << 20));
    let answer = rpc.exchange(&"y".repeat(100));
    assert_eq!(answer["error"]["code"], -32700, "a megabyte of nonsense is only nonsense");
    let mut rpc = me.rpc();
    rpc.write(&"x".repeat((1 << 20) + 70_000));
    assert_eq!(rpc.read().unwrap()["error"]["code"], -32700);
    assert_eq!(rpc.read(), None, "closed");
    assert_eq!(me.rpc().call(1, "ping", json!({}))["result"], "pong");
}

#[test]
fn requests_of_one_connection_run_at_the_same_time() {
    let world = World::new();
    let me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let mut rpc = me.rpc();
    let send = json!({"conversation": "Away", "text": "hello", "timeout": 3600});
    rpc.write(&json!({"jsonrpc": "2.0", "id": "slow", "method": "send", "params": send}).to_string());
    rpc.write(r#"{"jsonrpc":"2.0","id":"quick","method":"address"}"#);
    assert_eq!(rpc.read().unwrap()["id"], "quick", "it does not wait for the slow one");
}

#[test]
fn subscribers_hear_what_happens_and_others_do_not() {
    let world = World::new();
    let (me, you) = (world.person_online("me"), world.person_online("you"));
    let mut rpc = me.rpc();
    assert!(rpc.call(1, "subscribe", json!({}))["result"]["after"].is_number());
    me.befriend("You", &you, "Me");
    rpc.event(|event| event["event"] == "contact-online" && event["address"] == you.address.as_str());
    you.ok(&["send", "Me", "hello"]);
    let event = rpc.event(|event| event["event"] == "message");
    assert_eq!(event["message"]["text"], "hello");
    assert_eq!(event["message"]["author"], you.address.as_str());
    assert_eq!(rpc.call(2, "unsubscribe", json!({}))["result"], json!({}));
    you.ok(&["send", "Me", "again"]);
    me.receives("You", "again");
    assert_eq!(rpc.exchange(r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)["id"], 3, "no event in between");
}

#[test]
fn a_conversation_can_be_had_in_pages() {
    let world = World::new();
    let (me, you) = (world.person_online("me"), world.person_online("you"));
    me.befriend("You", &you, "Me");
    for text in ["1", "2", "3", "4", "5"] {
        me.ok(&["send", "You", text]);
    }
    let mut rpc = me.rpc();
    let mut page = |params: Value| -> Vec<String> {
        let messages = rpc.call(1, "messages", params)["result"].clone();
        messages.as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(page(json!({"conversation": "You", "limit": 2})), ["4", "5"], "the newest");
    assert_eq!(page(json!({"conversation": "You", "limit": 2, "since": 0})), ["1", "2"]);
    let second = me.messages("You")[1]["id"].clone();
    assert_eq!(page(json!({"conversation": "You", "limit": 2, "since": second})), ["3", "4"]);
    assert_eq!(me.texts("You"), ["1", "2", "3", "4", "5"]);
}

#[test]
fn commands_without_a_daemon_wait_for_each_other() {
    let world = World::new();
    let me = world.person("me");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| me.ok(&["status"]));
        }
    });
}

#[test]
fn the_socket_is_private_and_goes_with_the_daemon() {
    let world = World::new();
    let mut me = world.person("me");
    // Left over by a daemon that was killed.
    let stale = me.data.join("profiles/me/daemon.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    me.start();
    assert_eq!(fs::canonicalize(me.socket()).unwrap(), fs::canonicalize(&stale).unwrap());
    let meta = fs::metadata(me.socket()).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    let parent = fs::metadata(me.socket().parent().unwrap()).unwrap();
    assert_eq!(parent.permissions().mode() & 0o777, 0o700);

    let network = me.network.clone();
    let (kind, message) = me.fails(&["--network", &network, "daemon"]);
    assert_eq!(kind, "locked");
    assert!(message.contains("already"), "{message}");
    assert_eq!(me.ok(&["profile", "list"])[0]["daemon"], true);

    let socket = me.socket();
    me.stop();
    assert!(!socket.exists());
    me.start();
    me.kill();
    assert!(socket.exists(), "a killed daemon cleans nothing up");
    me.ok(&["address"]);
    me.start();
    let mut rpc = me.rpc();
    assert_eq!(rpc.call(1, "shutdown", json!({}))["result"], json!({}));
    assert_eq!(me.wait(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_daemon_with_a_password_spares_its_clients_from_it() {
    let world = World::new();
    let mut me = world.person("me");
    let file = world.password_file("password", "open sesame");
    me.ok(&["profile", "change-password", "--new-password-file", &file]);
    me.extra = vec!["--password-file".into(), file];
    me.start();
    me.extra.clear();
    assert_eq!(me.ok(&["address"])["address"], me.address.as_str());
    me.stop();
    let alone = me.json(&["address"]);
    assert_eq!((alone.code, alone.error().0.as_str()), (2, "usage"), "no terminal to type the password on");
}

#[test]
fn a_deep_data_directory_is_no_obstacle() {
    let world = World::new();
    let mut me = world.person("me");
    let deep = world.path(&"d".repeat(100)).join("e".repeat(100));
    fs::create_dir_all(deep.parent().unwrap()).unwrap();
    fs::rename(&me.data, &deep).unwrap();
    me.data = deep;
    if cfg!(target_os = "linux") {
        me.start();
        assert_eq!(me.ok(&["status"])["online"], true);
        me.stop();
    }
}

#[test]
fn events_are_printed_as_they_happen() {
    use std::io::{BufRead, BufReader};
    let world = World::new();
    let (me, you) = (world.person_online("me"), world.person_online("you"));
    me.befriend("You", &you, "Me");
    you.ok(&["send", "Me", "first"]);
    let mut child = me.command(&["--json", "events"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Whoever listens hears of one of these; how soon it listens nobody can tell.
    let found_it = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !found_it.load(Ordering::Relaxed) {
                you.ok(&["send", "Me", "knock"]);
            }
        });
        let found = lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find(|event| event["event"] == "message" && event["message"]["text"] == "knock");
        found_it.store(true, Ordering::Relaxed);
        found
    });
    assert!(found.is_some());
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn without_a_daemon_there_are_no_events() {
    let world = World::new();
    let me = world.person("me");
    let (kind, message) = me.fails(&["events"]);
    assert_eq!(kind, "no-daemon");
    assert!(message.contains("cwtch daemon"), "{message}");
}

#[test]
fn a_command_never_leaves_by_another_network_than_the_one_it_names() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let elsewhere = format!("loopback:{}", world.path("elsewhere").display());
    let (kind, message) = alice.fails(&["--network", &elsewhere, "send", "Bob", "not this way"]);
    assert_eq!(kind, "refused");
    assert!(message.contains("another network"), "{message}");
    assert!(alice.messages("Bob").is_empty());
    // The same network by another spelling; and what needs no network asks for none.
    let here = format!("loopback:{}/../network", bob.data.display());
    alice.ok(&["--network", &here, "send", "Bob", "this way"]);
    alice.ok(&["--network", &elsewhere, "contact", "list"]);
    bob.receives("Alice", "this way");
    assert_eq!(bob.texts("Alice"), ["this way"]);
}
