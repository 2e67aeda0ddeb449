//! A client's half of a connection: lines that ask, and what the lines that come say.

use serde::Serialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{CONNECTION_METHODS, RpcError};
use crate::{Command, Heard, HostCommand, Reply};

/// A client's side of a connection, without its socket. The client writes the lines that it gets here, and gives each line
/// that it reads to [`Caller::take`].
#[derive(Debug, Default)]
pub struct Caller {
    last_id: u64,
    /// The profile that requests name.
    profile: Option<String>,
}

/// A line from a daemon, as it concerns the request that was made last.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The answer to it: its result, or the daemon's refusal.
    Answer(Result<Value, RpcError>),
    /// The daemon refuses the connection as a whole, and closes it.
    Refused(RpcError),
    /// An event.
    Event(Box<Heard>),
    /// The answer to an earlier request, or something of a newer daemon; not for us.
    Other,
}

/// A line that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// A daemon's line that is not JSON.
    #[error("the daemon answered with something that is not JSON")]
    NotJson,
    /// A command that cannot be written as JSON.
    #[error("the command cannot be written as JSON: {0}")]
    Command(serde_json::Error),
    /// A result that is no reply to the command.
    #[error("the daemon answered in a form that this version does not know")]
    Reply(serde_json::Error),
}

impl Caller {
    /// A client whose requests name a profile. Others mean the one of their connection, or the only one that is open.
    pub fn of(profile: impl Into<String>) -> Self {
        Self { profile: Some(profile.into()), ..Self::default() }
    }

    /// A client whose last request had a number.
    #[cfg(test)]
    pub(super) fn after(last_id: u64) -> Self {
        Self { last_id, ..Self::default() }
    }

    /// A line that asks for a command.
    ///
    /// # Errors
    /// [`LineFault::Command`].
    pub fn command(&mut self, command: &Command) -> Result<String, LineFault> {
        let value = serde_json::to_value(command).map_err(LineFault::Command)?;
        let Value::Object(object) = value else { return Err(LineFault::NotJson) };
        Ok(self.line(object))
    }

    /// A line that asks for something that is done with a profile as a whole. It may hold a password.
    ///
    /// # Errors
    /// [`LineFault::Command`].
    pub fn host(&mut self, command: &HostCommand) -> Result<Zeroizing<String>, LineFault> {
        #[derive(Serialize)]
        struct Line<'a> {
            jsonrpc: &'static str,
            id: u64,
            #[serde(flatten)]
            command: &'a HostCommand,
        }
        self.last_id += 1;
        let line = serde_json::to_string(&Line { jsonrpc: "2.0", id: self.last_id, command });
        line.map(Zeroizing::new).map_err(LineFault::Command)
    }

    /// A request's line, with the profile where one is meant.
    fn line(&mut self, mut request: Map<String, Value>) -> String {
        self.last_id += 1;
        request.insert("jsonrpc".to_owned(), json!("2.0"));
        request.insert("id".to_owned(), json!(self.last_id));
        if let Some(profile) = &self.profile {
            let params = request.entry("params").or_insert_with(|| json!({}));
            if let Some(params) = params.as_object_mut() {
                params.insert("profile".to_owned(), json!(profile));
            }
        }
        Value::Object(request).to_string()
    }

    /// A line that asks for one of the [connection's own methods](CONNECTION_METHODS).
    pub fn plain(&mut self, method: &str) -> String {
        debug_assert!(CONNECTION_METHODS.contains(&method));
        self.last_id += 1;
        json!({"jsonrpc": "2.0", "id": self.last_id, "method": method}).to_string()
    }

    /// A line that asks for events, after a change with a number or from now on.
    pub fn subscribe(&mut self, after: Option<i64>) -> String {
        let mut request = Map::new();
        request.insert("method".to_owned(), json!("subscribe"));
        if let Some(after) = after {
            request.insert("params".to_owned(), json!({"after": after}));
        }
        self.line(request)
    }

    /// Reads a line from the daemon.
    ///
    /// # Errors
    /// [`LineFault::NotJson`].
    pub fn take(&self, line: &[u8]) -> Result<Incoming, LineFault> {
        let (id, incoming) = Self::hear(line)?;
        // Without an id it is about no request.
        Ok(if id.is_none_or(|id| id == self.last_id) { incoming } else { Incoming::Other })
    }

    /// Number of the request that was made last.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Content of a line, for a client that waits for several answers at once: an answer comes with the number of its request.
    ///
    /// # Errors
    /// [`LineFault::NotJson`].
    pub fn hear(line: &[u8]) -> Result<(Option<u64>, Incoming), LineFault> {
        let mut value: Value = serde_json::from_slice(line).map_err(|_| LineFault::NotJson)?;
        if value.get("method").and_then(Value::as_str) == Some("event") {
            let params = value.get_mut("params").map(Value::take).unwrap_or_default();
            return Ok(match serde_json::from_value(params) {
                Ok(heard) => (None, Incoming::Event(Box::new(heard))),
                Err(_) => (None, Incoming::Other),
            });
        }
        let refusal = value.get("error").map(refusal);
        let Some(id) = value.get("id").and_then(Value::as_u64) else {
            return Ok((None, refusal.map_or(Incoming::Other, Incoming::Refused)));
        };
        let outcome = match refusal {
            None => Ok(value.get_mut("result").map(Value::take).unwrap_or_default()),
            Some(refusal) => Err(refusal),
        };
        Ok((Some(id), Incoming::Answer(outcome)))
    }

    /// The typed reply in the result of a command.
    ///
    /// # Errors
    /// [`LineFault::Reply`].
    pub fn reply(command: &Command, result: Value) -> Result<Reply, LineFault> {
        Reply::from_json(command, result).map_err(LineFault::Reply)
    }
}

fn refusal(error: &Value) -> RpcError {
    let text = |pointer| error.pointer(pointer).and_then(Value::as_str);
    let message = text("/message").unwrap_or("The daemon refused and gave no reason.");
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let mut data = error.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    data.remove("kind");
    RpcError { kind: text("/data/kind").map(str::to_owned), data, ..RpcError::new(code, message) }
}
