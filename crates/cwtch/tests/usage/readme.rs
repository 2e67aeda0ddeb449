//! The lines of README's "Use", typed into a shell.
//!
//! What differs from what a person does: the program is not built anew, the network is loopback (CWTCH_NETWORK; the server's
//! is named by a script of its name, because it reads no environment), ADDRESS is Bob's, and `server:…` is what the server
//! printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::common::{Terminal, World, cwtch, until};

/// Ends what the lines started.
struct Started<'a>(&'a World);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let _ = cwtch().arg("--data").arg(self.0.path("alice")).args(["daemon", "--stop"]).output();
    }
}

fn script(world: &World, name: &str, line: &str) {
    let bin = world.path("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join(name), format!("#!/bin/sh\n{line}\n")).unwrap();
    fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The lines of the block below "## Use" that run this program.
fn lines() -> Vec<String> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, after) = readme.split_once("\n## Use\n").expect("the section");
    let block = after.split("```").nth(1).expect("the block");
    let lines: Vec<String> =
        block.lines().filter(|line| line.starts_with("cwtch")).map(str::to_owned).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    lines
}

/// Types a line and reads until it is done; what it showed.
fn type_line(shell: &mut Terminal, line: &str, passwords: usize) -> String {
    let typed = line.split(" #").next().unwrap_or_default().trim_end();
    // What is typed is shown, too: only what comes of it has the number.
    let then = if typed.ends_with('&') { " " } else { "; " };
    shell.types(&format!("{typed}{then}echo done-$?-\n"));
    let mut shown = String::new();
    for _ in 0..passwords {
        shown += &shell.shows(": ");
        shell.types("open sesame\n");
    }
    shown + &shell.shows("done-0-")
}

#[test]
fn the_lines_of_the_readme_work_as_typed() {
    let world = World::new();
    let (mut bob, network) = (world.person_online("bob"), world.network());
    let program = env!("CARGO_BIN_EXE_cwtch");
    script(&world, "cwtch", &format!("exec '{program}' \"$@\""));
    script(&world, "cwtch-server", &format!("exec '{program}' server \"$@\" --network '{network}'"));
    let _started = Started(&world);
    let mut command = Command::new("sh");
    let path = std::env::var("PATH").unwrap();
    let home = world.path("bob").parent().unwrap().to_owned();
    command.env("PATH", format!("{}:{path}", world.path("bin").display())).env("HOME", &home);
    command.env("CWTCH_NETWORK", &network).env("NO_COLOR", "1").env_remove("CWTCH_DATA");
    command.env("PS1", "").env_remove("ENV").env_remove("CWTCH_PROFILE");
    let mut shell = Terminal::start_session(&command);
    let mut bundle = String::new();
    for line in lines() {
        let line = line.replace("ADDRESS", &bob.address).replace("server:…", &bundle);
        let passwords = match &line {
            line if line.contains("profile new") => 2,
            line if line.contains("daemon --detach") => 1,
            _ => 0,
        };
        // Bob must have accepted her, and groups must be on, before he can get an invite.
        if line.contains(" send ") {
            let address = cwtch().arg("--data").arg(world.path("alice")).arg("address").output().unwrap();
            let address = String::from_utf8(address.stdout).unwrap();
            bob.ok(&["contact", "add", address.trim(), "--name", "alice"]);
        }
        if line.split(" #").next().is_some_and(|typed| typed.trim_end() == "cwtch") {
            // The app, which stays until it is left.
            shell.types("cwtch; echo done-$?-\n");
            shell.shows("A name for your profile");
            shell.types("\x11");
            shell.shows("done-0-");
            continue;
        }
        let mut shown = type_line(&mut shell, &line, passwords);
        if line.starts_with("cwtch-server run") {
            while !shown.contains("server:") {
                shown += &shell.shows("server:");
            }
            bundle = until("the server is known by its own command", || {
                let mut command = cwtch();
                command.args(["server", "bundle", "--data"]).arg(world.path("server"));
                let ran = command.output().unwrap();
                let printed = String::from_utf8(ran.stdout).unwrap();
                printed.split_whitespace().find(|word| word.starts_with("server:")).map(str::to_owned)
            });
        }
        if line.contains(" messages ") {
            assert!(shown.contains("hello"), "{shown}");
        }
    }
    assert_eq!(bob.texts("alice").first().map(String::as_str), Some("hello"));
    until("the invite arrives", || bob.messages("alice").iter().any(|m| m["overlay"] == 101).then_some(()));
    type_line(&mut shell, "kill %1; cwtch --data ~/alice daemon --stop", 0);
    bob.stop();
}
