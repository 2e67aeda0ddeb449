//! What a server sends, tried against every group's key and stored: two stages beside the connection.
//!
//! [`Feed`] is what the connection has read. [`trial`] takes as much as is there, up to a batch, and tries it
//! over all cores in one pass; [`store`] writes each batch and the cursor behind it in one durable
//! transaction. Both channels are bounded, so a server that sends faster than this machine can try is
//! read more slowly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{Outcome, TrialSet, shown_time};
use cwtch_wire::board::EncryptedGroupMessage;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::Counts;
use crate::api::{ApiError, ErrorKind, Event, MessageState, Task};
use crate::engine::context::Context;
use crate::engine::dial::Target;
use crate::engine::groups::posting::{Fate, Waiters, fingerprint};
use crate::engine::groups::{Shared, limits, sentences};
use crate::engine::info::{message_by_id, received_content};
use crate::profile::{
    ItemOutcome, Profile, StorageError, SyncBatch, SyncItem, SyncOutcome, SyncReject, SyncStart,
};
use crate::trial::{classify_all, is_quick};

/// What the connection has read, in its order.
pub(super) enum Feed {
    /// From here on, these groups.
    Keys(Arc<Keys>),
    /// A replay of so many entries begins.
    Replay { total: u64 },
    /// A message. It moves the cursor if it is the newest of which all before are here.
    Message { message: EncryptedGroupMessage, moves_cursor: bool },
    /// Tell when everything before this is stored.
    Flush(oneshot::Sender<()>),
}

/// The groups of a server, ready to be tried.
pub(super) struct Keys {
    set: TrialSet,
    /// The sync that batches belong to; see [`SyncStart::epoch`].
    epoch: i64,
}

impl Keys {
    pub(super) fn new(start: &SyncStart) -> Self {
        let mut set = TrialSet::new();
        for group in &start.groups {
            set.push(group.id, group.key.clone(), group.server);
        }
        Self { set, epoch: start.epoch }
    }

    /// The groups of `start` in the sync of `self`: keys may change in the middle of one.
    pub(super) fn with_groups_of(&self, start: &SyncStart) -> Self {
        Self { epoch: self.epoch, ..Self::new(start) }
    }
}

/// What [`trial`] hands to [`store`].
pub(super) enum Tried {
    Replay { total: u64 },
    Batch { batch: SyncBatch, messages: u64 },
    Flush(oneshot::Sender<()>),
}

