//! Command lines as data: what is refused, with which exit code, and what the person is told.

mod common;
#[path = "usage/readme.rs"]
mod readme;

use common::{World, cwtch, run};

#[test]
fn wrong_usage_exits_with_two_and_says_what_is_wrong() {
    let world = World::new();
    let me = world.person("me");
    let data = me.data.display().to_string();
    let address = "4axnmsdcz3kjk2y7tmcfqbbjxdwpqdyvvhz3bkn5ckjtqvdyqd6wmqad";
    for (arguments, fragment) in [
        (&[][..], "Usage:"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["contact"], "Usage:"),
        (&["contact", "add"], "<ADDRESS>"),
        (&["address", "--nonsense"], "unexpected argument"),
        (&["send", "Bob"], "<TEXT>"),
        (&["send", "Bob", "x", "--timeout", "soon"], "--timeout"),
        (&["send", "Bob", "x", "--timeout", "0"], "--timeout"),
        (&["messages", "Bob", "--since", "x"], "--since"),
        (&["messages", "Bob", "--limit", "0"], "--limit"),
        (&["messages", "Bob", "--limit", "1001"], "1..=1000"),
        (&["search"], "<WORDS>"),
        (&["search", "x", "--after", "yesterday"], "2026-01-31"),
        (&["search", "x", "--has", "fun"], "invite"),
        (&["address", "--network", "carrier-pigeon"], "there is no such network"),
        (&["address", "--network", "loopback:"], "write loopback:DIR"),
        (&["address", "--network", "system-tor:localhost:9051"], "would have to be looked up"),
        (&["address", "--tor-config", "/nonexistent/tor.toml"], "tor.toml"),
        (&["address", "--no-password", "--password-file", "f"], "cannot be used with"),
        (&["profile", "new", "../escape", "--no-password"], "A profile's name must"),
        (&["profile", "new", "", "--no-password"], "A profile's name must"),
        (&["contact", "add", "not-an-address"], "address"),
        (&["contact", "add", address], "address"),
        (&["experiment", "enable", "telepathy"], "no experiment"),
        (&["go", "away"], "unrecognized subcommand"),
        (&["daemon", "--stop", "--appear-offline"], "cannot be used with"),
        (&["server", "run", "--bogus"], "unexpected argument"),
    ] {
        let ran = run(&[&["--data", &data], arguments].concat());
        let ran =
            if arguments.is_empty() || arguments.first() == Some(&"server") { run(arguments) } else { ran };
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(fragment), "{arguments:?}: {fragment:?} expected in {ran:?}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}

#[test]
fn wrong_usage_is_json_where_json_is_asked_for() {
    for (arguments, fragment) in [
        (&["--json", "frobnicate"][..], "'frobnicate'; --help"),
        (&["--json", "messages", "--sinc", "1"], "; a similar argument exists: '--since'"),
        (&["--json", "contact", "add"], "not provided: <ADDRESS>"),
        (&["--json", "send"], "not provided: <CONVERSATION> <TEXT>"),
        (&["--json"], "command is missing"),
        (&["contact", "--json"], "command is missing"),
        (&["address", "--network", "x", "--json"], "no such network"),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        let (kind, message) = ran.error();
        assert_eq!(kind, "usage");
        assert!(message.ends_with('.') && !message.contains('\n'), "{message:?} is a sentence");
        assert!(message.contains(fragment), "{fragment:?} expected in {message:?}");
    }
}

#[test]
fn a_data_directory_that_is_none_is_blamed_itself() {
    let world = World::new();
    let file = world.password_file("file", "x");
    let ran = run(&["--json", "--data", &file, "address"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let (_, message) = ran.error();
    assert!(message.contains(&file) && !message.contains("tor.toml"), "{message}");
}

#[test]
fn help_and_version_are_results() {
    for arguments in [&["--help"][..], &["send", "--help"], &["help", "group"], &["--version"]] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!ran.stdout.is_empty());
    }
    let long = run(&["--help"]).stdout;
    for part in ["EXAMPLES:", "EXIT CODES:", "ENVIRONMENT:", "FILES:", "--password-file", "NO_COLOR"] {
        assert!(long.contains(part), "{part} is missing in the long help");
    }
}

#[test]
fn flags_can_come_from_the_environment() {
    let world = World::new();
    let me = world.person("me");
    let ran = common::Ran::of(
        cwtch()
            .env("CWTCH_DATA", &me.data)
            .env("CWTCH_PROFILE", "me")
            .args(["--json", "address"])
            .output()
            .unwrap(),
    );
    assert_eq!(ran.value()["address"], me.address.as_str());
    let other = cwtch()
        .env("CWTCH_DATA", &me.data)
        .env("CWTCH_PROFILE", "nobody")
        .args(["--json", "address"])
        .output();
    assert_eq!(common::Ran::of(other.unwrap()).error().0, "not-found");
}

#[test]
fn without_a_home_a_directory_must_be_named() {
    let ran = common::Ran::of(
        cwtch().env_remove("HOME").env_remove("XDG_DATA_HOME").args(["--json", "address"]).output().unwrap(),
    );
    assert_eq!(ran.code, 2);
    assert!(ran.error().1.contains("--data DIR"));
}
