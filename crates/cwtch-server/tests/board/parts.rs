//! Failures of a part of a server: what the server says when it ends by itself.

use std::sync::Arc;

use async_trait::async_trait;
use cwtch_net::{BoxStream, Isolation, Listener, Loopback, NetError, Network};
use cwtch_primitives::{Address, Identity};
use cwtch_server::{Config, PartFailed, RunningServer, Server};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::common::{PATIENCE, Place, connect};

/// A loopback network that takes a listener's address away when the test says so.
struct Withdrawing {
    network: Loopback,
    gone: watch::Sender<Option<Address>>,
}

struct Withdrawn {
    listener: Box<dyn Listener>,
    gone: watch::Receiver<Option<Address>>,
}

#[async_trait]
impl Network for Withdrawing {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        let listener = self.network.listen(identity).await?;
        Ok(Box::new(Withdrawn { listener, gone: self.gone.subscribe() }))
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        self.network.dial(address, isolation).await
    }

    fn describe(&self) -> &'static str {
        "a network that fails"
    }
}

#[async_trait]
impl Listener for Withdrawn {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        let address = *self.listener.address();
        tokio::select! {
            stream = self.listener.accept() => stream,
            _ = self.gone.wait_for(|gone| *gone == Some(address)) => Err(NetError::Closed),
        }
    }

    fn address(&self) -> &Address {
        self.listener.address()
    }

    async fn close(self: Box<Self>) {
        self.listener.close().await;
    }
}

/// Runs a server from which the network takes one address, and returns the failure that it reports.
async fn without(which: impl Fn(&RunningServer) -> Address) -> PartFailed {
    let place = Place::new();
    let gone = watch::Sender::new(None);
    let network = Withdrawing { network: Loopback::new(place.net()), gone: gone.clone() };
    let mut server = Server::start(Config::default(), &place.data(), Arc::new(network)).await.unwrap();
    let mut client = connect(&*place.network, server.address()).await.unwrap();
    client.replay(None).await;
    drop(client);
    // It runs: nothing has failed.
    tokio::select! {
        biased;
        failed = server.failed() => panic!("{failed}"),
        () = std::future::ready(()) => {}
    }
    gone.send_replace(Some(which(&server)));
    let failed = timeout(PATIENCE, server.failed()).await.unwrap();
    timeout(PATIENCE, server.shutdown()).await.unwrap();
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_that_nobody_can_reach_any_more_is_told_as_that() {
    let failed = without(|server| *server.address()).await;
    assert_eq!(failed, PartFailed::Board);
    assert_eq!(
        failed.to_string(),
        "the board can accept no more connections: the log says why; start the server again when that is mended"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_service_that_nobody_can_reach_any_more_is_told_as_that() {
    let failed = without(|server| *server.bundle().token_service()).await;
    assert_eq!(failed, PartFailed::TokenService);
    assert_eq!(
        failed.to_string(),
        "the token service can accept no more connections: the log says why; start the server again when that is \
         mended"
    );
}
