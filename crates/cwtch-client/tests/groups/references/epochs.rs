//! Repair across two epochs of a group: each from its own members, by its own tag.

use cwtch_client::api::{Command, NoteKind, RepairInfo, Reply};
use cwtch_client::profile::{ConversationId, NewEpoch, Profile};
use cwtch_primitives::group::{GroupId, GroupKey};

use super::patient;
use crate::fake_server::FakeServer;
use crate::support::{Person, World};

/// The second epoch of a group, as everybody gets it who is listed.
fn second_epoch(profile: &Profile, group: &str, begins: Option<u64>) -> (ConversationId, NewEpoch) {
    let found = profile.group(&group.parse().unwrap()).unwrap().unwrap();
    let key = GroupKey::new([42; 32]);
    let new = NewEpoch {
        id: GroupId::derive(&key, found.server.public_key()),
        key,
        name: found.name,
        parent: 1,
        server: found.server,
        forker: *profile.address(),
        made: found.joined,
        listed: 2,
        left_out: Vec::new(),
        added: Vec::new(),
        begins,
        notice: None,
    };
    (found.conversation, new)
}

/// Has a profile know the second epoch, and go there.
fn go_over(profile: &mut Profile, group: &str, begins: Option<u64>) -> u64 {
    let (conversation, new) = second_epoch(profile, group, begins);
    let number = profile.add_epoch(conversation, &new, new.made).unwrap().into_inner();
    assert_eq!(number, 2);
    profile.move_to_epoch(conversation, number, new.made).unwrap().drafts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_in_either_epoch_comes_from_a_contact() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
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
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
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
        go_over(&mut world.profile(name), group, None);
    }
    let alice = start("alice").await;
    for text in ["four", "five", "six"] {
        alice.send(group, text).await.unwrap();
    }
    // The server loses one of each.
    server.lose(5);
    server.lose(2);
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
    alice.stop().await;
    bob.stop().await;
}
