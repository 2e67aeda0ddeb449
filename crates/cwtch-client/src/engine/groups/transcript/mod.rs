//! What messages say about the ones before them, judged and told (docs/verifiable-log.md, section 8).
//!
//! What a message says is stored with it. [`judge()`] decides what is open; it runs behind every batch and at the end of
//! every sync, looks at nothing that is decided, and asks the server's monitor only if the tables do not know.

mod judge;

use std::collections::BTreeSet;

use cwtch_primitives::Address;

pub(super) use self::judge::judge;
use super::limits;
use crate::api::Event;
use crate::engine::context::Context;
use crate::engine::notes::notes_of;
use crate::profile::{MessageId, Profile, StorageError, SyncItem};

/// Tells what there is to say now about messages that were told before.
pub(super) fn tell(context: &Context, profile: &Profile, messages: &BTreeSet<MessageId>) {
    if context.events.receiver_count() == 0 {
        return;
    }
    for id in messages {
        // What is stored is stored, even if it cannot be read back for the event.
        let Ok(Some((message, notes))) = notes_of(profile, *id) else { continue };
        let Ok(Some(group)) = profile.group_of(message.conversation) else { continue };
        context.emit(Event::MessageNotes { id: id.0, conversation: group.id.to_string(), notes });
    }
}

/// Certificates in messages that say something new.
pub(super) fn certificates(
    profile: &Profile,
    server: &Address,
    items: &[SyncItem],
) -> Result<Vec<[u8; 186]>, StorageError> {
    let found = items.iter().filter_map(|item| item.extensions.as_ref()?.certificate.as_deref().copied());
    let found: BTreeSet<[u8; 186]> = found.collect();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let pinned = profile.log_certificate(server)?;
    let new = found.into_iter().filter(|bytes| pinned.as_deref() != Some(bytes.as_slice()));
    Ok(new.take(limits::CERTIFICATES).collect())
}
