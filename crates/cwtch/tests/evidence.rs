//! A server's whole disk is rolled back: its people find out, and can prove it to anybody.

#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

mod common;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Person, Ran, World, snapshot, until};

/// The program for third parties, built beside the one under test.
fn verify(arguments: &[&str]) -> Ran {
    let directory = Path::new(env!("CARGO_BIN_EXE_cwtch")).parent().expect("a directory");
    let program: PathBuf = directory.join("cwtch-verify");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--package", "cwtch-verify", "--manifest-path"]);
    build.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    build.arg("--target-dir").arg(directory.parent().expect("a target directory"));
    if directory.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo starts").success(), "cwtch-verify is built");
    Ran::of(Command::new(program).args(arguments).output().expect("it starts"))
}

fn in_group(person: &Person, tofu: &str) {
    person.ok(&["experiment", "enable", "groups"]);
    person.ok(&["group", "join", tofu]);
}

#[test]
fn a_rolled_back_server_is_left_and_anybody_can_check_why() {
    let world = World::new();
    let mut server = world.server("server");
    let mut alice = world.person_online("alice");
    alice.ok(&["experiment", "enable", "groups"]);
    let group = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let tofu = group["tofubundle"].as_str().expect("an invite").to_owned();
    alice.ok(&["send", "Hikers", "one"]);
    let listed = alice.ok(&["server", "list"]);
    assert_eq!(listed[0]["log"]["alarm"], serde_json::Value::Null, "{listed}");

    // A snapshot of the whole disk: database, keys, guard.
    server.stop();
    let kept = world.path("snapshot");
    snapshot(&server.data, &kept);
    server.start();
    alice.ok(&["send", "Hikers", "two"]);
    alice.ok(&["sync"]);
    alice.stop();
    server.stop();
    fs::remove_dir_all(&server.data).expect("the disk is gone");
    snapshot(&kept, &server.data);
    server.start();

    // Somebody who does not know what was before writes on.
    let bob = world.person("bob");
    in_group(&bob, &tofu);
    for text in ["three", "four"] {
        let sent = bob.json(&["--network", &bob.network, "send", "Hikers", text]);
        assert_eq!(sent.code, 0, "{sent:?}");
    }

    alice.start();
    let found = until("the fraud is found", || {
        let found = alice.ok(&["evidence", "list"]);
        found.as_array().filter(|found| !found.is_empty()).map(|found| found[0].clone())
    });
    assert_eq!(found["proven"], true, "{found}");
    assert_eq!(found["server"], server.address.as_str());
    let stopped = until("the server is left", || {
        let listed = alice.ok(&["server", "list"]);
        (listed[0]["phase"] == "stopped").then(|| listed[0].clone())
    });
    assert!(stopped["log"]["alarm"].as_str().is_some_and(|alarm| alarm.contains("cheated")), "{stopped}");

    // People are told, by exit code and in words.
    for command in [&["sync"][..], &["send", "Hikers", "five"]] {
        let (kind, message) = alice.fails(command);
        assert_eq!(kind, "refused");
        assert!(message.contains("cheated") && message.contains("cwtch evidence export"), "{message}");
    }
    assert_eq!(alice.texts("Hikers"), ["one", "two"]);
    for command in [&["server", "list"][..], &["status"]] {
        let shown = alice.human(command).stdout;
        assert!(shown.contains("ALARM") && shown.contains("cwtch server resume"), "{shown}");
    }
    assert!(alice.human(&["evidence", "list"]).stdout.contains("proven"));

    // A third party needs the file and the address.
    let id = found["id"].to_string();
    let file = world.path("proof.txt").display().to_string();
    let exported = alice.ok(&["evidence", "export", &id, "--output", &file]);
    assert_eq!(exported["output"], file.as_str());
    let again = alice.fails(&["evidence", "export", &id, "--output", &file]);
    assert!(again.0 == "refused" && again.1.contains("exists"), "{again:?}");
    let (kind, _) =
        alice.fails(&["evidence", "export", "99", "--output", &world.path("x").display().to_string()]);
    assert_eq!(kind, "not-found");
    let checked = verify(&[&file, "--server", &server.address]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let other = alice.address.clone();
    assert_eq!(verify(&[&file, "--server", &other]).code, 1, "it accuses nobody else");

    // A daemon that starts again does not dial the server; a person may insist.
    alice.stop();
    alice.start();
    assert_eq!(alice.fails(&["sync"]).0, "refused");
    let resumed = alice.ok(&["server", "resume", &server.address]);
    assert_eq!(resumed["log"]["alarm"], serde_json::Value::Null);
    alice.ok(&["sync"]);
    alice.receives("Hikers", "three");
    assert_eq!(alice.ok(&["evidence", "list"])[0]["id"], found["id"]);
    alice.stop();
    server.stop();
}
