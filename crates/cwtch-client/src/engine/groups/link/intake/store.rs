//! The second stage: what may be stored, durably and in its order; then everybody is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::monitor::GossipClaim;
use tokio::sync::{mpsc, oneshot};

use super::super::actor::Counts;
use super::super::ask::{Ask, on_monitor};
use super::{Batch, StoredPost, Tried};
use crate::api::{ApiError, Event, Task};
use crate::engine::context::Context;
use crate::engine::dial::Target;
use crate::engine::groups::log::{Teller, learn, unix};
use crate::engine::groups::shared::LinkShared;
use crate::engine::groups::waiters::{Fate, Waiters};
use crate::engine::groups::{epochs, limits, order, problems};
use crate::profile::{ItemOutcome, Profile, SeenBy, StorageError, SyncBatch, SyncOutcome, Twin};

/// Ends when the first stage does.
///
/// # Errors
/// Trouble with the database: the sync cannot go on.
pub(in super::super) async fn store(
    shared: &Arc<LinkShared>,
    server: Address,
    counts: Arc<Counts>,
    teller: Teller,
    asking: mpsc::WeakSender<Ask>,
    mut tried: mpsc::Receiver<Tried>,
) -> Result<(), ApiError> {
    let mut progress = Progress::default();
    let mut brought: Vec<GroupId> = Vec::new();
    let members_say = |claims: Vec<GossipClaim>, certificates: Vec<[u8; CERTIFICATE_LEN]>| {
        if !claims.is_empty() || !certificates.is_empty() {
            let tell = tell_monitor(shared.clone(), server, asking.clone(), claims, certificates);
            // Not waited for: the session that has the monitor may be waiting for this.
            shared.context.spawn(tell);
        }
    };
    while let Some(next) = tried.recv().await {
        match next {
            Tried::Replay { total } => progress = Progress { done: 0, total },
            Tried::Flush(done) => drop(done.send(())),
            Tried::Brought(done) => drop(done.send(core::mem::take(&mut brought))),
            Tried::Entered => {
                // Posts wait until nothing stands before them any more.
                if take_in_all(shared, server, &counts, &members_say).await? {
                    use_kept_keys(shared, &asking);
                }
            }
            Tried::Synced => {
                take_in_all(shared, server, &counts, &members_say).await?;
                let (claims, changed) = synced(shared, server).await?;
                members_say(claims, Vec::new());
                if changed {
                    use_kept_keys(shared, &asking);
                }
            }
            Tried::Batch(batch) => {
                let messages = batch.messages;
                let Kept { said: (claims, certificates), new_keys, brought: more } =
                    keep(shared, server, counts.clone(), teller.clone(), *batch).await?;
                members_say(claims, certificates);
                brought.extend(more);
                if new_keys {
                    use_kept_keys(shared, &asking);
                }
                progress.add(&shared.context, messages);
            }
            Tried::Posted(post) => confirm(shared, server, teller.clone(), *post).await?,
            Tried::Refetched { epoch } => {
                shared.context.store.run(move |profile| profile.note_refetched(&server, epoch)).await?;
            }
        }
    }
    Ok(())
}

/// Hands on to a server's monitor what members say of its log.
async fn tell_monitor(
    shared: Arc<LinkShared>,
    server: Address,
    asking: mpsc::WeakSender<Ask>,
    claims: Vec<GossipClaim>,
    certificates: Vec<[u8; CERTIFICATE_LEN]>,
) {
    let learn = learn(claims, certificates, unix(shared.context.now()));
    let told = match asking.upgrade() {
        Some(asks) => on_monitor(&asks, learn).await.ok_or_else(problems::stopped),
        // The link has ended meanwhile.
        None => shared.with_stored_monitor(server, Teller::default(), learn).await,
    };
    if let Err(error) = told {
        tracing::debug!(kind = ?error.kind(), "what members say about a log could not be kept");
    }
}

/// Has a connection use the keys that are kept now, and look whether more may leave.
fn use_kept_keys(shared: &LinkShared, asking: &mpsc::WeakSender<Ask>) {
    let Some(asks) = asking.upgrade() else { return };
    // Not waited for: the session may be waiting for this.
    shared.context.spawn(async move {
        let (done, _) = oneshot::channel();
        let _ = asks.send(Ask::Refresh { replay: false, done }).await;
    });
}

/// Words of the members of a server's groups about its log.
pub(in crate::engine::groups) type Said = (Vec<GossipClaim>, Vec<[u8; CERTIFICATE_LEN]>);

/// Consequences of a batch that was stored.
#[derive(Default)]
struct Kept {
    said: Said,
    /// Other keys are in use now, or are confirmed.
    new_keys: bool,
    /// See [`SyncOutcome::brought`].
    brought: Vec<GroupId>,
}

