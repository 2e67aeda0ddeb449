//! One connection to a board, from its first replay to its end (§1.8, and section 7 of `docs/verifiable-log.md`).
//!
//! A [`Follower`] keeps the state of the connection in one `Phase`. It decides what is asked for and when, which
//! answers are read, what is asked again, what is asked of a server that was caught, when our posts may go, and how
//! long the server may be silent. It knows no socket, clock or disk.
//!
//! The order is: a replay from where our own log ends; when all of it is stored, posts; then whatever comes. A replay
//! and a post are never under way at the same time: the answers carry no ids, and a message of ours that a replay
//! shows need not be posted again.
//!
//! **The contract**
//! - After each call, drain [`Follower::poll_output`] and carry the outputs out in their order; then send what
//!   [`Follower::poll_send`] gives. It may be sent at once: everything that had to be durable before has been stored
//!   when it appears there.
//! - **Durable first**: messages and steps go through a [`Collector`], which makes transactions of them. At
//!   [`Output::Flush`], call [`Follower::stored`] once everything before it is committed, and not before. Where several
//!   are open, the newest one counts.
//! - When [`Follower::wants_start`], read from the store where the next replay begins, and call [`Follower::start`].
//! - After [`Follower::handle`], once all outputs are done, call [`Follower::handled`]: waiting for our own disk is
//!   not the server's silence. At [`Follower::deadline`], call [`Follower::overdue`].
//! - Input for the monitor that does not come over this connection (probes, comparisons, certificates) goes to
//!   [`Follower::monitor_mut`], followed by [`Follower::worked`].
//! - After [`Output::End`] the connection is over; the monitor of the next one comes from the store.

mod clock;
mod collect;
mod gather;
mod output;
mod phase;
mod posts;
mod queue;
mod replay;
mod timing;

use core::fmt;
use std::collections::VecDeque;
use std::time::Duration;

use cwtch_log::EntryId;
use cwtch_wire::board::EncryptedGroupMessage;
use rand_core::RngCore;

use self::clock::Timing;
use self::phase::{Entries, Gathering, Phase};
use self::queue::Posts;
use crate::app::board_client::{BoardClient, BoardClientError, Event};
use crate::monitor::{Monitor, Notice, Refused};

pub use self::clock::{HEARTBEAT_JITTER, Now};
pub use self::collect::{Collected, Collector, HELD_MAX, TooManyHeld, Transaction};
pub use self::output::{End, NotNow, Output, Place, PostStored, Received, Step};
pub use self::phase::Start;
pub use self::queue::{FULL_FIRST, FULL_MAX, POSTS_MAX};

/// One connection to a board. The calling contract stands at the top of this module.
pub struct Follower {
    board: BoardClient,
    monitor: Monitor,
    phase: Phase,
    /// True if a replay is to begin after what is under way.
    wanted: bool,
    /// True if a replay was completed and stored.
    synced: bool,
    posts: Posts,
    timing: Timing,
    /// Size that the newest [`Step`] covered.
    covered: u64,
    out: VecDeque<Output>,
}

impl Follower {
    /// The follower of a connection that was just made. A replay of more than `max_replay` entries is refused.
    pub fn new(monitor: Monitor, max_replay: u64, at: Duration, rng: &mut impl RngCore) -> Self {
        Self {
            board: BoardClient::new(max_replay),
            monitor,
            phase: Phase::Listening,
            wanted: true,
            synced: false,
            posts: Posts::default(),
            timing: Timing::new(at, rng),
            covered: 0,
            out: VecDeque::new(),
        }
    }

