//! Duties of a network, and its failures.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cwtch_api::Obstacle;
use cwtch_primitives::{Address, Identity};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::readiness::Readiness;

/// A byte stream in both directions, ordered and reliable, not necessarily authenticated.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream of any network.
pub type BoxStream = Box<dyn Stream>;

/// A token for streams that may travel together: streams that were dialled with the same isolation may share a
/// circuit of an anonymous network, streams with different ones never do. No two calls of [`Isolation::new`] in a
/// process give the same one, and networks keep those of different processes apart by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isolation(u64);

impl Isolation {
    /// An isolation that nothing else has.
    #[expect(clippy::new_without_default, reason = "two defaults that differ would surprise")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Its number, unique in this process.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A span of time in unix seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub after: u64,
    /// The last second.
    pub until: u64,
}

impl Validity {
    /// True if a time lies within the span.
    pub fn contains(&self, unix: u64) -> bool {
        (self.after..=self.until).contains(&unix)
    }
}

/// A network on which identities listen under their addresses and dial others.
///
/// A stream from [`dial`](Self::dial) is not proof of who answers: the handshake of §1.5 checks that.
#[async_trait]
pub trait Network: Send + Sync {
    /// Begins to make `identity` reachable under its address, until the listener is closed or dropped. Listening
    /// again with the same identity takes the address over. [`Listener::readiness`] tells how far this is: over a
    /// network that is not ready, listening begins as soon as it is.
    ///
    /// # Errors
    /// If the network will not publish the address, however long one waits.
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError>;

    /// Opens a stream to whoever listens under `address`.
    ///
    /// # Errors
    /// [`NetError::Unreachable`] if nobody answers there now; [`NetError::NotReady`] if the network is not
    /// [ready](Self::readiness); anything else is local trouble.
    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError>;

    /// Readiness of the network for carrying streams, now and from now on. It ends with the network.
    fn readiness(&self) -> watch::Receiver<Readiness> {
        Readiness::always()
    }

    /// True if the network can tell, now or later, that this machine's clock is right to within hours: a Tor on this
    /// machine can, because its directory has a time for which it is [valid](Self::validity).
    fn confirms_clock(&self) -> bool {
        false
    }

    /// The time for which the newest directory is valid, in a network that [can tell](Self::confirms_clock). The
    /// authorities signed the directory, so it is now later than the beginning; a machine whose clock is right, and
    /// that keeps the directory up to date, is within the span. `None` while it is not known.
    fn validity(&self) -> Option<Validity> {
        None
    }

    /// Withdraws what is published and leaves the network, as far as that needs waiting; nothing can be dialled
    /// afterwards.
    async fn shutdown(&self) {}

    /// The network's name in a few words, for a person.
    fn describe(&self) -> &'static str;

    /// Warning that a person must know before trusting this network with anything; programs print it at start.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}

/// A listening address.
#[async_trait]
pub trait Listener: Send {
    /// Waits for the next stream. Cancel-safe: if the future is dropped, the next call gets the stream. Passing
    /// troubles (an aborted connection, too many open files) are waited out inside.
    ///
    /// # Errors
    /// If the listener is of no use any more.
    async fn accept(&mut self) -> Result<BoxStream, NetError>;

    /// The address that is listened on.
    fn address(&self) -> &Address;

    /// Readiness of the address for others, now and from now on. Ready means that it was seen to answer, as far as
    /// the network can tell.
    fn readiness(&self) -> watch::Receiver<Readiness> {
        Readiness::always()
    }

    /// Stops listening and withdraws the address. Dropping the listener does the same as far as it can
    /// without waiting.
    async fn close(self: Box<Self>);
}

/// Reason why a network did not do what it was asked. No text contains an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Nobody can be reached there now; trying again later can help.
    #[error("the peer cannot be reached: {why}")]
    Unreachable {
        /// The observation.
        why: UnreachableWhy,
    },
    /// The network does not carry streams yet, or not any more for now.
    #[error("the network is not ready")]
    NotReady {
        /// The obstacle, where one is known.
        obstacle: Option<Obstacle>,
    },
    /// The network cannot be used as it is set up; waiting does not help.
    #[error("the network cannot be used as it is set up ({})", .obstacle.code())]
    Setup {
        /// The obstacle.
        obstacle: Obstacle,
    },
    /// The peer's address file says nothing that may be dialled.
    #[error("the peer's address file on the loopback network is malformed: {0}")]
    AddressFile(AddressFileFault),
    /// The operating system refused something.
    #[error("could not {doing}: {source}")]
    Io {
        /// The action that failed, to follow "could not".
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The listener or the network is closed.
    #[error("the network is shut down; start it again to connect")]
    Closed,
}

impl NetError {
    /// True if the peer is away (rather than something being wrong here), so that a retry makes sense.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Obstacle that the error names, where it names one.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Self::NotReady { obstacle } => obstacle.as_ref(),
            Self::Setup { obstacle } => Some(obstacle),
            _ => None,
        }
    }

    /// The peer is away, for a reason.
    pub fn unreachable(why: UnreachableWhy) -> Self {
        Self::Unreachable { why }
    }

    /// The system refused something; `doing` follows "could not".
    pub fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }
}

/// Observation when a peer could not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnreachableWhy {
    /// The peer has published no address.
    #[error("it is not online (no address file on the loopback network)")]
    NotPublished,
    /// The peer's address is published, but nothing answers there: it ended without withdrawing it.
    #[error("it is not online (its address file is left over; nothing answers there)")]
    Refused,
    /// The peer has published no onion service.
    #[error("it is not online (the directories of the Tor network know no onion service of it)")]
    NoDescriptor,
    /// The peer has published an onion service that does not answer.
    #[error("it is not online, or was a moment ago (its onion service does not answer)")]
    NoAnswer,
    /// The peer answers on the network, but takes no stream.
    #[error("it takes no connection now; it may have too many")]
    Declined,
    /// The peer did not answer in time.
    #[error("it did not answer in time; it may be offline or very slow")]
    TimedOut,
}

/// Fault of an address file (§1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFileFault {
    /// Not a plain file.
    #[error("it is not a plain file")]
    NotAFile,
    /// More than the longest possible content.
    #[error("it is longer than an IP address and a port")]
    TooLong,
    /// Not `IP:PORT`.
    #[error("it is not of the form 127.0.0.1:PORT")]
    Form,
    /// An address outside 127.0.0.0/8: the loopback network never leaves the machine.
    #[error("it points outside this machine, and the loopback network never dials there")]
    NotLoopback,
}
