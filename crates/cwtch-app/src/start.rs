//! The beginning: a profile is made or chosen, and opened.

use cwtch_api::Secret;

use crate::ask::{choice, secret};
use crate::clean;
use crate::composer::Composer;
use crate::dialog::{Answer, Ask, Choice, Dialog, Field};
use crate::effect::Effect;
use crate::input::{HostTold, NetworkChoice, ProfileChoice, Start};
use crate::list::List;
use crate::reading;
use crate::state::{Asked, Choosing, Facts, Focus, Link, Making, State, Whole};

/// The app was started.
pub(crate) fn started(state: &mut State, start: Start) {
    state.now = start.now;
    state.profiles = start.profiles;
    state.network_chosen = start.network;
    state.stay = start.stay;
    state.streamer = start.streamer;
    state.notify = start.notify;
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

/// Asks for another profile beside those that there are.
pub(crate) fn another(state: &mut State) {
    let dialog = Dialog::typing(Ask::NewProfile, state.words.word("ask-new-profile"), Field::text(""));
    state.dialog = Some(dialog.with(state.words.word("new-profile-about")));
}

/// Goes over to another profile; the one until now stays open in the daemon.
pub(crate) fn switch(state: &mut State, label: &str) {
    let Some(profile) = state.profiles.iter().find(|one| one.label == label).cloned() else { return };
    leave(state);
    open(state, &profile);
}

/// Forgets what is known of the profile until now.
fn leave(state: &mut State) {
    reading::keep_draft(state);
    let here = state.label().to_owned();
    for profile in state.profiles.iter_mut().filter(|one| one.label == here) {
        profile.open = matches!(state.link, Link::Open { .. });
    }
    state.link = Link::Closed;
    state.list = List::default();
    state.thread = None;
    state.composer = Composer::default();
    state.focus = Focus::List;
    state.page = None;
    state.search = None;
    state.facts = Facts::default();
    state.asked.clear();
    state.stale.clear();
}

/// The profiles as they are now. Without the one that was open here, another one is asked for.
fn profiles(state: &mut State, all: Vec<ProfileChoice>) {
    state.profiles = all;
    let here = state.profiles.iter().any(|one| one.label == state.label() && one.open);
    if !here && matches!(state.link, Link::Open { .. } | Link::Lost { .. }) {
        leave(state);
        // Nothing is opened that was just closed.
        let several = state.profiles.iter().cloned();
        let label =
            |one: ProfileChoice| Choice { label: clean::line(&one.label), answer: Answer::Named(one.label) };
        let choices: Vec<_> = several.map(label).collect();
        match choices.is_empty() {
            true => begin(state),
            false => {
                let question = state.words.word("ask-profile");
                state.dialog = Some(Dialog::choosing(Ask::Profile, question, choices));
            }
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
        Ask::Network { label, making } => {
            let choice = match answer {
                Answer::Yes => NetworkChoice::Direct,
                Answer::Named(_) => NetworkChoice::System,
                _ => return ask_bridges(state, label.clone(), making.clone(), None),
            };
            keep_network(state, choice, label.clone(), making.clone());
        }
        Ask::Bridges { label, making } if typed.is_empty() => {
            let fault = Some(words.word("answer-empty"));
            ask_bridges(state, label.clone(), making.clone(), fault);
        }
        Ask::Bridges { label, making } => {
            keep_network(state, NetworkChoice::Bridges(typed), label.clone(), making.clone());
        }
        Ask::Lost { label } => match answer {
            // It may run again by itself, and takes no password then.
            Answer::Yes => connect(state, label.clone(), None),
            Answer::Other => ask_network(state, label.clone(), None),
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

/// Makes the profile, once the way to the network is chosen.
fn make(state: &mut State, label: String, password: Option<Secret>) {
    if !state.network_chosen {
        return ask_network(state, label, Some(password));
    }
    make_now(state, label, password);
}

/// Asks for the way to the network. It holds for all profiles of this computer's user.
pub(crate) fn ask_network(state: &mut State, label: String, making: Option<Option<Secret>>) {
    let choices = vec![
        choice(state, Answer::Yes, "network-direct"),
        choice(state, Answer::Other, "network-bridges"),
        choice(state, Answer::Named("system".to_owned()), "network-system"),
    ];
    let ask = Ask::Network { label, making };
    let dialog = Dialog::choosing(ask, state.words.word("ask-network"), choices);
    state.dialog = Some(dialog.with(state.words.word("ask-network-about")));
}

fn ask_bridges(state: &mut State, label: String, making: Option<Option<Secret>>, fault: Option<String>) {
    let ask = Ask::Bridges { label, making };
    let dialog = Dialog::typing(ask, state.words.word("ask-bridges"), Field::text(""));
    state.dialog = Some(Dialog { fault, ..dialog }.with(state.words.word("ask-bridges-about")));
}

fn keep_network(state: &mut State, choice: NetworkChoice, label: String, making: Option<Option<Secret>>) {
    let by_bridges = matches!(choice, NetworkChoice::Bridges(_));
    state.choosing = Some(Choosing { label, making, by_bridges });
    state.outbox.push(Effect::Network(choice));
}

/// The way to the network is kept: on with what it was chosen for.
fn network_kept(state: &mut State) {
    let Some(chosen) = state.choosing.take() else { return };
    state.network_chosen = true;
    match chosen.making {
        Some(password) => make_now(state, chosen.label, password),
        // Where a daemon runs already, it goes on by the old way until it is started anew.
        None if matches!(state.link, Link::Open { .. }) => {
            state.say(state.words.word("network-later"), false);
        }
        None => connect(state, chosen.label, None),
    }
}

fn make_now(state: &mut State, label: String, password: Option<Secret>) {
    if matches!(state.link, Link::Open { .. }) {
        leave(state);
    }
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
        HostTold::NetworkKept => network_kept(state),
        HostTold::Profiles(all) => profiles(state, all),
        HostTold::Saved { path } => {
            state.say(state.words.say("saved", &[("path", clean::line(&path).into())]), false);
        }
        HostTold::TooLongToCopy => state.say(state.words.word("too-long-to-copy"), true),
        HostTold::NoNotifications => {
            state.notify = false;
            state.say(state.words.word("notify-impossible"), true);
        }
        HostTold::Connected { label, network } => {
            state.dialog = None;
            state.link = Link::Open { label };
            state.facts.network_name = clean::line(&network);
            let protects_nobody = network.starts_with("loopback:");
            state.facts.warning = protects_nobody.then(|| state.words.word("network-loopback"));
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
    if let Some(chosen) = state.choosing.take() {
        // Another way, or other bridges.
        let fault = Some(sentence.to_owned());
        match chosen.by_bridges {
            true => ask_bridges(state, chosen.label, chosen.making, fault),
            false => {
                ask_network(state, chosen.label, chosen.making);
                if let Some(dialog) = &mut state.dialog {
                    dialog.fault = fault;
                }
            }
        }
        return;
    }
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

/// The question what to do without a daemon, once more.
pub(crate) fn stay_lost(state: &mut State, label: String) {
    lost(state, label, state.words.word("daemon-lost"));
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
    let choices = vec![
        choice(state, Answer::Yes, "connect-again"),
        choice(state, Answer::Other, "network-other"),
        choice(state, Answer::No, "close"),
    ];
    state.dialog = Some(Dialog::choosing(Ask::Lost { label }, sentence, choices));
}
