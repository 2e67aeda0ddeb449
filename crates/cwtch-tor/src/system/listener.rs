//! An onion service's listener.

use async_trait::async_trait;
use cwtch_net::{BoxStream, Listener, NetError, Readiness};
use cwtch_primitives::Address;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::WITHDRAW_LIMIT;
use super::keeper::Request;

/// The end at which the streams of one onion service come out.
pub(crate) struct SystemListener {
    pub(crate) address: Address,
    pub(crate) id: u64,
    pub(crate) streams: mpsc::Receiver<BoxStream>,
    pub(crate) readiness: watch::Receiver<Readiness>,
    pub(crate) ended: CancellationToken,
    pub(crate) requests: mpsc::UnboundedSender<Request>,
    pub(crate) _checking: AbortOnDropHandle<()>,
}

#[async_trait]
impl Listener for SystemListener {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => Err(NetError::Closed),
            stream = self.streams.recv() => stream.ok_or(NetError::Closed),
        }
    }

    fn address(&self) -> &Address {
        &self.address
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.readiness.clone()
    }

    async fn close(self: Box<Self>) {
        let (done, finished) = oneshot::channel();
        // If the task is gone, nothing is published any more.
        if self.requests.send(Request::Remove { id: self.id, done: Some(done) }).is_ok() {
            let _ = timeout(WITHDRAW_LIMIT, finished).await;
        }
    }
}

impl Drop for SystemListener {
    fn drop(&mut self) {
        // After `close` there is none with this number any more.
        let _ = self.requests.send(Request::Remove { id: self.id, done: None });
    }
}
