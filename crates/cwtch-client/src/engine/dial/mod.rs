//! The one place through which every dial goes: contacts, boards, token services, of all profiles that share a network.
//!
//! Who wants to dial waits here until the network is ready, so that a network that is not burns nobody's
//! retries, and then for one of [`PLACES`]: a network like Tor takes seconds for a dial, and hundreds at
//! once would slow each other down. [`attention`] says who matters, asked when a place becomes free; [`queue`]
//! keeps the places, so that nobody waits for ever and nobody whom a person waits for waits long. Dials begin a random
//! moment apart, however many places are free at once. While the profile appears offline, nobody gets through here but
//! whom the person chose.
//!
//! The places are the network's ([`Exchange`]), however many profiles are open; what is dialled, who matters and
//! whether dials may begin is each profile's own ([`Dialing`]).

mod attention;
mod queue;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwtch_net::driver::dial;
use cwtch_net::{AtFault, BoxStream, ConnError, Deadlines, Isolation, NetError, Network};
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

/// Contact or server on whose behalf somebody is dialled.
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
    /// Dialling: on its way through the network.
    Dialling,
}

/// All dials of an open profile.
pub(crate) struct Dialing {
    account: Arc<Account>,
    exchange: Arc<Exchange>,
}

/// A profile as the exchange sees it.
struct Account {
    attention: Arc<Attention>,
    /// True if its dials may begin.
    open: AtomicBool,
}

/// The dials over a network, by all profiles that are open on it.
pub(crate) struct Exchange {
    network: Arc<dyn Network>,
    state: Mutex<Dialling>,
    looks: Arc<AtomicU64>,
}

/// The dials that wait and run, and when the next may begin.
struct Dialling {
    queue: Queue<(Arc<Account>, Target), oneshot::Sender<Place>>,
    /// The moment from which the queue counts time.
    begun: Instant,
    /// Before this moment no further dial begins.
    next_start: Instant,
}

/// A place in use; free again when dropped.
struct Place {
    exchange: Arc<Exchange>,
    ticket: Ticket,
    /// Announcement that the dial may begin.
    start: Instant,
}

/// One who waits; gives up when dropped.
struct Waiting<'a> {
    exchange: &'a Exchange,
    ticket: Ticket,
}

impl Dialing {
    /// Dials of one more profile; open if the network is ready already.
    pub(crate) fn over(exchange: Arc<Exchange>) -> Self {
        let open = AtomicBool::new(exchange.network.readiness().borrow().is_ready());
        let attention = Arc::new(Attention::new(exchange.looks.clone()));
        Self { account: Arc::new(Account { attention, open }), exchange }
    }

    /// Attention of the person.
    pub(crate) fn attention(&self) -> &Arc<Attention> {
        &self.account.attention
    }

    /// Lets dials of this profile begin, or no more of them; those under way go on.
    pub(crate) fn set_open(&self, open: bool) {
        self.account.open.store(open, Ordering::Release);
        Exchange::pump(&self.exchange);
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
            self.attention().until_allowed(target).await;
            let place = self.place(target).await?;
            if !self.attention().allows(target) {
                continue;
            }
            told(Stage::Dialling);
            let dialled = async {
                let dialling = dial(&*self.exchange.network, address, isolation, deadlines);
                tokio::pin!(dialling);
                match timeout(SLOT, &mut dialling).await {
                    Ok(dialled) => dialled,
                    Err(_) => {
                        // If it held a place of a reserve, another one may have it now.
                        Exchange::pump(&self.exchange);
                        dialling.await
                    }
                }
            };
            let dialled = tokio::select! {
                dialled = dialled => Some(dialled),
                () = self.attention().until_forbidden(target) => None,
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
            || error.at_fault() == AtFault::Network && !self.exchange.network.readiness().borrow().is_ready()
    }

    async fn place(&self, target: Target) -> Result<Place, ConnError> {
        let (waker, granted) = oneshot::channel();
        let ticket = self.exchange.state().queue.enter((self.account.clone(), target), waker);
        let waiting = Waiting { exchange: &self.exchange, ticket };
        Exchange::pump(&self.exchange);
        tokio::pin!(granted);
        let attention = self.attention();
        let place = loop {
            let rank = attention.rank(target);
            tokio::select! {
                granted = &mut granted => break granted,
                () = attention.until_urgent(target, rank) => Exchange::pump(&self.exchange),
            }
        };
        // Whoever grants places never drops a waker otherwise.
        let place = place.map_err(|_| ConnError::Network(NetError::Closed))?;
        drop(waiting);
        tokio::select! {
            () = sleep_until(place.start) => {}
            // A person who waits for one contact is not slowed down by what is good for hundreds.
            () = attention.until_wanted(target) => {}
        }
        Ok(place)
    }
}

impl Account {
    /// Rank of a target; `None` while it may not be dialled.
    fn rank(&self, target: Target) -> Option<Rank> {
        self.open.load(Ordering::Acquire).then(|| self.attention.rank(target))
    }
}

impl Exchange {
    /// Dials over `network`.
    pub(crate) fn new(network: Arc<dyn Network>) -> Self {
        let now = Instant::now();
        let state = Dialling { queue: Queue::new(PLACES), begun: now, next_start: now };
        Self { network, state: Mutex::new(state), looks: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, Dialling> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out the places that are free.
    fn pump(exchange: &Arc<Self>) {
        loop {
            let (waker, ticket, start) = {
                let mut state = exchange.state();
                let now = state.begun.elapsed();
                let granted = state.queue.grant(now, |(account, target)| account.rank(*target));
                let Some((waker, ticket)) = granted else { return };
                let apart = APART.mul_f64(rand::thread_rng().r#gen());
                state.next_start = state.next_start.max(Instant::now()) + apart;
                (waker, ticket, state.next_start)
            };
            // Without the lock: if nobody takes it any more, it is dropped here and given back.
            drop(waker.send(Place { exchange: exchange.clone(), ticket, start }));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.exchange.state().queue.give_back(self.ticket);
        Exchange::pump(&self.exchange);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.exchange.state().queue.leave(self.ticket);
    }
}

#[cfg(test)]
mod fairness;
#[cfg(test)]
mod tests;
