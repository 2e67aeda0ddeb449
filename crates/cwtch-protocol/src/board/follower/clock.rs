//! Moments, and what is known of a server's silence.

use std::time::Duration;

use rand_core::RngCore;

use crate::channel::deadlines::{BOARD_ANSWER, BOARD_DOUBT, BOARD_HEARTBEAT};

/// A part of the heartbeat's pause is random, so that a server cannot tell clients of one machine by it.
pub const HEARTBEAT_JITTER: f64 = 0.5;
/// A moment, by the caller's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Unix seconds, by the person's clock.
    pub unix: u64,
    /// The time since some moment of the caller's choice; it never goes back.
    pub steady: Duration,
}

/// Signs of life of the server, and the patience with it.
#[derive(Debug)]
pub(super) struct Timing {
    /// The last sign of life.
    pub(super) heard: Duration,
    /// The last sign of something that the server owed, or the moment since which it owes something.
    pub(super) owed: Duration,
    /// Time for which it may owe something.
    pub(super) patience: Duration,
    /// The silence after which it is asked for a sign of life.
    pub(super) heartbeat: Duration,
    /// Something that it owed has come, and is not done yet.
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

    /// The server has its own time from now on, less than otherwise.
    pub(super) fn doubt(&mut self, at: Duration) {
        (self.owed, self.patience) = (at, BOARD_DOUBT);
    }
}

/// The pause between two signs of life.
pub(super) fn heartbeat(rng: &mut impl RngCore) -> Duration {
    let part = f64::from(rng.next_u32()) / f64::from(u32::MAX);
    BOARD_HEARTBEAT.mul_f64(HEARTBEAT_JITTER.mul_add(part, 1.0))
}
