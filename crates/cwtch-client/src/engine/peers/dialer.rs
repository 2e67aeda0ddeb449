//! Keeps a connection with one accepted contact: dials, waits, dials again.

use std::sync::Arc;

use backon::{BackoffBuilder, ExponentialBuilder};
use cwtch_net::SecureConnection;
use cwtch_primitives::{Address, OsRng};
use tokio::time::{Instant, sleep};

use super::limits::{RETRY_FIRST, RETRY_FLOOR, RETRY_MAX, STABLE};
use super::registry::DialerSeat;
use super::{Shared, admission};

/// Makes sure that somebody dials `peer` whenever there is no connection.
pub(super) fn ensure(shared: &Arc<Shared>, peer: Address) {
    let Some(seat) = shared.registry.dialer_seat(&peer, &shared.context.shutdown) else { return };
    let shared_by_task = shared.clone();
    shared.context.spawn(async move {
        let stop = seat.stop.clone();
        let _ = stop.run_until_cancelled(keep_connected(&shared_by_task, peer, seat)).await;
    });
}

async fn keep_connected(shared: &Arc<Shared>, peer: Address, mut seat: DialerSeat) {
    loop {
        // Doubles from `RETRY_FIRST` to `RETRY_MAX` with jitter, for ever: two sides that lost each other
        // do not meet in lockstep, and a contact that is away for a week costs a dial every few minutes.
        let mut pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(RETRY_FIRST)
            .with_max_delay(RETRY_MAX)
            .without_max_times()
            .build();
        loop {
            if seat.online.wait_for(|online| !online).await.is_err() {
                return;
            }
            let begun = Instant::now();
            dial(shared, &peer).await;
            // If it worked, this waits for the connection's end.
            if seat.online.wait_for(|online| !online).await.is_err() {
                return;
            }
            if begun.elapsed() >= STABLE {
                break;
            }
            let pause = pauses.next().unwrap_or(RETRY_MAX);
            tokio::select! {
                () = sleep(pause) => {}
                () = async {
                    seat.hurry.notified().await;
                    sleep(RETRY_FLOOR.min(pause)).await;
                } => {}
                // They dialled us meanwhile.
                _ = seat.online.wait_for(|online| *online) => {}
            }
        }
    }
}

async fn dial(shared: &Arc<Shared>, peer: &Address) {
    let Ok(_place) = shared.dials.acquire().await else { return };
    let context = &shared.context;
    let connected =
        SecureConnection::connect(&*context.network, &context.identity, peer, &shared.deadlines, OsRng).await;
    match connected {
        Ok(connection) => admission::admit(shared, connection, true).await,
        Err(error) => tracing::debug!(fault = ?error.fault(), "a contact could not be reached"),
    }
}
