//! Doors of a daemon: sockets on which somebody is waited for.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::rpc::socket::Socket;

/// Pause after the system refused a connection: for too many open files, say.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody who connected.
pub(crate) struct Arrival {
    pub(crate) stream: UnixStream,
    /// The profile behind whose door they came.
    pub(crate) door: Option<Arc<str>>,
}

/// A socket on which somebody is waited for. Dropped, it is gone, and those who came through it stay.
pub(crate) struct Door {
    _socket: Socket,
    _waiting: AbortOnDropHandle<()>,
}

impl Door {
    /// Hands over whoever comes, one at a time: the next ones wait in the socket's queue.
    pub(crate) fn open(socket: Socket, profile: Option<Arc<str>>, arrivals: mpsc::Sender<Arrival>) -> Self {
        let listener = socket.listener();
        let waiting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        if arrivals.send(Arrival { stream, door: profile.clone() }).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept on the daemon's socket");
                        sleep(PAUSE).await;
                    }
                }
            }
        });
        Self { _socket: socket, _waiting: AbortOnDropHandle::new(waiting) }
    }
}
