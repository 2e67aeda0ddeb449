//! Answers of the engine.

use cwtch_api::{Advice, Command, Problem, Reply};

use crate::ask::{self, choice};
use crate::clean;
use crate::dialog::{Answer, Ask, Dialog};
use crate::effect::Effect;
use crate::input::{Refusal, Ticket};
use crate::page::About;
use crate::state::{Asked, State, Whole};
use crate::thread::Thread;
use crate::{done, pages, reading};

/// Takes an answer. One that nobody waits for any more says nothing.
pub(super) fn replied(state: &mut State, ticket: Ticket, outcome: Result<Reply, Refusal>) {
    let Some(asked) = state.asked.remove(&ticket) else { return };
    if let Asked::Whole(whole) = &asked
        && state.stale.remove(whole)
    {
        state.ask_whole(*whole);
    }
    match outcome {
        Ok(mut reply) => {
            cwtch_words::reply(&state.words, &mut reply);
            taken(state, asked, reply);
        }
        Err(refusal) => refused(state, asked, refusal),
    }
}

fn taken(state: &mut State, asked: Asked, reply: Reply) {
    match (asked, reply) {
        (_, Reply::Status(status)) => {
            state.facts.address.clone_from(&status.address);
            state.facts.presence = status.presence.clone();
            state.facts.network.get_or_insert_with(|| status.network_readiness.clone());
            if state.facts.reachability.is_none() {
                state.facts.reachability.clone_from(&status.address_readiness);
            }
            state.facts.elsewhere = status.runs_elsewhere.as_ref().map(|seen| clean::line(&seen.detail));
            state.facts.status = Some(status);
        }
        (_, Reply::Conversations(all)) => {
            state.list.take_conversations(all);
            if let Some(id) = &state.opens_group
                && let Some(made) = state.list.conversations().iter().find(|one| one.with == *id)
            {
                state.opens = Some(made.conversation);
                state.opens_group = None;
            }
            if let Some(opens) = state.opens.filter(|opens| state.list.conversation(*opens).is_some()) {
                state.opens = None;
                reading::open(state, opens);
            }
            // One that is gone cannot stay open.
            let open = state.thread.as_ref().map(Thread::conversation);
            if open.is_some_and(|open| state.list.conversation(open).is_none()) {
                reading::close(state);
            }
        }
        (_, Reply::Contacts(all)) => state.list.take_contacts(all),
        (_, Reply::Servers(all)) => state.facts.servers = all,
        (_, Reply::EvidenceList(all)) => state.facts.evidence = all,
        (_, Reply::SafetyWords(safety)) => {
            state.facts.safety.insert(safety.contact.address.clone(), safety.words);
            state.list.take_contact(safety.contact);
        }
        (_, Reply::Found(found)) => crate::search::found(state, found),
        (_, Reply::Rejects(all)) => state.facts.rejects = Some(all),
        (asked, Reply::Experiments(all)) => {
            let on = all.into_iter().filter(|one| one.enabled);
            state.facts.experiments = on.map(|one| one.name).collect();
            say(state, &asked);
        }
        (Asked::Kept(conversation), Reply::ConversationDetails(details)) => {
            state.facts.kept.insert(conversation, details.kept);
        }
        (Asked::Evidence, Reply::Evidence(evidence)) => {
            let name = format!("evidence-{}.txt", evidence.evidence.id);
            state.outbox.push(Effect::Save { name, text: evidence.text });
        }
        (asked, Reply::Attributes(all)) => {
            own_name(state, &all);
            say(state, &asked);
        }
        (Asked::Messages(conversation, reading), Reply::Messages(page)) => {
            let Some(thread) = state.thread.as_mut().filter(|open| open.conversation() == conversation)
            else {
                return;
            };
            if thread.take(reading, page) {
                reading::read_again(state);
            }
        }
        (Asked::Group(conversation), Reply::GroupDetails(details)) => {
            state.facts.groups.entry(conversation).or_default().details = Some(details);
        }
        (Asked::Forks(conversation), Reply::Forks(forks)) => {
            state.facts.groups.entry(conversation).or_default().forks = forks;
        }
        (Asked::Members(conversation), Reply::Members(members)) => {
            state.facts.groups.entry(conversation).or_default().members = members;
        }
        (asked, reply) => did(state, asked, reply),
    }
}

