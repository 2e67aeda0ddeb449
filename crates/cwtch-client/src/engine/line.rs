//! A network with the places for dialling on it: all that profiles which share it have in common.

use std::sync::Arc;
use std::time::Duration;

use cwtch_net::Network;
use tokio::time::timeout;

use super::dial::Exchange;

/// Time that the network may take to end.
const FAREWELL: Duration = Duration::from_secs(10);

/// A network with the places for dialling on it. All clones are the same.
#[derive(Clone)]
pub(crate) struct Line {
    pub(super) network: Arc<dyn Network>,
    pub(super) exchange: Arc<Exchange>,
}

impl Line {
    pub(super) fn new(network: Arc<dyn Network>) -> Self {
        Self { exchange: Arc::new(Exchange::new(network.clone())), network }
    }

    /// Leaves the network. Nobody listens or dials on it any more.
    pub(super) async fn end(&self) {
        if timeout(FAREWELL, self.network.shutdown()).await.is_err() {
            tracing::warn!("the network took too long to end; it is left as it is");
        }
    }
}
