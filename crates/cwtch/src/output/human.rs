//! Replies and events as a person reads them. Text from outside is made harmless first.

use std::fmt::Write;

use cwtch_api::{
    Advice, AttributeInfo, ConnectionInfo, ContactInfo, ContactPhase, ContactState, Event, ExperimentInfo,
    GroupCreated, GroupInfo, GroupKeys, GroupOffered, MemberInfo, MessageInfo, MessageState, NameInfo,
    NameKind, Presence, ReadinessInfo, RejectInfo, ServerInfo, ServerPhase, StatusInfo,
};

use unicode_width::UnicodeWidthStr;

use super::sanitize::{line, lines};
pub(super) use super::shown::{named, plural, short};
use super::table::Table;
use super::time::{self, time};
use super::{BAD, BOLD, DIM, GOOD, WARN, epochs, forks, layout, log, notes, presence, vanish};
use crate::advice;
use crate::words::{count, number, say, styled, word};

fn yes(value: bool) -> String {
    word(if value { "cli-said-yes" } else { "cli-said-no" })
}

pub(crate) fn status(status: &StatusInfo) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{DIM}{name:<10}{DIM:#}{}", line(value));
    };
    row(&word("cli-row-address"), &status.address);
    match &status.address_readiness {
        _ if status.presence.presence == Presence::AppearOffline => {
            row(&word("cli-row-online"), &word("cli-status-hidden"));
            row(&word("cli-row-chosen"), &presence::chosen(&status.presence));
        }
        Some(readiness) if !status.online => {
            let why = self::readiness(readiness);
            row(&word("cli-row-online"), &say("cli-status-not-online", [("why", why.into())]));
        }
        _ => row(&word("cli-row-online"), &yes(status.online)),
    }
    let online = say("cli-status-contacts", [("number", number(status.contacts_online))]);
    row(&word("cli-row-contacts"), &online);
    if status.unknown_blocked {
        row(&word("cli-row-strangers"), &word("cli-status-strangers"));
    }
    row(&word("cli-row-unsent"), &plural(status.queued, "cli-count-messages"));
    if status.erasing {
        row(&word("cli-row-erasing"), &word("cli-status-erasing"));
    }
    if let Some(elsewhere) = &status.runs_elsewhere {
        let advised = advice::with(&elsewhere.detail, &[Advice::ConfirmOnlyCopy]);
        row(&word("cli-row-elsewhere"), &advised);
    }
    match &status.network {
        serde_json::Value::String(name) => row(&word("cli-row-network"), name),
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                if let Some(text) = value.as_str() {
                    row(&if name == "name" { word("cli-row-network") } else { name.clone() }, text);
                }
            }
        }
        _ => {}
    }
    if status.address_readiness.is_some() && !status.network_readiness.ready {
        row("", &readiness(&status.network_readiness));
    }
    if status.profiles.len() > 1 {
        let open: Vec<&str> = status.profiles.iter().map(|open| open.profile.as_str()).collect();
        row(&word("cli-row-open"), &open.join(", "));
    }
    if !status.servers.is_empty() {
        out.push_str(&servers(&status.servers));
    }
    out
}

/// Readiness of something: the trouble, else what is waited for.
pub(crate) fn readiness(readiness: &ReadinessInfo) -> String {
    match &readiness.trouble {
        Some(trouble) => line(trouble),
        None if readiness.ready => word("cli-readiness-ready"),
        None => {
            let what = ("what", line(&readiness.waiting_for).into());
            say("cli-readiness-waiting", [what, ("percent", number(readiness.percent))])
        }
    }
}

pub(super) fn contact_state(state: ContactState) -> String {
    word(match state {
        ContactState::Unknown => "cli-state-unknown",
        ContactState::Accepted => "cli-state-accepted",
        ContactState::Blocked => "cli-state-blocked",
        ContactState::Rejected => "cli-state-rejected",
    })
}

pub(crate) fn contact(contact: &ContactInfo) -> String {
    let state = contact_state(contact.state);
    if contact.name.is_empty() {
        let address = ("address", line(&contact.address).into());
        return say("cli-contact-nameless", [address, ("state", state.into())]) + "\n";
    }
    let name = ("name", named(&contact.shown, &contact.address).into());
    let address = ("address", line(&contact.address).into());
    styled(BOLD, "cli-contact-named", [name, ("state", state.into()), address]) + "\n"
}

