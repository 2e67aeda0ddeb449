//! The daemon's side: connections on its sockets, each bounded in everything.

mod admission;
mod connection;
mod order;
mod seat;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::admission::Verdict;
use self::seat::{Seat, Seats};
use crate::daemon::accounts::Accounts;
use crate::daemon::door::Arrival;

/// Time that connections may take to hear the last answers when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// State that every connection shares.
struct ServerShared {
    accounts: Arc<Accounts>,
    /// The network's full name.
    network: String,
    seats: Arc<Seats>,
    /// Somebody asked the daemon to stop.
    stop: Notify,
    /// The daemon stops: nothing more is read.
    closing: CancellationToken,
}

/// The daemon's half of all conversations.
pub(crate) struct Server {
    shared: Arc<ServerShared>,
    connections: JoinSet<()>,
}

impl Server {
    pub(crate) fn new(accounts: Arc<Accounts>, network: &str) -> Self {
        let shared = ServerShared {
            accounts,
            network: network.to_owned(),
            seats: Arc::default(),
            stop: Notify::new(),
            closing: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared), connections: JoinSet::new() }
    }

    /// Serves whoever comes until a client asks for `shutdown`.
    pub(crate) async fn serve(&mut self, arrivals: &mut mpsc::Receiver<Arrival>) {
        loop {
            tokio::select! {
                () = self.shared.stop.notified() => return,
                Some(_) = self.connections.join_next() => {}
                Some(arrival) = arrivals.recv() => {
                    if self.admit(arrival).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Finds a place for a newcomer; the next ones wait in their socket's queue meanwhile. `None` if the daemon is to
    /// stop.
    async fn admit(&mut self, arrival: Arrival) -> Option<()> {
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
        self.connections.spawn(connection::run(arrival, self.shared.clone(), seat));
        Some(())
    }

    /// Stops reading. What was asked for goes on.
    pub(crate) fn close(&self) {
        self.shared.closing.cancel();
    }

    /// Gives connections a while to hear what the engine said last.
    pub(crate) async fn finish(mut self) {
        let all = async { while self.connections.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, all).await;
    }
}
