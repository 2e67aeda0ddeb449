//! Words about what became of messages: taken back, deleted, fetched.

use std::fmt::Write;

use cwtch_api::{Command, MessageInfo, SyncReport};

use super::sanitize::line;
use super::{DIM, WARN};
use crate::words::{count, number, say, styled, word};

/// A message that was taken back.
pub(crate) fn taken_back(message: &MessageInfo) -> String {
    let said = say("cli-message-taken-back", [("id", number(message.id))]);
    said + &because(message.detail.as_deref()) + "\n"
}

/// A message that was deleted here.
pub(crate) fn deleted(command: &Command, detail: Option<&str>) -> String {
    let key = match command {
        Command::MessageDelete { id } if id.len() > 1 => "cli-messages-deleted",
        _ => "cli-message-deleted",
    };
    word(key) + &because(detail) + "\n"
}

fn because(detail: Option<&str>) -> String {
    detail.map(|why| format!(" {}", line(why))).unwrap_or_default()
}

/// Words about what was fetched; each server by itself where one of several could not be asked.
pub(crate) fn synced(report: &SyncReport) -> String {
    let all = fetched(report.received, report.rejected, report.waiting);
    if report.servers.iter().all(|server| server.trouble.is_none()) {
        return say("cli-synced-all", [("fetched", all.into())]) + "\n";
    }
    let mut out = say("cli-synced-some", [("fetched", all.into())]) + "\n";
    for server in &report.servers {
        let what = match &server.trouble {
            Some(trouble) => format!("{WARN}{}{WARN:#}", line(trouble)),
            None => fetched(server.received, server.rejected, server.waiting) + ".",
        };
        let _ = writeln!(out, "  {DIM}{}{DIM:#}: {what}", line(&server.server));
    }
    out
}

/// Clauses about what was fetched and refused, and about what waits, as far as there is some.
fn fetched(received: u64, rejected: u64, waiting: u64) -> String {
    let mut said = say("cli-synced-new", [("count", count(received))]);
    if rejected > 0 {
        said += &format!(", {}", styled(WARN, "cli-synced-refused", [("number", number(rejected))]));
    }
    if waiting > 0 {
        said += &format!("; {}", styled(WARN, "cli-synced-waiting", [("count", count(waiting))]));
    }
    said
}

#[cfg(test)]
mod tests {
    use cwtch_api::ServerSync;

    use super::*;

    fn server(name: &str, received: u64, trouble: Option<&str>) -> ServerSync {
        let trouble = trouble.map(str::to_owned);
        ServerSync { server: name.into(), received, rejected: 0, waiting: 0, trouble, why: None }
    }

    fn said(report: &SyncReport) -> String {
        anstream::adapter::strip_str(&synced(report)).to_string()
    }

    #[test]
    fn what_was_refused_or_waits_is_mentioned_where_there_is_some() {
        let report =
            |received, rejected, waiting| SyncReport { received, rejected, waiting, servers: vec![] };
        assert_eq!(said(&report(1, 0, 0)), "Caught up: 1 new message.\n");
        assert!(said(&report(2, 1, 0)).contains("2 new messages, 1 refused"));
        assert_eq!(said(&report(0, 0, 2)), "Caught up: 0 new messages; 2 messages of yours not sent yet.\n");
    }

    #[test]
    fn a_server_that_failed_does_not_hide_what_the_others_gave() {
        let servers = vec![server("a", 3, None), server("b", 0, Some("The server is \u{1b}[2Jaway."))];
        let report = SyncReport { received: 3, rejected: 0, waiting: 0, servers };
        assert_eq!(
            said(&report),
            "Not all servers could be asked: 3 new messages.\n  a: 3 new messages.\n  b: The server is away.\n"
        );
    }
}
