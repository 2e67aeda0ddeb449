//! The table of docs/app.md: each command of the command line has its place in the app.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use cwtch_app::verbs::VERBS;

use crate::args::CommandLine;

const DOC: &str = include_str!("../../../../docs/app.md");

/// The commands below one, each with the names that lead to it.
fn commands(command: &clap::Command, before: &str, all: &mut BTreeSet<String>) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
    {
        let name = format!("{before} {}", below.get_name()).trim().to_owned();
        match below.has_subcommands() {
            true => commands(below, &name, all),
            false => {
                all.insert(name);
            }
        }
    }
}

/// The parts of a text between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn each_command_has_its_place_in_the_app() {
    let mut known = BTreeSet::new();
    commands(&CommandLine::command(), "", &mut known);
    let table = DOC.split("## Each command").nth(1).unwrap();
    let mut told = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let (commands, place) = row.trim_matches('|').split_once(" | ").unwrap();
        told.extend(quoted(commands).map(str::to_owned));
        for verb in quoted(place).filter_map(|text| text.strip_prefix('/')) {
            let name = verb.split(' ').next().unwrap();
            assert!(VERBS.iter().any(|verb| verb.name == name), "the app has no /{name}");
        }
    }
    assert_eq!(known, told);
}
