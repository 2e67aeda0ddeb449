//! Repair across two epochs of a group, on one server or on two: each from its own members, by its own tag.

use cwtch_client::api::{Command, NoteKind, RepairInfo, Reply};
use cwtch_client::profile::{ConversationId, NewEpoch, Profile};
use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, GroupKey};

use super::patient;
use crate::fake_server::FakeServer;
use crate::support::{Person, World};

/// The second epoch of a group on a server, as everybody gets it who is listed.
fn second_epoch(profile: &Profile, group: &str, server: Address) -> (ConversationId, NewEpoch) {
    let found = profile.group(&group.parse().unwrap()).unwrap().unwrap();
    let key = GroupKey::new([42; 32]);
    let new = NewEpoch {
        id: GroupId::derive(&key, server.public_key()),
        key,
        name: found.name,
        parent: 1,
        server,
        forker: *profile.address(),
        made: found.joined,
        listed: 2,
        left_out: Vec::new(),
        added: Vec::new(),
        begins: None,
        notice: None,
    };
    (found.conversation, new)
}

/// Has a profile know the second epoch of a group, which is on a server that it knows, and go there.
pub(super) fn go_over(profile: &mut Profile, group: &str, server: &Address) {
    let (conversation, new) = second_epoch(profile, group, *server);
    let number = profile.add_epoch(conversation, &new, new.made).unwrap().into_inner();
    assert_eq!(number, 2);
    profile.move_to_epoch(conversation, number, new.made).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_in_either_epoch_comes_from_a_contact() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
    // Of what the server has, a message of the second epoch and one of the first.
    loses_one_of_each(&world, [&server, &server], [5, 2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_on_either_server_comes_from_a_contact() {
    let world = World::new();
    let old = FakeServer::start(&world.network, &[], None).await;
    let new = FakeServer::start(&world.network, &[], None).await;
    loses_one_of_each(&world, [&new, &old], [1, 2]).await;
}

/// A group that goes over from the second of two servers to the first, each of which loses the message at a place.
async fn loses_one_of_each(world: &World, [new, old]: [&FakeServer; 2], lost: [usize; 2]) {
    let start = |name: &'static str| {
        let (profile, network) = (world.profile(name), world.network.clone());
        async move {
            let person = Person::start_with(profile, network, patient()).await;
            person.enable().await;
            person
        }
    };
    let alice = start("alice").await;
    let bob = start("bob").await;
    for person in [&alice, &bob] {
        person.call(Command::ServerAdd { server: new.bundle.to_server_string() }).await.unwrap();
    }
    let created = alice.new_group("friends", &old.bundle.to_server_string()).await.unwrap();
    let group = created.group.as_str();
    bob.join(&created.tofubundle).await.unwrap();
    bob.sync().await.unwrap();
    bob.send(group, "hello").await.unwrap();
    bob.stop().await;
    alice.sync().await.unwrap();
    for text in ["one", "two", "three"] {
        alice.send(group, text).await.unwrap();
    }
    alice.stop().await;
    for name in ["alice", "bob"] {
        go_over(&mut world.profile(name), group, new.bundle.board());
    }
    let alice = start("alice").await;
    for text in ["four", "five", "six"] {
        alice.send(group, text).await.unwrap();
    }
    new.lose(lost[0]);
    old.lose(lost[1]);
    let bob = start("bob").await;
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(group).await, ["hello", "one", "three", "four", "six"]);
    assert_eq!(bob.notes(group, "three").await, [NoteKind::Missing]);
    assert_eq!(bob.notes(group, "six").await, [NoteKind::Missing]);
    assert_eq!(bob.notes(group, "four").await, [], "it follows nothing of the other epoch");
    assert_eq!(bob.groups().await[0].missing[0].count, 2);

    bob.befriend(&alice.address, "Alice").await;
    alice.befriend(&bob.address, "Bob").await;
    bob.send(group, "something is missing").await.unwrap();
    alice.sync().await.unwrap();
    let repaired = bob.call(Command::Repair { group: group.to_owned(), timeout: None }).await.unwrap();
    assert_eq!(repaired, Reply::Repaired(RepairInfo { asked: 1, received: 2, missing: 0 }));
    assert_eq!(bob.notes(group, "three").await, []);
    assert_eq!(bob.notes(group, "six").await, []);
    let said = ["hello", "one", "two", "three", "four", "five", "six", "something is missing"];
    assert_eq!(bob.texts(group).await, said, "each stands where it belongs");
    alice.stop().await;
    bob.stop().await;
}
