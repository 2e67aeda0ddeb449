//! Erasing what was left, a little at a time, so that whoever else needs the database waits behind one step at most.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::api::{ApiError, ErrorKind};
use crate::engine::context::Context;

/// Longest pause after trouble with the disk, before erasing goes on by itself.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// Erases whatever was left, also before the program was ended last, until the engine stops. `left` tells when there is
/// more.
pub(super) async fn keep_erasing(context: &Context, left: &Notify) {
    loop {
        match erase_all(context).await {
            Ok(()) => left.notified().await,
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a group that was left could not be erased; it is tried again");
                let _ = timeout(AGAIN, left.notified()).await;
            }
        }
    }
}

/// Erases all that was left.
///
/// # Errors
/// `Closed` while the engine stops, or trouble with the database: the rest is erased later.
pub(super) async fn erase_all(context: &Context) -> Result<(), ApiError> {
    loop {
        let begun = Instant::now();
        if !context.store.run_behind(|profile| profile.erase_some()).await? {
            return Ok(());
        }
        // As long as a step took, the database is for others.
        sleep(begun.elapsed()).await;
    }
}
