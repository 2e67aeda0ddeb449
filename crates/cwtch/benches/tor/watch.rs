//! A daemon, asked and listened to over its socket, so that no command's start is measured.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Person, Rpc};

/// How long anything may take. One look at the own address alone may take a minute before it is given up.
const PATIENCE: Duration = Duration::from_secs(240);

/// A daemon's socket: what it answers on one connection, what it tells on another.
pub(crate) struct Watch {
    questions: Rpc,
    events: Rpc,
}

impl Watch {
    /// Hears what happens from now on.
    pub(crate) fn of(person: &Person) -> Self {
        let [questions, mut events] = [person.rpc(), person.rpc()].map(|rpc| rpc.patient(PATIENCE));
        events.call(0, "subscribe", json!({}));
        Self { questions, events }
    }

    /// The result of a call that must succeed.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.questions.call(0, method, params);
        match answer.get("result") {
            Some(result) => result.clone(),
            None => panic!("{method}: {answer}"),
        }
    }

    /// Waits for an event of this name that says all of this.
    pub(crate) fn hears(&mut self, event: &str, saying: &[(&str, Value)]) {
        self.events.event(|told| is(told, "event", &event.into()) && says(told, saying));
    }

    /// Waits until the network carries streams.
    pub(crate) fn has_network(&mut self) {
        if self.ask("status", json!({})).pointer("/network_readiness/ready") != Some(&true.into()) {
            self.hears("network", &[("ready", true.into())]);
        }
    }

    /// Waits until the own address has answered.
    pub(crate) fn is_online(&mut self) {
        if !is(&self.ask("status", json!({})), "online", &true.into()) {
            self.hears("online", &[]);
        }
    }

    /// Adds a contact, and waits until there is an authenticated connection.
    pub(crate) fn meets(&mut self, other: &Person) {
        self.ask("contact.add", json!({"address": other.address}));
        let (address, phase) = (other.address.as_str().into(), "authenticated".into());
        self.hears("contact-connection", &[("address", address), ("phase", phase)]);
    }

    /// Sends a text, and waits for its acknowledgement.
    pub(crate) fn says(&mut self, to: &Person, text: &str) {
        let sent = self.ask("send", json!({"conversation": to.address, "text": text}));
        assert!(is(&sent, "state", &"acknowledged".into()), "{sent}");
    }
}

fn is(object: &Value, key: &str, value: &Value) -> bool {
    object.get(key) == Some(value)
}

fn says(told: &Value, saying: &[(&str, Value)]) -> bool {
    saying.iter().all(|(key, value)| is(told, key, value))
}
