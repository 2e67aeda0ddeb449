//! References that are not settled.

use std::collections::VecDeque;

use cwtch_log::EntryId;
use cwtch_wire::group::{Extensions, Gossip, Parent};

use super::verdict::{Judged, Standing, Verdict, judge_parent};
use super::view::View;

/// How many unsettled references are kept for a group. The oldest makes room.
pub const OPEN_MAX: usize = 1024;

/// A reference that is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenReference {
    /// The message that refers.
    pub message: EntryId,
    /// What it refers to.
    pub parent: Parent,
    /// The message's gossip.
    pub gossip: Option<Gossip>,
    /// Where the message stands.
    pub standing: Standing,
    /// The verdict up to now.
    pub verdict: Verdict,
}

/// A verdict that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// The reference, with the new verdict.
    pub reference: OpenReference,
    /// The verdict before.
    pub before: Verdict,
}

/// The unsettled references of a group.
#[derive(Debug, Clone, Default)]
pub struct OpenReferences {
    open: VecDeque<OpenReference>,
}

impl OpenReferences {
    /// Takes stored ones, oldest first.
    pub fn restore(stored: impl IntoIterator<Item = OpenReference>) -> Self {
        let mut references = Self::default();
        stored.into_iter().for_each(|reference| references.push(reference));
        references
    }

    /// Keeps what is not settled of a message's verdicts.
    pub fn add(&mut self, message: EntryId, extensions: &Extensions, judged: &Judged, standing: Standing) {
        for (parent, verdict) in &judged.parents {
            if !verdict.is_final() {
                let (parent, verdict, gossip) = (*parent, *verdict, extensions.gossip);
                self.push(OpenReference { message, parent, gossip, standing, verdict });
            }
        }
    }

    /// Judges all again: after a sync, and after a message came some other way. Gives what changed.
    pub fn judge_again(&mut self, view: &impl View) -> Vec<Changed> {
        let mut changed = Vec::new();
        self.open.retain_mut(|reference| {
            let OpenReference { parent, gossip, standing, .. } = *reference;
            let before = reference.verdict;
            reference.verdict = judge_parent(&parent, gossip.as_ref(), standing, view);
            if reference.verdict != before {
                changed.push(Changed { reference: *reference, before });
            }
            !reference.verdict.is_final()
        });
        changed
    }

    /// What is not settled, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &OpenReference> {
        self.open.iter()
    }

    fn push(&mut self, reference: OpenReference) {
        if self.open.len() >= OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back(reference);
    }
}
