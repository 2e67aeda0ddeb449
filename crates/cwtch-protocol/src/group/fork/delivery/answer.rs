//! Answers to contacts who cannot open a fork.

use cwtch_wire::group::fork::ForkId;

use super::super::HOUR;
use super::super::epoch::Member;
use super::super::view::View;
use super::wait::Wait;

/// Time between two answers to one contact, as long as that between two questions.
const PAUSE: u64 = HOUR;

/// Something that a contact who asked is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// The parts of a fork's package once more: the contact may have none.
    Parts(ForkId),
    /// A fork's secret.
    Bare(ForkId),
    /// An invite to the epoch that is written in, because the secret of a fork on the way there is erased.
    Invite,
}

/// Answers to one contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answering {
    /// Time of the last one.
    pub last: Option<u64>,
}

impl Answering {
    /// True if a question is answered now.
    pub fn is_due(&self, now: u64) -> bool {
        self.last.is_none_or(|last| Wait::new(last, PAUSE).is_over(now))
    }
}

impl View {
    /// Answers to a contact who writes in an epoch and asks for what came out of it: everything on the way to where the member
    /// writes, as far as it lists the contact. Only who has moved gives away a secret, so that nobody spreads a fork that they
    /// do not follow. `has_secret` tells which are not erased.
    pub fn answers(
        &self,
        contact: &Member,
        epoch: &ForkId,
        has_secret: impl Fn(&ForkId) -> bool,
        now: u64,
    ) -> Vec<Answer> {
        if !self.is_in_path(epoch) {
            return Vec::new();
        }
        let way = self.path().skip_while(|followed| followed.id != *epoch).skip(1);
        let mut answers = Vec::new();
        // Behind an epoch that leaves the contact out is nothing for them.
        for fork in way.take_while(|fork| fork.listed.contains(contact)) {
            if !has_secret(&fork.id) {
                answers.extend(self.current().listed.contains(contact).then_some(Answer::Invite));
                break;
            }
            answers.extend([Answer::Parts(fork.id), Answer::Bare(fork.id)]);
        }
        if *epoch == self.current().id {
            // Undecided ones: whoever follows one may give its secret.
            let of_epoch = self.forks().map(|fork| &fork.epoch).filter(|fork| fork.parent == Some(*epoch));
            let carried = of_epoch.filter(|fork| self.passes_on(fork, contact, now));
            answers.extend(carried.map(|fork| Answer::Parts(fork.id)));
        }
        answers
    }
}
