//! What the programs write about themselves.

mod common;

use std::fs::{DirBuilder, write};
use std::os::unix::fs::DirBuilderExt;

use common::{Person, World};

fn online(world: &World, name: &str) -> Person {
    let mut person = world.person(name);
    person.log_level = "trace";
    person.start();
    person
}

#[test]
fn the_logs_name_nobody() {
    let world = World::new();
    let server_dir = world.path("server");
    DirBuilder::new().mode(0o700).create(&server_dir).unwrap();
    write(server_dir.join("server.toml"), "log_level = \"trace\"\n").unwrap();
    let mut server = world.server("server");
    let (mut alice, mut bob) = (online(&world, "alice"), online(&world, "bob"));
    let mut stranger = online(&world, "stranger");

    // Whatever goes well: chat, attributes, a group with its tokens and posts.
    alice.befriend("Robert-the-friend", &bob, "Alicia-the-friend");
    alice.ok(&["send", "Robert-the-friend", "a-text-between-two"]);
    bob.receives("Alicia-the-friend", "a-text-between-two");
    alice.ok(&["attribute", "set", "status", "a-status-of-mine"]);
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let group = alice.ok(&["group", "new", "a-group-of-ours", "--server", &server.bundle]);
    bob.ok(&["group", "join", group["tofubundle"].as_str().unwrap()]);
    alice.ok(&["send", "a-group-of-ours", "a-text-in-a-group"]);
    bob.receives("a-group-of-ours", "a-text-in-a-group");
    // And what does not: a stranger, a block, a server and a contact that go away.
    stranger.ok(&["contact", "add", &alice.address]);
    common::until("Alice is asked", || alice.contact(&stranger.address));
    alice.ok(&["contact", "block", &stranger.address]);
    stranger.queues(&["send", &alice.address, "a-text-unasked", "--timeout", "1"]);
    server.stop();
    alice.queues(&["send", "a-group-of-ours", "a-text-queued", "--timeout", "1"]);
    bob.kill();
    alice.queues(&["send", "Robert-the-friend", "a-text-away", "--timeout", "1"]);
    alice.stop();
    stranger.stop();

    let group_id = group["group"].as_str().unwrap();
    let invite = group["invite"].as_str().unwrap();
    let names = [
        &alice.address,
        &bob.address,
        &stranger.address,
        &server.address,
        group_id,
        // Behind the part that all invites and all server strings have in common.
        invite.get(40..80).unwrap(),
        server.bundle.get(80..120).unwrap(),
        "-the-friend",
        "a-text-",
        "a-status-of-mine",
        "a-group-of-ours",
    ];
    for (whose, log) in [
        ("Alice", alice.log()),
        ("Bob", bob.log()),
        ("the stranger", stranger.log()),
        ("the server", server.log()),
    ] {
        assert!(log.contains("DEBUG") || log.contains("INFO"), "the log of {whose} says something: {log}");
        for name in names {
            assert!(!log.contains(name), "the log of {whose} contains {name:?}: {log}");
        }
    }
}
