//! What databases hold, and what copies of them can read, held against what the world knows of who was given what.

use std::collections::BTreeMap;
use std::path::Path;

use cwtch_log::EntryId;
use cwtch_primitives::agreement::AgreementKey;
use cwtch_protocol::board::follower::{Place, Received};
use cwtch_protocol::group::fork::DAY;
use cwtch_wire::group::fork::ForkId;

use super::resident::{Resident, open};
use super::sim::{Made, SERVER, WorldOf};
use super::support::identity;
use crate::engine::groups::link::intake::Keys;
use crate::engine::groups::link::intake::trial::sort;
use crate::profile::fixtures;

/// Days from a fork on whose keys are looked for.
const DAYS: u16 = 120;
/// Days for which keys are kept, and one for who is not there every day.
const KEPT: u64 = 32;

/// Some secrets, each with the fork that it is of.
#[derive(Default)]
struct Secrets(BTreeMap<Vec<u8>, ForkId>);

impl Secrets {
    fn days(&mut self, world: &WorldOf<Resident>, fork: &ForkId, days: std::ops::Range<u16>) {
        let keys = world.keys_of(fork).days;
        let keys = days.filter_map(|day| keys.key(day).ok());
        self.0.extend(keys.map(|key| (key.box_key().expose().to_vec(), *fork)));
    }

    /// Shows each that is anywhere in a member's database, with the table; returns how many values were looked at.
    fn find(&self, of: &Resident, mut found: impl FnMut(&ForkId, &str)) -> usize {
        // Most places are passed over by their first two bytes.
        let mut begins = vec![false; 1 << 16];
        let begin = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        self.0.keys().for_each(|secret| begins[begin(secret)] = true);
        let mut seen = 0;
        fixtures::each_value(of.profile(), |table, value| {
            seen += 1;
            for place in value.windows(32).filter(|place| begins[begin(place)]) {
                if let Some(fork) = self.0.get(place) {
                    found(fork, table);
                }
            }
        });
        seen
    }
}

/// Sees that no database has a secret, a group's key or a day's key of a fork that its owner was not given, in whatever table; returns how
/// many values were looked at.
pub(super) fn holds_only_what_was_given(world: &WorldOf<Resident>) -> usize {
    world.check_secrets();
    let mut secrets = Secrets::default();
    for (fork, made) in &world.made {
        secrets.0.insert(made.sealed.content.secret.expose().to_vec(), *fork);
        secrets.0.insert(made.keys().group.expose().to_vec(), *fork);
        secrets.days(world, fork, 0..DAYS);
    }
    let all = world.players.iter().enumerate().map(|(who, player)| {
        secrets.find(&player.state, |fork, table| {
            assert!(world.was_given(fork, who), "{who} has a key that nobody gave them, in {table}");
        })
    });
    all.sum()
}

/// Sees that nobody's database has a key of a day that is over for longer than it is kept, of whatever epoch, nor a secret from which it
/// follows; returns how many such keys there were.
pub(super) fn has_forgotten(world: &WorldOf<Resident>) -> usize {
    let over = (world.time() / DAY).saturating_sub(KEPT);
    let mut secrets = Secrets::default();
    let made = world.made.values().map(|made| (made.epoch.id, made.epoch.time));
    for (fork, time) in made.clone().chain([(world.first.id, world.first.time)]) {
        let days = u16::try_from(over.saturating_sub(time / DAY)).unwrap();
        secrets.days(world, &fork, 0..days);
    }
    for (fork, _) in made.filter(|(_, time)| time / DAY < over) {
        secrets.0.insert(world.made[&fork].sealed.content.secret.expose().to_vec(), fork);
    }
    for (who, player) in world.players.iter().enumerate() {
        secrets.find(&player.state, |_, table| panic!("{who} has a key that is over, in {table}"));
    }
    secrets.0.len()
}

/// Sees that a copy of a profile opens no package and no message of some forks; returns how many were tried.
pub(super) fn reads_nothing_new(world: &WorldOf<Resident>, copy: &Path, of: impl Fn(&Made) -> bool) -> usize {
    let profile = open(copy);
    let start = profile.begin_sync(&identity(SERVER).address()).unwrap();
    let keys = Keys::new(&start);
    let halves: Vec<AgreementKey> =
        profile.own_prekeys().unwrap().into_iter().map(|prekey| prekey.key).collect();
    let mut tried = 0;
    for made in world.made.values().filter(|made| of(made)) {
        assert!(made.sealed.package.open(&halves).is_err(), "a copy opens a package");
        let messages: Vec<Received> = world
            .server
            .of(&made.epoch.id)
            .iter()
            .map(|entry| entry.sealed.clone().unwrap())
            .map(|message| Received {
                entry: EntryId::of(&message.signature, &message.ciphertext),
                message,
                place: Place::Plain { moves_cursor: false },
                known: false,
            })
            .collect();
        assert!(sort(&keys, &messages, 0).iter().all(Option::is_none), "a copy reads on");
        tried += 1 + messages.len();
    }
    tried
}
