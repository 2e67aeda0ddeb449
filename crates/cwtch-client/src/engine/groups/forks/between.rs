//! Forks between contacts, as far as groups and servers are concerned.

use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::overlay::{KIND_GROUP_INVITE, Overlay};

use crate::api::ApiError;
use crate::engine::groups::{Groups, membership};
use crate::engine::info::own_content;
use crate::profile::{Profile, StorageError};

/// Invites that are sent at one look.
const AT_ONCE: u32 = 16;

impl Groups {
    /// Waits until contacts may have to be told something about forks. One task may wait for that.
    pub(crate) async fn until_forks_change(&self) {
        self.links.shared.tells.notified().await;
    }

    /// A contact gave something that led to other keys on these servers.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn forks_heard(&self, servers: &[Address]) -> Result<(), ApiError> {
        for server in servers {
            self.links.groups_changed(server, false).await?;
        }
        if !servers.is_empty() {
            self.links.shared.forks.notify_one();
        }
        Ok(())
    }

    /// Queues the invites that own forks need; gives the contacts for whom they are.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn queue_invites(&self) -> Result<Vec<Address>, ApiError> {
        let context = self.context();
        let due = context.store.read(|profile| profile.fork_invites(AT_ONCE)).await?;
        let contacts = due.iter().map(|invite| invite.contact).collect();
        for invite in due {
            let now = context.now();
            let job = move |profile: &mut Profile| {
                if let Some(group) = &invite.group {
                    queue(profile, group, &invite.contact, now)?;
                }
                profile.fork_invited(&invite)
            };
            context.store.run(job).await?;
        }
        Ok(contacts)
    }

    /// Queues an invite for a contact who asked for a key whose secret is erased.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn queue_invite(&self, group: &GroupId, contact: Address) -> Result<(), ApiError> {
        let (context, group) = (self.context(), *group);
        let now = context.now();
        context.store.run(move |profile| queue(profile, &group, &contact, now)).await
    }
}

/// Queues an invite for a contact. Where none can be made now, nobody is waiting for a reason.
fn queue(profile: &mut Profile, group: &GroupId, contact: &Address, now: i64) -> Result<(), StorageError> {
    let text = match membership::invite_text(profile, group, contact, false, true, now) {
        Ok(text) => text,
        Err(error) => {
            tracing::debug!(kind = ?error.kind(), "a contact could not be invited");
            return Ok(());
        }
    };
    let content = own_content(Overlay { kind: KIND_GROUP_INVITE, data: text });
    profile.enqueue_p2p(contact, &fresh_id(&mut OsRng), &content, now)?;
    Ok(())
}
