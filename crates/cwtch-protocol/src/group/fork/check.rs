//! Checks of an opened package against what the member knows, before anything is offered.

use cwtch_primitives::group::GroupId;
use cwtch_wire::group::fork::{OpenedFork, ServerPartFault};

use super::DAY;
use super::epoch::Epoch;
use super::view::View;

/// Time that a notice may lie ahead before it waits.
const AHEAD: u64 = DAY;

/// Result of a check that refuses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The fork counts.
    Good(Epoch),
    /// The fork is looked at again at the next sync: its time lies ahead, or its maker is not known yet as an author.
    Waits,
    /// The fork's old group is none of this conversation.
    Elsewhere,
}

/// Reason why an opened package is condemned; its fork is not, another package may be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The old group has another fork id than the notice's old part says.
    #[error("the group before is another one than the package says")]
    OldGroup,
    /// The reader is not listed.
    #[error("the list does not contain who was given the key")]
    NotListed,
    /// The depth does not follow from the epoch before.
    #[error("the depth does not follow from the group before")]
    Depth,
    /// The time lies before that of the epoch before.
    #[error("the time lies before that of the group before")]
    Time,
    /// The notice names keys of a server although the group stays, or none although it moves.
    #[error("keys of a server belong to a move, and to nothing else")]
    Move,
    /// The server's keys are not what its board signed, or name another log.
    #[error(transparent)]
    Server(#[from] ServerPartFault),
}

/// Compares an opened package with the epoch that it says it forks. `group` gives the group id of an epoch that is known.
///
/// # Errors
/// [`Refusal`].
pub fn check(
    view: &View,
    opened: &OpenedFork,
    group: impl Fn(&Epoch) -> Option<GroupId>,
    now: u64,
) -> Result<Checked, Refusal> {
    let epoch = Epoch::of(&opened.notice, Some(&opened.old));
    let Some(parent) = epoch.parent.and_then(|id| view.epoch(&id)) else { return Ok(Checked::Elsewhere) };
    if group(parent) != Some(opened.old.group) {
        return Err(Refusal::OldGroup);
    }
    if !epoch.listed.contains(&view.me) {
        return Err(Refusal::NotListed);
    }
    if parent.depth.checked_add(1) != Some(epoch.depth) {
        return Err(Refusal::Depth);
    }
    if epoch.time < parent.time {
        return Err(Refusal::Time);
    }
    let moves = epoch.server != parent.server;
    if opened.server.is_some() != moves {
        return Err(Refusal::Move);
    }
    if let Some(server) = &opened.server {
        server.verify(&epoch.server)?;
    }
    let known = epoch.forker.is_some_and(|forker| view.belongs(&forker, parent, now));
    if epoch.time > now.saturating_add(AHEAD) || !known {
        return Ok(Checked::Waits);
    }
    Ok(Checked::Good(epoch))
}
