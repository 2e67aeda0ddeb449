//! Answers to questions, and what they do.

use cwtch_api::{Command, GroupKeys};

use crate::acts;
use crate::ask;
use crate::closing;
use crate::dialog::{Answer, Ask, Dialog, Field, Need};
use crate::effect::{Effect, Remember};
use crate::page::About;
use crate::pages;
use crate::password;
use crate::reading;
use crate::start;
use crate::state::{Asked, Link, State, numbered};

/// Takes the answer of the question in front.
pub(crate) fn answered(state: &mut State) {
    let Some(dialog) = state.dialog.take() else { return };
    let answer = dialog.answer();
    let typed = match &dialog.field {
        Some(Field::Text(editor)) => editor.text().trim().to_owned(),
        _ => String::new(),
    };
    match &dialog.ask {
        Ask::Profile
        | Ask::NewProfile
        | Ask::NewPassword { .. }
        | Ask::Repeat { .. }
        | Ask::Unprotected { .. }
        | Ask::Password { .. }
        | Ask::Network { .. }
        | Ask::Bridges { .. }
        | Ask::Lost { .. } => start::answered(state, dialog, answer, typed),
        Ask::OldPassword | Ask::ChangedPassword { .. } | Ask::ChangedAgain { .. } => {
            password::answered(state, &dialog);
        }
        Ask::Keys { server, name } => {
            let keys = match answer {
                Answer::Yes => GroupKeys::Trusted,
                Answer::Other => GroupKeys::Strangers,
                _ => GroupKeys::Static,
            };
            let (name, server) = (name.clone(), server.clone());
            let command = Command::GroupNew { name, server, keys, with: Vec::new() };
            state.ask(command.clone(), Asked::Done(Box::new(command)));
        }
        Ask::Request { address } => {
            let contact = address.clone();
            let command = match answer {
                Answer::Yes => Command::ContactAccept { contact },
                Answer::Other => Command::ContactReject { contact },
                Answer::Named(_) => Command::ContactBlock { contact },
                Answer::No => return,
            };
            state.ask(command.clone(), Asked::Done(Box::new(command)));
        }
        Ask::Complete(need) => {
            if typed.is_empty() && !may_be_empty(need) {
                let fault = Some(state.words.word("answer-empty"));
                state.dialog = Some(Dialog { fault, ..dialog });
                return;
            }
            acts::complete(state, need.clone(), &typed);
        }
        Ask::Agree { command } => {
            if answer == Answer::Yes {
                state.ask((**command).clone(), Asked::Done(command.clone()));
            }
        }
        Ask::AgreeProfile(deed) => {
            if answer == Answer::Yes {
                state.outbox.push(Effect::Profile(deed.clone()));
            }
        }
        Ask::Fork { conversation, fork } => decide(state, *conversation, fork, &answer),
        Ask::ForkWaits { command, fork, conversation } => match answer {
            Answer::Yes => state.ask((**command).clone(), Asked::Sent(command.clone())),
            Answer::Other => {
                reading::put_back(state, command);
                let known = state
                    .facts
                    .groups
                    .get(conversation)
                    .and_then(|facts| facts.forks.iter().find(|known| known.fork == *fork).cloned());
                match known {
                    Some(fork) => ask::fork(state, *conversation, &fork),
                    None => acts::show(state, About::Group(*conversation)),
                }
            }
            _ => reading::put_back(state, command),
        },
        Ask::Experiment { name, command } => match answer {
            Answer::Yes => {
                state.ask(Command::ExperimentEnable { name: name.clone() }, Asked::Quiet);
                state.ask((**command).clone(), Asked::Done(command.clone()));
            }
            _ => reading::put_back(state, command),
        },
        Ask::Quit => {
            if answer != Answer::No {
                let stay = answer != Answer::Other;
                state.stay = Some(stay);
                state.outbox.push(Effect::Remember(Remember::Stay(stay)));
                closing::close(state, stay);
            }
        }
    }
}

/// Leaves the question in front without an answer.
pub(crate) fn left(state: &mut State) {
    let Some(dialog) = state.dialog.take() else { return };
    match &dialog.ask {
        Ask::ForkWaits { command, .. } | Ask::Experiment { command, .. } => reading::put_back(state, command),
        // Without these there is no app; closing it is another answer.
        Ask::NewProfile if !matches!(state.link, Link::Closed) => {}
        Ask::NewProfile if !state.profiles.is_empty() => start::begin(state),
        Ask::Profile | Ask::NewProfile | Ask::Lost { .. } => {
            state.dialog = Some(dialog);
            state.outbox.push(Effect::Quit { stop: false });
        }
        Ask::NewPassword { .. }
        | Ask::Repeat { .. }
        | Ask::Unprotected { .. }
        | Ask::Password { .. }
        | Ask::Network { making: Some(_), .. } => {
            // One that is made beside the open one leaves that as it is.
            if matches!(state.link, Link::Closed | Link::Opening { .. }) {
                start::begin(state);
            }
        }
        Ask::Network { label, making: None } if !matches!(state.link, Link::Open { .. }) => {
            start::stay_lost(state, label.clone());
        }
        Ask::Bridges { label, making } => start::ask_network(state, label.clone(), making.clone()),
        _ => {}
    }
}

fn decide(state: &mut State, conversation: i64, fork: &str, answer: &Answer) {
    let (group, fork) = (numbered(conversation), fork.to_owned());
    let command = match answer {
        Answer::Yes => Command::GroupAccept { group, fork },
        Answer::Other => Command::GroupDecline { group, fork },
        _ => return,
    };
    state.ask(command.clone(), Asked::Done(Box::new(command)));
    pages::ask_for(state, &About::Group(conversation));
}

fn may_be_empty(need: &Need) -> bool {
    matches!(need, Need::ContactName(_) | Need::GroupName(_) | Need::OwnName | Need::Note(_))
}