pub(crate) fn contacts(contacts: &[ContactInfo]) -> String {
    let mut table = Table::new(&[
        "cli-head-name",
        "cli-head-state",
        "cli-head-online",
        "cli-head-compared",
        "cli-head-address",
    ]);
    let mut troubles = String::new();
    for contact in contacts {
        let online = contact.connection.as_ref().map_or_else(|| "-".to_owned(), contact_phase);
        if let Some(ConnectionInfo { trouble: Some(trouble), .. }) = &contact.connection {
            let name = named(&contact.shown, &contact.address);
            let _ = writeln!(troubles, "{DIM}{name}: {}{DIM:#}", line(trouble));
        }
        table.row([
            if contact.name.is_empty() { String::new() } else { contact.shown.clone() },
            contact_state(contact.state),
            online,
            contact.compared.map_or_else(|| "-".to_owned(), time::day),
            contact.address.clone(),
        ]);
    }
    table.render(&word("cli-contacts-none")) + &troubles
}

pub(super) fn contact_phase(connection: &ConnectionInfo) -> String {
    word(match connection.phase {
        ContactPhase::Offline => "cli-said-no",
        ContactPhase::Connecting => "cli-connection-connecting",
        ContactPhase::Connected => "cli-connection-connected",
        ContactPhase::Authenticated => "cli-said-yes",
        _ => "cli-connection-unknown",
    })
}

pub(crate) fn experiments(experiments: &[ExperimentInfo]) -> String {
    let mut out = String::new();
    for experiment in experiments {
        let (style, key) =
            if experiment.enabled { (GOOD, "cli-experiment-on") } else { (DIM, "cli-experiment-off") };
        let name = format!("{BOLD}{}{BOLD:#}", line(&experiment.name));
        let about = line(&experiment.description);
        let said = styled(style, key, [("name", name.into()), ("about", about.into())]);
        let _ = writeln!(out, "{said}");
    }
    out
}

pub(crate) fn attributes(attributes: &[AttributeInfo]) -> String {
    let mut table = Table::new(&["cli-head-name", "cli-head-value"]);
    for attribute in attributes {
        table.row([attribute.name.clone(), attribute.value.clone()]);
    }
    table.render(&word("cli-attributes-none"))
}

pub(crate) fn server(server: &ServerInfo) -> String {
    say("cli-server-known", [("server", line(&server.address).into())]) + "\n"
}

pub(crate) fn resumed(server: &ServerInfo) -> String {
    say("cli-server-resumed", [("server", line(&server.address).into())]) + "\n"
}

pub(super) fn phase(phase: ServerPhase) -> String {
    word(match phase {
        ServerPhase::Connecting => "cli-phase-connecting",
        ServerPhase::Connected => "cli-phase-connected",
        ServerPhase::Syncing => "cli-phase-syncing",
        ServerPhase::Synced => "cli-phase-synced",
        ServerPhase::Offline => "cli-phase-offline",
        ServerPhase::Stopped => "cli-phase-stopped",
        _ => "cli-phase-unknown",
    })
}

pub(crate) fn servers(servers: &[ServerInfo]) -> String {
    let mut table = Table::new(&[
        "cli-head-server",
        "cli-head-phase",
        "cli-head-checked",
        "cli-head-tokens",
        "cli-head-received",
        "cli-head-rejected",
    ]);
    let mut troubles = String::new();
    for server in servers {
        let alarmed = server.log.as_ref().is_some_and(|log| log.alarm.is_some());
        if let Some(trouble) = server.trouble.as_ref().filter(|_| !alarmed) {
            let _ = writeln!(troubles, "{DIM}{}{DIM:#}", line(trouble));
        }
        troubles.push_str(&log::remarks(server));
        table.row([
            server.address.clone(),
            server.phase.map_or_else(|| "-".to_owned(), phase),
            log::column(server.log.as_ref()),
            server.tokens.to_string(),
            server.received.to_string(),
            server.rejected.to_string(),
        ]);
    }
    table.render(&word("cli-servers-none-yet")) + &troubles
}

pub(crate) fn group_created(group: &GroupCreated) -> String {
    if group.keys != GroupKeys::Static {
        return daily_group_created(group);
    }
    let mut out = fact("cli-row-group", 12, &line(&group.group));
    out += &fact("cli-row-invite", 12, &format!("{}{}", line(&group.invite), layout::UNCUT));
    out += &fact("cli-row-tofubundle", 12, &format!("{}{}", line(&group.tofubundle), layout::UNCUT));
    out + &word("cli-group-made") + "\n"
}

