//! The open conversation: the messages that are here of it, and the one that is chosen.
//!
//! A message is chosen by its id. Whatever comes, moves or goes meanwhile, it stays chosen for as long as it is there.

pub mod timeline;

use std::collections::BTreeSet;

use cwtch_api::{MessageInfo, MessageState, NoteInfo};

/// Messages that are asked for at a time.
pub const PAGE: u32 = 60;
/// The most messages that are kept of a conversation; those at the far end go.
pub const HELD_MAX: usize = 300;

/// The part of a conversation that messages are asked for of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its end.
    Newest,
    /// The part before what is here.
    Before,
    /// The part behind what is here.
    After,
    /// A message with what is on both sides of it.
    Around(i64),
}

/// An open conversation.
#[derive(Debug, Clone, Default)]
pub struct Thread {
    conversation: i64,
    /// In the conversation's order.
    messages: Vec<MessageInfo>,
    chosen: Option<i64>,
    /// The read mark as it was when the conversation was opened.
    read_to: i64,
    /// The newest message of others that was marked as read since.
    marked: i64,
    /// True if there is nothing before the first message that is here.
    from_start: bool,
    /// True if there is nothing behind the last message that is here.
    to_end: bool,
    /// Messages that went while an answer was under way that may still have them.
    gone: BTreeSet<i64>,
    /// The part that was asked for.
    reading: Option<Reading>,
    /// True if what was asked for has changed meanwhile.
    stale: bool,
}

impl Thread {
    /// A conversation of which nothing is here yet.
    pub fn new(conversation: i64, read_to: i64) -> Self {
        Self { conversation, read_to, ..Self::default() }
    }

    /// The conversation's number.
    pub fn conversation(&self) -> i64 {
        self.conversation
    }

    /// The messages that are here, in the conversation's order.
    pub fn messages(&self) -> &[MessageInfo] {
        &self.messages
    }

    /// A message that is here.
    pub fn message(&self, id: i64) -> Option<&MessageInfo> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// The chosen message. Without one, the end of the conversation is in sight.
    pub fn chosen(&self) -> Option<&MessageInfo> {
        self.chosen.and_then(|id| self.message(id))
    }

    /// The read mark as it was when the conversation was opened.
    pub fn read_to(&self) -> i64 {
        self.read_to
    }

    /// True if the end of the conversation is here.
    pub fn is_at_end(&self) -> bool {
        self.to_end
    }

    /// True if the beginning of the conversation is here.
    pub fn is_from_start(&self) -> bool {
        self.from_start
    }

    /// The newest message of others, by its id, if the end of the conversation is in sight and it was not marked as read yet. It is
    /// given once.
    pub fn to_mark(&mut self) -> Option<i64> {
        if !self.to_end || self.chosen.is_some() {
            return None;
        }
        let newest = self.messages.iter().filter(|message| !message.own).map(|message| message.id).max()?;
        if newest <= self.marked.max(self.read_to) {
            return None;
        }
        self.marked = newest;
        Some(newest)
    }

    /// Chooses a message that is here, or none.
    pub fn choose(&mut self, id: Option<i64>) {
        self.chosen = id.filter(|id| self.message(*id).is_some());
    }

    /// Chooses another message, so many before or behind; none behind the last one.
    pub fn step(&mut self, by: isize) {
        let Some(last) = self.messages.len().checked_sub(1) else { return };
        let now = self.chosen.and_then(|id| self.messages.iter().position(|message| message.id == id));
        // Behind the last message is the end, where none is chosen.
        let to = now.unwrap_or(last + 1).saturating_add_signed(by);
        self.chosen = self.messages.get(to).map(|message| message.id);
    }

    /// Chooses the first message that is here.
    pub fn to_first(&mut self) {
        self.chosen = self.messages.first().map(|message| message.id);
    }

    /// The part that should be asked for now, as far as nothing is: what the choice comes near to.
    pub fn wanted(&mut self) -> Option<Reading> {
        if self.reading.is_some() {
            return None;
        }
        let at = self.chosen.and_then(|id| self.messages.iter().position(|message| message.id == id));
        const NEAR: usize = 10;
        let wanted = match at {
            _ if self.messages.is_empty() && !(self.to_end && self.from_start) => Reading::Newest,
            None if !self.to_end => Reading::Newest,
            Some(at) if at < NEAR && !self.from_start => Reading::Before,
            // What is in sight without a choice may be all that is here.
            None if self.messages.len() < NEAR && !self.from_start => Reading::Before,
            Some(at) if at + NEAR > self.messages.len() && !self.to_end => Reading::After,
            _ => return None,
        };
        self.reading = Some(wanted);
        Some(wanted)
    }

    /// Goes to a message that may not be here: the part around it is to be asked for, and it is chosen then.
    pub fn go_to(&mut self, id: i64) -> Reading {
        let wanted = Reading::Around(id);
        self.reading = Some(wanted);
        wanted
    }

