//! Replays and live messages, given to the monitor in the order in which they came.

use cwtch_log::EntryId;
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog, ReplayLog};
use rand_core::RngCore;

use super::Follower;
use super::clock::Now;
use super::output::{Output, Place};
use super::phase::{Entries, Joins, Phase, Start};
use crate::monitor::{Begun, EntryPlace, LivePlace, Refused};

impl Follower {
    /// Begins the replay that [`Follower::wants_start`] asked for: draws its beginning and sends the request, at once
    /// or, if something must be stored before, in [`Follower::stored`].
    pub fn start(&mut self, start: Start, rng: &mut impl RngCore, now: Now) {
        if !self.wants_start() {
            return;
        }
        self.wanted = false;
        let request = match start.refetch {
            Some(index) => self.monitor.replay_request_from(index),
            None => self.monitor.replay_request(rng),
        };
        let cursor = start.cursor.filter(|_| request.last_commit_allowed && start.refetch.is_none());
        let start = Start { cursor, refetch: start.refetch };
        if self.step() {
            self.out.push_back(Output::Flush);
            self.phase = Phase::Drawn { from: request.from, start };
        } else {
            self.ask(request.from, start, now);
        }
    }

    pub(super) fn ask(&mut self, from: u64, start: Start, now: Now) {
        self.will_owe(now.steady);
        match self.board.request_log_replay(from, start.cursor.as_deref()) {
            Ok(()) => self.phase = Phase::Asked(start),
            Err(error) => self.misbehaved(error),
        }
    }

    pub(super) fn replay_started(&mut self, count: u64, log: Option<Box<ReplayLog>>, now: Now) {
        let Start { cursor, refetch } = match &mut self.phase {
            Phase::Asked(start) => core::mem::take(start),
            Phase::Gathering(_) => return self.gathered_start(count, log, now),
            // The board's client refuses answers to no question, so none comes here.
            _ => return,
        };
        let refetch = refetch.is_some();
        let Some(log) = log else {
            return match self.monitor.replay_without_log(now.unix) {
                Ok(()) => {
                    self.phase = Phase::Reading { entries: Entries::Plain(Joins::Unknown(cursor)), refetch };
                    self.out.push_back(Output::Replay { total: count });
                }
                Err(why) => self.refuse(why),
            };
        };
        let (entries, total) = match self.monitor.begin_replay(&log, count, now.unix) {
            Ok(Begun::Entries { from, size }) => {
                let known = if refetch { 0 } else { self.monitor.verified_size() };
                (Entries::Log, size - from.max(known).min(size))
            }
            Ok(Begun::AskAgain) => (Entries::Dropped, 0),
            Ok(Begun::NoLog) => (Entries::Plain(Joins::Unknown(cursor)), count),
            Err(why) => return self.refuse(why),
        };
        self.phase = Phase::Reading { entries, refetch };
        self.covered = 0;
        self.out.push_back(Output::Replay { total });
        self.step();
        self.out.push_back(Output::LogShown);
    }

    pub(super) fn entry(&mut self, message: EncryptedGroupMessage) {
        let entry = EntryId::of(&message.signature, &message.ciphertext);
        match &mut self.phase {
            Phase::Gathering(_) => self.gathered_entry(entry),
            Phase::Reading { entries: Entries::Plain(joins), .. } => {
                if let Joins::Unknown(cursor) = joins {
                    let found = cursor.as_ref() == Some(&message.signature);
                    *joins = if found { Joins::Yes } else { Joins::No };
                }
                self.hand_on(message, entry, Place::Plain { moves_cursor: true }, false);
            }
            Phase::Reading { entries: Entries::Log, refetch } => {
                let refetch = *refetch;
                match self.monitor.entry(entry) {
                    // The entry was read before, for all groups that were known then.
                    Ok(EntryPlace::Known { .. }) if !refetch => {}
                    Ok(place) => {
                        let known = matches!(place, EntryPlace::Known { .. });
                        self.in_log(message, entry, place.index(), known);
                    }
                    Err(why) => self.refuse(why),
                }
            }
            _ => {}
        }
    }

    pub(super) fn boundary(&mut self, checkpoint: &[u8]) {
        match &self.phase {
            Phase::Gathering(_) => self.gathered_boundary(checkpoint),
            Phase::Reading { entries: Entries::Log, .. } => match self.monitor.boundary(checkpoint) {
                Ok(_) => {
                    self.step();
                }
                Err(why) => self.refuse(why),
            },
            _ => {}
        }
    }

    /// Ends a replay whose entries were all read. False if the server was asked for more instead.
    pub(super) fn replay_ended(&mut self, now: Now) -> bool {
        let (entries, refetch) = match &self.phase {
            Phase::Gathering(_) => {
                self.gathered_all(now);
                return true;
            }
            Phase::Reading { entries, refetch } => (entries.clone(), *refetch),
            _ => return true,
        };
        match &entries {
            Entries::Log => match self.monitor.finish_replay(now.unix) {
                Ok(()) => {}
                Err(Refused::Stopped) => {
                    self.caught();
                    return false;
                }
                Err(why) => {
                    self.refuse(why);
                    return true;
                }
            },
            Entries::Plain(joins) if *joins != Joins::Yes => self.out.push_back(Output::OwnMayBeMissing),
            Entries::Plain(_) | Entries::Dropped => {}
        }
        let again = entries == Entries::Dropped;
        self.phase = Phase::Storing { again };
        self.step();
        if !again {
            self.out.extend(refetch.then_some(Output::Refetched));
            self.out.push_back(Output::AllRead);
        }
        self.out.push_back(Output::Flush);
        true
    }

    pub(super) fn live(
        &mut self,
        message: Option<EncryptedGroupMessage>,
        log: Option<Box<LiveLog>>,
        now: Now,
    ) {
        if matches!(self.phase, Phase::Gathering(_)) {
            return;
        }
        let entry = message.as_ref().map(|message| EntryId::of(&message.signature, &message.ciphertext));
        let Some(log) = log else {
            let (Some(message), Some(entry)) = (message, entry) else { return };
            if self.monitor.expects_log() {
                // Without its place it cannot be judged; a replay brings it with one.
                self.wanted = true;
                return;
            }
            // Before a replay has begun to be stored, messages before this one may still be missing.
            let moves_cursor = matches!(self.phase, Phase::Listening | Phase::Storing { .. });
            return self.hand_on(message, entry, Place::Plain { moves_cursor }, false);
        };
        match self.monitor.live(&log, entry, now.unix) {
            Ok(LivePlace::New { index }) => {
                if let (Some(message), Some(entry)) = (message, entry) {
                    self.in_log(message, entry, index, false);
                }
            }
            Ok(LivePlace::Known) => {}
            Ok(LivePlace::Gap | LivePlace::InReplay) => self.wanted = true,
            Err(why) => return self.refuse(why),
        }
        self.step();
    }

    fn in_log(&mut self, message: EncryptedGroupMessage, entry: EntryId, index: u64, known: bool) {
        let incarnation = self.monitor.incarnation_at(index).unwrap_or(0);
        let place = Place::Log { index, incarnation, range: self.monitor.received_range().clone() };
        self.hand_on(message, entry, place, known);
    }
}
