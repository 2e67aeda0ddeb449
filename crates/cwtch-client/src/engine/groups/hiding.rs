//! Hiding members of a group from the person, and showing them again.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;

use super::Groups;
use super::log::unix;
use crate::api::{ApiError, KnownMember};

impl Groups {
    /// Hides a member of a group, or shows them again; gives the members.
    ///
    /// # Errors
    /// `NotFound` for whoever is not known to be in the group, `Usage` for oneself, `Refused` for one too many, or trouble with the
    /// database.
    pub(crate) async fn group_hide(
        &self,
        group: &GroupId,
        member: Address,
        hide: bool,
    ) -> Result<Vec<KnownMember>, ApiError> {
        let (links, context) = (&self.links, self.context());
        let (server, found) = links.server_and_group(group).await?;
        let now = unix(context.now());
        context.store.run(move |profile| profile.hide(found.conversation, &member, hide, now)).await?;
        // What a hidden member's fork kept from happening may have happened now.
        links.groups_changed(&server.board, false).await?;
        links.shared.forks.notify_one();
        self.group_members(group).await
    }
}
