//! A new key as the server sees it.

use super::moves::{Clocked, memory, two};
use super::*;
use crate::log::memory_server::MemoryServer;

/// What the server was told since it was looked at last, but for strangers who ask for its head: they come with syncs.
fn said(server: &MemoryServer) -> Vec<(usize, &'static str, usize)> {
    let mut said = server.with(|state| std::mem::take(&mut state.said));
    said.retain(|(_, kind, _)| *kind != "head");
    said
}

async fn posts(of: &Clocked, group: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(of.person.send(group, text).await.unwrap().state, MessageState::Stored);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_looks_to_the_server_like_posts_in_another_group() {
    let world = World::new();
    let server = memory(&world, 7).await;
    let (alice, mut bob, created) = two(&world, &server, std::time::Duration::from_secs(3600)).await;
    let other = alice.person.new_group("family", &server.bundle.to_server_string()).await.unwrap();
    posts(&alice, &other.group, &["first"]).await;

    // Ordinary ones, short and long.
    said(&server);
    posts(&alice, &other.group, &["a", "somewhat longer than that", &"x".repeat(900)]).await;
    let ordinary = said(&server);
    assert!(ordinary.len() == 3 && ordinary.iter().all(|one| *one == ordinary[0] && one.1 == "post"));

    // A key for two takes one post, and the word in the new epoch another one.
    let made = alice.person.fork(&created.group, &[]).await.unwrap();
    until("the part", async || server.with(|state| state.said.iter().any(|one| one.1 == "post"))).await;
    posts(&alice, &created.group, &["under the new key"]).await;
    let fork = said(&server);
    assert!(fork.len() >= 2 && fork.iter().all(|one| *one == ordinary[0]), "{fork:?}, not {:?}", ordinary[0]);

    // Who gets it in time asks no further back, whatever came of it.
    let _ = bob.person.sync().await;
    bob.person.asked().await;
    bob.person.accept(&created.group, &made.fork).await.unwrap();
    bob.person.fetches(&created.group, "under the new key").await;
    assert!(said(&server).iter().all(|one| one.1 == "replay"));
    bob.person.stop().await;
    let start = world.profile("bob").begin_sync(server.bundle.board()).unwrap();
    assert!(start.refetch.is_none(), "a part of the log is to be read again");
    alice.person.stop().await;
}
