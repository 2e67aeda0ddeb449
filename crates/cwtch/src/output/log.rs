//! Words about a server's log: its state, alarms, evidence.

use std::fmt::Write;
use std::path::Path;

use cwtch_api::{Advice, EvidenceInfo, EvidenceText, LogInfo, ServerInfo};

use super::sanitize::{line, lines};
use super::table::Table;
use super::time::time;
use super::{BAD, BOLD, DIM, WARN};
use crate::advice;

/// A server's log in a column.
pub(crate) fn column(log: Option<&LogInfo>) -> String {
    match log {
        None => "no receipts".to_owned(),
        Some(log) if log.alarm.is_some() => "ALARM".to_owned(),
        Some(log) if log.retired => "receipts ended".to_owned(),
        Some(log) => log.size.to_string(),
    }
}

/// Words about a server's log beside the column; none if all is well.
pub(crate) fn remarks(server: &ServerInfo) -> String {
    let mut out = String::new();
    let Some(log) = &server.log else { return out };
    if let Some(alarm) = &log.alarm {
        let resume = Advice::ServerResume { server: server.address.clone() };
        let advised = if log.evidence > 0 { vec![resume] } else { Vec::new() };
        let alarm = advice::with(alarm, &advised);
        let _ = writeln!(out, "{BAD}alarm{BAD:#} {}: {}", line(&server.address), lines(&alarm, "  "));
    } else if let Some(checked) = log.checked {
        let _ = writeln!(
            out,
            "{DIM}{}: {} messages checked, as it signed them at {}{DIM:#}",
            line(&server.address),
            log.size,
            time(checked).trim()
        );
    }
    for loss in &log.losses {
        let count = loss.to.saturating_sub(loss.from);
        let what = match loss.from {
            0 => format!("everything that it had, {count} messages of it checked here"),
            from => format!("{count} of its messages (from number {from} on)"),
        };
        let _ = writeln!(
            out,
            "{WARN}lost{WARN:#} {}: on {} the server said that it lost {what}",
            line(&server.address),
            time(loss.at).trim(),
        );
    }
    if log.reposts > 0 {
        let _ = writeln!(
            out,
            "{DIM}{}: {} of your messages wait to be sent again{DIM:#}",
            line(&server.address),
            log.reposts
        );
    }
    out
}

/// All evidence.
pub(crate) fn evidence(found: &[EvidenceInfo]) -> String {
    let mut table = Table::new(&["ID", "FOUND", "PROOF", "SERVER", "WHAT"]);
    for piece in found {
        table.row([
            piece.id.to_string(),
            time(piece.found),
            if piece.proven { "proven".into() } else { "not proven".into() },
            piece.server.clone(),
            piece.detail.clone(),
        ]);
    }
    table.render("No server was caught cheating.")
}

/// Advice about what was just exported.
pub(crate) fn exported(evidence: &EvidenceText, output: &Path) -> String {
    let file = line(&output.display().to_string());
    let server = line(&evidence.evidence.server);
    let detail = line(&evidence.evidence.detail);
    if evidence.evidence.proven {
        return format!(
            "{BOLD}{file}{BOLD:#} proves it: {detail}\nAnybody can check it with\n  \
             cwtch-verify {file} --server {server}\nIt names the server and nobody else; it may show when you fetched, so wait \
             before you publish it.\n"
        );
    }
    format!(
        "{BOLD}{file}{BOLD:#} is a report and no proof: {detail}\nOthers have to take your word for it.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(log: Option<LogInfo>) -> ServerInfo {
        ServerInfo {
            address: "a".into(),
            bundle: String::new(),
            tokens: 0,
            phase: None,
            trouble: None,
            why: None,
            received: 0,
            rejected: 0,
            log,
        }
    }

    #[test]
    fn the_column_says_the_worst_there_is() {
        assert_eq!(column(None), "no receipts");
        let log = LogInfo { size: 7, ..LogInfo::default() };
        assert_eq!(column(Some(&log)), "7");
        let retired = LogInfo { retired: true, ..log.clone() };
        assert_eq!(column(Some(&retired)), "receipts ended");
        assert_eq!(column(Some(&LogInfo { alarm: Some("x".into()), ..retired })), "ALARM");
        assert_eq!(remarks(&server(None)), "");
        assert_eq!(remarks(&server(Some(LogInfo::default()))), "", "nothing was read yet");
    }

    #[test]
    fn alarms_and_losses_are_said_with_the_server_and_harmless() {
        let loss = cwtch_api::LossInfo { from: 5, to: 9, at: 0 };
        let log =
            LogInfo { alarm: Some("It \u{1b}[2Jcheated.".into()), losses: vec![loss], ..LogInfo::default() };
        let said = anstream::adapter::strip_str(&remarks(&server(Some(log)))).to_string();
        assert!(said.contains("alarm a: It") && !said.contains('\u{1b}'), "{said}");
        assert!(said.contains("lost 4 of its messages (from number 5 on)"), "{said}");
        let loss = cwtch_api::LossInfo { from: 0, to: 9, at: 0 };
        let said = remarks(&server(Some(LogInfo { losses: vec![loss], ..LogInfo::default() })));
        assert!(said.contains("lost everything that it had, 9 messages of it checked here"), "{said}");
    }
}
