//! Reader of standard output: there, or gone, as `head` is after its lines.

use std::io;
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use tokio::sync::oneshot;

/// Reader of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The reader is there, as far as it can be told.
    There,
    /// The reader is gone: what is written from now on reaches nobody.
    Gone,
}

/// Returns when the reader of standard output is gone; never for a file, which has none to lose.
pub(crate) async fn gone() {
    let (tell, told) = oneshot::channel();
    // A thread of its own, which ends with the program: to have the runtime watch what is not its own is unsafe.
    let started = std::thread::Builder::new().name("cwtch-stdout".into()).spawn(move || {
        if until_gone().is_ok() {
            let _ = tell.send(());
        }
    });
    if started.is_err() || told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// # Errors
/// If standard output cannot be watched, as a file cannot.
fn until_gone() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let out = io::stdout().as_raw_fd();
    // Errors are told whatever is asked for.
    poll.registry().register(&mut SourceFd(&out), Token(0), Interest::READABLE)?;
    let mut events = Events::with_capacity(4);
    loop {
        match poll.poll(&mut events, None) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.iter().any(|event| event.is_error() || event.is_write_closed()) {
            return Ok(());
        }
    }
}
