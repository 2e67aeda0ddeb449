//! Own posts between the database and the follower.

use cwtch_protocol::app::board_client::{PostId, pay};
use cwtch_protocol::board::follower::{NotNow, POSTS_MAX, PostStored};

use super::BoardSession;
use crate::api::{ApiError, ErrorKind, Problem, ServerPhase};
use crate::engine::groups::compose::{Prepared, prepare};
use crate::engine::groups::limits;
use crate::engine::groups::link::intake::{Feed, StoredPost};
use crate::engine::groups::waiters::Fate;
use crate::profile::{self, Confirmation, MessageId, Payment, PendingPost, RefusedToken};

/// A post that awaits its answer.
pub(super) struct InFlight {
    post: PendingPost,
    /// Its token was bought since the database was opened.
    bought_since: bool,
    /// Its token had never been sent before.
    fresh: bool,
}

impl BoardSession<'_> {
    /// Sends what is queued, oldest first, as far as the follower has room.
    pub(super) async fn post_queued(&mut self) -> Result<(), ApiError> {
        let room = self.follower.room_for_posts();
        // Where the database was copied, what is queued waits for the person's choice.
        if room == 0 || self.actor.shared.context.alone.is_stopped() {
            return Ok(());
        }
        let server = self.actor.server.board;
        let limit = POSTS_MAX as u32 * 2;
        let store = self.actor.shared.context.store.clone();
        let queued = store.run(move |profile| profile.pending_posts(&server, MessageId(0), limit)).await?;
        let waiting = |post: &PendingPost| !self.in_flight.values().any(|sent| sent.post.id == post.id);
        let next: Vec<PendingPost> = queued.into_iter().filter(waiting).take(room).collect();
        let mut no_token = false;
        for post in next {
            let (queued, now) = (post.clone(), self.actor.shared.context.now());
            let (message, payment) = match store.run(move |profile| prepare(profile, &queued, now)).await {
                Ok(Prepared::Ready(message, payment)) => (message, payment),
                Ok(Prepared::NoToken) => {
                    no_token = true;
                    self.actor.wallet.want();
                    break;
                }
                // The newest time of the server may be older than this connection's last word: it is asked again, once.
                Ok(Prepared::Waits(Problem::DaysApart)) if !self.asked_the_time => {
                    self.asked_the_time = true;
                    self.follower.want_replay();
                    return Ok(());
                }
                Ok(Prepared::Waits(why)) => {
                    self.actor.shared.waiters.settle(post.id, &Fate::Waits(why));
                    continue;
                }
                // Its text was tried when it was queued; it must not stand in the way of others.
                Ok(Prepared::Unfit) => {
                    self.post_failed(&post).await?;
                    continue;
                }
                // Its group was left meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            self.asked_the_time = false;
            self.actor.wallet.taken();
            let Payment { token, bought_since, fresh } = payment;
            let spent = pay(token, &message, &server);
            match self.follower.post(&spent, &message, self.now()) {
                Ok(id) => drop(self.in_flight.insert(id, InFlight { post, bought_since, fresh })),
                // Not possible for what was composed here; it must not stand in the way of others.
                Err(_) => self.token_refused(&post, RefusedToken::GiveUp).await?,
            }
        }
        self.follower.posts_sent(no_token);
        Ok(())
    }

    /// The server has it: durable together with the receipt.
    pub(super) async fn post_stored(&mut self, stored: PostStored) -> Result<(), ApiError> {
        let Some(InFlight { post, .. }) = self.in_flight.remove(&stored.id) else { return Ok(()) };
        self.actor.refusals.remove(&post.id);
        if stored.room_again {
            self.actor.set_phase(ServerPhase::Synced, self.trouble());
        }
        let confirmation =
            Confirmation { place: stored.place, log: stored.step.changes, ..Confirmation::default() };
        let stored = StoredPost { post, confirmation, notices: stored.step.notices };
        self.feed(Feed::Posted(Box::new(stored))).await?;
        // The queue is read from the database.
        self.flush().await
    }

    /// The server has no room now, or could not store. The token is untouched and stays with the post.
    pub(super) fn post_waits(&mut self, id: PostId, why: NotNow) {
        let Some(InFlight { post, .. }) = self.in_flight.remove(&id) else { return };
        let why = why_it_waits(why);
        self.actor.set_phase(ServerPhase::Synced, Some(why.clone()));
        self.actor.shared.waiters.settle(post.id, &Fate::Waits(why));
    }

    /// The server does not take it, and perhaps says that its token is the reason.
    pub(super) async fn post_refused(&mut self, id: PostId, names_token: bool) -> Result<(), ApiError> {
        let Some(sent) = self.in_flight.remove(&id) else { return Ok(()) };
        // It may be here already, read but not yet stored: then the token was spent by an earlier attempt.
        self.flush().await?;
        let token = if !sent.bought_since {
            // Only where the server names the token: a deployed one does not say why it refuses.
            let spent_elsewhere = sent.fresh && names_token;
            if spent_elsewhere { RefusedToken::SpentElsewhere } else { RefusedToken::Doubtful }
        } else {
            let refusals = self.actor.refusals.entry(sent.post.id).or_default();
            *refusals += 1;
            if *refusals < limits::REFUSALS { RefusedToken::Ours } else { RefusedToken::GiveUp }
        };
        self.token_refused(&sent.post, token).await
    }

    async fn token_refused(&mut self, post: &PendingPost, token: RefusedToken) -> Result<(), ApiError> {
        let id = post.id;
        let store = self.actor.shared.context.store.clone();
        match store.run(move |profile| profile.mark_post_refused(id, token)).await {
            Ok(profile::MessageState::Failed) => self.gave_up(post),
            Ok(profile::MessageState::Stored) => self.actor.shared.waiters.settle(id, &Fate::Stored),
            Ok(_) => tracing::debug!(?token, "a post was refused; another token is tried"),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
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

fn why_it_waits(why: NotNow) -> Problem {
    match why {
        NotNow::NoRoom => Problem::ServerFull,
        NotNow::NotStored => Problem::ServerCannotStore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_told_as_a_promise_to_older_messages() {
        assert_eq!(why_it_waits(NotNow::NoRoom), Problem::ServerFull);
        assert_eq!(why_it_waits(NotNow::NotStored), Problem::ServerCannotStore);
    }
}
