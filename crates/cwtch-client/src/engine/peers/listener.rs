//! Takes connections from outside.

use std::sync::Arc;

use cwtch_net::{Listener, NetError, Obstacle, Readiness, SecureConnection, Step};
use cwtch_primitives::OsRng;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::admission;
use super::limits::{LISTEN_MAX, RETRY_FIRST};
use super::shared::PeerShared;

/// Outcome of the first attempt to listen.
pub(super) type First = oneshot::Sender<Result<(), NetError>>;

/// Listens and accepts until the engine stops, whenever the profile does not appear offline. If the network takes the
/// listener away, it is made anew. `first` hears whether the first attempt failed for good: then, and only then, this ends by
/// itself.
pub(super) async fn run(shared: Arc<PeerShared>, mut first: Option<First>) {
    let shutdown = shared.context.shutdown.clone();
    let attention = shared.context.dialing.attention();
    loop {
        if attention.is_hidden() {
            shared.reachability.set(&shared.context, Readiness::waiting(0, HIDDEN));
            if shutdown.run_until_cancelled(attention.until_hidden(false)).await.is_none() {
                return;
            }
        }
        let listener = match shutdown.run_until_cancelled(listen(&shared, &mut first)).await {
            Some(Attempt::Listening(listener)) => listener,
            Some(Attempt::Hidden) => continue,
            Some(Attempt::Hopeless) | None => return,
        };
        if let Err((listener, error)) = serve(&shared, listener).await {
            tracing::warn!(%error, "the listener failed");
            report_failure(&shared, &error);
            listener.close().await;
        }
        if shutdown.is_cancelled() {
            return;
        }
    }
}

/// Thing that the own address waits for while the profile appears offline.
pub(super) const HIDDEN: Step = Step::Presence;

/// Outcome of trying to listen.
enum Attempt {
    Listening(Box<dyn Listener>),
    /// The profile appears offline now.
    Hidden,
    /// The first attempt failed for good.
    Hopeless,
}

/// Listens, again and again. An attempt is not cut short: half an attempt could leave an address that nobody withdraws.
async fn listen(shared: &PeerShared, first: &mut Option<First>) -> Attempt {
    let attention = shared.context.dialing.attention();
    let mut pause = RETRY_FIRST;
    loop {
        if attention.is_hidden() {
            return Attempt::Hidden;
        }
        let listening = shared.context.network.listen(&shared.context.identity).await;
        let first = first.take();
        let error = match listening {
            Ok(listener) => {
                drop(first.map(|first| first.send(Ok(()))));
                return Attempt::Listening(listener);
            }
            Err(error) => error,
        };
        match first {
            Some(first) if !passes(&error) => {
                drop(first.send(Err(error)));
                return Attempt::Hopeless;
            }
            Some(first) => drop(first.send(Ok(()))),
            None => {}
        }
        tracing::warn!(%error, "cannot listen; trying again");
        report_failure(shared, &error);
        tokio::select! {
            () = sleep(pause) => {}
            () = attention.until_hidden(true) => {}
        }
        pause = (pause * 2).min(LISTEN_MAX);
    }
}

/// True if waiting may mend it.
fn passes(error: &NetError) -> bool {
    matches!(error, NetError::NotReady { .. } | NetError::Unreachable { .. })
}

/// The obstacle that an error of listening is.
pub(super) fn obstacle(error: &NetError) -> Obstacle {
    let detail = || error.to_string();
    match error.obstacle() {
        Some(obstacle) => obstacle.clone(),
        None if passes(error) => Obstacle::AddressNotTaken { detail: detail() },
        None => Obstacle::AddressRefused { detail: detail() },
    }
}

fn report_failure(shared: &PeerShared, error: &NetError) {
    let waiting = Readiness::waiting(0, Step::Address);
    shared.reachability.set(&shared.context, waiting.with_trouble(obstacle(error)));
}

/// Accepts until the engine stops or the profile appears offline; then the listener is closed. If it fails, it comes back
/// with the error.
async fn serve(
    shared: &Arc<PeerShared>,
    mut listener: Box<dyn Listener>,
) -> Result<(), (Box<dyn Listener>, NetError)> {
    let mut readiness = listener.readiness();
    let mut reports = true;
    loop {
        let now = readiness.borrow_and_update().clone();
        let elsewhere = now.elsewhere;
        shared.reachability.set(&shared.context, now);
        if elsewhere {
            shared.context.address_leads_elsewhere().await;
        }
        // A place first: who waits beyond the limit waits in the network's own queue.
        let next = async {
            let place = shared.handshakes.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            changed = readiness.changed(), if reports => {
                reports = changed.is_ok();
                continue;
            }
            () = shared.context.dialing.attention().until_hidden(true) => break,
            () = shared.context.shutdown.cancelled() => break,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => return Err((listener, error)),
        };
        let shared_by_task = shared.clone();
        shared.context.spawn(async move {
            let shared = shared_by_task;
            let accepted =
                SecureConnection::accept(stream, &shared.context.identity, &shared.deadlines, OsRng).await;
            drop(place);
            match accepted {
                Ok(connection) => admission::admit(&shared, connection, false).await,
                Err(error) => tracing::debug!(fault = ?error.at_fault(), "a stranger's handshake failed"),
            }
        });
    }
    listener.close().await;
    Ok(())
}
