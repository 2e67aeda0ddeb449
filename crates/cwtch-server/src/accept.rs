//! Accepting connections up to a limit, and ending them when the server stops.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cwtch_net::{BoxStream, Listener};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::stats::Stats;

/// Serves a listener until the server stops or the listener fails. Then the address is withdrawn, and
/// connections have `grace` to end by themselves.
pub(crate) async fn serve<F, Fut>(
    mut listener: Box<dyn Listener>,
    limit: usize,
    grace: Duration,
    stats: Arc<Stats>,
    mut shutdown: watch::Receiver<bool>,
    serve_one: F,
) where
    F: Fn(BoxStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limit));
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok(stream) => match Arc::clone(&slots).try_acquire_owned() {
                    Ok(slot) => {
                        let serving = serve_one(stream);
                        tasks.spawn(async move {
                            serving.await;
                            drop(slot);
                        });
                    }
                    Err(_) => stats.refused.add(1),
                },
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
