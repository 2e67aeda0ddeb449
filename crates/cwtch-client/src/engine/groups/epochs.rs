//! Epochs of groups: what waited for a decision enters its conversation.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;

use super::link::intake::store::Said;
use super::{order, read};
use crate::engine::info::received_item;
use crate::profile::{Buffered, Group, Profile, StorageError, SyncItem, SyncOutcome};

/// Entries that enter their conversation in one transaction.
const AT_ONCE: u32 = 128;

/// Takes some of the entries in that wait on a server and whose epoch was entered, and has judged what is open then. `None` if
/// none waits. They were verified when they came and are opened anew, because only what is sealed is kept of them.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine::groups) fn take_in(
    profile: &mut Profile,
    server: &Address,
    now: i64,
) -> Result<Option<(SyncOutcome, Said)>, StorageError> {
    let waiting = profile.buffered(server, AT_ONCE)?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let mut epochs: HashMap<GroupId, Option<Group>> = HashMap::new();
    let mut entries = Vec::with_capacity(waiting.len());
    for entry in waiting {
        let epoch = match epochs.entry(entry.group) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(profile.epoch(&entry.group)?),
        };
        entries.push((entry.id, epoch.as_ref().and_then(|epoch| open(epoch, entry, now))));
    }
    let items: Vec<SyncItem> = entries.iter().filter_map(|(_, item)| item.clone()).collect();
    let certificates = order::certificates(profile, server, &items)?;
    let outcome = profile.enter_buffered(server, &entries, now)?;
    let claims = order::judge(profile, server, false, now)?;
    Ok(Some((outcome, (claims, certificates))))
}

fn open(epoch: &Group, Buffered { message, place, .. }: Buffered, now: i64) -> Option<SyncItem> {
    let (verified, day) = read::open(epoch, &message)?;
    let entry = EntryId::of(&message.signature, &message.ciphertext);
    Some(SyncItem { place, ..received_item(epoch.id, entry, message.ciphertext, (&verified, day), now) })
}
