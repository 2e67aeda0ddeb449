//! Content of the database, as user interfaces see it.

use std::collections::HashMap;

use cwtch_log::EntryId;
use cwtch_net::Readiness;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::{ADDRESS_LEN, Address};
use cwtch_protocol::group::shown_time;
use cwtch_wire::group::VerifiedGroupMessage;
use cwtch_wire::group::fork::{Mode, is_hidden};
use cwtch_wire::overlay::{Content as Meaning, Overlay};
use data_encoding::BASE64;

use super::notes::notes;
use super::offered::offer_info;
use crate::api::{
    AttributeInfo, ConnectionInfo, ContactInfo, ContactPhase, ContactState, GroupInfo, MessageInfo,
    MessageState, MissingInfo, NameInfo, NameKind, NameSource, OldKeyInfo, Problem, ReadinessInfo, Rejection,
    ServerPhase,
};
use crate::names::{self, Source};
use crate::profile::{
    self, Attribute, Contact, Content, Conversation, ConversationId, Group, MissingFrom, Naming, Note,
    OldKey, Profile, StorageError, StoredMessage, SyncItem, shown,
};

/// The overlay number under which bytes are kept that are no overlay at all.
pub(crate) const KIND_NONE: u64 = 0;

/// Standing of the connection with a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The phase.
    pub(crate) phase: ContactPhase,
    /// Reason why the last attempt or connection failed; `None` since one succeeded.
    pub(crate) trouble: Option<Problem>,
}

/// Standing of the connection with a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerStanding {
    /// The phase; `None` where nobody keeps connections.
    pub(crate) phase: Option<ServerPhase>,
    /// Reason why the server cannot be used as it should.
    pub(crate) trouble: Option<Problem>,
}

/// The code of a stored reason for a rejection; what a program of before codes stored is a text, which stays.
pub(crate) fn rejection(stored: String) -> (Option<Rejection>, String) {
    match Rejection::from_code(&stored) {
        Some(known) => (Some(known), String::new()),
        None => (None, stored),
    }
}

/// Readiness of something, for user interfaces.
pub(crate) fn readiness_info(readiness: &Readiness) -> ReadinessInfo {
    ReadinessInfo {
        percent: readiness.percent,
        waiting_for: String::new(),
        step: readiness.waiting_for.clone(),
        ready: readiness.is_ready(),
        trouble: None,
        why: readiness.trouble.clone(),
        needs_person: readiness.needs_person().is_some(),
    }
}

/// A contact; `standing` is `None` where nobody keeps connections.
pub(crate) fn contact_info(contact: &Contact, standing: Option<Standing>) -> ContactInfo {
    ContactInfo {
        conversation: contact.conversation.0,
        address: contact.address.to_string(),
        name: bare(contact.naming.as_ref()),
        name_source: name_source(contact.naming.as_ref()),
        shown: shown(contact.naming.as_ref(), contact.address.as_str()),
        state: match contact.state {
            profile::ContactState::Unknown => ContactState::Unknown,
            profile::ContactState::Accepted => ContactState::Accepted,
            profile::ContactState::Blocked => ContactState::Blocked,
            profile::ContactState::Rejected => ContactState::Rejected,
        },
        online: standing.as_ref().map(|standing| standing.phase == ContactPhase::Authenticated),
        connection: standing.map(|standing| ConnectionInfo {
            phase: standing.phase,
            trouble: None,
            why: standing.trouble.map(Box::new),
            last_seen: contact.last_seen,
        }),
        compared: contact.compared,
        note: contact.note.as_ref().map(|Note(text)| text.clone()),
        attributes: contact.attributes.iter().map(|(a, value)| attribute_info(*a, value)).collect(),
    }
}

/// A name alone.
pub(crate) fn bare(naming: Option<&Naming>) -> String {
    naming.map(|naming| naming.name.clone()).unwrap_or_default()
}

/// Source of a name: who chose it.
pub(crate) fn name_source(naming: Option<&Naming>) -> NameSource {
    match naming.map(|naming| naming.source) {
        None => NameSource::None,
        Some(Source::Given) => NameSource::Given,
        Some(Source::Claimed) => NameSource::Claimed,
    }
}

