//! Command lines as data: what is refused, with which exit code, and what the person is told.

mod common;
#[path = "usage/readme.rs"]
mod readme;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

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
fn the_manual_is_written_for_everybody_and_read_by_man() {
    let world = World::new();
    let dir = world.path("man");
    // Whoever builds a package has no home.
    let ran = common::Ran::of(cwtch().env_remove("HOME").arg("man").arg(&dir).output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut pages: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() > 80 && ran.stdout.contains(&pages.len().to_string()), "{ran:?}");
    for page in &pages {
        assert_eq!(fs::metadata(page).unwrap().permissions().mode() & 0o777, 0o644);
        let formatted =
            Command::new("groff").args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"]).arg(page).output();
        if let Ok(formatted) = formatted {
            assert!(formatted.status.success() && formatted.stderr.is_empty(), "{page:?}: {formatted:?}");
        } else if let Ok(linted) =
            Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(page).output()
        {
            assert!(linted.status.success(), "{page:?}: {linted:?}");
        }
    }
    let added = fs::read_to_string(dir.join("cwtch-contact-add.1")).unwrap();
    assert!(added.contains(".SH NAME") && added.contains("Add a contact as accepted"), "{added}");
    assert_eq!(run(&["man"]).stdout, fs::read_to_string(dir.join("cwtch.1")).unwrap());
    let told = run(&["man", "--json", &dir.display().to_string()]);
    assert_eq!(told.value()["pages"].as_array().unwrap().len(), pages.len());
    let nowhere = run(&["--json", "man", "/proc/nothing"]);
    assert_eq!(nowhere.error().0, "storage");
}

#[test]
fn completions_are_a_script_that_the_shell_takes() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert_eq!(run(&["--json", "completions", shell]).value()["script"], ran.stdout.as_str());
        let script = world.path(shell);
        fs::write(&script, ran.stdout).unwrap();
        // Read, and not run.
        let Ok(read) = Command::new(shell).arg("-n").arg(&script).output() else { continue };
        if matches!(shell, "bash" | "zsh" | "fish") {
            assert!(read.status.success() && read.stderr.is_empty(), "{shell}: {read:?}");
        }
    }
    assert_eq!(run(&["completions", "cmd"]).code, 2);
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