/// A row of a width of its own: the key of its name, and its value.
fn fact(key: &str, width: usize, value: &str) -> String {
    format!("{DIM}{}{DIM:#}{}{value}\n", word(key), " ".repeat(width.saturating_sub(word(key).width())))
}

/// A group with daily keys: one invite for all, and whose programs are not known to read it.
fn daily_group_created(group: &GroupCreated) -> String {
    let mut out = fact("cli-row-group", 9, &line(&group.group));
    out += &fact("cli-row-invite", 9, &format!("{}{}", line(&group.invite), layout::UNCUT));
    out += &fact("cli-row-keys", 9, &keys(group.keys));
    for member in &group.members {
        out += &fact("cli-row-member", 9, &line(&member_line(member)));
    }
    out + &word("cli-group-made-daily") + "\n"
}

/// The kind of a group's keys, in a few words.
pub(crate) fn keys(keys: GroupKeys) -> String {
    word(match keys {
        GroupKeys::Static => "cli-group-keys-static",
        GroupKeys::Trusted => "cli-group-keys-trusted",
        GroupKeys::Strangers => "cli-group-keys-strangers",
    })
}

/// A member of a group's list.
pub(crate) fn member_line(member: &MemberInfo) -> String {
    let key = match (member.made_it, member.reads_daily, member.hidden) {
        (false, true, false) => "cli-member-plain",
        (true, true, false) => "cli-member-maker",
        (false, false, false) => "cli-member-unread",
        (true, false, false) => "cli-member-maker-unread",
        (false, true, true) => "cli-member-hidden-plain",
        (true, true, true) => "cli-member-hidden-maker",
        (false, false, true) => "cli-member-hidden-unread",
        (true, false, true) => "cli-member-hidden-maker-unread",
    };
    say(key, [("name", named(&member.speaker.shown, &member.address).into())])
}

/// A closed group of two that was offered.
pub(crate) fn group_offered(offered: &GroupOffered) -> String {
    let GroupOffered { group, again, message } = offered;
    let name = ("name", named(&group.shown, &group.group).into());
    let conversation = ("number", number(group.conversation));
    let server = ("server", line(&group.server).into());
    let key = if *again { "cli-group-offered-again" } else { "cli-group-offered" };
    let said = styled(BOLD, key, [name, conversation, server]);
    format!("{said}\n{}\n{}", word("cli-server-learns"), sent(message))
}

pub(crate) fn group(group: &GroupInfo) -> String {
    let name = ("name", named(&group.shown, &group.group).into());
    styled(BOLD, "cli-group-joined", [name, ("group", line(&group.group).into())]) + "\n"
}

pub(crate) fn group_renamed(group: &GroupInfo) -> String {
    let name = ("name", named(&group.shown, &group.group).into());
    styled(BOLD, "cli-group-renamed", [name, ("group", short(&group.group).into())]) + "\n"
}

pub(crate) fn groups(groups: &[GroupInfo]) -> String {
    let mut table = Table::new(&[
        "cli-head-name",
        "cli-head-group",
        "cli-head-messages",
        "cli-head-authors",
        "cli-head-server",
    ]);
    for group in groups {
        table.row([
            named(&group.shown, &group.group),
            group.group.clone(),
            group.messages.to_string(),
            group.authors.to_string(),
            short(&group.server),
        ]);
    }
    table.render(&word("cli-groups-none")) + &notes::missing(groups)
}

/// Words about a message just sent: what became of it, and where it went.
pub(crate) fn sent(message: &MessageInfo) -> String {
    let state = word(match message.state {
        MessageState::Acknowledged => "cli-sent-acknowledged",
        MessageState::Stored => "cli-sent-stored",
        MessageState::Queued => "cli-sent-queued",
        MessageState::Failed => "cli-sent-failed",
        _ => "cli-sent-done",
    });
    let why = message.detail.as_deref().map(|why| format!(" {}", line(why))).unwrap_or_default();
    let NameInfo { kind, shown, short, .. } = &*message.conversation_name;
    let key = if *kind == NameKind::Group { "cli-sent-to-group" } else { "cli-sent-to-contact" };
    let place = named(shown, &message.with);
    let place = if place.contains(short.as_str()) { place } else { format!("{place} ({})", line(short)) };
    let values = [("id", number(message.id)), ("place", place.into()), ("state", state.into())];
    format!("{}{why}\n", say(key, values))
}