/// A name with what is to be known about it; `id` is the address or the group's id.
pub(crate) fn name_info(kind: NameKind, naming: Option<&Naming>, id: &str) -> NameInfo {
    NameInfo {
        kind,
        name: bare(naming),
        name_source: name_source(naming),
        shown: shown(naming, id),
        short: names::short(id),
    }
}

/// The name of a conversation.
pub(crate) fn conversation_info(conversation: &Conversation) -> NameInfo {
    let kind = match conversation {
        Conversation::Contact(_) => NameKind::Contact,
        Conversation::Group(_) => NameKind::Group,
    };
    name_info(kind, conversation.naming(), &conversation.id_text())
}

/// The name of whoever an address belongs to.
pub(crate) fn person_info(profile: &Profile, address: &Address) -> Result<NameInfo, StorageError> {
    let id = address.as_str();
    if address == profile.address() {
        return Ok(NameInfo { shown: "you".to_owned(), ..name_info(NameKind::You, None, id) });
    }
    Ok(match profile.naming_of(address)? {
        Some(naming) => name_info(NameKind::Contact, naming.as_ref(), id),
        None => name_info(NameKind::Stranger, None, id),
    })
}

/// Names of conversations and of those who speak in them, each read once.
#[derive(Default)]
pub(crate) struct Speakers {
    conversations: HashMap<ConversationId, NameInfo>,
    people: HashMap<Address, NameInfo>,
}

impl Speakers {
    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.conversations.len() + self.people.len()
    }

    fn conversation(
        &mut self,
        profile: &Profile,
        id: ConversationId,
        name: &str,
    ) -> Result<NameInfo, StorageError> {
        if let Some(info) = self.conversations.get(&id) {
            return Ok(info.clone());
        }
        // Addresses and groups' ids differ in length.
        let kind = if name.len() == ADDRESS_LEN { NameKind::Contact } else { NameKind::Group };
        let info = name_info(kind, profile.naming(id)?.as_ref(), name);
        self.conversations.insert(id, info.clone());
        Ok(info)
    }

    fn speaker(&mut self, profile: &Profile, author: &Address) -> Result<NameInfo, StorageError> {
        if let Some(info) = self.people.get(author) {
            return Ok(info.clone());
        }
        let info = person_info(profile, author)?;
        self.people.insert(*author, info.clone());
        Ok(info)
    }
}

fn missing_info(profile: &Profile, missing: &MissingFrom) -> Result<MissingInfo, StorageError> {
    let NameInfo { name, name_source, shown, .. } = person_info(profile, &missing.author)?;
    Ok(MissingInfo {
        author: missing.author.to_string(),
        name: Some(name).filter(|name| !name.is_empty()),
        name_source,
        shown,
        count: missing.count,
    })
}

/// A group as user interfaces see it.
pub(crate) fn group_info(profile: &Profile, group: &Group) -> Result<GroupInfo, StorageError> {
    let counts = profile.group_counts(group.conversation)?;
    let missing = profile.missing(group.conversation)?;
    let hidden = profile.hidden(group.conversation)?;
    let missing = missing.iter().filter(|missing| !hidden.contains(&missing.author));
    let missing = missing.map(|missing| missing_info(profile, missing)).collect::<Result<_, _>>()?;
    Ok(GroupInfo {
        conversation: group.conversation.0,
        group: group.id.to_string(),
        name: bare(group.naming.as_ref()),
        name_source: name_source(group.naming.as_ref()),
        shown: shown(group.naming.as_ref(), &group.id.to_string()),
        server: group.server.to_string(),
        messages: counts.messages,
        authors: counts.authors,
        missing,
    })
}

/// A public attribute under its short name.
pub(crate) fn attribute_info(attribute: Attribute, value: &str) -> AttributeInfo {
    AttributeInfo { name: attribute_name(attribute).to_owned(), value: value.to_owned() }
}

