//! The password of a profile that a daemon has open: changed durably, and never lost to a kill.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

mod common;

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use common::{Person, Ran, Terminal, World, exit_code, until};
use cwtch_primitives::rand_core::RngCore;
use cwtch_testkit::budget::Sample;
use serde_json::json;

/// Kills during a change, and how many of them take place whatever the time is.
const KILLS: u64 = 12;
const FLOOR: u64 = 4;
/// The latest moment of a kill, in milliseconds after the change was asked for.
const DELAY_MS: u64 = 500;

fn kind(ran: &Ran) -> String {
    let kind = ran.error().0;
    assert_eq!(ran.code, exit_code(&kind), "{ran:?}");
    kind
}

/// True if this password file opens a profile that no daemon has.
fn opens(person: &Person, file: &str) -> bool {
    let ran = person.json(&["--password-file", file, "address"]);
    match ran.code {
        0 => true,
        _ => {
            assert_eq!(kind(&ran), "password", "nothing but the password is wrong");
            false
        }
    }
}

#[test]
fn the_password_is_changed_while_the_daemon_runs() {
    let world = World::new();
    let mut me = world.person_online("me");
    let (first, second) =
        (world.password_file("first", "open sesame"), world.password_file("second", "barley"));
    let change = |arguments: &[&str]| me.json(&[&["profile", "change-password"], arguments].concat());
    let listed = || me.ok(&["profile", "list"])[0]["password"].clone();

    assert_eq!(change(&["--new-password-file", &first]).code, 0);
    assert_eq!(listed(), true);
    assert_eq!(kind(&change(&["--no-password", "--new-password-file", &second])), "password");
    let wrong = change(&["--password-file", &second, "--new-password-file", &second]);
    assert_eq!(kind(&wrong), "password");
    assert_eq!(change(&["--password-file", &first, "--new-password-file", &second]).code, 0);
    let mut rpc = me.rpc();
    let params = json!({"password": "open sesame", "new_password": "x"});
    let answer = rpc.call(1, "profile.change-password", params);
    assert_eq!(
        (&answer["error"]["code"], &answer["error"]["data"]["kind"]),
        (&json!(10), &json!("password"))
    );
    for unusable in ["", "two\nlines"] {
        let params = json!({"password": "barley", "new_password": unusable});
        let answer = rpc.call(2, "profile.change-password", params);
        assert_eq!(answer["error"]["data"]["kind"], "usage", "{answer}");
    }
    // The daemon goes on, and commands need no password as long as it runs.
    assert_eq!(me.ok(&["address"])["address"], me.address.as_str());
    drop(rpc);
    me.stop();
    assert!(!opens(&me, &first) && opens(&me, &second));
    assert!(!me.log().contains("sesame") && !me.log().contains("barley"));

    me.extra = vec!["--password-file".to_owned(), second];
    me.start();
    assert_eq!(me.json(&["profile", "change-password", "--remove"]).code, 0);
    me.stop();
    me.extra.clear();
    assert_eq!(me.ok(&["address"])["address"], me.address.as_str());
}

#[test]
fn a_person_types_the_old_password_and_twice_the_new_one() {
    let world = World::new();
    let mut me = world.person_online("me");
    let first = world.password_file("first", "open sesame");
    assert_eq!(me.json(&["profile", "change-password", "--new-password-file", &first]).code, 0);
    let typed = |passwords: [&str; 3]| {
        let mut terminal = Terminal::start(me.command(&["profile", "change-password"]));
        for (question, password) in
            ["Password of me: ", "New password for me: ", "Once more: "].iter().zip(passwords)
        {
            terminal.shows(question);
            terminal.types(&format!("{password}\n"));
        }
        terminal.ends()
    };
    for (passwords, code, said) in [
        (["barley", "hush", "hush"], 7, "Wrong password"),
        (["open sesame", "hush", "hash"], 7, "not the same"),
        (["open sesame", "hush", "hush"], 0, "The password is changed."),
    ] {
        let (shown, ended) = typed(passwords);
        assert_eq!(ended, Some(code), "{shown}");
        assert!(shown.contains(said), "{shown}");
        assert!(
            passwords.iter().all(|password| !shown.contains(password)),
            "nothing that is typed is shown: {shown}"
        );
    }
    me.stop();
    assert!(opens(&me, &world.password_file("new", "hush")));
}

#[test]
fn of_two_changes_at_once_the_second_needs_what_the_first_one_set() {
    let world = World::new();
    let me = world.person_online("me");
    let files = ["one", "two"].map(|name| world.password_file(name, name));
    let changes = files.each_ref().map(|file| {
        let arguments =
            ["--json", "profile", "change-password", "--no-password", "--new-password-file", file];
        me.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let codes = changes.map(|change| Ran::of(change.wait_with_output().unwrap()).code);
    let done = codes.iter().filter(|code| **code == 0).count();
    assert_eq!((done, codes.contains(&exit_code("password"))), (1, true), "{codes:?}");
}

#[test]
fn a_kill_during_a_change_leaves_the_old_or_the_new_password() {
    let mut rng = cwtch_testkit::rng(cwtch_testkit::seed("CWTCH_CRASH_SEED"));
    let world = World::new();
    let mut me = world.person("me");
    let files = ["one", "two"].map(|name| world.password_file(name, name));
    assert_eq!(me.json(&["profile", "change-password", "--new-password-file", &files[0]]).code, 0);
    let mut now = 0;
    let sample = Sample::new("kills during a change of the password", KILLS, FLOOR);
    for _ in &sample {
        let (old, new) = (files[now].clone(), files[1 - now].clone());
        me.extra = vec!["--password-file".to_owned(), old.clone()];
        me.start();
        let command = ["--json", "profile", "change-password", "--new-password-file", &new];
        let change = me.command(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        sleep(Duration::from_millis(rng.next_u64() % (DELAY_MS + 1)));
        me.kill();
        let changed = Ran::of(change.wait_with_output().unwrap()).code == 0;
        me.extra.clear();
        // The kernel lets go of the profile's lock when the process is gone.
        until("the profile is free", || {
            (me.json(&["profile", "list"]).value()[0]["daemon"] == false).then_some(())
        });
        let (with_old, with_new) = (opens(&me, &old), opens(&me, &new));
        assert!(with_old != with_new, "exactly one of them opens the profile");
        assert!(with_new || !changed, "what was confirmed is durable");
        if with_new {
            now = 1 - now;
        }
    }
}
