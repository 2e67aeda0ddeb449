//! The parts of the screen as they are shown: words and weights, without places and colours. All texts are clean.

use cwtch_api::{
    ContactPhase, ConversationInfo, ForkStanding, NameKind, Presence, ReadinessInfo, VanishState,
};

use crate::clean;
use crate::list::{Listed, Mark};
use crate::pages::{contact_phase, server_phase, verdict};
use crate::state::{Focus, Link, State};
use crate::thread::timeline::{self, Entry};
use crate::veil::{self, veiled};
use crate::verbs;
use crate::verbs::complete::{self, Proposal};
use crate::words::Words;

pub use crate::pages::view as page;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A few words.
    pub text: String,
    /// Weight of what they say.
    pub weight: Weight,
}

/// Weight of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It is as it should be.
    Good,
    /// It is to be known.
    Plain,
    /// It passes, or should be looked at.
    Warning,
    /// Something is wrong.
    Grave,
}

impl Part {
    fn new(text: String, weight: Weight) -> Self {
        Self { text, weight }
    }
}

/// The list: people who ask, and conversations by activity.
pub fn list(state: &State) -> Vec<Listed> {
    let mut lines = state.list.lines(&state.words);
    if state.streamer {
        for line in &mut lines {
            (line.name, line.last) = (veiled(&line.name), veiled(&line.last));
        }
    }
    lines
}

/// The open conversation from top to bottom; nothing without one.
pub fn timeline(state: &State) -> Vec<Entry> {
    let entries = |thread| timeline::entries(thread, &state.words, &state.zone, state.now);
    let entries = state.thread.as_ref().map(entries).unwrap_or_default();
    if state.streamer { entries.into_iter().map(veil::entry).collect() } else { entries }
}

/// The line above the open conversation: its name, and the state of the way to it.
pub fn header(state: &State) -> Vec<Part> {
    let words = &state.words;
    let open = state.thread.as_ref().and_then(|thread| state.list.conversation(thread.conversation()));
    let Some(open) = open else { return Vec::new() };
    let mut parts = vec![Part::new(state.seen(clean::line(&open.shown)), Weight::Plain)];
    if open.kind != NameKind::Group {
        let phase = state
            .list
            .contact(&open.with)
            .and_then(|contact| contact.connection.as_ref())
            .map(|way| way.phase);
        let weight = if phase == Some(ContactPhase::Authenticated) { Weight::Good } else { Weight::Warning };
        parts.push(Part::new(words.word(contact_phase(phase.unwrap_or(ContactPhase::Offline))), weight));
        parts.extend(
            vanishing(words, open).filter(|_| open.vanish.is_some_and(|one| one.state != VanishState::Off)),
        );
        return parts;
    }
    let Some(facts) = state.facts.groups.get(&open.conversation) else { return parts };
    if facts.forks.iter().any(|fork| fork.standing == ForkStanding::Asked) {
        parts.push(Part::new(words.word("header-question"), Weight::Grave));
    }
    let written = facts.details.as_ref().and_then(|details| {
        details.epochs.iter().find(|epoch| epoch.standing.state == cwtch_api::EpochState::Written)
    });
    if let Some(epoch) = written {
        // The connection is told as it changes, the rest with the group.
        let now = state.facts.servers.iter().find(|server| server.address == epoch.server.address);
        let phase = server_phase(now.unwrap_or(&epoch.server));
        let weight = if phase == "server-synced" { Weight::Good } else { Weight::Warning };
        parts.push(Part::new(words.word(phase), weight));
        let (key, grave) = verdict(epoch.verdict);
        parts.push(Part::new(words.word(key), if grave { Weight::Grave } else { Weight::Plain }));
    }
    parts
}

/// The state of an agreement about messages that vanish; nothing for a group.
pub(crate) fn vanishing(words: &Words, open: &ConversationInfo) -> Option<Part> {
    let vanish = open.vanish?;
    let said = |key: &str, time: Option<u64>, weight| {
        let time = time.map(verbs::typed_time).unwrap_or_default();
        Part::new(words.say(key, &[("time", time.into())]), weight)
    };
    Some(match vanish.state {
        VanishState::Agreed => said("vanish-agreed", vanish.seconds, Weight::Plain),
        VanishState::Proposed if vanish.wanted.is_none() => {
            said("vanish-ending", vanish.seconds, Weight::Warning)
        }
        VanishState::Proposed => said("vanish-proposed", vanish.wanted, Weight::Warning),
        VanishState::Unsupported => Part::new(words.word("vanish-unsupported"), Weight::Grave),
        _ => Part::new(words.word("vanish-off"), Weight::Plain),
    })
}

