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
use crate::{advice, text};

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

pub(crate) fn status(status: &StatusInfo) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{DIM}{name:<10}{DIM:#}{}", line(value));
    };
    row("address", &status.address);
    match &status.address_readiness {
        _ if status.presence.presence == Presence::AppearOffline => {
            row("online", "no: you appear offline (`cwtch go online` ends that)");
            row("chosen", &presence::chosen(&status.presence));
        }
        Some(readiness) if !status.online => row("online", &format!("no: {}", self::readiness(readiness))),
        _ => row("online", yes(status.online)),
    }
    row("contacts", &format!("{} connected", status.contacts_online));
    if status.unknown_blocked {
        row("strangers", "are closed (`cwtch contact block --unknown --off` ends that)");
    }
    row("unsent", &plural(status.queued, "message"));
    if status.erasing {
        row("erasing", "what is to be forgotten is not all erased from the disk yet");
    }
    if let Some(elsewhere) = &status.runs_elsewhere {
        row(
            "elsewhere",
            &format!("{} {}", elsewhere.detail, "To go on here: `cwtch profile confirm-only-copy`."),
        );
    }
    match &status.network {
        serde_json::Value::String(name) => row("network", name),
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                if let Some(text) = value.as_str() {
                    row(if name == "name" { "network" } else { name }, text);
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
        row("open", &open.join(", "));
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
        None if readiness.ready => "ready".to_owned(),
        None => format!("waiting for {} ({} %)", line(&readiness.waiting_for), readiness.percent),
    }
}

pub(super) fn contact_state(state: ContactState) -> &'static str {
    match state {
        ContactState::Unknown => "unknown",
        ContactState::Accepted => "accepted",
        ContactState::Blocked => "blocked",
        ContactState::Rejected => "rejected",
    }
}

pub(crate) fn contact(contact: &ContactInfo) -> String {
    let state = contact_state(contact.state);
    if contact.name.is_empty() {
        return format!("{} is {state}.\n", line(&contact.address));
    }
    let name = named(&contact.shown, &contact.address);
    format!("{BOLD}{name}{BOLD:#} is {state}: {}\n", line(&contact.address))
}

pub(crate) fn contacts(contacts: &[ContactInfo]) -> String {
    let mut table = Table::new(&["NAME", "STATE", "ONLINE", "COMPARED", "ADDRESS"]);
    let mut troubles = String::new();
    for contact in contacts {
        let online = contact.connection.as_ref().map_or("-", contact_phase);
        if let Some(ConnectionInfo { trouble: Some(trouble), .. }) = &contact.connection {
            let name = named(&contact.shown, &contact.address);
            let _ = writeln!(troubles, "{DIM}{name}: {}{DIM:#}", line(trouble));
        }
        table.row([
            if contact.name.is_empty() { String::new() } else { contact.shown.clone() },
            contact_state(contact.state).into(),
            online.into(),
            contact.compared.map_or_else(|| "-".to_owned(), time::day),
            contact.address.clone(),
        ]);
    }
    table.render("No contacts yet: add one with `cwtch contact add ADDRESS`.") + &troubles
}

pub(super) fn contact_phase(connection: &ConnectionInfo) -> &'static str {
    match connection.phase {
        ContactPhase::Offline => "no",
        ContactPhase::Connecting => "connecting",
        ContactPhase::Connected => "connected",
        ContactPhase::Authenticated => "yes",
        _ => "unknown",
    }
}

pub(crate) fn experiments(experiments: &[ExperimentInfo]) -> String {
    let mut out = String::new();
    for experiment in experiments {
        let (style, state) = if experiment.enabled { (GOOD, "on") } else { (DIM, "off") };
        let _ = writeln!(
            out,
            "{BOLD}{}{BOLD:#} is {style}{state}{style:#}. {}",
            line(&experiment.name),
            line(&experiment.description)
        );
    }
    out
}

pub(crate) fn attributes(attributes: &[AttributeInfo]) -> String {
    let mut table = Table::new(&["NAME", "VALUE"]);
    for attribute in attributes {
        table.row([attribute.name.clone(), attribute.value.clone()]);
    }
    table.render("Contacts can read nothing about you: set it with `cwtch attribute set name NAME`.")
}

pub(crate) fn server(server: &ServerInfo) -> String {
    format!("Server {} is known.\n", line(&server.address))
}

pub(crate) fn resumed(server: &ServerInfo) -> String {
    format!("Server {} is used again: fetch with `cwtch sync`. The evidence stays.\n", line(&server.address))
}

pub(super) fn phase(phase: ServerPhase) -> &'static str {
    match phase {
        ServerPhase::Connecting => "connecting",
        ServerPhase::Connected => "connected",
        ServerPhase::Syncing => "syncing",
        ServerPhase::Synced => "synced",
        ServerPhase::Offline => "offline",
        ServerPhase::Stopped => "stopped",
        _ => "unknown",
    }
}

