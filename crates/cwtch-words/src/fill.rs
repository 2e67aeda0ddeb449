//! Sentences beside the codes in replies and events, where the engine leaves them empty.

use cwtch_api::{
    ConnectionInfo, ContactInfo, ConversationInfo, ElsewhereInfo, Event, EvidenceInfo, GroupDetails, LogInfo,
    MessageInfo, NoteInfo, Problem, ReadinessInfo, RejectInfo, Rejection, Reply, ServerInfo, ServerSync,
};

use crate::problem::{self, ONE_COPY, alarm, elsewhere, problem};
use crate::text::sentence;
use crate::{log, network};

/// Says in a reply what it has codes for. Sentences that are there stay: a daemon's are as new as its codes.
pub fn reply(reply: &mut Reply) {
    match reply {
        Reply::Status(status) => {
            status.servers.iter_mut().for_each(server);
            readiness(&mut status.network_readiness);
            status.address_readiness.as_mut().into_iter().for_each(readiness);
            if let Some(ElsewhereInfo { seen, detail, .. }) = &mut status.runs_elsewhere
                && detail.is_empty()
            {
                *detail = elsewhere(*seen);
            }
        }
        Reply::Contact(contact) => self::contact(contact),
        Reply::Contacts(contacts) => contacts.iter_mut().for_each(contact),
        Reply::SafetyWords(words) => contact(&mut words.contact),
        Reply::Server(server) => self::server(server),
        Reply::Servers(servers) => servers.iter_mut().for_each(server),
        Reply::GroupDetails(details) => group(details),
        Reply::Message(message) => self::message(message),
        Reply::GroupOffered(offered) => message(&mut offered.message),
        Reply::Messages(messages) => messages.iter_mut().for_each(message),
        Reply::Found(found) => found.hits.iter_mut().for_each(|hit| message(&mut hit.message)),
        Reply::Conversation(listed) => conversation(listed),
        Reply::Conversations(listed) => listed.iter_mut().for_each(conversation),
        Reply::Synced(report) => {
            for ServerSync { trouble, why, .. } in &mut report.servers {
                say(trouble, why.as_deref());
            }
        }
        Reply::Deleted { detail, why } => say(detail, why.as_deref()),
        Reply::Rejects(rejects) => {
            for RejectInfo { reason, why, .. } in rejects {
                *reason = rejected(reason, *why);
            }
        }
        Reply::EvidenceList(found) => {
            found.iter_mut().for_each(evidence);
        }
        Reply::Evidence(evidence) => {
            self::evidence(&mut evidence.evidence);
            if evidence.text.is_empty() {
                evidence.text = log::report(evidence);
            }
        }
        _ => {}
    }
}

/// Says in an event what it has codes for.
pub fn event(event: &mut Event) {
    match event {
        Event::Offline { detail, why: Some(why), .. } | Event::LogNotice { detail, why: Some(why), .. }
            if detail.is_empty() =>
        {
            *detail = problem(why);
        }
        Event::ContactConnection { detail, why, .. } | Event::Server { detail, why, .. } => {
            say(detail, why.as_deref());
        }
        Event::Network(now) | Event::Reachability(now) => readiness(now),
        Event::ContactChanged { contact } => self::contact(contact),
        Event::Message { message } => self::message(message),
        Event::MessageNotes { notes, .. } => self::notes(notes),
        Event::ConversationChanged { conversation } | Event::VanishingChanged { conversation } => {
            self::conversation(conversation);
        }
        Event::ServerAdded { server } | Event::ServerChanged { server } => self::server(server),
        Event::EvidenceFound { evidence } => self::evidence(evidence),
        Event::Alarm { detail, advice, why: Some(why), .. } if detail.is_empty() => {
            (*detail, *advice) = alarm(why);
        }
        Event::RunsElsewhere { seen, detail, advice } if detail.is_empty() => {
            (*detail, *advice) = (elsewhere(*seen), ONE_COPY.to_owned());
        }
        Event::Rejected { reason, why, .. } => *reason = rejected(reason, *why),
        _ => {}
    }
}

fn readiness(now: &mut ReadinessInfo) {
    if let Some(step) = now.step.as_ref().filter(|_| now.waiting_for.is_empty()) {
        now.waiting_for = network::step(step);
    }
    if let Some(why) = now.why.as_ref().filter(|_| now.trouble.is_none()) {
        now.trouble = Some(network::obstacle(why));
    }
}

/// A sentence that is there stays; a text of before there were codes becomes one.
fn rejected(reason: &str, why: Option<Rejection>) -> String {
    match why.filter(|_| reason.is_empty()) {
        Some(why) => problem::rejection(why).to_owned(),
        None => sentence(reason),
    }
}

fn say(sentence: &mut Option<String>, why: Option<&Problem>) {
    if sentence.is_none() {
        *sentence = why.map(problem);
    }
}

fn message(message: &mut MessageInfo) {
    say(&mut message.detail, message.why.as_deref());
    notes(&mut message.notes);
}

fn notes(notes: &mut [NoteInfo]) {
    for note in notes.iter_mut().filter(|note| note.sentence.is_empty()) {
        note.sentence = crate::note(note);
    }
}

fn conversation(listed: &mut ConversationInfo) {
    listed.last.as_deref_mut().into_iter().for_each(message);
}

fn evidence(found: &mut EvidenceInfo) {
    if found.detail.is_empty() {
        found.detail = crate::evidence(found.kind);
    }
}

fn contact(contact: &mut ContactInfo) {
    if let Some(ConnectionInfo { trouble, why, .. }) = &mut contact.connection {
        say(trouble, why.as_deref());
    }
}

fn server(server: &mut ServerInfo) {
    say(&mut server.trouble, server.why.as_deref());
    if let Some(LogInfo { alarm, why, .. }) = &mut server.log {
        say(alarm, why.as_deref());
    }
}

fn group(details: &mut GroupDetails) {
    conversation(&mut details.listed);
    details.epochs.iter_mut().for_each(|epoch| server(&mut epoch.server));
}
