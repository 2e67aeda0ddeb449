//! The loopback network, which says when it is ready as a test tells it, and remembers who was dialled how.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cwtch_net::{BoxStream, Isolation, Listener, Loopback, NetError, Network, Readiness};
use cwtch_primitives::{Address, Identity};
use tokio::sync::watch;

pub struct Watched {
    inner: Loopback,
    pub ready: watch::Sender<Readiness>,
    dials: Mutex<Vec<(Address, Isolation)>>,
}

impl Watched {
    pub fn new(inner: Loopback) -> Arc<Self> {
        Arc::new(Self { inner, ready: watch::Sender::new(Readiness::ready()), dials: Mutex::default() })
    }

    /// Who was dialled with which isolation, in order.
    pub fn dials(&self) -> Vec<(Address, Isolation)> {
        self.dials.lock().unwrap().clone()
    }
}

#[async_trait]
impl Network for Watched {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        self.inner.listen(identity).await
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        self.dials.lock().unwrap().push((*address, isolation));
        self.inner.dial(address, isolation).await
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.ready.subscribe()
    }

    fn describe(&self) -> &'static str {
        "a watched loopback network"
    }
}
