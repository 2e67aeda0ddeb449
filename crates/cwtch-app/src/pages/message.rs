//! The page about a message: all of it, and what can be done with it.

use cwtch_api::{Command, MessageInfo, MessageState};

use crate::clean;
use crate::page::{Deed, PageView};
use crate::state::State;
use crate::thread::timeline::{self, Entry};

/// A message of the open conversation.
pub(super) fn message(state: &State, id: i64) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("message"), ..PageView::default() };
    let found = state.thread.as_ref().and_then(|thread| Some((thread, thread.message(id)?)));
    let Some((thread, message)) = found else {
        page.sentence(words.word("message-gone"));
        return page;
    };
    let shown =
        timeline::entries(thread, words, &state.zone, state.now).into_iter().find_map(|entry| match entry {
            Entry::Message(shown) if shown.id == id => Some(shown),
            _ => None,
        });
    let Some(shown) = shown else { return page };
    page.fact(words.word("label-from"), shown.speaker.clone());
    page.fact(
        words.word("label-came"),
        timeline::moment_in_full(message.received, words, &state.zone, state.now),
    );
    if let Some(sent) = message.sent.filter(|_| !message.own) {
        page.fact(words.word("label-sent"), timeline::moment_in_full(sent, words, &state.zone, state.now));
    }
    if let Some(state) = &shown.state {
        page.fact(words.word("label-state"), state.clone());
    }
    if let Some(quoted) = &shown.quoted {
        page.fact(words.word("label-quoted"), quoted.clone());
    }
    page.sentence(shown.text.clone());
    for remark in &shown.remarks {
        match remark.grave {
            true => page.grave(String::new(), remark.text.clone()),
            false => page.sentence(remark.text.clone()),
        }
    }
    actions(state, message, &mut page);
    page
}

fn actions(state: &State, message: &MessageInfo, page: &mut PageView) {
    let words = &state.words;
    let id = message.id;
    let mut act = |key: &str, deed| page.action_of(key, words.word(key), deed);
    if timeline::is_invite(message) {
        act("act-join", Deed::Ask(Box::new(Command::GroupJoin { invite: message.text.clone() })));
    }
    if timeline::is_suggestion(message) {
        let add = Command::ContactAdd { address: message.text.trim().to_owned(), name: None };
        act("act-add-suggested", Deed::Ask(Box::new(add)));
    }
    if !message.forgotten {
        act("act-copy", Deed::Copy(clean::text(&message.text)));
    }
    if message.own && matches!(message.state, MessageState::Queued | MessageState::Failed) {
        act("act-retry", Deed::Ask(Box::new(Command::MessageRetry { id, timeout: Some(0) })));
    }
    if message.own && message.state == MessageState::Queued {
        act("act-cancel", Deed::Ask(Box::new(Command::MessageCancel { id })));
    }
    act(
        "act-delete",
        Deed::Agree(Box::new(Command::MessageDelete { id: vec![id] }), words.word("ask-delete")),
    );
}