/// The line that is always there: whether others can reach the profile, and what is wrong.
pub fn status(state: &State) -> Vec<Part> {
    let words = &state.words;
    let facts = &state.facts;
    let mut parts = vec![Part::new(clean::line(state.label()), Weight::Plain)];
    match &state.link {
        Link::Closed => return Vec::new(),
        Link::Opening { .. } => parts.push(Part::new(words.word("status-opening"), Weight::Warning)),
        Link::Lost { .. } => parts.push(Part::new(words.word("status-no-daemon"), Weight::Grave)),
        Link::Open { .. } => parts.push(reach(state)),
    }
    if facts.elsewhere.is_some() {
        parts.push(Part::new(words.word("status-elsewhere"), Weight::Grave));
    }
    let alarms =
        facts.servers.iter().filter(|server| server.log.as_ref().is_some_and(|log| log.alarm.is_some()));
    match alarms.count() {
        0 => {}
        count => parts.push(Part::new(words.say("status-alarms", &[("count", count.into())]), Weight::Grave)),
    }
    if state.streamer {
        parts.push(Part::new(words.word("status-streamer"), Weight::Plain));
    }
    if facts.warning.is_some() {
        parts.push(Part::new(words.word("status-unprotected"), Weight::Grave));
    }
    let asks = state.list.requests().count();
    if asks > 0 {
        parts.push(Part::new(words.say("status-requests", &[("count", asks.into())]), Weight::Warning));
    }
    let unread = state.list.unread();
    if unread > 0 {
        parts.push(Part::new(words.say("status-unread", &[("count", unread.into())]), Weight::Plain));
    }
    parts
}

/// The first thing to be known: that others can reach the profile, or why they cannot.
fn reach(state: &State) -> Part {
    let words = &state.words;
    let facts = &state.facts;
    if facts.presence.presence == Presence::AppearOffline {
        return Part::new(words.word("status-appears-offline"), Weight::Warning);
    }
    let waits = |now: &ReadinessInfo, weight| {
        let waits = clean::line(&now.waiting_for);
        let values = [("percent", u64::from(now.percent).into()), ("waits", waits.into())];
        Part::new(words.say("status-offline-waits", &values), weight)
    };
    let weight = |now: &ReadinessInfo| if now.needs_person { Weight::Grave } else { Weight::Warning };
    match (&facts.network, &facts.reachability) {
        (Some(now), _) if !now.ready => waits(now, weight(now)),
        (_, Some(now)) if now.ready => Part::new(words.word("status-online"), Weight::Good),
        (_, Some(now)) => waits(now, weight(now)),
        _ => Part::new(words.word("status-offline"), Weight::Warning),
    }
}

/// Keys that are of use now, in words.
pub fn hints(state: &State) -> String {
    let key = match (&state.dialog, &state.page, state.focus) {
        (Some(dialog), ..) if dialog.field.is_some() => "hints-typing",
        (Some(_), ..) => "hints-choosing",
        (_, Some(_), _) => "hints-page",
        (.., Focus::List) => "hints-list",
        (.., Focus::Messages) => "hints-messages",
        (.., Focus::Composer) => "hints-composer",
    };
    state.words.word(key)
}

/// The beginning of the message that is being answered.
pub fn answers(state: &State) -> Option<String> {
    let message = state.thread.as_ref()?.message(state.composer.answers?)?;
    let text = clean::line(&timeline::said(message, &state.words).0);
    let who = timeline::speaker(message, &state.words);
    Some(state.seen(state.words.say("answers", &[("who", who.into()), ("text", text.into())])))
}

/// Proposals for the command that is typed, with words for what each does.
pub fn proposals(state: &State) -> Vec<(Proposal, String)> {
    let about = |proposal: &Proposal| match proposal.about {
        "" => String::new(),
        key => state.words.word(key),
    };
    let mut proposals: Vec<_> =
        proposed(state).into_iter().map(|proposal| (proposal.clone(), about(&proposal))).collect();
    for (proposal, _) in &mut proposals {
        proposal.shown = state.seen(core::mem::take(&mut proposal.shown));
    }
    proposals
}

/// Proposals for the command that is typed.
pub(crate) fn proposed(state: &State) -> Vec<Proposal> {
    let text = state.composer.editor.text();
    if state.focus != Focus::Composer {
        return Vec::new();
    }
    if !crate::composer::is_command(text) {
        let at_its_end = state.composer.editor.halves().1.is_empty();
        return if at_its_end { crate::emoji::proposals(text) } else { Vec::new() };
    }
    let servers: Vec<String> = state.facts.servers.iter().map(|server| server.address.clone()).collect();
    let open = state.thread.as_ref().map(crate::thread::Thread::conversation);
    complete::proposals(text, &state.list, open, &servers)
}

/// The words in the place of a conversation, where none is open.
pub fn nothing_open(state: &State) -> String {
    let key = match (&state.link, state.list.conversations().is_empty()) {
        (Link::Open { .. }, true) => "nothing-yet",
        (Link::Open { .. }, false) => "nothing-open",
        _ => return String::new(),
    };
    state.words.word(key)
}

/// The words in the place of the list, where nobody is in it.
pub fn empty_list(state: &State) -> String {
    match state.link {
        Link::Open { .. } => state.words.word("list-empty"),
        _ => String::new(),
    }
}

/// The state of one in the list, in words; empty where there is nothing to say.
pub fn mark(state: &State, listed: &Listed) -> String {
    let key = match listed.mark {
        Mark::Online => "phase-online",
        Mark::Connecting => "phase-connecting",
        Mark::Offline => "phase-offline",
        Mark::Blocked => "contact-blocked",
        Mark::Group => "mark-group",
        Mark::Asks => return String::new(),
    };
    state.words.word(key)
}

/// The unread messages of one in the list, in words; empty without any.
pub fn unread(state: &State, listed: &Listed) -> String {
    match listed.unread {
        0 => String::new(),
        count => state.words.say("status-unread", &[("count", count.into())]),
    }
}

/// The words for a window that is too small for anything else, which needs so many columns and rows.
pub fn too_small(state: &State, (columns, rows): (u16, u16)) -> String {
    state.words.say("too-small", &[("columns", columns.into()), ("rows", rows.into())])
}
