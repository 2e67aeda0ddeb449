//! Presence: whether the profile shows that it is there, and whom it connects with all the same.
//!
//! A profile that appears offline does not listen, and its daemon dials nobody by itself: it is as if no daemon ran, except
//! that it keeps the connections that the person asks for. A command that names somebody and waits connects with them
//! for as long as it waits, as it does without a daemon. The [dial queue](super::dial) lets nobody else through, the
//! listener's task withdraws the address, and [`watch`] closes what is connected and must not stay.
//!
//! Others cannot tell it from being away, but for who is connected: a contact sees who connects with it. A server sees a
//! visitor that it cannot know again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::context::Context;
use super::dial::Target;
use super::inner::Inner;
use super::peers::refuse_state;
use super::settings;
use super::talk::{conversation_of, look_at};
use super::turn::Turn;
use crate::api::{ApiError, Event, Presence, PresenceInfo, Problem};
use crate::profile::{Conversation, ConversationId, Profile, StorageError};

/// Time that withdrawing the address and closing connections may take.
const HIDING: Duration = Duration::from_secs(5);

/// Begins as the profile was left, or, for once, appearing offline. Called before anybody listens or dials.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn begin(context: &Context) -> Result<(), ApiError> {
    if context.is_daemon() {
        let kept = context.store.run(|profile| settings::presence(profile)).await?;
        let hidden = kept == Presence::AppearOffline || context.options.appear_offline;
        context.dialing.attention().hide(hidden);
    }
    Ok(())
}

/// The presence now, and who is chosen.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn info(context: &Context) -> Result<PresenceInfo, ApiError> {
    let chosen = context.chosen.numbers();
    let read = move |profile: &Profile| {
        // A conversation may be gone that was chosen.
        let here = |id: &i64| profile.conversation(ConversationId(*id)).is_ok();
        Ok::<_, StorageError>((settings::presence(profile)?, chosen.into_iter().filter(here).collect()))
    };
    let (kept, chosen) = context.store.read(read).await?;
    let presence = match context.is_daemon() {
        true if context.dialing.attention().is_hidden() => Presence::AppearOffline,
        true => Presence::Online,
        false => kept,
    };
    Ok(PresenceInfo { presence, kept, chosen })
}

/// `presence.set`: durable when the turn is given on. When it returns, the profile is as hidden as it was asked to be, unless
/// that takes longer than [`HIDING`].
///
/// # Errors
/// Trouble with the database.
pub(super) async fn set(inner: &Inner, presence: Presence, turn: Turn) -> Result<PresenceInfo, ApiError> {
    let context = inner.context.clone();
    let hidden = presence == Presence::AppearOffline;
    let keep = move |profile: &mut Profile| {
        settings::keep_presence(profile, hidden)?;
        // Here: of two changes at once, the same one is the last in the database and in memory.
        if context.is_daemon() {
            context.chosen.clear();
            context.dialing.attention().hide(hidden);
        }
        Ok::<_, StorageError>(())
    };
    inner.context.store.run(keep).await?;
    drop(turn);
    let info = settle(inner).await?;
    if hidden && inner.context.is_daemon() {
        // A person who reads that it is so may rely on it.
        let _ =
            timeout(HIDING, async { tokio::join!(inner.peers.until_hidden(), inner.groups.until_left()) })
                .await;
    } else {
        inner.peers.hurry();
        inner.groups.hurry();
    }
    Ok(info)
}

/// `connect`: a conversation's contact or server is connected although the profile appears offline.
///
/// # Errors
/// `NotFound`, `Refused` without a daemon and for a contact that is not accepted, or trouble with the database.
pub(super) async fn connect(inner: &Inner, conversation: &str) -> Result<PresenceInfo, ApiError> {
    let conversation = found(inner, conversation).await?;
    let attention = inner.context.dialing.attention();
    let target = match &conversation {
        Conversation::Contact(contact) => {
            refuse_state(contact.state)?;
            Target::Contact(contact.address)
        }
        Conversation::Group(group) => Target::Server(group.server),
    };
    look_at(inner, &conversation).await?;
    if attention.is_hidden() {
        inner.context.chosen.add(conversation.id().0, target);
        attention.choose(target, true);
    }
    match target {
        Target::Contact(contact) => inner.peers.dial_now(&contact),
        Target::Server(server) => inner.groups.dial_now(&server),
    }
    settle(inner).await
}

/// `disconnect`: what `connect` began.
///
/// # Errors
/// `NotFound`, `Refused` while the profile is online, or trouble with the database.
pub(super) async fn disconnect(inner: &Inner, conversation: &str) -> Result<PresenceInfo, ApiError> {
    let conversation = found(inner, conversation).await?;
    let attention = inner.context.dialing.attention();
    if !attention.is_hidden() {
        return Err(Problem::PresenceOnline.into());
    }
    if let Some(target) = inner.context.chosen.remove(conversation.id().0) {
        attention.choose(target, false);
    }
    settle(inner).await
}

async fn found(inner: &Inner, conversation: &str) -> Result<Conversation, ApiError> {
    if !inner.context.is_daemon() {
        return Err(Problem::NeedsDaemon.into());
    }
    conversation_of(inner, conversation).await
}

/// Has links follow what changed, and tells everybody.
async fn settle(inner: &Inner) -> Result<PresenceInfo, ApiError> {
    inner.groups.keep_connected();
    let info = info(&inner.context).await?;
    inner.context.emit(Event::Presence(info.clone()));
    Ok(info)
}

/// Closes connections with contacts and strangers that must not stay, for as long as a daemon runs. Those with servers
/// end by themselves, as nobody needs them.
pub(super) async fn watch(inner: Arc<Inner>) {
    let attention = inner.context.dialing.attention();
    let mut changes = attention.changes();
    while inner.context.is_daemon() {
        changes.borrow_and_update();
        if attention.is_hidden() {
            inner.peers.close_unless(|peer| attention.allows(Target::Contact(*peer)));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}
