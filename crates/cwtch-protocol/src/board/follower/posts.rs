//! Our own posts: when they may be sent, and the server's answers.

use cwtch_log::EntryId;
use cwtch_primitives::token::SpentToken;
use cwtch_wire::board::{EncryptedGroupMessage, PostLog, PostRefusal};

use super::Follower;
use super::clock::Now;
use super::output::{NotNow, Output, PostStored};
use super::phase::Phase;
use super::queue::{Flight, Full, Queue};
use crate::app::board_client::{BoardClientError, PostId};
use crate::monitor::Posted;

impl Follower {
    /// Notes that there may be posts to send: some were queued, or tokens came.
    pub fn posts_queued(&mut self) {
        self.posts.queued();
    }

    /// Number of posts that may be sent now; 0 as well if none is known to wait. Send the oldest with
    /// [`Follower::post`], then report with [`Follower::posts_sent`].
    ///
    /// A post that was sent over an earlier connection is sent again with the same bytes and the same token: the
    /// replay before has shown that it is not stored.
    pub fn room_for_posts(&self) -> usize {
        let may = self.synced && !self.wanted && self.phase == Phase::Listening;
        if may && self.posts.queue == Queue::Unread { self.posts.room() } else { 0 }
    }

    /// Notes that the posts for which [`Follower::room_for_posts`] had room are sent. `waits` tells that others wait
    /// for a token.
    pub fn posts_sent(&mut self, waits: bool) {
        self.posts.queue = if waits { Queue::NoToken } else { Queue::Sent };
        if !waits && self.posts.none_in_flight() {
            // No post waits for room any more.
            self.posts.full = None;
        }
    }

    /// True if posts wait for tokens.
    pub fn lacks_tokens(&self) -> bool {
        self.posts.queue == Queue::NoToken
    }

    /// True if the server had no room for a post, or could not store it, and has not taken one since.
    pub fn is_full(&self) -> bool {
        self.posts.full.is_some()
    }

    /// Sends a post.
    ///
    /// # Errors
    /// [`BoardClientError`]: nothing was sent.
    pub fn post(
        &mut self,
        token: &SpentToken,
        message: &EncryptedGroupMessage,
        now: Now,
    ) -> Result<PostId, BoardClientError> {
        self.will_owe(now.steady);
        let id = if self.monitor.expects_log() {
            self.board.post_for_receipt(token, message)?
        } else {
            self.board.post(token, message)?
        };
        let entry = EntryId::of(&message.signature, &message.ciphertext);
        self.posts.in_flight.insert(id, Flight { entry, seen: self.monitor.seen() });
        Ok(id)
    }

    pub(super) fn post_answered(&mut self, id: PostId, success: bool, log: Option<PostLog>, now: Now) {
        let Some(sent) = self.posts.in_flight.remove(&id) else { return };
        self.posts.queued();
        match log {
            Some(PostLog::Refused(PostRefusal::Full)) => self.post_waits(id, NotNow::NoRoom, now),
            Some(PostLog::Refused(PostRefusal::Failed)) => self.post_waits(id, NotNow::NotStored, now),
            Some(PostLog::Refused(PostRefusal::Token)) => {
                self.out.push_back(Output::PostRefused { id, token: true });
            }
            None if !success => self.out.push_back(Output::PostRefused { id, token: false }),
            answer => self.post_stored(id, &sent, answer, now),
        }
    }

    fn post_waits(&mut self, id: PostId, why: NotNow, now: Now) {
        self.posts.full = Some(Full::after(self.posts.full, now.steady));
        self.out.push_back(Output::PostWaits { id, why });
    }

    fn post_stored(&mut self, id: PostId, sent: &Flight, answer: Option<PostLog>, now: Now) {
        let mut place = None;
        // A server that has a log and gives no receipt is noticed by the monitor.
        let missing = || self.monitor.expects_log().then(|| PostLog::Receipt(Vec::new()));
        if let Some(answer) = answer.or_else(missing) {
            match self.monitor.post_answer(sent.entry, sent.seen, &answer, now.unix) {
                Ok(Posted::Receipt { index, .. }) => {
                    place = Some((index, self.monitor.incarnation_at(index).unwrap_or(0)));
                }
                Ok(Posted::NoReceipt | Posted::Refused(_)) => {}
                Err(why) => return self.refuse(why),
            }
        }
        let room_again = self.posts.full.take().is_some();
        let step = self.take_step();
        self.out.push_back(Output::Posted(Box::new(PostStored { id, place, step, room_again })));
    }
}
