//! A part of a log that is read again, because the key of an epoch came after its entries.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cwtch_client::engine::{EngineOptions, Mode, Probes};
use cwtch_client::profile::NewEpoch;
use cwtch_primitives::Identity;
use cwtch_primitives::OsRng;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};
use cwtch_wire::group::{GroupContext, compose};

use super::*;
use crate::log::memory_server::MemoryServer;

/// Index from which on there is anything of the second epoch.
const BEGINS: u64 = 140;

async fn person(world: &World, clock: &Arc<AtomicI64>) -> Person {
    let clock = clock.clone();
    let mut options = EngineOptions::new(Mode::Daemon);
    options.clock = Some(Arc::new(move || clock.load(Ordering::Acquire)));
    options.probes = Probes::new(|| None);
    let person = Person::start_with(world.profile("alice"), world.network.clone(), options).await;
    person.enable().await;
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_log_is_read_again_an_hour_later_and_from_a_round_index() {
    let world = World::new();
    let keys = ServerKeys::new(7);
    let board = keys.identity().address();
    let key = GroupKey::new([42; 32]);
    let id = GroupId::derive(&key, board.public_key());
    let said = |text: &str| {
        let context = GroupContext { id: &id, key: &key, server: &board };
        let json = format!(r#"{{"o":1,"d":"{text}"}}"#);
        compose(context, &Identity::from_seed(&[5; 32]), &json, START as i64, &[], &mut OsRng).unwrap()
    };
    let mut log = HonestLog::first(keys.clone(), START, 0);
    for first in (0..200).step_by(10) {
        let mut entries: Vec<_> = (first..first + 10).map(entry).collect();
        match first {
            100 => entries[0] = said("before the epoch"),
            150 => entries[0] = said("early"),
            190 => entries[0] = said("late"),
            _ => {}
        }
        log.commit(START, &entries);
    }
    let server = MemoryServer::start(&world.network, keys, log, START).await;
    let clock = Arc::new(AtomicI64::new(START as i64 + 1));
    let alice = person(&world, &clock).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 200);
    alice.stop().await;

    // The key comes late, and says where to look.
    let now = clock.load(Ordering::Acquire);
    let mut profile = world.profile("alice");
    let group = profile.group(&created.group.parse().unwrap()).unwrap().unwrap();
    let new = NewEpoch {
        id,
        key: key.clone(),
        name: group.name,
        parent: 1,
        server: board,
        forker: Identity::from_seed(&[5; 32]).address(),
        made: now,
        listed: 2,
        left_out: Vec::new(),
        added: Vec::new(),
        begins: Some(BEGINS),
        notice: None,
    };
    profile.add_epoch(group.conversation, &new, now).unwrap();
    profile.move_to_epoch(group.conversation, 2, now).unwrap();
    profile.refetch_from(&board, &id, Some(BEGINS), now).unwrap();
    drop(profile);

    // Not at once: nobody is to tell from it when a key came.
    server.with(|state| state.replays.clear());
    let alice = person(&world, &clock).await;
    alice.sync().await.unwrap();
    // An ordinary replay begins a random stretch before its end, and passes over what was read before.
    assert!(alice.texts(&created.group).await.is_empty());

    clock.fetch_add(3600, Ordering::AcqRel);
    server.with(|state| {
        state.now += 3600;
        state.log.tick(START + 3600);
        state.replays.clear();
    });
    until("what was read again", async || {
        let _ = alice.sync().await;
        alice.texts(&created.group).await.len() >= 2
    })
    .await;
    // What the server says to lie before the epoch is none of it: it was asked from a round index on, and no more.
    assert_eq!(alice.texts(&created.group).await, ["early", "late"]);
    let asked = server.with(|state| state.replays.clone());
    assert!(asked.contains(&(Some(128), false)), "{asked:?}");
    // Once: nothing more is to be read again.
    let plan = {
        alice.stop().await;
        world.profile("alice").begin_sync(&board).unwrap().refetch
    };
    assert_eq!(plan, None);
}
