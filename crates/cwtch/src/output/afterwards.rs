//! Words about what became of messages: taken back, deleted, fetched.

use std::fmt::Write;

use cwtch_api::{Command, MessageInfo, SyncReport};

use super::human::plural;
use super::sanitize::line;
use super::{DIM, WARN};

/// A message that was taken back.
pub(crate) fn taken_back(message: &MessageInfo) -> String {
    format!("Message {} is taken back.{}\n", message.id, because(message.detail.as_deref()))
}

/// A message that was deleted here.
pub(crate) fn deleted(command: &Command, detail: Option<&str>) -> String {
    let what = match command {
        Command::MessageDelete { id } if id.len() > 1 => "The messages are",
        _ => "The message is",
    };
    format!("{what} deleted here.{}\n", because(detail))
}

fn because(detail: Option<&str>) -> String {
    detail.map(|why| format!(" {}", line(why))).unwrap_or_default()
}

/// Words about what was fetched; each server by itself where one of several could not be asked.
pub(crate) fn synced(report: &SyncReport) -> String {
    let fetched = |received, rejected| {
        let refused = match rejected {
            0 => String::new(),
            count => format!(", {WARN}{count} refused{WARN:#} (see `cwtch rejects`)"),
        };
        format!("{}{refused}", plural(received, "new message"))
    };
    let waits = |count| match count {
        0 => String::new(),
        count => format!("; {WARN}{} of yours not sent yet{WARN:#}", plural(count, "message")),
    };
    let (counts, waiting) = (fetched(report.received, report.rejected), waits(report.waiting));
    if report.servers.iter().all(|server| server.trouble.is_none()) {
        return format!("Caught up: {counts}{waiting}.\n");
    }
    let mut out = format!("Not all servers could be asked: {counts}{waiting}.\n");
    for server in &report.servers {
        let what = match &server.trouble {
            Some(trouble) => format!("{WARN}{}{WARN:#}", line(trouble)),
            None => format!("{}{}.", fetched(server.received, server.rejected), waits(server.waiting)),
        };
        let _ = writeln!(out, "  {DIM}{}{DIM:#}: {what}", line(&server.server));
    }
    out
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
