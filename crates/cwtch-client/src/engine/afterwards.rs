//! Commands for messages that exist: taking a queued one back, sending one again, deleting one here.

use cwtch_wire::overlay::Overlay;

use super::info::{Speakers, message_info, message_state};
use super::inner::Inner;
use super::patience::Patience;
use super::talk::deliver;
use crate::api::{ApiError, ErrorKind, MessageInfo};
use crate::profile::{
    Conversation, MessageId, MessageState, Profile, StorageError, StoredMessage, TakenBack,
};

/// Words about a message that is not sent again and may have left.
const MAY_ARRIVE: &str =
    "It had left already, so it may have arrived or still arrive; it is shown as delivered then.";

/// Takes a queued message back.
///
/// # Errors
/// `NotFound`, `Refused` for one that is not queued, or trouble with the database.
pub(super) async fn cancel(inner: &Inner, id: i64) -> Result<MessageInfo, ApiError> {
    let job = move |profile: &mut Profile| {
        let (conversation, before) = found(profile, id)?;
        let detail = match profile.take_back(before.id)? {
            TakenBack::Unsent => None,
            TakenBack::MayArrive => Some(MAY_ARRIVE.to_owned()),
            TakenBack::NotQueued(state) => return Err(not_queued(id, state)),
        };
        let (_, after) = found(profile, id)?;
        let name = conversation.id_text();
        let message =
            MessageInfo { detail, ..message_info(profile, &mut Speakers::default(), &name, &after)? };
        Ok((conversation, after, message))
    };
    let (conversation, stored, message) = inner.context.store.run(job).await?;
    settle(inner, &conversation, &stored);
    Ok(message)
}

/// Sends a message again that was given up, or hurries one that is queued. A message to a contact keeps its number; one
/// to a group is written anew, because what was refused or taken back is never posted again, and replaces the old one.
///
/// # Errors
/// `NotFound`, `Refused` for one that needs no sending, or as sending it for the first time.
pub(super) async fn retry(inner: &Inner, id: i64, patience: Patience) -> Result<MessageInfo, ApiError> {
    let (conversation, message) = inner.context.store.run(move |profile| found(profile, id)).await?;
    if !message.own {
        return Err(refused(format!("Message {id} is not yours: only own messages can be sent again.")));
    }
    let queued = matches!(message.state, MessageState::Queued | MessageState::Sent);
    if !queued && message.state != MessageState::Failed {
        return Err(refused(format!("Message {id} has arrived already; write it anew to say it once more.")));
    }
    match &conversation {
        Conversation::Contact(contact) => inner.peers.send_again(contact, message.id, patience).await,
        Conversation::Group(group) if queued => inner.groups.wait_for(&group.id, message.id, patience).await,
        Conversation::Group(_) => {
            let Overlay { kind, data } = overlay(&message);
            let sent = deliver(inner, &conversation, Overlay { kind, data }, patience).await;
            // A failure that concerns a new message has replaced the old one, too.
            if sent.as_ref().map_or_else(|error| error.concerns.is_some(), |_| true) {
                erase(inner, id).await?;
            }
            sent
        }
    }
}

/// Deletes a message here, whoever wrote it; a queued one is taken back first.
///
/// # Errors
/// `NotFound`, or trouble with the database.
pub(super) async fn delete(inner: &Inner, id: i64) -> Result<Option<String>, ApiError> {
    let taken = erase(inner, id).await?;
    Ok((taken == TakenBack::MayArrive).then(|| MAY_ARRIVE.to_owned()))
}

async fn erase(inner: &Inner, id: i64) -> Result<TakenBack, ApiError> {
    let job = move |profile: &mut Profile| {
        let (conversation, before) = found(profile, id)?;
        let taken = profile.erase_message(before.id)?;
        Ok::<_, ApiError>((conversation, before, taken))
    };
    let (conversation, before, taken) = inner.context.store.run(job).await?;
    if taken == TakenBack::Unsent || taken == TakenBack::MayArrive {
        settle(inner, &conversation, &before);
    }
    Ok(taken)
}

/// Tells whoever waits for the message's confirmation that none is expected any more.
fn settle(inner: &Inner, conversation: &Conversation, message: &StoredMessage) {
    match conversation {
        Conversation::Contact(_) => {
            if let Some(protocol_id) = &message.protocol_id {
                inner.peers.taken_back(protocol_id);
            }
        }
        Conversation::Group(_) => inner.groups.taken_back(message.id),
    }
}

/// A message that is shown, and its conversation.
fn found(profile: &Profile, id: i64) -> Result<(Conversation, StoredMessage), ApiError> {
    let message = profile.message(MessageId(id))?.filter(|message| !message.erased);
    let message = message.ok_or_else(|| ApiError::from(StorageError::UnknownMessage))?;
    Ok((profile.conversation(message.conversation)?, message))
}

fn overlay(message: &StoredMessage) -> Overlay {
    Overlay { kind: message.content.kind, data: message.content.data.clone() }
}

fn not_queued(id: i64, state: MessageState) -> ApiError {
    let why = match state {
        MessageState::Failed => "was given up already",
        MessageState::Received | MessageState::Verified => "is not yours",
        _ => "has arrived already",
    };
    let state = message_state(state);
    debug_assert_ne!(state, crate::api::MessageState::Queued);
    refused(format!("Message {id} {why}: only queued messages can be taken back."))
}

fn refused(sentence: String) -> ApiError {
    ApiError::new(ErrorKind::Refused, sentence)
}
