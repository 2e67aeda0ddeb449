//! A connection's place among all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::admission::{Admission, Id, Limits, Verdict};

/// All places.
pub(super) struct Seats {
    policy: Mutex<Admission<CancellationToken>>,
    freed: Notify,
}

impl Default for Seats {
    fn default() -> Self {
        Self { policy: Mutex::new(Admission::new(Limits::DAEMON)), freed: Notify::new() }
    }
}

impl Seats {
    /// Verdict about a newcomer: whether there is a place.
    pub(super) fn knock(&self) -> Verdict<CancellationToken> {
        self.policy().knock(Instant::now())
    }

    /// Completes when a place may have become free after this call.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }

    fn policy(&self) -> MutexGuard<'_, Admission<CancellationToken>> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One place; given back when dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    id: Id,
    /// Cancelled when somebody with a better claim needs the place.
    pub(super) lost: CancellationToken,
}

/// A request that was read and is not done with.
pub(super) struct Asked(Arc<Seat>);

/// Something outside is waited for.
pub(super) struct Waiting(Arc<Seat>);

impl Seat {
    pub(super) fn take(seats: &Arc<Seats>, now: Instant) -> Arc<Self> {
        let lost = CancellationToken::new();
        let id = seats.policy().enter(lost.clone(), now);
        Arc::new(Self { seats: seats.clone(), id, lost })
    }

    /// A request was read.
    pub(super) fn asked(self: &Arc<Self>) -> Asked {
        self.seats.policy().asks(self.id, Instant::now());
        Asked(self.clone())
    }

    /// A place to wait for a confirmation, if there is one.
    pub(super) fn wait(self: &Arc<Self>) -> Option<Waiting> {
        let waiting = self.seats.policy().wait(self.id);
        self.seats.freed.notify_waiters();
        waiting.then(|| Waiting(self.clone()))
    }

    /// A place to hear events.
    ///
    /// # Errors
    /// How many there are, if all are in use.
    pub(super) fn subscribe(&self) -> Result<(), usize> {
        let gone = self.seats.policy().subscribe(self.id, Instant::now())?;
        if let Some(gone) = gone {
            gone.cancel();
        }
        self.seats.freed.notify_waiters();
        Ok(())
    }

    /// Gives the place from [`Self::subscribe`] back.
    pub(super) fn unsubscribe(&self) {
        self.seats.policy().unsubscribe(self.id, Instant::now());
    }

    /// Something is being written to the connection, or it has taken all of it.
    pub(super) fn writes(&self, now: bool) {
        self.seats.policy().writes(self.id, now.then(Instant::now));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.policy().leave(self.id);
        self.seats.freed.notify_waiters();
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.seats.policy().answered(self.0.id, Instant::now());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.seats.policy().waited(self.0.id, Instant::now());
    }
}