pub(crate) fn servers(servers: &[ServerInfo]) -> String {
    let mut table = Table::new(&["SERVER", "PHASE", "CHECKED", "TOKENS", "RECEIVED", "REJECTED"]);
    let mut troubles = String::new();
    for server in servers {
        let alarmed = server.log.as_ref().is_some_and(|log| log.alarm.is_some());
        if let Some(trouble) = server.trouble.as_ref().filter(|_| !alarmed) {
            let _ = writeln!(troubles, "{DIM}{}{DIM:#}", line(trouble));
        }
        troubles.push_str(&log::remarks(server));
        table.row([
            server.address.clone(),
            server.phase.map_or("-", phase).into(),
            log::column(server.log.as_ref()),
            server.tokens.to_string(),
            server.received.to_string(),
            server.rejected.to_string(),
        ]);
    }
    table.render("No servers yet: add one with `cwtch server add server:…`.") + &troubles
}

pub(crate) fn group_created(group: &GroupCreated) -> String {
    if group.keys != GroupKeys::Static {
        return daily_group_created(group);
    }
    format!(
        "{DIM}group{DIM:#}       {}\n{DIM}invite{DIM:#}      {}{}\n{DIM}tofubundle{DIM:#}  {}{}\n\
         Invite contacts with `cwtch group invite`. Whoever has the invite can read the group and write to it.\n",
        line(&group.group),
        line(&group.invite),
        layout::UNCUT,
        line(&group.tofubundle),
        layout::UNCUT,
    )
}

/// A group with daily keys: one invite for all, and whose programs are not known to read it.
fn daily_group_created(group: &GroupCreated) -> String {
    let mut out = format!(
        "{DIM}group{DIM:#}    {}\n{DIM}invite{DIM:#}   {}{}\n{DIM}keys{DIM:#}     {}\n",
        line(&group.group),
        line(&group.invite),
        layout::UNCUT,
        keys(group.keys),
    );
    for member in &group.members {
        let _ = writeln!(out, "{DIM}member{DIM:#}   {}", line(&member_line(member)));
    }
    out.push_str(
        "Invite contacts with `cwtch group invite`. Whoever has the invite can read the group and write to it; programs \
         that know no daily keys refuse it.\n",
    );
    out
}

/// The kind of a group's keys, in a few words.
pub(crate) fn keys(keys: GroupKeys) -> &'static str {
    match keys {
        GroupKeys::Static => "static: one key reads everything for ever",
        GroupKeys::Trusted => {
            "trusted: a key for each day, forgotten after 30; the listed members are the group"
        }
        GroupKeys::Strangers => {
            "strangers: a key for each day, forgotten after 30; the list only says who is given new keys"
        }
    }
}

/// A member of a group's list.
pub(crate) fn member_line(member: &MemberInfo) -> String {
    let mut text = named(&member.speaker.shown, &member.address);
    if member.made_it {
        text.push_str(", who made the list");
    }
    if !member.reads_daily {
        text.push_str(": it is not known whether their program can read this group");
    }
    if member.hidden {
        text.push_str(" (you hide them)");
    }
    text
}

/// A closed group of two that was offered.
pub(crate) fn group_offered(offered: &GroupOffered) -> String {
    let GroupOffered { group, again, message } = offered;
    let made = if *again { "is there already; its invite was sent again" } else { "is made, and offered" };
    format!(
        "{BOLD}{}{BOLD:#} (#{}) on the server {} {made}. Write with `cwtch send '#{}'`; it opens for your contact once they joined.\n{}\n{}",
        named(&group.shown, &group.group),
        group.conversation,
        line(&group.server),
        group.conversation,
        text::SERVER_LEARNS,
        sent(message),
    )
}

pub(crate) fn group(group: &GroupInfo) -> String {
    format!(
        "{BOLD}{}{BOLD:#} ({}) is joined: fetch its messages with `cwtch sync`.\n",
        named(&group.shown, &group.group),
        line(&group.group)
    )
}

pub(crate) fn group_renamed(group: &GroupInfo) -> String {
    format!(
        "The group {} is called {BOLD}{}{BOLD:#}.\n",
        short(&group.group),
        named(&group.shown, &group.group)
    )
}

pub(crate) fn groups(groups: &[GroupInfo]) -> String {
    let mut table = Table::new(&["NAME", "GROUP", "MESSAGES", "AUTHORS", "SERVER"]);
    for group in groups {
        table.row([
            named(&group.shown, &group.group),
            group.group.clone(),
            group.messages.to_string(),
            group.authors.to_string(),
            short(&group.server),
        ]);
    }
    table.render("No groups yet: make one with `cwtch group new`, or join one with `cwtch group join`.")
        + &notes::missing(groups)
}

