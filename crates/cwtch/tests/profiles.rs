//! Profiles and passwords, from the command line.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use common::{Ran, Terminal, World, cwtch, exit_code, run};
use serde_json::json;

#[test]
fn a_profile_is_made_listed_and_has_an_address() {
    let world = World::new();
    let data = world.path("data").display().to_string();
    let with = |arguments: &[&str]| run(&[&["--json", "--data", &data], arguments].concat());

    assert_eq!(with(&["profile", "list"]).value(), json!([]));
    let missing = with(&["address"]);
    assert_eq!((missing.code, missing.error().0.as_str()), (6, "not-found"));
    assert!(!world.path("data").exists(), "looking makes nothing");

    let made = with(&["profile", "new", "me", "--no-password"]).value();
    let address = made["address"].as_str().unwrap();
    assert_eq!(address.len(), 56);
    assert_eq!(with(&["address"]).value(), json!({"address": address}));
    assert_eq!(
        with(&["profile", "list"]).value(),
        json!([{"name": "me", "password": false, "daemon": false}])
    );
    assert_eq!(run(&["--data", &data, "address"]).stdout, format!("{address}\n"));

    let again = with(&["profile", "new", "me", "--no-password"]);
    assert_eq!((again.code, again.error().0.as_str()), (5, "refused"));

    assert_eq!(with(&["profile", "new", "other", "--no-password"]).code, 0);
    let which = with(&["address"]);
    assert_eq!(which.code, 2);
    assert!(which.error().1.contains("--profile"), "{which:?}");
    assert_eq!(with(&["address", "--profile", "me"]).value()["address"], address);
    assert_eq!(with(&["address", "--profile", "nobody"]).error().0, "not-found");
}

#[test]
fn the_password_is_needed_right_and_never_guessed_from_nothing() {
    let world = World::new();
    let data = world.path("data").display().to_string();
    let right = world.password_file("right", "open sesame");
    let wrong = world.password_file("wrong", "open barley");
    let empty = world.password_file("empty", "");
    let with = |arguments: &[&str]| run(&[&["--json", "--data", &data], arguments].concat());
    let kind = |arguments: &[&str]| {
        let ran = with(arguments);
        let kind = ran.error().0;
        assert_eq!(ran.code, exit_code(&kind), "{ran:?}");
        kind
    };

    assert_eq!(kind(&["profile", "new", "me"]), "usage", "there is no terminal to choose one on");
    assert_eq!(kind(&["profile", "new", "me", "--password-file", &empty]), "password");
    assert!(with(&["profile", "list"]).value().as_array().unwrap().is_empty(), "nothing half-made");

    assert_eq!(with(&["profile", "new", "me", "--password-file", &right]).code, 0);
    assert_eq!(kind(&["address"]), "usage", "there is no terminal to type it on");
    assert_eq!(kind(&["address", "--no-password"]), "password");
    assert_eq!(kind(&["address", "--password-file", &wrong]), "password");
    assert_eq!(kind(&["address", "--password-file", "/nowhere/at/all"]), "password");
    assert_eq!(with(&["address", "--password-file", &right]).code, 0);
    assert_eq!(with(&["profile", "list"]).value()[0]["password"], true);

    let change = ["profile", "change-password", "--password-file"];
    assert_eq!(kind(&[&change[..], &[&wrong, "--new-password-file", &wrong]].concat()), "password");
    assert_eq!(with(&[&change[..], &[&right, "--new-password-file", &wrong]].concat()).code, 0);
    assert_eq!(kind(&["address", "--password-file", &right]), "password");
    assert_eq!(with(&["address", "--password-file", &wrong]).code, 0);
    assert_eq!(with(&[&change[..], &[&wrong, "--remove"]].concat()).code, 0);
    assert_eq!(with(&["address"]).code, 0, "a profile without a password needs none to be said");
}

