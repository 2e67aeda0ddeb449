//! A timer that costs nothing until something has to be waited for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// A timer that starts when it is first polled, and runs until it ends or is disarmed.
#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Polls the timer: ready once `limit` has passed since the first poll after [`disarm`](Self::disarm), never
    /// without a limit.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, limit: Option<Duration>) -> Poll<()> {
        let Some(limit) = limit else { return Poll::Pending };
        self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx)
    }

    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}
