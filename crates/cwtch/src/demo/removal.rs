//! The part of the show in which somebody is left out.

use serde_json::Value;

use super::person::{Person, text};
use super::show::{GROUP, has, send, texts, until};
use super::stage::Stage;
use crate::command_error::CommandError;

/// Words of the two who go on.
const GOES_ON: [&str; 2] = ["Carol told the innkeeper where we meet.", "Then this stays between us."];
/// Words of the one who was left out, and has no idea.
const LEFT_BEHIND: &str = "So, see you at the bridge?";

/// Gives the group a new key that one of the three does not get: the others go on, and she reads no more.
///
/// # Errors
/// The first thing that is not as it should be.
pub(super) async fn play(stage: &mut Stage) -> Result<(), CommandError> {
    let Stage { narrator, alice, bob, carol, .. } = stage;
    narrator.part("10. Alice and Bob go on without Carol");
    narrator.tell(
        "Nobody owns a group, so nobody can throw somebody out: Alice makes a new key that Carol is not given, and Bob decides \
         whether he follows.",
    );
    let made = alice.does(&["group", "fork", GROUP, "--without", "Carol"]).await?;
    let left_out = made.get("left_out").and_then(Value::as_array).and_then(|all| all.first()).cloned();
    if !left_out.is_some_and(|one| has(&one, "address", &carol.address)) {
        return Err(CommandError::internal(format!("Expected a new key without Carol, got {made}.")));
    }
    let name = text(&made, "fork")?.get(..16).unwrap_or_default();
    until("Bob is asked about the new key", async || {
        let forks = bob.asks(&["group", "forks", GROUP]).await?;
        Ok(forks.as_array().into_iter().flatten().find(|fork| has(fork, "standing", "asked")).map(|_| ()))
    })
    .await?;
    bob.shows(&["group", "forks", GROUP]).await?;
    bob.does(&["group", "accept", GROUP, name]).await?;

    send(alice, GROUP, GOES_ON[0], "stored").await?;
    reads(bob, GOES_ON[0]).await?;
    send(bob, GROUP, GOES_ON[1], "stored").await?;
    reads(alice, GOES_ON[1]).await?;
    // Carol writes behind it, where she is: once that has come back to her, she has all that she is ever given of the two.
    send(carol, GROUP, LEFT_BEHIND, "stored").await?;
    reads(alice, LEFT_BEHIND).await?;
    carol.asks(&["sync", GROUP]).await?;
    let carols = texts(&carol.messages(GROUP).await?);
    if let Some(leaked) = carols.iter().find(|text| GOES_ON.contains(&text.as_str())) {
        return Err(CommandError::internal(format!("Carol reads {leaked:?}, which she has no key for.")));
    }
    narrator.tell("The server gives all three the same entries. This is what Carol sees of the last ones:");
    carol.shows(&["messages", GROUP, "--limit", "2"]).await?;
    narrator.tell("And this is what Alice sees:");
    alice.shows(&["messages", GROUP, "--limit", "4"]).await?;
    narrator.tell("What Carol had read before stays with her: a new key takes nothing back.");
    Ok(())
}

/// Waits until somebody reads a text in the group.
async fn reads(person: &Person, words: &str) -> Result<(), CommandError> {
    until(&format!("{} reads {words:?}", person.name), async || {
        Ok(texts(&person.messages(GROUP).await?).iter().any(|text| text == words).then_some(()))
    })
    .await
}
