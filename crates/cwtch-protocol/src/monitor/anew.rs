//! Beginning anew: reading a log from its start because of a new group, and after a person decided to follow a server
//! again.

use cwtch_log::tree::CompactRange;

use super::Monitor;
use super::cursor::ReplayRequest;
use super::kept::Edit;

impl Monitor {
    /// Asks for everything that the server holds, from the start of the log: a group was joined, and entries that
    /// were passed over before may be its messages. Entries that the verified log has come as
    /// [`EntryPlace::Known`](super::EntryPlace::Known) all the same, and are covered as [`Monitor::covered_size`]
    /// says.
    pub fn replay_request_from_start(&mut self) -> ReplayRequest {
        self.asked = Some(0);
        ReplayRequest { from: 0, last_commit_allowed: !self.expects_log() }
    }

    /// The size up to which received entries are covered by a signature: that of the newest boundary checkpoint of
    /// the reply, or the verified size when none is being received. Below the verified size it matters only to a
    /// caller that reads from the start.
    pub fn covered_size(&self) -> u64 {
        if self.is_reading() { self.fold.settled } else { self.verified_size() }
    }

    /// True if a reply is being received: it began, and neither ended nor was given up.
    pub fn is_reading(&self) -> bool {
        self.fold.replay.is_some()
    }

    /// The compact range up to the last entry that was received; its root is that of the log up to there.
    pub fn received_range(&self) -> &CompactRange {
        &self.fold.range
    }

    /// Forgets the log and its certificates, as if the server were met for the first time, because a person wants to
    /// use it in spite of everything. Evidence, declared losses and gossip stay.
    pub fn start_over(&mut self) {
        self.kept.record(Edit::StartedOver);
        self.asked = None;
        self.gathering = false;
        self.gathered = false;
        self.reset_fold();
    }
}
