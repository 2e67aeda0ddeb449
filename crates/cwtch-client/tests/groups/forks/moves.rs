//! Groups that move to another server, also one after another, and away from a server that was caught cheating.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cwtch_client::api::{ForkKind, ForkReason, GroupCreated, GroupDetails, ServerPhase};
use cwtch_client::engine::{EngineOptions, Mode, Probes, SalvageTimes};
use cwtch_net::Network;
use cwtch_server::{Config, RunningServer, Server};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};

use super::*;
use crate::log::memory_server::MemoryServer;

const HOUR: i64 = 3600;

impl Person {
    async fn moves(
        &self,
        group: &str,
        server: Option<&str>,
        reason: Option<ForkReason>,
    ) -> Result<ForkMade, ApiError> {
        let command = Command::GroupFork {
            group: group.to_owned(),
            without: Vec::new(),
            with: Vec::new(),
            again: None,
            quiet: false,
            server: server.map(str::to_owned),
            reason,
            anyway: true,
        };
        match self.call(command).await? {
            Reply::ForkMade(made) => Ok(*made),
            other => panic!("not a fork: {other:?}"),
        }
    }

    async fn details(&self, group: &str) -> GroupDetails {
        match self.call(Command::GroupShow { group: group.to_owned() }).await.unwrap() {
            Reply::GroupDetails(details) => *details,
            other => panic!("not a group: {other:?}"),
        }
    }

    /// Waits until a text stands in a group, on servers that tell nobody of what others post.
    pub(super) async fn fetches(&self, group: &str, text: &str) {
        until(text, async || {
            // The group's other server may be stopped, or not be dialled yet.
            let _ = self.sync().await;
            self.texts(group).await.iter().any(|said| said == text)
        })
        .await;
    }
}

