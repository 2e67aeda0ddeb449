//! `cwtch man` and `cwtch completions`: the command line's definition as pages and scripts.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use cwtch_server::manual;
use serde_json::json;

use crate::args::CommandLine;
use crate::command_error::{CommandError, EXIT_OK};
use crate::output::sanitize::line;
use crate::output::{print, print_json, print_whole};
use crate::words::{number, say};

/// The command line, in which `cwtch server` is not called like the program `cwtch-server`.
fn definition() -> Command {
    CommandLine::command().mut_subcommand("server", |server| server.display_name("cwtch-server-client"))
}

/// Prints the first page, or writes all of them.
///
/// # Errors
/// If they cannot be written.
pub(super) fn man(dir: Option<&Path>, json: bool) -> Result<u8, CommandError> {
    let failed = |e: std::io::Error| {
        CommandError::internal(say("cli-manual-no-pages", [("detail", e.to_string().into())]))
    };
    let pages = manual::pages(definition()).map_err(failed)?;
    let Some(dir) = dir else {
        let own = pages.first().map(|page| String::from_utf8_lossy(&page.text)).unwrap_or_default();
        shown(&own, "page", json)?;
        return Ok(EXIT_OK);
    };
    let place = line(&dir.display().to_string());
    manual::write(&pages, dir).map_err(|e| {
        let values = [("dir", place.as_str().into()), ("detail", e.to_string().into())];
        CommandError::storage(say("cli-manual-unwritable", values))
    })?;
    if json {
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        print_json(&json!({"dir": dir, "pages": files}))?;
    } else {
        let values = [("number", number(pages.len())), ("dir", place.as_str().into())];
        print(&(say("cli-manual-written", values) + "\n"))?;
    }
    Ok(EXIT_OK)
}

/// Prints the script for a shell.
///
/// # Errors
/// If it cannot be written.
pub(super) fn completions(shell: Shell, json: bool) -> Result<u8, CommandError> {
    let script = manual::completions(shell, CommandLine::command());
    shown(&String::from_utf8_lossy(&script), "script", json)?;
    Ok(EXIT_OK)
}

fn shown(text: &str, what: &str, json: bool) -> Result<(), CommandError> {
    if json { print_json(&json!({ what: text })) } else { print_whole(text).map(drop) }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    /// Commands with the words that a person types for each, without hidden ones.
    fn commands(of: &Command, typed: &[String], all: &mut Vec<Vec<String>>) {
        for below in of.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
            let typed = [typed, &[below.get_name().to_owned()]].concat();
            all.push(typed.clone());
            commands(below, &typed, all);
        }
    }

    fn all_commands() -> Vec<Vec<String>> {
        let mut all = Vec::new();
        commands(&CommandLine::command(), &[], &mut all);
        assert!(all.len() > 80, "{}", all.len());
        all
    }

    #[test]
    fn every_command_has_a_page_that_says_how_it_is_typed() {
        let pages = manual::pages(definition()).unwrap();
        assert_eq!(pages[0].file, "cwtch.1");
        let all = all_commands();
        assert_eq!(pages.len(), all.len() + 1);
        for typed in all {
            let name =
                format!("cwtch-{}.1", typed.join("-")).replacen("cwtch-server", "cwtch-server-client", 1);
            let page = pages.iter().find(|page| page.file == name);
            let text =
                String::from_utf8(page.unwrap_or_else(|| panic!("{name} is missing")).text.clone()).unwrap();
            for part in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
                assert!(text.contains(part), "{part} of {name}");
            }
            // Roff writes a hyphen that is typed with a backslash.
            let line = format!("cwtch {}", typed.join(" ")).replace('-', "\\-");
            assert!(text.contains(&line), "{line} in {text}");
        }
        let own = String::from_utf8(pages[0].text.clone()).unwrap();
        assert!(
            own.contains("EXIT CODES:") && own.contains(".nf") && own.contains("server\\-client"),
            "{own}"
        );
    }

    #[test]
    fn every_command_is_completed_in_every_shell() {
        for shell in Shell::value_variants() {
            let script = manual::completions(*shell, CommandLine::command());
            let script = String::from_utf8(script).unwrap();
            for typed in all_commands() {
                let last = typed.last().unwrap();
                assert!(script.contains(last.as_str()), "{last} for {shell}");
            }
        }
    }
}
