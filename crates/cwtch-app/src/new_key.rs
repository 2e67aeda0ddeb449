//! Commands that give a group a new key.

use cwtch_api::{Command, ForkReason};

/// A new key for the same members, without some or with others.
pub(crate) fn new_key(group: &str, without: Vec<String>, with: Vec<String>) -> Command {
    Command::GroupFork {
        group: group.to_owned(),
        without,
        with,
        again: None,
        quiet: false,
        server: None,
        reason: None,
        anyway: false,
    }
}

/// A new key on another server.
pub(crate) fn moves(group: &str, to: String) -> Command {
    let mut command = new_key(group, Vec::new(), Vec::new());
    if let Command::GroupFork { server, reason, .. } = &mut command {
        (*server, *reason) = (Some(to), Some(ForkReason::Move));
    }
    command
}

/// The change of an own new key that was not taken, made once more.
pub(crate) fn again(group: &str, fork: &str) -> Command {
    let mut command = new_key(group, Vec::new(), Vec::new());
    if let Command::GroupFork { again, .. } = &mut command {
        *again = Some(fork.to_owned());
    }
    command
}