/// The answer to something that the person did.
fn did(state: &mut State, asked: Asked, reply: Reply) {
    match reply {
        Reply::Message(message) => {
            match &message.detail {
                Some(detail) => state.say(clean::line(detail), false),
                None => say(state, &asked),
            }
            let open = state.thread.as_mut().filter(|open| open.conversation() == message.conversation);
            if let Some(thread) = open {
                thread.arrived(message);
            }
            state.ask_whole(Whole::Conversations);
        }
        Reply::Conversation(one) => {
            if state.list.take_conversation(one) {
                state.ask_whole(Whole::Conversations);
            }
            say(state, &asked);
        }
        Reply::Contact(contact) => {
            if matches!(&asked, Asked::Done(command) if opens(command)) {
                state.opens = Some(contact.conversation);
            }
            state.list.take_contact(contact);
            state.ask_whole(Whole::Conversations);
            say(state, &asked);
        }
        Reply::Presence(presence) => {
            state.facts.presence = presence;
            say(state, &asked);
        }
        Reply::Group(group) => {
            if matches!(&asked, Asked::Done(command) if opens(command)) {
                state.opens = Some(group.conversation);
            }
            state.ask_whole(Whole::Conversations);
            say(state, &asked);
        }
        Reply::GroupCreated(made) => {
            state.opens_group = Some(made.group);
            state.ask_whole(Whole::Conversations);
            say(state, &asked);
        }
        Reply::GroupOffered(offered) => {
            state.opens = Some(offered.group.conversation);
            state.ask_whole(Whole::Conversations);
            say(state, &asked);
        }
        Reply::Sealed(sealed) => {
            state.ask_whole(Whole::Conversations);
            state.say(state.words.say("done-sealed", &[("texts", sealed.texts.into())]), false);
        }
        Reply::Repaired(report) => {
            let values = [("received", report.received.into()), ("missing", report.missing.into())];
            state.say(state.words.say("done-repaired", &values), report.missing > 0);
        }
        Reply::Left { .. } | Reply::ForkMade(_) | Reply::ForkFollowed(_) => {
            state.ask_whole(Whole::Conversations);
            say(state, &asked);
        }
        Reply::Synced(report) => match report.servers.iter().find_map(|server| server.trouble.clone()) {
            Some(trouble) => state.say(clean::line(&trouble), true),
            None => say(state, &asked),
        },
        Reply::Server(_) => {
            state.ask_whole(Whole::Servers);
            say(state, &asked);
        }
        Reply::Deleted { detail: Some(detail), .. } => state.say(clean::line(&detail), false),
        _ => {
            if let Asked::Done(command) = &asked {
                gone(state, command);
            }
            say(state, &asked);
        }
    }
}

/// Takes out what is there no more after a command that has no other answer.
fn gone(state: &mut State, command: &Command) {
    match command {
        Command::ContactRemove { .. } | Command::ServerRemove { .. } => {
            for whole in [Whole::Conversations, Whole::Contacts, Whole::Servers] {
                state.ask_whole(whole);
            }
            state.page = None;
        }
        Command::MessageDelete { .. } => {
            if matches!(&state.page, Some(page) if matches!(page.about, About::Message(_))) {
                state.page = None;
            }
        }
        Command::ConfirmOnlyCopy => state.facts.elsewhere = None,
        _ => {}
    }
}

/// True if the person wants to talk with whom it is about.
fn opens(command: &Command) -> bool {
    matches!(command, Command::ContactAdd { .. } | Command::ContactAccept { .. } | Command::GroupJoin { .. })
}

/// Says that something is done, where the person does not see it anyway.
fn say(state: &mut State, asked: &Asked) {
    if let Asked::Done(command) = asked
        && let Some(key) = done::said(command)
    {
        state.say(state.words.word(key), false);
    }
}

fn own_name(state: &mut State, all: &[cwtch_api::AttributeInfo]) {
    let name = all.iter().find(|one| one.name == "name");
    state.facts.own_name = name.map_or_else(String::new, |one| clean::line(&one.value));
}

fn refused(state: &mut State, asked: Asked, refusal: Refusal) {
    // A daemon speaks English.
    let own = refusal.problem.as_ref().filter(|_| state.words.is_translation());
    let own = own.map(|problem| cwtch_words::problem(&state.words, problem));
    let sentence = clean::line(own.as_deref().unwrap_or(&refusal.sentence));
    let command = match asked {
        Asked::Messages(conversation, _) => {
            if let Some(thread) = state.thread.as_mut().filter(|open| open.conversation() == conversation) {
                thread.failed();
                // Asked again at once, it would be refused again at once.
                reading::close(state);
            }
            state.say(sentence, true);
            return;
        }
        Asked::Sent(command) | Asked::Done(command) => command,
        _ => {
            state.say(sentence, true);
            return;
        }
    };
    let again = anyway(&command);
    match (&refusal.problem, again) {
        (Some(Problem::ForkWaits { fork, .. }), Some(again)) => {
            let conversation = state.thread.as_ref().map(Thread::conversation).unwrap_or_default();
            let choices = vec![
                choice(state, Answer::No, "later"),
                choice(state, Answer::Other, "fork-look"),
                choice(state, Answer::Yes, "send-anyway"),
            ];
            let ask = Ask::ForkWaits { command: Box::new(again), fork: fork.to_string(), conversation };
            state.dialog = Some(Dialog::choosing(ask, sentence, choices));
            pages::ask_for(state, &About::Group(conversation));
            return;
        }
        (Some(Problem::DailyUnknown | Problem::ForkTooSoon), Some(again)) => {
            let question = state.words.say("ask-anyway", &[("why", sentence.into())]);
            ask::agree_to(state, question, again);
            return;
        }
        _ => {}
    }
    let experiment = refusal.advice.iter().find_map(|advice| match advice {
        Advice::ExperimentEnable { name } => Some(name.clone()),
        _ => None,
    });
    if let Some(name) = experiment {
        let choices = vec![choice(state, Answer::No, "no"), choice(state, Answer::Yes, "experiment-enable")];
        state.dialog = Some(Dialog::choosing(Ask::Experiment { name, command }, sentence, choices));
        return;
    }
    reading::put_back(state, &command);
    state.say(sentence, true);
}

/// The same command with the word that the person means it all the same.
fn anyway(command: &Command) -> Option<Command> {
    let mut again = command.clone();
    match &mut again {
        Command::Send { anyway, .. }
        | Command::GroupInvite { anyway, .. }
        | Command::ContactOfferGroup { anyway, .. }
        | Command::GroupFork { anyway, .. } => *anyway = true,
        _ => return None,
    }
    Some(again)
}
