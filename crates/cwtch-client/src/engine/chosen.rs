//! Conversations that are connected although the profile appears offline.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dial::Target;

/// Conversations that the person chose, by their numbers, each with who carries it.
#[derive(Default)]
pub(super) struct Chosen(Mutex<BTreeMap<i64, Target>>);

impl Chosen {
    fn all(&self) -> MutexGuard<'_, BTreeMap<i64, Target>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one.
    pub(super) fn add(&self, conversation: i64, target: Target) {
        self.all().insert(conversation, target);
    }

    /// Takes one out; its target, if no other one has it as well, as groups on one server do.
    pub(super) fn remove(&self, conversation: i64) -> Option<Target> {
        let mut all = self.all();
        let target = all.remove(&conversation)?;
        (!all.values().any(|other| *other == target)).then_some(target)
    }

    /// Takes all of them out.
    pub(super) fn clear(&self) {
        self.all().clear();
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> Vec<i64> {
        self.all().keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;

    use super::*;

    #[test]
    fn a_server_is_chosen_as_long_as_one_of_its_groups_is() {
        let server = Target::Server(Identity::from_seed(&[1; 32]).address());
        let contact = Target::Contact(Identity::from_seed(&[2; 32]).address());
        let chosen = Chosen::default();
        for (number, target) in [(7, server), (8, server), (9, contact)] {
            chosen.add(number, target);
        }
        assert_eq!(chosen.numbers(), [7, 8, 9]);
        assert_eq!(chosen.remove(7), None);
        assert_eq!(chosen.remove(8), Some(server));
        assert_eq!(chosen.remove(8), None);
        chosen.clear();
        assert_eq!(chosen.remove(9), None);
    }
}
