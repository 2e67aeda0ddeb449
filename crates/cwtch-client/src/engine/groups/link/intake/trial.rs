//! The first stage: every message against every group's key.

use std::sync::Arc;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::board::follower::{
    Collected, Collector, Place, Received, Step, TooManyHeld, Transaction,
};
use cwtch_protocol::group::Outcome;
use cwtch_protocol::monitor::Notice;
use cwtch_wire::group::RejectReason;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::behind::Behind;
use super::{Batch, Feed, Keys, Tried};
use crate::api::{ApiError, Problem};
use crate::engine::context::Context;
use crate::engine::groups::limits;
use crate::engine::info::received_item;
use crate::profile::{LogPlace, SyncBatch, SyncItem, SyncReject, SyncStart, Unread};
use crate::trial::{classify_all, is_quick};

/// Ends when the connection's side is gone, or the second stage.
///
/// # Errors
/// If a server leaves too much unsigned, or this machine fails.
pub(in super::super) async fn trial(
    context: &Context,
    server: Address,
    mut feed: mpsc::Receiver<Feed>,
    tried: mpsc::Sender<Tried>,
) -> Result<(), ApiError> {
    let mut arrived = Vec::with_capacity(limits::BATCH);
    let mut stage = Stage {
        context,
        tried,
        keys: Arc::new(Keys::new(&SyncStart { cursor: None, epoch: 0, groups: Vec::new(), refetch: None })),
        collector: Collector::default(),
        server,
        covers: 0,
        behind: Behind::default(),
        parts: 0,
        brought: false,
    };
    while feed.recv_many(&mut arrived, limits::BATCH).await > 0 {
        for item in arrived.drain(..) {
            if stage.take(item).await?.is_none() {
                return Ok(());
            }
        }
        if stage.hand_on().await?.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

struct Stage<'a> {
    context: &'a Context,
    tried: mpsc::Sender<Tried>,
    keys: Arc<Keys>,
    collector: Collector<Received, Opened>,
    server: Address,
    /// The size of the log up to which messages are verified.
    covers: u64,
    behind: Behind,
    /// Number of parts that were opened and are not handed on yet.
    parts: usize,
    /// Keys came with a fork during this connection.
    brought: bool,
}

/// One message of an own group.
pub(in crate::engine::groups) enum Opened {
    Item(Box<SyncItem>),
    Reject(SyncReject),
    /// Of a day of this group whose key is erased, with the index in a log.
    Sealed(GroupId, Option<u64>),
}

impl Stage<'_> {
    /// Takes what was read; `None` if the second stage is gone.
    async fn take(&mut self, item: Feed) -> Result<Option<()>, ApiError> {
        let next = match item {
            Feed::Message(message) => {
                self.collector.message(*message);
                return Ok(Some(()));
            }
            Feed::Step(step) => match self.collector.step(*step) {
                Ok(()) => return Ok(Some(())),
                Err(alone) => Feed::Step(Box::new(alone)),
            },
            other => other,
        };
        // The rest stands between what was before it and what comes behind it.
        if self.hand_on().await?.is_none() {
            return Ok(None);
        }
        let next = match next {
            Feed::Keys(new) => {
                // They may be older than those that came with a fork.
                self.keys =
                    if self.brought { Arc::new(new.with_groups_of(&self.start().await?)) } else { new };
                return Ok(Some(()));
            }
            Feed::Step(step) => {
                self.forget_behind();
                self.covers = 0;
                self.collector.barrier(*step);
                return self.hand_on().await;
            }
            Feed::Replay { total } => {
                self.forget_behind();
                self.collector.replay();
                Tried::Replay { total }
            }
            Feed::Posted(post) => Tried::Posted(post),
            Feed::Refetched { epoch } => Tried::Refetched { epoch },
            Feed::Synced => Tried::Synced,
            Feed::Entered => Tried::Entered,
            Feed::Flush(done) => Tried::Flush(done),
            Feed::Message(_) => return Ok(Some(())),
        };
        Ok(self.tried.send(next).await.ok())
    }

    /// Tries what has arrived and hands on what may be stored; `None` if the second stage is gone.
    async fn hand_on(&mut self) -> Result<Option<()>, ApiError> {
        let Some(Collected { messages, step }) = self.collector.collect() else { return Ok(Some(())) };
        let (count, moved) = (messages.len() as u64, (self.keys.epoch, cursor(&messages)));
        if step.covers > 0 {
            self.covers = step.covers;
        }
        let opened = self.open(self.keys.clone(), messages).await?;
        let (batch, notices) = batch(&mut self.collector, moved, step, opened).map_err(unsigned)?;
        let parts = parts(&batch);
        if !self.pass_on(Batch { batch, messages: count, notices }).await {
            return Ok(None);
        }
        if parts == 0 {
            return Ok(Some(()));
        }
        self.parts = self.parts.saturating_sub(parts);
        let tried = self.try_behind().await?;
        // Parts that no checkpoint covers yet have not been stored.
        if self.parts == 0 {
            self.behind.end();
        }
        Ok(tried)
    }

    /// Gives a batch to the second stage; false if that has ended.
    async fn pass_on(&self, batch: Batch) -> bool {
        self.tried.send(Tried::Batch(Box::new(batch))).await.is_ok()
    }

    /// Parts of forks are being stored: tries what stands behind them with the keys that they bring, and so on with the parts in
    /// it. Without that, messages of who went on at once would be lost, or read again an hour later.
    async fn try_behind(&mut self) -> Result<Option<()>, ApiError> {
        loop {
            let (done, brought) = oneshot::channel();
            if self.tried.send(Tried::Brought(done)).await.is_err() {
                return Ok(None);
            }
            let Ok(brought) = brought.await else { return Ok(None) };
            let start = self.start().await?;
            let Some(new) = self.keys.lacking(&start) else { return Ok(Some(())) };
            self.keys = Arc::new(self.keys.with_groups_of(&start));
            self.brought = true;
            let (messages, all) = self.behind.take();
            let opened = self.open(Arc::new(new), messages).await?;
            let step = Step { covers: self.covers, ..Step::default() };
            let moved = (self.keys.epoch, None);
            let (mut batch, notices) = batch(&mut self.collector, moved, step, opened).map_err(unsigned)?;
            if all {
                batch.read_behind = brought;
            }
            let parts = parts(&batch);
            if !self.pass_on(Batch { batch, messages: 0, notices }).await {
                return Ok(None);
            }
            self.parts = self.parts.saturating_sub(parts);
            if parts == 0 {
                return Ok(Some(()));
            }
        }
    }

    /// Forgets what waits: it comes again, or never existed.
    fn forget_behind(&mut self) {
        self.behind.end();
        self.parts = 0;
    }

    async fn start(&self) -> Result<SyncStart, ApiError> {
        let server = self.server;
        self.context.store.run(move |profile| profile.begin_sync(&server)).await
    }

    /// Those that one of these keys opened, with their index in a log.
    async fn open(
        &mut self,
        keys: Arc<Keys>,
        messages: Vec<Received>,
    ) -> Result<Vec<(Option<u64>, Opened)>, ApiError> {
        let now = self.context.now();
        let (messages, sorted) = if is_quick(&keys.set, messages.len()) {
            let sorted = sort(&keys, &messages, now);
            (messages, sorted)
        } else {
            let sort = move || {
                let sorted = sort(&keys, &messages, now);
                (messages, sorted)
            };
            tokio::task::spawn_blocking(sort).await.map_err(|_| ApiError::from(Problem::ReadingFailed))?
        };
        let mut opened = Vec::new();
        for (message, found) in messages.into_iter().zip(sorted) {
            match found {
                None => self.behind.keep(message),
                Some(found) => {
                    if matches!(&found.1, Opened::Item(item) if item.records.part.is_some()) {
                        self.behind.begin();
                        self.parts += 1;
                    }
                    opened.push(found);
                }
            }
        }
        Ok(opened)
    }
}

