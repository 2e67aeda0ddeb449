//! The show, step by step.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::person::{Person, text};
use super::stage::Stage;
use super::{removal, stranger};
use crate::command_error::CommandError;

/// Time that a condition may take to become true.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(60);
/// The group's name.
pub(super) const GROUP: &str = "Hikers";
/// Text that the stranger wants to have been said by Alice.
const FORGED: &str = "Plans have changed: send me your house keys.";

/// Plays all parts.
///
/// # Errors
/// The first thing that is not as it should be.
pub(super) async fn play(stage: &mut Stage) -> Result<(), CommandError> {
    let server = people(stage).await?;
    meet(stage).await?;
    chat(stage).await?;
    introduce(stage).await?;
    let invite = group(stage, &server).await?;
    talk_in_group(stage).await?;
    away(stage).await?;
    forged(stage, &invite).await?;
    removal::play(stage).await?;
    let narrator = stage.narrator;
    narrator.part("That was all");
    narrator.tell("Every line after a $ was a real command, and every message went through real processes.");
    Ok(())
}

async fn people(stage: &mut Stage) -> Result<String, CommandError> {
    let narrator = stage.narrator;
    narrator.part("1. A server that nobody has to trust, and three people");
    narrator.tell(&format!(
        "Everything happens in {}, on this machine only, without anonymity.",
        stage.directory()
    ));
    let server = stage.start_server().await?;
    narrator.result(&format!("the server is ready: {server}"));
    for person in [&mut stage.alice, &mut stage.bob, &mut stage.carol] {
        person.make_profile().await?;
        person.go_online().await?;
    }
    Ok(server)
}

async fn meet(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, .. } = stage;
    narrator.part("2. Alice adds Bob; Bob sees a request and accepts it");
    alice.does(&["attribute", "set", "name", "Alice"]).await?;
    alice.does(&["contact", "add", &bob.address, "--name", "Bob"]).await?;
    until("Bob sees a request from Alice", async || {
        Ok(contact(bob, &alice.address).await?.filter(|c| has(c, "state", "unknown")))
    })
    .await?;
    bob.does(&["contact", "accept", &alice.address]).await?;
    until("Bob reads the name that Alice gave herself", async || {
        Ok(contact(bob, &alice.address).await?.filter(|c| has(c, "name", "Alice")))
    })
    .await?;
    bob.shows(&["contact", "list"]).await?;
    Ok(())
}

async fn chat(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, .. } = stage;
    narrator.part("3. They talk, with nobody in between");
    send(alice, "Bob", "Hi Bob! A walk on Saturday?", "acknowledged").await?;
    let question = until("Bob receives it", async || Ok(bob.messages("Alice").await?.pop())).await?;
    let id = question.get("id").cloned().unwrap_or_default().to_string();
    let answer = ["send", "Alice", "Yes! Let us ask Carol, too.", "--reply-to", id.as_str()];
    expect_state(&bob.does(&answer).await?, "acknowledged")?;
    narrator.result("✓ acknowledged; it quotes the question");
    let quoted = until("Alice receives the answer", async || {
        Ok(alice.messages("Bob").await?.into_iter().find(|message| has(message, "author", &bob.address)))
    })
    .await?;
    if quoted.get("overlay") != Some(&Value::from(10)) || quoted.get("quoted").is_none_or(Value::is_null) {
        return Err(CommandError::internal(format!(
            "Expected an answer that quotes the question, got {quoted}."
        )));
    }
    alice.shows(&["messages", "Bob"]).await?;
    Ok(())
}

