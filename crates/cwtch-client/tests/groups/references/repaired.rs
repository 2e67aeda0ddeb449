//! A server that loses a message, and contacts who have it.

use cwtch_client::api::{Command, GroupCreated, GroupKeys, MessageState, NoteKind, RepairInfo, Reply};
use cwtch_log::EntryPrefix;
use cwtch_wire::group::{Extensions, Parent};

use super::{eager, patient};
use crate::fake_server::FakeServer;
use crate::forgery::Mallory;
use crate::support::{Person, World};

/// A server of the deployed kind that loses Alice's second message before Bob fetches. Bob's options are given.
async fn lost(bob: cwtch_client::engine::EngineOptions) -> (World, FakeServer, Person, Person, GroupCreated) {
    lost_in(GroupKeys::Static, bob).await
}

/// The same in a group with keys of this kind.
async fn lost_in(
    keys: GroupKeys,
    bob: cwtch_client::engine::EngineOptions,
) -> (World, FakeServer, Person, Person, GroupCreated) {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
    let alice = Person::start_with(world.profile("alice"), world.network.clone(), patient()).await;
    alice.enable().await;
    let created = alice.try_make("friends", &server.bundle.to_server_string(), keys, &[]).await.unwrap();
    let group = created.group.clone();
    for text in ["one", "two", "three"] {
        alice.send(&group, text).await.unwrap();
    }
    server.lose(1);
    let bob = Person::start_with(world.profile("bob"), world.network.clone(), bob).await;
    bob.enable().await;
    bob.join(&created.tofubundle).await.unwrap();
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(&group).await, ["one", "three"]);
    assert_eq!(bob.notes(&group, "one").await, []);
    (world, server, alice, bob, created)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_noticed_and_comes_from_a_contact_by_itself() {
    let (_world, server, alice, bob, created) = lost(eager()).await;
    let group = created.group;
    // The server says nothing, but the numbers do.
    assert_eq!(bob.notes(&group, "three").await, [NoteKind::Missing]);
    let missing = bob.groups().await[0].missing.clone();
    assert_eq!((missing.len(), missing[0].count, missing[0].author.as_str()), (1, 1, alice.address.as_str()));

    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    // Whoever wrote nothing in the group gets nothing, and asks for nothing by itself. Bob may ask before Alice has his
    // message, and then asks again.
    bob.send(&group, "something is missing").await.unwrap();
    alice.sync().await.unwrap();
    bob.until_noted(&group, "three", &[]).await;
    assert!(bob.groups().await[0].missing.is_empty());
    // It went to the server again, with the same bytes, and everybody gets it from there.
    bob.until_noted(&group, "two", &[]).await;
    // Where it belongs: before what names it.
    assert_eq!(bob.texts(&group).await, ["one", "two", "three", "something is missing"]);
    let two = bob.messages(&group).await.into_iter().find(|m| m.text == "two").unwrap();
    assert_eq!((two.state, two.own), (MessageState::Verified, false));
    let entries: Vec<_> = server.seen(|seen| seen.posts.iter().map(|(_, message)| message.clone()).collect());
    assert_eq!(entries.iter().filter(|entry| **entry == entries[1]).count(), 2);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_of_a_group_with_daily_keys_comes_from_a_contact() {
    let (_world, _server, alice, bob, created) = lost_in(GroupKeys::Trusted, eager()).await;
    let group = created.group;
    assert_eq!(bob.notes(&group, "three").await, [NoteKind::Missing]);
    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    bob.send(&group, "something is missing").await.unwrap();
    alice.sync().await.unwrap();
    bob.until_noted(&group, "three", &[]).await;
    bob.until_noted(&group, "two", &[]).await;
    assert_eq!(bob.texts(&group).await, ["one", "two", "three", "something is missing"]);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_contacts_for_what_is_missing() {
    let (_world, _server, alice, bob, created) = lost(patient()).await;
    let group = created.group;
    let repair = |timeout| Command::Repair { group: group.clone(), timeout };
    let nobody = bob.call(repair(Some(1))).await.unwrap();
    assert_eq!(nobody, Reply::Repaired(RepairInfo { asked: 0, received: 0, missing: 1 }));
    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    bob.send(&group, "something is missing").await.unwrap();
    alice.sync().await.unwrap();
    let repaired = bob.call(repair(None)).await.unwrap();
    assert_eq!(repaired, Reply::Repaired(RepairInfo { asked: 1, received: 1, missing: 0 }));
    assert_eq!(bob.notes(&group, "three").await, []);
    let again = bob.call(repair(None)).await.unwrap();
    assert_eq!(again, Reply::Repaired(RepairInfo::default()));
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_wrote_in_the_group_gets_nothing() {
    let (_world, _server, alice, bob, created) = lost(patient()).await;
    let group = created.group;
    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    let repaired = bob.call(Command::Repair { group: group.clone(), timeout: Some(3) }).await.unwrap();
    assert_eq!(repaired, Reply::Repaired(RepairInfo { asked: 1, received: 0, missing: 1 }));
    alice.stop().await;
    bob.stop().await;
}

/// A member who names any number of messages that nobody has does not stand before what another misses.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_stands_in_nobody_s_way() {
    let (_world, server, alice, bob, created) = lost(eager()).await;
    let (group, mallory) = (created.group, Mallory::new(&created.invite));
    // More than is looked at together, each newer than what is missing.
    let junk: Vec<_> = (0..20_u8)
        .map(|n| {
            let parents = (0..4)
                .map(|m| Parent { id: EntryPrefix::from_bytes([4 * n + m + 1; 20]), index: u64::from(n) });
            let said = Extensions { parents: parents.collect(), ..Extensions::default() };
            mallory.claiming(&format!("as we said {n}"), &said)
        })
        .collect();
    server.show(&junk);
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(&group).await.len(), 22);

    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    bob.send(&group, "something is missing").await.unwrap();
    alice.sync().await.unwrap();
    bob.until_noted(&group, "three", &[]).await;
    assert!(bob.groups().await[0].missing.is_empty());
    alice.stop().await;
    bob.stop().await;
}
