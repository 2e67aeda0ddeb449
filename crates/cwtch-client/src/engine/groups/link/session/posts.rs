//! Posting what is queued, and what the server says to it.

use cwtch_log::EntryId;
use cwtch_protocol::app::board_client::{PostId, pay};
use cwtch_protocol::monitor::Posted;
use cwtch_wire::board::{PostLog, PostRefusal};

use super::super::intake::{Feed, PostStored};
use super::Session;
use super::in_flight::{Full, InFlight};
use crate::api::{ApiError, ErrorKind, ServerPhase};
use crate::engine::groups::compose::{Prepared, prepare};
use crate::engine::groups::waiters::Fate;
use crate::engine::groups::{limits, sentences};
use crate::profile::{self, Confirmation, MessageId, Payment, PendingPost, RefusedToken};

impl Session<'_> {
    /// Sends what is queued, oldest first. A post that was sent over an earlier connection is sent again with
    /// the same bytes and the same token: the replay before has shown that it is not stored.
    pub(super) async fn post_queued(&mut self) -> Result<(), ApiError> {
        self.queued = false;
        // What is queued waits for the person's choice.
        if self.actor.shared.context.alone.is_stopped() {
            return Ok(());
        }
        if self.full.as_ref().is_some_and(|full| full.until.is_some()) {
            return Ok(());
        }
        // A server that was full is asked with one post.
        let most = if self.full.is_some() { 1 } else { limits::POSTS_IN_FLIGHT };
        let room = most.saturating_sub(self.in_flight.len());
        if room == 0 {
            return Ok(());
        }
        let server = self.actor.server.board;
        let limit = limits::POSTS_IN_FLIGHT as u32 * 2;
        let store = self.actor.shared.context.store.clone();
        let queued = store.run(move |profile| profile.pending_posts(&server, MessageId(0), limit)).await?;
        let waiting = |post: &PendingPost| !self.in_flight.values().any(|sent| sent.post.id == post.id);
        let next: Vec<PendingPost> = queued.into_iter().filter(waiting).take(room).collect();
        self.out_of_tokens = false;
        if next.is_empty() && self.in_flight.is_empty() {
            self.full = None;
        }
        for post in next {
            let queued = post.clone();
            let (message, payment) = match store.run(move |profile| prepare(profile, &queued)).await {
                Ok(Prepared::Ready(message, payment)) => (message, payment),
                Ok(Prepared::NoToken) => {
                    self.out_of_tokens = true;
                    self.actor.wallet.want();
                    break;
                }
                // Its text was tried when it was queued; it must not stand in the way of others.
                Ok(Prepared::Unfit) => {
                    self.post_failed(&post).await?;
                    continue;
                }
                // Its group was left meanwhile.
                Err(error) if error.kind == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            self.actor.wallet.taken();
            let Payment { token, bought_since, fresh } = payment;
            let spent = pay(token, &message, &server);
            self.server_will_owe();
            let sent = if self.log.monitor.expects_log() {
                self.board.post_for_receipt(&spent, &message)
            } else {
                self.board.post(&spent, &message)
            };
            match sent {
                Ok(sent) => {
                    let seen = self.log.monitor.seen();
                    let entry = EntryId::of(&message.signature, &message.ciphertext);
                    self.in_flight.insert(sent, InFlight { post, entry, bought_since, fresh, seen });
                }
                // Not possible for what was composed here; it must not stand in the way of others.
                Err(_) => self.post_refused(&post, RefusedToken::GiveUp).await?,
            }
        }
        Ok(())
    }

    pub(super) async fn post_answered(
        &mut self,
        id: PostId,
        success: bool,
        log: Option<PostLog>,
    ) -> Result<(), ApiError> {
        let Some(sent) = self.in_flight.remove(&id) else { return Ok(()) };
        self.queued = true;
        let refusal = match log {
            Some(PostLog::Refused(refusal)) => Some(refusal),
            None if !success => None,
            log => return self.post_stored(sent, log).await,
        };
        if let Some(why) = refusal.and_then(why_it_waits) {
            self.post_waits(&sent.post, why);
            return Ok(());
        }
        // It may be here already, read but not yet stored: then the token was spent by an earlier attempt.
        self.flush().await?;
        let token = if !sent.bought_since {
            // Only where the server names the token: a deployed one does not say why it refuses.
            let spent_elsewhere = sent.fresh && refusal == Some(PostRefusal::Token);
            if spent_elsewhere { RefusedToken::SpentElsewhere } else { RefusedToken::Doubtful }
        } else {
            let refusals = self.actor.refusals.entry(sent.post.id).or_default();
            *refusals += 1;
            if *refusals < limits::REFUSALS { RefusedToken::Ours } else { RefusedToken::GiveUp }
        };
        self.post_refused(&sent.post, token).await
    }

    /// The pause is over: one post asks whether there is room.
    pub(super) fn ask_again(&mut self) {
        if let Some(full) = &mut self.full {
            full.until = None;
        }
        self.queued = true;
    }

    /// The server has no room now, or could not store. The token is untouched and stays with the post.
    fn post_waits(&mut self, post: &PendingPost, why: &str) {
        self.full = Some(Full::after(self.full.as_ref()));
        self.actor.set_phase(ServerPhase::Synced, Some(why.to_owned()));
        self.actor.shared.waiters.settle(post.id, &Fate::Waits(why.to_owned()));
    }

    async fn post_stored(
        &mut self,
        InFlight { post, entry, seen, .. }: InFlight,
        answer: Option<PostLog>,
    ) -> Result<(), ApiError> {
        self.actor.refusals.remove(&post.id);
        let mut confirmation = Confirmation::default();
        // A server that has a log and gives no receipt is noticed by the monitor.
        let missing = || self.log.monitor.expects_log().then(|| PostLog::Receipt(Vec::new()));
        if let Some(answer) = answer.or_else(missing) {
            let now = self.unix();
            match self.log.monitor.post_answer(entry, seen, &answer, now) {
                Ok(Posted::Receipt { index, .. }) => {
                    let incarnation = self.log.monitor.incarnation_at(index).unwrap_or(0);
                    confirmation.place = Some((index, incarnation));
                }
                Ok(Posted::NoReceipt | Posted::Refused(_)) => {}
                Err(why) => return self.refuse(why).await,
            }
        }
        if self.full.take().is_some() {
            self.actor.set_phase(ServerPhase::Synced, self.trouble());
        }
        let step = self.take_step();
        confirmation.log = step.changes;
        let stored = PostStored { post, confirmation, notices: step.notices };
        self.feed(Feed::Posted(Box::new(stored))).await?;
        // The queue is read from the database.
        self.flush().await
    }

    async fn post_refused(&mut self, post: &PendingPost, token: RefusedToken) -> Result<(), ApiError> {
        let id = post.id;
        let store = self.actor.shared.context.store.clone();
        match store.run(move |profile| profile.mark_post_refused(id, token)).await {
            Ok(profile::MessageState::Failed) => self.gave_up(post),
            Ok(profile::MessageState::Stored) => self.actor.shared.waiters.settle(id, &Fate::Stored),
            Ok(_) => tracing::debug!(?token, "a post was refused; another token is tried"),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn post_failed(&mut self, post: &PendingPost) -> Result<(), ApiError> {
        let id = post.id;
        self.actor.shared.context.store.run(move |profile| profile.give_up_post(id)).await?;
        self.gave_up(post);
        Ok(())
    }

    fn gave_up(&mut self, post: &PendingPost) {
        tracing::warn!("a post was given up");
        self.actor.refusals.remove(&post.id);
        self.actor.shared.waiters.settle(post.id, &Fate::Refused);
    }
}

/// Why a post waits that the server can take another time; `None` if it never will as it is.
fn why_it_waits(refusal: PostRefusal) -> Option<&'static str> {
    match refusal {
        PostRefusal::Full => Some(sentences::FULL),
        PostRefusal::Failed => Some(sentences::NOT_STORED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_told_as_a_promise_to_older_messages() {
        assert!(why_it_waits(PostRefusal::Full).is_some_and(|why| why.contains("promised")));
        assert!(why_it_waits(PostRefusal::Failed).is_some_and(|why| why.contains("disk")));
        assert_eq!(why_it_waits(PostRefusal::Token), None);
    }
}
