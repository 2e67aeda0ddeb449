//! The queue of notices that wait to be drained. It is bounded, and never drops what a person must hear.

use std::collections::VecDeque;

use super::notice::Notice;
use crate::monitor::limits::{EVIDENCE_MAX, NOTICES_MAX};

/// The queue of notices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices {
    queue: VecDeque<Notice>,
}

impl Notices {
    pub(crate) fn pop(&mut self) -> Option<Notice> {
        self.queue.pop_front()
    }

    /// Adds a notice, unless an equal one waits. In a full queue the oldest of the least weight makes room; if none
    /// weighs less, the notice is told together with the newest of its kind.
    pub(crate) fn push(&mut self, notice: Notice) {
        if self.queue.contains(&notice) {
            return;
        }
        if self.queue.len() < NOTICES_MAX {
            self.queue.push_back(notice);
            return;
        }
        let lightest = self.queue.iter().map(Notice::weight).min().unwrap_or_default();
        if lightest < notice.weight() || lightest == 0 {
            if let Some(at) = self.queue.iter().position(|waiting| waiting.weight() == lightest) {
                self.queue.remove(at);
            }
            self.queue.push_back(notice);
        } else if let Some(newest) = self.queue.iter_mut().rev().find(|waiting| waiting.is_like(&notice)) {
            newest.absorb(notice);
        } else if notice.must_be_heard() && self.queue.len() < NOTICES_MAX + EVIDENCE_MAX {
            // Evidence is bounded, and the others absorb their like.
            self.queue.push_back(notice);
        }
    }
}

impl Notice {
    /// True if the notice accuses, or says that something is lost.
    pub fn must_be_heard(&self) -> bool {
        self.accuses()
            || matches!(
                self,
                Self::Lost { .. } | Self::LostBefore { .. } | Self::Expired { .. } | Self::Retired
            )
    }

    fn weight(&self) -> u8 {
        u8::from(self.for_people()) + u8::from(self.must_be_heard())
    }

    fn is_like(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other) && !matches!(self, Self::Fraud(_))
    }

    /// Merges another notice of the same kind into this one.
    fn absorb(&mut self, other: Self) {
        match (self, other) {
            (Self::Lost { loss, void, again }, Self::Lost { loss: later, void: more, again: too }) => {
                loss.from = loss.from.min(later.from);
                loss.to = loss.to.max(later.to);
                (loss.incarnation, loss.at) = (later.incarnation, later.at);
                void.extend(more);
                *again |= too;
            }
            (Self::Expired { from, to }, Self::Expired { from: first, to: behind }) => {
                *from = (*from).min(first);
                *to = (*to).max(behind);
            }
            (this, other) => *this = other,
        }
    }
}