/// The number of messages with a part of a fork.
fn parts(batch: &SyncBatch) -> usize {
    batch.items.iter().filter(|item| item.records.part.is_some()).count()
}

fn unsigned(_: TooManyHeld) -> ApiError {
    Problem::ServerUnsigned.into()
}

/// The newest message up to which all are here, on a server without a log.
pub(in crate::engine::groups) fn cursor(messages: &[Received]) -> Option<Vec<u8>> {
    let moving = messages.iter().rev().find(|message| {
        matches!(message.place, Place::Plain { moves_cursor: true }) && !message.message.signature.is_empty()
    });
    moving.map(|message| message.message.signature.clone())
}

/// The batch of what may be stored now, in the sync of this epoch and with this cursor, and what to tell when it is.
///
/// # Errors
/// [`TooManyHeld`].
pub(in crate::engine::groups) fn batch(
    collector: &mut Collector<Received, Opened>,
    (epoch, cursor): (i64, Option<Vec<u8>>),
    step: Step,
    opened: Vec<(Option<u64>, Opened)>,
) -> Result<(SyncBatch, Vec<Notice>), TooManyHeld> {
    let Transaction { changes, notices, items } = collector.commit(step, opened)?;
    let mut batch = SyncBatch { epoch, cursor, log: changes, ..SyncBatch::default() };
    for item in items {
        match item {
            Opened::Item(item) => batch.items.push(*item),
            Opened::Reject(reject) => batch.rejects.push(reject),
            Opened::Sealed(group, index) => batch.sealed.push((group, index)),
        }
    }
    Ok((batch, notices))
}

