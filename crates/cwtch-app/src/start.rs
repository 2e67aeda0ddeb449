//! The beginning: a profile is made or chosen, and opened.

use cwtch_api::Secret;

use crate::ask::{choice, secret};
use crate::clean;
use crate::dialog::{Answer, Ask, Choice, Dialog, Field};
use crate::effect::Effect;
use crate::input::{HostTold, ProfileChoice, Start};
use crate::reading;

use crate::state::{Asked, Link, Making, State, Whole};

/// The app was started.
pub(crate) fn started(state: &mut State, start: Start) {
    state.now = start.now;
    state.profiles = start.profiles;
    let chosen = start.chosen.and_then(|label| state.profiles.iter().find(|one| one.label == label).cloned());
    match chosen {
        Some(profile) => open(state, &profile),
        None => begin(state),
    }
}

/// Asks for a profile; opens the only one.
pub(crate) fn begin(state: &mut State) {
    match state.profiles.as_slice() {
        [] => {
            let question = state.words.word("ask-new-profile");
            let dialog = Dialog::typing(Ask::NewProfile, question, Field::text(""));
            state.dialog =
                Some(dialog.with(state.words.word("welcome")).with(state.words.word("new-profile-about")));
        }
        [only] => {
            let only = only.clone();
            open(state, &only);
        }
        several => {
            let label = |one: &ProfileChoice| Choice {
                answer: Answer::Named(one.label.clone()),
                label: clean::line(&one.label),
            };
            let choices = several.iter().map(label).collect();
            state.dialog = Some(Dialog::choosing(Ask::Profile, state.words.word("ask-profile"), choices));
        }
    }
}

fn open(state: &mut State, profile: &ProfileChoice) {
    if profile.password && !profile.open {
        password(state, &profile.label, None);
    } else {
        connect(state, profile.label.clone(), None);
    }
}

fn password(state: &mut State, label: &str, fault: Option<String>) {
    let question = state.words.say("ask-password", &[("name", clean::line(label).into())]);
    let ask = Ask::Password { label: label.to_owned() };
    state.dialog = Some(Dialog { fault, ..Dialog::typing(ask, question, Field::secret()) });
}

fn connect(state: &mut State, label: String, password: Option<Secret>) {
    state.link = Link::Opening { label: label.clone() };
    state.outbox.push(Effect::Connect { label, password });
}

/// Takes the answer of a question of the beginning.
pub(crate) fn answered(state: &mut State, dialog: Dialog, answer: Answer, typed: String) {
    let words = &state.words;
    match &dialog.ask {
        Ask::Profile => {
            if let Answer::Named(label) = answer
                && let Some(profile) = state.profiles.iter().find(|one| one.label == label).cloned()
            {
                open(state, &profile);
            }
        }
        Ask::NewProfile if typed.is_empty() => {
            let fault = Some(words.word("answer-empty"));
            state.dialog = Some(Dialog { fault, ..dialog });
        }
        Ask::NewProfile => new_password(state, typed, None),
        Ask::NewPassword { label } => {
            let (first, label) = (secret(dialog.field.as_ref()), label.clone());
            if first.expose().is_empty() {
                let choices = vec![
                    choice(state, Answer::No, "password-after-all"),
                    choice(state, Answer::Yes, "no-password"),
                ];
                let question = words.word("ask-unprotected");
                state.dialog = Some(Dialog::choosing(Ask::Unprotected { label }, question, choices));
            } else {
                let question = words.word("ask-repeat");
                state.dialog = Some(Dialog::typing(Ask::Repeat { label, first }, question, Field::secret()));
            }
        }
        Ask::Repeat { label, first } => {
            if secret(dialog.field.as_ref()) == *first {
                make(state, label.clone(), Some(first.clone()));
            } else {
                let fault = words.word("passwords-differ");
                new_password(state, label.clone(), Some(fault));
            }
        }
        Ask::Unprotected { label } if answer == Answer::Yes => make(state, label.clone(), None),
        Ask::Unprotected { label } => new_password(state, label.clone(), None),
        Ask::Password { label } => connect(state, label.clone(), Some(secret(dialog.field.as_ref()))),
        Ask::Lost { label } => match answer {
            // It may run again by itself, and takes no password then.
            Answer::Yes => connect(state, label.clone(), None),
            _ => state.outbox.push(Effect::Quit { stop: false }),
        },
        _ => {}
    }
}

fn new_password(state: &mut State, label: String, fault: Option<String>) {
    let question = state.words.say("ask-new-password", &[("name", clean::line(&label).into())]);
    let dialog = Dialog::typing(Ask::NewPassword { label }, question, Field::secret());
    state.dialog = Some(Dialog { fault, ..dialog }.with(state.words.word("new-password-about")));
}

fn make(state: &mut State, label: String, password: Option<Secret>) {
    state.making = Some(Making { password: password.clone() });
    state.profiles.retain(|one| one.label != label);
    state.profiles.push(ProfileChoice { label: label.clone(), password: password.is_some(), open: false });
    state.link = Link::Opening { label: label.clone() };
    state.outbox.push(Effect::Make { label, password });
}

/// Something became of what the host was asked to do.
pub(crate) fn told(state: &mut State, told: HostTold) {
    match told {
        HostTold::Made { label } => {
            let password = state.making.take().and_then(|making| making.password);
            connect(state, label, password);
        }
        HostTold::Connected { label, network, warning } => {
            state.dialog = None;
            state.link = Link::Open { label };
            state.facts.network_name = clean::line(&network);
            state.facts.warning = warning.map(|warning| clean::line(&warning));
            state.asked.clear();
            state.stale.clear();
            state.outbox.push(Effect::Follow);
            for whole in
                [Whole::Status, Whole::Contacts, Whole::Conversations, Whole::Servers, Whole::Attributes]
            {
                state.ask_whole(whole);
            }
            if let Some(thread) = &mut state.thread {
                // What was asked for of it went with the connection.
                thread.failed();
            }
            reading::read_again(state);
        }
        HostTold::Lost => {
            let Link::Open { label } = &state.link else { return };
            let label = label.clone();
            lost(state, label, state.words.word("daemon-lost"));
        }
        HostTold::Failed { sentence, password: wrong } => failed(state, &clean::line(&sentence), wrong),
    }
}

fn failed(state: &mut State, sentence: &str, wrong: bool) {
    let Link::Opening { label } = state.link.clone() else {
        state.say(sentence, true);
        return;
    };
    if state.making.take().is_some() {
        // Nothing was made: the name may be another one.
        state.profiles.retain(|one| one.label != label);
    }
    state.link = Link::Closed;
    if wrong {
        password(state, &label, Some(sentence.to_owned()));
    } else if state.profiles.is_empty() {
        begin(state);
        if let Some(dialog) = &mut state.dialog {
            dialog.fault = Some(sentence.to_owned());
        }
    } else {
        lost(state, label, sentence.to_owned());
    }
}

fn lost(state: &mut State, label: String, sentence: String) {
    state.link = Link::Lost { label: label.clone() };
    state.facts.network = None;
    state.facts.reachability = None;
    // Nobody knows what became of texts that were just sent. The conversation will show them if they are there.
    let under_way = std::mem::take(&mut state.asked).into_values();
    let sent: Vec<_> = under_way
        .filter_map(|asked| if let Asked::Sent(command) = asked { Some(command) } else { None })
        .collect();
    reading::put_all_back(state, &sent);
    let choices = vec![choice(state, Answer::Yes, "connect-again"), choice(state, Answer::No, "close")];
    state.dialog = Some(Dialog::choosing(Ask::Lost { label }, sentence, choices));
}
