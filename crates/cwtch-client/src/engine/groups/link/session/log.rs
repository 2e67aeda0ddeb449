//! What the server says about its log, given to the monitor in the order in which it came.

use std::sync::atomic::Ordering;

use cwtch_log::EntryId;
use cwtch_log::object::CheckpointBytes;
use cwtch_primitives::OsRng;
use cwtch_protocol::monitor::{Begun, EntryPlace, LivePlace, Notice, Refused, ReplayRequest};
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog, ReplayLog};

use super::super::ask::MonitorJob;
use super::super::intake::{Feed, Message, Placed, Step};
use super::Session;
use super::reading::{Joins, Replay};
use crate::api::ApiError;
use crate::engine::groups::log::{refused, unix};
use crate::profile::SyncStart;

impl Session<'_> {
    pub(super) fn unix(&self) -> u64 {
        unix(self.actor.shared.context.now())
    }

    // --- replays ---

    /// Where the next replay begins; durable before it is asked for.
    pub(super) async fn log_request(&mut self, start: &SyncStart) -> Result<ReplayRequest, ApiError> {
        self.log.refetch = start.refetch.then_some(start.epoch);
        let request = match self.log.refetch {
            Some(_) => self.log.monitor.replay_request_from_start(),
            None => self.log.monitor.replay_request(&mut OsRng),
        };
        if self.step().await? {
            self.flush().await?;
        }
        Ok(request)
    }

    pub(super) async fn replay_started(
        &mut self,
        count: u64,
        log: Option<Box<ReplayLog>>,
    ) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return self.gathered_start(count, log).await;
        }
        let now = self.unix();
        self.log.trouble = None;
        let Some(log) = log else {
            self.log.replay = Replay::Plain;
            if let Err(why) = self.log.monitor.replay_without_log(now) {
                return self.refuse(why).await;
            }
            return self.feed(Feed::Replay { total: count }).await;
        };
        let begun = match self.log.monitor.begin_replay(&log, count, now) {
            Ok(begun) => begun,
            Err(why) => return self.refuse(why).await,
        };
        let total = match begun {
            Begun::Entries { from, size } => {
                self.log.replay = Replay::Log;
                let known = if self.log.refetch.is_some() { 0 } else { self.log.monitor.verified_size() };
                size - from.max(known).min(size)
            }
            Begun::AskAgain => {
                self.log.replay = Replay::Dropped;
                self.log.again = true;
                0
            }
            Begun::NoLog => {
                self.log.replay = Replay::Plain;
                count
            }
        };
        self.log.covered = 0;
        self.feed(Feed::Replay { total }).await?;
        self.step().await?;
        self.log_is_back().await
    }

    pub(super) async fn entry(&mut self, message: EncryptedGroupMessage) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return self.gathered_entry(&message).await;
        }
        match self.log.replay {
            Replay::Dropped => Ok(()),
            Replay::Plain => {
                if let Joins::To(cursor) = &self.log.joins {
                    let joins = cursor.as_ref() == Some(&message.signature);
                    self.log.joins = if joins { Joins::Yes } else { Joins::No };
                }
                self.feed_plain(message, true).await
            }
            Replay::Log => {
                let entry = EntryId::of(&message.signature, &message.ciphertext);
                match self.log.monitor.entry(entry) {
                    // It is here: of the groups that were known then.
                    Ok(EntryPlace::Known { .. }) if self.log.refetch.is_none() => Ok(()),
                    Ok(place) => {
                        let known = matches!(place, EntryPlace::Known { .. });
                        self.feed_entry(message, entry, place.index(), known).await
                    }
                    Err(why) => self.refuse(why).await,
                }
            }
        }
    }

    pub(super) async fn boundary(&mut self, checkpoint: &CheckpointBytes) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return self.gathered_boundary(checkpoint).await;
        }
        if self.log.replay != Replay::Log {
            return Ok(());
        }
        match self.log.monitor.boundary(checkpoint) {
            Ok(_) => self.step().await.map(|_| ()),
            Err(why) => self.refuse(why).await,
        }
    }

    /// All entries of a replay have been read.
    pub(super) async fn replay_ended(&mut self) -> Result<(), ApiError> {
        if self.log.replay == Replay::Log {
            let now = self.unix();
            match self.log.monitor.finish_replay(now) {
                Ok(()) => {}
                Err(Refused::Stopped) => return self.gather().await,
                Err(why) => return self.refuse(why).await,
            }
            self.step().await?;
        }
        if self.log.replay == Replay::Plain && self.log.joins != Joins::Yes {
            self.may_have_missed_own().await?;
        }
        if self.log.replay != Replay::Dropped {
            if let Some(epoch) = self.log.refetch.take() {
                self.feed(Feed::Refetched { epoch }).await?;
            }
            if self.log.trouble.is_none() {
                self.actor.teller.well();
            }
        }
        Ok(())
    }

    /// A server without a log does not say what it deleted. If the database is a backup that was put back, own messages
    /// may be among what lies between; a link that has caught up knows that none are.
    async fn may_have_missed_own(&self) -> Result<(), ApiError> {
        if self.actor.counts.caught_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let board = self.actor.server.board;
        self.actor.shared.context.store.run(move |profile| profile.begin_new_chains(&board)).await
    }

    // --- live ---

    pub(super) async fn live(
        &mut self,
        message: Option<EncryptedGroupMessage>,
        log: Option<Box<LiveLog>>,
    ) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return Ok(());
        }
        let Some(log) = log else {
            let Some(message) = message else { return Ok(()) };
            if self.log.monitor.expects_log() {
                // Without its place it cannot be judged; a replay brings it with one.
                self.want_replay = true;
                return Ok(());
            }
            // While a replay has been asked for, messages before this one may still be missing.
            let moves_cursor = !self.board.is_replaying();
            return self.feed_plain(message, moves_cursor).await;
        };
        let now = self.unix();
        let entry = message.as_ref().map(|message| EntryId::of(&message.signature, &message.ciphertext));
        match self.log.monitor.live(&log, entry, now) {
            Ok(LivePlace::New { index }) => {
                if let (Some(message), Some(entry)) = (message, entry) {
                    self.feed_entry(message, entry, index, false).await?;
                }
            }
            Ok(LivePlace::Known) => {}
            Ok(LivePlace::Gap | LivePlace::InReplay) => self.want_replay = true,
            Err(why) => return self.refuse(why).await,
        }
        self.step().await.map(|_| ())
    }

    // --- what comes of it ---

    /// Hands on what the monitor changed, and how far messages are covered. False if there is nothing new.
    pub(super) async fn step(&mut self) -> Result<bool, ApiError> {
        let step = self.take_step();
        if step.changes.is_empty() && step.notices.is_empty() && step.covers == self.log.covered {
            return Ok(false);
        }
        self.log.covered = step.covers;
        // Own messages that the server lost go out again.
        self.queued |= step.notices.iter().any(|notice| matches!(notice, Notice::Lost { .. }));
        self.feed(Feed::Step(Box::new(step))).await?;
        Ok(true)
    }

    pub(super) fn take_step(&mut self) -> Step {
        let mut notices = Vec::new();
        while let Some(notice) = self.log.monitor.poll_notice() {
            if matches!(notice, Notice::Stale { .. } | Notice::ClockAhead { .. }) {
                self.log.trouble = Some(notice.to_string());
            }
            notices.push(notice);
        }
        Step { changes: self.log.monitor.take_changes(), notices, covers: self.log.monitor.covered_size() }
    }

    /// The connection ends: what the monitor found is kept first.
    pub(super) async fn refuse(&mut self, why: Refused) -> Result<(), ApiError> {
        self.step().await?;
        self.flush().await?;
        let server = self.actor.server.board;
        if why == Refused::Downgrade {
            let shared = self.actor.shared.clone();
            shared.note_downgrade(&server, true).await?;
        }
        Err(refused(&server, why))
    }

    /// The server shows its log; if it did not before, the alarm is over.
    async fn log_is_back(&mut self) -> Result<(), ApiError> {
        let (shared, server) = (self.actor.shared.clone(), self.actor.server.board);
        shared.note_downgrade(&server, false).await
    }

    /// Somebody else has something for the monitor.
    pub(super) async fn with_monitor(&mut self, job: MonitorJob) -> Result<(), ApiError> {
        let MonitorJob { work, done } = job;
        work(&mut self.log.monitor);
        self.step().await?;
        self.flush().await?;
        let _ = done.send(());
        if self.log.monitor.is_stopped() {
            return Err(refused(&self.actor.server.board, Refused::Stopped));
        }
        Ok(())
    }

    async fn feed_plain(&self, message: EncryptedGroupMessage, moves_cursor: bool) -> Result<(), ApiError> {
        let entry = EntryId::of(&message.signature, &message.ciphertext);
        let place = Placed::Plain { moves_cursor };
        self.feed(Feed::Message(Box::new(Message { message, entry, place, known: false }))).await
    }

    async fn feed_entry(
        &self,
        message: EncryptedGroupMessage,
        entry: EntryId,
        index: u64,
        known: bool,
    ) -> Result<(), ApiError> {
        let monitor = &self.log.monitor;
        let incarnation = monitor.incarnation_at(index).unwrap_or(0);
        let place = Placed::Log { index, incarnation, range: monitor.received_range().clone() };
        self.feed(Feed::Message(Box::new(Message { message, entry, place, known }))).await
    }
}
