//! Forks that come from contacts, whatever the server does: and to nobody whom they do not list.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cwtch_client::api::{ForkCarrierInfo, ForkStage, GroupKeys};
use cwtch_client::engine::{EngineOptions, MemberTimes, Mode};

use super::*;
use crate::copies::{Copy, Way};

const HOUR: i64 = 3600;

/// A clock that the test sets ahead.
#[derive(Clone, Default)]
pub(super) struct Ahead(Arc<AtomicI64>);

impl Ahead {
    pub(super) fn add(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::AcqRel);
    }
}

impl World {
    /// A daemon that looks all the time what contacts are to be told, by a clock that the test sets ahead.
    pub(super) async fn eager(&self, name: &str, ahead: &Ahead) -> Person {
        let mut options = EngineOptions::new(Mode::Daemon);
        options.members = MemberTimes { look: Duration::from_millis(20), ..MemberTimes::default() };
        let ahead = ahead.clone();
        options.clock = Some(Arc::new(move || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            i64::try_from(since).unwrap() + ahead.0.load(Ordering::Acquire)
        }));
        let person = Person::start_with(self.profile(name), self.network.clone(), options).await;
        person.enable().await;
        person
    }
}

/// Have both accept each other.
pub(super) async fn meet(one: &Person, other: &Person) {
    for (person, other) in [(one, other), (other, one)] {
        let command = Command::ContactAdd { address: other.address.clone(), name: None };
        person.call(command).await.unwrap();
    }
}

impl Person {
    pub(super) async fn quiet_fork(&self, group: &str, without: &[&str]) -> Result<ForkMade, ApiError> {
        let without = without.iter().map(|&who| who.to_owned()).collect();
        let group = group.to_owned();
        match self
            .call(Command::GroupFork {
                group,
                without,
                with: vec![],
                again: None,
                quiet: true,
                server: None,
                reason: None,
                anyway: false,
            })
            .await?
        {
            Reply::ForkMade(made) => Ok(*made),
            other => panic!("not a fork: {other:?}"),
        }
    }

