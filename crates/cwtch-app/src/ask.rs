//! Questions to the person, as dialogs.

use cwtch_api::{Command, ForkInfo, ForkKind, ForkQuestion, NameSource, PersonInfo, Secret};

use crate::clean;
use crate::dialog::{Answer, Ask, Choice, Dialog, Field, Need};
use crate::page::ProfileDeed;
use crate::state::{State, named};

/// Has the person agree to a command.
pub(crate) fn agree(state: &mut State, key: &str, command: Command) {
    let question = state.words.word(key);
    agree_to(state, question, command);
}

/// Has the person agree to something that is done with a profile as a whole.
pub(crate) fn agree_profile(state: &mut State, question: String, deed: ProfileDeed) {
    let choices = vec![choice(state, Answer::No, "no"), choice(state, Answer::Yes, "yes")];
    state.dialog = Some(Dialog::choosing(Ask::AgreeProfile(deed), question, choices));
}

/// The same with a sentence of its own.
pub(crate) fn agree_to(state: &mut State, question: String, command: Command) {
    let choices = vec![choice(state, Answer::No, "no"), choice(state, Answer::Yes, "yes")];
    state.dialog = Some(Dialog::choosing(Ask::Agree { command: Box::new(command) }, question, choices));
}

/// Asks what to do about somebody unknown.
pub(crate) fn request(state: &mut State, address: &str) {
    let Some(contact) = state.list.contact(address) else { return };
    let shown = clean::line(&contact.shown);
    let question = state.words.say("ask-request", &[("name", shown.into())]);
    let choices = vec![
        choice(state, Answer::Yes, "request-accept"),
        choice(state, Answer::Other, "request-reject"),
        choice(state, Answer::Named("block".to_owned()), "request-block"),
        choice(state, Answer::No, "later"),
    ];
    let ask = Ask::Request { address: address.to_owned() };
    let dialog = Dialog::choosing(ask, state.seen(question), choices);
    let whose = state.words.say("request-address", &[("address", clean::line(address).into())]);
    state.dialog = Some(dialog.with(state.seen(whose)));
}

/// Asks about a new key of a group.
pub(crate) fn fork(state: &mut State, conversation: i64, fork: &ForkInfo) {
    let words = &state.words;
    let by = person(&fork.by);
    let name = state.name_of(conversation);
    let key = match (fork.question, fork.kind) {
        (Some(ForkQuestion::Doubtful), _) => "ask-fork-doubtful",
        (Some(ForkQuestion::Join), _) => "ask-fork-join",
        (Some(ForkQuestion::Again), _) => "ask-fork-again",
        (_, ForkKind::Move) => "ask-fork-move",
        _ => "ask-fork",
    };
    let question = words.say(key, &[("by", by.into()), ("group", name.into())]);
    let choices = vec![
        choice(state, Answer::No, "later"),
        choice(state, Answer::Yes, "fork-accept"),
        choice(state, Answer::Other, "fork-decline"),
    ];
    let ask = Ask::Fork { conversation, fork: fork.fork.clone() };
    let mut dialog = Dialog::choosing(ask, question, choices);
    dialog.details = fork_details(state, fork);
    state.dialog = Some(dialog);
}

/// Sentences about a new key: for whom it is, who uses it, where it leads.
pub(crate) fn fork_details(state: &State, fork: &ForkInfo) -> Vec<String> {
    let words = &state.words;
    let mut details = Vec::new();
    for (people, key) in [(&fork.left_out, "fork-leaves-out"), (&fork.added, "fork-adds")] {
        if !people.is_empty() {
            let names: Vec<String> = people.iter().map(person).collect();
            details.push(words.say(key, &[("names", names.join(", ").into())]));
        }
    }
    details.push(words.say("fork-moved", &[("moved", fork.moved.into()), ("of", fork.of.into())]));
    if let Some(server) = &fork.server {
        details.push(words.say("fork-server", &[("server", clean::line(server).into())]));
    }
    details
}

/// Asks for the keys of a new group.
pub(crate) fn keys(state: &mut State, server: String, name: String) {
    let choices = vec![
        choice(state, Answer::Yes, "keys-trusted"),
        choice(state, Answer::Other, "keys-strangers"),
        choice(state, Answer::No, "keys-for-all"),
    ];
    let dialog = Dialog::choosing(Ask::Keys { server, name }, state.words.word("ask-keys"), choices);
    state.dialog = Some(dialog.with(state.words.word("ask-keys-about")));
}

pub(crate) fn choice(state: &State, answer: Answer, key: &str) -> Choice {
    Choice { answer, label: state.words.word(key) }
}

/// The name of somebody in a group.
pub(crate) fn person(person: &PersonInfo) -> String {
    named(&person.speaker)
}

/// A secret of what was typed.
pub(crate) fn secret(field: Option<&Field>) -> Secret {
    match field {
        Some(Field::Secret(typed)) => Secret::new(typed.clone()),
        _ => Secret::new(zeroize::Zeroizing::default()),
    }
}

/// Asks for something to be typed.
pub(crate) fn need(state: &mut State, need: Need) {
    let (key, now) = match &need {
        Need::ContactAddress => ("need-address", String::new()),
        Need::ContactName(address) => {
            let known = state.list.contact(address).filter(|one| one.name_source == NameSource::Given);
            ("need-contact-name", known.map(|one| one.name.clone()).unwrap_or_default())
        }
        Need::GroupName(_) => ("need-group-name", String::new()),
        Need::Invite => ("need-invite", String::new()),
        Need::Invited(_) => ("need-invited", String::new()),
        Need::Server => ("need-server", String::new()),
        Need::OwnName => ("need-own-name", state.facts.own_name.clone()),
        Need::NewGroup(_) => ("need-new-group", String::new()),
        Need::Note(conversation) => {
            let known = state.list.conversation(*conversation).and_then(|one| one.note.clone());
            ("need-note", known.unwrap_or_default())
        }
        Need::ProfileLabel(label) => ("need-profile-label", label.clone()),
        Need::Search(_) => ("need-search", String::new()),
    };
    let field = Field::text(&clean::line(&now));
    state.dialog = Some(Dialog::typing(Ask::Complete(need), state.words.word(key), field));
}