async fn keep(
    shared: &LinkShared,
    server: Address,
    counts: Arc<Counts>,
    teller: Teller,
    Batch { mut batch, notices, .. }: Batch,
) -> Result<Kept, ApiError> {
    batch.alone_since = counts.caught_up.load(Ordering::Acquire).then(|| shared.context.alone.since());
    let (context, waiters, forks) = (shared.context.clone(), shared.waiters.clone(), shared.forks.clone());
    let now = context.now();
    batch.notices = teller.news(notices);
    batch.hold_alarm = teller.holds_alarm();
    if batch.is_empty() {
        return Ok(Kept::default());
    }
    if !batch.items.is_empty() {
        context.dialing.attention().active(Target::Server(server), now);
    }
    let job = move |profile: &mut Profile| {
        let (outcome, said) = keep_batch(profile, &server, &batch, now)?;
        settle(&waiters, &outcome);
        if outcome.twin {
            context.alone.seen(Twin { by: SeenBy::Message, at: now });
        }
        teller.told(&batch.notices);
        count(&counts, &outcome);
        if outcome.epochs {
            forks.notify_one();
        }
        let new_keys = outcome.may_write || outcome.epochs;
        Ok::<_, StorageError>(Kept { said, new_keys, brought: outcome.brought })
    };
    shared.context.store.run(job).await
}

/// Stores a batch and has judged what is open then: in one job, so that the messages are told with what there is to say
/// about them.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine::groups) fn keep_batch(
    profile: &mut Profile,
    server: &Address,
    batch: &SyncBatch,
    now: i64,
) -> Result<(SyncOutcome, Said), StorageError> {
    let certificates = order::certificates(profile, server, &batch.items)?;
    let outcome = profile.apply_sync_batch(server, batch, now)?;
    let claims = order::judge(profile, server, false, now)?;
    Ok((outcome, (claims, certificates)))
}

/// Everything that waited for a decision enters its conversation, because its epoch was entered; true if something did.
/// `members_say` hears what its authors said of the log.
async fn take_in_all(
    shared: &LinkShared,
    server: Address,
    counts: &Arc<Counts>,
    members_say: &impl Fn(Vec<GossipClaim>, Vec<[u8; CERTIFICATE_LEN]>),
) -> Result<bool, ApiError> {
    let mut entered = false;
    while let Some((claims, certificates)) = take_in(shared, server, counts.clone()).await? {
        members_say(claims, certificates);
        entered = true;
    }
    Ok(entered)
}

/// Some of it, in one transaction; `None` if nothing waits.
async fn take_in(
    shared: &LinkShared,
    server: Address,
    counts: Arc<Counts>,
) -> Result<Option<Said>, ApiError> {
    let (waiters, now) = (shared.waiters.clone(), shared.context.now());
    let job = move |profile: &mut Profile| {
        let Some((outcome, said)) = epochs::take_in(profile, &server, now)? else { return Ok(None) };
        settle(&waiters, &outcome);
        count(&counts, &outcome);
        Ok::<_, StorageError>(Some(said))
    };
    shared.context.store.run(job).await
}

/// Everything that the server has now was read: what waited is looked at again, and keys of days are forgotten that nothing
/// needs any more. Tells whether those in use changed, or more may leave.
async fn synced(shared: &LinkShared, server: Address) -> Result<(Vec<GossipClaim>, bool), ApiError> {
    let (now, forks) = (shared.context.now(), shared.forks.clone());
    let job = move |profile: &mut Profile| {
        let kept = keep_synced(profile, &server, now)?;
        forks.notify_one();
        Ok::<_, StorageError>(kept)
    };
    shared.context.store.run(job).await
}

/// Does what a completed sync with a server allows. Gives members' words about the log, and tells whether keys in use changed, or more may
/// leave.
///
/// # Errors
/// Trouble with the database.
pub(in crate::engine::groups) fn keep_synced(
    profile: &mut Profile,
    server: &Address,
    now: i64,
) -> Result<(Vec<GossipClaim>, bool), StorageError> {
    let claims = order::judge(profile, server, true, now)?;
    let changed = profile.note_complete_sync(server, now)?;
    let forked = profile.forks_synced(server, unix(now))?;
    // Behind everything that the server has, so that nothing is left unread for want of its key.
    let closed = profile.close_left(server, now)?;
    let expired = profile.expire_forks(server, now)?;
    Ok((claims, changed || forked || closed || expired))
}

/// The server has a post: durable together with the receipt, then everybody hears it.
async fn confirm(
    shared: &LinkShared,
    server: Address,
    teller: Teller,
    StoredPost { post, mut confirmation, notices }: StoredPost,
) -> Result<(), ApiError> {
    let (waiters, forks) = (shared.waiters.clone(), shared.forks.clone());
    (confirmation.notices, confirmation.at) = (teller.news(notices), shared.context.now());
    let job = move |profile: &mut Profile| {
        profile.mark_post_stored(&server, post.id, &confirmation)?;
        waiters.settle(post.id, &Fate::Stored);
        teller.told(&confirmation.notices);
        forks.notify_one();
        Ok::<_, StorageError>(())
    };
    shared.context.store.run(job).await
}

fn count(counts: &Counts, outcome: &SyncOutcome) {
    counts.received.fetch_add(outcome.shown, Ordering::AcqRel);
    counts.rejected.fetch_add(outcome.rejected, Ordering::AcqRel);
    if !outcome.current {
        counts.stale.store(true, Ordering::Release);
    }
}

/// Tells whoever waits for a post that is confirmed. The change feed tells the rest.
fn settle(waiters: &Waiters, outcome: &SyncOutcome) {
    for fate in &outcome.items {
        if let ItemOutcome::Confirmed(id) = *fate {
            waiters.settle(id, &Fate::Stored);
        }
    }
    if outcome.rejected > 0 {
        tracing::warn!(count = outcome.rejected, "messages of a server were refused");
    }
}

/// Progress of a replay; only told where it takes more than one batch.
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
