//! The task of one authenticated connection: moves payloads between the network and its session.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use cwtch_net::{Allowance, ConnError, SecureConnection};
use tokio::time::{Instant, sleep_until, timeout};

use super::limits::{BURST, EACH};
use super::session::{End, PeerSession};
use super::shared::PeerShared;
use super::slot::{Ended, PeerHandle};
use crate::api::{Event, NameInfo, Problem};
use crate::engine::info::person_info;
use crate::profile::StorageError;

/// Time that an ending connection may take to write out what is queued.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves a connection until either side, the registry or the engine ends it. `first` has been read from it already.
pub(super) async fn run(
    shared: Arc<PeerShared>,
    mut connection: SecureConnection,
    handle: Arc<PeerHandle>,
    first: Option<Vec<u8>>,
) {
    let peer = *connection.peer();
    let mut session = PeerSession::new(shared.clone(), peer, handle.clone());
    let ended = tokio::select! {
        ended = serve(&mut connection, &mut session, &handle, first) => ended,
        () = handle.outlived() => Ok(()),
        () = handle.close.cancelled() => Ok(()),
        () = shared.context.shutdown.cancelled() => Ok(()),
    };
    let ended = match ended {
        Ok(()) => {
            let _ = timeout(FAREWELL, connection.close()).await;
            Ended::Cleanly
        }
        Err(end) => {
            tracing::debug!(%end, "a connection with a peer ended");
            Ended::Badly(Problem::ConnectionFailed { detail: end.to_string() })
        }
    };
    handle.close.cancel();
    // Before the dialler asks how long ago that was.
    session.farewell().await;
    if shared.registry.leave(&peer, &handle, ended) {
        let gone = move |who| Event::ContactOffline { address: peer.to_string(), who };
        let (teller, event) = (shared.context.clone(), gone);
        let told = shared.context.store.run(move |profile| {
            teller.emit(event(person_info(profile, &peer)?));
            Ok::<_, StorageError>(())
        });
        // The engine may be stopping; that somebody went away is told all the same.
        if told.await.is_err() {
            shared.context.emit(gone(NameInfo::default()));
        }
    }
}

async fn serve(
    connection: &mut SecureConnection,
    session: &mut PeerSession,
    handle: &PeerHandle,
    first: Option<Vec<u8>>,
) -> Result<(), End> {
    let mut allowance = Allowance::new(BURST, EACH);
    session.open().await?;
    if let Some(payload) = first {
        session.handle(&payload).await?;
    }
    loop {
        while connection.has_room()
            && let Some(payload) = session.poll_send(connection.is_drained())
        {
            connection.queue(&payload)?;
        }
        tokio::select! {
            received = receive_or_room(connection, session) => match received? {
                Some(Some(payload)) => {
                    session.handle(&payload).await?;
                    allowance.charge(1, Instant::now());
                    if let Some(opens) = allowance.opens(Instant::now()) {
                        sleep_until(opens).await;
                    }
                }
                Some(None) => return Ok(()),
                None => {}
            },
            () = handle.flush.notified() => session.fill().await?,
            () = handle.probe.notified() => session.probe()?,
            () = sleep_until(session.deadline()) => session.tick().await?,
        }
    }
}

/// The next payload (`Some(None)` at the end); or `None` as soon as there is room for output that waits: for bulk, once
/// everything before it is written. Receiving also writes, so neither side can block the other by writing only.
async fn receive_or_room(
    connection: &mut SecureConnection,
    session: &PeerSession,
) -> Result<Option<Option<Vec<u8>>>, ConnError> {
    poll_fn(|cx| match connection.poll_recv(cx) {
        Poll::Ready(received) => Poll::Ready(received.map(Some)),
        Poll::Pending if connection.has_room() && session.has_output(connection.is_drained()) => {
            Poll::Ready(Ok(None))
        }
        Poll::Pending => Poll::Pending,
    })
    .await
}
