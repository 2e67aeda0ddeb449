//! The same screens in VTE itself, the terminal of GNOME and Tails, as a picture.

use std::fs;
use std::process::{Command, Stdio};

use cwtch_app::{Input, Place, Target, Words};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::Shown;
use super::hostile::hostile;
use crate::screen::ENTER;

const SIZE: (u16, u16) = (80, 24);
/// Screens that are looked at.
const SCREENS: usize = 40;
/// Debian's own: it has the bindings that are packages of Debian.
const PYTHON: &str = "/usr/bin/python3";

fn python() -> Command {
    let mut command = Command::new("xvfb-run");
    command.args(["--auto-servernum", PYTHON]).stdin(Stdio::null());
    command
}

/// Whether VTE can be shown here.
fn is_there() -> bool {
    let look = "import gi; gi.require_version('Gtk', '3.0'); gi.require_version('Vte', '2.91'); from gi.repository import Vte";
    python().args(["-c", look]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The rows of each screen whose border is not whole.
fn broken(screens: &[Vec<u8>], border: u16) -> Vec<Vec<u16>> {
    let dir = tempfile::tempdir().unwrap();
    let write = |(number, bytes): (usize, &Vec<u8>)| {
        let path = dir.path().join(number.to_string());
        fs::write(&path, bytes).unwrap();
        path
    };
    let files: Vec<_> = screens.iter().enumerate().map(write).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vte.py");
    let numbers = [SIZE.0, SIZE.1, border, SIZE.1 - 2].map(|number| number.to_string());
    let output = python().arg(script).args(numbers).args(files).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn in_vte_each_border_stays_because_the_terminal_keeps_our_order() {
    if !is_there() {
        eprintln!("gir1.2-vte-2.91, python3-gi or xvfb is missing: the screens are not looked at in VTE");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut text = || hostile().new_tree(&mut runner).unwrap().current();
    let mut border = 0;
    let mut screens = Vec::new();
    for number in 0..SCREENS {
        // Text from the right beside the border, on both sides of it, in every second one.
        let right = if number % 2 == 0 { "שלום " } else { "" };
        let (name, last) = (format!("{right}{}", text()), format!("{right}{}", text()));
        let contacts = json!([{"_": "contact", "shown": name}]);
        let conversations =
            json!([{"_": "conversation", "shown": name, "last": {"_": "message", "text": last}}]);
        let mut shown = Shown::open(Words::english(), SIZE, &contacts, &conversations);
        shown.put(Input::Pointed(Target::Listed(Place::Conversation(7))));
        let messages: Vec<_> = (1..12)
            .map(|id| json!({"_": "message", "id": id, "text": format!("{right}{} עולם עולם", text())}))
            .collect();
        shown.answer("messages", &messages.into());
        let bytes = shown.draw();
        border = shown.areas().list.unwrap().right();
        screens.push([ENTER, &bytes].concat());
    }
    let broken_rows = broken(&screens, border);
    assert_eq!(broken_rows.len(), SCREENS);
    for (number, rows) in broken_rows.iter().enumerate() {
        assert!(rows.is_empty(), "screen {number}: the border is broken in rows {rows:?}");
    }
    // The picture would show it: the same screens in a terminal that orders text by itself.
    let left_to_it = |screen: &Vec<u8>| {
        let at = screen.windows(4).position(|part| part == b"\x1b[8l").unwrap();
        [&screen[..at], &screen[at + 4..]].concat()
    };
    let reordered: Vec<_> = screens.iter().map(left_to_it).collect();
    assert!(broken(&reordered, border).iter().any(|rows| !rows.is_empty()), "no border moves in any case");
}
