//! Words of the demonstration.

use std::fmt::Write;

use serde_json::json;

use crate::output::layout::UNCUT;
use crate::output::{BOLD, DIM, GOOD, print};

/// Arguments longer than this are shown by their beginning.
const ARGUMENT_MAX: usize = 48;
/// The part of a longer one that is shown.
const ARGUMENT_HEAD: usize = 14;

/// Speaks on standard output: to people, or as JSON lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narrator {
    json: bool,
}

impl Narrator {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    fn say(self, text: &str, json: &serde_json::Value) {
        // If nobody listens any more, the show goes on as a test.
        let _ = if self.json { print(&format!("{json}\n")) } else { print(text) };
    }

    /// A new part.
    pub(super) fn part(self, title: &str) {
        self.say(&format!("\n{BOLD}{title}{BOLD:#}\n"), &json!({"part": title}));
    }

    /// A remark for the reader.
    pub(super) fn tell(self, text: &str) {
        self.say(&format!("  {text}\n"), &json!({"text": text}));
    }

    /// A command to be pasted: on one line however wide the terminal is, which joins what it broke itself.
    pub(super) fn offer(self, command: &str) {
        self.say(&format!("  {command}{UNCUT}\n"), &json!({"text": command}));
    }

    /// A command that somebody types.
    pub(super) fn command(self, who: &str, arguments: &[&str]) {
        let shown: Vec<String> = arguments.iter().map(|argument| abbreviate(argument)).collect();
        let line = format!("  {BOLD}{who:<5}{BOLD:#} {DIM}${DIM:#} cwtch {}\n", shown.join(" "));
        self.say(&line, &json!({"who": who, "command": arguments}));
    }

    /// The result.
    pub(super) fn result(self, text: &str) {
        self.say(&format!("          {GOOD}{text}{GOOD:#}\n"), &json!({"result": text}));
    }

    /// Output of a command.
    pub(super) fn output(self, text: &str) {
        let mut indented = String::new();
        for line in text.lines() {
            let _ = writeln!(indented, "          {line}");
        }
        self.say(&indented, &json!({"output": text}));
    }
}

/// Writes an argument as a person would type it in a shell; long keys by their beginning.
fn abbreviate(argument: &str) -> String {
    let plain =
        !argument.is_empty() && argument.chars().all(|c| c.is_alphanumeric() || "-_./:=+|,".contains(c));
    if plain && argument.chars().count() > ARGUMENT_MAX {
        return argument.chars().take(ARGUMENT_HEAD).chain(['…']).collect();
    }
    quote(argument)
}

/// An argument as a shell takes it.
pub(super) fn quote(argument: &str) -> String {
    let plain =
        !argument.is_empty() && argument.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=+,".contains(c));
    if plain { argument.to_owned() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_can_be_pasted_or_are_cut() {
        assert_eq!(abbreviate("Bob"), "Bob");
        assert_eq!(abbreviate("It's on"), r"'It'\''s on'");
        assert_eq!(abbreviate(""), "''");
        assert_eq!(abbreviate(&"a".repeat(56)), format!("{}…", "a".repeat(14)));
    }
}
