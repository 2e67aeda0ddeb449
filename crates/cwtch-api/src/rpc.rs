//! The objects of JSON-RPC 2.0 as a daemon and its clients speak it, one on each line, without any socket.
//!
//! A daemon reads with [`parse`] and writes with [`response`] and [`notification`]; a client has a [`Caller`].
//! docs/json-rpc.md describes all of it for programs that are not written in Rust.

mod caller;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub use self::caller::{Caller, Incoming, LineFault};
use crate::{ApiError, Command, HostCommand, Reply, Told};

/// Longest line that the daemon reads, in bytes.
pub const REQUEST_MAX: usize = 1 << 20;
/// Longest line that a client reads, in bytes: a reply may hold a thousand messages.
pub const REPLY_MAX: usize = 1 << 26;
/// The kind of trouble of a client that found no place at the daemon.
pub const BUSY: &str = "busy";
/// Version of this interface: counts changes that break a client.
pub const INTERFACE: u64 = 2;

/// JSON-RPC's number for params that do not fit.
const INVALID_PARAMS: i64 = -32602;

/// The methods of the connection itself; all others are those of [`Command`] and [`HostCommand`].
pub const CONNECTION_METHODS: [&str; 5] = ["ping", "version", "subscribe", "unsubscribe", "shutdown"];

/// A request that can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `None` for a notification: it is carried out and not answered.
    pub id: Option<Value>,
    /// The profile that it is about, where one is named.
    pub profile: Option<String>,
    /// Method with its arguments.
    pub method: Method,
}

/// Method of a request, with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Something that the engine does.
    Command(Box<Command>),
    /// Something that is done with a profile as a whole.
    Host(Box<HostCommand>),
    /// Answers `"pong"`.
    Ping,
    /// Answers program, version, interface, network, and which profiles are open.
    Version,
    /// Has events of a profile arrive as notifications from now on.
    Subscribe {
        /// Number of the change after which all changes are told first.
        after: Option<i64>,
    },
    /// Ends the events of one profile, or of any.
    Unsubscribe,
    /// Stops the daemon.
    Shutdown,
}

/// A refusal on the level of JSON-RPC or of the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// JSON-RPC's number for it.
    pub code: i64,
    /// The sentence.
    pub message: String,
    /// The kind of trouble, where it has a name.
    pub kind: Option<String>,
    /// Its values for programs, see [`ApiError::data`].
    pub data: Map<String, Value>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), kind: None, data: Map::new() }
    }

    /// A line that is not JSON.
    pub fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    /// JSON that is no request.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// The refusal of a daemon that has too much to do; it may be asked again.
    pub fn busy(message: impl Into<String>) -> Self {
        Self { kind: Some(BUSY.to_owned()), ..Self::new(-32000, message) }
    }

    /// A fault of this program.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(-32603, message)
    }

    fn method_not_found(method: &str) -> Self {
        // A name from outside goes back only as far as it is short.
        let shown: String = method.chars().take(40).collect();
        Self::new(-32601, format!("There is no method {shown:?}; docs/json-rpc.md lists them."))
    }

    /// True if the params do not fit.
    pub fn is_invalid_params(&self) -> bool {
        self.code == INVALID_PARAMS
    }

    fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }
}

impl RpcError {
    /// The refusal of an engine, in the words of whoever answers.
    pub fn refused(error: &ApiError, message: impl Into<String>) -> Self {
        let (code, kind) = (error.kind().code(), error.kind().name().to_owned());
        Self { code, message: message.into(), kind: Some(kind), data: error.data() }
    }
}

/// Reads one line.
///
/// # Errors
/// The answer to give, with the id as far as it could be read.
pub fn parse(line: &[u8]) -> Result<Request, (Value, RpcError)> {
    let value: Value = serde_json::from_slice(line).map_err(|e| {
        (id_of(line), RpcError::parse(format!("This line is not JSON that can be read: {e}.")))
    })?;
    let Value::Object(mut object) = value else {
        let what = if value.is_array() { "Batches are not supported: send" } else { "Not a request: send" };
        return Err((Value::Null, RpcError::invalid_request(format!("{what} one object per line."))));
    };
    let id = object.remove("id");
    let answer_to = match &id {
        None => Value::Null,
        Some(id @ (Value::Null | Value::String(_) | Value::Number(_))) => id.clone(),
        Some(_) => {
            let error = RpcError::invalid_request("The id must be a string, a number or null.");
            return Err((Value::Null, error));
        }
    };
    match method(object) {
        Ok((profile, method)) => Ok(Request { id, profile, method }),
        Err(error) => Err((answer_to, error)),
    }
}

/// The id of a request that cannot be read as a whole, as far as it can be told: its strings may be halves of
/// characters, which are JSON and yet no text.
fn id_of(line: &[u8]) -> Value {
    #[derive(serde::Deserialize)]
    struct Id {
        id: Value,
    }
    match serde_json::from_slice(line) {
        Ok(Id { id: id @ (Value::String(_) | Value::Number(_)) }) => id,
        _ => Value::Null,
    }
}

