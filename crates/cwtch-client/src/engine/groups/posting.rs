//! Posting to a group: durable first, composed behind a sync, then sent until the server has it.

use std::time::Duration;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_wire::overlay::Overlay;
use tokio::time::{Instant, sleep_until};

use super::compose::dry_run;
use super::link::Link;
use super::shared::LinkShared;
use super::waiters::Fate;
use super::{Groups, problems};
use crate::api::{self, ApiError, MessageInfo, Problem};
use crate::engine::dial::Target;
use crate::engine::info::message_by_id;
use crate::engine::patience::Patience;
use crate::engine::talk;
use crate::profile::{ConversationId, MessageId, MessageState, Profile, StorageError};

/// Posts of one server that `sync` waits for without a daemon.
const DELIVER_MAX: u32 = 256;
/// Longest time that `sync` waits for them.
const DELIVER_WAIT: Duration = Duration::from_secs(30);

impl Groups {
    /// Posts an overlay to a group and waits until the server has stored it.
    ///
    /// The message is durable here at once. It is composed and signed when it is about to leave, and a sync comes
    /// before that: it names the newest message of the group as its predecessor, and gets a number that no copy of
    /// this profile has used before.
    ///
    /// # Errors
    /// `Usage` for a text over the limit or with characters that a group cannot carry: nothing is stored then.
    /// `Refused` if the server refused it for good. When the patience ends the answer is the message, which stays
    /// queued, with why.
    pub(crate) async fn post(
        &self,
        group: &GroupId,
        kind: u64,
        data: &str,
        patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        let (links, shared) = (&self.links, &self.links.shared);
        let context = &shared.context;
        let overlay = Overlay { kind, data: data.to_owned() };
        let (server, found) = links.server_and_group(group).await?;
        // Refused before anybody is dialled.
        context.alone.check()?;
        let content = dry_run(context, &found, &overlay)?;
        let board = server.board;
        // Nothing is queued for a server that nobody dials.
        if let Some(alarm) = shared.alarm(&board).await?.filter(|alarm| alarm.stopped) {
            return Err(alarm.error(&board));
        }
        context.dialing.attention().look(Target::Server(board));
        // Who only queues has nobody dialled while the profile appears offline.
        let waits = !patience.is_none();
        let _wanted = waits.then(|| context.dialing.attention().want(Target::Server(board)));
        let link = links.needed_link(&board).await?;
        let _demand = waits.then(|| link.demand());
        let (group, now) = (*group, context.now());
        let message = context
            .store
            .run(move |profile| {
                let id = profile.enqueue_draft(&group, &content, now)?;
                message_by_id(profile, &group.to_string(), id)
            })
            .await?;

        context.dialing.attention().active(Target::Server(board), now);
        shared.confirmed(&link, &board, message, patience).await
    }

    /// Waits as [`Self::post`] does for a message that is queued already.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub(crate) async fn wait_for(
        &self,
        group: &GroupId,
        id: MessageId,
        patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        let (links, shared) = (&self.links, &self.links.shared);
        let context = &shared.context;
        let (server, _) = links.server_and_group(group).await?;
        let name = group.to_string();
        let message = context.store.run(move |profile| message_by_id(profile, &name, id)).await?;
        let waits = !patience.is_none();
        let _wanted = waits.then(|| context.dialing.attention().want(Target::Server(server.board)));
        let link = links.needed_link(&server.board).await?;
        let _demand = waits.then(|| link.demand());
        link.hurry();
        shared.confirmed(&link, &server.board, message, patience).await
    }

    /// The person took a post back: who waits for it waits in vain.
    pub(crate) fn taken_back(&self, id: MessageId) {
        self.links.shared.waiters.settle(id, &Fate::TakenBack);
    }
}

