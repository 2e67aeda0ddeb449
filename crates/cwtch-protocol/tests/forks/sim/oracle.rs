//! What the world knows of who was given which key, held against what they hold and can read.

use cwtch_wire::group::fork::ForkId;

use super::program::Program;
use super::{State, World, WorldOf, bytes, server};

impl<P: Program> WorldOf<P> {
    /// Sees that nobody has keys who was not given them.
    pub(crate) fn check_secrets(&self) {
        for (who, player) in self.players.iter().enumerate() {
            for fork in player.state.held() {
                let given = self.given.get(&fork).is_none_or(|given| given.contains(&who));
                assert!(given, "seed {}: {who} has a key that nobody gave them", self.seed);
            }
        }
    }

    /// True if a member was given a fork's secret, or all have it.
    pub(crate) fn was_given(&self, fork: &ForkId, who: usize) -> bool {
        self.given.get(fork).is_none_or(|given| given.contains(&who))
    }
}

impl World {
    /// Tries every message that is bytes with all keys of everybody who was not given its epoch's; returns how many there were.
    pub(crate) fn try_all(&self) -> usize {
        let mut tried = 0;
        for (epoch, entries) in self.server.epochs() {
            let Some(given) = self.given.get(epoch) else { continue };
            let outside = (0..self.players.len()).filter(|who| !given.contains(who));
            for keys in outside.flat_map(|who| self.players[who].state.epochs.values()) {
                for entry in entries {
                    let sealed = entry.sealed.as_ref().unwrap();
                    let read = bytes::read(self.mode(epoch), keys, &server(), sealed);
                    assert!(read == bytes::Tried::NotOurs, "seed {}: read by who was left out", self.seed);
                    tried += 1;
                }
            }
        }
        tried
    }

    /// Sees that a copy of a device opens no message of an epoch.
    pub(crate) fn none_reads(&self, copy: &State, epoch: &ForkId) {
        for entry in self.server.of(epoch) {
            for keys in copy.epochs.values() {
                let read = bytes::read(self.mode(epoch), keys, &server(), entry.sealed.as_ref().unwrap());
                assert!(read == bytes::Tried::NotOurs, "seed {}: a copy reads on", self.seed);
            }
        }
    }

    /// Sees that a member opens what is of the oldest kept day or later, and nothing before it; returns how many those are.
    pub(crate) fn reads_from_oldest(&self, state: &State) -> usize {
        let mut sealed = 0;
        for (epoch, keys) in &state.epochs {
            for entry in self.server.of(epoch) {
                let time = i64::try_from(entry.words.time).unwrap();
                let forgotten = keys.days.day_of(time).unwrap() < keys.days.oldest();
                let read = bytes::read(self.mode(epoch), keys, &server(), entry.sealed.as_ref().unwrap());
                assert!((read == bytes::Tried::Sealed) == forgotten, "seed {}", self.seed);
                sealed += usize::from(forgotten);
            }
        }
        sealed
    }
}
