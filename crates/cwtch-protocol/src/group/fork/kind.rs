//! Kinds of forks, from a member's own view.

use cwtch_wire::group::fork::Mode;

use super::epoch::{Epoch, Member};
use super::view::View;
use super::{REFUSALS, SAME_SIGNER};

/// Kind of a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A new key for the same members of a trusted group, on the same server: followed by itself.
    Rekey,
    /// Another list, or another mode: asked about.
    Change,
    /// Another server, whatever else: asked about.
    Move,
}

impl View {
    /// The kind of a fork of an epoch that is known.
    pub fn kind(&self, fork: &Epoch, now: u64) -> Kind {
        let Some(parent) = fork.parent.and_then(|id| self.epoch(&id)) else { return Kind::Change };
        if fork.server != parent.server {
            return Kind::Move;
        }
        let trusted = fork.mode == Mode::Trusted && parent.mode == Mode::Trusted;
        let members = self.members(parent, now);
        let by_member = fork.forker.is_some_and(|forker| members.contains(&forker));
        // Who is missing said so; nobody is added.
        let same = fork.listed.is_subset(&parent.listed) && members.is_subset(&fork.listed);
        if trusted && by_member && same { Kind::Rekey } else { Kind::Change }
    }

    /// The other forks of the epoch that a fork is of.
    pub(super) fn siblings<'a>(&'a self, fork: &'a Epoch) -> impl Iterator<Item = &'a Epoch> {
        let same = move |other: &&Epoch| other.parent == fork.parent && other.id != fork.id;
        self.forks.values().map(|fork| &fork.epoch).filter(same)
    }

    /// True if the forker made an epoch that leads to this fork a short time before it.
    pub(super) fn is_by_same_signer(&self, fork: &Epoch) -> bool {
        let mut above = fork.parent;
        while let Some(epoch) = above.and_then(|id| self.epoch(&id)) {
            if epoch.forker == fork.forker && fork.time.saturating_sub(epoch.time) < SAME_SIGNER {
                return true;
            }
            above = epoch.parent;
        }
        false
    }

    /// True if forks by this member are passed over: blocked, refused too often, or left out by an epoch that was followed and
    /// not listed since.
    pub(super) fn is_ignored(&self, forker: &Member, now: u64) -> bool {
        self.blocked.contains(forker)
            || self.refusals.get(forker).is_some_and(|count| *count >= REFUSALS)
            || self.is_left_out(forker, now)
    }

    /// True if an epoch that was followed left somebody out, and none since lists them.
    pub(super) fn is_left_out(&self, who: &Member, now: u64) -> bool {
        let mut out = false;
        for epoch in self.path() {
            let Some(parent) = epoch.parent.and_then(|id| self.epoch(&id)) else { continue };
            if epoch.listed.contains(who) {
                out = false;
            } else if self.base(parent, now).contains(who) && !self.leaving.contains(&(parent.id, *who)) {
                out = true;
            }
        }
        out
    }
}
