//! Moments, and the record of a server's silence.

use std::time::Duration;

use rand_core::RngCore;

use crate::channel::deadlines::{BOARD_ANSWER, BOARD_DOUBT, BOARD_HEARTBEAT};

/// Random part of the heartbeat's pause, as a fraction of it, so that a server cannot recognise the clients of one
/// machine by its rhythm.
pub const HEARTBEAT_JITTER: f64 = 0.5;
/// A moment by the caller's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time by the person's clock, in unix seconds.
    pub unix: u64,
    /// The time since some moment of the caller's choice; it never goes back.
    pub steady: Duration,
}

/// Signs of life of the server, and the patience with its silence.
#[derive(Debug)]
pub(super) struct Timing {
    /// Moment of the last sign of life.
    pub(super) heard: Duration,
    /// Moment of the last sign of something that the server owed, or since which it owes something.
    pub(super) owed: Duration,
    /// Time for which it may owe something.
    pub(super) patience: Duration,
    /// The silence after which it is asked for a sign of life.
    pub(super) heartbeat: Duration,
    /// True if something that the server owed has come and is not handled yet.
    answered: bool,
}

impl Timing {
    pub(super) fn new(at: Duration, rng: &mut impl RngCore) -> Self {
        Self { heard: at, owed: at, patience: BOARD_ANSWER, heartbeat: heartbeat(rng), answered: false }
    }

    pub(super) fn heard(&mut self, at: Duration) {
        self.heard = at;
    }

    pub(super) fn answered(&mut self) {
        self.answered = true;
        self.patience = BOARD_ANSWER;
    }

    pub(super) fn handled(&mut self, at: Duration) {
        self.heard = at;
        if core::mem::take(&mut self.answered) {
            self.owed = at;
        }
    }

    /// Gives the server a fresh, shorter time for its answer from now on.
    pub(super) fn doubt(&mut self, at: Duration) {
        (self.owed, self.patience) = (at, BOARD_DOUBT);
    }
}

/// Draws the pause between two signs of life.
pub(super) fn heartbeat(rng: &mut impl RngCore) -> Duration {
    let part = f64::from(rng.next_u32()) / f64::from(u32::MAX);
    BOARD_HEARTBEAT.mul_f64(HEARTBEAT_JITTER.mul_add(part, 1.0))
}