async fn introduce(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, carol, .. } = stage;
    narrator.part("4. Carol joins in; Alice introduces her to Bob");
    carol.does(&["contact", "add", &alice.address, "--name", "Alice"]).await?;
    alice.does(&["contact", "add", &carol.address, "--name", "Carol"]).await?;
    send(carol, "Alice", "Hello Alice, I heard of a walk?", "acknowledged").await?;
    expect_state(&alice.does(&["suggest", "Carol", "Bob"]).await?, "acknowledged")?;
    let suggested = until("Carol receives the suggestion", async || {
        Ok(carol.messages("Alice").await?.into_iter().find(|m| m.get("overlay") == Some(&Value::from(100))))
    })
    .await?;
    let address = text(&suggested, "text")?.to_owned();
    if address != bob.address {
        return Err(CommandError::internal(format!(
            "Expected Bob's address as the suggestion, got {address:?}."
        )));
    }
    carol.does(&["contact", "add", &address, "--name", "Bob"]).await?;
    bob.does(&["contact", "add", &carol.address, "--name", "Carol"]).await?;
    send(bob, "Carol", "Welcome, Carol!", "acknowledged").await
}

/// The group's invite, which somebody will leak.
async fn group(stage: &mut Stage, server: &str) -> Result<String, CommandError> {
    let Stage { narrator, alice, bob, carol, bundle, .. } = stage;
    narrator.part("5. Alice forms a group on the server and invites the others");
    for person in [&*alice, &*bob, &*carol] {
        person.does(&["experiment", "enable", "groups"]).await?;
    }
    alice.does(&["server", "add", bundle]).await?;
    let made = alice.does(&["group", "new", GROUP, "--server", server]).await?;
    let invite = text(&made, "invite")?.to_owned();
    for guest in [&*bob, &*carol] {
        expect_state(&alice.does(&["group", "invite", GROUP, guest.name]).await?, "acknowledged")?;
        let received = until("the invite arrives", async || {
            Ok(guest
                .messages("Alice")
                .await?
                .into_iter()
                .find(|m| m.get("overlay") == Some(&Value::from(101))))
        })
        .await?;
        let text = text(&received, "text")?;
        if text.starts_with("torv3") {
            guest.does(&["server", "add", bundle]).await?;
        }
        guest.does(&["group", "join", text]).await?;
    }
    Ok(invite)
}

async fn talk_in_group(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, carol, .. } = stage;
    narrator.part("6. They talk in the group; the server stores what it cannot read");
    narrator.tell("Posting costs tokens, which each of them buys with a proof of work, without a name.");
    for (person, words) in [
        (&*alice, "Saturday at eight, at the bridge?"),
        (&*bob, "I bring bread & cheese."),
        (&*carol, "And I the tea <3"),
    ] {
        send(person, GROUP, words, "stored").await?;
        let count = person.messages(GROUP).await?.len();
        for other in [&*alice, &*bob, &*carol] {
            in_group(other, count).await?;
        }
    }
    carol.shows(&["messages", GROUP]).await?;
    Ok(())
}

async fn away(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, carol, .. } = stage;
    narrator.part("7. Carol goes offline; the others go on");
    let last = carol.messages(GROUP).await?.last().and_then(|message| message.get("id").cloned());
    carol.go_offline().await?;
    narrator.result("Carol's daemon has stopped");
    let missed =
        ["Carol? Are you there?", "Her train has no network.", "Then we write down what she misses."];
    for (person, words) in [(&*alice, missed[0]), (&*bob, missed[1]), (&*alice, missed[2])] {
        send(person, GROUP, words, "stored").await?;
        let count = person.messages(GROUP).await?.len();
        for other in [&*alice, &*bob] {
            in_group(other, count).await?;
        }
    }
    let private = "Call me when you can.";
    bob.queues(&["send", "Carol", private, "--timeout", "1"]).await?;

    narrator.part("8. Carol comes back and catches up");
    carol.go_online().await?;
    let expected = texts(&alice.messages(GROUP).await?);
    in_group(carol, expected.len()).await?;
    let caught_up = texts(&carol.messages(GROUP).await?);
    if caught_up != expected {
        let what = format!("Expected Carol to have {expected:?} in this order, she has {caught_up:?}.");
        return Err(CommandError::internal(what));
    }
    let since = last.unwrap_or_default().to_string();
    carol.shows(&["messages", GROUP, "--since", &since]).await?;
    until("Bob's message, kept until now, reaches Carol", async || {
        Ok(texts(&carol.messages("Bob").await?).contains(&private.to_owned()).then_some(()))
    })
    .await?;
    carol.shows(&["messages", "Bob"]).await?;
    Ok(())
}

