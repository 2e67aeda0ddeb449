//! Wishes of a person: to the question in front, else to the page, else to the part of the screen that is in use.

use cwtch_api::Command;

use crate::acts;
use crate::answers;
use crate::ask;
use crate::closing;
use crate::composer::is_command;
use crate::dialog::Need;
use crate::effect::{Effect, Remember};
use crate::input::{Intent, Move, Place, Target};
use crate::page::{About, Deed};
use crate::pages;
use crate::password;
use crate::reading;
use crate::search;
use crate::start;
use crate::state::{Asked, Focus, State, numbered};
use crate::thread::{Thread, timeline};
use crate::view;

/// Takes an intent.
pub(super) fn intent(state: &mut State, intent: Intent) {
    if state.dialog.is_some() {
        return in_dialog(state, intent);
    }
    match intent {
        Intent::Quit => return closing::quit(state),
        Intent::Help => return acts::show(state, About::Help),
        Intent::Search => return ask::need(state, Need::Search(None)),
        _ => {}
    }
    if state.page.is_some() {
        return on_page(state, intent);
    }
    match (state.focus, intent) {
        (_, Intent::Next) if state.focus == Focus::Composer && complete_line(state) => {}
        (_, Intent::Next) => turn(state, true),
        (_, Intent::Previous) => turn(state, false),
        (_, Intent::About) => about(state),
        (_, Intent::Command) => {
            state.focus = Focus::Composer;
            if state.thread.is_none() {
                state.composer.open(None);
            }
            state.composer.editor.insert("/");
        }
        (_, Intent::Copy) => copy(state),
        (Focus::List, intent) => in_list(state, intent),
        (Focus::Messages, intent) => in_messages(state, intent),
        (Focus::Composer, intent) => in_composer(state, intent),
    }
}

/// Takes text that was typed or pasted.
pub(super) fn typed(state: &mut State, text: &str) {
    match &mut state.dialog {
        Some(dialog) => dialog.insert(text),
        None if state.page.is_none() => {
            if state.focus != Focus::Composer && state.thread.is_none() && !text.starts_with('/') {
                return;
            }
            state.focus = Focus::Composer;
            state.composer.editor.insert(text);
            state.composer.touched(state.now);
        }
        None => {}
    }
}

/// Takes something that was pointed at.
pub(super) fn pointed(state: &mut State, target: Target) {
    match (target, state.dialog.is_some(), state.page.is_some()) {
        (Target::Choice(at), true, _) => {
            if let Some(dialog) = state.dialog.as_mut().filter(|dialog| at < dialog.choices.len()) {
                dialog.chosen = at;
                answers::answered(state);
            }
        }
        (_, true, _) => {}
        (Target::Action(key), _, true) => {
            if let Some(page) = &mut state.page {
                page.chosen = key;
            }
            on_page(state, Intent::Confirm);
        }
        (Target::Listed(place), ..) => {
            state.list.choose(place.clone());
            open_place(state, &place);
        }
        (Target::Message(id), _, false) => {
            state.focus = Focus::Messages;
            if let Some(thread) = &mut state.thread {
                thread.choose(Some(id));
            }
        }
        (Target::Composer, _, false) => state.focus = Focus::Composer,
        _ => {}
    }
}

fn in_dialog(state: &mut State, intent: Intent) {
    let Some(dialog) = &mut state.dialog else { return };
    match intent {
        Intent::Step(step) => dialog.step(step),
        Intent::Next => dialog.step(Move::Down),
        Intent::Previous => dialog.step(Move::Up),
        Intent::Erase(step) => dialog.erase(step),
        Intent::Confirm => answers::answered(state),
        Intent::Back => answers::left(state),
        // Asked to close once more, it closes.
        Intent::Quit => closing::close(state, state.stay != Some(false)),
        _ => {}
    }
}

fn on_page(state: &mut State, intent: Intent) {
    let view = pages::view(state);
    let half = usize::from(state.size.1 / 2).max(1);
    let Some(page) = &mut state.page else { return };
    match intent {
        Intent::Step(Move::Up) | Intent::Previous => page.chosen = view.step(&page.chosen, -1),
        Intent::Step(Move::Down) | Intent::Next => page.chosen = view.step(&page.chosen, 1),
        Intent::PageUp => page.scrolled = page.scrolled.saturating_sub(half),
        Intent::PageDown => page.scrolled = (page.scrolled + half).min(view.lines.len() * 8),
        Intent::First => page.scrolled = 0,
        Intent::Back => state.page = None,
        Intent::Copy => copy_page(state),
        Intent::Confirm => {
            let deed = view.action(&page.chosen).map(|action| action.deed.clone());
            if let Some(deed) = deed {
                do_deed(state, deed);
            }
        }
        _ => {}
    }
}

