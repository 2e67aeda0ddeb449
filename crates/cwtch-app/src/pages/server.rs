//! Pages about servers: what they carry, whether their logs are as they should be, and what they did.

use cwtch_api::{Command, LogInfo, LogVerdict, ServerInfo, ServerPhase};

use crate::clean;
use crate::dialog::Need;
use crate::page::{About, Deed, PageView};
use crate::state::State;
use crate::thread::timeline;
use crate::veil::SERVER_SHORT;

/// All servers.
pub(super) fn all(state: &State) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("servers"), ..PageView::default() };
    if state.facts.servers.is_empty() {
        page.sentence(words.word("servers-none"));
    }
    for server in &state.facts.servers {
        let (health, grave) = health(server);
        let line = words.say(
            "server-line",
            &[("health", words.word(health).into()), ("phase", words.word(phase(server)).into())],
        );
        match grave {
            true => page.grave(short(&server.address), line),
            false => page.fact(short(&server.address), line),
        }
        let label = words.say("act-server", &[("server", short(&server.address).into())]);
        page.action_of(server.address.clone(), label, Deed::Open(About::Server(server.address.clone())));
    }
    page.action_of("act-add-server", words.word("act-add-server"), Deed::Need(Need::Server));
    page
}

/// A server.
pub(super) fn one(state: &State, address: &str) -> PageView {
    let words = &state.words;
    let mut page =
        PageView { title: words.say("server", &[("server", short(address).into())]), ..PageView::default() };
    let Some(server) = state.facts.servers.iter().find(|server| server.address == address) else {
        page.sentence(words.word("server-gone"));
        return page;
    };
    page.fact(words.word("label-address"), clean::line(&server.address));
    page.fact(words.word("label-connection"), words.word(phase(server)));
    if let Some(trouble) = &server.trouble {
        page.sentence(clean::line(trouble));
    }
    let (health, grave) = health(server);
    match grave {
        true => page.grave(words.word("label-log"), words.word(health)),
        false => page.fact(words.word("label-log"), words.word(health)),
    }
    if let Some(log) = &server.log {
        self::log(state, log, &mut page);
    }
    page.fact(words.word("label-tokens"), server.tokens.to_string());
    page.fact(words.word("label-received"), server.received.to_string());
    if server.rejected > 0 {
        page.grave(words.word("label-rejected"), server.rejected.to_string());
    }
    for found in state.facts.evidence.iter().filter(|found| found.server == address) {
        let key = if found.proven { "evidence-proven" } else { "evidence-seen" };
        page.grave(words.word(key), clean::line(&found.detail));
        let deed = Deed::Ask(Box::new(Command::EvidenceExport { id: found.id }));
        let when = timeline::moment(found.found, words, &state.zone, state.now);
        let label = words.say("act-evidence", &[("when", when.into())]);
        page.action_of(format!("evidence-{}", found.id), label, deed);
    }
    page.action_of("act-copy-bundle", words.word("act-copy-bundle"), Deed::Copy(clean::line(&server.bundle)));
    page.action_of(
        "act-new-group",
        words.word("act-new-group"),
        Deed::Need(Need::NewGroup(server.address.clone())),
    );
    if server.log.as_ref().is_some_and(|log| log.alarm.is_some()) {
        let resume = Command::ServerResume { server: server.address.clone() };
        let deed = Deed::Agree(Box::new(resume), words.word("ask-resume"));
        page.action_of("act-resume", words.word("act-resume"), deed);
    }
    let remove = Command::ServerRemove { server: server.address.clone() };
    let deed = Deed::Agree(Box::new(remove), words.word("ask-server-remove"));
    page.action_of("act-server-remove", words.word("act-server-remove"), deed);
    page
}

fn log(state: &State, log: &LogInfo, page: &mut PageView) {
    let words = &state.words;
    if let Some(alarm) = &log.alarm {
        page.grave(words.word("label-alarm"), clean::line(alarm));
    }
    page.fact(words.word("label-checked"), words.say("log-size", &[("count", log.size.into())]));
    if let Some(checked) = log.checked {
        page.fact(
            words.word("label-signed"),
            timeline::moment_in_full(checked, words, &state.zone, state.now),
        );
    }
    if log.retired {
        page.grave(String::new(), words.word("log-retired"));
    }
    for loss in &log.losses {
        let count = loss.to.saturating_sub(loss.from);
        let when = timeline::moment_in_full(loss.at, words, &state.zone, state.now);
        page.grave(
            words.word("label-lost"),
            words.say("log-lost", &[("count", count.into()), ("when", when.into())]),
        );
    }
}

/// The key of the words for the health of a server's log, and true if it is bad.
pub(crate) fn health(server: &ServerInfo) -> (&'static str, bool) {
    match &server.log {
        None => ("log-none", false),
        Some(log) if log.alarm.is_some() => ("log-alarm", true),
        Some(log) if log.evidence > 0 => ("log-evidence", true),
        Some(log) if log.retired => ("log-retired", true),
        Some(log) if !log.losses.is_empty() => ("log-losses", true),
        Some(log) if log.size == 0 => ("log-unread", false),
        Some(_) => ("log-checked", false),
    }
}

/// The key of the words for the verdict on the log behind a group, and true if it is bad.
pub(crate) fn verdict(verdict: LogVerdict) -> (&'static str, bool) {
    match verdict {
        LogVerdict::Alarm => ("log-alarm", true),
        LogVerdict::Evidence => ("log-evidence", true),
        LogVerdict::Withheld => ("log-withheld", true),
        LogVerdict::Losses => ("log-losses", true),
        LogVerdict::Retired => ("log-retired", true),
        LogVerdict::Checked => ("log-checked", false),
        LogVerdict::Unread => ("log-unread", false),
        _ => ("log-none", false),
    }
}

/// The key of the words for the phase of the connection with a server.
pub(crate) fn phase(server: &ServerInfo) -> &'static str {
    match server.phase {
        Some(ServerPhase::Connecting) => "server-connecting",
        Some(ServerPhase::Connected) => "server-connected",
        Some(ServerPhase::Syncing) => "server-syncing",
        Some(ServerPhase::Synced) => "server-synced",
        Some(ServerPhase::Stopped) => "server-stopped",
        _ => "server-offline",
    }
}

/// The beginning of an address.
pub(crate) fn short(address: &str) -> String {
    clean::line(address).chars().take(SERVER_SHORT).chain(['…']).collect()
}
