//! The own chain: numbers are used once, and those that nobody will ever see are told.
//!
//! Nothing of the own chain is bounded here: each number that is given up belongs to a message that a person wrote and the
//! store keeps, and all of them are told in the end, so that nobody looks for them.

use cwtch_wire::group::Extensions;

use super::change::{Change, How};
use super::keep::keep;
use super::known::{Arrival, Messages, OwnChain, Row};
use crate::monitor::Change as LogChange;

/// The number of a composed message was taken meanwhile: compose it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of the message was taken meanwhile")]
pub struct NumberTaken;

/// A draft was composed: it is kept as it will be sent, and its number is used up. `told` of its numbers that were given up had
/// room.
///
/// # Errors
/// Trouble with the store; inside, [`NumberTaken`].
pub fn composed<M: Messages>(
    group: &M,
    draft: Row,
    message: &Arrival<'_>,
    told: usize,
) -> Result<Result<Vec<Change>, NumberTaken>, M::Error> {
    let mut changes = Vec::new();
    if let Some(chain) = message.extensions.and_then(|extensions| extensions.chain) {
        let own = group.own_chain()?;
        if own.label.is_some_and(|label| label != chain.label) || own.next != chain.sequence {
            return Ok(Err(NumberTaken));
        }
        // Behind the last number there is, another chain begins.
        let next = chain.sequence.checked_add(1);
        changes.push(Change::Own(
            next.map_or(OwnChain::FRESH, |next| OwnChain { label: Some(chain.label), next }),
        ));
    }
    changes.extend(keep(group, message, How::Composed(draft), &[])?);
    let numbers = message.extensions.map_or(&[][..], |extensions| &extensions.abandoned);
    changes.extend(numbers.iter().take(told).map(|number| Change::Told(*number)));
    Ok(Ok(changes))
}

/// A message that was composed will never be posted: its number is told with the next one, and so is what only it would
/// have told.
///
/// # Errors
/// Trouble with the store.
pub fn given_up<M: Messages>(group: &M, message: Row) -> Result<Vec<Change>, M::Error> {
    let mut changes = vec![Change::Untold(message)];
    if let Some((label, sequence)) = own_number(group, message)?
        // Of a chain that was left, nobody is told.
        && group.own_chain()?.label == Some(label)
    {
        changes.push(Change::Abandon(sequence));
    }
    Ok(changes)
}

/// The server has a message after all, be it one that was given up.
///
/// # Errors
/// Trouble with the store.
pub fn confirmed<M: Messages>(group: &M, message: Row) -> Result<Vec<Change>, M::Error> {
    let number = own_number(group, message)?;
    Ok(number.map(|(_, sequence)| Change::Retract(sequence)).into_iter().collect())
}

/// Own messages with one number that may wait at a time: a store that was put back may hold one, and one that it composed
/// before it knew.
const WAITING_MAX: usize = 8;

/// A message under the own name came that this store has not written: it was put back, or another copy runs. If the message
/// is of the own chain, the next one begins another chain, and what waits under the same number gets one there. Gives the
/// messages that wait no more.
///
/// # Errors
/// Trouble with the store.
pub fn came_from_elsewhere<M: Messages>(
    group: &M,
    extensions: Option<&Extensions>,
) -> Result<(Vec<Row>, Vec<Change>), M::Error> {
    let Some(chain) = extensions.and_then(|extensions| extensions.chain) else {
        return Ok((Vec::new(), Vec::new()));
    };
    // Sent as they are, they would show their author as a liar.
    let waiting = group.waiting(chain.label, chain.sequence, WAITING_MAX)?;
    let mut changes: Vec<Change> = waiting.iter().copied().map(Change::Unnumber).collect();
    if group.own_chain()?.label == Some(chain.label) {
        changes.extend(begin_anew());
    }
    Ok((waiting, changes))
}

/// The label and the number of an own message.
fn own_number<M: Messages>(group: &M, row: Row) -> Result<Option<(u32, u32)>, M::Error> {
    Ok(group.named(row)?.filter(|named| named.own).and_then(|named| named.number))
}

/// True if a change of the server's log leaves the own chains of its groups: entries that were never read were deleted or
/// declared lost. If this store was put back, own messages may have been among them, and members may hold them.
pub fn leaves_own_chain(change: &LogChange) -> bool {
    matches!(change, LogChange::Restarted { .. } | LogChange::Loss { .. })
}

/// The own chain is left, because others may hold numbers of it that are not here.
pub fn begin_anew() -> [Change; 2] {
    [Change::RetractAll, Change::Own(OwnChain::FRESH)]
}
