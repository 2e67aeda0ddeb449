//! Translation of rows of the feed into events.

use std::collections::{HashMap, HashSet};

use super::{Feed, Leaving, servers};
use crate::api::{ConversationInfo, Event};
use crate::engine::elsewhere;
use crate::engine::groups::{forks_event, hidden_event, standing};
use crate::engine::info::{
    Speakers, contact_info, group_info, message_info, message_state, plain_message_info,
};
use crate::engine::listed::listed_info;
use crate::engine::notes::notes;
use crate::engine::settings::settings_info;
use crate::profile::{
    ChangeRow, Contact, ContactState, Conversation, ConversationId, Group, MessageId, MessageState, Profile,
    StorageError, StoredMessage, What,
};

/// Names that are remembered at most.
const NAMES_MAX: usize = 4096;

/// Names of conversations and people, so that they are not read for each message.
#[derive(Default)]
pub(super) struct Names {
    conversations: HashMap<ConversationId, String>,
    speakers: Speakers,
}

impl Names {
    /// A contact's address or a group's id; `None` for a conversation that is gone.
    fn of(&mut self, profile: &Profile, id: ConversationId) -> Result<Option<String>, StorageError> {
        if let Some(name) = self.conversations.get(&id) {
            return Ok(Some(name.clone()));
        }
        match profile.conversation(id) {
            Ok(conversation) => {
                let name = conversation.id_text();
                self.conversations.insert(id, name.clone());
                Ok(Some(name))
            }
            Err(StorageError::UnknownConversation) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Forgets what the rows may have changed, and too much.
    fn renew(&mut self, rows: &[ChangeRow]) {
        let renamed = |row: &ChangeRow| {
            row.conversation.is_some()
                && row.message.is_none()
                && !matches!(
                    row.what,
                    What::Order | What::ManyNotes | What::Texts | What::Cleared | What::Vanishing
                )
        };
        if rows.iter().any(renamed) || self.conversations.len() + self.speakers.len() > NAMES_MAX {
            *self = Self::default();
        }
    }
}

/// The events of consecutive rows, each with its row's number. What several rows say of one thing is said once: as it is
/// now. `fresh` are messages as these rows stored them, so that they need not be read.
///
/// # Errors
/// Trouble with the database.
pub(super) fn events(
    profile: &Profile,
    feed: &Feed,
    names: &mut Names,
    rows: &[ChangeRow],
    fresh: Vec<StoredMessage>,
) -> Result<Vec<(i64, Event)>, StorageError> {
    names.renew(rows);
    let mut of_message: HashMap<MessageId, u32> = HashMap::new();
    for message in rows.iter().filter_map(|row| row.message) {
        *of_message.entry(message).or_default() += 1;
    }
    // What was stored and changed behind that is read.
    let fresh = fresh.into_iter().filter(|message| of_message.get(&message.id) == Some(&1));
    let fresh = fresh.map(|message| (message.id, message)).collect();
    let mut rejected = servers::rejected(profile, rows)?;
    let mut reading = Reading { profile, feed, names, fresh, said: HashSet::new() };
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let event = match row.what {
            What::Rejected => rejected.remove(&row.seq),
            _ => reading.event(row)?,
        };
        told.extend(event.map(|event| (row.seq, event)));
    }
    Ok(told)
}

/// Subject of an event, told once for each run of rows.
type Said = (Option<ConversationId>, Option<MessageId>, Option<i64>, What);

struct Reading<'a> {
    profile: &'a Profile,
    feed: &'a Feed,
    names: &'a mut Names,
    fresh: HashMap<MessageId, StoredMessage>,
    said: HashSet<Said>,
}