/// A conversation, one message after another.
pub(crate) fn messages(messages: &[MessageInfo]) -> String {
    if messages.is_empty() {
        return word("cli-messages-none") + "\n";
    }
    let id_width = messages.iter().map(|m| m.id.to_string().len()).max().unwrap_or(0);
    let author_width = messages.iter().map(|m| author(m).width()).max().unwrap_or(0);
    // Two spaces between five columns; the mark has one character.
    let indent = " ".repeat(id_width + 2 + time::WIDTH + 2 + author_width + 2 + 2);
    let mut out = String::new();
    for message in messages {
        for epoch in &message.begins {
            let _ = writeln!(out, "{DIM}{}{}{DIM:#}", layout::hang(), epochs::begins(epoch));
        }
        let (style, mark) = mark(message);
        let author = author(message);
        let _ = writeln!(
            out,
            "{DIM}{:>id_width$}  {}{DIM:#}  {BOLD}{author}{BOLD:#}{}  {style}{mark}{style:#} {}{}",
            message.id,
            time(message.sent.unwrap_or(message.received)),
            " ".repeat(author_width.saturating_sub(author.width())),
            layout::hang(),
            content(message, &indent),
        );
        out.push_str(&notes::under(&message.notes, &indent));
        if let Some(old) = &message.old_key {
            let _ = writeln!(out, "{indent}{WARN}{}{WARN:#}", epochs::old_key(old));
        }
    }
    out
}

/// Author of a message. Nobody else is shown as "you": see `cwtch_client::names`.
pub(super) fn author(message: &MessageInfo) -> String {
    if message.own { word("cli-said-you") } else { named(&message.speaker.shown, &message.author) }
}

fn mark(message: &MessageInfo) -> (anstyle::Style, char) {
    match message.state {
        MessageState::Acknowledged | MessageState::Stored => (GOOD, '✓'),
        MessageState::Queued => (DIM, '…'),
        MessageState::Failed => (BAD, '✗'),
        _ if message.gap || !message.notes.is_empty() || message.old_key.is_some() => (WARN, '!'),
        _ => (DIM, ' '),
    }
}

fn content(message: &MessageInfo, indent: &str) -> String {
    let text = lines(&message.text, indent);
    let again =
        if message.reposted { format!("{DIM}{}{DIM:#} ", word("cli-mark-reposted")) } else { String::new() };
    if message.forgotten {
        return again + &format!("{DIM}{}{DIM:#}", word("cli-mark-forgotten"));
    }
    again + &meaning(message, &text)
}

pub(super) fn meaning(message: &MessageInfo, text: &str) -> String {
    let mark = match message.overlay {
        1 => return text.to_owned(),
        10 => match message.quoted {
            Some(id) => say("cli-mark-answers", [("id", number(id))]),
            None => word("cli-mark-answers-unknown"),
        },
        100 => word("cli-mark-contact"),
        101 if message.offer.is_some() => offer(message),
        101 => word("cli-mark-invite"),
        200 => word("cli-mark-file"),
        other => say("cli-mark-unknown", [("kind", number(other))]),
    };
    format!("{DIM}{mark}{DIM:#} {text}")
}

/// An offer of a closed group of two.
fn offer(message: &MessageInfo) -> String {
    let server = message.offer.as_ref().map(|offer| line(&offer.server)).unwrap_or_default();
    say("cli-mark-offer", [("server", server.into()), ("learns", word("cli-server-learns").into())])
}

pub(crate) fn rejects(rejects: &[RejectInfo]) -> String {
    let mut table = Table::new(&["cli-head-time", "cli-head-group", "cli-head-server", "cli-head-reason"]);
    for reject in rejects {
        table.row([
            time(reject.received),
            reject.group.as_deref().map_or("-".into(), short),
            short(&reject.server),
            reject.reason.clone(),
        ]);
    }
    table.render(&word("cli-rejects-none-yet"))
}