    /// Waits until a group has a fork that is known.
    pub(super) async fn until_forked(&self, group: &str) -> ForkInfo {
        soon("a fork", async {
            loop {
                if let Some(fork) = self.forks(group).await.pop() {
                    return fork;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    /// Waits until a member is known to be so far with the only fork.
    async fn until_stage(&self, group: &str, who: &Person, stage: ForkStage) {
        until("a member's stage", async || {
            let fork = self.forks(group).await.pop().unwrap();
            let found = fork.reached.iter().find(|one| one.person.address == who.address).unwrap();
            found.stage >= stage
        })
        .await;
    }
}

/// A static group in which all have written, so that each can be given a new key.
async fn talking(people: &[&Person], server: &str) -> String {
    let created = people[0].new_group("friends", server).await.unwrap();
    for person in &people[1..] {
        person.join(&created.tofubundle).await.unwrap();
    }
    for person in people {
        person.send(&created.group, "hello").await.unwrap();
    }
    for person in people {
        person.until_reachable(&created.group, people.len()).await;
    }
    created.group
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_fork_of_three_goes_from_contact_to_contact() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let mut people = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        people.push(world.eager(name, &now).await);
    }
    let [alice, mut bob, mut carol, dave] = <[Person; 4]>::try_from(people).ok().unwrap();
    // Alice and Carol do not know each other: Bob carries it.
    meet(&alice, &bob).await;
    meet(&bob, &carol).await;
    meet(&alice, &dave).await;
    let group = talking(&[&alice, &bob, &carol, &dave], &server.bundle().to_server_string()).await;
    let before = server.stats().stored;
    let made = alice.quiet_fork(&group, &[&dave.address]).await.unwrap();
    assert!(made.quiet && made.need_invite.is_empty());
    assert_eq!(made.no_contacts.iter().map(|one| &one.address).collect::<Vec<_>>(), [&carol.address]);
    for person in [&mut bob, &mut carol] {
        let asked = person.asked().await;
        assert_eq!((&asked[0].fork, &asked[0].by.address), (&made.fork, &alice.address));
        person.accept(&group, &made.fork).await.unwrap();
    }
    alice.until_stage(&group, &bob, ForkStage::Moved).await;
    assert_eq!(server.stats().stored, before, "nothing of it is put into the group");
    carol.send(&group, "without dave").await.unwrap();
    alice.reads(&group, "without dave").await;
    bob.reads(&group, "without dave").await;
    alice.until_stage(&group, &carol, ForkStage::Moved).await;
    let members = alice.members(&group).await;
    assert!(members.iter().all(|member| member.stage == Some(ForkStage::Moved)), "{members:?}");
    // Dave is Alice's contact, and learns nothing.
    dave.sync().await.unwrap();
    assert!(dave.forks(&group).await.is_empty());
    assert!(!dave.texts(&group).await.iter().any(|text| text == "without dave"));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_member_gets_the_fork_from_a_contact_while_the_server_has_nothing() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, bob, carol) =
        (world.eager("alice", &now).await, world.eager("bob", &now).await, world.eager("carol", &now).await);
    meet(&bob, &carol).await;
    let group = talking(&[&alice, &bob, &carol], &server.bundle().to_server_string()).await;
    carol.stop().await;
    let made = alice.fork(&group, &[]).await.unwrap();
    // Bob has it from the group, and does not decide: he carries it all the same.
    assert_eq!(bob.until_forked(&group).await.fork, made.fork);
    server.shutdown().await;
    // Everything is lost with the server, and nobody but Bob is there.
    alice.stop().await;
    let carol = world.eager("carol", &now).await;
    assert_eq!(carol.until_forked(&group).await.fork, made.fork);
    bob.until_stage(&group, &carol, ForkStage::Opened).await;
    carol.accept(&group, &made.fork).await.unwrap();
    bob.until_stage(&group, &carol, ForkStage::Moved).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_restored_without_prekeys_asks_and_is_given_the_secret() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, carol) = (world.eager("alice", &now).await, world.eager("carol", &now).await);
    meet(&alice, &carol).await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group;
    alice.send(&group, "hello").await.unwrap();
    carol.join(&created.tofubundle).await.unwrap();
    carol.reads(&group, "hello").await;
    carol.stop().await;
    let copy = Copy::of(&world, "carol");
    let carol = world.eager("carol", &now).await;
    carol.send(&group, "here").await.unwrap();
    alice.until_reachable(&group, 2).await;
    carol.stop().await;
    copy.put_back(Way::Replaced);
    // Sealed to a key that is lost.
    let made = alice.fork(&group, &[]).await.unwrap();
    alice.send(&group, "under the new key").await.unwrap();
    let mut carol = world.eager("carol", &now).await;
    alice.until_stage(&group, &carol, ForkStage::Complete).await;
    carol.sync().await.unwrap();
    assert!(carol.forks(&group).await.is_empty(), "it does not open");
    now.add(HOUR + 60);
    let asked = carol.asked().await;
    assert_eq!(asked[0].fork, made.fork);
    carol.accept(&group, &made.fork).await.unwrap();
    carol.send(&group, "back again").await.unwrap();
    alice.reads(&group, "back again").await;
    server.shutdown().await;
}

/// Who is left out asks everybody, and is given nothing; a day later they are told who made a key that was not for them.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_listed_asks_in_vain_and_is_told_who_passed_the_key_on() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, mut bob, mut carol) =
        (world.eager("alice", &now).await, world.eager("bob", &now).await, world.eager("carol", &now).await);
    meet(&alice, &carol).await;
    meet(&bob, &carol).await;
    let group = talking(&[&alice, &bob, &carol], &server.bundle().to_server_string()).await;
    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    bob.asked().await;
    bob.accept(&group, &made.fork).await.unwrap();
    carol.sync().await.unwrap();
    now.add(25 * HOUR);
    carol.sync().await.unwrap();
    let carriers: Vec<ForkCarrierInfo> = carol
        .event("who passed it on", |event| match event {
            Event::GroupForks { carriers, .. } if !carriers.is_empty() => Some(carriers.clone()),
            _ => None,
        })
        .await;
    assert_eq!(carriers[0].person.address, alice.address);
    assert!(!carriers[0].is_false);
    // She has asked both by now, and both have heard her, in this order.
    for friend in [&alice, &bob] {
        carol.send(&friend.address, "did you hear me?").await.unwrap();
        friend.reads(&carol.address, "did you hear me?").await;
    }
    assert!(carol.forks(&group).await.is_empty());
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_rekey_is_followed_by_itself() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, bob) = (world.eager("alice", &now).await, world.eager("bob", &now).await);
    meet(&alice, &bob).await;
    let bundle = server.bundle().to_server_string();
    let created = alice.try_make("friends", &bundle, GroupKeys::Trusted, &[&bob.address]).await.unwrap();
    bob.join(&created.invite).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    bob.reads(&created.group, "hello").await;
    bob.send(&created.group, "hello to you").await.unwrap();
    for person in [&alice, &bob] {
        person.until_reachable(&created.group, 2).await;
    }
    // Not Alice's: who founded the group a moment ago would have made two keys at once.
    let made = bob.fork(&created.group, &[]).await.unwrap();
    alice.until_forked(&created.group).await;
    alice.sync().await.unwrap();
    assert_eq!(alice.forks(&created.group).await[0].standing, ForkStanding::Known, "others may come");
    now.add(HOUR + 60);
    soon("the move", async {
        while alice.forks(&created.group).await[0].standing != ForkStanding::Written {
            alice.sync().await.unwrap();
        }
    })
    .await;
    alice.send(&created.group, "under the new key").await.unwrap();
    bob.reads(&created.group, "under the new key").await;
    assert_eq!(alice.forks(&created.group).await[0].fork, made.fork);
    server.shutdown().await;
}
