//! Missing messages from members (section 8, "Repair").
//!
//! What a member gives is checked like what a server gives, and posted again once, so that everybody gets it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_wire::peer_log::{CONTEXT_LOG_HAVE, CONTEXT_LOG_WANT, Have, Want};
use tokio::time::{Instant, sleep_until};

use super::words::{group_of, say, tag_of};
use crate::api::{ApiError, RepairInfo};
use crate::engine::context::Context;
use crate::engine::groups::read;
use crate::engine::info::received_item;
use crate::engine::inner::Inner;
use crate::engine::patience::Patience;
use crate::profile::{Companion, Group, Profile, StorageError};

/// Entries that a contact is asked for in one go: half of them of the first, the others in turn, so that what nobody has
/// stands in nobody's way for ever.
const AT_ONCE: usize = 8;
/// Missing entries of a group that are looked at together.
const LOOKED_AT: u32 = 64;
/// Time that `repair` waits after its last request without an answer.
const QUIET: Duration = Duration::from_secs(10);

/// Some of what is missing in a group, and whether there is more behind it.
type Page = (Vec<EntryPrefix>, bool);

/// Asks contacts who are there for what is missing in their groups.
pub(super) async fn ask(inner: &Inner, here: &[Companion]) -> Result<(), ApiError> {
    for (group, contacts) in by_group(here) {
        let places =
            contacts.into_iter().map(|contact| (contact, inner.members.state().place(&contact, group)));
        let places: Vec<(Address, u32)> = places.collect();
        let Some((group, pages)) = missing_at(inner, group, &places).await? else { continue };
        for (contact, place) in places {
            let (Some((first, _)), Some((next, more))) = (pages.get(&0), pages.get(&place)) else { continue };
            let ask_one = |entry: &EntryPrefix| ask_for(inner, &contact, &group, *entry, false);
            let of_first = first.iter().filter(|entry| ask_one(entry)).take(AT_ONCE / 2).count();
            let of_next = next.iter().filter(|entry| ask_one(entry)).take(AT_ONCE - of_first).count();
            if of_first + of_next < AT_ONCE {
                let place = if *more { place.saturating_add(LOOKED_AT) } else { 0 };
                inner.members.state().go_on_from(&contact, group.id, place);
            }
        }
    }
    Ok(())
}

/// Whom to ask in each group: a group is looked at once, however many are there.
fn by_group(here: &[Companion]) -> BTreeMap<GroupId, Vec<Address>> {
    let mut groups: BTreeMap<GroupId, Vec<Address>> = BTreeMap::new();
    for Companion { contact, group, .. } in here {
        groups.entry(*group).or_default().push(*contact);
    }
    groups
}

/// Entries that a group lacks, from its beginning and from each of these places; `None` where nobody would answer.
async fn missing_at(
    inner: &Inner,
    group: GroupId,
    places: &[(Address, u32)],
) -> Result<Option<(Group, BTreeMap<u32, Page>)>, ApiError> {
    let own = inner.context.address;
    let places: BTreeSet<u32> = places.iter().map(|(_, place)| *place).chain([0]).collect();
    let read = move |profile: &Profile| {
        // Only who wrote in the group is answered; who only reads does not show that it is in it.
        if !profile.is_author(&group, &own)? {
            return Ok::<_, StorageError>(None);
        }
        let Some(found) = profile.epoch(&group)? else { return Ok(None) };
        let page = |place| Ok((place, profile.wanted_entries(&group, place, LOOKED_AT)?));
        let pages = places.into_iter().map(page).collect::<Result<_, StorageError>>()?;
        Ok(Some((found, pages)))
    };
    inner.context.store.read(read).await
}

/// Asks a contact for an entry, unless it was asked a while ago and nobody waits; tells whether it was asked now.
fn ask_for(inner: &Inner, contact: &Address, group: &Group, entry: EntryPrefix, urgent: bool) -> bool {
    if !inner.members.state().ask(contact, entry, group.id, &inner.context.options.members, urgent) {
        return false;
    }
    let want = Want { tag: tag_of(group), entry };
    let asked = say(inner, contact, CONTEXT_LOG_WANT, want.to_bytes());
    if !asked {
        inner.members.state().not_asked(contact, entry);
    }
    asked
}

/// A contact misses an entry: it gets it if it wrote in the group.
pub(super) async fn wanted(inner: &Inner, from: Address, want: Want) -> Result<(), ApiError> {
    let Some(group) = group_of(&inner.context, want.tag).await? else { return Ok(()) };
    let (id, tag, entry) = (group.id, want.tag, want.entry);
    let find = move |profile: &mut Profile| {
        if !profile.is_author(&id, &from)? {
            return Ok::<_, StorageError>(None);
        }
        profile.kept_entry(&id, &entry)
    };
    let Some(message) = inner.context.store.run(find).await? else { return Ok(()) };
    if let Ok(have) = (Have { tag, message }).to_bytes() {
        say(inner, &from, CONTEXT_LOG_HAVE, have);
    }
    Ok(())
}

/// A contact gives an entry.
pub(super) async fn had(inner: &Inner, from: Address, have: Have) -> Result<(), ApiError> {
    let entry = EntryId::of(&have.message.signature, &have.message.ciphertext);
    let wait = inner.context.options.members.answer;
    let asked = inner.members.state().wanted(&from, entry.prefix(), wait);
    let Some(group) = group_of(&inner.context, have.tag).await?.filter(|group| asked == Some(group.id))
    else {
        tracing::debug!("a contact gives what it was not asked for");
        return Ok(());
    };
    let Some((verified, day)) = read::open(&group, &have.message) else {
        tracing::debug!("what a contact gives is no message of the group that can be read");
        return Ok(());
    };
    let item = received_item(group.id, entry, have.message.ciphertext, (&verified, day), inner.context.now());
    if inner.groups.store_from_member(&group, from, item).await? {
        inner.members.came.notify_waiters();
    }
    Ok(())
}

