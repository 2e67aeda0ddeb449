//! Deadlines of the server, and signs of life that it is asked for.
//!
//! The deployed protocol has no heartbeat, and a dead connection is not always signalled: after about
//! [`BOARD_HEARTBEAT`] of silence, a replay is asked for from the last message. Whatever the server owes must come
//! within [`BOARD_ANSWER`] since the last sign of it; otherwise the connection is given up.

use std::time::Duration;

use rand_core::RngCore;

use super::Follower;
use super::clock::{Now, heartbeat};
use super::output::End;
use super::phase::{Gathering, Phase};
use crate::channel::deadlines::BOARD_DOUBT;
#[cfg(doc)]
use crate::channel::deadlines::{BOARD_ANSWER, BOARD_HEARTBEAT};
use crate::monitor::Refused;

impl Follower {
    /// Notes that the server owes something from now on, if it did not before.
    pub(super) fn will_owe(&mut self, at: Duration) {
        if !self.server_owes() {
            self.timing.owed = at;
        }
    }

    fn server_owes(&self) -> bool {
        let asked = match &self.phase {
            Phase::Asked(_) | Phase::Reading { .. } => true,
            Phase::Gathering(what) => *what != Gathering::Caught,
            Phase::Listening | Phase::Drawn { .. } | Phase::Storing { .. } | Phase::Ended => false,
        };
        asked || !self.posts.none_in_flight()
    }

    /// Moment at which to call [`Follower::overdue`].
    pub fn deadline(&self) -> Duration {
        let timing = &self.timing;
        let silence = if self.server_owes() {
            timing.owed.saturating_add(timing.patience)
        } else {
            timing.heard.saturating_add(timing.heartbeat)
        };
        self.posts.again_at().map_or(silence, |at| at.min(silence))
    }

    /// Acts when the [`Follower::deadline`] has come: asks a full server again, asks for a sign of life, or gives up.
    pub fn overdue(&mut self, now: Now, rng: &mut impl RngCore) {
        let at = now.steady;
        if self.posts.again_at().is_some_and(|again| again <= at) {
            return self.posts.ask_again();
        }
        if at < self.deadline() {
            return;
        }
        match self.phase {
            Phase::Ended => {}
            Phase::Gathering(Gathering::Proof) => self.ask_for_reply(now),
            Phase::Gathering(Gathering::Reply) => self.refuse(Refused::Stopped),
            _ if self.server_owes() => self.end(End::Silent(self.timing.patience)),
            _ => {
                self.timing.heard = at;
                self.timing.heartbeat = heartbeat(rng);
                // While something is being stored, it is this machine that is slow, so the server is not asked.
                self.wanted |= self.phase == Phase::Listening;
            }
        }
    }

    /// Asks for a replay now, because the connection may be dead, and waits for its beginning less long than
    /// otherwise.
    pub fn probe(&mut self, at: Duration) {
        if self.server_owes() {
            // What was owed before may have been lost with the network.
            self.timing.owed = at;
        } else {
            self.wanted |= self.phase == Phase::Listening;
        }
        self.timing.patience = BOARD_DOUBT;
    }
}
