//! What messages say about the ones before them: what members and servers can do to it, and how contacts help.

mod compared;
mod epochs;
mod hostile;
mod judged;
mod repaired;

use std::time::Duration;

use cwtch_client::api::{Command, MessageInfo, NoteKind};
use cwtch_client::engine::{EngineOptions, MemberTimes, Mode};

use crate::support::Person;

/// The kinds of a message's notes.
fn kinds(message: &MessageInfo) -> Vec<NoteKind> {
    message.notes.iter().map(|note| note.kind).collect()
}

/// A daemon that asks its contacts all the time.
fn eager() -> EngineOptions {
    let mut options = EngineOptions::new(Mode::Daemon);
    options.members = MemberTimes {
        look: Duration::from_millis(20),
        compare_jitter: Duration::ZERO,
        want: Duration::from_millis(50),
        ..MemberTimes::default()
    };
    options
}

/// A daemon that asks nobody by itself.
fn patient() -> EngineOptions {
    let mut options = eager();
    options.members.look = Duration::from_secs(100_000);
    options
}

impl Person {
    async fn befriend(&self, other: &str, name: &str) {
        let command = Command::ContactAdd { address: other.to_owned(), name: Some(name.to_owned()) };
        self.call(command).await.unwrap();
    }

    /// The notes of a group's message with this text.
    async fn notes(&self, group: &str, text: &str) -> Vec<NoteKind> {
        let messages = self.messages(group).await;
        kinds(messages.iter().find(|message| message.text == text).expect("the message is here"))
    }

    /// Waits until a message has these notes.
    async fn until_noted(&self, group: &str, text: &str, wanted: &[NoteKind]) {
        let noted = |message: &MessageInfo| message.text == text && kinds(message) == wanted;
        crate::support::until("notes", async || self.messages(group).await.iter().any(noted)).await;
    }
}
