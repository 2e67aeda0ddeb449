//! A server that shows two contacts different logs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use cwtch_client::api::{Command, Event, LogNotice};
use cwtch_net::{BoxStream, Isolation, Listener, Loopback, NetError, Network};
use cwtch_primitives::{Address, Identity};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};

use super::eager;
use super::epochs::go_over;
use crate::log::memory_server::MemoryServer;
use crate::support::{Person, World};

/// The loopback network, in which one address leads to somebody else.
struct Detour {
    near: Arc<dyn Network>,
    far: Loopback,
    board: Address,
}

#[async_trait]
impl Network for Detour {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        self.near.listen(identity).await
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        if *address == self.board {
            return self.far.dial(address, isolation).await;
        }
        self.near.dial(address, isolation).await
    }

    fn describe(&self) -> &'static str {
        "a loopback network with a detour"
    }
}

/// Alice and Bob wrote in a group on a server that shows them different logs, with so many entries of others each. Before, the group may
/// have been on another server, which is honest.
async fn split(entries: u64, moved: bool) -> (tempfile::TempDir, World, Person, Person) {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let keys = ServerKeys::new(7);
    let far = || Loopback::new(dir.path().join("net"));
    let mut servers = Vec::new();
    for (n, network) in [(1, world.network.clone()), (2, Arc::new(far()) as Arc<dyn Network>)] {
        let mut log = HonestLog::first(keys.clone(), START, 0);
        let others: Vec<_> = (0..entries).map(|e| entry(n * 10_000 + e)).collect();
        log.commit(START, &others);
        servers.push(MemoryServer::start(&network, keys.clone(), log, START).await);
    }
    let clock = Arc::new(AtomicI64::new(START as i64 + 1));
    let person = |name: &str, network: Arc<dyn Network>| {
        let clock = clock.clone();
        let mut options = eager();
        options.clock = Some(Arc::new(move || clock.load(Ordering::Acquire)));
        Person::start_with(world.profile(name), network, options)
    };
    let alice = person("alice", world.network.clone()).await;
    let detour = || -> Arc<dyn Network> {
        Arc::new(Detour { near: world.network.clone(), far: far(), board: keys.address() })
    };
    let bob = person("bob", detour()).await;
    alice.enable().await;
    bob.enable().await;
    let cheat = servers[0].bundle.to_server_string();
    let (alice, bob, group) = if moved {
        let keys = ServerKeys::new(8);
        let log = HonestLog::first(keys.clone(), START, 0);
        let honest = MemoryServer::start(&world.network, keys, log, START).await;
        let created = alice.new_group("friends", &honest.bundle.to_server_string()).await.unwrap();
        bob.join(&created.tofubundle).await.unwrap();
        for one in [&alice, &bob] {
            one.send(&created.group, "before").await.unwrap();
            one.call(Command::ServerAdd { server: cheat.clone() }).await.unwrap();
        }
        alice.stop().await;
        bob.stop().await;
        for name in ["alice", "bob"] {
            go_over(&mut world.profile(name), &created.group, servers[0].bundle.board());
        }
        (person("alice", world.network.clone()).await, person("bob", detour()).await, created.group)
    } else {
        let created = alice.new_group("friends", &cheat).await.unwrap();
        bob.join(&created.tofubundle).await.unwrap();
        (alice, bob, created.group)
    };
    let group = &group;
    alice.sync().await.unwrap();
    bob.sync().await.unwrap();
    alice.send(group, "from Alice").await.unwrap();
    // It relays what it likes.
    let relayed = servers[0].with(|state| state.log.entry(entries).clone());
    servers[1].with(|state| state.log.commit(START, &[relayed]));
    bob.sync().await.unwrap();
    alice.befriend(&bob.address, "Bob").await;
    bob.befriend(&alice.address, "Alice").await;
    (dir, world, alice, bob)
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_who_compare_have_the_proof_both() {
    for moved in [false, true] {
        compares(moved).await;
    }
}

async fn compares(moved: bool) {
    let (_dir, _world, mut alice, mut bob) = split(300, moved).await;
    let (_, proven, _) = bob.alarm().await;
    assert!(proven);
    let (_, proven, _) = alice.alarm().await;
    assert!(proven);
    assert_eq!(alice.evidence().await[0].kind, 1);
    assert_eq!(bob.evidence().await[0].kind, 1);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_boundary_nothing_is_proven_and_the_person_is_told() {
    let (_dir, _world, mut alice, bob) = split(100, false).await;
    let told = alice.event("a notice", |event| match event {
        Event::LogNotice { notice: LogNotice::Differs, detail, .. } => Some(detail.clone()),
        _ => None,
    });
    assert!(told.await.contains("Nothing is proven"));
    assert!(alice.evidence().await.is_empty() && bob.evidence().await.is_empty());
    alice.stop().await;
    bob.stop().await;
}
