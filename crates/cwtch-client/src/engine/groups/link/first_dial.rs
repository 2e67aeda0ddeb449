//! The wait before a server is dialled for the first time, because others moved a group there: its operator is not to see from
//! when its visitors come who they are with.

use std::time::Duration;

use cwtch_primitives::{Address, OsRng};
use tokio::time::sleep;

use super::actor::Actor;
use crate::api::{ApiError, ErrorKind, Problem, ServerPhase};
use crate::engine::groups::log::unix;
use crate::engine::groups::shared::LinkShared;
use crate::engine::groups::waiters::Fate;
use crate::profile::{FirstDial, MessageId, Profile};

/// The longest time between two looks: the clock may be set, and the person may want to go there now.
pub(in crate::engine::groups) const LOOK: Duration = Duration::from_secs(5);

impl Actor {
    /// Waits until the server may be dialled; whoever asks for something meanwhile hears why it is not. `false` if the link ends.
    pub(super) async fn until_first_dial(&mut self) -> bool {
        loop {
            let board = self.server.board;
            let why = match first_dial(&self.shared, &board).await {
                Ok(None) => return true,
                Ok(Some(at)) => Problem::ServerDialledLater { at: at.cast_signed() },
                Err(error) if error.kind() == ErrorKind::Closed => return false,
                // The connection meets the same trouble with the database, and tells it.
                Err(_) => return true,
            };
            self.set_phase(ServerPhase::Offline, Some(why.clone()));
            for waiting in self.waiting.drain(..) {
                let _ = waiting.answer.send(Err(why.clone().into()));
            }
            let queued = move |profile: &mut Profile| profile.pending_posts(&board, MessageId(0), u32::MAX);
            for post in self.shared.context.store.run(queued).await.unwrap_or_default() {
                self.shared.waiters.settle(post.id, &Fate::Waits(why.clone()));
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                () = self.outbox.notified() => {}
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.note(ask).await,
                    None => return false,
                },
            }
        }
    }
}

/// The time before which a server is not dialled; `None` if it may be.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine::groups) async fn first_dial(
    shared: &LinkShared,
    server: &Address,
) -> Result<Option<u64>, ApiError> {
    let (server, now) = (*server, unix(shared.context.now()));
    let look = move |profile: &mut Profile| {
        if profile.first_dial(&server, now)? == FirstDial::Undrawn {
            profile.draw_first_dials(now, &mut OsRng)?;
        }
        profile.first_dial(&server, now)
    };
    Ok(match shared.context.store.run(look).await? {
        FirstDial::Free | FirstDial::Undrawn => None,
        FirstDial::At(at) => Some(at),
    })
}
