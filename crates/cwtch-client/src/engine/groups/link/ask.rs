//! Requests and signals of the rest of the engine to a link.

use cwtch_protocol::monitor::Monitor;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::api::{ApiError, SyncInfo};

/// Signals to a link: after the network or the machine was away, and when a person resumes a server.
#[derive(Default)]
pub(super) struct Wake {
    /// Dial now; the pauses so far say nothing any more.
    pub(super) hurry: Notify,
    /// Ask the server for a sign of life.
    pub(super) probe: Notify,
    /// A person wants to use a server in spite of its alarm.
    pub(super) resume: Notify,
    /// The server is not used any more, or there may be parts for it.
    pub(super) parts: Notify,
}

/// Request of the rest of the engine to a link.
pub(in crate::engine::groups) enum Ask {
    /// A sync from the last message on.
    Sync(oneshot::Sender<Result<SyncInfo, ApiError>>),
    /// Use the groups that the database has now; with `replay`, begin the sync again.
    Refresh { replay: bool, done: oneshot::Sender<()> },
    /// Do something with the server's monitor.
    Monitor(MonitorJob),
}

/// Something to do with a server's monitor.
pub(in crate::engine::groups) struct MonitorJob {
    pub(super) work: Box<dyn FnOnce(&mut Monitor) + Send>,
    /// Told when what the monitor changed is durable.
    pub(super) done: oneshot::Sender<()>,
}

/// Does something with the monitor of the server whose link has this queue; see [`Link::monitor`](super::Link::monitor).
pub(in crate::engine::groups) async fn on_monitor<T: Send + 'static>(
    asks: &mpsc::Sender<Ask>,
    work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
) -> Option<T> {
    let (done, durable) = oneshot::channel();
    let (result, mut worked) = oneshot::channel();
    let work = Box::new(move |monitor: &mut Monitor| drop(result.send(work(monitor))));
    asks.send(Ask::Monitor(MonitorJob { work, done })).await.ok()?;
    durable.await.ok()?;
    worked.try_recv().ok()
}