/// The first stage. Ends when the connection's side is gone, or the second stage.
pub(super) async fn trial(
    context: &Context,
    mut feed: mpsc::Receiver<Feed>,
    tried: mpsc::Sender<Tried>,
) -> Result<(), ApiError> {
    let mut keys = Arc::new(Keys { set: TrialSet::new(), epoch: 0 });
    let mut arrived = Vec::with_capacity(limits::BATCH);
    let mut messages = Vec::new();
    while feed.recv_many(&mut arrived, limits::BATCH).await > 0 {
        let mut cursor = None;
        for item in arrived.drain(..) {
            if let Feed::Message { message, moves_cursor } = item {
                if moves_cursor && !message.signature.is_empty() {
                    cursor = Some(message.signature.clone());
                }
                messages.push(message);
                continue;
            }
            if hand_on(context, &tried, &keys, std::mem::take(&mut messages), cursor.take()).await?.is_none()
            {
                return Ok(());
            }
            let next = match item {
                Feed::Keys(new) => {
                    keys = new;
                    continue;
                }
                Feed::Replay { total } => Tried::Replay { total },
                Feed::Flush(done) => Tried::Flush(done),
                Feed::Message { .. } => continue,
            };
            if tried.send(next).await.is_err() {
                return Ok(());
            }
        }
        if hand_on(context, &tried, &keys, std::mem::take(&mut messages), cursor).await?.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

/// Tries messages and hands them to the second stage; `None` if that is gone.
async fn hand_on(
    context: &Context,
    tried: &mpsc::Sender<Tried>,
    keys: &Arc<Keys>,
    messages: Vec<EncryptedGroupMessage>,
    cursor: Option<Vec<u8>>,
) -> Result<Option<()>, ApiError> {
    if messages.is_empty() {
        return Ok(Some(()));
    }
    let count = messages.len() as u64;
    let now = context.now();
    let batch = if is_quick(&keys.set, messages.len()) {
        sort(keys, &messages, cursor, now)
    } else {
        let keys = keys.clone();
        tokio::task::spawn_blocking(move || sort(&keys, &messages, cursor, now)).await.map_err(|_| {
            ApiError::new(
                ErrorKind::Protocol,
                "Reading a server's messages failed; this is a bug in the program.",
            )
        })?
    };
    Ok(tried.send(Tried::Batch { batch, messages: count }).await.ok())
}

/// Tries every message against every group, over all cores; keeps the order.
fn sort(keys: &Keys, messages: &[EncryptedGroupMessage], cursor: Option<Vec<u8>>, now: i64) -> SyncBatch {
    let outcomes = classify_all(&keys.set, messages);
    let mut batch = SyncBatch { epoch: keys.epoch, cursor, ..SyncBatch::default() };
    for (message, outcome) in messages.iter().zip(outcomes) {
        match outcome {
            Outcome::NotOurs => {}
            Outcome::Verified { group, message } => {
                let Some(group) = keys.set.id(group) else { continue };
                let (time, believed) = shown_time(&message, now);
                batch.items.push(SyncItem {
                    group: *group,
                    author: *message.author(),
                    content: received_content(message.text().as_bytes().to_vec()),
                    sent: believed.then_some(time),
                    signature: message.signature().to_vec(),
                    previous: message.previous().to_vec(),
                    message_hash: fingerprint(&message),
                });
            }
            Outcome::Rejected { group, reason } => batch.rejects.push(SyncReject {
                group: keys.set.id(group).copied(),
                reason: reason.to_string(),
                message_hash: Sha256::digest(message.to_json()).into(),
            }),
        }
    }
    batch
}

/// The second stage. Ends when the first does.
///
/// # Errors
/// Trouble with the database: the sync cannot go on.
pub(super) async fn store(
    shared: &Shared,
    server: Address,
    counts: Arc<Counts>,
    mut tried: mpsc::Receiver<Tried>,
) -> Result<(), ApiError> {
    let mut progress = Progress::default();
    while let Some(next) = tried.recv().await {
        match next {
            Tried::Replay { total } => progress = Progress { done: 0, total },
            Tried::Flush(done) => drop(done.send(())),
            Tried::Batch { batch, messages } => {
                let (context, waiters, counts) =
                    (shared.context.clone(), shared.waiters.clone(), counts.clone());
                let now = context.now();
                if !batch.items.is_empty() {
                    context.dialing.attention().active(Target::Server(server), now);
                }
                let job = move |profile: &mut Profile| {
                    let outcome = profile.apply_sync_batch(&server, &batch, now)?;
                    tell(&context, &waiters, profile, &batch, &outcome);
                    count(&counts, &outcome);
                    Ok::<_, StorageError>(())
                };
                shared.context.store.run(job).await?;
                progress.add(&shared.context, messages);
            }
        }
    }
    Ok(())
}

fn count(counts: &Counts, outcome: &SyncOutcome) {
    let stored = outcome.items.iter().filter(|fate| matches!(fate, ItemOutcome::Stored(_))).count();
    counts.received.fetch_add(stored as u64, Ordering::AcqRel);
    counts.rejected.fetch_add(outcome.rejected, Ordering::AcqRel);
    if !outcome.current {
        counts.stale.store(true, Ordering::Release);
    }
}

/// Tells everybody what a batch brought; it is durable now.
fn tell(context: &Context, waiters: &Waiters, profile: &Profile, batch: &SyncBatch, outcome: &SyncOutcome) {
    for (item, fate) in batch.items.iter().zip(&outcome.items) {
        let conversation = item.group.to_string();
        match *fate {
            ItemOutcome::Stored(id) if context.events.receiver_count() > 0 => {
                // What is stored is stored, even if it cannot be read back for the event.
                if let Ok(message) = message_by_id(profile, &conversation, id) {
                    context.emit(Event::Message { message });
                }
            }
            ItemOutcome::Confirmed(id) => {
                context.emit(Event::MessageState { id: id.0, conversation, state: MessageState::Stored });
                waiters.settle(id, Fate::Stored);
            }
            ItemOutcome::Stored(_) | ItemOutcome::Duplicate | ItemOutcome::UnknownGroup => {}
        }
    }
    if outcome.rejected > 0 {
        tell_rejects(context, profile, outcome.rejected);
    }
}

/// The newest `count` rejects are those that this batch has just added.
fn tell_rejects(context: &Context, profile: &Profile, count: u64) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let mut sorted: BTreeMap<(Address, Option<GroupId>, String), u64> = BTreeMap::new();
    for reject in profile.rejects(count).unwrap_or_default() {
        *sorted.entry((reject.server, reject.group, reject.reason)).or_default() += 1;
    }
    for ((server, group, reason), count) in sorted {
        tracing::warn!(count, reason, "messages of a server were refused");
        context.emit(Event::Rejected {
            server: server.to_string(),
            group: group.map(|group| group.to_string()),
            count,
            reason: sentences::sentence(&reason),
        });
    }
}

/// How far a replay is; only told where it takes more than one batch.
#[derive(Default)]
struct Progress {
    done: u64,
    total: u64,
}

impl Progress {
    fn add(&mut self, context: &Context, messages: u64) {
        if self.done >= self.total {
            return;
        }
        self.done = (self.done + messages).min(self.total);
        if self.total > limits::BATCH as u64 {
            context.emit(Event::Progress { task: Task::Sync, done: self.done, total: Some(self.total) });
        }
    }
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::group::GroupKey;
    use cwtch_primitives::secretbox::seal;
    use cwtch_primitives::{Identity, OsRng};
    use cwtch_wire::group::{GroupContext, RejectReason, compose};

    use super::*;
    use crate::profile::{ConversationId, Group};

    fn group(seed: u8, server: &Address) -> Group {
        let key = GroupKey::new([seed; 32]);
        Group {
            conversation: ConversationId(seed.into()),
            id: GroupId::derive(&key, server.public_key()),
            key,
            name: String::new(),
            server: *server,
            joined: 0,
            last_signature: None,
        }
    }

    #[test]
    fn a_batch_that_is_spread_over_cores_keeps_the_servers_order() {
        let server = Identity::from_seed(&[1; 32]).address();
        let author = Identity::from_seed(&[2; 32]);
        let groups: Vec<Group> = (1..=5).map(|seed| group(seed, &server)).collect();
        let stranger = group(99, &server);
        let say = |group: &Group, n: usize| {
            let context = GroupContext { id: &group.id, key: &group.key, server: &server };
            let text = format!(r#"{{"o":1,"d":"{n}"}}"#);
            compose(context, &author, &text, 1_700_000_000, &[], &mut OsRng).unwrap()
        };
        // Every seventh is somebody else's, every eleventh is rubbish under a group's key.
        let mut messages = Vec::new();
        let mut expected = Vec::new();
        for n in 0..200 {
            let of = &groups[n % groups.len()];
            messages.push(if n % 7 == 0 {
                say(&stranger, n)
            } else if n % 11 == 0 {
                EncryptedGroupMessage {
                    ciphertext: seal(&of.key, b"rubbish", &mut OsRng),
                    signature: vec![0; 64],
                }
            } else {
                expected.push((of.id, n.to_string()));
                say(of, n)
            });
        }
        let start = SyncStart { cursor: None, epoch: 4, groups };
        let keys = Keys::new(&start);
        assert!(!is_quick(&keys.set, messages.len()));
        let batch = sort(&keys, &messages, Some(vec![5; 64]), 1_700_000_100);
        let found: Vec<_> = batch.items.iter().map(|item| (item.group, item.content.data.clone())).collect();
        assert_eq!(found, expected);
        assert!(batch.items.iter().all(|item| item.sent == Some(1_700_000_000)));
        let rubbish = (0..200).filter(|n| n % 7 != 0 && n % 11 == 0).count();
        assert_eq!(batch.rejects.len(), rubbish);
        assert!(batch.rejects.iter().all(|reject| reject.reason == RejectReason::Malformed.to_string()));
        assert_eq!((batch.epoch, batch.cursor), (4, Some(vec![5; 64])));

        // One at a time, as they come live, they are sorted alike.
        let singly: Vec<_> = messages
            .iter()
            .flat_map(|message| sort(&keys, std::slice::from_ref(message), None, 1_700_000_100).items)
            .map(|item| (item.group, item.content.data))
            .collect();
        assert_eq!(singly, expected);
    }

    #[test]
    fn keys_that_change_in_the_middle_of_a_sync_stay_in_it() {
        let server = Identity::from_seed(&[1; 32]).address();
        let before = Keys::new(&SyncStart { cursor: None, epoch: 1, groups: Vec::new() });
        let joined = SyncStart { cursor: None, epoch: 2, groups: vec![group(1, &server)] };
        let during = before.with_groups_of(&joined);
        assert_eq!((during.set.len(), during.epoch), (1, 1));
    }
}
