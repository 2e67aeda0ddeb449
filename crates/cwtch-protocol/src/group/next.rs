//! The words of the next own message about the ones before it.

use cwtch_log::EntryPrefix;
use cwtch_wire::group::{ABANDONED_MAX, Chain, Extensions, Gossip, INDEX_END, PARENTS_MAX, Parent};

use super::known::{Messages, Newest};

/// Number of the newest messages of which those become parents that none of them refers to. Nothing is kept for it: a
/// head that so many others passed by is not named any more, and whoever floods a group gains no more than that.
pub const WINDOW: usize = 64;
/// The server's certificate goes along with the first message of a chain, and then with one in so many.
pub const CERTIFICATE_EVERY: u32 = 16;

/// The extensions of the next message. `fresh` is a random number: it names the own chain if this message begins one.
///
/// It takes no number: that is done by [`composed`](super::composed), in the transaction that makes the message durable.
///
/// # Errors
/// Trouble with the store.
pub fn next_extensions<M: Messages>(group: &M, fresh: u32) -> Result<Extensions, M::Error> {
    let chain = next_link(group, fresh)?;
    let mut extensions =
        Extensions { chain: Some(chain), abandoned: group.untold(ABANDONED_MAX)?, ..Extensions::default() };
    if group.has_log() {
        let newest = group.newest(WINDOW)?;
        let heads = heads(&newest);
        extensions.gossip = heads.first().and_then(|head| gossip(head));
        extensions.parents =
            heads.iter().map(|head| Parent { id: head.id, index: head.place.index }).collect();
        if chain.sequence % CERTIFICATE_EVERY == 1 {
            extensions.certificate = group.certificate()?;
        }
    }
    Ok(extensions)
}

fn next_link<M: Messages>(group: &M, fresh: u32) -> Result<Chain, M::Error> {
    let own = group.own_chain()?;
    let Some(label) = own.label else {
        // Never 0, so that a label that was forgotten shows.
        return Ok(Chain { label: fresh.max(1), sequence: 1, previous: EntryPrefix::NONE });
    };
    let previous = group.newest_own(label, own.next)?.unwrap_or(EntryPrefix::NONE);
    Ok(Chain { label, sequence: own.next, previous })
}

/// Those that no other of them refers to, at most [`PARENTS_MAX`], in their order: newest first.
fn heads(newest: &[Newest]) -> Vec<&Newest> {
    let refers = |child: &Newest, to: &Newest| {
        if child.parents.is_empty() {
            // A message without references refers to the one whose signature it names.
            !to.signature.is_empty() && child.previous == to.signature
        } else {
            child.parents.contains(&to.id)
        }
    };
    let is_head = |message: &&Newest| {
        message.place.index.saturating_add(1) < INDEX_END
            && !newest.iter().any(|child| refers(child, message))
    };
    newest.iter().filter(is_head).take(PARENTS_MAX).collect()
}

/// The root of the log up to a message.
fn gossip(head: &Newest) -> Option<Gossip> {
    let size = head.place.index.checked_add(1)?;
    Some(Gossip { incarnation: head.place.incarnation, size, root: head.place.root })
}