/// Asks contacts for what is missing in a group, because a person wants it; waits for what they give. Each of its epochs that is
/// read has its own members and its own missing messages; the one that is written in comes first.
///
/// # Errors
/// `NotFound`, `Closed`, or trouble with the database. That nobody answers is none.
pub(in crate::engine) async fn repair(
    inner: &Inner,
    group: &GroupId,
    mut patience: Patience,
) -> Result<RepairInfo, ApiError> {
    let group = *group;
    let read = move |profile: &mut Profile| {
        let conversation = profile.group(&group)?.ok_or(StorageError::UnknownGroup)?.conversation;
        let mut epochs = profile.epochs_read()?;
        epochs.retain(|epoch| epoch.conversation == conversation);
        let with = |epoch: Group| Ok((profile.companions_in(&epoch.id)?, epoch));
        epochs.into_iter().map(with).collect::<Result<Vec<_>, StorageError>>()
    };
    let mut asked = HashSet::new();
    let mut total = RepairInfo { asked: 0, received: 0, missing: 0 };
    for (companions, epoch) in inner.context.store.run(read).await? {
        let (contacts, received, missing) = repair_epoch(inner, epoch, companions, &mut patience).await?;
        asked.extend(contacts);
        total.received += received;
        total.missing += missing;
    }
    Ok(RepairInfo { asked: asked.len() as u64, ..total })
}

/// The same for one epoch: whom it asked, how much came, and how much is still missing.
async fn repair_epoch(
    inner: &Inner,
    group: Group,
    mut companions: Vec<Companion>,
    patience: &mut Patience,
) -> Result<(HashSet<Address>, u64, u64), ApiError> {
    let group_id = group.id;
    // The person named a group, not them: while the profile appears offline, only who is connected is asked.
    companions.retain(|companion| inner.peers.may_ask(&companion.contact));
    let (wanted, _) = missing(&inner.context, &group_id, 0).await?;
    if wanted.is_empty() || companions.is_empty() {
        return Ok((HashSet::new(), 0, count(&inner.context, &group_id).await?));
    }
    let _reaching: Vec<_> =
        companions.iter().map(|companion| inner.peers.reach(&companion.contact)).collect();
    let mut events = inner.context.feed.listen();
    let mut asked: HashSet<(Address, EntryPrefix)> = HashSet::new();
    let mut received: HashSet<EntryPrefix> = HashSet::new();
    let mut place = 0;
    let mut quiet = Instant::now() + QUIET;
    loop {
        let came = inner.members.came.notified();
        tokio::pin!(came);
        came.as_mut().enable();
        let (now, more) = missing(&inner.context, &group_id, place).await?;
        let put: Vec<EntryPrefix> = asked.iter().map(|(_, entry)| *entry).collect();
        let held = inner.context.store.read(move |profile| profile.held_entries(&group_id, &put)).await?;
        let mut progress = held.into_iter().filter(|entry| received.insert(*entry)).count() > 0;
        if now.is_empty() && place == 0 {
            break;
        }
        for contact in companions.iter().map(|companion| &companion.contact) {
            for entry in &now {
                let new = !asked.contains(&(*contact, *entry)) && inner.peers.is_online(contact);
                if new && ask_for(inner, contact, &group, *entry, true) {
                    progress |= asked.insert((*contact, *entry));
                }
            }
        }
        if progress {
            quiet = Instant::now() + QUIET;
        }
        let all =
            companions.iter().all(|companion| asked.iter().any(|(contact, _)| *contact == companion.contact));
        tokio::select! {
            () = &mut came => {}
            _ = events.recv() => {}
            () = sleep_until(quiet), if all => {
                if !more {
                    break;
                }
                // Nobody has what was asked for: what is behind it is next.
                place += LOOKED_AT;
                quiet = Instant::now() + QUIET;
            }
            _ = patience.ends() => break,
            () = inner.context.shutdown.cancelled() => return Err(ApiError::closed()),
        }
    }
    let contacts: HashSet<Address> = asked.into_iter().map(|(contact, _)| contact).collect();
    let missing = count(&inner.context, &group_id).await?;
    Ok((contacts, received.len() as u64, missing))
}

async fn missing(context: &Context, group: &GroupId, place: u32) -> Result<Page, ApiError> {
    let group = *group;
    context.store.read(move |profile| profile.wanted_entries(&group, place, LOOKED_AT)).await
}

async fn count(context: &Context, group: &GroupId) -> Result<u64, ApiError> {
    let group = *group;
    let all = context.store.read(move |profile| profile.wanted_entries(&group, 0, u32::MAX)).await?;
    Ok(all.0.len() as u64)
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;

    use super::*;

    #[test]
    fn a_group_is_looked_at_once_however_many_contacts_are_in_it() {
        let contact = |n: u8| Identity::from_seed(&[n; 32]).address();
        let group = |n: u8| GroupId::from_bytes([n; 16]);
        let companion = |n, of| Companion { contact: contact(n), group: group(of), server: contact(9) };
        let here = [companion(1, 1), companion(1, 2), companion(2, 1), companion(3, 1)];
        let asked: Vec<_> = by_group(&here).into_iter().collect();
        assert_eq!(asked, [(group(1), [1, 2, 3].map(contact).to_vec()), (group(2), vec![contact(1)])]);
    }
}