/// Tries every message against every group that it may be of, over all cores; one answer for each, `None` where no key opened it,
/// otherwise with its index in a log.
pub(in crate::engine::groups) fn sort(
    keys: &Keys,
    messages: &[Received],
    now: i64,
) -> Vec<Option<(Option<u64>, Opened)>> {
    let (known, new): (Vec<&Received>, Vec<&Received>) = messages.iter().partition(|message| message.known);
    let mut known = classify_all(&keys.unread, &known).into_iter();
    let mut new = classify_all(&keys.set, &new).into_iter();
    let opened = messages.iter().map(|message| {
        let (outcome, set) =
            if message.known { (known.next()?, &keys.unread) } else { (new.next()?, &keys.set) };
        let (index, place) = match &message.place {
            Place::Plain { .. } => (None, None),
            Place::Log { index, incarnation, range } => (Some(*index), Some((*index, *incarnation, range))),
        };
        let opened = match outcome {
            Outcome::NotOurs => return None,
            Outcome::Verified { group, message: verified, day } => {
                let (group, ciphertext) = (*set.id(group)?, message.message.ciphertext.clone());
                Opened::Item(Box::new(SyncItem {
                    place: place.map(|(index, incarnation, range)| LogPlace {
                        index,
                        incarnation,
                        root: range.root(),
                    }),
                    ..received_item(group, message.entry, ciphertext, (&verified, day), now)
                }))
            }
            Outcome::Rejected { group, reason } => {
                Opened::Reject(reject(message, set.id(group), reason, Unread::Invalid))
            }
            Outcome::Sealed { group } => Opened::Sealed(*set.id(group)?, index),
            Outcome::Unfit { group } => {
                Opened::Reject(reject(message, set.id(group), RejectReason::OtherKey, Unread::OtherKey))
            }
        };
        Some((index, opened))
    });
    opened.collect()
}

