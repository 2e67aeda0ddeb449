//! A member whom one person hides: gone for that one, and for nobody else.

use super::change::three;
use super::*;

impl Person {
    async fn hide(&self, group: &str, member: &str, on: bool) -> Result<Vec<KnownMember>, ApiError> {
        let command = Command::GroupHide { group: group.to_owned(), member: member.to_owned(), on };
        match self.call(command).await? {
            Reply::Members(members) => Ok(members),
            other => panic!("not members: {other:?}"),
        }
    }
}

/// Those of some members who are hidden.
fn hidden(members: &[KnownMember]) -> Vec<&str> {
    let hidden = members.iter().filter(|member| member.hidden);
    hidden.map(|member| member.person.address.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_member_is_gone_for_one_and_comes_back_whole() {
    let world = World::new();
    let server = world.server().await;
    let (mut alice, bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;

    let members = alice.hide(&group, &carol.address, true).await.unwrap();
    assert_eq!(hidden(&members), [carol.address.as_str()]);
    let told = alice
        .event("the hiding", |event| match event {
            Event::GroupHidden { hidden, .. } => Some(hidden.clone()),
            _ => None,
        })
        .await;
    assert_eq!(told.len(), 1);
    assert_eq!(alice.texts(&group).await, ["hello", "hello"]);
    assert_eq!(alice.groups().await[0].messages, 2);

    carol.send(&group, "hello?").await.unwrap();
    bob.reads(&group, "hello?").await;
    // What comes behind it has come here, and nothing was told of Carol's.
    bob.send(&group, "she is still there").await.unwrap();
    let next = alice
        .event("a message", |event| match event {
            Event::Message { message } => Some(message.text.clone()),
            _ => None,
        })
        .await;
    assert_eq!(next, "she is still there");
    assert_eq!(alice.texts(&group).await, ["hello", "hello", "she is still there"]);
    assert!(hidden(&bob.members(&group).await).is_empty(), "nobody else knows");

    let nobody = alice.hide(&group, &alice.address, true).await.unwrap_err();
    assert_eq!(nobody.problem, Problem::OwnAddress);
    let stranger = world.daemon("dave").await;
    let unknown = alice.hide(&group, &stranger.address, true).await.unwrap_err();
    assert_eq!(unknown.problem, Problem::NotInGroup);

    assert!(hidden(&alice.hide(&group, &carol.address, false).await.unwrap()).is_empty());
    let all = ["hello", "hello", "hello", "hello?", "she is still there"];
    assert_eq!(alice.texts(&group).await, all);
    assert_eq!(alice.groups().await[0].messages, 5);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forks_of_a_hidden_member_ask_nobody_until_they_are_shown_again() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob, carol, group) = three(&world, &server.bundle().to_server_string()).await;
    bob.hide(&group, &carol.address, true).await.unwrap();
    let made = carol.fork(&group, &[&alice.address]).await.unwrap();
    carol.send(&group, "without alice").await.unwrap();
    // What Carol says under the old key and Alice behind it comes after the parts of the fork.
    alice.send(&group, "anybody?").await.unwrap();
    bob.reads(&group, "anybody?").await;
    bob.sync().await.unwrap();
    assert!(bob.forks(&group).await.is_empty());

    bob.hide(&group, &carol.address, false).await.unwrap();
    let asked = bob.asked().await;
    assert_eq!((asked.len(), &asked[0].fork), (1, &made.fork));
    // Hidden again, the question is withdrawn.
    bob.hide(&group, &carol.address, true).await.unwrap();
    bob.event("no question", |event| match event {
        Event::GroupForks { asked, .. } if asked.is_empty() => Some(()),
        _ => None,
    })
    .await;
    server.shutdown().await;
}
