//! Questions to a server after a replay whose entries are not the signed ones: the answers may prove it to others.
//!
//! The finding is durable before they are asked, and nothing of the answers is accepted: they are for the monitor
//! only. A server that does not answer loses nothing by it.

use cwtch_log::EntryId;
use cwtch_wire::board::ReplayLog;

use super::Follower;
use super::clock::Now;
use super::output::Output;
use super::phase::{Gathering, Phase};
use crate::monitor::Refused;

impl Follower {
    /// Notes that the server was caught without a proof for others, and asks it further questions once that is
    /// stored.
    pub(super) fn caught(&mut self) {
        self.out.push_back(Output::Caught);
        self.step();
        self.wanted = false;
        self.phase = Phase::Gathering(Gathering::Caught);
        self.out.push_back(Output::Flush);
    }

    pub(super) fn ask_for_proof(&mut self, now: Now) {
        if let Some((from, size)) = self.monitor.proof_request()
            && self.board.request_proof(from, size).is_ok()
        {
            self.phase = Phase::Gathering(Gathering::Proof);
            return self.timing.doubt(now.steady);
        }
        self.ask_for_reply(now);
    }

    pub(super) fn ask_for_reply(&mut self, now: Now) {
        let Some(request) = self.monitor.evidence_request() else { return self.refuse(Refused::Stopped) };
        match self.board.request_log_replay(request.from, None) {
            Ok(()) => {
                self.phase = Phase::Gathering(Gathering::Reply);
                self.timing.doubt(now.steady);
            }
            Err(error) => self.misbehaved(error),
        }
    }

    pub(super) fn proof(&mut self, from: u64, size: u64, proof: &[u8], now: Now) {
        if self.phase != Phase::Gathering(Gathering::Proof) {
            return;
        }
        if self.monitor.proof_answer(from, size, proof, now.unix) {
            return self.refuse(Refused::Stopped);
        }
        self.ask_for_reply(now);
    }

    pub(super) fn gathered_start(&mut self, count: u64, log: Option<Box<ReplayLog>>, now: Now) {
        let begun = log.map(|log| self.monitor.begin_replay(&log, count, now.unix));
        if !matches!(begun, Some(Ok(_))) {
            self.refuse(Refused::Stopped);
        }
    }

    pub(super) fn gathered_entry(&mut self, entry: EntryId) {
        if self.monitor.entry(entry).is_err() {
            self.refuse(Refused::Stopped);
        }
    }

    pub(super) fn gathered_boundary(&mut self, checkpoint: &[u8]) {
        if self.monitor.boundary(checkpoint).is_err() {
            self.refuse(Refused::Stopped);
        }
    }

    /// Ends a gathered reply, with a stop whatever it holds.
    pub(super) fn gathered_all(&mut self, now: Now) {
        let _ = self.monitor.finish_replay(now.unix);
        self.refuse(Refused::Stopped);
    }
}