fn do_deed(state: &mut State, deed: Deed) {
    match deed {
        Deed::Ask(command) if matches!(*command, Command::EvidenceExport { .. }) => {
            state.ask(*command, Asked::Evidence);
        }
        Deed::Ask(command) => {
            state.ask((*command).clone(), Asked::Done(command));
            if let Some(about) = state.page.as_ref().map(|page| page.about.clone()) {
                pages::ask_for(state, &about);
            }
        }
        Deed::Agree(command, question) => ask::agree_to(state, question, *command),
        Deed::Need(need) => ask::need(state, need),
        Deed::Fork(conversation, fork) => {
            let forks =
                state.facts.groups.get(&conversation).map(|facts| facts.forks.as_slice()).unwrap_or_default();
            if let Some(fork) = forks.iter().find(|known| known.fork == fork).cloned() {
                ask::fork(state, conversation, &fork);
            }
        }
        Deed::Open(about) => acts::show(state, about),
        Deed::Copy(text) => put_into_clipboard(state, text),
        Deed::Talk(conversation) => reading::open(state, conversation),
        Deed::At(conversation, id) => reading::open_at(state, conversation, id),
        Deed::More => search::go_on(state),
        Deed::Network => {
            let label = state.label().to_owned();
            start::ask_network(state, label, None);
        }
        Deed::Remember(stay) => {
            state.stay = Some(stay);
            state.outbox.push(Effect::Remember(Remember::Stay(stay)));
        }
        Deed::Streamer(on) => acts::streamer(state, on),
        Deed::Notify(on) => acts::notify(state, on),
        Deed::Password => password::begin(state),
        Deed::Switch(label) => start::switch(state, &label),
        Deed::NewProfile => start::another(state),
        Deed::Profile(deed, question) => ask::agree_profile(state, question, deed),
    }
}

fn in_list(state: &mut State, intent: Intent) {
    let screen = isize::try_from(state.size.1 / 2).unwrap_or(1).max(1);
    match intent {
        Intent::Step(Move::Up) => state.list.step(-1),
        Intent::Step(Move::Down) => state.list.step(1),
        Intent::PageUp => state.list.step(-screen),
        Intent::PageDown => state.list.step(screen),
        Intent::First => state.list.step(isize::MIN),
        Intent::Last => state.list.step(isize::MAX),
        Intent::Confirm | Intent::Step(Move::On) => {
            if let Some(place) = state.list.chosen().cloned() {
                open_place(state, &place);
            }
        }
        Intent::Back if state.thread.is_some() => reading::close(state),
        _ => {}
    }
}

fn open_place(state: &mut State, place: &Place) {
    match place {
        Place::Request(address) => ask::request(state, address),
        Place::Conversation(number) => reading::open(state, *number),
    }
}

fn in_messages(state: &mut State, intent: Intent) {
    let screen = isize::try_from(state.size.1 / 4).unwrap_or(1).max(1);
    let Some(thread) = &mut state.thread else { return };
    match intent {
        Intent::Step(Move::Up) => thread.step(-1),
        Intent::Step(Move::Down) => thread.step(1),
        Intent::PageUp => thread.step(-screen),
        Intent::PageDown => thread.step(screen),
        Intent::First => thread.to_first(),
        Intent::Last => thread.choose(None),
        Intent::Back if thread.chosen().is_some() => thread.choose(None),
        Intent::Back => state.focus = Focus::List,
        Intent::Answer => {
            if let Some(chosen) = thread.chosen().filter(|message| !message.forgotten) {
                state.composer.answers = Some(chosen.id);
                state.focus = Focus::Composer;
            }
        }
        Intent::Delete => {
            if let Some(id) = thread.chosen().map(|message| message.id) {
                ask::agree(state, "ask-delete", Command::MessageDelete { id: vec![id] });
            }
        }
        Intent::Confirm => {
            if let Some(id) = thread.chosen().map(|message| message.id) {
                acts::show(state, About::Message(id));
            }
        }
        _ => {}
    }
}