/// The short name of a public attribute.
pub(crate) fn attribute_name(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => "name",
        Attribute::Status => "status",
        Attribute::Attribute1 => "attribute-1",
        Attribute::Attribute2 => "attribute-2",
        Attribute::Attribute3 => "attribute-3",
    }
}

/// A message. `conversation` is its contact's address or its group's id.
pub(crate) fn message_info(
    profile: &Profile,
    speakers: &mut Speakers,
    conversation: &str,
    message: &StoredMessage,
) -> Result<MessageInfo, StorageError> {
    let notes = notes(profile, message)?;
    Ok(MessageInfo { notes, ..plain_message_info(profile, speakers, conversation, message)? })
}

/// A message about which there is nothing to say beside its text.
pub(crate) fn plain_message_info(
    profile: &Profile,
    speakers: &mut Speakers,
    conversation: &str,
    message: &StoredMessage,
) -> Result<MessageInfo, StorageError> {
    let overlay = Overlay { kind: message.content.kind, data: message.content.data.clone() };
    let (mut quoted, mut offer) = (None, None);
    let text = match Meaning::from_overlay(overlay) {
        Meaning::Text(text) => text,
        Meaning::GroupInvite(text) => {
            offer = offer_info(profile.address(), &message.author, &text);
            text
        }
        Meaning::Quote { hash, body } => {
            quoted = profile.quoted_message(message.conversation, &hash)?.map(|id| id.0);
            body
        }
        Meaning::SuggestedContact(address) => address.to_string(),
        Meaning::File(offer) => offer.name,
        Meaning::Unknown { data, .. } => data,
    };
    Ok(MessageInfo {
        id: message.id.0,
        conversation: message.conversation.0,
        with: conversation.to_owned(),
        conversation_name: speakers.conversation(profile, message.conversation, conversation)?.into(),
        author: message.author.to_string(),
        speaker: speakers.speaker(profile, &message.author)?.into(),
        text,
        overlay: message.content.kind,
        sent: message.sent,
        received: message.received,
        state: message_state(message.state),
        own: message.own,
        previous: message.previous.as_deref().map(|signature| BASE64.encode(signature)),
        gap: message.gap,
        quoted,
        offer,
        index: message.log_index,
        place: message.place,
        epoch: message.epoch,
        begins: Vec::new(),
        old_key: old_key(profile, speakers, message)?,
        reposted: message.reposted,
        forgotten: message.forgotten,
        notes: Vec::new(),
        detail: None,
        why: None,
    })
}

/// The people who can read a message that came under an old key; `None` for any other.
fn old_key(
    profile: &Profile,
    speakers: &mut Speakers,
    message: &StoredMessage,
) -> Result<Option<Box<OldKeyInfo>>, StorageError> {
    // Only group messages are signed.
    if message.signature.is_none() {
        return Ok(None);
    }
    let Some(OldKey { left_out, left_out_count }) = profile.old_key(message)? else { return Ok(None) };
    let left_out =
        left_out.iter().map(|person| speakers.speaker(profile, person)).collect::<Result<_, _>>()?;
    Ok(Some(Box::new(OldKeyInfo { left_out, left_out_count })))
}

/// A message by its local number, as user interfaces see it.
pub(crate) fn message_by_id(
    profile: &Profile,
    conversation: &str,
    id: profile::MessageId,
) -> Result<MessageInfo, StorageError> {
    let message = profile.message(id)?.ok_or(StorageError::UnknownMessage)?;
    message_info(profile, &mut Speakers::default(), conversation, &message)
}

/// A message's state; people do not care whether an unconfirmed message has left already.
pub(crate) fn message_state(state: profile::MessageState) -> MessageState {
    match state {
        profile::MessageState::Queued | profile::MessageState::Sent => MessageState::Queued,
        profile::MessageState::Acknowledged => MessageState::Acknowledged,
        profile::MessageState::Stored => MessageState::Stored,
        profile::MessageState::Failed => MessageState::Failed,
        profile::MessageState::Received => MessageState::Received,
        profile::MessageState::Verified => MessageState::Verified,
    }
}

