//! Events of the engine.

use cwtch_api::{ContactPhase, Event, MessageInfo};

use crate::clean;
use crate::effect::Effect;
use crate::input::HostTold;
use crate::page::About;
use crate::state::{State, Whole};
use crate::thread::Thread;
use crate::{ask, pages, reading};

/// Takes an event.
pub(super) fn heard(state: &mut State, mut event: Event) {
    cwtch_words::event(&state.words, &mut event);
    match event {
        Event::Network(now) => state.facts.network = Some(now),
        Event::Reachability(now) => state.facts.reachability = Some(now),
        Event::Presence(presence) => state.facts.presence = presence,
        Event::ContactConnection { address, phase, detail, .. } => {
            state.list.connection(&address, phase, detail);
        }
        Event::ContactOnline { address, .. } => {
            state.list.connection(&address, ContactPhase::Authenticated, None)
        }
        // When it was seen last is told by the list only.
        Event::ContactOffline { .. } => state.ask_whole(Whole::Contacts),
        Event::ContactRequest { .. } => {
            state.ask_whole(Whole::Contacts);
            state.say(state.words.word("notice-request"), false);
            state.call();
        }
        Event::ContactChanged { contact } => {
            state.list.take_contact(contact);
            state.ask_whole(Whole::Conversations);
        }
        Event::ContactRemoved { conversation, .. } => {
            state.list.forget_contact(conversation);
            state.ask_whole(Whole::Conversations);
        }
        Event::Message { message } => arrived(state, message),
        Event::MessageState { id, conversation, state: now } => {
            with(state, conversation, |thread| thread.state(id, now));
            state.ask_whole(Whole::Conversations);
        }
        Event::MessageDeleted { id, conversation } => {
            with(state, conversation, |thread| thread.deleted(id));
            crate::search::gone(state, conversation, Some(id));
            state.ask_whole(Whole::Conversations);
        }
        Event::MessageMoved { id, conversation, place, index } => {
            with(state, conversation, |thread| thread.moved(id, place, index));
        }
        Event::MessageNotes { id, conversation, gap, notes } => {
            with(state, conversation, |thread| thread.noted(id, gap, notes));
        }
        Event::MessagesReordered { conversation }
        | Event::NotesChanged { conversation }
        | Event::EpochChanged { conversation, .. }
        | Event::EpochDropped { conversation, .. } => again(state, conversation),
        Event::TextsForgotten { conversation } | Event::ConversationCleared { conversation } => {
            // What was found of it may say nothing any more.
            crate::search::gone(state, conversation, None);
            again(state, conversation);
        }
        Event::GroupHidden { group, .. } => again(state, group.conversation),
        Event::GroupMade { .. } | Event::GroupJoined { .. } | Event::GroupChanged { .. } => {
            state.ask_whole(Whole::Conversations);
            state.ask_whole(Whole::Servers);
        }
        Event::GroupLeft { conversation, .. } => {
            state.facts.groups.remove(&conversation);
            state.ask_whole(Whole::Conversations);
        }
        Event::GroupForks { group, asked, .. } => {
            about(state, group.conversation);
            if !asked.is_empty() {
                let name = clean::line(&group.shown);
                state.say(state.words.say("notice-fork", &[("group", name.into())]), true);
                state.call();
            }
        }
        Event::ConversationChanged { conversation }
            if state.list.take_conversation((*conversation).clone()) =>
        {
            state.ask_whole(Whole::Conversations);
        }
        Event::VanishingChanged { conversation } => {
            let name = clean::line(&conversation.shown);
            if let Some(part) = crate::view::vanishing(&state.words, &conversation) {
                let said = [("name", name.into()), ("state", part.text.into())];
                state.say(state.words.say("notice-vanish", &said), part.weight == crate::view::Weight::Grave);
            }
            if state.list.take_conversation(*conversation) {
                state.ask_whole(Whole::Conversations);
            }
        }
        Event::Server { address, phase, detail, .. } => {
            for server in state.facts.servers.iter_mut().filter(|server| server.address == address) {
                server.phase = Some(phase);
                server.trouble.clone_from(&detail);
            }
        }
        Event::ServerAdded { .. } | Event::ServerChanged { .. } | Event::ServerRemoved { .. } => {
            state.ask_whole(Whole::Servers);
            if let Some(open) = state.thread.as_ref().map(Thread::conversation) {
                about(state, open);
            }
        }
        Event::EvidenceFound { .. } => state.ask_whole(Whole::Evidence),
        Event::Alarm { detail, advice, .. } => {
            state.ask_whole(Whole::Servers);
            state.ask_whole(Whole::Evidence);
            state.say(format!("{} {}", clean::line(&detail), clean::line(&advice)), true);
            state.call();
        }
        Event::LogNotice { detail, .. } => state.say(clean::line(&detail), false),
        Event::RunsElsewhere { detail, advice, .. } => {
            let sentence = format!("{} {}", clean::line(&detail), clean::line(&advice));
            state.facts.elsewhere = Some(sentence.clone());
            ask::agree_to(state, sentence, cwtch_api::Command::ConfirmOnlyCopy);
        }
        Event::OnlyCopy {} => state.facts.elsewhere = None,
        Event::SettingsChanged { .. } => state.ask_whole(Whole::Attributes),
        Event::ProfileClosed { detail } => {
            crate::start::told(state, HostTold::Lost);
            if let (Some(dialog), Some(detail)) = (&mut state.dialog, detail) {
                dialog.details.push(clean::line(&detail));
            }
        }
        // What was missed cannot be told any more: everything is read anew, as at the beginning.
        Event::ChangesGone { .. } => {
            state.outbox.push(Effect::Follow);
            for whole in
                [Whole::Status, Whole::Contacts, Whole::Conversations, Whole::Servers, Whole::Attributes]
            {
                state.ask_whole(whole);
            }
            reading::read_again(state);
        }
        _ => {}
    }
}

fn arrived(state: &mut State, message: MessageInfo) {
    let conversation = message.conversation;
    let muted = state.list.conversation(conversation).is_some_and(|one| one.muted);
    let (own, id) = (message.own, message.id);
    with(state, conversation, |thread| thread.arrived(message));
    state.ask_whole(Whole::Conversations);
    let here = state
        .thread
        .as_ref()
        .is_some_and(|thread| thread.conversation() == conversation && thread.message(id).is_some());
    let seen = here && reading::in_sight(state);
    if !(own || muted || seen) {
        state.call();
    }
}

/// Reads a conversation again, if it is the open one.
fn again(state: &mut State, conversation: i64) {
    if state.thread.as_ref().is_some_and(|thread| thread.conversation() == conversation) {
        reading::read_again(state);
        about(state, conversation);
    }
    state.ask_whole(Whole::Conversations);
}

/// Asks for what is known of a group, if it is in sight.
fn about(state: &mut State, conversation: i64) {
    let in_sight = state.thread.as_ref().is_some_and(|thread| thread.conversation() == conversation)
        || matches!(&state.page, Some(page) if page.about == About::Group(conversation));
    let group =
        state.list.conversation(conversation).is_some_and(|one| one.kind == cwtch_api::NameKind::Group);
    if in_sight && group {
        pages::ask_for(state, &About::Group(conversation));
    }
}

fn with(state: &mut State, conversation: i64, change: impl FnOnce(&mut Thread)) {
    if let Some(thread) = state.thread.as_mut().filter(|thread| thread.conversation() == conversation) {
        change(thread);
    }
}