/// An event as a line.
pub(crate) fn event(event: &Event) -> String {
    let text = match event {
        Event::Network(now) => say("cli-event-network", [("how", readiness(now).into())]),
        Event::Reachability(now) => say("cli-event-own-address", [("how", readiness(now).into())]),
        Event::Online { address } => say("cli-event-online", [("address", line(address).into())]),
        Event::Offline { detail, .. } => styled(WARN, "cli-event-offline", [("why", line(detail).into())]),
        Event::Presence(now) if now.presence == Presence::AppearOffline => {
            say("cli-event-hidden", [("chosen", presence::chosen(now).into())])
        }
        Event::Presence(_) => word("cli-event-going-online"),
        // The events that come beside it say what people want to know.
        Event::ContactConnection { .. } => return String::new(),
        Event::ContactOnline { address, who } => {
            say("cli-event-contact-online", [("name", named(&who.shown, address).into())])
        }
        Event::ContactOffline { address, who } => {
            say("cli-event-contact-offline", [("name", named(&who.shown, address).into())])
        }
        Event::ContactRequest { address } => say("cli-event-request", [("address", line(address).into())]),
        Event::ContactChanged { contact } => {
            let name = ("name", named(&contact.shown, &contact.address).into());
            say("cli-event-contact-changed", [name, ("state", contact_state(contact.state).into())])
        }
        // It went while nobody listened, or had only connected.
        Event::ContactRemoved { address: None, .. } | Event::ContactRemoved { who: None, .. } => {
            return String::new();
        }
        Event::ContactRemoved { address: Some(address), who: Some(who), .. } => {
            say("cli-event-contact-removed", [("name", named(&who.shown, address).into())])
        }
        Event::Message { message } => arrived(message),
        Event::MessageState { id, state, .. } => {
            let state = serde_json::to_value(state).unwrap_or_default();
            let state = state.as_str().map_or_else(|| word("cli-state-changed"), str::to_owned);
            say("cli-event-message-state", [("id", number(id)), ("state", state.into())])
        }
        Event::MessageDeleted { id, .. } => say("cli-event-message-deleted", [("id", number(id))]),
        Event::ConversationCleared { conversation } => {
            say("cli-event-cleared", [("number", number(conversation))])
        }
        Event::TextsForgotten { conversation } => {
            say("cli-event-texts-forgotten", [("number", number(conversation))])
        }
        // Whoever reads the conversation again sees it in its place.
        Event::MessageMoved { .. } | Event::MessagesReordered { .. } | Event::NotesChanged { .. } => {
            return String::new();
        }
        Event::MessageNotes { id, notes: now, .. } => notes::changed(*id, now),
        Event::GroupMade { group } => of_group("cli-event-group-made", group),
        Event::GroupJoined { group } => of_group("cli-event-group-joined", group),
        Event::GroupLeft { group: Some(group), .. } => of_group("cli-event-group-left", group),
        Event::GroupLeft { group: None, .. } => return String::new(),
        Event::GroupChanged { group } => {
            let name = ("name", named(&group.shown, &group.group).into());
            say("cli-event-group-changed", [("group", short(&group.group).into()), name])
        }
        Event::EpochChanged { conversation, epoch } => {
            let how = ("how", epochs::standing(epoch).into());
            say("cli-event-epoch", [("number", number(conversation)), how])
        }
        Event::EpochDropped { conversation, .. } => {
            say("cli-event-epoch-dropped", [("number", number(conversation))])
        }
        Event::GroupForks { .. } => return forks::event(event),
        Event::GroupHidden { group, hidden } => {
            let name = ("name", named(&group.shown, &group.group).into());
            say("cli-event-group-hidden", [name, ("count", count(hidden.len() as u64))])
        }
        // The person did it.
        Event::ConversationChanged { .. } => return String::new(),
        Event::VanishingChanged { conversation } => vanish::clause(conversation),
        Event::Server { address, phase: now, detail, .. } => {
            let detail = detail.as_deref().map(|why| format!(": {}", line(why))).unwrap_or_default();
            let server = ("server", short(address).into());
            say("cli-event-server", [server, ("phase", phase(*now).into())]) + &detail
        }
        Event::ServerAdded { server } => {
            say("cli-event-server-added", [("server", line(&server.address).into())])
        }
        Event::ServerRemoved { address: Some(address) } => {
            say("cli-event-server-removed", [("server", line(address).into())])
        }
        // Notices, alarms and its phases say what is new.
        Event::ServerChanged { .. } | Event::EvidenceFound { .. } => return String::new(),
        Event::ServerRemoved { address: None } => return String::new(),
        Event::Rejected { count: refused, reason, .. } => {
            let why = ("why", line(reason).into());
            styled(WARN, "cli-event-rejected", [("count", count(*refused)), why])
        }
        Event::Alarm { server, proven, evidence, detail, advice, .. } => {
            let proof = evidence.filter(|_| *proven).map(|id| Advice::EvidenceExport { id });
            // With evidence nothing more is asked of the server until the person says so.
            let resume = evidence.map(|_| Advice::ServerResume { server: server.clone() });
            let advised: Vec<Advice> = proof.into_iter().chain(resume).collect();
            let todo = line(&advice::with(advice, &advised));
            let (server, detail) = (line(server).into(), line(detail).into());
            styled(BAD, "cli-event-alarm", [("server", server), ("what", detail), ("advice", todo.into())])
        }
        Event::RunsElsewhere { detail, advice, .. } => {
            let todo = line(&advice::with(advice, &[Advice::ConfirmOnlyCopy]));
            styled(BAD, "cli-event-elsewhere", [("what", line(detail).into()), ("advice", todo.into())])
        }
        Event::OnlyCopy {} => word("cli-event-only-copy"),
        // The person did it.
        Event::SettingsChanged { .. } => return String::new(),
        Event::LogNotice { server, detail, .. } => {
            styled(WARN, "cli-event-log", [("server", short(server).into()), ("what", line(detail).into())])
        }
        Event::Progress { .. } => return String::new(),
        Event::ProfileClosed { detail: Some(detail) } => {
            styled(WARN, "cli-event-closed-why", [("why", line(detail).into())])
        }
        Event::ProfileClosed { detail: None } => word("cli-event-closed"),
        Event::CaughtUp { .. } => return String::new(),
        Event::ChangesGone { detail, .. } => format!("{WARN}{}{WARN:#}", line(detail)),
        _ => word("cli-event-unknown"),
    };
    text + "\n"
}

