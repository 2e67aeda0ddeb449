//! Visits to a server as somebody whom it has never seen: each in a session of its own, on another way through the network, and under an
//! identity that is used once. So it cannot know for whom it answers, nor which visits are one person's.

use std::time::Duration;

use cwtch_net::{Isolation, SecureConnection};
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::BoardClient;
use cwtch_protocol::app::board_client::Event;
use cwtch_protocol::channel::deadlines;
use tokio::time::timeout;

use super::shared::LinkShared;
use crate::engine::dial::Target;

/// Longest time that a visit takes, with the way there.
const VISIT: Duration = Duration::from_secs(10 * 60);
/// Longest time that saying goodbye may take.
const CLOSE: Duration = Duration::from_secs(2);

/// End of a visit.
pub(super) enum Visited<T> {
    /// No connection came about, or the network does not allow one any more.
    Never,
    /// The server broke off, fell silent, or took too long.
    Broken,
    /// It gave what was looked for.
    Found(T),
}

impl<T> Visited<T> {
    /// The thing that was looked for.
    pub(super) fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Never | Self::Broken => None,
        }
    }
}

/// Puts to a server what was asked of `board`, and looks at its answers until `pick` has what it looks for.
pub(super) async fn visit<T>(
    shared: &LinkShared,
    server: &Address,
    board: BoardClient,
    pick: impl FnMut(Event) -> Option<T>,
) -> Visited<T> {
    let attention = shared.context.dialing.attention();
    let session = async {
        let Some(mut connection) = connect(shared, server).await else { return Visited::Never };
        let found = answers(&mut connection, board, pick).await;
        let _ = timeout(CLOSE, connection.close()).await;
        found.map_or(Visited::Broken, Visited::Found)
    };
    tokio::select! {
        visited = timeout(VISIT, session) => visited.unwrap_or(Visited::Broken),
        () = attention.until_forbidden(Target::Server(*server)) => Visited::Never,
    }
}

async fn connect(shared: &LinkShared, server: &Address) -> Option<SecureConnection> {
    let dialing = &shared.context.dialing;
    let stream = dialing.dial(Target::Server(*server), server, Isolation::new(), &shared.deadlines, |_| {});
    let identity = Identity::generate(&mut OsRng);
    SecureConnection::outbound(stream.await.ok()?, &identity, server, &shared.deadlines, OsRng).await.ok()
}

async fn answers<T>(
    connection: &mut SecureConnection,
    mut board: BoardClient,
    mut pick: impl FnMut(Event) -> Option<T>,
) -> Option<T> {
    loop {
        while let Some(payload) = board.poll_send() {
            connection.send(&payload).await.ok()?;
        }
        let payload = timeout(deadlines::BOARD_ANSWER, connection.recv()).await.ok()?.ok()??;
        board.handle(&payload).ok()?;
        while let Some(event) = board.poll_event() {
            if let Some(found) = pick(event) {
                return Some(found);
            }
        }
    }
}
