//! A new connection that waits until it is clear whether the old one with the same peer still lives.

use std::sync::Arc;

use cwtch_net::SecureConnection;
use tokio::time::sleep;

use super::limits::DOUBT;
use super::registry::Doubt;
use super::slot::PeerHandle;

/// Outcome of the doubt.
pub(super) enum Settled {
    /// The peer does not use the old connection any more. With what came over the new one meanwhile.
    TakeNew(Option<Vec<u8>>),
    /// The old one stays: the peer answers over it, has given the new one up, or has brought a third.
    KeepOld,
}

/// Asks over the old connection for a sign of life and watches the new one meanwhile.
///
/// One payload of the new one is kept; then it is read no further, so a peer that talks costs no memory.
pub(super) async fn settle(doubt: &Doubt, connection: &mut SecureConnection) -> Settled {
    let old: &Arc<PeerHandle> = &doubt.old;
    let heard = old.heard.notified();
    tokio::pin!(heard);
    // Registered before the question, so that no answer is missed.
    heard.as_mut().enable();
    old.probe.notify_one();
    let mut first = None;
    let deadline = sleep(DOUBT);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = &mut heard => return Settled::KeepOld,
            () = doubt.displaced.cancelled() => return Settled::KeepOld,
            () = old.close.cancelled() => return Settled::TakeNew(first),
            () = &mut deadline => {
                old.close.cancel();
                return Settled::TakeNew(first);
            }
            received = connection.recv(), if first.is_none() => match received {
                Ok(Some(payload)) => first = Some(payload),
                Ok(None) | Err(_) => return Settled::KeepOld,
            }
        }
    }
}
