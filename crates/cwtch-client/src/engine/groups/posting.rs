//! Posting to a group: durable first, composed behind a sync, then sent until the server has it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, OsRng};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{
    ComposeError, Composed, GroupContext, VerifiedGroupMessage, compose, compose_with, open_and_verify,
};
use cwtch_wire::overlay::Overlay;
use rand_core::RngCore;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::link::Link;
use super::{Groups, Shared, sentences};
use crate::api::{self, ApiError, ErrorKind, Event, MessageInfo};
use crate::engine::context::Context;
use crate::engine::dial::Target;
use crate::engine::info::{message_by_id, received_content};
use crate::engine::patience::Patience;
use crate::engine::talk;
use crate::profile::{
    Content, Group, MessageId, MessageState, NewPost, Payment, PendingPost, PostBody, Profile, SaidByPost,
    StorageError,
};

/// Posts of one server that `sync` waits for without a daemon.
const DELIVER_MAX: u32 = 256;
/// How long it waits for them.
const DELIVER_WAIT: Duration = Duration::from_secs(30);

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server has it.
    Stored,
    /// Given up.
    Refused,
    /// Taken back by the person.
    TakenBack,
    /// The server cannot take it now, for this reason; it stays queued.
    Waits(String),
    /// The server is not used any more, for this reason; it stays queued.
    Stopped(ApiError),
}

/// Who waits for which post, by its local number.
#[derive(Clone, Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<MessageId, Vec<oneshot::Sender<Fate>>>>>);

impl Waiters {
    fn wait_for(&self, id: MessageId) -> oneshot::Receiver<Fate> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever gave up waiting makes room for others.
        waiting.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiting.entry(id).or_default().push(sender);
        receiver
    }

    /// The fate of a post is durable.
    pub(super) fn settle(&self, id: MessageId, fate: &Fate) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        for sender in waiting.unwrap_or_default() {
            let _ = sender.send(fate.clone());
        }
    }
}

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
        let shared = &self.shared;
        let context = &shared.context;
        let overlay = Overlay { kind, data: data.to_owned() };
        let (server, found) = shared.server_and_group(group).await?;
        // Refused before anybody is dialled.
        context.alone.check()?;
        let content = dry_run(context, &found, &overlay)?;
        let board = server.board;
        // Nothing is queued for a server that nobody dials.
        if let Some(alarm) = shared.alarm(&board).await?.filter(|alarm| alarm.stopped) {
            return Err(alarm.error(&board));
        }
        context.dialing.attention().look(Target::Server(board));
        let _wanted = context.dialing.attention().want(Target::Server(board));
        let link = shared.needed_link(&board).await?;
        let _demand = (!patience.is_none()).then(|| link.demand());
        let (group, now) = (*group, context.now());
        let in_job = context.clone();
        let message = context
            .store
            .run(move |profile| {
                let id = profile.enqueue_draft(&group, &content, now)?;
                let message = message_by_id(profile, &group.to_string(), id)?;
                in_job.emit(Event::Message { message: message.clone() });
                Ok::<_, ApiError>(message)
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
        let shared = &self.shared;
        let context = &shared.context;
        let (server, _) = shared.server_and_group(group).await?;
        let name = group.to_string();
        let message = context.store.run(move |profile| message_by_id(profile, &name, id)).await?;
        let _wanted = context.dialing.attention().want(Target::Server(server.board));
        let link = shared.needed_link(&server.board).await?;
        let _demand = (!patience.is_none()).then(|| link.demand());
        link.hurry();
        shared.confirmed(&link, &server.board, message, patience).await
    }

    /// The person took a post back: who waits for it waits in vain.
    pub(crate) fn taken_back(&self, id: MessageId) {
        self.shared.waiters.settle(id, &Fate::TakenBack);
    }
}

impl Shared {
    /// A message that the server has, with the place that it gave it where that can be read: the engine may be stopping, and
    /// whoever hears of a failure sends it again.
    async fn stored(&self, message: MessageInfo) -> MessageInfo {
        let (id, conversation) = (MessageId(message.id), message.conversation.clone());
        let read = self.context.store.run(move |profile| message_by_id(profile, &conversation, id)).await;
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
        let daemon = self.context.is_daemon();
        patience.only_waits();
        if patience.is_none() {
            link.posted();
            return Ok(message);
        }
        match self.deliver(link, MessageId(message.id), patience.ends()).await {
            Ok(Ok(Fate::Stored)) => Ok(self.stored(message).await),
            Ok(Ok(Fate::Refused)) => {
                let failed = MessageInfo { state: api::MessageState::Failed, ..message };
                Err(sentences::refused(board).about(failed))
            }
            Ok(Ok(Fate::TakenBack)) => Err(talk::taken_back(message)),
            Ok(Ok(Fate::Waits(why))) => Ok(talk::still_queued(message, sentences::waits(&why, daemon))),
            Ok(Ok(Fate::Stopped(error))) => Err(error.about(message)),
            Ok(Err(gave_up)) => {
                let why = sentences::unconfirmed(board, &gave_up, &patience, link.trouble(), daemon);
                Ok(talk::still_queued(message, why))
            }
            Err(_) if self.context.shutdown.is_cancelled() => {
                Ok(talk::still_queued(message, talk::STOPPING.to_owned()))
            }
            Err(error) => Err(error.about(message)),
        }
    }

    /// Waits for the fate of a queued post; what ended the wait where that comes first.
    async fn deliver<E>(
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
            fate = fate => fate.map(Ok).map_err(|_| sentences::stopped()),
            () = context.shutdown.cancelled() => Err(Context::closed()),
            stopped = context.alone.until_stopped() => Ok(Ok(Fate::Stopped(stopped))),
            () = link.stopped() => Err(sentences::stopped()),
            gave_up = ends => Ok(Err(gave_up)),
        }
    }

    /// Without a daemon: gives what was queued before a while to leave. What does not stays queued.
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

