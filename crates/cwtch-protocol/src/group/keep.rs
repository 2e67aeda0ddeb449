//! Keeping a message, with what it says about the ones before it.

use cwtch_wire::group::{Chain, Extensions};

use super::chain::{AuthorChain, CHAINS_MAX, Taken};
use super::change::{Change, How, Keep, View, Which};
use super::known::{Arrival, Messages, Row};
use super::place::{ANSWERS_MAX, at_first, before_answers, successors, was_missing};
use super::verdict::Verdict;

/// Keeps a message and what it says, and settles what was said about it before it came. `waiting` are messages that lose their
/// number in the same step.
pub(super) fn keep<M: Messages>(
    group: &M,
    message: &Arrival<'_>,
    how: How,
    waiting: &[Row],
) -> Result<Vec<Change>, M::Error> {
    let gap = !message.previous.is_empty() && !group.has_signature(message.previous)?;
    let answers = group.answers(&message.entry.prefix(), ANSWERS_MAX)?;
    let position = matches!(how, How::Shown | How::Adopted(_)).then(|| group.next_position());
    let stands = at_first(message.place.map(|place| place.index), position);
    let mut kept = Keep { how, gap, stands, parents: Vec::new(), view: None, chain: None };
    if let Some(extensions) = message.extensions {
        refer(group, extensions, &mut kept)?;
    }
    let link = link(group, message, waiting)?;
    kept.chain = link.chain;
    let mut changes = vec![Change::Keep(Box::new(kept))];
    changes.push(Change::CloseGaps { signature: message.signature.to_vec() });
    if !answers.is_empty() {
        // But for those who named a place where another entry stands.
        let entry = message.entry.prefix();
        changes.push(Change::Settle { entry, but: Verdict::AuthorLies });
    }
    changes.extend(link.changes);
    if matches!(how, How::Shown | How::Given) && was_missing(&answers, link.taken) {
        let number = link.chain.map(|chain| (chain.label, chain.sequence));
        let behind = if link.taken == Some(Taken::Late) {
            successors(group, message.author, number)?
        } else {
            Vec::new()
        };
        let stands = before_answers(&answers, &behind);
        changes.extend(stands.map(|stands| Change::StandBefore { which: Which::This, stands }));
    }
    Ok(changes)
}

/// Adds to `kept` the messages that a message refers to and the root that its author computed. The root is left out if
/// it agrees with the log and all those messages are here: nothing will ever need it.
fn refer<M: Messages>(group: &M, extensions: &Extensions, kept: &mut Keep) -> Result<(), M::Error> {
    for parent in &extensions.parents {
        let verdict = if group.has_entry(&parent.id)? { Verdict::Fine } else { Verdict::Waiting };
        kept.parents.push((*parent, verdict));
    }
    let Some(gossip) = extensions.gossip else { return Ok(()) };
    let agrees = group.root_at(gossip.size)? == Some(gossip.root);
    let all_here = kept.parents.iter().all(|(_, verdict)| *verdict == Verdict::Fine);
    if !(agrees && all_here) {
        kept.view = Some(View { gossip, differs: agrees.then_some(false) });
    }
    Ok(())
}

/// Result of placing a message in its author's chain; empty for a message without a number, and for one of a chain too
/// many.
#[derive(Default)]
struct Linked {
    chain: Option<Chain>,
    taken: Option<Taken>,
    changes: Vec<Change>,
}

fn link<M: Messages>(group: &M, message: &Arrival<'_>, waiting: &[Row]) -> Result<Linked, M::Error> {
    let Some((extensions, chain)) = message.extensions.and_then(|said| Some((said, said.chain?))) else {
        return Ok(Linked::default());
    };
    let Chain { label, sequence, .. } = chain;
    let author = *message.author;
    let mut state = match group.chain(&author, label)? {
        Some(kept) => kept,
        None if group.chains_of(&author)? >= CHAINS_MAX => return Ok(Linked::default()),
        None if group.has_log() => AuthorChain::new(),
        // Without a log a chain begins with the first one that comes: nobody tells what was before.
        None => AuthorChain::restore(sequence.saturating_sub(1), None, Vec::new(), 0),
    };
    let mut changes = Vec::new();
    if !group.knows_where_reading_began()? {
        changes.push(Change::ReadFrom(group.min_index()));
    }
    let holes = state.holes().to_vec();
    let known = if state.lacks(sequence) {
        None
    } else {
        let found = group.numbered(&author, label, sequence, waiting.len() + 1)?;
        found.into_iter().find(|numbered| !waiting.contains(&numbered.row)).map(|numbered| numbered.id)
    };
    let index = message.place.map_or(0, |place| place.index);
    let taken = state.take(sequence, &message.id, index, &extensions.abandoned, known);
    let other_holes = state.holes() != holes;
    changes.push(Change::Chain { author, label, chain: state, other_holes });
    Ok(Linked { chain: Some(chain), taken: Some(taken), changes })
}
