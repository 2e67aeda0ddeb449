//! Changes of the list in static groups: each of the others is asked.

use super::*;

/// Alice, Bob and Carol in a group, each of whom has written; all know whom a new key reaches.
pub(super) async fn three(world: &World, server: &str) -> (Person, Person, Person, String) {
    let (alice, bob, carol) =
        (world.daemon("alice").await, world.daemon("bob").await, world.daemon("carol").await);
    let created = alice.new_group("friends", server).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    carol.join(&created.tofubundle).await.unwrap();
    for person in [&alice, &bob, &carol] {
        person.send(&created.group, "hello").await.unwrap();
    }
    for person in [&alice, &bob, &carol] {
        person.until_reachable(&created.group, 3).await;
    }
    (alice, bob, carol, created.group)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_left_out_and_the_others_write_on() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;

    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    assert_eq!(made.members, 2);
    let left_out: Vec<&str> = made.left_out.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(left_out, [carol.address.as_str()]);
    assert!(made.heals.is_some() && made.need_invite.is_empty(), "{made:?}");
    assert_eq!(made.heals_but.unwrap().address, bob.address);
    // One after another of one's own is an attack's sign.
    let again = alice.fork(&group, &[]).await.unwrap_err();
    assert_eq!(again.problem, Problem::ForkTooSoon);

    let asked = bob.asked().await;
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0].fork, &asked[0].by.address), (&made.fork, &alice.address));
    assert_eq!(asked[0].left_out.len(), 1);
    // While somebody else's waits, none is made.
    let undecided = bob.fork(&group, &[]).await.unwrap_err();
    assert_eq!(undecided.problem, Problem::ForkUndecided { fork: made.fork.clone() });
    bob.accept(&group, &made.fork[..8]).await.unwrap();
    assert_eq!(bob.forks(&group).await[0].standing, ForkStanding::Written);

    let said = bob.send(&group, "without carol").await.unwrap();
    assert_eq!(said.state, MessageState::Stored);
    soon("bob's message", async {
        while !alice.texts(&group).await.contains(&"without carol".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    // What is no chat is shown to nobody, and counts nowhere.
    for person in [&alice, &bob] {
        assert_eq!(person.texts(&group).await, ["hello", "hello", "hello", "without carol"]);
        assert_eq!(person.groups().await[0].messages, 4);
    }
    assert_eq!(alice.forks(&group).await[0].moved, 2);

    // Carol has the package, which does not open, and goes on where she is; Alice reads on there.
    carol.sync().await.unwrap();
    assert!(carol.forks(&group).await.is_empty());
    assert_eq!(carol.texts(&group).await, ["hello", "hello", "hello"]);
    carol.send(&group, "are you there?").await.unwrap();
    soon("carol's message", async {
        while !alice.texts(&group).await.contains(&"are you there?".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_stays_and_can_follow_later() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;
    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    bob.asked().await;
    bob.decline(&group, &made.fork).await.unwrap();
    assert_eq!(bob.forks(&group).await[0].standing, ForkStanding::Declined);
    bob.send(&group, "still with carol").await.unwrap();
    soon("bob's message", async {
        while !carol.texts(&group).await.contains(&"still with carol".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    bob.accept(&group, &made.fork).await.unwrap();
    assert_eq!(bob.forks(&group).await[0].standing, ForkStanding::Written);
    assert_eq!(bob.decline(&group, &made.fork).await.unwrap_err().problem, Problem::ForkNotOpen);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_comes_back_and_reads_on() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;
    bob.stop().await;
    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    let said = alice.send(&group, "under the new key").await.unwrap();
    assert_eq!(said.state, MessageState::Stored);
    alice.send(&group, "and again").await.unwrap();

    let bob = world.daemon("bob").await;
    soon("the fork", async {
        while bob.forks(&group).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    bob.accept(&group, &made.fork).await.unwrap();
    bob.send(&group, "back again").await.unwrap();
    soon("bob's message", async {
        while !alice.texts(&group).await.contains(&"back again".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(!carol.texts(&group).await.iter().any(|text| text.contains("key") || text.contains("again")));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_fork_that_nobody_followed_is_taken_back() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;
    let made = alice.fork(&group, &[&carol.address]).await.unwrap();
    alice.decline(&group, &made.fork).await.unwrap();
    alice.send(&group, "with carol again").await.unwrap();
    for person in [&bob, &carol] {
        soon("alice's message", async {
            while !person.texts(&group).await.contains(&"with carol again".to_owned()) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await;
    }
    assert_eq!(alice.accept(&group, "0000000000").await.unwrap_err().problem, Problem::UnknownFork);
    let nobody = "a".repeat(56);
    assert!(alice.fork(&group, &[&nobody]).await.is_err());
    server.shutdown().await;
}
