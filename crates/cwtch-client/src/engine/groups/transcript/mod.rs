//! What messages say about the ones before them, judged and told (docs/verifiable-log.md, section 8).
//!
//! What a message says is stored with it. [`judge()`] decides what is open; it runs behind every batch and at the end of
//! every sync, looks at nothing that is decided, and asks the server's monitor only if the tables do not know.

mod judge;

use std::collections::BTreeSet;
use std::sync::Arc;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{GossipClaim, Monitor};

pub(super) use self::judge::judge;
use super::log::unix;
use super::{Groups, Shared, limits};
use crate::api::{ApiError, Event};
use crate::engine::context::Context;
use crate::engine::info::message_by_id;
use crate::engine::notes::notes_of;
use crate::profile::{FromMember, Group, MessageId, Profile, StorageError, SyncItem};

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

impl Groups {
    /// Does something with a server's monitor, whoever has it. What it changed is durable and told when this returns.
    ///
    /// # Errors
    /// `Closed` while the engine stops, or trouble with the database.
    pub(crate) async fn with_monitor<T: Send + 'static>(
        &self,
        server: Address,
        work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        self.shared.with_monitor(&server, work).await
    }

    /// Keeps a verified message that a member gave, tells it, and has it posted again; false if it was here.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn store_from_member(&self, group: &Group, item: SyncItem) -> Result<bool, ApiError> {
        let (context, now) = (self.shared.context.clone(), self.shared.context.now());
        let (server, conversation) = (group.server, group.id.to_string());
        let job = move |profile: &mut Profile| {
            let FromMember::Stored(id, touched) = profile.store_from_member(&item, now)? else {
                return Ok(None);
            };
            let judged = judge(profile, &server, false, now)?;
            let message = message_by_id(profile, &conversation, id)?;
            context.emit(Event::Message { message });
            let mut told: BTreeSet<MessageId> = touched.into_iter().collect();
            told.extend(judged.touched);
            told.remove(&id);
            tell(&context, profile, &told);
            Ok::<_, StorageError>(Some(judged.claims))
        };
        let Some(claims) = self.shared.context.store.run(job).await? else { return Ok(false) };
        self.shared.members_say(server, claims, Vec::new());
        let link = self.shared.links().get(&server).cloned();
        if let Some(link) = link {
            link.posted();
        }
        Ok(true)
    }
}

impl Shared {
    /// Hands on to a server's monitor what members say. Not waited for: whoever calls may be what it waits for.
    pub(super) fn members_say(
        self: &Arc<Self>,
        server: Address,
        claims: Vec<GossipClaim>,
        certificates: Vec<[u8; 186]>,
    ) {
        if claims.is_empty() && certificates.is_empty() {
            return;
        }
        let shared = self.clone();
        let now = unix(self.context.now());
        let context = self.context.clone();
        context.spawn(async move {
            let learn = move |monitor: &mut Monitor| {
                for claim in claims {
                    monitor.note_gossip(claim);
                }
                for certificate in certificates {
                    if let Err(error) = monitor.certificate_learnt(&certificate, now) {
                        tracing::debug!(%error, "the certificate of a message was not used");
                    }
                }
            };
            if let Err(error) = shared.with_monitor(&server, learn).await {
                tracing::debug!(kind = ?error.kind, "what members say about a log could not be kept");
            }
        });
    }
}