async fn second(network: &Arc<dyn Network>, dir: &std::path::Path) -> RunningServer {
    Server::start(Config::default(), &dir.join("second"), network.clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_gets_a_key_moves_and_goes_on_as_one_conversation() {
    let (world, dir) = (World::new(), tempfile::tempdir().unwrap());
    let (first, second) = (world.server().await, second(&world.network, dir.path()).await);
    let (alice, mut bob, carol) =
        (world.daemon("alice").await, world.daemon("bob").await, world.daemon("carol").await);
    let elsewhere = second.bundle().to_server_string();
    // Bob has another group there, and so dials that server anyway.
    bob.new_group("bob's own", &elsewhere).await.unwrap();
    let created = alice.new_group("friends", &first.bundle().to_server_string()).await.unwrap();
    let group = created.group.as_str();
    for person in [&bob, &carol] {
        person.join(&created.tofubundle).await.unwrap();
    }
    for person in [&alice, &bob, &carol] {
        person.send(group, "hello").await.unwrap();
    }
    for person in [&alice, &bob, &carol] {
        person.until_reachable(group, 3).await;
    }

    // First another key on the same server, which Carol does not follow.
    let key = alice.fork(group, &[]).await.unwrap();
    bob.asked().await;
    bob.accept(group, &key.fork).await.unwrap();
    bob.send(group, "under the second key").await.unwrap();
    alice.reads(group, "under the second key").await;
    for person in [&alice, &bob] {
        person.until_reachable(group, 2).await;
    }

    // Then another server.
    let same = alice.moves(group, Some(&first.bundle().to_server_string()), None).await.unwrap_err();
    assert_eq!(same.problem, Problem::ForkSameServer);
    let nowhere = alice.moves(group, None, Some(ForkReason::Move)).await.unwrap_err();
    assert_eq!(nowhere.problem, Problem::ForkNowhere);
    let unknown = alice.moves(group, Some(second.address().as_str()), None).await.unwrap_err();
    assert_eq!(unknown.problem, Problem::UnknownServer);
    let made = alice.moves(group, Some(&elsewhere), None).await.unwrap();
    let board = second.address().to_string();
    assert_eq!(made.server.as_ref(), Some(&board));
    let asked = soon("the move", async {
        loop {
            let asked = bob.asked().await;
            if let Some(fork) = asked.into_iter().find(|fork| fork.fork == made.fork) {
                return fork;
            }
        }
    })
    .await;
    assert_eq!((asked.kind, asked.server.as_ref()), (ForkKind::Move, Some(&board)));
    alice.send(group, "on the second server").await.unwrap();
    bob.accept(group, &made.fork).await.unwrap();
    bob.send(group, "I am here, too").await.unwrap();
    alice.reads(group, "I am here, too").await;
    // Whoever stayed is still read, and stands where the group was then.
    carol.send(group, "where are you?").await.unwrap();
    for person in [&alice, &bob] {
        person.reads(group, "where are you?").await;
        let texts = person.texts(group).await;
        assert_eq!(texts.last().map(String::as_str), Some("I am here, too"), "{texts:?}");
        let details = person.details(group).await;
        let boards: Vec<_> = details.epochs.iter().map(|epoch| epoch.server.address.clone()).collect();
        let before = first.address().to_string();
        assert_eq!(boards, [before.clone(), before, board.clone()]);
        let standing = &details.epochs[2].standing;
        assert_eq!(standing.moved_to.as_ref(), Some(&board));
        assert!(standing.left_at.is_some_and(|size| size > 3), "{standing:?}");
        assert!(details.epochs[1].standing.moved_to.is_none());
        // The line where the group moved stands before the first message there.
        let messages = person.messages(group).await;
        let line = messages.iter().find(|message| message.begins.iter().any(|epoch| epoch.number == 3));
        // Bob may have what Alice wrote there before his decision only an hour later.
        let line = line.unwrap();
        assert!(line.text == "on the second server" || person.address != alice.address, "{}", line.text);
    }
    assert_eq!(carol.texts(group).await.last().map(String::as_str), Some("where are you?"));

    // And back, with what the old log had meanwhile.
    let back = bob.moves(group, Some(&first.bundle().to_server_string()), None).await.unwrap();
    until("the move back", async || alice.forks(group).await.iter().any(|fork| fork.fork == back.fork)).await;
    alice.accept(group, &back.fork).await.unwrap();
    alice.send(group, "back again").await.unwrap();
    bob.reads(group, "back again").await;
    for person in [&alice, &bob] {
        assert_eq!(person.texts(group).await.last().map(String::as_str), Some("back again"));
    }
    for person in [alice, bob, carol] {
        person.stop().await;
    }
    first.shutdown().await;
    second.shutdown().await;
}

// --- servers in memory, with clocks ---

/// A server with a log of a few messages that are nobody's here.
pub(super) async fn memory(world: &World, n: u64) -> MemoryServer {
    let keys = ServerKeys::new(n);
    let mut log = HonestLog::first(keys.clone(), START, 0);
    log.commit(START, &[entry(1), entry(2), entry(3)]);
    MemoryServer::start(&world.network, keys, log, START).await
}

pub(super) struct Clocked {
    clock: Arc<AtomicI64>,
    pub(super) person: Person,
}

async fn clocked(world: &World, name: &str, salvage: Duration) -> Clocked {
    clocked_with(world, name, salvage, Probes::new(|| Some(Duration::ZERO))).await
}

async fn clocked_with(world: &World, name: &str, salvage: Duration, probes: Probes) -> Clocked {
    let clock = Arc::new(AtomicI64::new(START as i64 + 1));
    let shown = clock.clone();
    let mut options = EngineOptions::new(Mode::Daemon);
    options.clock = Some(Arc::new(move || shown.load(Ordering::Acquire)));
    options.probes = probes;
    options.salvage = SalvageTimes::new(move || salvage);
    let person = Person::start_with(world.profile(name), world.network.clone(), options).await;
    person.enable().await;
    Clocked { clock, person }
}

/// Two people in a group on a server, who know whom a new key reaches.
pub(super) async fn two(
    world: &World,
    old: &MemoryServer,
    salvage: Duration,
) -> (Clocked, Clocked, GroupCreated) {
    let (alice, bob) = (clocked(world, "alice", salvage).await, clocked(world, "bob", salvage).await);
    let created = alice.person.new_group("friends", &old.bundle.to_server_string()).await.unwrap();
    bob.person.join(&created.tofubundle).await.unwrap();
    for (person, text) in [(&alice, "hello from alice"), (&bob, "hello from bob")] {
        person.person.send(&created.group, text).await.unwrap();
    }
    for (person, text) in [(&alice, "hello from bob"), (&bob, "hello from alice")] {
        person.person.fetches(&created.group, text).await;
    }
    (alice, bob, created)
}

/// The server shows strangers another log: who asks as one has the proof.
async fn cheats(old: &MemoryServer, people: &mut [&mut Person]) {
    old.with(|state| {
        let mut other = HonestLog::first(ServerKeys::new(7), START, 0);
        let entries: Vec<_> = (11..11 + state.log.size()).map(entry).collect();
        other.commit(START, &entries);
        state.other = Some(other);
    });
    for person in people {
        let _ = person.sync().await;
        person.phase(ServerPhase::Stopped).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_dials_the_new_server_within_six_hours_and_the_mover_at_once() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (alice, mut bob, created) = two(&world, &old, Duration::from_secs(3600)).await;
    let group = created.group.clone();
    let made = alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    alice.person.send(&group, "already there").await.unwrap();
    until("the fork", async || {
        let _ = bob.person.sync().await;
        !bob.person.forks(&group).await.is_empty()
    })
    .await;
    // To know of it is no reason to dial.
    assert_eq!(bob.person.servers().await.len(), 1);
    bob.person.accept(&group, &made.fork).await.unwrap();
    let why = bob.person.queues(&group, "I come later", Some(60)).await;
    assert!(why.contains("at a random moment within six hours"), "{why}");
    let server = bob.person.servers().await.remove(1);
    // Not even a token was bought.
    assert_eq!((server.phase, server.tokens, server.received), (Some(ServerPhase::Offline), 0, 0));
    // A member of one chance in 21,601 drew nothing.
    let begun = bob.clock.load(Ordering::Acquire);
    bob.clock.store(begun + 6 * HOUR, Ordering::Release);
    soon("the wait's end", async {
        while bob.person.messages(&group).await.iter().any(|message| message.state == MessageState::Queued) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    alice.person.fetches(&group, "I come later").await;
    bob.person.fetches(&group, "already there").await;
    assert_eq!(bob.person.texts(&group).await.last().map(String::as_str), Some("I come later"));
    // From the first connection on, the new server had to show its log.
    let pinned = new.with(|state| state.replays.iter().all(|(from, last)| from.is_some() && !last));
    assert!(pinned);
    bob.person.phase(ServerPhase::Synced).await;
    alice.person.stop().await;
    bob.person.stop().await;
}

/// People in a group whose server was caught: Bob looks for new keys so often.
async fn caught(world: &World, old: &MemoryServer, salvage: Duration) -> (Clocked, Clocked, GroupCreated) {
    let (mut alice, mut bob, created) = two(world, old, salvage).await;
    cheats(old, &mut [&mut alice.person, &mut bob.person]).await;
    (alice, bob, created)
}

/// Somebody who has not noticed joins, and writes on.
async fn unaware(world: &World, invite: &str, group: &str) -> Person {
    let carol = clocked_with(world, "carol", Duration::from_secs(3600), Probes::new(|| None)).await.person;
    carol.join(invite).await.unwrap();
    carol.send(group, "nobody reads this").await.unwrap();
    carol
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_leaves_a_server_that_was_caught_cheating() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (alice, mut bob, created) = caught(&world, &old, Duration::from_millis(50)).await;
    let group = created.group.clone();
    let log = async |person: &Person| person.servers().await.remove(0).log.unwrap();
    let (size, evidence) = (log(&bob.person).await.size, bob.person.evidence().await.len());
    let carol = unaware(&world, &created.tofubundle, &group).await;

    let made = alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    let asked = bob.person.asked().await;
    assert_eq!((asked[0].fork.as_str(), asked[0].kind), (made.fork.as_str(), ForkKind::Move));
    // Nothing else of what the server has was used: no message, nothing of its log.
    let known = log(&bob.person).await;
    assert_eq!((known.size, bob.person.evidence().await.len()), (size, evidence));
    assert_eq!(bob.person.servers().await[0].phase, Some(ServerPhase::Stopped));
    bob.person.accept(&group, &made.fork).await.unwrap();
    bob.clock.fetch_add(6 * HOUR, Ordering::AcqRel);
    alice.person.send(&group, "away from there").await.unwrap();
    bob.person.fetches(&group, "away from there").await;
    bob.person.send(&group, "me too").await.unwrap();
    alice.person.fetches(&group, "me too").await;
    for person in [&alice.person, &bob.person] {
        let texts = person.texts(&group).await;
        assert!(!texts.iter().any(|text| text == "nobody reads this"), "{texts:?}");
        assert_eq!(texts[texts.len() - 2..], ["away from there", "me too"]);
        assert_eq!(log(person).await.size, size);
    }
    for person in [alice.person, bob.person, carol] {
        person.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_go_to_a_server_that_cheated_in_sessions_that_read_nothing() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (alice, bob, created) = caught(&world, &old, Duration::from_secs(3600)).await;
    let group = created.group.clone();
    let before = old.with(|state| (state.replays.len(), state.heads.len(), state.log.size()));
    alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    until("the part", async || old.with(|state| state.log.size()) != before.2).await;
    // Only then others' messages leave under the new key.
    let said = alice.person.send(&group, "away from there").await.unwrap();
    assert_eq!(said.state, MessageState::Stored);
    let after = old.with(|state| (state.replays.len(), state.heads.len(), state.log.size()));
    assert_eq!(after, (before.0, before.1, before.2 + 1), "one part, and no question");
    // Nothing else goes there.
    assert_eq!(alice.person.details(&group).await.queued, 0);
    alice.person.stop().await;
    bob.person.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_goes_on_quietly_where_the_server_that_cheated_takes_no_part() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (mut alice, bob, created) = caught(&world, &old, Duration::from_secs(3600)).await;
    let group = created.group.clone();
    old.with(|state| state.refuses = true);
    alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    // It has refused every token that there was.
    let quiet = async |alice: &mut Clocked| {
        alice
            .person
            .event("a quiet fork", |event| match event {
                Event::GroupForks { quiet: true, .. } => Some(()),
                _ => None,
            })
            .await;
    };
    quiet(&mut alice).await;
    let said = alice.person.send(&group, "away from there").await.unwrap();
    assert_eq!(said.state, MessageState::Stored);
    alice.person.stop().await;
    bob.person.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_hostile_server_can_do_in_a_salvage_is_hide() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (alice, mut bob, created) = caught(&world, &old, Duration::from_millis(50)).await;
    let group = created.group.clone();
    let known = bob.person.servers().await.remove(0).log.unwrap();
    let texts = bob.person.texts(&group).await;
    // It says that it has no log, and no messages.
    old.with(|state| state.legacy = true);
    let made = alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    let size = known.size;
    let looked = |old: &MemoryServer| old.with(|state| state.replays.len());
    until("the part", async || old.with(|state| state.log.size()) != size).await;
    let before = looked(&old);
    until("two looks", async || looked(&old) >= before + 2).await;
    assert!(bob.person.forks(&group).await.is_empty());
    // It shows another log than the one that is known, with rubbish in front, the messages of before once more, and the part.
    old.with(|state| {
        let mut other = HonestLog::first(ServerKeys::new(7), START, 0);
        let rubbish: Vec<_> = (100..100 + size).map(entry).collect();
        other.commit(START, &rubbish);
        let again: Vec<_> = (0..state.log.size()).map(|index| state.log.entry(index).clone()).collect();
        other.commit(START, &again);
        (state.log, state.legacy) = (other, false);
    });
    let asked = bob.person.asked().await;
    assert_eq!(asked[0].fork, made.fork);
    let now = bob.person.servers().await.remove(0);
    let log = now.log.unwrap();
    assert_eq!((log.size, log.evidence, now.phase), (known.size, known.evidence, Some(ServerPhase::Stopped)));
    assert_eq!(bob.person.texts(&group).await, texts);
    alice.person.stop().await;
    bob.person.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_found_on_a_server_whose_disk_was_rolled_back() {
    let world = World::new();
    let (old, new) = (memory(&world, 7).await, memory(&world, 8).await);
    let (alice, mut bob, created) = caught(&world, &old, Duration::from_millis(50)).await;
    let group = created.group.clone();
    let known = bob.person.servers().await.remove(0).log.unwrap().size;
    // What it takes from now on stands where others' messages stood that Bob has read.
    old.with(|state| {
        let mut rolled_back = HonestLog::first(ServerKeys::new(7), START, 0);
        rolled_back.commit(START, &[state.log.entry(0).clone()]);
        state.log = rolled_back;
    });
    let made = alice.person.moves(&group, Some(&new.bundle.to_server_string()), None).await.unwrap();
    let asked = bob.person.asked().await;
    assert_eq!((&asked[0].fork, made.quiet), (&made.fork, false));
    assert!(old.with(|state| state.log.size()) <= known, "the part stands behind what Bob has read");
    alice.person.stop().await;
    bob.person.stop().await;
}