#[test]
fn nobody_else_can_read_what_is_stored() {
    let world = World::new();
    let me = world.person("me");
    let mut open = vec![me.data.clone()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        seen += 1;
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(seen >= 4, "directory, profiles, profile and its files");
}

#[test]
fn a_profile_that_others_can_read_is_refused() {
    let world = World::new();
    let me = world.person("me");
    let profile = me.data.join("profiles/me");
    fs::set_permissions(&profile, fs::Permissions::from_mode(0o755)).unwrap();
    let (kind, message) = me.fails(&["address"]);
    assert_eq!(kind, "storage");
    assert!(message.contains("chmod 700"), "{message}");
}

#[test]
fn contacts_and_settings_need_no_network() {
    let world = World::new();
    let (me, you) = (world.person("me"), world.person("you"));
    let added = me.ok(&["contact", "add", &format!("{}.onion", you.address), "--name", "You"]);
    assert_eq!(
        (added["address"].as_str(), added["state"].as_str()),
        (Some(you.address.as_str()), Some("accepted"))
    );
    assert_eq!(me.ok(&["contact", "block", "You"])["state"], "blocked");
    assert_eq!(me.ok(&["contact", "accept", &you.address])["state"], "accepted");
    assert_eq!(me.ok(&["contact", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(me.fails(&["contact", "block", "Nobody"]).0, "not-found");
    assert_eq!(me.json(&["messages", "You"]).stdout, "");
    me.ok(&["attribute", "set", "status", "out for lunch"]);
    assert_eq!(me.ok(&["attribute", "list"]), json!([{"name": "status", "value": "out for lunch"}]));
    assert_eq!(me.ok(&["status"])["online"], false);
}

#[test]
fn groups_are_off_until_they_are_turned_on() {
    let world = World::new();
    let me = world.person("me");
    let network = world.network();
    for arguments in [
        &["server", "add", "server:x"][..],
        &["server", "list"],
        &["group", "new", "Hikers", "--server", "x"],
        &["group", "invite", "Hikers", "You", "--network", &network],
        &["group", "join", "torv3x"],
        &["group", "list"],
        &["group", "leave", "Hikers"],
        &["sync", "--network", &network],
        &["rejects"],
    ] {
        let (kind, message) = me.fails(arguments);
        assert_eq!(kind, "refused", "{arguments:?}");
        assert!(message.contains("cwtch experiment enable groups"), "{arguments:?}: {message}");
    }
    assert_eq!(me.ok(&["experiment", "enable", "groups"])[0]["enabled"], true);
    assert_eq!(me.ok(&["group", "list"]), json!([]));
    for arguments in [
        &["server", "add", "server:AAAA"][..],
        &["group", "join", "torv3AAAA"],
        &["group", "join", "tofubundle:server:AAAA||torv3AAAA"],
        &["group", "new", "Hikers", "--server", "server:AAAA"],
    ] {
        let ran = me.json(arguments);
        assert_eq!((ran.code, ran.error().0.as_str()), (2, "usage"), "{arguments:?}: {ran:?}");
    }
    assert_eq!(me.ok(&["server", "list"]), json!([]), "nothing half-written");
    assert_eq!(me.ok(&["experiment", "disable", "groups"])[0]["enabled"], false);
    assert_eq!(me.fails(&["group", "list"]).0, "refused");
}

#[test]
fn a_full_standard_output_is_a_failure_and_a_closed_one_is_not() {
    let world = World::new();
    let me = world.person("me");
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        let ran = Ran::of(me.command(&["--json", "address"]).stdout(full).output().unwrap());
        assert_eq!((ran.code, ran.error().0.as_str()), (1, "storage"));
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = cwtch();
    let ran = Ran::of(command.arg("--data").arg(&me.data).arg("address").stdout(writer).output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_profile_that_something_else_has_open_is_not_touched() {
    let world = World::new();
    let me = world.person("me");
    let lock = fs::OpenOptions::new().write(true).open(me.data.join("profiles/me/lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let (kind, message) = me.fails(&["address", "--lock-timeout", "0"]);
    assert_eq!(kind, "locked");
    assert!(message.contains("another cwtch process"), "{message}");
    // However long the other one takes, within reason: who comes second waits.
    let waiting = me.command(&["--json", "address"]).stdout(Stdio::piped()).spawn().unwrap();
    let told = me.command(&["address"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = told;
    let mut line = String::new();
    BufReader::new(told.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("waiting until it is done"), "{line}");
    drop(lock);
    assert_eq!(Ran::of(waiting.wait_with_output().unwrap()).value()["address"], me.address.as_str());
    assert_eq!(told.wait().unwrap().code(), Some(0));
}

#[test]
fn a_profile_of_a_newer_version_is_refused_as_such() {
    let world = World::new();
    let me = world.person("me");
    let file = me.data.join("profiles/me/profile.json");
    let newer = fs::read_to_string(&file).unwrap().replace("\"format\": 1", "\"format\": 99");
    fs::write(&file, newer).unwrap();
    let (kind, message) = me.fails(&["address"]);
    assert_eq!(kind, "storage");
    assert!(message.contains("newer version"), "{message}");
}

#[test]
fn a_profile_gets_another_name_and_keeps_its_address() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    alice.start();
    let (kind, message) = bob.fails(&["profile", "rename", "alice", "amy"]);
    assert_eq!(kind, "refused");
    assert!(message.contains("cwtch profile close"), "{message}");
    alice.stop();
    assert_eq!(bob.fails(&["profile", "rename", "alice", "bob"]).0, "refused");
    assert_eq!(bob.fails(&["profile", "rename", "nobody", "ben"]).0, "not-found");
    assert_eq!(bob.ok(&["profile", "rename", "alice", "amy"]), json!({"name": "amy"}));
    assert_eq!(alice.fails(&["address"]).0, "not-found");
    alice.extra[1] = "amy".to_owned();
    assert_eq!(alice.ok(&["address"])["address"], alice.address.as_str());
}

#[test]
fn a_profile_is_deleted_only_by_who_means_it() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    let place = alice.data.join("profiles/alice");
    let unasked = bob.json(&["profile", "delete", "alice"]);
    assert_eq!((unasked.code, unasked.error().0.as_str()), (2, "usage"), "there is no terminal to ask on");
    alice.start();
    assert_eq!(bob.fails(&["profile", "delete", "alice", "--yes"]).0, "refused", "a daemon has it open");
    alice.stop();
    let lock = fs::OpenOptions::new().write(true).open(place.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert_eq!(bob.fails(&["profile", "delete", "alice", "--yes"]).0, "locked");
    drop(lock);
    for (typed, code) in [("bob", 5), ("", 5), ("alice", 0)] {
        assert!(place.join("profile.json").exists());
        let mut terminal = Terminal::start_session(&bob.command(&["profile", "delete", "alice"]));
        terminal.shows("type its name (alice): ");
        terminal.types(&format!("{typed}\n"));
        let (shown, ended) = terminal.ends();
        assert_eq!(ended, Some(code), "{shown}");
    }
    assert!(!place.exists());
    assert_eq!(bob.ok(&["profile", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(bob.ok(&["profile", "delete", "bob", "--yes"]), json!({}));
    assert_eq!(bob.ok(&["profile", "list"]), json!([]));
}
