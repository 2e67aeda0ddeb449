//! Commands about conversations beside talking: listing, reading, muting, pinning, archiving, and drafts.

use super::info::Speakers;
use super::inner::Inner;
use super::listed::listed_info;
use super::talk::conversation_of;
use crate::api::{ApiError, ConversationInfo};
use crate::profile::{Conversation, Draft, Keep, Profile, StorageError};

/// `conversation list`; groups are among them while the experiment is on, and archived ones where `all` are wanted.
pub(super) async fn list(inner: &Inner, all: bool) -> Result<Vec<ConversationInfo>, ApiError> {
    let with_groups = inner.groups.enabled();
    let read = move |profile: &Profile| {
        let mut speakers = Speakers::default();
        let found = profile.conversations()?;
        let shown = found.iter().filter(|one| {
            (all || !one.kept.archived)
                && (with_groups || matches!(one.conversation, Conversation::Contact(_)))
        });
        shown
            .map(|listed| listed_info(profile, &mut speakers, listed))
            .collect::<Result<Vec<_>, StorageError>>()
    };
    inner.context.store.read(read).await
}

/// Keeps what a person does with a conversation; how it is then.
pub(super) async fn keep(
    inner: &Inner,
    conversation: &str,
    keep: Keep,
) -> Result<ConversationInfo, ApiError> {
    let id = conversation_of(inner, conversation).await?.id();
    let (reads, now) = (matches!(keep, Keep::ReadTo(_)), inner.context.now());
    let job = move |profile: &mut Profile| {
        profile.keep(id, &keep)?;
        if reads {
            profile.count_vanishing(now)?;
        }
        listed_info(profile, &mut Speakers::default(), &profile.listed(id)?)
    };
    let info = inner.context.store.run(job).await?;
    if reads {
        // What was read may be the next thing to vanish.
        inner.context.store.look_again();
    }
    Ok(info)
}

/// `conversation note`. It returns when the note of before is in no file any more.
pub(super) async fn note(
    inner: &Inner,
    conversation: &str,
    text: Option<String>,
) -> Result<ConversationInfo, ApiError> {
    let noted = keep(inner, conversation, Keep::note(text)).await?;
    inner.context.store.sweep().await?;
    Ok(noted)
}

/// A draft as it was typed: nothing, if nothing is in it.
pub(super) fn draft(text: Option<String>) -> Keep {
    Keep::Draft(text.filter(|text| !text.is_empty()).map(Draft))
}
