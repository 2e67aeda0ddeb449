//! Changes of the list in static groups: each of the others is asked.

use cwtch_client::api::{ForkFollowed, ForkLost, PersonInfo};
use cwtch_primitives::{Identity, OsRng};

use super::*;

impl Person {
    /// Makes a key with somebody added, or an own one again, as soon as the group is synced.
    async fn once_synced(
        &self,
        group: &str,
        with: &[&str],
        again: Option<&str>,
    ) -> Result<ForkMade, ApiError> {
        let command = || Command::GroupFork {
            group: group.to_owned(),
            without: Vec::new(),
            with: with.iter().map(|&who| who.to_owned()).collect(),
            again: again.map(str::to_owned),
            quiet: false,
            server: None,
            reason: None,
            anyway: false,
        };
        soon("a sync", async {
            loop {
                match self.call(command()).await {
                    Ok(Reply::ForkMade(made)) => return Ok(*made),
                    Ok(other) => panic!("not a fork: {other:?}"),
                    Err(error) if error.problem == Problem::ForkNotSynced => {
                        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    }
                    Err(error) => return Err(error),
                }
            }
        })
        .await
    }

    async fn followed(&self, group: &str, fork: &str) -> Result<ForkFollowed, ApiError> {
        let command = Command::GroupAccept { group: group.to_owned(), fork: fork.to_owned() };
        match self.call(command).await? {
            Reply::ForkFollowed(followed) => Ok(followed),
            other => panic!("not followed: {other:?}"),
        }
    }

    /// Waits until a fork stands so, or where it only has to be known, stands in any way.
    async fn until_known(&self, group: &str, fork: &str, standing: ForkStanding) {
        let stands = |one: &ForkInfo| {
            one.fork == fork && (standing == ForkStanding::Known || one.standing == standing)
        };
        until("a fork", async || self.forks(group).await.iter().any(stands)).await;
    }
}

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
    alice.reads(&group, "without carol").await;
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
    alice.reads(&group, "are you there?").await;
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
    carol.reads(&group, "still with carol").await;
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
    until("the fork", async || !bob.forks(&group).await.is_empty()).await;
    bob.accept(&group, &made.fork).await.unwrap();
    bob.send(&group, "back again").await.unwrap();
    alice.reads(&group, "back again").await;
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
        person.reads(&group, "with carol again").await;
    }
    assert_eq!(alice.accept(&group, "0000000000").await.unwrap_err().problem, Problem::UnknownFork);
    let nobody = "a".repeat(56);
    assert!(alice.fork(&group, &[&nobody]).await.is_err());
    server.shutdown().await;
}

/// The own change that a person can make again, by the names of people: without whom, with whom.
fn difference(lost: &ForkLost) -> (Vec<&str>, Vec<&str>) {
    fn names(people: &[PersonInfo]) -> Vec<&str> {
        people.iter().map(|one| one.address.as_str()).collect()
    }
    (names(&lost.without), names(&lost.with))
}

/// Two make a change without waiting for each other's; all who answer end in one of them, and what the other one changed is made again
/// on top of it by whoever made that.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_of_an_own_change_is_made_again_on_top() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;
    let dave = Identity::generate(&mut OsRng).address().to_string();
    let without_carol = alice.fork(&group, &[&carol.address]).await.unwrap();
    bob.asked().await;
    bob.decline(&group, &without_carol.fork).await.unwrap();
    let with_dave = bob.once_synced(&group, &[&dave], None).await.unwrap();
    alice.until_known(&group, &with_dave.fork, ForkStanding::Known).await;

    // Of two changes the one with the lower id is the one.
    let (loser, winner, lost, taken) = if with_dave.fork < without_carol.fork {
        (&alice, &bob, &without_carol, &with_dave)
    } else {
        (&bob, &alice, &with_dave, &without_carol)
    };
    let expected = match loser.address == alice.address {
        true => (vec![carol.address.as_str()], vec![]),
        false => (vec![], vec![dave.as_str()]),
    };
    assert!(loser.forks(&group).await.iter().all(|fork| fork.lost.is_none()), "one writes in it");
    let followed = loser.followed(&group, &taken.fork).await.unwrap();
    assert_eq!(followed.lost.len(), 1);
    assert_eq!((&followed.lost[0].fork, difference(&followed.lost[0])), (&lost.fork, expected.clone()));
    for fork in loser.forks(&group).await {
        assert_eq!(fork.lost.is_some(), fork.fork == lost.fork);
    }
    let not_own = loser.once_synced(&group, &[], Some(&taken.fork)).await.unwrap_err();
    assert_eq!(not_own.problem, Problem::ForkNotLost);
    let not_lost = winner.once_synced(&group, &[], Some(&taken.fork)).await.unwrap_err();
    assert_eq!(not_lost.problem, Problem::ForkNotLost);

    // The week between two keys of one's own is not waited for, and everybody is asked.
    let again = loser.once_synced(&group, &[], Some(&lost.fork[..8])).await.unwrap();
    let made = ForkLost { fork: again.fork.clone(), without: again.left_out, with: again.added };
    assert_eq!(difference(&made), expected);
    winner.until_known(&group, &again.fork, ForkStanding::Asked).await;
    winner.accept(&group, &again.fork).await.unwrap();
    assert_eq!(loser.send(&group, "on top").await.unwrap().state, MessageState::Stored);
    winner.reads(&group, "on top").await;
    assert!(loser.forks(&group).await.iter().all(|fork| fork.lost.is_none()), "it is made");
    let twice = loser.once_synced(&group, &[], Some(&lost.fork)).await.unwrap_err();
    assert_eq!(twice.problem, Problem::ForkNotLost);
    server.shutdown().await;
}
