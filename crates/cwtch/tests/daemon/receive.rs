//! Online for a while, without a daemon.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::common::World;

#[test]
fn without_a_daemon_one_can_receive_and_others_use_it_meanwhile() {
    let world = World::new();
    let (me, you) = (world.person("me"), world.person_online("you"));
    me.ok(&["contact", "add", &you.address, "--name", "You"]);
    you.ok(&["contact", "add", &me.address, "--name", "Me"]);
    you.ok(&["send", "Me", "while you were away", "--no-wait"]);
    let network = world.network();
    let mut command = me.command(&["--json", "--network", &network, "receive"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut hears = |text: &str| {
        lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find(|event| event["event"] == "message" && event["message"]["text"] == text)
            .expect("the message is told")
    };
    assert_eq!(hears("while you were away")["message"]["author"], you.address.as_str());
    // Another command needs neither to wait nor to open the profile.
    assert_eq!(me.ok(&["send", "You", "thanks"])["state"], "acknowledged");
    assert_eq!(me.fails(&["--network", &network, "daemon"]).0, "locked");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!me.data.join("profiles/me/daemon.sock").exists());
    assert_eq!(me.texts("You"), ["while you were away", "thanks"]);
}

#[test]
fn receiving_ends_after_its_time_also_beside_a_daemon() {
    let world = World::new();
    let mut me = world.person("me");
    let network = world.network();
    let alone = me.json(&["--network", &network, "receive", "--for", "1"]);
    assert_eq!((alone.code, alone.stderr.as_str()), (0, ""));
    me.start();
    assert_eq!(me.json(&["receive", "--for", "1"]).code, 0);
    assert_eq!(me.ok(&["status"])["online"], true, "the daemon goes on");
}
