//! Introductions, rendezvous circuits and streams of an onion service, all bounded.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arti_client::DataStream;
use cwtch_net::onion::{Arrivals, PORT};
use futures::stream::BoxStream as FuturesStream;
use futures::{Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tor_cell::relaycell::msg::Connected;
use tor_hsservice::{RendRequest, StreamRequest};
use tor_proto::stream::IncomingStreamRequest;

use crate::builders::{Limits, build_each};

/// Limits of building circuits. Three introduction points let 25 introductions a second through (see `service`), so
/// that ten seconds of introductions to relays that answer nobody leave room. A circuit that comes about at all is
/// there after a few seconds.
const LIMITS: Limits = Limits { building: 768, build: Duration::from_secs(10), circuits: 8192 };
/// Time after which a circuit without an open stream is closed.
const EMPTY: Duration = Duration::from_secs(60);
/// Time that a stream may wait for the program to take it.
const WAIT: Duration = Duration::from_secs(30);

/// Takes introductions until the service ends. The circuits outlive it, as long as they have open streams.
pub(crate) async fn take(
    tasks: TaskTracker,
    stop: CancellationToken,
    requests: FuturesStream<'static, RendRequest>,
    arrivals: Arrivals,
) {
    let build = |request: RendRequest| {
        let arrivals = arrivals.clone();
        async move { Some(serve(request.accept().await.ok()?, arrivals)) }
    };
    build_each(LIMITS, tasks, stop, requests, build).await;
}

/// Hands over the streams of one circuit. Ends, and closes the circuit, when none was open for a while.
async fn serve(mut streams: impl Stream<Item = StreamRequest> + Unpin, arrivals: Arrivals) {
    let open = Arc::new(());
    loop {
        let request = tokio::select! {
            request = streams.next() => match request {
                Some(request) => request,
                None => return,
            },
            () = sleep(EMPTY) => {
                if Arc::strong_count(&open) == 1 {
                    return;
                }
                continue;
            }
        };
        let ours = matches!(request.request(), IncomingStreamRequest::Begin(begin) if begin.port() == PORT);
        if !ours {
            // Other onion services answer a port that they do not have in the same way.
            let _ = request.shutdown_circuit();
            return;
        }
        let arrival = arrivals.note();
        let Ok(Some(place)) = timeout(WAIT, arrivals.room()).await else {
            let _ = request.shutdown_circuit();
            return;
        };
        if let Ok(stream) = request.accept(Connected::new_empty()).await {
            place.send(arrival, Box::new(Counted { stream, _open: open.clone() }));
        }
    }
}

/// A stream that its circuit knows to be open.
struct Counted {
    stream: DataStream,
    _open: Arc<()>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        AsyncRead::poll_read(Pin::new(&mut self.stream), cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.stream), cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.stream), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut self.stream), cx)
    }
}
