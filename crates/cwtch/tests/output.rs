//! What people see: colour only where they want it, and nothing that steers their terminal.

mod common;

use std::process::Command;

use common::{Ran, Terminal, World};

fn on_a_terminal(command: Command) -> String {
    Terminal::start(command).ends().0
}

#[test]
fn colour_is_for_terminals_and_only_without_no_color() {
    let world = World::new();
    let me = world.person("me");
    let list = || me.command(&["experiment", "list"]);
    assert!(on_a_terminal(list()).contains('\u{1b}'), "a terminal gets colour");
    let mut without = list();
    without.env("NO_COLOR", "1");
    assert!(!on_a_terminal(without).contains('\u{1b}'), "NO_COLOR is respected");
    assert!(!me.human(&["experiment", "list"]).stdout.contains('\u{1b}'), "a pipe gets none");
    let mut failing = me.command(&["contact", "block", "Nobody"]);
    failing.env("NO_COLOR", "1");
    let shown = on_a_terminal(failing);
    assert!(shown.contains("error: ") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn json_has_no_colour_even_on_a_terminal() {
    let world = World::new();
    let me = world.person("me");
    assert!(!on_a_terminal(me.command(&["--json", "status"])).contains('\u{1b}'));
}

#[test]
fn hostile_text_is_harmless_for_people_and_whole_for_programs() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let hostile = "a\u{1b}[2J\u{1b}]0;owned\u{7}b\u{9b}31mc\u{202e}d\u{8}\n 7  1970-01-01 00:00  you  forged";
    alice.ok(&["send", "Bob", hostile]);
    bob.receives("Alice", hostile);
    let shown = on_a_terminal(bob.command(&["messages", "Alice"]));
    assert!(shown.contains("abcd"), "{shown:?}");
    for unwanted in ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\u{8}", "\u{9b}", "\u{202e}"] {
        assert!(!shown.contains(unwanted), "{unwanted:?} in {shown:?}");
    }
    let json = bob.command(&["--json", "messages", "Alice"]).output().unwrap().stdout;
    let json = String::from_utf8(json).unwrap();
    assert!(json.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{json:?}");
    let piped = bob.human(&["messages", "Alice"]).stdout;
    assert!(!piped.chars().any(|c| c.is_control() && c != '\n'), "{piped:?}");
    // The forged line stands where text stands, not where lines begin.
    let forged = piped.lines().find(|line| line.contains("forged")).unwrap();
    assert!(forged.starts_with("          "), "{forged:?}");
}

#[test]
fn times_are_those_of_the_place_for_people_and_unix_seconds_for_programs() {
    let world = World::new();
    let me = world.person("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let sent = me.ok(&["send", "Away", "hello", "--no-wait"])["sent"].as_i64().unwrap();
    let shown = |zone: &str| {
        let mut command = me.command(&["messages", "Away"]);
        Ran::of(command.env("TZ", zone).output().unwrap()).stdout
    };
    assert!(shown("IST-5:30").contains("+05:30  you"), "{}", shown("IST-5:30"));
    assert!(shown("UTC0").contains("+00:00  you"), "{}", shown("UTC0"));
    assert!(sent > 1_700_000_000);
}

#[test]
fn a_text_stays_behind_its_line_at_every_width() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let forged = "9  2025-01-01 00:00  you  ✓ I owe you";
    for columns in [20_i32, 60, 80, 132] {
        // Where the text begins is not known to who writes it; so it tries all.
        for padding in (columns - 40..=columns).step_by(8) {
            bob.ok(&[
                "send",
                "Alice",
                &format!("Hi.{}{forged}", " ".repeat(padding.max(1).unsigned_abs() as usize)),
            ]);
        }
        bob.ok(&["send", "Alice", &format!("{columns} wide")]);
        alice.receives("Bob", &format!("{columns} wide"));
        let mut command = alice.command(&["messages", "Bob"]);
        command.env("NO_COLOR", "1");
        let width = u16::try_from(columns).unwrap();
        let shown = Terminal::of_columns(command, width).ends().0;
        for line in shown.lines() {
            assert!(line.chars().count() <= width.into(), "{columns}: {line:?}");
            // What does not begin with the number of a message is indented.
            let begins = line.split("  ").next().unwrap().trim_start();
            assert!(
                line.starts_with("  ") || begins.parse::<u32>().is_ok() && !line.starts_with("9  2025"),
                "{line:?}"
            );
        }
    }
}
