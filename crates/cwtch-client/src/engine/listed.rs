//! A conversation in a list, as user interfaces see it.

use cwtch_protocol::app::vanish::{Agreement, State};

use super::info::{Speakers, conversation_info, message_info};
use crate::api::{ConversationInfo, NameInfo, VanishInfo, VanishState};
use crate::profile::{Conversation, Draft, Listed, Note, Profile, StorageError};

/// A conversation as user interfaces see it.
pub(super) fn listed_info(
    profile: &Profile,
    speakers: &mut Speakers,
    Listed { conversation, kept, last, vanish }: &Listed,
) -> Result<ConversationInfo, StorageError> {
    let NameInfo { kind, name, name_source, shown, .. } = conversation_info(conversation);
    let with = conversation.id_text();
    let last = last.as_ref().map(|message| message_info(profile, speakers, &with, message).map(Box::new));
    Ok(ConversationInfo {
        conversation: conversation.id().0,
        kind,
        with,
        name,
        name_source,
        shown,
        unread: kept.unread,
        read_to: kept.read_to.0,
        messages: kept.messages,
        draft: kept.draft.as_ref().map(|Draft(text)| text.clone()),
        note: kept.note.as_ref().map(|Note(text)| text.clone()),
        muted: kept.muted,
        pinned: kept.pinned,
        archived: kept.archived,
        keep: kept.keep,
        vanish: matches!(conversation, Conversation::Contact(_)).then(|| vanish_info(vanish)),
        active: (kept.active != 0).then_some(kept.active),
        last: last.transpose()?,
    })
}

/// An agreement as user interfaces see it.
fn vanish_info(agreement: &Agreement) -> VanishInfo {
    VanishInfo {
        state: match agreement.state() {
            State::Off => VanishState::Off,
            State::Proposed => VanishState::Proposed,
            State::Agreed => VanishState::Agreed,
            State::Unsupported => VanishState::Unsupported,
        },
        seconds: agreement.in_force.map(u64::from),
        wanted: agreement.wanted().map(u64::from),
    }
}
