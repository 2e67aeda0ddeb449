//! Helpers that asking and answering share: the tag that names a group, and how something is said.

use cwtch_primitives::group::LogTag;
use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::peer::PeerMessage;

use crate::api::ApiError;
use crate::engine::context::Context;
use crate::engine::inner::Inner;
use crate::profile::{Group, Profile, StorageError};

/// Says something to a contact who is there; false if it cannot be said now.
pub(super) fn say(inner: &Inner, to: &Address, about: &str, data: Vec<u8>) -> bool {
    inner.peers.say(to, PeerMessage::new(fresh_id(&mut OsRng), about, data))
}

/// The tag by which members name a group's log.
pub(super) fn tag_of(group: &Group) -> LogTag {
    LogTag::of(&group.key, group.server.public_key())
}

/// The epoch of an own group that a tag means.
pub(super) async fn group_of(context: &Context, tag: LogTag) -> Result<Option<Group>, ApiError> {
    let find = move |profile: &Profile| {
        let groups = profile.epochs_read()?;
        Ok::<_, StorageError>(groups.into_iter().find(|group| tag_of(group) == tag))
    };
    context.store.read(find).await
}
