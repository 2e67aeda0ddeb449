//! Commands for messages that exist: taking a queued one back, sending one again, deleting some or all of a conversation here.

use std::collections::BTreeSet;

use cwtch_wire::overlay::Overlay;

use super::erasing;
use super::info::{Speakers, message_info, message_state};
use super::inner::Inner;
use super::listed::listed_info;
use super::patience::Patience;
use super::talk::deliver;
use super::turn::Turn;
use crate::api::{ApiError, ConversationInfo, MessageInfo, Problem};
use crate::profile::{
    Conversation, MessageId, MessageState, Profile, StorageError, StoredMessage, TakenBack,
};

/// The most messages that are deleted by one command.
const DELETED_MAX: usize = 1_000;

/// Takes a queued message back.
///
/// # Errors
/// `NotFound`, `Refused` for one that is not queued, or trouble with the database.
pub(super) async fn cancel(inner: &Inner, id: i64) -> Result<MessageInfo, ApiError> {
    let job = move |profile: &mut Profile| {
        let (conversation, before) = found(profile, id)?;
        let why = match profile.take_back(before.id)? {
            TakenBack::Unsent => None,
            TakenBack::MayArrive => Some(Box::new(Problem::MayHaveArrived)),
            TakenBack::NotQueued(state) => {
                let problem = Problem::NotQueued { id, state: message_state(state) };
                return Err(ApiError::from(problem));
            }
        };
        let (_, after) = found(profile, id)?;
        let name = conversation.id_text();
        let message = MessageInfo { why, ..message_info(profile, &mut Speakers::default(), &name, &after)? };
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
        return Err(Problem::NotYours { id }.into());
    }
    if message.forgotten {
        return Err(Problem::TextForgotten { id }.into());
    }
    let queued = matches!(message.state, MessageState::Queued | MessageState::Sent);
    if !queued && message.state != MessageState::Failed {
        return Err(Problem::ArrivedAlready { id }.into());
    }
    match &conversation {
        Conversation::Contact(contact) => inner.peers.send_again(contact, message.id, patience).await,
        Conversation::Group(group) if queued => inner.groups.wait_for(&group.id, message.id, patience).await,
        Conversation::Group(_) => {
            let Overlay { kind, data } = overlay(&message);
            let sent = deliver(inner, &conversation, Overlay { kind, data }, patience).await;
            // A failure that concerns a new message has replaced the old one, too.
            if sent.as_ref().map_or_else(|error| error.concerns.is_some(), |_| true) {
                erase(inner, vec![id]).await?;
            }
            sent
        }
    }
}

/// Deletes messages here, whoever wrote them, all or none; queued ones are taken back first.
///
/// # Errors
/// `NotFound`, `Usage` for none or too many, or trouble with the database.
pub(super) async fn delete(inner: &Inner, ids: Vec<i64>) -> Result<Option<Problem>, ApiError> {
    if ids.is_empty() || ids.len() > DELETED_MAX {
        return Err(Problem::IdsUnfit { max: DELETED_MAX as u64 }.into());
    }
    let taken = erase(inner, ids).await?;
    inner.context.store.sweep().await?;
    Ok(taken.contains(&TakenBack::MayArrive).then_some(Problem::MayHaveArrived))
}

async fn erase(inner: &Inner, ids: Vec<i64>) -> Result<Vec<TakenBack>, ApiError> {
    let job = move |profile: &mut Profile| {
        // One that is named twice is deleted once.
        let ids: BTreeSet<i64> = ids.into_iter().collect();
        let found = ids.into_iter().map(|id| found(profile, id)).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<MessageId> = found.iter().map(|(_, message)| message.id).collect();
        Ok::<_, ApiError>((found, profile.erase_messages(&ids)?))
    };
    let (found, taken) = inner.context.store.run(job).await?;
    for ((conversation, message), taken) in found.iter().zip(&taken) {
        if matches!(taken, TakenBack::Unsent | TakenBack::MayArrive) {
            settle(inner, conversation, message);
        }
    }
    Ok(taken)
}

/// Clears a conversation; how it is when all of that is gone. Others take their turns meanwhile.
///
/// # Errors
/// `NotFound`, or trouble with the database: the rest is deleted later.
pub(super) async fn clear(
    inner: &Inner,
    conversation: &Conversation,
    turn: Turn,
) -> Result<ConversationInfo, ApiError> {
    let id = conversation.id();
    let job = move |profile: &mut Profile| {
        let waiting = profile.clear(id)?;
        let messages = waiting.into_iter().map(|message| profile.message(message));
        messages.collect::<Result<Vec<_>, StorageError>>()
    };
    for message in inner.context.store.run(job).await?.iter().flatten() {
        settle(inner, conversation, message);
    }
    drop(turn);
    erasing::erase_all(&inner.context).await?;
    let read = move |profile: &Profile| listed_info(profile, &mut Speakers::default(), &profile.listed(id)?);
    inner.context.store.read(read).await
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
