//! The list beside the open conversation: people who ask, and conversations by activity.

use std::collections::BTreeMap;

use cwtch_api::{ContactInfo, ContactPhase, ContactState, ConversationInfo, NameKind};

use crate::clean;
use crate::input::Place;
use crate::thread::timeline;
use crate::words::Words;

/// People and conversations, as the engine has them.
#[derive(Debug, Clone, Default)]
pub struct List {
    conversations: Vec<ConversationInfo>,
    /// By address.
    contacts: BTreeMap<String, ContactInfo>,
    chosen: Option<Place>,
}

/// A line of the list. All texts are clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The place that it stands for.
    pub place: Place,
    /// The name.
    pub name: String,
    /// Messages that were not read.
    pub unread: u64,
    /// The state.
    pub mark: Mark,
    /// True if the person wants to hear nothing of it.
    pub muted: bool,
    /// True if it stands before others.
    pub pinned: bool,
    /// The draft or the last message, on one line.
    pub last: String,
    /// True if it is the chosen one.
    pub chosen: bool,
}

/// The state of somebody or something in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Somebody unknown asks to talk.
    Asks,
    /// A contact with whom messages flow.
    Online,
    /// A contact who is dialled, or with whom the handshake runs.
    Connecting,
    /// A contact who is not connected.
    Offline,
    /// A contact who is blocked.
    Blocked,
    /// A group.
    Group,
}

impl List {
    /// The conversations, in the engine's order.
    pub fn conversations(&self) -> &[ConversationInfo] {
        &self.conversations
    }

    /// A conversation by its number.
    pub fn conversation(&self, number: i64) -> Option<&ConversationInfo> {
        self.conversations.iter().find(|one| one.conversation == number)
    }

    /// A contact by its address.
    pub fn contact(&self, address: &str) -> Option<&ContactInfo> {
        self.contacts.get(address)
    }

    /// Contacts who are accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &ContactInfo> {
        self.contacts.values().filter(|contact| contact.state == ContactState::Accepted)
    }

    /// Unread messages in all conversations that are not muted.
    pub fn unread(&self) -> u64 {
        self.conversations.iter().filter(|one| !one.muted).map(|one| one.unread).sum()
    }

    /// People who ask.
    pub fn requests(&self) -> impl Iterator<Item = &ContactInfo> {
        self.contacts.values().filter(|contact| contact.state == ContactState::Unknown)
    }

    /// Takes the conversations anew.
    pub fn take_conversations(&mut self, all: Vec<ConversationInfo>) {
        self.conversations = all;
        self.keep_choice();
    }

    /// Takes one that changed; true if it is not here, or would stand elsewhere.
    pub fn take_conversation(&mut self, one: ConversationInfo) -> bool {
        match self.conversations.iter_mut().find(|known| known.conversation == one.conversation) {
            Some(known) => {
                let stays =
                    (known.pinned, known.archived, known.active) == (one.pinned, one.archived, one.active);
                *known = one;
                !stays
            }
            None => true,
        }
    }

    /// Takes the contacts anew.
    pub fn take_contacts(&mut self, all: Vec<ContactInfo>) {
        self.contacts = all.into_iter().map(|contact| (contact.address.clone(), contact)).collect();
        self.keep_choice();
    }

    /// Takes a contact that changed.
    pub fn take_contact(&mut self, contact: ContactInfo) {
        self.contacts.insert(contact.address.clone(), contact);
        self.keep_choice();
    }

    /// Forgets a contact by its conversation's number.
    pub fn forget_contact(&mut self, conversation: i64) {
        self.contacts.retain(|_, contact| contact.conversation != conversation);
        self.keep_choice();
    }

    /// Another phase of the way to a contact.
    pub fn connection(&mut self, address: &str, phase: ContactPhase, trouble: Option<String>) {
        let Some(contact) = self.contacts.get_mut(address) else { return };
        contact.online = Some(phase == ContactPhase::Authenticated);
        let last_seen = contact.connection.as_ref().and_then(|connection| connection.last_seen);
        contact.connection = Some(cwtch_api::ConnectionInfo { phase, trouble, why: None, last_seen });
    }

    /// The chosen place.
    pub fn chosen(&self) -> Option<&Place> {
        self.chosen.as_ref()
    }

    /// Chooses a place that is there.
    pub fn choose(&mut self, place: Place) {
        if self.places().contains(&place) {
            self.chosen = Some(place);
        }
    }

    /// Chooses another place, so many above or below.
    pub fn step(&mut self, by: isize) {
        let places = self.places();
        let now = places.iter().position(|place| Some(place) == self.chosen.as_ref());
        let last = places.len().saturating_sub(1);
        // Without a choice, a step down leads to the first.
        let to = now.map_or_else(
            || 0usize.saturating_add_signed(by.saturating_sub(1)),
            |now| now.saturating_add_signed(by),
        );
        let to = to.min(last);
        self.chosen = places.into_iter().nth(to);
    }

    /// The lines of the list: people who ask first, then conversations as the engine has them.
    pub fn lines(&self, words: &Words) -> Vec<Listed> {
        let asks = self.requests().map(|contact| Listed {
            place: Place::Request(contact.address.clone()),
            name: clean::line(&contact.shown),
            unread: 0,
            mark: Mark::Asks,
            muted: false,
            pinned: false,
            last: words.word("asks-to-talk"),
            chosen: false,
        });
        let listed = self.conversations.iter().map(|one| Listed {
            place: Place::Conversation(one.conversation),
            name: clean::line(&one.shown),
            unread: one.unread,
            mark: self.mark(one),
            muted: one.muted,
            pinned: one.pinned,
            last: last(one, words),
            chosen: false,
        });
        let mark = |line: Listed| Listed { chosen: Some(&line.place) == self.chosen.as_ref(), ..line };
        asks.chain(listed).map(mark).collect()
    }

    fn places(&self) -> Vec<Place> {
        let asks = self.requests().map(|contact| Place::Request(contact.address.clone()));
        asks.chain(self.conversations.iter().map(|one| Place::Conversation(one.conversation))).collect()
    }

    /// A choice that is gone is none: nothing else slips under it.
    fn keep_choice(&mut self) {
        let places = self.places();
        self.chosen = self.chosen.take().filter(|place| places.contains(place));
    }

    fn mark(&self, one: &ConversationInfo) -> Mark {
        if one.kind == NameKind::Group {
            return Mark::Group;
        }
        let Some(contact) = self.contacts.get(&one.with) else { return Mark::Offline };
        let phase = contact.connection.as_ref().map(|connection| connection.phase);
        match (contact.state, phase) {
            (ContactState::Blocked, _) => Mark::Blocked,
            (_, Some(ContactPhase::Authenticated)) => Mark::Online,
            (_, Some(ContactPhase::Connecting | ContactPhase::Connected)) => Mark::Connecting,
            _ => Mark::Offline,
        }
    }
}

/// The draft, or the last message with its author.
fn last(one: &ConversationInfo, words: &Words) -> String {
    if let Some(draft) = &one.draft {
        return words.say("last-draft", &[("text", clean::line(draft).into())]);
    }
    let Some(message) = &one.last else { return String::new() };
    let text = clean::line(&timeline::said(message, words).0);
    match message.own || one.kind == NameKind::Group {
        true => {
            words.say("last-by", &[("who", timeline::speaker(message, words).into()), ("text", text.into())])
        }
        false => text,
    }
}
