//! The objects of JSON-RPC 2.0 as this daemon speaks it, without any socket.

use cwtch_client::api::{ApiError, Command, ErrorKind, Event};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, data_of, kind_name};

/// Longest line that the daemon reads, in bytes.
pub(crate) const REQUEST_MAX: usize = 1 << 20;
/// Longest line that a client reads, in bytes: a reply may hold a thousand messages.
pub(crate) const REPLY_MAX: usize = 1 << 26;
/// The kind of trouble of a client that found no place at the daemon.
pub(crate) const BUSY: &str = "busy";
/// Version of this interface: counts changes that break a client.
pub(crate) const INTERFACE: u64 = 1;

/// Every method: those of [`Command`], then those of the connection itself.
const CONNECTION_METHODS: [&str; 5] = ["ping", "version", "subscribe", "unsubscribe", "shutdown"];

/// A request that can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// `None` for a notification: it is carried out and not answered.
    pub(crate) id: Option<Value>,
    pub(crate) method: Method,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Method {
    /// Something that the engine does.
    Command(Box<Command>),
    /// Answers `"pong"`.
    Ping,
    /// Answers program, version, interface, profile, address and network.
    Version,
    /// From now on events arrive as notifications.
    Subscribe,
    /// No more events.
    Unsubscribe,
    /// Stops the daemon.
    Shutdown,
}

/// A refusal on the level of JSON-RPC or of the engine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// The kind of trouble, where it has a name.
    pub(crate) kind: Option<String>,
    /// What programs want beside that, see [`data_of`].
    pub(crate) data: Map<String, Value>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), kind: None, data: Map::new() }
    }

    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// The daemon has too much to do with for this; it may be asked again.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self { kind: Some(BUSY.to_owned()), ..Self::new(-32000, message) }
    }

    /// A fault of this program.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(-32603, message)
    }

    fn method_not_found(method: &str) -> Self {
        // A name from outside goes back only as far as it is short.
        let shown: String = method.chars().take(40).collect();
        Self::new(-32601, format!("There is no method {shown:?}; docs/json-rpc.md lists them."))
    }

    fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }
}

impl From<ApiError> for RpcError {
    fn from(error: ApiError) -> Self {
        let code = match error.kind {
            ErrorKind::Usage => 1,
            ErrorKind::NotFound => 2,
            ErrorKind::Refused => 3,
            ErrorKind::Unreachable => 4,
            ErrorKind::Protocol => 5,
            ErrorKind::Storage => 6,
            ErrorKind::Closed => 7,
            _ => 8,
        };
        let (kind, data) = (Some(kind_name(error.kind)), data_of(&error));
        Self { code, message: error.message, kind, data }
    }
}

