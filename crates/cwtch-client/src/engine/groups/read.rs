//! Reading of messages with the keys of a group, whatever its mode.

use cwtch_protocol::group::{Outcome, Scratch, TrialSet};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{RejectReason, VerifiedGroupMessage};

use crate::profile::Group;

/// Adds a group to those that messages are tried against.
pub(in crate::engine) fn add(set: &mut TrialSet, group: &Group) -> usize {
    let (id, key, server) = (group.id, group.key.clone(), group.server);
    match &group.days {
        Some(days) => set.push_daily(id, key, server, days.clone()),
        None => set.push(id, key, server),
    }
}

/// Opens and verifies one message of a group, with its day where the group has daily keys; `None` if it is no valid one, or
/// its day's key is erased.
pub(in crate::engine) fn open(
    group: &Group,
    message: &EncryptedGroupMessage,
) -> Option<(Box<VerifiedGroupMessage>, Option<u64>)> {
    verify(group, message).ok()
}

/// Opens and verifies one message of a group as [`open`] does.
///
/// # Errors
/// The reason why it is no valid one.
pub(in crate::engine) fn verify(
    group: &Group,
    message: &EncryptedGroupMessage,
) -> Result<(Box<VerifiedGroupMessage>, Option<u64>), RejectReason> {
    let mut set = TrialSet::new();
    add(&mut set, group);
    match set.classify(message, &mut Scratch::default()) {
        Outcome::Verified { message, day, .. } => Ok((message, day)),
        Outcome::Rejected { reason, .. } => Err(reason),
        Outcome::NotOurs => Err(RejectReason::NotForAnyGroup),
        Outcome::Sealed { .. } | Outcome::Unfit { .. } => Err(RejectReason::OtherKey),
    }
}
