//! A closed group of two that is offered to a contact, for what is written while one of them is away.

use cwtch_primitives::Address;
use cwtch_wire::group::fork::Mode;

use super::{Groups, servers};
use crate::api::{ApiError, GroupInfo, Problem};
use crate::engine::info::group_info;
use crate::engine::offered::is_of_two;
use crate::profile::{Group, Profile, StorageError};

/// The name of such a group: each of the two sees it and can give it another one. What the maker calls the contact is nobody's business.
const NAME: &str = "While one of us is away";

/// A group to be offered, its invite, and whether it was there before.
pub(crate) struct Offer {
    pub(crate) group: GroupInfo,
    pub(crate) invite: String,
    pub(crate) again: bool,
}

impl Groups {
    /// Makes a group with a contact alone on a server, or finds the one that there is.
    ///
    /// # Errors
    /// `Refused` unless it is known that the contact's program reads groups with daily keys, or `anyway`; as for making and inviting to
    /// a group otherwise.
    pub(crate) async fn offer(
        &self,
        contact: Address,
        server: &str,
        anyway: bool,
    ) -> Result<Offer, ApiError> {
        let (text, now) = (server.to_owned(), self.context().now());
        let look = move |profile: &mut Profile| {
            if !anyway && !profile.reads_daily(&contact)? {
                return Err(Problem::DailyUnknown.into());
            }
            let board = servers::named(profile, &text, now)?.board;
            Ok::<_, ApiError>((board, of_two(profile, &board, &contact)?))
        };
        let (board, found) = self.context().store.run(look).await?;
        let (group, again) = match found {
            Some(found) => (found.id, true),
            None => {
                let board = board.to_string();
                let made = self.daily_group_new(NAME.to_owned(), board, Mode::Trusted, vec![contact]).await?;
                (made.group.parse().map_err(|_| ApiError::from(StorageError::Damaged))?, false)
            }
        };
        let invite = self.invite_for(&group, contact, false, true).await?;
        let read = move |profile: &Profile| {
            let group = profile.group(&group)?.ok_or(StorageError::UnknownGroup)?;
            group_info(profile, &group)
        };
        Ok(Offer { group: self.context().store.read(read).await?, invite, again })
    }
}

/// The group on a server whose list has a contact and the profile, and nobody else.
fn of_two(profile: &Profile, board: &Address, contact: &Address) -> Result<Option<Group>, StorageError> {
    for group in profile.groups()? {
        if group.server != *board || group.mode != Mode::Trusted {
            continue;
        }
        let notice = profile.notice_of(&group.id)?;
        if notice.is_some_and(|notice| is_of_two(&notice, profile.address(), contact)) {
            return Ok(Some(group));
        }
    }
    Ok(None)
}
