//! Messages that members give and claims that they make about a server's log, beside what the server sends.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::Monitor;

use super::log::{learn, unix};
use super::{Groups, order};
use crate::api::ApiError;
use crate::profile::{FromMember, Group, Profile, StorageError, SyncItem};

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
        self.links.with_monitor(&server, work).await
    }

    /// Keeps a verified message that a member gave, tells it, and has it posted again; false if it was here. A newcomer may write
    /// behind it.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn store_from_member(
        &self,
        group: &Group,
        giver: Address,
        item: SyncItem,
    ) -> Result<bool, ApiError> {
        let (server, now) = (group.server, self.context().now());
        let job = move |profile: &mut Profile| {
            let FromMember::Stored(..) = profile.store_from_member(&item, now)? else { return Ok(None) };
            profile.confirmed_by(&item.group, &giver)?;
            Ok::<_, StorageError>(Some(order::judge(profile, &server, false, now)?))
        };
        let Some(claims) = self.context().store.run(job).await? else { return Ok(false) };
        let link = self.links.get(&server);
        if !claims.is_empty() {
            let (links, now) = (self.links.clone(), unix(self.context().now()));
            // Not waited for: whoever calls may be what it waits for.
            self.context().spawn(async move {
                if let Err(error) = links.with_monitor(&server, learn(claims, Vec::new(), now)).await {
                    tracing::debug!(kind = ?error.kind(), "what members say about a log could not be kept");
                }
            });
        }
        if let Some(link) = link {
            link.posted();
        }
        Ok(true)
    }
}
