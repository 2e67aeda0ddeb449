//! One person with an engine, as the tests of chat and of groups both need.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cwtch_client::api::{ApiError, Command, Event, MessageInfo, MessageState, Reply, Told};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Follower, Listener, Mode};
use cwtch_client::profile::{DataDir, Password, Profile, StorageError};
use cwtch_net::Network;
use cwtch_primitives::OsRng;
use tokio::time::timeout;

/// Only ends a test that hangs.
pub const HANG: Duration = Duration::from_secs(120);

/// `work`, or the end of a test that hangs.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(HANG, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Everything that a follower is told up to the end of what was stored before.
pub async fn caught_up(follower: &mut Follower) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        let next = soon("an event", follower.next()).await.unwrap().expect("the engine runs");
        if matches!(next.event, Event::CaughtUp { .. }) {
            return told;
        }
        told.push(next);
    }
}

/// The profile of this name below a directory, made if need be.
pub fn profile(dir: &Path, name: &str) -> Profile {
    let data = DataDir::open_or_create(dir.join("data")).unwrap();
    match data.open(name, &Password::None) {
        Err(StorageError::NoSuchProfile) => data.create(name, &Password::None, &mut OsRng).unwrap(),
        opened => opened.unwrap(),
    }
}

/// One running engine and what it has said so far.
pub struct Person {
    pub engine: EngineHandle,
    events: Listener,
    pub address: String,
}

impl Person {
    pub async fn start(profile: Profile, network: Arc<dyn Network>, mode: Mode) -> Self {
        Self::start_with(profile, network, EngineOptions::new(mode)).await
    }

    pub async fn start_with(profile: Profile, network: Arc<dyn Network>, options: EngineOptions) -> Self {
        let address = profile.address().to_string();
        let engine = engine::start(profile, network, options).await.unwrap();
        Self { events: engine.subscribe(), engine, address }
    }

    pub async fn call(&self, command: Command) -> Result<Reply, ApiError> {
        let mut outcome = soon("a command", self.engine.call(command)).await;
        // As whoever answers a person does.
        if let Ok(reply) = &mut outcome {
            crate::words::reply(reply);
        }
        outcome
    }

    pub async fn send(&self, to: &str, text: &str) -> Result<MessageInfo, ApiError> {
        self.send_as(to, text, None, None).await
    }

    pub async fn send_as(
        &self,
        to: &str,
        text: &str,
        timeout: Option<u64>,
        reply_to: Option<i64>,
    ) -> Result<MessageInfo, ApiError> {
        let command = Command::Send {
            conversation: to.to_owned(),
            text: text.to_owned(),
            timeout,
            reply_to,
            anyway: false,
        };
        match self.call(command).await? {
            Reply::Message(message) => Ok(message),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// Sends something that nobody confirms within so many seconds; why not.
    pub async fn queues(&self, to: &str, text: &str, seconds: Option<u64>) -> String {
        let message = self.send_as(to, text, seconds, None).await.unwrap();
        assert_eq!(message.state, MessageState::Queued);
        message.detail.expect("why it waits")
    }

    pub async fn messages(&self, with: &str) -> Vec<MessageInfo> {
        let command = Command::Messages {
            conversation: with.to_owned(),
            since: None,
            after: None,
            before: None,
            around: None,
            limit: None,
        };
        match self.call(command).await.unwrap() {
            Reply::Messages(messages) => messages,
            other => panic!("not messages: {other:?}"),
        }
    }

    pub async fn texts(&self, with: &str) -> Vec<String> {
        self.messages(with).await.into_iter().map(|m| m.text).collect()
    }

    /// The next event for which `pick` returns something.
    pub async fn event<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        soon(what, async {
            loop {
                let mut event = Event::clone(&*self.events.recv().await.expect("events go on"));
                crate::words::event(&mut event);
                if let Some(found) = pick(&event) {
                    return found;
                }
            }
        })
        .await
    }

    /// The next message from somebody else.
    pub async fn incoming(&mut self) -> MessageInfo {
        self.event("a message", |event| match event {
            Event::Message { message } if !message.own => Some(message.clone()),
            _ => None,
        })
        .await
    }

    pub async fn stop(self) {
        soon("the engine's end", self.engine.shutdown()).await;
    }
}
