//! Judging what is open: references and computed roots that were kept with messages and have no verdict yet.

use std::collections::BTreeSet;

use cwtch_log::{EntryPrefix, Hash};
use cwtch_wire::group::{Gossip, Parent};

use super::change::Change;
use super::known::Row;
use super::verdict::{Case, GossipVerdict, Log, Verdict, compare, judge};
use crate::monitor::GossipClaim;

/// Completed syncs for which something waits for entries that the own log does not have yet.
pub const WAITING_SYNCS: u32 = 2;

/// A part of what is open.
///
/// What a message says that the verified log holds can be decided at once, whatever it says: nobody refers to what comes
/// after the own message. Only a message that the server has not shown yet, and so its references, may have to wait for
/// the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// References and views of messages below this size of the log.
    Covered(u64),
    /// References and views of messages that are not below this size of the log.
    Uncovered(u64),
    /// All: the server has no log.
    All,
}

/// Parts of what is open that are to be looked at now: what can be decided, all of it, so that nobody's messages stand in the way of another's;
/// and when a sync was completed, what waits. `size` is the verified size; `None` without a log.
pub fn turns(size: Option<u64>, synced: bool) -> impl Iterator<Item = Open> {
    let first = size.map_or(Open::All, Open::Covered);
    let then = size.filter(|_| synced).map(Open::Uncovered);
    core::iter::once(first).chain(then)
}

/// A reference that is to be judged.
#[derive(Debug, Clone)]
pub struct OpenReference {
    /// The message that has it.
    pub row: Row,
    /// The reference's number.
    pub number: u8,
    /// The entry that it names.
    pub parent: Parent,
    /// The root that its author computed over the log, where that is kept.
    pub gossip: Option<Gossip>,
    /// The message's own index; `None` for one that the server has not shown.
    pub index: Option<u64>,
    /// Syncs that it has waited for.
    pub waited: u32,
    /// The own entry at the place that it names, where the store has it.
    pub own_entry: Option<EntryPrefix>,
    /// The own root of the size of `gossip`, where the store has it.
    pub own_root: Option<Hash>,
}

/// A root that an author computed over the log, to be compared.
#[derive(Debug, Clone)]
pub struct OpenView {
    /// The message that says it.
    pub row: Row,
    /// The author's key.
    pub author: [u8; 32],
    /// The author's word.
    pub gossip: Gossip,
    /// The message's own index; `None` for one that the server has not shown.
    pub index: Option<u64>,
    /// Syncs that it has waited for.
    pub waited: u32,
    /// The own root of that size, where the store has it.
    pub own_root: Option<Hash>,
}

/// Some of what is open in the groups of a server.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// References.
    pub references: Vec<OpenReference>,
    /// Computed roots.
    pub views: Vec<OpenView>,
}

/// The outcome of judging a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// Changes to be stored.
    pub changes: Vec<Change>,
    /// Members' words about the log that contradict the own one, for the server's
    /// [`Monitor`](crate::monitor::Monitor).
    pub claims: Vec<GossipClaim>,
}

impl Page {
    /// True if nothing is open.
    pub fn is_empty(&self) -> bool {
        self.references.is_empty() && self.views.is_empty()
    }

    /// The sizes of the log that are asked about.
    pub fn sizes(&self) -> BTreeSet<u64> {
        let of_references = self.references.iter().filter_map(|open| open.gossip);
        of_references.chain(self.views.iter().map(|view| view.gossip)).map(|gossip| gossip.size).collect()
    }

    /// Judges all of it; `log` is `None` for a server that has none. Only what waits for the log stays open, and counts that
    /// it was looked at.
    pub fn judge(&self, log: Option<&impl Log>, now: u64) -> Judged {
        let mut judged = Judged::default();
        for open in &self.views {
            match differs(open, log) {
                Some(differs) => {
                    judged.changes.push(Change::Compared { row: open.row, differs });
                    judged.claims.extend(differs.then(|| claim(open, now)));
                }
                None => judged.changes.push(Change::ViewWaited { row: open.row }),
            }
        }
        for open in &self.references {
            let (row, number) = (open.row, open.number);
            judged.changes.push(match reference(open, log) {
                Verdict::Waiting => Change::Waited { row, number },
                verdict => Change::Judged { row, number, verdict },
            });
        }
        judged
    }
}

fn reference(open: &OpenReference, log: Option<&impl Log>) -> Verdict {
    let case = Case { gossip: open.gossip.as_ref(), index: open.index, root: open.own_root };
    judge(&open.parent, open.own_entry, &case, open.waited < WAITING_SYNCS, log)
}

/// True if an author reads another log; `None` while the own one does not reach there, for a message that the server has not
/// shown yet: for a number of syncs.
fn differs(open: &OpenView, log: Option<&impl Log>) -> Option<bool> {
    let Some(log) = log else { return Some(false) };
    let case = Case { gossip: Some(&open.gossip), index: open.index, root: open.own_root };
    match compare(&open.gossip, &case, log) {
        GossipVerdict::Differs => Some(true),
        GossipVerdict::Unknown
            if open.gossip.size > log.verified_size()
                && open.index.is_none_or(|index| index >= log.verified_size())
                && open.waited < WAITING_SYNCS =>
        {
            None
        }
        GossipVerdict::Agrees | GossipVerdict::Unknown => Some(false),
    }
}

fn claim(open: &OpenView, now: u64) -> GossipClaim {
    let Gossip { incarnation, size, root } = open.gossip;
    GossipClaim { author: open.author, incarnation, size, root, at: now }
}
