//! Takes connections from outside.

use std::sync::Arc;

use cwtch_net::{Listener, NetError, SecureConnection};
use cwtch_primitives::OsRng;
use tokio::time::sleep;

use super::limits::{RETRY_FIRST, RETRY_MAX};
use super::{Shared, admission};

/// Accepts until the engine stops. If the network takes the listener away, it is made anew.
pub(super) async fn run(shared: Arc<Shared>, listener: Box<dyn Listener>) {
    let shutdown = shared.context.shutdown.clone();
    let mut listener = listener;
    loop {
        // A place first: who waits beyond the limit waits in the network's own queue.
        let next = async {
            let place = shared.handshakes.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let Some((accepted, place)) = shutdown.run_until_cancelled(next).await else { break };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "the listener failed");
                match listen_again(&shared).await {
                    Some(fresh) => listener = fresh,
                    None => break,
                }
                continue;
            }
        };
        let shared_by_task = shared.clone();
        shared.context.spawn(async move {
            let shared = shared_by_task;
            let accepted =
                SecureConnection::accept(stream, &shared.context.identity, &shared.deadlines, OsRng).await;
            drop(place);
            match accepted {
                Ok(connection) => admission::admit(&shared, connection, false).await,
                Err(error) => tracing::debug!(fault = ?error.fault(), "a stranger's handshake failed"),
            }
        });
    }
    listener.close().await;
}

async fn listen_again(shared: &Shared) -> Option<Box<dyn Listener>> {
    let mut pause = RETRY_FIRST;
    loop {
        let attempt = async {
            sleep(pause).await;
            shared.context.network.listen(&shared.context.identity).await
        };
        match shared.context.shutdown.run_until_cancelled(attempt).await? {
            Ok(listener) => return Some(listener),
            Err(error) => log_failure(&error),
        }
        pause = (pause * 2).min(RETRY_MAX);
    }
}

fn log_failure(error: &NetError) {
    tracing::warn!(%error, "cannot listen; trying again");
}