    /// Notes that everything that is here is to be read again; what is chosen stays in sight.
    pub fn read_again(&mut self) -> Option<Reading> {
        if self.reading.is_some() {
            self.stale = true;
            return None;
        }
        let wanted = self.chosen.map_or(Reading::Newest, Reading::Around);
        self.reading = Some(wanted);
        Some(wanted)
    }

    /// Takes an answer. Returns true if it is to be asked again, because something of it changed meanwhile.
    pub fn take(&mut self, reading: Reading, page: Vec<MessageInfo>) -> bool {
        self.reading = None;
        let full = page.len() >= PAGE as usize;
        let page: Vec<MessageInfo> =
            page.into_iter().filter(|message| !self.gone.contains(&message.id)).collect();
        match reading {
            Reading::Newest => {
                self.messages = page;
                (self.to_end, self.from_start) = (true, !full);
            }
            Reading::Around(id) => {
                self.messages = page;
                // A page says nothing about its ends; they are asked for when the choice comes near.
                (self.to_end, self.from_start) = (false, false);
                if self.message(id).is_none() {
                    self.chosen = None;
                } else if self.chosen.is_none() {
                    self.chosen = Some(id);
                }
            }
            Reading::Before => {
                self.from_start = !full;
                page.into_iter().for_each(|message| self.put(message));
                self.sort();
                if self.messages.len() > HELD_MAX {
                    self.messages.truncate(HELD_MAX);
                    self.to_end = false;
                }
            }
            Reading::After => {
                self.to_end = !full;
                page.into_iter().for_each(|message| self.put(message));
                self.sort();
                if let Some(more) = self.messages.len().checked_sub(HELD_MAX + 1) {
                    self.messages.drain(..=more);
                    self.from_start = false;
                }
            }
        }
        self.sort();
        self.chosen = self.chosen.filter(|id| self.message(*id).is_some());
        let again = std::mem::take(&mut self.stale);
        if !again {
            self.gone.clear();
        }
        again
    }

    /// Notes that an answer did not come.
    pub fn failed(&mut self) {
        self.reading = None;
    }

    /// A message that came or was written.
    pub fn arrived(&mut self, message: MessageInfo) {
        if self.gone.contains(&message.id) {
            return;
        }
        let known = self.message(message.id).is_some();
        let key = place(&message);
        let behind = self.messages.last().is_none_or(|last| key > place(last));
        let before = self.messages.first().is_none_or(|first| key < place(first));
        // It is read with the part that it belongs to, where that is not here.
        if !known && (behind && !self.to_end || before && !self.from_start && !self.messages.is_empty()) {
            self.stale |= self.reading.is_some();
            return;
        }
        self.put(message);
        self.sort();
        // While somebody reads further up, what is before them stays.
        let more = self.messages.len().saturating_sub(HELD_MAX);
        if more > 0 && self.chosen.is_none() {
            self.messages.drain(..more);
            self.from_start = false;
        }
        self.stale |= self.reading.is_some();
    }

    /// Another state of an own message.
    pub fn state(&mut self, id: i64, state: MessageState) {
        self.change(id, |message| message.state = state);
    }

    /// Other notes about a message.
    pub fn noted(&mut self, id: i64, gap: bool, notes: Vec<NoteInfo>) {
        self.change(id, |message| (message.gap, message.notes) = (gap, notes));
    }

    /// Another place of a message.
    pub fn moved(&mut self, id: i64, to: i64, index: Option<u64>) {
        self.change(id, |message| (message.place, message.index) = (to, index));
        self.sort();
    }

    /// A message that was deleted. If it was chosen, the one behind it is, else the one before it.
    pub fn deleted(&mut self, id: i64) {
        if self.reading.is_some() {
            self.gone.insert(id);
        }
        let Some(at) = self.messages.iter().position(|message| message.id == id) else { return };
        self.messages.remove(at);
        if self.chosen == Some(id) {
            let next = self.messages.get(at).or_else(|| self.messages.last());
            self.chosen = next.map(|message| message.id);
        }
    }

    fn change(&mut self, id: i64, change: impl FnOnce(&mut MessageInfo)) {
        self.stale |= self.reading.is_some();
        if let Some(message) = self.messages.iter_mut().find(|message| message.id == id) {
            change(message);
        }
    }

    /// Puts a message in, or in the place of what is known of it. The order is made afterwards.
    fn put(&mut self, message: MessageInfo) {
        match self.messages.iter_mut().find(|known| known.id == message.id) {
            Some(known) => {
                // Where an epoch begins is said in pages only.
                let begins = std::mem::take(&mut known.begins);
                *known = message;
                if known.begins.is_empty() {
                    known.begins = begins;
                }
            }
            None => self.messages.push(message),
        }
    }

    fn sort(&mut self) {
        self.messages.sort_by_key(place);
    }
}

/// The order of a conversation.
fn place(message: &MessageInfo) -> (i64, i64) {
    (message.place, message.id)
}

#[cfg(test)]
mod tests;
