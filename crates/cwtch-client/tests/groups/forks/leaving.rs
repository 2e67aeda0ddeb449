//! Leaving, and writing while a removal waits for an answer.

use cwtch_client::api::GroupKeys;

use super::contacts::{Ahead, meet};
use super::*;

impl Person {
    async fn leave(&self, group: &str) -> bool {
        match self.call(Command::GroupLeave { group: group.to_owned() }).await.unwrap() {
            Reply::Left { told } => told,
            other => panic!("not left: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_says_so_and_is_given_no_new_key() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (mut alice, bob) = (world.eager("alice", &now).await, world.eager("bob", &now).await);
    meet(&alice, &bob).await;
    let bundle = server.bundle().to_server_string();
    let created = alice.try_make("friends", &bundle, GroupKeys::Trusted, &[&bob.address]).await.unwrap();
    bob.join(&created.invite).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    bob.reads(&created.group, "hello").await;
    bob.send(&created.group, "hello to you").await.unwrap();
    alice.until_reachable(&created.group, 2).await;
    assert!(bob.leave(&created.group).await, "the server has what he said");
    assert!(bob.groups().await.is_empty());
    let left = alice
        .event("that bob has left", |event| match event {
            Event::GroupForks { left, .. } if !left.is_empty() => Some(left.clone()),
            _ => None,
        })
        .await;
    assert_eq!(left[0].address, bob.address);
    assert_eq!(alice.texts(&created.group).await, ["hello", "hello to you"], "it is no chat");
    assert_eq!(alice.members(&created.group).await.len(), 1);
    let made = alice.fork(&created.group, &[]).await.unwrap();
    assert_eq!((made.members, made.left_out.len()), (1, 0));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_where_nobody_can_be_told_hears_that() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, bob) = (world.eager("alice", &now).await, world.eager("bob", &now).await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    bob.reads(&created.group, "hello").await;
    // A static group whose other member published a key: the program knows what is no chat.
    assert!(bob.leave(&created.group).await);
    assert!(!alice.leave(&created.group).await, "nobody else is in it");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_while_a_removal_waits_is_told_whom_it_reaches() {
    let (world, now) = (World::new(), Ahead::default());
    let server = world.server().await;
    let (alice, mut bob, carol) =
        (world.eager("alice", &now).await, world.eager("bob", &now).await, world.eager("carol", &now).await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group;
    for person in [&bob, &carol] {
        person.join(&created.tofubundle).await.unwrap();
    }
    for person in [&alice, &bob, &carol] {
        person.send(&group, "hello").await.unwrap();
    }
    alice.until_reachable(&group, 3).await;
    bob.until_reachable(&group, 3).await;
    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    bob.asked().await;
    let refused = bob.send(&group, "for whom?").await.unwrap_err();
    let Problem::ForkWaits { fork, readers, .. } = refused.problem else { panic!("{:?}", refused.problem) };
    assert_eq!((&*fork, readers.len()), (made.fork.as_str(), 1));
    let command = Command::Send {
        conversation: group.clone(),
        text: "for all".to_owned(),
        timeout: None,
        reply_to: None,
        anyway: true,
    };
    bob.call(command).await.unwrap();
    carol.reads(&group, "for all").await;
    bob.accept(&group, &made.fork).await.unwrap();
    bob.send(&group, "without carol").await.unwrap();
    alice.reads(&group, "without carol").await;
    assert_eq!(bob.texts(&group).await.iter().filter(|text| *text == "for whom?").count(), 0);
    server.shutdown().await;
}
