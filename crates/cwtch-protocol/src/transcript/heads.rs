//! What an own message refers to.

use std::collections::{BTreeMap, VecDeque};

use cwtch_log::EntryPrefix;
use cwtch_wire::group::{Gossip, PARENTS_MAX, Parent};

use super::view::View;

/// How many heads are kept. The oldest makes room: it will not be among the four newest.
pub const HEADS_MAX: usize = 64;
/// How many names are kept of messages that were referred to and are not here.
const NAMED_MAX: usize = 256;

/// The heads of a group: its messages that no other of them refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    heads: BTreeMap<u64, EntryPrefix>,
    /// Referred to and not here: should they come, they are no heads.
    named: VecDeque<EntryPrefix>,
}

impl Heads {
    /// Stored heads, by index. (What was referred to and is not here is not worth storing: the worst is a parent
    /// too many.)
    pub fn restore(heads: impl IntoIterator<Item = (u64, EntryPrefix)>) -> Self {
        Self { heads: heads.into_iter().collect(), named: VecDeque::new() }
    }

    /// The heads, by index.
    pub fn iter(&self) -> impl Iterator<Item = (u64, EntryPrefix)> {
        self.heads.iter().map(|(index, id)| (*index, *id))
    }

    /// A message of the group is here (covered by a checkpoint): where, its name, and what it refers to. For a message
    /// without extensions that is the one whose signature it names, if that is here.
    pub fn add(&mut self, index: u64, id: EntryPrefix, parents: impl IntoIterator<Item = EntryPrefix>) {
        for parent in parents {
            let head = self.heads.iter().find(|(_, head)| **head == parent).map(|(index, _)| *index);
            match head {
                Some(head) => {
                    self.heads.remove(&head);
                }
                None if !self.named.contains(&parent) => {
                    if self.named.len() >= NAMED_MAX {
                        self.named.pop_front();
                    }
                    self.named.push_back(parent);
                }
                None => {}
            }
        }
        if let Some(at) = self.named.iter().position(|named| *named == id) {
            self.named.remove(at);
            return;
        }
        self.heads.insert(index, id);
        if self.heads.len() > HEADS_MAX {
            self.heads.pop_first();
        }
    }

    /// The server declared a loss: messages from this index on are no heads any more.
    pub fn rewind(&mut self, from: u64) {
        self.heads.split_off(&from);
    }

    /// What a message refers to: the newest heads that a checkpoint covers, newest first.
    pub fn parents(&self, verified_size: u64) -> Vec<Parent> {
        let covered = self.heads.range(..verified_size).rev().take(PARENTS_MAX);
        covered.map(|(index, id)| Parent { id: *id, index: *index }).collect()
    }
}

/// The parents and the gossip of a message that is written now.
///
/// The gossip's size is given: one more than the highest parent's index. Where the view does not know the own root there
/// (a message that was stored before roots were kept), there is no gossip; another size would be malformed.
pub fn references(heads: &Heads, view: &impl View) -> (Vec<Parent>, Option<Gossip>) {
    if !view.has_log() {
        return (Vec::new(), None);
    }
    let parents = heads.parents(view.verified_size());
    let gossip = parents.first().and_then(|newest| {
        let size = newest.index + 1;
        let incarnation = view.incarnation_at(newest.index)?;
        Some(Gossip { incarnation, size, root: view.root_at(size)? })
    });
    (parents, gossip)
}
