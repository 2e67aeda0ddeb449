//! Limits of the circuits that are built to clients of an onion service: how many at once, and how long each.
//!
//! A client that introduces itself names the relay at which it waits. A relay that answers nobody holds its builder
//! until the limit, so there must be as many builders as introductions can come in that time.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Number of circuits and directory requests under way at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Number of circuits that are being built; introductions beyond that wait in arti.
    pub(crate) building: usize,
    /// Time that building one may take.
    pub(crate) build: Duration,
    /// Number of circuits in all; beyond that nobody is let in until some end.
    pub(crate) circuits: usize,
}

/// Builds the circuit of each request and serves what comes over it, until the requests end. The circuits outlive them.
///
/// `build` returns the future that serves the circuit, `None` if it did not come about.
pub(crate) async fn build_each<R, B, S>(
    limits: Limits,
    tasks: TaskTracker,
    stop: CancellationToken,
    mut requests: impl Stream<Item = R> + Unpin,
    build: impl Fn(R) -> B,
) where
    B: Future<Output = Option<S>> + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let building = Arc::new(Semaphore::new(limits.building));
    let circuits = Arc::new(Semaphore::new(limits.circuits));
    loop {
        let Ok(circuit) = circuits.clone().acquire_owned().await else { return };
        let Ok(builder) = building.clone().acquire_owned().await else { return };
        let Some(request) = requests.next().await else { return };
        let built = build(request);
        let stop = stop.clone();
        tasks.spawn(async move {
            let _circuit = circuit;
            let serving = async {
                let built = timeout(limits.build, built).await;
                drop(builder);
                match built {
                    Ok(Some(serve)) => serve.await,
                    Ok(None) | Err(_) => tracing::debug!("a rendezvous did not come about"),
                }
            };
            stop.run_until_cancelled(serving).await
        });
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{Either, pending, ready};
    use futures::stream::{self, iter};
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    /// Outcome of a request.
    #[derive(Clone, Copy, PartialEq)]
    enum Asked {
        /// A relay that never answers.
        Dead,
        /// A circuit that ends once it is served.
        Short,
        /// A circuit that stays.
        Long,
    }

    const LIMITS: Limits = Limits { building: 8, build: Duration::from_secs(10), circuits: 20 };

    /// Runs the requests and gives when each circuit was served, since the beginning.
    async fn served(asked: Vec<Asked>) -> Vec<Duration> {
        let (told, mut hears) = mpsc::unbounded_channel();
        let begun = Instant::now();
        let build = move |asked| {
            let told = told.clone();
            if asked == Asked::Dead {
                return Either::Left(pending());
            }
            Either::Right(ready(Some(async move {
                told.send(begun.elapsed()).unwrap();
                if asked == Asked::Long {
                    pending::<()>().await;
                }
            })))
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        // Without an end, as the requests of a service.
        let requests = iter(asked.clone()).chain(stream::pending());
        let pump = tokio::spawn(build_each(LIMITS, tasks.clone(), stop.clone(), requests, build));
        let mut served = Vec::new();
        let alive = asked.iter().filter(|asked| **asked != Asked::Dead).count();
        // The clock is the test's: it advances only while nobody has anything to do.
        while served.len() < alive {
            match timeout(Duration::from_secs(3_600), hears.recv()).await {
                Ok(Some(at)) => served.push(at),
                _ => break,
            }
        }
        pump.abort();
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        served
    }

    #[tokio::test(start_paused = true)]
    async fn dead_rendezvous_points_do_not_hold_the_builders() {
        // Ten times as many as there are builders, then somebody who waits at a living one.
        let asked = [vec![Asked::Dead; 80], vec![Asked::Short]].concat();
        let served = served(asked).await;
        let [at] = served[..] else { panic!("the living one was not served: {served:?}") };
        assert!(at <= 11 * LIMITS.build, "{at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn circuits_are_counted_until_they_end() {
        assert_eq!(served([vec![Asked::Long; 20], vec![Asked::Short]].concat()).await.len(), 20);
        assert_eq!(served(vec![Asked::Short; 100]).await.len(), 100);
    }
}
