//! Keeping what is said in a conversation for a time, and telling how much of it is kept.

use cwtch_protocol::group::fork::DAY;

use super::erasing;
use super::info::Speakers;
use super::inner::Inner;
use super::listed::listed_info;
use crate::api::{ApiError, ConversationDetails, ConversationInfo, KeptInfo};
use crate::profile::{Conversation, ConversationId, Group, Keep, Profile, StorageError};

/// Keeps texts for so many seconds, or for ever; how the conversation is then. Those that are too old already are erased
/// at once; a daemon does so behind this.
pub(super) async fn keep(
    inner: &Inner,
    conversation: ConversationId,
    seconds: Option<u64>,
) -> Result<ConversationInfo, ApiError> {
    let job = move |profile: &mut Profile| {
        profile.keep(conversation, &Keep::Retention(seconds))?;
        listed_info(profile, &mut Speakers::default(), &profile.listed(conversation)?)
    };
    let info = inner.context.store.run(job).await?;
    if inner.context.is_daemon() {
        inner.context.store.look_again();
    } else {
        // The program is about to end.
        erasing::erase_all(&inner.context).await?;
    }
    Ok(info)
}

/// `conversation show`.
pub(super) async fn details(
    inner: &Inner,
    conversation: ConversationId,
) -> Result<ConversationDetails, ApiError> {
    let read = move |profile: &Profile| {
        let listed = profile.listed(conversation)?;
        let keys_from = match &listed.conversation {
            Conversation::Contact(_) => None,
            Conversation::Group(group) => Some(keys_from(profile, group)?),
        };
        Ok::<_, StorageError>(ConversationDetails {
            conversation: listed_info(profile, &mut Speakers::default(), &listed)?,
            kept: kept_info(profile, conversation, keys_from)?,
        })
    };
    inner.context.store.read(read).await
}

/// Time from which on a group's messages can be opened with the keys that are kept: that of the first day whose key is, or whose key
/// follows from a package that opens here; or 0 where one key opens all.
///
/// # Errors
/// Trouble with the database.
pub(super) fn keys_from(profile: &Profile, group: &Group) -> Result<i64, StorageError> {
    let Some(days) = &group.days else { return Ok(0) };
    let oldest = if profile.package_opens(&group.id)? { 0 } else { days.oldest() };
    let day = days.first_day().saturating_add(oldest.into());
    Ok(i64::try_from(day.saturating_mul(DAY)).unwrap_or(i64::MAX))
}

/// The part of a conversation that is kept, whose messages can be opened from a time on.
pub(super) fn kept_info(
    profile: &Profile,
    conversation: ConversationId,
    keys_from: Option<i64>,
) -> Result<KeptInfo, StorageError> {
    let found = profile.remembered(conversation)?;
    let goes = found.oldest.zip(found.keep).map(|(oldest, keep)| oldest.saturating_add_unsigned(keep));
    Ok(KeptInfo {
        keep: found.keep,
        texts: found.texts,
        oldest: found.oldest,
        goes,
        forgotten: found.forgotten,
        posted: found.posted,
        keys_from,
        sealed: found.sealed,
    })
}