/// Refuses what cannot be composed; else what it will say. Up to three spaces are behind it, as they will be when it is
/// composed, so that its hash is known to whoever quotes it now.
fn dry_run(context: &Context, group: &Group, overlay: &Overlay) -> Result<Content, ApiError> {
    let target = GroupContext { id: &group.id, key: &group.key, server: &group.server };
    let text = overlay.to_json();
    let previous = group.last_signature.as_deref().unwrap_or_default();
    let message = compose(target, &context.identity, &text, context.now(), previous, &mut OsRng);
    read_back(target, &message.map_err(|e| unfit(&e))?).map(|verified| content_of(&verified))
}

fn unfit(error: &ComposeError) -> ApiError {
    ApiError::new(ErrorKind::Usage, sentences::sentence(&error.to_string()))
}

/// Read as every other member will: what they would refuse is never sent.
fn read_back(
    context: GroupContext<'_>,
    message: &EncryptedGroupMessage,
) -> Result<VerifiedGroupMessage, ApiError> {
    open_and_verify(context, message).map_err(|reason| {
        ApiError::new(ErrorKind::Usage, format!("The message would not be readable by others: {reason}."))
    })
}

fn content_of(verified: &VerifiedGroupMessage) -> Content {
    received_content(verified.text().as_bytes().to_vec())
}

/// A queued post that is about to leave.
pub(super) enum Prepared {
    /// It may: the message, and what pays for it.
    Ready(EncryptedGroupMessage, Payment),
    /// The wallet is empty.
    NoToken,
    /// It cannot be composed.
    Unfit,
}

/// Makes a queued post ready to be sent: a draft is composed and signed behind the newest message that the server is
/// known to have. It says what came before it (docs/verifiable-log.md, section 8); its number is taken in the
/// transaction that binds its token. A sync must have been completed since the database was opened.
pub(super) fn prepare(profile: &mut Profile, post: &PendingPost) -> Result<Prepared, ApiError> {
    let (overlay, written) = match &post.body {
        PostBody::Composed(message) => {
            let payment = profile.take_token_for_post(post.id)?;
            let ready = payment.map(|payment| Prepared::Ready(message.clone(), payment));
            return Ok(ready.unwrap_or(Prepared::NoToken));
        }
        PostBody::Draft { overlay, written } => (overlay, *written),
    };
    let group = profile.group(&post.group)?.ok_or(StorageError::UnknownGroup)?;
    if profile.count_tokens(&group.server)? == 0 {
        return Ok(Prepared::NoToken);
    }
    let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
    let previous = group.last_signature.clone().unwrap_or_default();
    let extensions = profile.next_extensions(&group.id, OsRng.next_u32())?;
    let text = String::from_utf8_lossy(overlay);
    let Ok(Composed { message, included, .. }) =
        compose_with(context, profile.identity(), &text, written, &previous, &extensions, &mut OsRng)
    else {
        return Ok(Prepared::Unfit);
    };
    let Ok(verified) = read_back(context, &message) else { return Ok(Prepared::Unfit) };
    let composed = NewPost {
        content: content_of(&verified),
        ciphertext: message.ciphertext.clone(),
        signature: message.signature.clone(),
        previous,
        message_hash: *verified.msg_id().as_bytes(),
        said: Some(SaidByPost { extensions, abandoned_told: included.abandoned }),
    };
    let payment = profile.compose_post(post.id, &composed)?;
    Ok(payment.map_or(Prepared::NoToken, |payment| Prepared::Ready(message, payment)))
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::Identity;
    use cwtch_primitives::group::GroupKey;
    use cwtch_primitives::secretbox::{open, seal};
    use cwtch_testkit::rng;

    use super::*;

    #[test]
    fn a_message_sealed_twice_is_the_same_message_and_another_one_is_not() {
        let (mut rng, author) = (rng(1), Identity::from_seed(&[1; 32]));
        let (key, server) = (GroupKey::new([2; 32]), Identity::from_seed(&[3; 32]).address());
        let id = GroupId::derive(&key, server.public_key());
        let context = GroupContext { id: &id, key: &key, server: &server };
        let mut say = |text: &str| compose(context, &author, text, 1_700_000_000, &[], &mut rng).unwrap();
        let (one, other) = (say(r#"{"o":1,"d":"a"}"#), say(r#"{"o":1,"d":"a"}"#));
        let again = EncryptedGroupMessage {
            ciphertext: seal(&key, &open(&key, &one.ciphertext).unwrap(), &mut cwtch_testkit::rng(9)),
            signature: one.signature.clone(),
        };
        assert_ne!(one.ciphertext, again.ciphertext);
        let hash = |message| open_and_verify(context, message).unwrap().msg_id();
        assert_eq!(hash(&one), hash(&again));
        // The same words said twice differ in their padding: two messages.
        assert_ne!(hash(&one), hash(&other));
    }

    #[tokio::test]
    async fn everybody_who_waits_for_a_post_hears_its_fate_and_nobody_else() {
        let waiters = Waiters::default();
        let (one, two) = (waiters.wait_for(MessageId(7)), waiters.wait_for(MessageId(7)));
        let mut other = waiters.wait_for(MessageId(8));
        waiters.settle(MessageId(7), &Fate::Stored);
        assert_eq!((one.await, two.await), (Ok(Fate::Stored), Ok(Fate::Stored)));
        assert!(other.try_recv().is_err());
        drop(other);
        drop(waiters.wait_for(MessageId(9)));
        let _last = waiters.wait_for(MessageId(10));
        assert_eq!(waiters.0.lock().unwrap().len(), 1, "who gave up is forgotten");
    }
}