fn in_composer(state: &mut State, intent: Intent) {
    match intent {
        Intent::Step(step) => state.composer.step(step),
        Intent::Erase(step) => {
            state.composer.editor.erase(step);
            state.composer.touched(state.now);
        }
        Intent::NewLine => {
            state.composer.editor.insert("\n");
            state.composer.touched(state.now);
        }
        Intent::PageUp => {
            if let Some(thread) = &mut state.thread {
                thread.step(-1);
                state.focus = Focus::Messages;
            }
        }
        Intent::Confirm => send(state),
        Intent::Back if state.composer.answers.is_some() => state.composer.answers = None,
        Intent::Back => state.focus = Focus::List,
        _ => {}
    }
}

fn send(state: &mut State) {
    let text = state.composer.editor.text().to_owned();
    if text.trim().is_empty() {
        return;
    }
    if is_command(&text) {
        if acts::typed(state, &text) {
            // The conversation may be another one now, with its own draft.
            if state.composer.editor.text() == text {
                state.composer.take(state.now);
            }
            if state.thread.is_none() {
                state.focus = Focus::List;
            }
        }
        return;
    }
    let Some(conversation) = state.thread.as_ref().map(Thread::conversation) else { return };
    let (text, reply_to) = state.composer.take(state.now);
    let text = text.strip_prefix('/').filter(|rest| rest.starts_with('/')).map(str::to_owned).unwrap_or(text);
    let command = Command::Send {
        conversation: numbered(conversation),
        text,
        timeout: Some(0),
        reply_to,
        anyway: false,
    };
    state.ask(command.clone(), Asked::Sent(Box::new(command)));
    // Whoever writes wants to see it.
    if let Some(thread) = &mut state.thread {
        thread.choose(None);
    }
}

/// Completes the command that is typed, as far as that is clear; false where there is nothing to complete.
fn complete_line(state: &mut State) -> bool {
    let proposals = view::proposed(state);
    let Some(first) = proposals.first() else { return false };
    let mut common = first.line.clone();
    for proposal in &proposals {
        while !proposal.line.starts_with(&common) {
            common.pop();
        }
    }
    let line = if common.len() > state.composer.editor.text().len() { common } else { first.line.clone() };
    state.composer.editor = crate::editor::Editor::new(line);
    true
}

/// To the next part of the screen, or the one before.
fn turn(state: &mut State, on: bool) {
    state.focus = match (state.focus, on, state.thread.is_some()) {
        (_, _, false) => Focus::List,
        (Focus::List, true, _) | (Focus::Composer, false, _) => Focus::Messages,
        (Focus::Messages, true, _) | (Focus::List, false, _) => Focus::Composer,
        (Focus::Composer, true, _) | (Focus::Messages, false, _) => Focus::List,
    };
}

/// Shows more about what is in use.
fn about(state: &mut State) {
    let chosen = state.thread.as_ref().and_then(Thread::chosen).map(|message| message.id);
    let place = match (state.focus, state.list.chosen(), &state.thread) {
        (Focus::Messages, _, _) if chosen.is_some() => {
            return acts::show(state, About::Message(chosen.unwrap_or_default()));
        }
        (Focus::List, Some(place), _) => place.clone(),
        (_, _, Some(thread)) => Place::Conversation(thread.conversation()),
        _ => return acts::show(state, About::Profile),
    };
    let about = match place {
        Place::Request(address) => About::Contact(address),
        Place::Conversation(number) => match state.list.conversation(number) {
            Some(one) if one.kind == cwtch_api::NameKind::Group => About::Group(number),
            Some(one) => About::Contact(one.with.clone()),
            None => return,
        },
    };
    acts::show(state, about);
}

/// Copies the message that is highlighted.
fn copy(state: &mut State) {
    let chosen = state.thread.as_ref().and_then(Thread::chosen).filter(|message| !message.forgotten);
    if let Some(text) = chosen.map(timeline::copied) {
        put_into_clipboard(state, text);
    }
}

fn copy_page(state: &mut State) {
    let Some(page) = &state.page else { return };
    match &page.about {
        About::Contact(address) | About::Server(address) => {
            let address = address.clone();
            put_into_clipboard(state, address);
        }
        About::Profile | About::Address => put_into_clipboard(state, state.facts.address.clone()),
        About::Message(id) => {
            let message = state.thread.as_ref().and_then(|thread| thread.message(*id));
            if let Some(text) = message.filter(|message| !message.forgotten).map(timeline::copied) {
                put_into_clipboard(state, text);
            }
        }
        _ => {}
    }
}

fn put_into_clipboard(state: &mut State, text: String) {
    if !text.is_empty() {
        state.outbox.push(Effect::Copy(text));
        state.say(state.words.word("copied"), false);
    }
}
