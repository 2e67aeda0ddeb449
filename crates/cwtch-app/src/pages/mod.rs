//! Pages: what they show, and what is asked for them.

mod found;
mod group;
mod kept;
mod message;
mod people;
mod profiles;
mod server;

use cwtch_api::Command;

pub(crate) use self::people::phase as contact_phase;
pub(crate) use self::server::{phase as server_phase, verdict};
use crate::page::{About, PageView};
use crate::state::{Asked, State, Whole, numbered};
use crate::veil;
use crate::verbs::{VERBS, complete::usage};

/// Keys of the words for what keys do, in the order of the help.
const KEYS: [&str; 11] = [
    "key-move",
    "key-next",
    "key-confirm",
    "key-back",
    "key-newline",
    "key-answer",
    "key-copy",
    "key-about",
    "key-search",
    "key-emoji",
    "key-quit",
];

/// Asks for what a page shows, as far as it is not told by itself.
pub(crate) fn ask_for(state: &mut State, about: &About) {
    match about {
        About::Group(conversation) => {
            let group = numbered(*conversation);
            state.ask(Command::GroupShow { group: group.clone() }, Asked::Group(*conversation));
            state.ask(Command::GroupForks { group: group.clone() }, Asked::Forks(*conversation));
            state.ask(Command::GroupMembers { group }, Asked::Members(*conversation));
            kept(state, *conversation);
        }
        About::Servers | About::Server(_) => {
            state.ask_whole(Whole::Servers);
            state.ask_whole(Whole::Evidence);
        }
        About::Contact(address) => {
            state.ask_whole(Whole::Contacts);
            if let Some(conversation) = state.list.contact(address).map(|contact| contact.conversation) {
                kept(state, conversation);
            }
        }
        About::Profile | About::Network | About::Address => {
            state.ask_whole(Whole::Status);
            state.ask_whole(Whole::Attributes);
            state.ask_whole(Whole::Experiments);
        }
        About::Words(address) => {
            state.ask(Command::ContactWords { contact: address.clone() }, Asked::Quiet);
        }
        About::Rejects => state.ask(Command::Rejects, Asked::Quiet),
        About::Profiles | About::Message(_) | About::Search | About::Help => {}
    }
}

fn kept(state: &mut State, conversation: i64) {
    let command = Command::ConversationShow { conversation: numbered(conversation) };
    state.ask(command, Asked::Kept(conversation));
}

/// The open page as it is shown; an empty one without a page.
pub fn view(state: &State) -> PageView {
    let Some(page) = &state.page else { return PageView::default() };
    let view = whole(state, &page.about);
    if state.streamer { veil::page(view) } else { view }
}

/// A page with all that there is to see.
fn whole(state: &State, about: &About) -> PageView {
    match about {
        About::Contact(address) => people::contact(state, address),
        About::Words(address) => people::words(state, address),
        About::Profile => people::profile(state),
        About::Network => people::network(state),
        About::Group(conversation) => group::group(state, *conversation),
        About::Message(id) => message::message(state, *id),
        About::Servers => server::all(state),
        About::Server(address) => server::one(state, address),
        About::Profiles => profiles::all(state),
        About::Address => people::address(state),
        About::Search => found::page(state),
        About::Rejects => found::rejects(state),
        About::Help => help(state),
    }
}

fn help(state: &State) -> PageView {
    let words = &state.words;
    let mut page = PageView { title: words.word("help"), ..PageView::default() };
    for key in KEYS {
        page.sentence(words.word(key));
    }
    page.sentence(words.word("help-commands"));
    for verb in &VERBS {
        page.fact(usage(&state.words, verb), words.word(verb.about));
    }
    page
}