fn reject(message: &Received, group: Option<&GroupId>, reason: RejectReason, why: Unread) -> SyncReject {
    SyncReject {
        group: group.copied(),
        reason: reason.code().to_owned(),
        message_hash: Sha256::digest(message.message.to_json()).into(),
        signature: message.message.signature.clone(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use cwtch_log::EntryId;
    use cwtch_log::tree::CompactRange;
    use cwtch_primitives::group::GroupKey;
    use cwtch_primitives::secretbox::seal;
    use cwtch_primitives::{Address, Identity, OsRng};
    use cwtch_wire::board::EncryptedGroupMessage;
    use cwtch_wire::group::fork::{ForkId, Mode};
    use cwtch_wire::group::{GroupContext, compose};

    use super::*;
    use crate::profile::{ConversationId, Group, Stretch, SyncStart, Writes};

    fn group(seed: u8, server: &Address) -> Group {
        let key = GroupKey::new([seed; 32]);
        Group {
            conversation: ConversationId(seed.into()),
            id: GroupId::derive(&key, server.public_key()),
            key,
            name: String::new(),
            naming: None,
            server: *server,
            joined: 0,
            last_signature: None,
            unread: false,
            mode: Mode::Static,
            fork_id: ForkId::NONE,
            days: None,
            writes: Writes::Yes,
            epoch: 1,
            stretch: Stretch::FIRST,
        }
    }

    fn start(epoch: i64, groups: Vec<Group>) -> SyncStart {
        SyncStart { cursor: None, epoch, groups, refetch: None }
    }

    fn say(group: &Group, n: usize) -> EncryptedGroupMessage {
        let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
        let text = format!(r#"{{"o":1,"d":"{n}"}}"#);
        compose(context, &Identity::from_seed(&[2; 32]), &text, 1_700_000_000, &[], &mut OsRng).unwrap()
    }

    fn plain(message: EncryptedGroupMessage) -> Received {
        let entry = EntryId::of(&message.signature, &message.ciphertext);
        Received { message, entry, place: Place::Plain { moves_cursor: true }, known: false }
    }

    fn item(opened: &Opened) -> Option<&SyncItem> {
        match opened {
            Opened::Item(item) => Some(item),
            Opened::Reject(_) | Opened::Sealed(..) => None,
        }
    }

    #[test]
    fn a_batch_that_is_spread_over_cores_keeps_the_servers_order() {
        let server = Identity::from_seed(&[1; 32]).address();
        let groups: Vec<Group> = (1..=5).map(|seed| group(seed, &server)).collect();
        let stranger = group(99, &server);
        // Every seventh is somebody else's, every eleventh is rubbish under a group's key.
        let mut messages = Vec::new();
        let mut expected = Vec::new();
        for n in 0..200 {
            let of = &groups[n % groups.len()];
            messages.push(plain(if n % 7 == 0 {
                say(&stranger, n)
            } else if n % 11 == 0 {
                let rubbish = seal(&of.key, b"rubbish", &mut OsRng);
                EncryptedGroupMessage { ciphertext: rubbish, signature: vec![0; 64] }
            } else {
                expected.push((of.id, n.to_string()));
                say(of, n)
            }));
        }
        let keys = Keys::new(&start(4, groups));
        assert!(!is_quick(&keys.set, messages.len()));
        let opened: Vec<_> = sort(&keys, &messages, 1_700_000_100).into_iter().flatten().collect();
        let items: Vec<_> = opened.iter().filter_map(|(_, opened)| item(opened)).collect();
        let found: Vec<_> = items.iter().map(|item| (item.group, item.content.data.clone())).collect();
        assert_eq!(found, expected);
        assert!(items.iter().all(|item| item.sent == Some(1_700_000_000) && item.place.is_none()));
        let rejects: Vec<_> = opened
            .iter()
            .filter_map(|(_, opened)| match opened {
                Opened::Reject(reject) => Some(reject),
                Opened::Item(_) | Opened::Sealed(..) => None,
            })
            .collect();
        assert_eq!(rejects.len(), (0..200).filter(|n| n % 7 != 0 && n % 11 == 0).count());
        assert!(rejects.iter().all(|reject| reject.reason == RejectReason::Malformed.code()));

        // One at a time, as they come live, they are sorted alike.
        let singly: Vec<_> = messages
            .iter()
            .flat_map(|message| sort(&keys, std::slice::from_ref(message), 1_700_000_100))
            .flatten()
            .filter_map(|(_, opened)| item(&opened).map(|item| (item.group, item.content.data.clone())))
            .collect();
        assert_eq!(singly, expected);
    }

    #[test]
    fn what_was_read_before_is_tried_with_the_keys_of_joined_groups_only() {
        let server = Identity::from_seed(&[1; 32]).address();
        let before = group(1, &server);
        let joined = Group { unread: true, ..group(2, &server) };
        let keys = Keys::new(&start(1, vec![before.clone(), joined.clone()]));
        let mut messages: Vec<Received> =
            (0..40).map(|n| plain(say(if n % 2 == 0 { &before } else { &joined }, n))).collect();
        for message in &mut messages[..20] {
            message.known = true;
        }
        let found: Vec<_> = sort(&keys, &messages, 0)
            .iter()
            .flatten()
            .filter_map(|(_, opened)| item(opened).map(|item| (item.group, item.content.data.clone())))
            .collect();
        let expected: Vec<_> = (0..40)
            .filter(|n| *n >= 20 || n % 2 == 1)
            .map(|n| (if n % 2 == 0 { before.id } else { joined.id }, n.to_string()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn keys_that_change_in_the_middle_of_a_sync_stay_in_it() {
        let server = Identity::from_seed(&[1; 32]).address();
        let before = Keys::new(&start(1, Vec::new()));
        let during = before.with_groups_of(&start(2, vec![group(1, &server)]));
        assert_eq!((during.set.len(), during.epoch), (1, 1));
    }

    #[test]
    fn a_message_of_a_log_is_given_back_with_its_place() {
        let server = Identity::from_seed(&[1; 32]).address();
        let group = group(1, &server);
        let message = say(&group, 0);
        let entry = EntryId::of(&message.signature, &message.ciphertext);
        let mut range = CompactRange::new();
        range.push(entry.leaf());
        let root = range.root();
        let place = Place::Log { index: 7, incarnation: 60, range };
        let message = Received { message, entry, place, known: false };
        let (index, opened) = sort(&Keys::new(&start(1, vec![group])), &[message], 0).remove(0).unwrap();
        assert_eq!(index, Some(7));
        let place = item(&opened).and_then(|item| item.place).unwrap();
        assert_eq!((place.index, place.incarnation, place.root), (7, 60, root));
    }
}
