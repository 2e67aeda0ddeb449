//! Admission to a service: which connections get a place, which lose theirs to make room, and how many bytes may wait
//! for slow clients. Both services use it; `docs/operating-a-server.md` describes the policy for operators.
//!
//! [`table`] and [`waiting`] make the decisions and know neither clock nor socket. This module carries them out: it
//! gives each connection a [`Place`], and stops serving the connection when the place is taken away.

mod table;
mod waiting;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwtch_net::Allowance;
use tokio::sync::oneshot;

use crate::stats::Stats;
use table::{Id, Table};
use waiting::{HoldId, Waiting};

pub(crate) use table::Shares;

/// The longest time for which a connection that asked for too much is left unread. Clients wait for an answer at
/// least twice as long.
const LONGEST: Duration = Duration::from_secs(30);

/// Allowance for requests that nobody pays for: `burst` at once, `per_minute` more in each minute.
pub(crate) fn unpaid(burst: u32, per_minute: u32) -> Allowance {
    Allowance::new(burst, Duration::from_secs(60) / per_minute.max(1)).at_most(LONGEST)
}

/// The places of one service, and the bytes that wait for those who have them.
pub(crate) struct Admission {
    state: Mutex<Occupancy>,
    stats: Arc<Stats>,
}

/// The places that are taken, the bytes that wait, and how to tell a connection that it must go.
struct Occupancy {
    table: Table,
    waiting: Waiting,
    /// Dropped, it tells the connection that its place is taken away.
    places: HashMap<Id, oneshot::Sender<()>>,
}

impl Occupancy {
    fn remove(&mut self, id: Id) {
        self.table.leave(id);
        self.places.remove(&id);
    }
}

impl Admission {
    /// An admission with these shares of places, in which at most `waiting` bytes may wait for clients.
    pub(crate) fn new(shares: Shares, waiting: usize, stats: Arc<Stats>) -> Arc<Self> {
        let state =
            Occupancy { table: Table::new(shares), waiting: Waiting::new(waiting), places: HashMap::new() };
        Arc::new(Self { state: Mutex::new(state), stats })
    }

    /// Gives a new connection a place, taking one from another connection if none is free.
    pub(crate) fn enter(self: &Arc<Self>) -> Place {
        let (place, evicted) = oneshot::channel();
        let mut state = self.state();
        let (id, pushed_out) = state.table.enter();
        state.places.insert(id, place);
        self.evict(&mut state, pushed_out);
        drop(state);
        Place { ticket: Ticket { admission: Arc::clone(self), id }, evicted }
    }

    /// Bytes that wait now.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.used()
    }

    fn state(&self) -> MutexGuard<'_, Occupancy> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn evict(&self, state: &mut Occupancy, id: Option<Id>) {
        if let Some(id) = id {
            state.remove(id);
            self.stats.evicted.add(1);
        }
    }
}

/// A connection's place; free again when this is dropped.
pub(crate) struct Place {
    ticket: Ticket,
    evicted: oneshot::Receiver<()>,
}

impl Place {
    /// The handle through which the task that serves the connection reports to the admission.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket.clone()
    }

    /// Runs `serving` until it is done or the place is taken away.
    pub(crate) async fn serve(mut self, serving: impl Future<Output = ()>) {
        tokio::select! {
            () = serving => {}
            _ = &mut self.evicted => tracing::debug!("a connection was closed to make room for others"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.ticket.admission.state().remove(self.ticket.id);
    }
}

/// A connection's handle to the admission of its service.
#[derive(Clone)]
pub(crate) struct Ticket {
    admission: Arc<Admission>,
    id: Id,
}

impl Ticket {
    /// Notes that the client sent a useful request, which makes a newcomer a resident.
    pub(crate) fn served(&self) {
        let mut state = self.admission.state();
        let pushed_out = state.table.served(self.id);
        self.admission.evict(&mut state, pushed_out);
    }

    /// Notes that the client spent a token.
    pub(crate) fn paid(&self) {
        let mut state = self.admission.state();
        let pushed_out = state.table.paid(self.id);
        self.admission.evict(&mut state, pushed_out);
    }

    /// Counts bytes that are about to wait for the client. If the limit is exceeded, the clients that have let theirs
    /// wait longest lose their places.
    pub(crate) fn hold(&self, bytes: usize) -> Hold {
        let mut state = self.admission.state();
        let (hold, slowest) = state.waiting.hold(self.id, bytes);
        for id in slowest {
            state.remove(id);
            self.admission.stats.slow_readers.add(1);
        }
        drop(state);
        Hold { admission: Arc::clone(&self.admission), hold }
    }

    /// True if there is room for bytes that are read ahead, before the client needs them.
    pub(crate) fn has_plenty(&self) -> bool {
        self.admission.state().waiting.has_plenty()
    }
}

/// Bytes that wait for a client, until this is dropped.
pub(crate) struct Hold {
    admission: Arc<Admission>,
    hold: HoldId,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.admission.state().waiting.release(self.hold);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_loses_its_place_is_served_no_longer() {
        let stats = Arc::new(Stats::default());
        let admission = Admission::new(Shares::halves(2, 1), 100, Arc::clone(&stats));
        let (first, second) = (admission.enter(), admission.enter());
        let resident = second.ticket();
        resident.served();
        let _third = admission.enter();
        // This returns, although what is served never ends.
        first.serve(std::future::pending()).await;
        assert_eq!(stats.snapshot().evicted, 1);
        drop(second);
        assert_eq!(admission.state().places.len(), 1);
        // The connection is gone, and reports only afterwards.
        resident.paid();
        assert_eq!(admission.state().places.len(), 1);
    }

    #[tokio::test]
    async fn the_slowest_reader_goes_when_too_much_waits() {
        let stats = Arc::new(Stats::default());
        let admission = Admission::new(Shares::halves(4, 2), 100, Arc::clone(&stats));
        let (slow, fast) = (admission.enter(), admission.enter());
        let _held = slow.ticket().hold(60);
        drop(fast.ticket().hold(40));
        let _held = fast.ticket().hold(41);
        slow.serve(std::future::pending()).await;
        assert_eq!((stats.snapshot().slow_readers, stats.snapshot().evicted), (1, 0));
        assert!(!fast.ticket().has_plenty() || admission.state().places.len() == 1);
    }
}