/// Words about a message just sent: what became of it, and where it went.
pub(crate) fn sent(message: &MessageInfo) -> String {
    let state = match message.state {
        MessageState::Acknowledged => "acknowledged",
        MessageState::Stored => "stored by the server",
        MessageState::Queued => "queued",
        MessageState::Failed => "failed",
        _ => "done",
    };
    let why = message.detail.as_deref().map(|why| format!(" {}", line(why))).unwrap_or_default();
    let NameInfo { kind, shown, short, .. } = &*message.conversation_name;
    let kind = if *kind == NameKind::Group { "group" } else { "contact" };
    let place = named(shown, &message.with);
    let place = if place.contains(short.as_str()) { place } else { format!("{place} ({})", line(short)) };
    format!("Message {} to the {kind} {place}: {state}.{why}\n", message.id)
}

/// A conversation, one message after another.
pub(crate) fn messages(messages: &[MessageInfo]) -> String {
    if messages.is_empty() {
        return "No messages.\n".to_owned();
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
    if message.own { "you".to_owned() } else { named(&message.speaker.shown, &message.author) }
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
    let again = if message.reposted {
        format!("{DIM}(the server lost it; sent again){DIM:#} ")
    } else {
        String::new()
    };
    if message.forgotten {
        return again + &format!("{DIM}(what it said was forgotten here){DIM:#}");
    }
    again + &meaning(message, &text)
}

pub(super) fn meaning(message: &MessageInfo, text: &str) -> String {
    match message.overlay {
        1 => text.to_owned(),
        10 => match message.quoted {
            Some(id) => format!("{DIM}(answers {id}){DIM:#} {text}"),
            None => format!("{DIM}(answers a message not held here){DIM:#} {text}"),
        },
        100 => format!("{DIM}suggests the contact{DIM:#} {text}"),
        101 if message.offer.is_some() => offer(message, text),
        101 => format!("{DIM}invites to a group; join it with `cwtch group join`:{DIM:#} {text}"),
        200 => format!("{DIM}offers a file{DIM:#} {text}"),
        other => format!("{DIM}(of kind {other}, unknown to this version){DIM:#} {text}"),
    }
}

/// An offer of a closed group of two.
fn offer(message: &MessageInfo, text: &str) -> String {
    let server = message.offer.as_ref().map(|offer| line(&offer.server)).unwrap_or_default();
    format!(
        "{DIM}offers a closed group of the two of you on the server {server}, for what is written while one of you is away. {} Join it with \
         `cwtch group join`, or do nothing:{DIM:#} {text}",
        text::SERVER_LEARNS
    )
}

pub(crate) fn rejects(rejects: &[RejectInfo]) -> String {
    let mut table = Table::new(&["TIME", "GROUP", "SERVER", "REASON"]);
    for reject in rejects {
        table.row([
            time(reject.received),
            reject.group.as_deref().map_or("-".into(), short),
            short(&reject.server),
            reject.reason.clone(),
        ]);
    }
    table.render("No message from a server was refused.")
}

/// An event as a line.
pub(crate) fn event(event: &Event) -> String {
    let text = match event {
        Event::Network(now) => format!("network: {}", readiness(now)),
        Event::Reachability(now) => format!("own address: {}", readiness(now)),
        Event::Online { address } => format!("online as {}", line(address)),
        Event::Offline { detail, .. } => format!("{WARN}offline{WARN:#}: {}", line(detail)),
        Event::Presence(now) if now.presence == Presence::AppearOffline => {
            format!("you appear offline, but for {}", presence::chosen(now))
        }
        Event::Presence(_) => "you go online".to_owned(),
        // The events that come beside it say what people want to know.
        Event::ContactConnection { .. } => return String::new(),
        Event::ContactOnline { address, who } => format!("{} is online", named(&who.shown, address)),
        Event::ContactOffline { address, who } => format!("{} is offline", named(&who.shown, address)),
        Event::ContactRequest { address } => format!(
            "somebody unknown connected: accept with `cwtch contact accept {}`, or block",
            line(address)
        ),
        Event::ContactChanged { contact } => {
            let name = named(&contact.shown, &contact.address);
            format!("contact {name} is {}", contact_state(contact.state))
        }
        // It went while nobody listened, or had only connected.
        Event::ContactRemoved { address: None, .. } | Event::ContactRemoved { who: None, .. } => {
            return String::new();
        }
        Event::ContactRemoved { address: Some(address), who: Some(who), .. } => {
            format!("contact {} is removed", named(&who.shown, address))
        }
        Event::Message { message } => {
            let place = named(&message.conversation_name.shown, &message.with);
            let place = match message.conversation_name.kind {
                NameKind::Group => format!("{DIM} in {place}{DIM:#}"),
                _ if message.own => format!("{DIM} to {place}{DIM:#}"),
                _ => String::new(),
            };
            format!("{BOLD}{}{BOLD:#}{place}: {}", author(message), content(message, "  "))
        }
        Event::MessageState { id, state, .. } => {
            let state = serde_json::to_value(state).unwrap_or_default();
            format!("message {id} is {}", state.as_str().unwrap_or("changed"))
        }
        Event::MessageDeleted { id, .. } => format!("message {id} was deleted here"),
        Event::ConversationCleared { conversation } => format!("#{conversation} was cleared here"),
        Event::TextsForgotten { conversation } => format!("texts of #{conversation} were forgotten here"),
        // Whoever reads the conversation again sees it in its place.
        Event::MessageMoved { .. } | Event::MessagesReordered { .. } | Event::NotesChanged { .. } => {
            return String::new();
        }
        Event::MessageNotes { id, notes: now, .. } => notes::changed(*id, now),
        Event::GroupMade { group } => format!("group {} is made", named(&group.shown, &group.group)),
        Event::GroupJoined { group } => format!("group {} is joined", named(&group.shown, &group.group)),
        Event::GroupLeft { group: Some(group), .. } => {
            format!("group {} is left", named(&group.shown, &group.group))
        }
        Event::GroupLeft { group: None, .. } => return String::new(),
        Event::GroupChanged { group } => {
            format!("group {} is called {} now", short(&group.group), named(&group.shown, &group.group))
        }
        Event::EpochChanged { conversation, epoch } => {
            format!("group #{conversation}: {}", epochs::standing(epoch))
        }
        Event::EpochDropped { conversation, .. } => {
            format!("group #{conversation}: a new key that was not decided on is forgotten")
        }
        Event::GroupForks { .. } => return forks::event(event),
        Event::GroupHidden { group, hidden } => {
            format!(
                "group {}: {} hidden",
                named(&group.shown, &group.group),
                plural(hidden.len() as u64, "member")
            )
        }
        // The person did it.
        Event::ConversationChanged { .. } => return String::new(),
        Event::VanishingChanged { conversation } => vanish::clause(conversation),
        Event::Server { address, phase: now, detail, .. } => {
            let detail = detail.as_deref().map(|why| format!(": {}", line(why))).unwrap_or_default();
            format!("server {} is {}{detail}", short(address), phase(*now))
        }
        Event::ServerAdded { server } => format!("server {} is added", line(&server.address)),
        Event::ServerRemoved { address: Some(address) } => format!("server {} is removed", line(address)),
        // Notices, alarms and its phases say what is new.
        Event::ServerChanged { .. } | Event::EvidenceFound { .. } => return String::new(),
        Event::ServerRemoved { address: None } => return String::new(),
        Event::Rejected { count, reason, .. } => {
            format!("{WARN}{} refused{WARN:#}: {}", plural(*count, "message"), line(reason))
        }
        Event::Alarm { server, proven, evidence, detail, advice, .. } => {
            let proof = evidence.filter(|_| *proven).map(|id| Advice::EvidenceExport { id });
            // With evidence nothing more is asked of the server until the person says so.
            let resume = evidence.map(|_| Advice::ServerResume { server: server.clone() });
            let advised: Vec<Advice> = proof.into_iter().chain(resume).collect();
            let todo = line(&advice::with(advice, &advised));
            format!("{BAD}alarm{BAD:#} about the server {}: {} {todo}", line(server), line(detail))
        }
        Event::RunsElsewhere { detail, advice, .. } => {
            let todo = line(&advice::with(advice, &[Advice::ConfirmOnlyCopy]));
            format!("{BAD}running elsewhere{BAD:#}: {} {todo}", line(detail))
        }
        Event::OnlyCopy {} => "this is the only copy of the profile again".to_owned(),
        // The person did it.
        Event::SettingsChanged { .. } => return String::new(),
        Event::LogNotice { server, detail, .. } => {
            format!("{WARN}server {}{WARN:#}: {}", short(server), line(detail))
        }
        Event::Progress { .. } => return String::new(),
        Event::ProfileClosed { detail } => match detail {
            Some(detail) => format!("{WARN}the profile is closed{WARN:#}: {}", line(detail)),
            None => "the profile is closed".to_owned(),
        },
        Event::CaughtUp { .. } => return String::new(),
        Event::ChangesGone { detail, .. } => format!("{WARN}{}{WARN:#}", line(detail)),
        _ => "something happened that this version does not know".to_owned(),
    };
    text + "\n"
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
