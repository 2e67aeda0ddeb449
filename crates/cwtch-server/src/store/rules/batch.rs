//! Decisions on the posts of a batch, one after the other: in memory, from what the tables hold under their keys.

use std::collections::HashSet;

use cwtch_log::{BOUNDARY, EntryId, Hash};

use super::commit::CommitTree;
use super::state::BoardState;
use super::tree;
use crate::store::tables::{Appended, Node, TableError, Token, View};
use crate::store::{NewEntry, NewPost, Outcome, ShortHash};

/// Those keys of a batch that the tables hold already.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Tokens that are spent.
    spent: HashSet<Token>,
    /// Entries of the log.
    entries: HashSet<EntryId>,
    /// Signatures of messages that are held.
    signatures: HashSet<ShortHash>,
}

impl Known {
    /// Looks the keys of a batch up, each kind with one call.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn look(view: &mut impl View, batch: &[NewPost]) -> Result<Self, TableError> {
        let entries = || batch.iter().filter_map(|post| post.entry.as_ref());
        let tokens: Vec<&Token> = batch.iter().map(|post| &post.token).collect();
        let ids: Vec<&EntryId> = entries().map(NewEntry::id).collect();
        let signatures: Vec<&ShortHash> = entries().map(NewEntry::signature_hash).collect();
        let spent = view.spent(&tokens).await?;
        let numbers = view.numbers(&ids).await?;
        let firsts = view.firsts(&signatures, 1).await?;
        Ok(Self {
            spent: tokens
                .into_iter()
                .zip(spent)
                .filter(|(_, spent)| *spent)
                .map(|(token, _)| *token)
                .collect(),
            entries: ids.into_iter().zip(numbers).filter_map(|(id, seq)| seq.map(|_| *id)).collect(),
            signatures: signatures.into_iter().zip(firsts).filter_map(|(s, seq)| seq.map(|_| *s)).collect(),
        })
    }
}

/// A batch that is being decided.
pub(super) struct Batch<'a> {
    /// The writer's state as it will be after the batch.
    pub(super) state: BoardState,
    known: Known,
    /// Number of messages that may still be stored.
    room: u64,
    /// Tokens to be spent.
    pub(super) spent: Vec<&'a Token>,
    /// Messages to be stored.
    pub(super) appended: Vec<Appended<'a>>,
    /// Nodes of the log's tree that these messages complete, of the levels that are stored.
    pub(super) nodes: Vec<Node>,
    /// All nodes that these messages complete, if receipts will be asked for.
    pub(super) tree: Option<CommitTree>,
    /// Sizes of the boundaries that the log reaches, and its roots there.
    pub(super) boundaries: Vec<(u64, Hash)>,
}

impl<'a> Batch<'a> {
    /// An empty batch on top of a state. `receipts` says whether receipts will be asked for.
    pub(super) fn new(state: BoardState, known: Known, room: u64, receipts: bool) -> Self {
        let tree = receipts.then(|| CommitTree::new(&state.range));
        let (spent, appended, nodes, boundaries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { state, known, room, spent, appended, nodes, tree, boundaries }
    }

    /// Decides on a post: a message that is in the log already costs nothing; otherwise the token is spent, and then
    /// the message stored.
    pub(super) fn post(&mut self, post: &'a NewPost) -> Outcome {
        if let Some(entry) = &post.entry {
            if self.known.entries.contains(entry.id()) {
                return Outcome::Duplicate;
            }
            if self.room == 0 {
                return Outcome::Full;
            }
        }
        if !self.known.spent.insert(post.token) {
            return Outcome::TokenSpent;
        }
        self.spent.push(&post.token);
        self.state.row.status.spent += 1;
        match &post.entry {
            Some(entry) => self.append(entry),
            None => Outcome::TokenOnly,
        }
    }

    fn append(&mut self, entry: &'a NewEntry) -> Outcome {
        let state = &mut self.state;
        let shadowed = !self.known.signatures.insert(*entry.signature_hash());
        self.known.entries.insert(*entry.id());
        let (seq, index) = (state.row.status.newest + 1, state.size());
        self.appended.push(Appended { seq, shadowed, entry });
        let commit = &mut self.tree;
        tree::append(&mut state.range, entry.id(), &mut self.nodes, &mut |level, place, hash| {
            if let Some(commit) = commit {
                commit.insert(level, place, hash);
            }
        });
        if state.size().is_multiple_of(BOUNDARY) {
            self.boundaries.push((state.size(), state.range.root()));
        }
        state.row.status.newest = seq;
        state.row.status.messages += 1;
        self.room -= 1;
        Outcome::Stored { seq, index, shadowed }
    }
}