impl Reading<'_> {
    fn event(&mut self, row: &ChangeRow) -> Result<Option<Event>, StorageError> {
        if !self.said.insert((row.conversation, row.message, row.about, row.what)) {
            return Ok(None);
        }
        match (row.conversation, row.about, row.what) {
            (Some(conversation), ..) => self.of_conversation(row, conversation),
            (None, Some(about), what) => {
                if what == What::ServerAdded {
                    // Who is new is told once, as they are now.
                    self.said.insert((None, None, row.about, What::Server));
                }
                servers::event(self.profile, self.feed, what, about)
            }
            (None, None, What::Settings) => {
                Ok(Some(Event::SettingsChanged { settings: settings_info(self.profile)? }))
            }
            (None, None, What::Copy) => elsewhere::event(self.profile).map(Some),
            (None, None, _) => Ok(None),
        }
    }

    fn of_conversation(
        &mut self,
        row: &ChangeRow,
        conversation: ConversationId,
    ) -> Result<Option<Event>, StorageError> {
        match (row.what, row.message) {
            (What::Message, Some(id)) => {
                // It is told as it is now, with all that followed.
                for what in [What::State, What::Place, What::Notes] {
                    self.said.insert((row.conversation, row.message, None, what));
                }
                self.message(id)
            }
            (What::State | What::Place | What::Notes, Some(id)) => self.changed(row.what, id),
            (What::Erased, Some(id)) => {
                Ok(Some(Event::MessageDeleted { id: id.0, conversation: conversation.0 }))
            }
            (What::Forks, _) => forks_event(self.profile, conversation),
            (What::Hidden, _) => hidden_event(self.profile, conversation),
            (What::Order, _) => Ok(Some(Event::MessagesReordered { conversation: conversation.0 })),
            (What::ManyNotes, _) => Ok(Some(Event::NotesChanged { conversation: conversation.0 })),
            (What::Texts, _) => Ok(Some(Event::TextsForgotten { conversation: conversation.0 })),
            (What::Cleared, _) => Ok(Some(Event::ConversationCleared { conversation: conversation.0 })),
            (What::Conversation, _) => {
                let changed = |conversation| Event::ConversationChanged { conversation };
                self.listed(conversation).map(|info| info.map(changed))
            }
            (What::Vanishing, _) => {
                let changed = |conversation| Event::VanishingChanged { conversation };
                self.listed(conversation).map(|info| info.map(changed))
            }
            (What::ContactNew | What::Contact, _) => {
                // Who is new is told once, as they are now.
                self.said.insert((row.conversation, None, None, What::Contact));
                let contact = self.contact(conversation)?;
                Ok(contact.map(|contact| self.contact_event(row.what, &contact)))
            }
            (What::ContactRemoved, _) => {
                let unknown =
                    Event::ContactRemoved { conversation: conversation.0, address: None, who: None };
                Ok(Some(self.feed.take_farewell(Leaving::Conversation(conversation)).unwrap_or(unknown)))
            }
            (What::GroupMade | What::GroupJoined | What::Group, _) => {
                self.said.insert((row.conversation, None, None, What::Group));
                let Some(group) = self.group(conversation)? else { return Ok(None) };
                let group = group_info(self.profile, &group)?;
                Ok(Some(match row.what {
                    What::GroupMade => Event::GroupMade { group },
                    What::GroupJoined => Event::GroupJoined { group },
                    _ => Event::GroupChanged { group },
                }))
            }
            (What::Epoch, _) => {
                let Some(number) = row.about.map(i64::cast_unsigned) else { return Ok(None) };
                let epochs = self.profile.epochs(conversation)?;
                if epochs.is_empty() {
                    // The group was left, which is told.
                    return Ok(None);
                }
                let conversation = conversation.0;
                Ok(Some(match epochs.iter().find(|epoch| epoch.number == number) {
                    Some(epoch) => {
                        let epoch = Box::new(standing(self.profile, epoch)?);
                        Event::EpochChanged { conversation, epoch }
                    }
                    None => Event::EpochDropped { conversation, number },
                }))
            }
            (What::GroupLeft, _) => {
                let unknown = Event::GroupLeft { conversation: conversation.0, group: None };
                Ok(Some(self.feed.take_farewell(Leaving::Conversation(conversation)).unwrap_or(unknown)))
            }
            _ => Ok(None),
        }
    }

    /// A conversation as it is now, unless it is gone.
    fn listed(&mut self, id: ConversationId) -> Result<Option<Box<ConversationInfo>>, StorageError> {
        match self.profile.listed(id) {
            Ok(listed) => {
                let info = listed_info(self.profile, &mut self.names.speakers, &listed)?;
                Ok(Some(Box::new(info)))
            }
            Err(StorageError::UnknownConversation) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A message that came or was written, unless it is gone by now.
    fn message(&mut self, id: MessageId) -> Result<Option<Event>, StorageError> {
        let profile = self.profile;
        let (message, as_stored) = match self.fresh.remove(&id) {
            Some(message) => (message, true),
            None => match self.read(id)? {
                Some(message) => (message, false),
                None => return Ok(None),
            },
        };
        let Some(name) = self.names.of(profile, message.conversation)? else { return Ok(None) };
        let speakers = &mut self.names.speakers;
        let message = if as_stored {
            // There is something to say about it only where a row says so.
            plain_message_info(profile, speakers, &name, &message)?
        } else {
            message_info(profile, speakers, &name, &message)?
        };
        Ok(Some(Event::Message { message }))
    }

    /// Something about a message that was told before.
    fn changed(&mut self, what: What, id: MessageId) -> Result<Option<Event>, StorageError> {
        let Some(message) = self.read(id)? else { return Ok(None) };
        let (id, conversation) = (id.0, message.conversation.0);
        Ok(Some(match what {
            What::State => Event::MessageState { id, conversation, state: message_state(message.state) },
            What::Place => {
                Event::MessageMoved { id, conversation, place: message.place, index: message.log_index }
            }
            // Nothing is said of what nobody else has.
            _ if matches!(
                message.state,
                MessageState::Queued | MessageState::Sent | MessageState::Failed
            ) =>
            {
                return Ok(None);
            }
            _ => Event::MessageNotes {
                id,
                conversation,
                gap: message.gap,
                notes: notes(self.profile, &message)?,
            },
        }))
    }

    /// A message that is shown.
    fn read(&self, id: MessageId) -> Result<Option<StoredMessage>, StorageError> {
        Ok(self.profile.message(id)?.filter(|message| !message.erased))
    }

    fn contact(&self, id: ConversationId) -> Result<Option<Contact>, StorageError> {
        match self.profile.conversation(id) {
            Ok(Conversation::Contact(contact)) => Ok(Some(contact)),
            Ok(Conversation::Group(_)) | Err(StorageError::UnknownConversation) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn group(&self, id: ConversationId) -> Result<Option<Group>, StorageError> {
        self.profile.group_of(id)
    }

    fn contact_event(&self, what: What, contact: &Contact) -> Event {
        if what == What::ContactNew && contact.state == ContactState::Unknown {
            return Event::ContactRequest { address: contact.address.to_string() };
        }
        Event::ContactChanged { contact: contact_info(contact, self.feed.standing(&contact.address)) }
    }
}
