//! The board (§1.8): takes posts that a token pays for, stores their messages and sends them to everybody.

mod connection;
mod framing;
mod posting;
mod readers;
mod stream;
mod tail;

use std::sync::Arc;

use cwtch_net::BoxStream;
use cwtch_net::driver;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Address, Identity};
use tokio::sync::{Semaphore, watch};

use crate::admission::Ticket;
use crate::config::Config;
use crate::stats::Stats;
use crate::store::{Store, Submitter};
use readers::ReaderPool;

pub(crate) use connection::stopped;
pub(crate) use tail::Tail;

/// Number of single lookups that may run in the database at once, beside the replays.
const LOOKUPS: usize = 4;
/// Number of lookups that may run at once for posts that no token pays for: they come from strangers, and must not
/// delay others.
const UNPAID_LOOKUPS: usize = 1;

/// State that all connections of the board share.
pub(crate) struct Board {
    identity: Identity,
    address: Address,
    issuer: IssuerKey,
    submitter: Submitter,
    /// True if the server has a log that it signs.
    signs: bool,
    tail: Arc<Tail>,
    readers: Arc<ReaderPool>,
    /// Held while a piece of a replay is read, never while anything is sent.
    reading: Arc<Semaphore>,
    lookups: Semaphore,
    unpaid_lookups: Semaphore,
    config: Arc<Config>,
    deadlines: driver::Deadlines,
    stats: Arc<Stats>,
}

impl Board {
    /// A board over an open store. `signs` says whether the store's writer signs a log.
    #[expect(clippy::too_many_arguments, reason = "each is a part of its own, and there are two callers")]
    pub(crate) fn new(
        identity: Identity,
        issuer: IssuerKey,
        store: Arc<dyn Store>,
        signs: bool,
        submitter: Submitter,
        tail: Arc<Tail>,
        config: Arc<Config>,
        stats: Arc<Stats>,
    ) -> Self {
        let replays = config.limits.replays;
        Self {
            address: identity.address(),
            identity,
            issuer,
            submitter,
            signs,
            tail,
            readers: Arc::new(ReaderPool::new(store, replays + LOOKUPS + UNPAID_LOOKUPS)),
            reading: Arc::new(Semaphore::new(replays)),
            lookups: Semaphore::new(LOOKUPS),
            unpaid_lookups: Semaphore::new(UNPAID_LOOKUPS),
            deadlines: driver_deadlines(&config),
            config,
            stats,
        }
    }

    /// Serves one connection from handshake to end.
    pub(crate) async fn serve(
        self: Arc<Self>,
        stream: BoxStream,
        ticket: Ticket,
        shutdown: watch::Receiver<bool>,
    ) {
        let _open = self.stats.board_open.hold();
        connection::serve(&self, stream, ticket, shutdown).await;
    }
}

/// The driver's time limits, with what the operator set.
pub(crate) fn driver_deadlines(config: &Config) -> driver::Deadlines {
    let mut deadlines = driver::Deadlines::default();
    deadlines.write = config.deadlines.write();
    deadlines
}
