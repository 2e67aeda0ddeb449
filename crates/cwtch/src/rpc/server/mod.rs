//! The daemon's side: connections on the socket, each bounded in everything.

mod admission;
mod connection;
mod order;
mod seat;

use std::sync::Arc;
use std::time::Duration;

use cwtch_api::rpc::INTERFACE;
use cwtch_client::engine::EngineHandle;
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::admission::Verdict;
use self::seat::{Seat, Seats};
use super::socket::Socket;

/// Time that connections may take to hear the last answers when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// State that every connection shares.
struct Shared {
    engine: EngineHandle,
    /// The answer to `version`.
    version: Value,
    seats: Arc<Seats>,
    /// Somebody asked the daemon to stop.
    stop: Notify,
    /// The daemon stops: nothing more is read.
    closing: CancellationToken,
}

/// The daemon's half of all conversations.
pub(crate) struct Server {
    shared: Arc<Shared>,
    connections: JoinSet<()>,
}

impl Server {
    pub(crate) fn new(engine: EngineHandle, profile: &str, address: &str, network: &str) -> Self {
        let version = json!({
            "program": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "interface": INTERFACE,
            "profile": profile, "address": address, "network": network,
        });
        let shared = Shared {
            engine,
            version,
            seats: Arc::default(),
            stop: Notify::new(),
            closing: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared), connections: JoinSet::new() }
    }

    /// Serves until a client asks for `shutdown`. May be dropped and called again.
    pub(crate) async fn serve(&mut self, socket: &Socket) {
        loop {
            tokio::select! {
                () = self.shared.stop.notified() => return,
                Some(_) = self.connections.join_next() => {}
                accepted = socket.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        if self.admit(stream).await.is_none() {
                            return;
                        }
                    }
                    Err(error) => {
                        // Too many open files, for example: wait until some are closed.
                        tracing::warn!(%error, "cannot accept on the daemon's socket");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            }
        }
    }

    /// Finds a place for a newcomer; the next ones wait in the socket's queue meanwhile. `None` if the daemon is to
    /// stop.
    async fn admit(&mut self, stream: UnixStream) -> Option<()> {
        loop {
            let freed = self.shared.seats.freed();
            match self.shared.seats.knock() {
                Verdict::Come => break,
                Verdict::Instead(gone) => {
                    gone.cancel();
                    break;
                }
                Verdict::Later(at) => tokio::select! {
                    () = freed => {}
                    () = sleep_until(at) => {}
                    () = self.shared.stop.notified() => return None,
                },
            }
            while self.connections.try_join_next().is_some() {}
        }
        let seat = Seat::take(&self.shared.seats, Instant::now());
        self.connections.spawn(connection::run(stream, self.shared.clone(), seat));
        Some(())
    }

    /// From now on nothing is read. What was asked for goes on.
    pub(crate) fn close(&self) {
        self.shared.closing.cancel();
    }

    /// Gives connections a while to hear what the engine said last.
    pub(crate) async fn finish(mut self) {
        let all = async { while self.connections.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, all).await;
    }
}
