//! Conversations: what is said in them, and what has been said.

use cwtch_primitives::group::GroupId;
use cwtch_wire::overlay::{Content as Meaning, KIND_TEXT, Overlay, quoted_hash};

use super::contacts;
use super::dial::Target;
use super::groups;
use super::info::{Speakers, message_info};
use super::inner::Inner;
use super::patience::Patience;
use crate::api::{Advice, ApiError, MessageInfo, MessageState, Problem};
use crate::profile::{Conversation, ConversationId, MessageId, Profile, StorageError, StoredMessage};

/// The most messages in one reply: some 50 MB of JSON if each is as long as can be and all escapes.
const MESSAGES_MAX: u32 = 1_000;

/// The person looks at a conversation: whoever carries it is dialled before others.
pub(super) async fn look_at(inner: &Inner, conversation: &Conversation) -> Result<(), ApiError> {
    match conversation {
        Conversation::Contact(contact) => {
            inner.context.dialing.attention().look(Target::Contact(contact.address));
            Ok(())
        }
        Conversation::Group(group) => inner.groups.look_at(&group.id).await,
    }
}

/// The conversation that a person names. A group is one only while the experiment is on.
pub(super) async fn conversation_of(inner: &Inner, text: &str) -> Result<Conversation, ApiError> {
    let conversation = contacts::find_conversation(&inner.context, text).await?;
    if matches!(conversation, Conversation::Group(_)) {
        inner.require_groups()?;
    }
    Ok(conversation)
}

/// The group that a person names.
pub(super) async fn group_id(inner: &Inner, text: &str) -> Result<GroupId, ApiError> {
    Ok(contacts::find_group(&inner.context, text).await?.id)
}

/// `send`: a text, or a reply that quotes a message; with `anyway` to a group in spite of what waits there.
pub(super) async fn send(
    inner: &Inner,
    conversation: &str,
    text: String,
    patience: Patience,
    (reply_to, anyway): (Option<i64>, bool),
) -> Result<MessageInfo, ApiError> {
    if text.is_empty() {
        return Err(Problem::TextEmpty.into());
    }
    let conversation = conversation_of(inner, conversation).await?;
    if let (Conversation::Group(group), false) = (&conversation, anyway) {
        inner.groups.check_readers(group.conversation).await?;
    }
    let overlay = match reply_to {
        None => Overlay { kind: KIND_TEXT, data: text },
        Some(id) => {
            let hash = hash_of(inner, &conversation, id).await?;
            Meaning::Quote { hash, body: text }.to_overlay()
        }
    };
    deliver(inner, &conversation, overlay, patience).await
}

/// A message that nobody has confirmed yet, and why.
pub(super) fn still_queued(message: MessageInfo, why: Problem) -> MessageInfo {
    MessageInfo { state: MessageState::Queued, why: Some(Box::new(why)), ..message }
}

/// Error for whoever waits for a message that somebody takes back.
pub(super) fn taken_back(message: MessageInfo) -> ApiError {
    let failed = MessageInfo { state: MessageState::Failed, ..message };
    ApiError::from(Problem::TakenBack).about(failed)
}

/// The hash by which a reply names a message of the same conversation.
async fn hash_of(inner: &Inner, conversation: &Conversation, id: i64) -> Result<[u8; 32], ApiError> {
    let here = conversation.id();
    let message = inner.context.store.read(move |profile| profile.message(MessageId(id))).await?;
    let message = message
        .filter(|message| message.conversation == here && !message.erased)
        .ok_or_else(|| ApiError::from(Problem::NoSuchMessageHere { id }).advise([Advice::Messages]))?;
    if message.forgotten {
        return Err(Problem::TextForgotten { id }.into());
    }
    Ok(quoted_hash(&message.author, &message.content.json))
}

/// Sends an overlay to whoever the conversation is with.
pub(super) async fn deliver(
    inner: &Inner,
    conversation: &Conversation,
    overlay: Overlay,
    patience: Patience,
) -> Result<MessageInfo, ApiError> {
    match conversation {
        Conversation::Contact(contact) => inner.peers.send(contact, overlay, patience).await,
        Conversation::Group(group) => {
            inner.groups.post(&group.id, overlay.kind, &overlay.data, patience).await
        }
    }
}

/// Part of a conversation's messages that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The last ones.
    Last,
    /// Those with the next greater ids.
    Since(MessageId),
    /// Those behind a message (`None`: from the beginning), of those with greater ids than another one.
    After { after: Option<MessageId>, since: MessageId },
    /// Those before a message.
    Before(MessageId),
    /// A message and those around it.
    Around(MessageId),
}

impl Page {
    /// # Errors
    /// `Usage` if it is not clear which.
    pub(super) fn new(
        since: Option<i64>,
        after: Option<i64>,
        before: Option<i64>,
        around: Option<i64>,
    ) -> Result<Self, ApiError> {
        Ok(match (since, after, before, around) {
            (None, None, None, None) => Self::Last,
            (Some(since), None, None, None) => Self::Since(MessageId(since)),
            (since, Some(after), None, None) => Self::After {
                after: (after != 0).then_some(MessageId(after)),
                since: MessageId(since.unwrap_or(0)),
            },
            (None, None, Some(before), None) => Self::Before(MessageId(before)),
            (None, None, None, Some(around)) => Self::Around(MessageId(around)),
            _ => return Err(Problem::PageUnclear.into()),
        })
    }

    fn read(
        self,
        profile: &Profile,
        here: ConversationId,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        match self {
            Self::Last => profile.messages(here, MessageId(0), limit),
            Self::Since(since) => profile.messages_since(here, since, limit),
            Self::After { after, since } => profile.messages_after(here, since, after, limit),
            Self::Before(before) => profile.messages_before(here, before, limit),
            Self::Around(around) => {
                let half = limit.saturating_sub(1) / 2;
                let mut found = profile.messages_before(here, around, half)?;
                let room =
                    limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit)).saturating_sub(1);
                let behind = profile.messages_after(here, MessageId(0), Some(around), room)?;
                found.extend(profile.message(around)?.filter(|message| !message.erased));
                found.extend(behind);
                Ok(found)
            }
        }
    }
}

/// `messages`; the person looks at the conversation.
pub(super) async fn messages(
    inner: &Inner,
    conversation: &str,
    page: Page,
    limit: Option<u32>,
) -> Result<Vec<MessageInfo>, ApiError> {
    let conversation = conversation_of(inner, conversation).await?;
    look_at(inner, &conversation).await?;
    let limit = limit.unwrap_or(MESSAGES_MAX).min(MESSAGES_MAX);
    inner
        .context
        .store
        .read(move |profile| {
            let (name, mut speakers) = (conversation.id_text(), Speakers::default());
            let found = page.read(profile, conversation.id(), limit)?;
            let mut found = found
                .iter()
                .map(|message| message_info(profile, &mut speakers, &name, message))
                .collect::<Result<Vec<_>, _>>()?;
            if matches!(conversation, Conversation::Group(_)) {
                for (first, epoch) in profile.beginnings(conversation.id())? {
                    if let Some(message) = found.iter_mut().find(|message| message.id == first.0) {
                        message.begins.push(groups::standing(profile, &epoch)?);
                    }
                }
            }
            Ok::<_, StorageError>(found)
        })
        .await
}