/// The content to store for an overlay of our own.
pub(crate) fn own_content(overlay: Overlay) -> Content {
    let json = overlay.to_json().into_bytes();
    Content { kind: overlay.kind, data: overlay.data, json }
}

/// The content to store for received chat bytes: total, because nothing that arrives is dropped for its
/// form. What is no overlay is kept under [`KIND_NONE`] with its text as far as it is one.
pub(crate) fn received_content(json: Vec<u8>) -> Content {
    let (kind, mut data) = match Overlay::from_json(&json) {
        Ok(overlay) => (overlay.kind, overlay.data),
        Err(_) => (KIND_NONE, String::from_utf8_lossy(&json).into_owned()),
    };
    // A replacement character is longer than the byte it stands for.
    truncate(&mut data, profile::OVERLAY_MAX);
    Content { kind, data, json }
}

/// A verified message as it is stored, whoever gave it; without a place in a log.
pub(crate) fn received_item(
    group: GroupId,
    entry: EntryId,
    ciphertext: Vec<u8>,
    (verified, day): (&VerifiedGroupMessage, Option<u64>),
    now: i64,
) -> SyncItem {
    // With daily keys, both modes have one text for what is no chat.
    let mode = if day.is_some() { Mode::Trusted } else { Mode::Static };
    let (time, believed) = shown_time(verified, now);
    let records = verified.fork_records();
    SyncItem {
        group,
        author: *verified.author(),
        content: received_content(verified.text().as_bytes().to_vec()),
        sent: believed.then_some(time),
        signature: verified.signature().to_vec(),
        previous: verified.previous().to_vec(),
        msg_id: verified.msg_id(),
        entry,
        place: None,
        extensions: verified.extensions(),
        ciphertext,
        day,
        hidden: is_hidden(mode, verified.text(), &records),
        records,
    }
}

/// Cuts a text to at most `max` bytes, at a character's end.
pub(crate) fn truncate(text: &mut String, max: usize) {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_of_a_rejection_has_its_code_and_a_text_of_before_stays() {
        use cwtch_wire::group::RejectReason as R;
        for reason in [
            R::NotForAnyGroup,
            R::Malformed,
            R::WrongGroupId,
            R::BadAuthor,
            R::BadSignature,
            R::TimestampOutOfRange,
            R::TooLong,
            R::OtherDay,
            R::DayAhead,
            R::OtherKey,
        ] {
            let (why, text) = rejection(reason.code().to_owned());
            assert_eq!(serde_json::to_value(why.unwrap()).unwrap(), reason.code());
            assert!(text.is_empty());
        }
        let before = "the message is larger than any real one";
        assert_eq!(rejection(before.to_owned()), (None, before.to_owned()));
    }

    #[test]
    fn bytes_that_are_no_overlay_are_kept_within_the_store_s_limit() {
        let content = received_content(vec![0xff; 8000]);
        assert_eq!(content.kind, KIND_NONE);
        assert_eq!(content.json.len(), 8000);
        assert!(content.data.len() <= profile::OVERLAY_MAX);
        assert!(content.data.chars().all(|c| c == '\u{fffd}'));
    }

    #[test]
    fn an_overlay_that_swells_when_it_is_read_is_kept_within_the_store_s_limit() {
        let json = [br#"{"o":1,"d":""#.as_slice(), &[0xff; 5000], br#""}"#].concat();
        let content = received_content(json.clone());
        assert_eq!((content.kind, &content.json), (1, &json));
        assert!(content.data.len() <= profile::OVERLAY_MAX && content.data.ends_with('\u{fffd}'));
    }

    #[test]
    fn an_unknown_overlay_keeps_number_and_text() {
        let content = received_content(br#"{"o":777,"d":"what?"}"#.to_vec());
        assert_eq!((content.kind, content.data.as_str()), (777, "what?"));
    }

    #[test]
    fn truncation_never_splits_a_character() {
        let mut text = "aé".to_owned();
        truncate(&mut text, 2);
        assert_eq!(text, "a");
    }
}
