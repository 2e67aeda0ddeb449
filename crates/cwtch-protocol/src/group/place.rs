//! Places of messages in their conversation: one order of a group for all its members.
//!
//! A message *stands* at a number; messages are read by growing number, and by growing row among equals. In a group the
//! server tells it:
//!
//! - A message with an index in its server's log stands at `2 × index + 1`. The server signed the index, so all members have
//!   the same order, whenever and by whatever way the message came.
//! - On a server without a log it stands at `PLAIN + 2 × position + 1`, in the order in which the server showed it; this lies
//!   before everything that the server shows once it has a log.
//! - What is on its way stands at [`LAST`], behind everything.
//! - Even numbers are for what the server does not place: what only a member could give stands before the message that shows
//!   that it was there earlier. So an answer never stands before its question.

use cwtch_log::EntryId;

use super::chain::Taken;
use super::change::{Change, Which};
use super::known::{Answer, Messages, Row};
use super::verdict::Verdict;

/// The place of what is on its way.
pub const LAST: i64 = 1 << 52;
/// The beginning of what servers without a log show.
pub(super) const PLAIN: i64 = -(1 << 50);
/// Indexes beyond it are no log's.
const INDEX_MAX: i64 = 1 << 48;
/// Maximum number of messages that are looked at of those that name one, the ones that stand first: who names it from
/// further behind moves nothing.
pub(super) const ANSWERS_MAX: usize = 64;

/// The place of a verified message when it comes, by its index or by its position in the server's order.
pub fn at_first(index: Option<u64>, position: Option<i64>) -> i64 {
    match (index, position) {
        (Some(index), _) => at_index(index) + 1,
        (None, Some(position)) => PLAIN + 2 * position + 1,
        (None, None) => LAST,
    }
}

fn at_index(index: u64) -> i64 {
    2 * i64::try_from(index).unwrap_or(INDEX_MAX).min(INDEX_MAX)
}

/// Right before a message.
fn before(stands: i64) -> i64 {
    stands - 2 + (stands & 1)
}

/// The place of a message that came although others had named it before, or that was missing in its author's chain: before
/// them, although the server shows it later, or not at all. `None` where nothing tells.
///
/// That is sound: a name is a hash of the message, so whoever names it has it, and the server signed where they stand.
/// Where it stood before them, its author's or another member's word tells: nobody here can see it any more.
pub(super) fn before_answers(answers: &[Answer], successors: &[i64]) -> Option<i64> {
    let named = answers.iter().filter(|answer| answer.verdict != Verdict::AuthorLies && answer.stands < LAST);
    let told = |answer: &Answer| {
        let earlier = answer.index.is_some_and(|index| answer.named <= index);
        before(answer.stands).min(if earlier { at_index(answer.named) } else { LAST })
    };
    let behind = successors.iter().filter(|stands| **stands < LAST).map(|stands| before(*stands));
    named.map(told).chain(behind).min()
}

/// The places of the messages that have the number behind a message's.
pub(super) fn successors<M: Messages>(
    group: &M,
    author: &[u8; 32],
    number: Option<(u32, u32)>,
) -> Result<Vec<i64>, M::Error> {
    let next = number.and_then(|(label, sequence)| Some((label, sequence.checked_add(1)?)));
    let Some((label, next)) = next else { return Ok(Vec::new()) };
    let found = group.numbered(author, label, next, ANSWERS_MAX)?;
    Ok(found.iter().map(|numbered| numbered.stands).collect())
}

/// A message that is held has its place in the log now; that it belongs before what names it is no news.
///
/// # Errors
/// Trouble with the store.
pub fn located<M: Messages>(group: &M, row: Row) -> Result<Vec<Change>, M::Error> {
    match group.named(row)?.and_then(|named| named.entry) {
        Some(entry) => before_its_answers(group, row, &entry),
        None => Ok(Vec::new()),
    }
}

/// The same for a message whose entry this is.
pub(super) fn before_its_answers<M: Messages>(
    group: &M,
    row: Row,
    entry: &EntryId,
) -> Result<Vec<Change>, M::Error> {
    let Some(named) = group.named(row)? else { return Ok(Vec::new()) };
    let answers = group.answers(&entry.prefix(), ANSWERS_MAX)?;
    let mut behind = Vec::new();
    if let Some((label, sequence)) = named.number
        // Of two messages with one number, neither is known to have been there first.
        && group.numbered(&named.author, label, sequence, 2)?.len() == 1
    {
        behind = successors(group, &named.author, named.number)?;
    }
    let stands = before_answers(&answers, &behind);
    Ok(stands.map(|stands| Change::StandBefore { which: Which::Held(row), stands }).into_iter().collect())
}

/// True if something stands behind a message that was missing.
pub(super) fn was_missing(answers: &[Answer], taken: Option<Taken>) -> bool {
    !answers.is_empty() || taken == Some(Taken::Late)
}
