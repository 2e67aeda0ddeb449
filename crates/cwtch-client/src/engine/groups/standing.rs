//! An epoch of a group as user interfaces see it.

use cwtch_primitives::Address;

use crate::api::{EpochStanding, EpochState};
use crate::engine::info::person_info;
use crate::profile::{self, EpochFacts, Profile, StorageError};

/// An epoch as a conversation shows it.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine) fn standing(
    profile: &Profile,
    epoch: &EpochFacts,
) -> Result<EpochStanding, StorageError> {
    let people = |all: &[Address]| -> Result<Vec<_>, StorageError> {
        all.iter().map(|person| person_info(profile, person)).collect()
    };
    Ok(EpochStanding {
        number: epoch.number,
        state: match epoch.state {
            profile::EpochState::Written => EpochState::Written,
            profile::EpochState::Undecided => EpochState::Undecided,
            profile::EpochState::Closing => EpochState::Closing,
            profile::EpochState::Closed => EpochState::Closed,
        },
        since: epoch.since,
        forker: epoch.forker.as_ref().map(Address::to_string),
        by: epoch.forker.as_ref().map(|forker| person_info(profile, forker)).transpose()?,
        made: epoch.made,
        listed: epoch.listed,
        wrote: epoch.wrote,
        left_out: people(&epoch.left_out)?,
        left_out_count: epoch.left_out_count,
        added: people(&epoch.added)?,
        added_count: epoch.added_count,
        place: epoch.place,
        left_at: epoch.moved.then_some(epoch.begins).flatten(),
        moved_to: epoch.moved.then(|| epoch.server.to_string()),
        waiting: epoch.buffered,
    })
}
