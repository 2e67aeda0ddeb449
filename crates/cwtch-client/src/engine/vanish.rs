//! Proposing to a contact that messages vanish.

use super::info::Speakers;
use super::inner::Inner;
use super::listed::listed_info;
use super::talk::conversation_of;
use crate::api::{ApiError, ConversationInfo};
use crate::profile::{Profile, StorageError};

/// Proposes a time after which messages vanish, in seconds, or the end of it; how the conversation is then. It is said to the contact at
/// once, or with the next connection.
pub(super) async fn propose(
    inner: &Inner,
    conversation: &str,
    seconds: Option<u64>,
) -> Result<ConversationInfo, ApiError> {
    let id = conversation_of(inner, conversation).await?.id();
    let job = move |profile: &mut Profile| {
        let contact = profile.propose_vanishing(id, seconds)?;
        let info = listed_info(profile, &mut Speakers::default(), &profile.listed(id)?)?;
        Ok::<_, StorageError>((contact, info))
    };
    let (contact, info) = inner.context.store.run(job).await?;
    inner.peers.say_vanishing(&contact);
    Ok(info)
}