    /// The next output to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.board.poll_send()
    }

    /// Takes a payload of the server.
    pub fn handle(&mut self, payload: &[u8], now: Now) {
        if self.phase == Phase::Ended {
            return;
        }
        self.timing.heard(now.steady);
        if let Err(error) = self.board.handle(payload) {
            return self.end(End::Misbehaved(error));
        }
        while let Some(event) = self.board.poll_event() {
            if self.phase == Phase::Ended {
                return;
            }
            if self.event(event, now) {
                self.timing.answered();
            }
        }
    }

    /// Notes that everything the payloads so far brought is done: silence counts from now on.
    pub fn handled(&mut self, at: Duration) {
        self.timing.handled(at);
    }

    /// Takes an event; true if it is something that the server owed.
    fn event(&mut self, event: Event, now: Now) -> bool {
        match event {
            Event::ReplayStarted { count, log } => self.replay_started(count, log, now),
            Event::Entry { message, .. } => self.entry(message),
            Event::Boundary { checkpoint, .. } => self.boundary(checkpoint.as_slice()),
            Event::Synced => return self.replay_ended(now),
            Event::NewMessage { message, log } => {
                self.live(message, log, now);
                return false;
            }
            Event::PostAnswered { id, success, log } => self.post_answered(id, success, log, now),
            Event::Proof { from, size, proof } => {
                self.proof(from, size, &proof, now);
                return false;
            }
            // A follower asks for no heads.
            Event::Head(_) => return false,
        }
        true
    }

    /// Notes that everything before the newest [`Output::Flush`] is committed. `complete` tells that it was read for
    /// all groups that there are now; if not, [`Output::Incomplete`] follows.
    pub fn stored(&mut self, complete: bool, now: Now) {
        match &mut self.phase {
            Phase::Drawn { from, start } => {
                let (from, start) = (*from, core::mem::take(start));
                self.ask(from, start, now);
            }
            Phase::Storing { again } => {
                let again = core::mem::take(again);
                self.phase = Phase::Listening;
                if again {
                    self.wanted = true;
                } else if complete {
                    self.synced = true;
                    self.posts.queued();
                    self.out.push_back(Output::Synced);
                } else {
                    self.wanted = false;
                    self.out.push_back(Output::Incomplete);
                }
            }
            Phase::Gathering(Gathering::Caught) => self.ask_for_proof(now),
            _ => {}
        }
    }

    // --- what the caller wants ---

    /// Has a replay begin as soon as nothing else is under way.
    pub fn want_replay(&mut self) {
        self.wanted = true;
    }

    /// True if a replay is to begin now: call [`Follower::start`].
    pub fn wants_start(&self) -> bool {
        self.wanted && self.phase == Phase::Listening && self.posts.none_in_flight()
    }

    /// True if a replay is under way, or not all of it stored.
    pub fn is_replaying(&self) -> bool {
        matches!(
            self.phase,
            Phase::Drawn { .. } | Phase::Asked(_) | Phase::Reading { .. } | Phase::Storing { .. }
        )
    }

    /// True if a replay was completed and stored.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// True if nothing is left to be done but to listen. [`Follower::lacks_tokens`] tells of posts without a token.
    pub fn is_idle(&self) -> bool {
        self.synced && !self.wanted && self.phase == Phase::Listening && self.posts.none_in_flight()
    }

    // --- the log ---

    /// The monitor of the server's log.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The monitor, for input that does not come over this connection; call [`Follower::worked`] afterwards.
    pub fn monitor_mut(&mut self) -> &mut Monitor {
        &mut self.monitor
    }

    /// Hands on the results of work on the monitor. If the server was caught by it, the connection ends.
    pub fn worked(&mut self) {
        self.step();
        if self.monitor.is_stopped() && !matches!(self.phase, Phase::Gathering(_) | Phase::Ended) {
            self.end(End::Refused(Refused::Stopped));
        }
    }

    /// Hands on the monitor's changes and how far messages are covered. False if there is nothing new.
    fn step(&mut self) -> bool {
        let step = self.take_step();
        if step.changes.is_empty() && step.notices.is_empty() && step.covers == self.covered {
            return false;
        }
        self.covered = step.covers;
        self.out.push_back(Output::Step(Box::new(step)));
        true
    }

    fn take_step(&mut self) -> Step {
        let mut notices = Vec::new();
        while let Some(notice) = self.monitor.poll_notice() {
            if matches!(notice, Notice::Lost { .. }) {
                // Our own messages that the server lost are sent again.
                self.posts.queued();
            }
            notices.push(notice);
        }
        // Entries of a reply that was given up, or that is for evidence only, are covered by nothing, even where our
        // own log reaches further.
        let given_up = match &self.phase {
            Phase::Reading { entries, .. } => *entries == Entries::Log && !self.monitor.is_reading(),
            Phase::Gathering(_) => true,
            _ => false,
        };
        let covers = if given_up { self.covered } else { self.monitor.covered_size() };
        Step { changes: self.monitor.take_changes(), notices, covers }
    }

    /// Refuses the answer: the monitor's findings are kept, and the connection ends.
    fn refuse(&mut self, why: Refused) {
        self.step();
        self.end(End::Refused(why));
    }

    fn misbehaved(&mut self, error: BoardClientError) {
        self.end(End::Misbehaved(error));
    }

    fn end(&mut self, why: End) {
        self.phase = Phase::Ended;
        self.out.push_back(Output::End(why));
    }

    fn hand_on(&mut self, message: EncryptedGroupMessage, entry: EntryId, place: Place, known: bool) {
        self.out.push_back(Output::Message(Box::new(Received { message, entry, place, known })));
    }
}

/// Shows phases and sizes only: the rest concerns who reads what.
impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("phase", &self.phase)
            .field("wanted", &self.wanted)
            .field("synced", &self.synced)
            .field("monitor", &self.monitor)
            .finish_non_exhaustive()
    }
}