/// Reads one line.
///
/// # Errors
/// What to answer, with the id as far as it could be read.
pub(crate) fn parse(line: &[u8]) -> Result<Request, (Value, RpcError)> {
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
    match method(&object) {
        Ok(method) => Ok(Request { id, method }),
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

fn method(object: &Map<String, Value>) -> Result<Method, RpcError> {
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(RpcError::invalid_request("This is not JSON-RPC 2.0: \"jsonrpc\":\"2.0\" is missing."));
    }
    let name = object
        .get("method")
        .and_then(Value::as_str)
        .ok_or_else(|| RpcError::invalid_request("The method is missing or is not a string."))?;
    let params = match object.get("params") {
        None => None,
        Some(Value::Object(params)) if params.is_empty() => None,
        Some(Value::Array(params)) if params.is_empty() => None,
        Some(params @ (Value::Object(_) | Value::Array(_))) => Some(params),
        Some(_) => return Err(RpcError::invalid_request("The params must be an object or an array.")),
    };
    let own = match name {
        "ping" => Method::Ping,
        "version" => Method::Version,
        "subscribe" => Method::Subscribe,
        "unsubscribe" => Method::Unsubscribe,
        "shutdown" => Method::Shutdown,
        _ => return command(name, params).map(|command| Method::Command(Box::new(command))),
    };
    if params.is_some() {
        return Err(RpcError::invalid_params(format!("The method {name} takes no params.")));
    }
    Ok(own)
}

fn command(name: &str, params: Option<&Value>) -> Result<Command, RpcError> {
    let refused = |e: serde_json::Error| {
        let why = e.to_string();
        if why.starts_with("unknown variant") {
            RpcError::method_not_found(name)
        } else {
            RpcError::invalid_params(format!("The params of {name} do not fit: {why}."))
        }
    };
    if let Some(params) = params {
        return serde_json::from_value(json!({"method": name, "params": params})).map_err(refused);
    }
    // A method without parameters, else one whose parameters may all be left out.
    serde_json::from_value(json!({"method": name}))
        .or_else(|_| serde_json::from_value(json!({"method": name, "params": {}})))
        .map_err(refused)
}

/// A line that asks for `command`.
pub(crate) fn request(id: u64, command: &Command) -> Result<String, Fault> {
    let value = serde_json::to_value(command).map_err(|e| Fault::internal(format!("{e}.")))?;
    let Value::Object(mut object) = value else {
        return Err(Fault::internal("A command is not a JSON object."));
    };
    object.insert("jsonrpc".to_owned(), json!("2.0"));
    object.insert("id".to_owned(), json!(id));
    Ok(Value::Object(object).to_string())
}

/// A line that asks for one of the connection's own methods.
pub(crate) fn plain_request(id: u64, method: &str) -> String {
    debug_assert!(CONNECTION_METHODS.contains(&method));
    json!({"jsonrpc": "2.0", "id": id, "method": method}).to_string()
}

/// A line that answers.
pub(crate) fn response(id: &Value, outcome: &Result<Value, RpcError>) -> String {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => {
            let mut object = json!({"code": error.code, "message": error.message});
            if let (Some(kind), Some(object)) = (&error.kind, object.as_object_mut()) {
                let mut data = error.data.clone();
                data.insert("kind".to_owned(), json!(kind));
                object.insert("data".to_owned(), data.into());
            }
            json!({"jsonrpc": "2.0", "id": id, "error": object})
        }
    }
    .to_string()
}

/// A line that tells of an event.
pub(crate) fn notification(event: &Event) -> String {
    json!({"jsonrpc": "2.0", "method": "event", "params": event}).to_string()
}

/// What a client reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Incoming {
    /// The answer to the request with this id.
    Response {
        /// The request's id.
        id: u64,
        /// Its result, or the daemon's refusal.
        outcome: Result<Value, Fault>,
    },
    /// The daemon refuses the connection as a whole, and closes it.
    Refused(Fault),
    /// An event.
    Event(Box<Event>),
    /// Something of a newer daemon; not for us.
    Other,
}

/// Reads a line from the daemon.
///
/// # Errors
/// If it is not JSON.
pub(crate) fn parse_incoming(line: &[u8]) -> Result<Incoming, Fault> {
    let mut value: Value = serde_json::from_slice(line)
        .map_err(|_| Fault::internal("The daemon answered with something that is not JSON."))?;
    if value.get("method").and_then(Value::as_str) == Some("event") {
        let params = value.get_mut("params").map(Value::take).unwrap_or_default();
        return Ok(match serde_json::from_value(params) {
            Ok(event) => Incoming::Event(Box::new(event)),
            Err(_) => Incoming::Other,
        });
    }
    let fault = value.get("error").map(fault_of);
    let Some(id) = value.get("id").and_then(Value::as_u64) else {
        return Ok(fault.map_or(Incoming::Other, Incoming::Refused));
    };
    let outcome = match fault {
        None => Ok(value.get_mut("result").map(Value::take).unwrap_or_default()),
        Some(fault) => Err(fault),
    };
    Ok(Incoming::Response { id, outcome })
}

fn fault_of(error: &Value) -> Fault {
    let text = |pointer| error.pointer(pointer).and_then(Value::as_str);
    let message = text("/message").unwrap_or("The daemon refused and gave no reason.");
    let code = error.get("code").and_then(Value::as_i64);
    let usage = if code == Some(-32602) { "usage" } else { "internal" };
    let mut data = error.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    data.remove("kind");
    Fault { data, ..Fault::new(text("/data/kind").unwrap_or(usage), message) }
}

#[cfg(test)]
mod tests;
