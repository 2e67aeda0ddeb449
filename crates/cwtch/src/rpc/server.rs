//! The daemon's side: connections on the socket, each bounded in everything.

use std::sync::Arc;
use std::time::Duration;

use cwtch_client::api::Event;
use cwtch_client::engine::EngineHandle;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::lines::{LineError, Lines};
use super::protocol::{self, INTERFACE, Method, REQUEST_MAX, RpcError};
use super::socket::Socket;

/// Connections at a time; one more is told so and closed.
const CONNECTIONS_MAX: usize = 64;
/// Requests in flight on one connection; beyond that it is not read from.
const IN_FLIGHT_MAX: usize = 32;
/// What is still read, and how long, of a line that is too long: closing at once would take the answer away
/// from a client that is still writing.
const DISCARD_MAX: usize = 64 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// Lines that wait to be written to one connection.
const OUTBOX: usize = 64;

/// What every connection shares.
struct Shared {
    engine: EngineHandle,
    /// The answer to `version`.
    version: Value,
    stop: mpsc::Sender<()>,
}

/// Serves until a client asks for `shutdown` or the caller drops the future; then every connection ends.
pub(crate) async fn serve(
    socket: &Socket,
    engine: EngineHandle,
    profile: &str,
    address: &str,
    network: &str,
) {
    let (stop, mut stopped) = mpsc::channel(1);
    let version = json!({
        "program": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "interface": INTERFACE,
        "profile": profile, "address": address, "network": network,
    });
    let shared = Arc::new(Shared { engine, version, stop });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.recv() => return,
            Some(_) = connections.join_next() => {}
            accepted = socket.listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < CONNECTIONS_MAX => {
                    connections.spawn(connection(stream, shared.clone()));
                }
                Ok((stream, _)) => turn_away(stream),
                Err(error) => {
                    // Too many open files, for example: wait until some are closed.
                    tracing::warn!(%error, "cannot accept on the daemon's socket");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// Tells a connection too many that it is one, without waiting for it.
fn turn_away(stream: UnixStream) {
    let why = RpcError {
        code: -32000,
        message: format!("The daemon has {CONNECTIONS_MAX} connections already; close some."),
        kind: None,
    };
    let _ = stream.try_write(format!("{}\n", protocol::response(&Value::Null, &Err(why))).as_bytes());
}

async fn connection(stream: UnixStream, shared: Arc<Shared>) {
    let (reader, writer) = stream.into_split();
    let mut lines = Lines::new(reader, REQUEST_MAX);
    let (outbox, queue) = mpsc::channel(OUTBOX);
    let writing = tokio::spawn(write(writer, queue));
    let _stop_writing = AbortOnDrop(writing.abort_handle());

    let mut connection =
        Connection { shared: shared.clone(), outbox, requests: JoinSet::new(), subscription: None };
    let end = connection.read(&mut lines).await;

    // The client may have closed its side only: what it asked for is still answered, unless the daemon stops.
    let Connection { outbox, mut requests, subscription, .. } = connection;
    drop(subscription);
    drop(outbox);
    if end != End::Stop {
        while requests.join_next().await.is_some() {}
    }
    drop(requests);
    let _ = writing.await;
    match end {
        End::Stream => {}
        End::TooLong => {
            let _ = timeout(DISCARD_TIME, lines.discard(DISCARD_MAX)).await;
        }
        End::Stop => {
            let _ = shared.stop.try_send(());
        }
    }
}

/// Why a connection is read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closed it.
    Stream,
    /// It sent a line over the limit.
    TooLong,
    /// It asked the daemon to stop.
    Stop,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Connection {
    shared: Arc<Shared>,
    outbox: mpsc::Sender<String>,
    requests: JoinSet<()>,
    subscription: Option<AbortOnDrop>,
}

impl Connection {
    /// Reads requests until there is no next one.
    async fn read(&mut self, lines: &mut Lines<OwnedReadHalf>) -> End {
        let room = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        loop {
            // Only with room for an answer is there a next question. The semaphore is never closed.
            let Ok(permit) = room.clone().acquire_owned().await else { return End::Stream };
            let line = match lines.next().await {
                Ok(Some(line)) => line,
                Ok(None) | Err(LineError::Io(_)) => return End::Stream,
                Err(too_long @ LineError::TooLong(_)) => {
                    let error = RpcError::parse(format!("Refused: {too_long}. The connection is closed."));
                    self.answer(&Value::Null, Err(error)).await;
                    return End::TooLong;
                }
            };
            while self.requests.try_join_next().is_some() {}
            let request = match protocol::parse(&line) {
                Ok(request) => request,
                Err((id, error)) => {
                    self.answer(&id, Err(error)).await;
                    continue;
                }
            };
            let id = request.id;
            let stop = request.method == Method::Shutdown;
            let result = match request.method {
                Method::Command(command) => {
                    let (shared, outbox) = (self.shared.clone(), self.outbox.clone());
                    self.requests.spawn(async move {
                        let outcome =
                            shared.engine.call(*command).await.map_err(RpcError::from).and_then(|reply| {
                                serde_json::to_value(reply).map_err(|e| RpcError::parse(e.to_string()))
                            });
                        if let Some(id) = id {
                            let _ = outbox.send(protocol::response(&id, &outcome)).await;
                        }
                        drop(permit);
                    });
                    continue;
                }
                Method::Ping => json!("pong"),
                Method::Version => self.shared.version.clone(),
                Method::Subscribe => {
                    // A second time changes nothing; events from before the answer on arrive.
                    if self.subscription.is_none() {
                        self.subscription = Some(self.subscribe());
                    }
                    json!({})
                }
                Method::Unsubscribe => {
                    self.subscription = None;
                    json!({})
                }
                Method::Shutdown => json!({}),
            };
            if let Some(id) = id {
                self.answer(&id, Ok(result)).await;
            }
            if stop {
                return End::Stop;
            }
        }
    }

    async fn answer(&self, id: &Value, outcome: Result<Value, RpcError>) {
        let _ = self.outbox.send(protocol::response(id, &outcome)).await;
    }

    fn subscribe(&self) -> AbortOnDrop {
        let mut events = self.shared.engine.subscribe();
        let outbox = self.outbox.clone();
        let task = tokio::spawn(async move {
            loop {
                // A client that reads slowly fills the outbox, this task falls behind, and hears how far.
                let line = match events.recv().await {
                    Ok(event) => protocol::notification(&event),
                    Err(RecvError::Lagged(count)) => protocol::notification(&Event::Missed { count }),
                    Err(RecvError::Closed) => return,
                };
                if outbox.send(line).await.is_err() {
                    return;
                }
            }
        });
        AbortOnDrop(task.abort_handle())
    }
}

/// Writes what is queued, and flushes when nothing more waits.
async fn write(writer: OwnedWriteHalf, mut queue: mpsc::Receiver<String>) {
    let mut writer = BufWriter::new(writer);
    while let Some(line) = queue.recv().await {
        let mut line = Some(line);
        while let Some(mut text) = line {
            text.push('\n');
            if writer.write_all(text.as_bytes()).await.is_err() {
                return;
            }
            line = queue.try_recv().ok();
        }
        if writer.flush().await.is_err() {
            return;
        }
    }
}
