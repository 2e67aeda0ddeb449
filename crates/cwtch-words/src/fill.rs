//! Sentences beside the codes in replies and events, where the engine leaves them empty.
//!
//! In English, sentences that are there stay: a daemon's are as new as its codes. Another language is what the person reads, so there
//! they are said anew, as far as the codes are known.

use cwtch_api::{
    ConnectionInfo, ContactInfo, ConversationInfo, ElsewhereInfo, Event, EvidenceInfo, GroupDetails, LogInfo,
    MessageInfo, NoteInfo, Problem, ReadinessInfo, RejectInfo, Rejection, Reply, ServerInfo, ServerSync,
};

use crate::problem::{self, alarm, elsewhere, one_copy, problem};
use crate::text::sentence;
use crate::{Words, log, network};

/// Says in a reply what it has codes for.
pub fn reply(words: &Words, reply: &mut Reply) {
    match reply {
        Reply::Status(status) => {
            status.servers.iter_mut().for_each(|one| server(words, one));
            readiness(words, &mut status.network_readiness);
            status.address_readiness.as_mut().into_iter().for_each(|now| readiness(words, now));
            if let Some(ElsewhereInfo { seen, detail, .. }) = &mut status.runs_elsewhere
                && is_unsaid(words, detail)
            {
                *detail = elsewhere(words, *seen);
            }
        }
        Reply::Contact(contact) => self::contact(words, contact),
        Reply::Contacts(contacts) => contacts.iter_mut().for_each(|one| contact(words, one)),
        Reply::SafetyWords(safety) => contact(words, &mut safety.contact),
        Reply::Server(server) => self::server(words, server),
        Reply::Servers(servers) => servers.iter_mut().for_each(|one| server(words, one)),
        Reply::GroupDetails(details) => group(words, details),
        Reply::Message(message) => self::message(words, message),
        Reply::GroupOffered(offered) => message(words, &mut offered.message),
        Reply::Messages(messages) => messages.iter_mut().for_each(|one| message(words, one)),
        Reply::Found(found) => found.hits.iter_mut().for_each(|hit| message(words, &mut hit.message)),
        Reply::Conversation(listed) => conversation(words, listed),
        Reply::Conversations(listed) => listed.iter_mut().for_each(|one| conversation(words, one)),
        Reply::Synced(report) => {
            for ServerSync { trouble, why, .. } in &mut report.servers {
                say(words, trouble, why.as_deref());
            }
        }
        Reply::Deleted { detail, why } => say(words, detail, why.as_deref()),
        Reply::Rejects(rejects) => {
            for RejectInfo { reason, why, .. } in rejects {
                *reason = rejected(words, reason, *why);
            }
        }
        Reply::EvidenceList(found) => found.iter_mut().for_each(|one| evidence(words, one)),
        Reply::Evidence(evidence) => {
            self::evidence(words, &mut evidence.evidence);
            if evidence.text.is_empty() {
                evidence.text = log::report(words, evidence);
            }
        }
        _ => {}
    }
}

/// Says in an event what it has codes for.
pub fn event(words: &Words, event: &mut Event) {
    match event {
        Event::Offline { detail, why: Some(why), .. } | Event::LogNotice { detail, why: Some(why), .. }
            if is_unsaid(words, detail) =>
        {
            *detail = problem(words, why);
        }
        Event::ContactConnection { detail, why, .. } | Event::Server { detail, why, .. } => {
            say(words, detail, why.as_deref());
        }
        Event::Network(now) | Event::Reachability(now) => readiness(words, now),
        Event::ContactChanged { contact } => self::contact(words, contact),
        Event::Message { message } => self::message(words, message),
        Event::MessageNotes { notes, .. } => self::notes(words, notes),
        Event::ConversationChanged { conversation } | Event::VanishingChanged { conversation } => {
            self::conversation(words, conversation);
        }
        Event::ServerAdded { server } | Event::ServerChanged { server } => self::server(words, server),
        Event::EvidenceFound { evidence } => self::evidence(words, evidence),
        Event::Alarm { detail, advice, why: Some(why), .. } if is_unsaid(words, detail) => {
            (*detail, *advice) = alarm(words, why);
        }
        Event::RunsElsewhere { seen, detail, advice } if is_unsaid(words, detail) => {
            (*detail, *advice) = (elsewhere(words, *seen), one_copy(words));
        }
        Event::Rejected { reason, why, .. } => *reason = rejected(words, reason, *why),
        _ => {}
    }
}

/// True if a sentence is to be made from its code.
fn is_unsaid(words: &Words, there: &str) -> bool {
    there.is_empty() || words.is_translation()
}

fn readiness(words: &Words, now: &mut ReadinessInfo) {
    if let Some(step) = now.step.as_ref().filter(|_| is_unsaid(words, &now.waiting_for)) {
        now.waiting_for = network::step(words, step);
    }
    if let Some(why) = now.why.as_ref().filter(|_| now.trouble.is_none() || words.is_translation()) {
        now.trouble = Some(network::obstacle(words, why));
    }
}

/// A sentence from its code, the one that is there, or one that is made of a text of before there were codes.
fn rejected(words: &Words, reason: &str, why: Option<Rejection>) -> String {
    match why.filter(|_| is_unsaid(words, reason)) {
        Some(why) => problem::rejection(words, why),
        None => sentence(reason),
    }
}

fn say(words: &Words, sentence: &mut Option<String>, why: Option<&Problem>) {
    if let Some(why) = why.filter(|_| sentence.is_none() || words.is_translation()) {
        *sentence = Some(problem(words, why));
    }
}

fn message(words: &Words, message: &mut MessageInfo) {
    say(words, &mut message.detail, message.why.as_deref());
    notes(words, &mut message.notes);
}

fn notes(words: &Words, notes: &mut [NoteInfo]) {
    for note in notes.iter_mut().filter(|note| is_unsaid(words, &note.sentence)) {
        note.sentence = crate::note(words, note);
    }
}

fn conversation(words: &Words, listed: &mut ConversationInfo) {
    listed.last.as_deref_mut().into_iter().for_each(|last| message(words, last));
}

fn evidence(words: &Words, found: &mut EvidenceInfo) {
    if is_unsaid(words, &found.detail) {
        found.detail = crate::evidence(words, found.kind);
    }
}

fn contact(words: &Words, contact: &mut ContactInfo) {
    if let Some(ConnectionInfo { trouble, why, .. }) = &mut contact.connection {
        say(words, trouble, why.as_deref());
    }
}

fn server(words: &Words, server: &mut ServerInfo) {
    say(words, &mut server.trouble, server.why.as_deref());
    if let Some(LogInfo { alarm, why, .. }) = &mut server.log {
        say(words, alarm, why.as_deref());
    }
}

fn group(words: &Words, details: &mut GroupDetails) {
    conversation(words, &mut details.listed);
    details.epochs.iter_mut().for_each(|epoch| server(words, &mut epoch.server));
}