/// The profile that is named, and the method.
fn method(mut object: Map<String, Value>) -> Result<(Option<String>, Method), RpcError> {
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(RpcError::invalid_request("This is not JSON-RPC 2.0: \"jsonrpc\":\"2.0\" is missing."));
    }
    let Some(Value::String(name)) = object.remove("method") else {
        return Err(RpcError::invalid_request("The method is missing or is not a string."));
    };
    let mut params = match object.remove("params") {
        None => None,
        Some(Value::Array(params)) if params.is_empty() => None,
        Some(params @ (Value::Object(_) | Value::Array(_))) => Some(params),
        Some(_) => return Err(RpcError::invalid_request("The params must be an object or an array.")),
    };
    // Theirs is a parameter of this name that says what is done, and not on whose behalf.
    if HostCommand::METHODS.contains(&name.as_str()) {
        let command: HostCommand = read(&name, Some(params.unwrap_or_else(|| json!({}))))?;
        return Ok((None, Method::Host(Box::new(command))));
    }
    let profile = match params.as_mut().and_then(Value::as_object_mut).and_then(|all| all.remove("profile")) {
        None | Some(Value::Null) => None,
        Some(Value::String(label)) => Some(label),
        Some(_) => return Err(RpcError::invalid_params("The profile must be a string.")),
    };
    let params = params.filter(|params| !matches!(params, Value::Object(all) if all.is_empty()));
    let own = match name.as_str() {
        "subscribe" => return subscribe(params).map(|method| (profile, method)),
        "unsubscribe" => Method::Unsubscribe,
        "ping" => Method::Ping,
        "version" => Method::Version,
        "shutdown" => Method::Shutdown,
        _ => return command(&name, params).map(|command| (profile, Method::Command(Box::new(command)))),
    };
    if params.is_some() || profile.is_some() && own != Method::Unsubscribe {
        return Err(RpcError::invalid_params(format!("The method {name} takes no params.")));
    }
    Ok((profile, own))
}

fn subscribe(params: Option<Value>) -> Result<Method, RpcError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        #[serde(default)]
        after: Option<i64>,
    }
    let Some(params) = params else { return Ok(Method::Subscribe { after: None }) };
    let refused = |why| RpcError::invalid_params(format!("The params of subscribe do not fit: {why}."));
    match serde_json::from_value(params) {
        Ok(Params { after: after @ (None | Some(0..)) }) => Ok(Method::Subscribe { after }),
        Ok(_) => Err(refused("after must not be negative".to_owned())),
        Err(why) => Err(refused(why.to_string())),
    }
}

fn command(name: &str, params: Option<Value>) -> Result<Command, RpcError> {
    if params.is_some() {
        return read(name, params);
    }
    // A method without parameters, else one whose parameters may all be left out.
    read(name, None).or_else(|_| read(name, Some(json!({}))))
}

/// A method with its parameters as what it asks for.
fn read<T: DeserializeOwned>(name: &str, params: Option<Value>) -> Result<T, RpcError> {
    let mut object = Map::new();
    object.insert("method".to_owned(), name.into());
    if let Some(params) = params {
        object.insert("params".to_owned(), params);
    }
    serde_json::from_value(Value::Object(object)).map_err(|e| {
        let why = e.to_string();
        if why.starts_with("unknown variant") {
            RpcError::method_not_found(name)
        } else {
            RpcError::invalid_params(format!("The params of {name} do not fit: {why}."))
        }
    })
}

/// A daemon's answer that is no refusal.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The engine's reply.
    Reply(Box<Reply>),
    /// The answer to one of the connection's own methods.
    Plain(Value),
}

impl Answer {
    /// The answer that says only that it is done.
    pub fn done() -> Self {
        Self::Plain(json!({}))
    }
}

/// Writes the line that answers a request, on behalf of a profile where one was concerned.
pub fn response(id: &Value, profile: Option<&str>, outcome: &Result<Answer, RpcError>) -> String {
    match outcome {
        Ok(Answer::Reply(reply)) => result(id, profile, reply),
        Ok(Answer::Plain(value)) => result(id, profile, value),
        Err(error) => refused(id, profile, error),
    }
}

fn result(id: &Value, profile: Option<&str>, result: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Line<'a, T> {
        id: &'a Value,
        jsonrpc: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        profile: Option<&'a str>,
        result: &'a T,
    }
    serde_json::to_string(&Line { id, jsonrpc: "2.0", profile, result }).unwrap_or_else(|e| {
        refused(id, profile, &RpcError::internal(format!("The answer cannot be written: {e}.")))
    })
}

fn refused(id: &Value, profile: Option<&str>, error: &RpcError) -> String {
    let mut object = json!({"code": error.code, "message": error.message});
    if let (Some(kind), Some(object)) = (&error.kind, object.as_object_mut()) {
        let mut data = error.data.clone();
        data.insert("kind".to_owned(), json!(kind));
        object.insert("data".to_owned(), data.into());
    }
    let mut line = json!({"jsonrpc": "2.0", "id": id, "error": object});
    if let (Some(profile), Some(line)) = (profile, line.as_object_mut()) {
        line.insert("profile".to_owned(), profile.into());
    }
    line.to_string()
}

/// Writes the line that tells of an event of a profile.
pub fn notification(profile: &str, told: &Told) -> String {
    #[derive(Serialize)]
    struct Params<'a> {
        profile: &'a str,
        #[serde(flatten)]
        told: &'a Told,
    }
    json!({"jsonrpc": "2.0", "method": "event", "params": Params { profile, told }}).to_string()
}

#[cfg(test)]
mod tests;
