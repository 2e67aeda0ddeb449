//! Words about a server's log: its state, alarms, evidence.

use std::fmt::Write;
use std::path::Path;

use cwtch_api::{Advice, EvidenceInfo, EvidenceText, LogInfo, ServerInfo};

use super::sanitize::{line, lines};
use super::table::Table;
use super::time::time;
use super::{BAD, BOLD, DIM, WARN};
use crate::advice;
use crate::words::{number, say, styled, word};

/// A server's log in a column.
pub(crate) fn column(log: Option<&LogInfo>) -> String {
    match log {
        None => word("cli-receipts-none"),
        Some(log) if log.alarm.is_some() => word("cli-receipts-alarm"),
        Some(log) if log.retired => word("cli-receipts-ended"),
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
        let values = [("server", line(&server.address).into()), ("what", lines(&alarm, "  ").into())];
        let _ = writeln!(out, "{}", styled(BAD, "cli-log-says-alarm", values));
    } else if let Some(checked) = log.checked {
        let address = ("server", line(&server.address).into());
        let time = ("time", time(checked).trim().to_owned().into());
        let said = say("cli-log-says-checked", [address, ("number", number(log.size)), time]);
        let _ = writeln!(out, "{DIM}{said}{DIM:#}");
    }
    for loss in &log.losses {
        let lost = ("number", number(loss.to.saturating_sub(loss.from)));
        let server = ("server", line(&server.address).into());
        let time = ("time", time(loss.at).trim().to_owned().into());
        let said = match loss.from {
            0 => styled(WARN, "cli-log-says-lost-all", [server, time, lost]),
            from => styled(WARN, "cli-log-says-lost", [server, time, lost, ("from", number(from))]),
        };
        let _ = writeln!(out, "{said}");
    }
    if log.reposts > 0 {
        let values = [("server", line(&server.address).into()), ("number", number(log.reposts))];
        let _ = writeln!(out, "{DIM}{}{DIM:#}", say("cli-log-says-reposts", values));
    }
    out
}

/// All evidence.
pub(crate) fn evidence(found: &[EvidenceInfo]) -> String {
    let mut table =
        Table::new(&["cli-head-id", "cli-head-found", "cli-head-proof", "cli-head-server", "cli-head-what"]);
    for piece in found {
        table.row([
            piece.id.to_string(),
            time(piece.found),
            word(if piece.proven { "cli-proof-proven" } else { "cli-proof-not" }),
            piece.server.clone(),
            piece.detail.clone(),
        ]);
    }
    table.render(&word("cli-evidence-none"))
}

/// Advice about what was just exported.
pub(crate) fn exported(evidence: &EvidenceText, output: &Path) -> String {
    let file = line(&output.display().to_string());
    let server = line(&evidence.evidence.server);
    let values = || [("file", file.as_str().into()), ("what", line(&evidence.evidence.detail).into())];
    if evidence.evidence.proven {
        let proves = styled(BOLD, "cli-evidence-exported", values());
        let check = format!("cwtch-verify {file} --server {server}");
        return format!(
            "{proves}\n{}\n  {check}\n{}\n",
            word("cli-evidence-exported-check"),
            word("cli-evidence-exported-names")
        );
    }
    format!(
        "{}\n{}\n",
        styled(BOLD, "cli-evidence-exported-report", values()),
        word("cli-evidence-exported-worth")
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
