//! A verified message comes: from the server, from a member, or from here.

use super::change::{Change, How};
use super::keep::keep;
use super::known::{Arrival, Held, Messages, Row};
use super::own::{came_from_elsewhere, confirmed};
use super::place::before_its_answers;
use super::verdict::Verdict;

/// The fate of a message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The message is new.
    Stored,
    /// The message is an own one that was waiting: the server has it.
    Confirmed(Row),
    /// The message was here.
    Known,
}

/// The outcome of a message's coming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The message's fate.
    pub fate: Fate,
    /// True if it is new, and the message that its author had seen last is not here.
    pub gap: bool,
    /// True if it is new and an own one, and this store neither wrote it nor held it before: another copy of the
    /// profile did.
    pub from_elsewhere: bool,
    /// The changes, in their order.
    pub changes: Vec<Change>,
}

impl Step {
    fn known() -> Self {
        Self { fate: Fate::Known, gap: false, from_elsewhere: false, changes: Vec::new() }
    }
}

/// The server shows a message, at the next position of its order.
///
/// # Errors
/// Trouble with the store.
pub fn shown<M: Messages>(group: &M, message: &Arrival<'_>) -> Result<Step, M::Error> {
    if let Some(held) = group.held(message.signature, &message.id)? {
        return shown_again(group, message, &held);
    }
    if message.author != group.own() {
        return new(group, message, How::Shown);
    }
    if let Some(draft) = group.draft(&message.words)? {
        let step = new(group, message, How::Adopted(draft))?;
        // It was to say this, in the same second: the twin is known to have had it from here.
        return Ok(Step { fate: Fate::Confirmed(draft), from_elsewhere: false, ..step });
    }
    new(group, message, How::Shown)
}

/// A member gives a message.
///
/// # Errors
/// Trouble with the store.
pub fn given<M: Messages>(group: &M, message: &Arrival<'_>) -> Result<Step, M::Error> {
    if group.held(message.signature, &message.id)?.is_some() {
        return Ok(Step::known());
    }
    new(group, message, How::Given)
}

fn new<M: Messages>(group: &M, message: &Arrival<'_>, how: How) -> Result<Step, M::Error> {
    let mine = message.author == group.own();
    let (waiting, elsewhere) =
        if mine { came_from_elsewhere(group, message.extensions)? } else { (Vec::new(), Vec::new()) };
    let from_elsewhere = mine && !was_here(group, message)?;
    let mut changes = keep(group, message, how, &waiting)?;
    let gap = matches!(changes.first(), Some(Change::Keep(kept)) if kept.gap);
    changes.extend(elsewhere);
    Ok(Step { fate: Fate::Stored, gap, from_elsewhere, changes })
}

/// A message that is here: as the same entry, or posted again as another one.
fn shown_again<M: Messages>(group: &M, message: &Arrival<'_>, held: &Held) -> Result<Step, M::Error> {
    let mut step = Step::known();
    // First, because a message that is confirmed takes its place by what the server shows; what names it may tell better.
    if held.own && held.same_signature && message.author == group.own() && !(held.positioned && held.stored) {
        // One that the server lost keeps the position at which it was shown first.
        step.changes.push(Change::Confirm(held.row));
        step.changes.extend(confirmed(group, held.row)?);
        if !held.stored {
            step.fate = Fate::Confirmed(held.row);
        }
    }
    if held.entry.is_some_and(|entry| entry != message.entry) {
        copy(group, message, held, &mut step.changes)?;
    } else {
        locate(group, message, held, &mut step.changes)?;
    }
    Ok(step)
}

fn copy<M: Messages>(
    group: &M,
    message: &Arrival<'_>,
    held: &Held,
    changes: &mut Vec<Change>,
) -> Result<(), M::Error> {
    let entry = message.entry.prefix();
    if group.has_entry(&entry)? {
        return Ok(());
    }
    let index = message.place.map(|place| place.index);
    changes.push(Change::Copy { of: held.row, entry: message.entry, index });
    // Whoever refers to the copy refers to the message.
    if !group.answers(&entry, 1)?.is_empty() {
        changes.push(Change::Settle { entry, but: Verdict::AuthorLies });
    }
    Ok(())
}

/// A message that was here before its place in the log, or before the server showed it.
fn locate<M: Messages>(
    group: &M,
    message: &Arrival<'_>,
    held: &Held,
    changes: &mut Vec<Change>,
) -> Result<(), M::Error> {
    let place = message.place.filter(|place| {
        held.same_signature && !held.covered && held.index.is_none_or(|index| index == place.index)
    });
    changes.extend(place.map(|place| Change::Locate { row: held.row, entry: message.entry, place }));
    if held.from_member {
        changes.push(Change::Show(held.row));
    }
    if place.is_none() && !held.from_member {
        return Ok(());
    }
    // Its index is news, and that it belongs before what names it is not.
    changes.extend(before_its_answers(group, held.row, &message.entry)?);
    Ok(())
}

/// True if a number of an own chain was here before: then its message was deleted here, and comes as no news.
fn was_here<M: Messages>(group: &M, message: &Arrival<'_>) -> Result<bool, M::Error> {
    let Some(chain) = message.extensions.and_then(|extensions| extensions.chain) else { return Ok(false) };
    let kept = group.chain(message.author, chain.label)?;
    Ok(kept.is_some_and(|kept| !kept.lacks(chain.sequence))
        // Another message has it: then this one is news, and worse.
        && group.numbered(message.author, chain.label, chain.sequence, 1)?.is_empty())
}