impl LinkShared {
    /// A message that the server has, with the place that it gave it where that can be read: the engine may be stopping, and
    /// whoever hears of a failure sends it again.
    async fn stored(&self, message: MessageInfo) -> MessageInfo {
        let (id, conversation, group) =
            (MessageId(message.id), message.with.clone(), ConversationId(message.conversation));
        let now = self.context.now();
        let read = move |profile: &mut Profile| {
            let stored = message_by_id(profile, &conversation, id)?;
            let behind = match profile.group_of(group)? {
                Some(group) => profile.day_is_behind(&group, now)?,
                None => false,
            };
            Ok::<_, StorageError>(MessageInfo {
                why: behind.then(|| Box::new(Problem::DayBehindOthers)),
                ..stored
            })
        };
        let read = self.context.store.run(read).await;
        read.unwrap_or(MessageInfo { state: api::MessageState::Stored, ..message })
    }

    /// Waits until the server has stored a queued post.
    async fn confirmed(
        &self,
        link: &Link,
        board: &Address,
        message: MessageInfo,
        mut patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        let kept = self.context.keeps(Target::Server(*board));
        patience.only_waits();
        if patience.is_none() {
            link.posted();
            return Ok(message);
        }
        match self.deliver(link, MessageId(message.id), patience.ends()).await {
            Ok(Ok(Fate::Stored)) => Ok(self.stored(message).await),
            Ok(Ok(Fate::Refused)) => {
                let failed = MessageInfo { state: api::MessageState::Failed, ..message };
                Err(problems::refused(board).about(failed))
            }
            Ok(Ok(Fate::TakenBack)) => Err(talk::taken_back(message)),
            Ok(Ok(Fate::Waits(why))) => Ok(talk::still_queued(message, problems::waits(why, kept))),
            Ok(Ok(Fate::Stopped(error))) => Err(error.about(message)),
            Ok(Err(gave_up)) => {
                let why = problems::unconfirmed(board, gave_up, &patience, link.trouble(), kept);
                Ok(talk::still_queued(message, why))
            }
            Err(_) if self.context.shutdown.is_cancelled() => {
                Ok(talk::still_queued(message, Problem::Stopping))
            }
            Err(error) => Err(error.about(message)),
        }
    }

    /// Waits for the fate of a queued post; what ended the wait where that comes first.
    pub(super) async fn deliver<E>(
        &self,
        link: &Link,
        id: MessageId,
        ends: impl Future<Output = E>,
    ) -> Result<Result<Fate, E>, ApiError> {
        let context = &self.context;
        let fate = self.waiters.wait_for(id);
        // Between its transaction and this line the link may have sent it already.
        let state = context.store.run(move |profile| profile.message(id)).await?.map(|message| message.state);
        match state {
            Some(MessageState::Stored) => return Ok(Ok(Fate::Stored)),
            Some(MessageState::Failed) => return Ok(Ok(Fate::Refused)),
            _ => {}
        }
        link.posted();
        tokio::select! {
            biased;
            fate = fate => fate.map(Ok).map_err(|_| problems::stopped()),
            () = context.shutdown.cancelled() => Err(ApiError::closed()),
            stopped = context.alone.until_stopped() => Ok(Ok(Fate::Stopped(stopped))),
            () = link.stopped() => Err(problems::stopped()),
            gave_up = ends => Ok(Err(gave_up)),
        }
    }

    /// Gives what was queued before a while to leave, where no connection is kept. What does not stays queued.
    pub(super) async fn deliver_queued(&self, link: &Link, board: &Address) -> Result<(), ApiError> {
        if self.context.alone.is_stopped() {
            return Ok(());
        }
        let board = *board;
        let queued = self
            .context
            .store
            .run(move |profile| profile.pending_posts(&board, MessageId(0), DELIVER_MAX))
            .await?;
        let until = Instant::now() + DELIVER_WAIT;
        for post in queued {
            match self.deliver(link, post.id, sleep_until(until)).await {
                Ok(Ok(Fate::Stored | Fate::Refused | Fate::TakenBack)) => {}
                Ok(Ok(Fate::Waits(_) | Fate::Stopped(_)) | Err(())) | Err(_) => break,
            }
        }
        Ok(())
    }
}
