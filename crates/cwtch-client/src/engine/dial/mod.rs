//! The one place through which every dial of the engine goes: contacts, boards, token services.
//!
//! Who wants to dial waits here until the network is ready, so that a network that is not burns nobody's
//! retries, and then for one of [`PLACES`]: a network like Tor takes seconds for a dial, and hundreds at
//! once would slow each other down. [`attention`] says who matters, asked when a place becomes free; [`queue`]
//! keeps the places, so that nobody waits for ever and nobody whom a person waits for waits long. Dials begin a random
//! moment apart, however many places are free at once. While the profile appears offline, nobody gets through here but
//! whom the person chose.

mod attention;
mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwtch_net::driver::dial;
use cwtch_net::{BoxStream, ConnError, Deadlines, Fault, Isolation, NetError, Network};
use cwtch_primitives::Address;
use rand::Rng;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::attention::Rank;
pub(crate) use self::attention::{Attention, Wanted};
use self::queue::{Places, Queue, SLOT, Ticket};

/// Dials under way at once. Sixteen for all; where each of 1,000 contacts hangs for the 90 seconds that a dial may last, all
/// have had their turn after 125 rounds of the fair ones, a little more than three hours. The reserves add at most
/// three times their number, as dials that hang leave them after a third of that time.
const PLACES: Places = Places { ranked: 8, fair: 8, wanted: 8, queued: 4 };
/// Two dials begin less than this apart, at random: all places together take some seconds on average.
const APART: Duration = Duration::from_millis(250);
/// Time to wait after the network said that it is not ready although it had seemed so.
const NOT_READY_PAUSE: Duration = Duration::from_secs(1);

/// On whose behalf somebody is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A contact.
    Contact(Address),
    /// A server, by its board: it matters as much as the best of its groups. Its token service counts as it.
    Server(Address),
}

/// Stage of a dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting for the network, or for its turn.
    Waiting,
    /// On its way through the network.
    Dialling,
}

/// All dials of an engine.
pub(crate) struct Dialing {
    network: Arc<dyn Network>,
    attention: Arc<Attention>,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    attention: Arc<Attention>,
}

struct State {
    queue: Queue<Target, oneshot::Sender<Place>>,
    /// The moment from which the queue counts time.
    begun: Instant,
    /// Before this moment no further dial begins.
    next_start: Instant,
}

/// A place in use; free again when dropped.
struct Place {
    shared: Arc<Shared>,
    ticket: Ticket,
    /// Announcement that the dial may begin.
    start: Instant,
}

/// One who waits; gives up when dropped.
struct Waiting<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Dialing {
    /// Dials over `network`; open if that is ready already.
    pub(crate) fn new(network: Arc<dyn Network>) -> Self {
        let attention = Arc::<Attention>::default();
        let open = network.readiness().borrow().is_ready();
        let now = Instant::now();
        let state = State { queue: Queue::new(PLACES, open), begun: now, next_start: now };
        let shared = Arc::new(Shared { state: Mutex::new(state), attention: attention.clone() });
        Self { network, attention, shared }
    }

    /// Attention of the person.
    pub(crate) fn attention(&self) -> &Arc<Attention> {
        &self.attention
    }

    /// Lets dials begin, or no more of them; those under way go on.
    pub(crate) fn set_open(&self, open: bool) {
        self.shared.state().queue.set_open(open);
        Shared::pump(&self.shared);
    }

    /// Opens a stream to `address` for `target`, when the network is ready and it is its turn. The time limit of
    /// `deadlines` begins then. `told` hears what it does.
    ///
    /// # Errors
    /// As [`dial`], but never [`NetError::NotReady`]: that is waited out here.
    pub(crate) async fn dial(
        &self,
        target: Target,
        address: &Address,
        isolation: Isolation,
        deadlines: &Deadlines,
        mut told: impl FnMut(Stage) + Send,
    ) -> Result<BoxStream, ConnError> {
        loop {
            told(Stage::Waiting);
            self.attention.until_allowed(target).await;
            let place = self.place(target).await?;
            if !self.attention.allows(target) {
                continue;
            }
            told(Stage::Dialling);
            let dialled = async {
                let dialling = dial(&*self.network, address, isolation, deadlines);
                tokio::pin!(dialling);
                match timeout(SLOT, &mut dialling).await {
                    Ok(dialled) => dialled,
                    Err(_) => {
                        // If it held a place of a reserve, another one may have it now.
                        Shared::pump(&self.shared);
                        dialling.await
                    }
                }
            };
            let dialled = tokio::select! {
                dialled = dialled => Some(dialled),
                () = self.attention.until_forbidden(target) => None,
            };
            drop(place);
            match dialled {
                // The profile hides now.
                None => {}
                Some(Err(error)) if self.blames_network(&error) => sleep(NOT_READY_PAUSE).await,
                Some(other) => return other,
            }
        }
    }

    /// True if the network, not the peer, caused the failure: it went away meanwhile.
    fn blames_network(&self, error: &ConnError) -> bool {
        matches!(error, ConnError::Network(NetError::NotReady { .. }))
            || error.fault() == Fault::Network && !self.network.readiness().borrow().is_ready()
    }

    async fn place(&self, target: Target) -> Result<Place, ConnError> {
        let (waker, granted) = oneshot::channel();
        let ticket = self.shared.state().queue.enter(target, waker);
        let waiting = Waiting { shared: &self.shared, ticket };
        Shared::pump(&self.shared);
        tokio::pin!(granted);
        let place = loop {
            let rank = self.attention.rank(target);
            tokio::select! {
                granted = &mut granted => break granted,
                () = self.attention.until_urgent(target, rank) => Shared::pump(&self.shared),
            }
        };
        // Whoever grants places never drops a waker otherwise.
        let place = place.map_err(|_| ConnError::Network(NetError::Closed))?;
        drop(waiting);
        tokio::select! {
            () = sleep_until(place.start) => {}
            // A person who waits for one contact is not slowed down by what is good for hundreds.
            () = self.attention.until_wanted(target) => {}
        }
        Ok(place)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out the places that are free.
    fn pump(shared: &Arc<Self>) {
        loop {
            let (waker, ticket, start) = {
                let mut state = shared.state();
                let now = state.begun.elapsed();
                let granted = state.queue.grant(now, |target| shared.attention.rank(target));
                let Some((waker, ticket)) = granted else { return };
                let apart = APART.mul_f64(rand::thread_rng().r#gen());
                state.next_start = state.next_start.max(Instant::now()) + apart;
                (waker, ticket, state.next_start)
            };
            // Without the lock: if nobody takes it any more, it is dropped here and given back.
            drop(waker.send(Place { shared: shared.clone(), ticket, start }));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.state().queue.give_back(self.ticket);
        Shared::pump(&self.shared);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.state().queue.leave(self.ticket);
    }
}

#[cfg(test)]
mod fairness;
#[cfg(test)]
mod tests;