/// A message as an event: its author, the place where it is not the author's own conversation, and what it says.
fn arrived(message: &MessageInfo) -> String {
    let place = named(&message.conversation_name.shown, &message.with);
    let key = match message.conversation_name.kind {
        NameKind::Group => Some("cli-event-message-in"),
        _ if message.own => Some("cli-event-message-to"),
        _ => None,
    };
    let place = key.map(|key| format!("{DIM} {}{DIM:#}", say(key, [("place", place.into())])));
    let author = author(message);
    format!("{BOLD}{author}{BOLD:#}{}: {}", place.unwrap_or_default(), content(message, "  "))
}

/// A sentence about a group by its name.
fn of_group(key: &str, group: &GroupInfo) -> String {
    say(key, [("name", named(&group.shown, &group.group).into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(&layout::fit(text, None)).to_string()
    }

    fn message(id: i64, author: &str, text: &str) -> MessageInfo {
        MessageInfo {
            id,
            conversation: 1,
            with: "c".into(),
            conversation_name: Box::default(),
            author: author.into(),
            speaker: Box::default(),
            text: text.into(),
            overlay: 1,
            sent: Some(0),
            received: 60,
            state: MessageState::Verified,
            own: false,
            previous: None,
            gap: false,
            quoted: None,
            offer: None,
            index: None,
            place: 0,
            epoch: 1,
            begins: Vec::new(),
            old_key: None,
            reposted: false,
            forgotten: false,
            notes: Vec::new(),
            detail: None,
            why: None,
        }
    }

    #[test]
    fn messages_are_aligned_marked_and_harmless() {
        let mut own = message(9, "me", "Hello");
        (own.own, own.state) = (true, MessageState::Acknowledged);
        let mut hostile = message(10, "evil", "a\u{1b}[2J\n 9  1970-01-01 00:00+00:00  you   ✓ forged");
        hostile.gap = true;
        let out = plain(&messages(&[own, hostile]));
        let indent = " ".repeat("10  1970-01-01 00:00+00:00  evil  ! ".len());
        assert_eq!(
            out,
            format!(
                " 9  1970-01-01 00:00+00:00  you   ✓ Hello\n\
                 10  1970-01-01 00:00+00:00  evil  ! a\n\
                 {indent} 9  1970-01-01 00:00+00:00  you   ✓ forged\n"
            )
        );
    }

    #[test]
    fn an_unknown_overlay_is_shown_as_such() {
        let mut strange = message(1, "x", "data");
        strange.overlay = 777;
        assert!(plain(&messages(&[strange])).contains("(of kind 777, unknown"));
    }
}
