//! A command's turn: who asks for several things on one connection sees them take effect in that order.

use tokio::sync::oneshot;

/// The right to take effect before whatever was asked for next. Dropping it gives it on: that is done as soon as what
/// the command changes is durable, so that nobody stands behind a command that only waits.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "it is told by being dropped")] oneshot::Sender<()>);

/// The turn of what was asked for next.
#[derive(Debug)]
pub struct NextTurn(oneshot::Receiver<()>);

impl Turn {
    /// A turn, and the one behind it.
    pub fn new() -> (Self, NextTurn) {
        let (turn, next) = oneshot::channel();
        (Self(turn), NextTurn(next))
    }
}

impl NextTurn {
    /// Returns when the turn before was given on.
    pub async fn comes(self) {
        let _ = self.0.await;
    }
}
