//! The open conversation: opening and leaving it, reading on in it, its draft, and what of it is read.

use cwtch_api::{Command, NameKind};

use crate::input::Place;
use crate::page::About;
use crate::pages;
use crate::state::{Asked, Focus, Link, State, numbered};
use crate::thread::{PAGE, Reading, Thread};

/// Opens a conversation: its end, with its draft.
pub(crate) fn open(state: &mut State, conversation: i64) {
    let Some(known) = state.list.conversation(conversation).cloned() else { return };
    keep_draft(state);
    state.page = None;
    state.thread = Some(Thread::new(conversation, known.read_to));
    state.composer.open(known.draft.as_deref());
    state.focus = Focus::Composer;
    state.list.choose(Place::Conversation(conversation));
    state.ask(Command::Focus { conversation: numbered(conversation) }, Asked::Quiet);
    if known.kind == NameKind::Group {
        pages::ask_for(state, &About::Group(conversation));
    }
}

/// Opens a conversation at a message, with what is around it.
pub(crate) fn open_at(state: &mut State, conversation: i64, id: i64) {
    open(state, conversation);
    state.focus = Focus::Messages;
    let Some(reading) = state.thread.as_mut().filter(|open| open.conversation() == conversation) else {
        return;
    };
    let wanted = reading.go_to(id);
    read(state, conversation, wanted);
}

/// Leaves the open conversation.
pub(crate) fn close(state: &mut State) {
    keep_draft(state);
    state.thread = None;
    state.composer.open(None);
    state.focus = Focus::List;
}

/// Keeps the draft of the open conversation now.
pub(crate) fn keep_draft(state: &mut State) {
    if let Some(draft) = state.composer.draft(None) {
        send_draft(state, draft);
    }
}

pub(crate) fn send_draft(state: &mut State, draft: String) {
    let Some(thread) = &state.thread else { return };
    let text = Some(draft).filter(|text| !text.is_empty());
    let conversation = numbered(thread.conversation());
    state.ask(Command::ConversationDraft { conversation, text }, Asked::Quiet);
}

/// Reads the open conversation again, because much of it changed.
pub(crate) fn read_again(state: &mut State) {
    let Some(thread) = &mut state.thread else { return };
    let (conversation, wanted) = (thread.conversation(), thread.read_again());
    if let Some(reading) = wanted {
        read(state, conversation, reading);
    }
}

/// Asks for what the person comes near to in the open conversation.
pub(crate) fn read_on(state: &mut State) {
    if !matches!(state.link, Link::Open { .. }) {
        return;
    }
    let Some(thread) = &mut state.thread else { return };
    let (conversation, wanted) = (thread.conversation(), thread.wanted());
    if let Some(reading) = wanted {
        read(state, conversation, reading);
    }
}

fn read(state: &mut State, conversation: i64, reading: Reading) {
    let Some(thread) = &state.thread else { return };
    let first = thread.messages().first().map(|message| message.id);
    let last = thread.messages().last().map(|message| message.id);
    let (before, after, around) = match reading {
        Reading::Newest => (None, None, None),
        Reading::Before => (first, None, None),
        Reading::After => (None, last, None),
        Reading::Around(id) => (None, None, Some(id)),
    };
    let (since, limit) = (None, Some(PAGE));
    let command =
        Command::Messages { conversation: numbered(conversation), since, after, before, around, limit };
    state.ask(command, Asked::Messages(conversation, reading));
}

/// True if the open conversation is in front of the person.
pub(crate) fn in_sight(state: &State) -> bool {
    let free = state.page.is_none() && state.dialog.is_none() && state.focus != Focus::List;
    free && matches!(state.link, Link::Open { .. })
}

/// Marks as read what is in sight.
pub(crate) fn mark_read(state: &mut State) {
    if !in_sight(state) {
        return;
    }
    let Some(thread) = &mut state.thread else { return };
    let (conversation, up_to) = (numbered(thread.conversation()), thread.to_mark());
    if up_to.is_some() {
        state.ask(Command::ConversationRead { conversation, up_to }, Asked::Quiet);
    }
}

/// A message that is not sent now goes back to where it was written.
pub(crate) fn put_back(state: &mut State, command: &Command) {
    put_all_back(state, &[command]);
}

/// The same of several, one below the other.
pub(crate) fn put_all_back(state: &mut State, commands: &[impl std::borrow::Borrow<Command>]) {
    let Some(open) = state.thread.as_ref().map(|thread| numbered(thread.conversation())) else { return };
    let mut texts = Vec::new();
    let mut answers = None;
    for command in commands {
        if let Command::Send { conversation, text, reply_to, .. } = command.borrow()
            && *conversation == open
        {
            texts.push(text.as_str());
            answers = answers.or(*reply_to);
        }
    }
    if !texts.is_empty() {
        state.composer.put_back(&texts.join("\n"), answers);
    }
}
