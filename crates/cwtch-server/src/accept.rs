//! Accepting connections, each of which gets a place, and ending them when the server stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cwtch_net::{BoxStream, Listener};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::admission::{Admission, Ticket};

/// Serves a listener until the server stops or the listener fails. Then the address is withdrawn, and
/// connections have `grace` to end by themselves.
pub(crate) async fn serve<F, Fut>(
    mut listener: Box<dyn Listener>,
    admission: Arc<Admission>,
    grace: Duration,
    mut shutdown: watch::Receiver<bool>,
    serve_one: F,
) where
    F: Fn(BoxStream, Ticket) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    let place = admission.enter();
                    let serving = serve_one(stream, place.ticket());
                    tasks.spawn(place.serve(serving));
                }
                Err(error) => {
                    tracing::error!("the server can accept no more connections: {error}");
                    break;
                }
            },
        }
    }
    listener.close().await;
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, ended).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections were cut because they did not end in time");
        tasks.shutdown().await;
    }
}
