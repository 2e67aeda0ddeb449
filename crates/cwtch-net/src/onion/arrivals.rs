//! The queue of streams that reach an onion service, with the means to tell which of them this process dialled
//! itself.
//!
//! A look at our own address from outside ([`super::keep_checked`]) writes a [`Nonce`] as the first bytes of its
//! stream. Only a stream with that nonce shows that the address leads here: any other may have come in an older way.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use rand::RngCore;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, mpsc};

use crate::network::BoxStream;

/// Number of streams that may wait for the program to take them; later ones wait in Tor.
const BACKLOG: usize = 32;
/// Length of a nonce.
pub(super) const NONCE_LEN: usize = 32;
/// The first bytes of a look's stream.
pub(super) type Nonce = [u8; NONCE_LEN];

/// The end of a queue at which a Tor puts the streams that reach an onion service. All clones are one queue.
#[derive(Debug, Clone)]
pub struct Arrivals {
    queue: mpsc::Sender<BoxStream>,
    shared: Arc<Lookout>,
}

/// The looks, and who waits for one to see something.
#[derive(Debug, Default)]
struct Lookout {
    state: Mutex<Looks>,
    changed: Notify,
}

/// The look under way, and the streams that came meanwhile.
#[derive(Debug, Default)]
struct Looks {
    /// The look under way: its number and its nonce.
    look: Option<(u64, Nonce)>,
    /// Number of looks so far.
    looks: u64,
    /// True once the nonce of the look under way has come.
    seen: bool,
    /// Number of streams that came during the look under way and that nobody has begun to read.
    unread: usize,
    /// Number of streams that wait for room in the queue; those behind them are not even noted.
    blocked: usize,
}

impl Lookout {
    fn state(&self) -> MutexGuard<'_, Looks> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Looks)) {
        change(&mut self.state());
        self.changed.notify_waiters();
    }
}

impl Arrivals {
    /// Makes a queue; returns both its ends.
    pub fn new() -> (Self, mpsc::Receiver<BoxStream>) {
        let (queue, streams) = mpsc::channel(BACKLOG);
        (Self { queue, shared: Arc::default() }, streams)
    }

    /// Notes that a stream has reached this process, before there is room for it: a stream that reached the service
    /// need not have been taken by the program.
    pub fn note(&self) -> Arrival {
        let mut look = None;
        self.shared.change(|state| {
            if let Some((number, _)) = state.look {
                look = Some(number);
                state.unread += 1;
            }
        });
        Arrival { shared: self.shared.clone(), look }
    }

    /// Waits for room; `None` once nobody takes streams any more.
    pub async fn room(&self) -> Option<Room<'_>> {
        let blocked = Blocked::new(&self.shared);
        let permit = self.queue.reserve().await.ok()?;
        drop(blocked);
        Some(Room(permit))
    }

    /// True if a stream waits for room.
    pub fn is_blocked(&self) -> bool {
        self.shared.state().blocked > 0
    }

    /// Waits until nobody takes streams any more.
    pub async fn abandoned(&self) {
        self.queue.closed().await;
    }

    /// Begins a look: from now on its nonce is awaited.
    pub(super) fn look(&self) -> Look {
        let mut nonce = [0; NONCE_LEN];
        rand::thread_rng().fill_bytes(&mut nonce);
        self.shared.change(|state| {
            state.looks += 1;
            (state.look, state.seen, state.unread) = (Some((state.looks, nonce)), false, 0);
        });
        Look { shared: self.shared.clone(), nonce }
    }
}

/// A place in the queue.
pub struct Room<'a>(mpsc::Permit<'a, BoxStream>);

impl Room<'_> {
    /// Puts a stream at the end of the queue.
    pub fn send(self, arrival: Arrival, stream: BoxStream) {
        self.0.send(arrival.watch(stream));
    }
}

/// A guard while which a stream waits for room.
struct Blocked<'a>(&'a Lookout);

impl<'a> Blocked<'a> {
    fn new(shared: &'a Lookout) -> Self {
        shared.change(|state| state.blocked += 1);
        Self(shared)
    }
}

impl Drop for Blocked<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.blocked = state.blocked.saturating_sub(1));
    }
}

/// A stream that has reached this process.
#[derive(Debug)]
pub struct Arrival {
    shared: Arc<Lookout>,
    /// Number of the look during which the stream came.
    look: Option<u64>,
}

impl Arrival {
    fn watch(self, stream: BoxStream) -> BoxStream {
        if self.look.is_none() {
            return stream;
        }
        Box::new(Watched { stream, arrival: self, first: Some(Vec::new()), unread: true })
    }

    /// Changes what is known, unless the look is over.
    fn tell(&self, change: impl FnOnce(&mut Looks, &Nonce)) {
        self.shared.change(|state| {
            if let Some((number, nonce)) = state.look
                && Some(number) == self.look
            {
                change(state, &nonce);
            }
        });
    }
}

/// A look under way; it ends when this is dropped.
pub(super) struct Look {
    shared: Arc<Lookout>,
    nonce: Nonce,
}

impl Look {
    /// The bytes that the look's stream must write first.
    pub(super) fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// Waits until the nonce has come.
    pub(super) async fn seen(&self) {
        self.until(|state| state.seen).await;
    }

    /// Waits until the nonce has come, or nothing that arrived could still hold it. A stream that the program reads
    /// and that says nothing cannot: the nonce is written at once.
    pub(super) async fn decided(&self) {
        self.until(|state| state.seen || (state.unread == 0 && state.blocked == 0)).await;
    }

    /// True if the nonce has come.
    pub(super) fn is_seen(&self) -> bool {
        self.shared.state().seen
    }

    async fn until(&self, wanted: impl Fn(&Looks) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if wanted(&self.shared.state()) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.shared.change(|state| state.look = None);
    }
}

/// A stream whose first bytes are compared with the nonce as the program reads them.
struct Watched {
    stream: BoxStream,
    arrival: Arrival,
    /// Bytes that were read so far; `None` once they were enough to be compared.
    first: Option<Vec<u8>>,
    unread: bool,
}

impl Watched {
    fn read_begins(&mut self) {
        if std::mem::take(&mut self.unread) {
            self.arrival.tell(|state, _| state.unread = state.unread.saturating_sub(1));
        }
    }

    fn came(&mut self, bytes: &[u8]) {
        let Some(first) = &mut self.first else { return };
        first.extend(bytes.iter().take(NONCE_LEN - first.len()));
        if first.len() == NONCE_LEN {
            let first = self.first.take();
            self.arrival.tell(|state, nonce| state.seen |= first.is_some_and(|first| first == nonce));
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Some(new) = buf.filled().get(before..) {
            self.came(new);
        }
        // Only after the bytes were taken: whoever waits for a decision must not see a stream that is read but not
        // yet compared.
        self.read_begins();
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