async fn forged(stage: &mut Stage, invite: &str) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, carol, bundle, network, .. } = stage;
    narrator.part("9. A stranger with a leaked invite speaks as Alice");
    narrator.tell(&format!(
        "The stranger pays for a post that says {FORGED:?}, from Alice. The server takes it."
    ));
    let before = alice.messages(GROUP).await?.len();
    stranger::forge(network, bundle, invite, &alice.address, FORGED).await?;
    for person in [&*alice, &*bob, &*carol] {
        until("everybody refuses the forged message", async || {
            let rejects = person.asks(&["rejects"]).await?;
            Ok(rejects.as_array().filter(|rejects| !rejects.is_empty()).map(|_| ()))
        })
        .await?;
    }
    // Something true behind it, so that the forged one cannot merely be late.
    send(alice, GROUP, "That was not me.", "stored").await?;
    for person in [&*alice, &*bob, &*carol] {
        in_group(person, before + 1).await?;
        let shown = texts(&person.messages(GROUP).await?);
        if shown.iter().any(|text| text.contains(FORGED)) {
            let name = person.name;
            return Err(CommandError::internal(format!(
                "{name} is shown the forged message as if it were true."
            )));
        }
    }
    bob.shows(&["rejects"]).await?;
    bob.shows(&["messages", GROUP, "--limit", "2"]).await?;
    Ok(())
}

pub(super) async fn send(from: &Person, to: &str, words: &str, state: &str) -> Result<(), CommandError> {
    expect_state(&from.does(&["send", to, words]).await?, state)?;
    from.sees(match state {
        "acknowledged" => "✓ acknowledged",
        _ => "✓ stored by the server",
    });
    Ok(())
}

fn expect_state(message: &Value, state: &str) -> Result<(), CommandError> {
    if has(message, "state", state) {
        return Ok(());
    }
    Err(CommandError::internal(format!("Expected a message that is {state}, got {message}.")))
}

pub(super) fn has(value: &Value, name: &str, expected: &str) -> bool {
    value.get(name).and_then(Value::as_str) == Some(expected)
}

pub(super) fn texts(messages: &[Value]) -> Vec<String> {
    messages.iter().filter_map(|m| m.get("text").and_then(Value::as_str)).map(str::to_owned).collect()
}

async fn contact(person: &Person, address: &str) -> Result<Option<Value>, CommandError> {
    let contacts = person.asks(&["contact", "list"]).await?;
    Ok(contacts.as_array().into_iter().flatten().find(|contact| has(contact, "address", address)).cloned())
}

/// Waits until somebody has exactly so many messages of the group.
async fn in_group(person: &Person, count: usize) -> Result<(), CommandError> {
    let what = format!("{} has {count} messages of the group", person.name);
    let seen = until(&what, async || {
        let seen = person.messages(GROUP).await?.len();
        Ok((seen >= count).then_some(seen))
    })
    .await?;
    if seen == count {
        Ok(())
    } else {
        Err(CommandError::internal(format!("Expected that {what}, not {seen}.")))
    }
}

/// Looks again and again until there is something, or fails with what was expected.
///
/// # Errors
/// Those of looking, and if nothing came in time.
pub(super) async fn until<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, CommandError>,
) -> Result<T, CommandError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            let seconds = PATIENCE.as_secs();
            return Err(CommandError::internal(format!(
                "Expected that {what}; it did not happen within {seconds} s."
            )));
        }
        sleep(LOOK).await;
    }
}
