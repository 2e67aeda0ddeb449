//! Carrying out what the follower says.

use std::sync::atomic::Ordering;

use cwtch_protocol::board::follower::{End, Output};
use cwtch_protocol::monitor::{Notice, Refused};

use tokio::time::Instant;

use super::BoardSession;
use crate::api::{ApiError, Problem, ServerPhase};
use crate::engine::groups::link::intake::Feed;
use crate::engine::groups::log::{problem_of, refused};
use crate::engine::groups::{limits, problems};

impl BoardSession<'_> {
    /// Does what the follower says, in its order.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) async fn carry_out(&mut self) -> Result<(), ApiError> {
        while let Some(output) = self.follower.poll_output() {
            match output {
                Output::Replay { total } => {
                    self.trouble = None;
                    self.feed(Feed::Replay { total }).await?;
                }
                Output::LogShown => self.note_downgrade(false).await?,
                Output::Message(message) => self.feed(Feed::Message(message)).await?,
                Output::Step(step) => {
                    let lasting =
                        |notice: &&Notice| matches!(notice, Notice::Stale { .. } | Notice::ClockAhead { .. });
                    let trouble = step.notices.iter().rfind(lasting);
                    self.trouble = trouble.and_then(problem_of).or(self.trouble.take());
                    self.feed(Feed::Step(step)).await?;
                }
                Output::Refetched => self.feed(Feed::Refetched { epoch: self.epoch }).await?,
                Output::OwnMayBeMissing => self.may_have_missed_own().await?,
                Output::AllRead => {
                    if self.trouble.is_none() {
                        self.actor.teller.well();
                    }
                    self.feed(Feed::Synced).await?;
                }
                Output::Flush => self.stored = Some(self.flushed().await?),
                Output::Synced => self.caught_up(),
                // What was passed over may have been messages of a group that was joined meanwhile. Others may be joined now:
                // where the whole log is to be read again, that is once for all of them.
                Output::Incomplete => self.joined = Some(Instant::now() + limits::JOIN_PAUSE),
                Output::Caught => self.actor.teller.hold_alarm(),
                Output::Posted(post) => self.post_stored(*post).await?,
                Output::PostRefused { id, token } => self.post_refused(id, token).await?,
                Output::PostWaits { id, why } => self.post_waits(id, why),
                Output::End(why) => return Err(self.ended(why).await?),
            }
        }
        Ok(())
    }

    /// Everything that the server has now is stored.
    fn caught_up(&mut self) {
        self.actor.counts.caught_up.store(true, Ordering::Release);
        self.actor.set_phase(ServerPhase::Synced, self.trouble());
        self.actor.answer_covered();
        self.actor.syncs.notify_one();
        // Those who asked during this replay need one that began after they asked.
        if !self.actor.waiting.is_empty() {
            self.follower.want_replay();
        }
    }

    /// Trouble that there is although everything that the server shows is stored.
    pub(super) fn trouble(&self) -> Option<Problem> {
        let full = self.follower.is_full().then_some(Problem::ServerFull);
        full.or_else(|| self.trouble.clone())
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

    /// The connection ends: what the follower found is kept first. Gives the error to end with.
    async fn ended(&self, why: End) -> Result<ApiError, ApiError> {
        let server = &self.actor.server.board;
        self.flush().await?;
        Ok(match why {
            End::Refused(why) => {
                if why == Refused::Downgrade {
                    self.note_downgrade(true).await?;
                }
                refused(server, why)
            }
            End::Misbehaved(error) => problems::misbehaved(server, &error),
            End::Silent(waited) => problems::silent(server, waited),
        })
    }

    /// Notes whether the server shows no log although it has one. If it shows it again, the alarm is over.
    async fn note_downgrade(&self, missing: bool) -> Result<(), ApiError> {
        let (shared, server) = (self.actor.shared.clone(), self.actor.server.board);
        shared.note_downgrade(&server, missing).await
    }
}
