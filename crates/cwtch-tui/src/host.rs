//! The program around the app, as the app on a terminal knows it.

use std::io;

use cwtch_app::Effect;

/// The program around the app: it carries out what the app wants done elsewhere.
pub trait Host {
    /// Begins to carry out an effect, without waiting for it. What becomes of it comes back as an [`Input`](cwtch_app::Input).
    fn carry_out(&mut self, effect: Effect);
}

/// The way in which a person left the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The daemon goes on.
    Stay,
    /// The daemon is to stop, too.
    Stop,
}

/// A failure of the terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuiError {
    /// It cannot be read, written or set up.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// A part of the program has failed; what it said stands on the terminal.
    #[error("a part of the program has failed")]
    Broken,
}
