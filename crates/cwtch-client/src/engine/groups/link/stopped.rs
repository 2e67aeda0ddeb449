//! The little that is still done with a server that is not used any more because it cheated, for groups that leave it: own parts
//! of packages go there, each in a session of its own in which nothing is read, and now and then it is looked whether there are
//! parts of others. What it sends then is used for nothing else: no message is shown, and nothing becomes part of what is known
//! of its log. All that such a server can do is hide them (docs/group-forks.md, section 9.2).

use std::sync::Arc;
use std::time::Duration;

use cwtch_primitives::Address;
use cwtch_protocol::app::BoardClient;
use cwtch_protocol::app::board_client::{DEFAULT_MAX_REPLAY, Event, pay};
use cwtch_protocol::group::{Outcome, TrialSet};
use cwtch_wire::board::EncryptedGroupMessage;
use tokio::time::{Instant, sleep_until};

use super::ask::Wake;
use crate::api::ErrorKind;
use crate::engine::dial::Target;
use crate::engine::groups::compose::{Prepared, prepare};
use crate::engine::groups::log::unix;
use crate::engine::groups::read;
use crate::engine::groups::shared::LinkShared;
use crate::engine::groups::stranger::{Visited, visit};
use crate::profile::{Confirmation, PendingPost, Profile, RefusedToken, Salvaged, StorageError};
use crate::trial::classify_all;

/// Entries that one look reads at most, and the bytes that they have.
const ENTRIES: u64 = 16_384;
const BYTES: usize = 48 << 20;
/// Time after which a part that could not be posted is tried again.
const AGAIN: Duration = Duration::from_secs(5 * 60);
/// Times that a part is sent to a server that refuses it.
const ATTEMPTS: u32 = 2;
/// Parts that are looked at at a time.
const PARTS: u32 = 64;

/// Does that as long as the server is not used; ends with the link.
pub(super) async fn keep_salvaging(shared: Arc<LinkShared>, server: Address, wake: Arc<Wake>) {
    let mut salvage = Salvage::default();
    loop {
        match shared.alarm(&server).await {
            Ok(Some(alarm)) if alarm.stopped && shared.context.keeps(Target::Server(server)) => {}
            Err(error) if error.kind() == ErrorKind::Closed => return,
            _ => {
                salvage = Salvage::default();
                wake.parts.notified().await;
                continue;
            }
        }
        let due = *salvage.due.get_or_insert_with(|| Instant::now() + shared.context.options.salvage.draw());
        let waits = if post_parts(&shared, &server).await { Instant::now() + AGAIN } else { due };
        tokio::select! {
            () = wake.parts.notified() => {}
            () = sleep_until(waits.min(due)) => {}
        }
        if Instant::now() >= due {
            salvage.due = None;
            salvage.look(&shared, &server).await;
        }
    }
}

/// Posts the parts that wait, each in a session of its own. True if some still wait.
async fn post_parts(shared: &LinkShared, server: &Address) -> bool {
    let board = *server;
    let read = move |profile: &mut Profile| profile.pending_parts(&board, PARTS);
    let Ok(waiting) = shared.context.store.run(read).await else { return true };
    // Where the database was copied, what is queued waits for the person's choice.
    if shared.context.alone.is_stopped() {
        return !waiting.is_empty();
    }
    for mut post in waiting {
        for attempt in 1..=ATTEMPTS {
            match post_part(shared, server, &post).await {
                Posted::Settled => break,
                Posted::Waits => return true,
                // The token may be the reason: another one is tried.
                Posted::Refused if attempt < ATTEMPTS => {
                    let id = post.id;
                    let ours = move |profile: &mut Profile| {
                        profile.mark_post_refused(id, RefusedToken::Ours)?;
                        profile.pending_parts(&board, PARTS)
                    };
                    let Ok(now) = shared.context.store.run(ours).await else { return true };
                    let Some(again) = now.into_iter().find(|again| again.id == id) else { break };
                    post = again;
                }
                Posted::Refused => refused(shared, &post).await,
            }
        }
    }
    false
}

/// Fate of an attempt to post a part.
enum Posted {
    /// The server has it, or it was given up.
    Settled,
    /// The server does not take it.
    Refused,
    /// It waits on.
    Waits,
}

/// Posts one part.
async fn post_part(shared: &LinkShared, server: &Address, post: &PendingPost) -> Posted {
    let (queued, now, store) = (post.clone(), shared.context.now(), &shared.context.store);
    let (message, payment) = match store.run(move |profile| prepare(profile, &queued, now)).await {
        Ok(Prepared::Ready(message, payment)) => (message, payment),
        // Nobody buys tokens from it any more.
        Ok(Prepared::NoToken | Prepared::Unfit) => {
            return Posted::Refused;
        }
        Ok(Prepared::Waits(_)) | Err(_) => return Posted::Waits,
    };
    let spent = pay(payment.token, &message, server);
    let mut board = BoardClient::new(0);
    if board.post(&spent, &message).is_err() {
        return Posted::Waits;
    }
    let answer = |event| match event {
        Event::PostAnswered { success, .. } => Some(success),
        _ => None,
    };
    match visit(shared, server, board, answer).await.found() {
        Some(true) => {
            stored(shared, server, post).await;
            Posted::Settled
        }
        Some(false) => Posted::Refused,
        None => Posted::Waits,
    }
}

/// The server says that it has a part. Nothing that it signs is looked at.
async fn stored(shared: &LinkShared, server: &Address, post: &PendingPost) {
    let (server, id, forks) = (*server, post.id, shared.forks.clone());
    let confirmation = Confirmation { at: shared.context.now(), ..Confirmation::default() };
    let job = move |profile: &mut Profile| {
        profile.mark_post_stored(&server, id, &confirmation)?;
        forks.notify_one();
        Ok::<_, StorageError>(())
    };
    if let Err(error) = shared.context.store.run(job).await {
        tracing::warn!(kind = ?error.kind(), "a part that was posted could not be noted");
    }
}

/// The server does not take a part, or there is nothing to pay with: the fork goes on without it, which is told.
async fn refused(shared: &LinkShared, post: &PendingPost) {
    let (id, forks) = (post.id, shared.forks.clone());
    let job = move |profile: &mut Profile| {
        profile.part_refused(id)?;
        forks.notify_one();
        Ok::<_, StorageError>(())
    };
    if let Err(error) = shared.context.store.run(job).await {
        tracing::warn!(kind = ?error.kind(), "a part that was refused could not be noted");
    }
}

/// Looks for parts of others.
#[derive(Default)]
struct Salvage {
    /// The moment of the next one.
    due: Option<Instant>,
    /// The index from which on the next one reads: where the last one ended, if it found anything. It is no word of the log, and
    /// is forgotten with the link.
    from: Option<u64>,
}

impl Salvage {
    async fn look(&mut self, shared: &LinkShared, server: &Address) {
        let board = *server;
        let start = move |profile: &mut Profile| {
            Ok::<_, StorageError>((profile.begin_sync(&board)?.groups, profile.log_status(&board)?.size))
        };
        let Ok((groups, size)) = shared.context.store.run(start).await else { return };
        if groups.is_empty() {
            return;
        }
        let mut keys = TrialSet::new();
        for group in &groups {
            read::add(&mut keys, group);
        }
        // A server whose disk was rolled back shows new parts at indexes that were others' before.
        let from = self.from.unwrap_or(size.saturating_sub(ENTRIES));
        let Some(entries) = entries(shared, server, from).await else {
            tracing::debug!("a server that is not used any more was not asked for new keys");
            return;
        };
        let read = Some(entries.len() as u64).filter(|read| *read > 0);
        self.from = read.map(|read| from.saturating_add(read));
        let parts = parts(keys, entries).await;
        if parts.is_empty() {
            return;
        }
        let (now, forks) = (unix(shared.context.now()), shared.forks.clone());
        let keep = move |profile: &mut Profile| {
            profile.keep_salvaged(&parts, now)?;
            forks.notify_one();
            Ok::<_, StorageError>(())
        };
        if let Err(error) = shared.context.store.run(keep).await {
            tracing::warn!(kind = ?error.kind(), "parts of new keys could not be kept");
        }
    }
}

/// The entries from an index on, as the server shows them, which nobody verifies: at most so many. `None` without an answer.
async fn entries(shared: &LinkShared, server: &Address, from: u64) -> Option<Vec<EncryptedGroupMessage>> {
    let mut board = BoardClient::new(DEFAULT_MAX_REPLAY);
    board.request_log_replay(from, None).ok()?;
    let (mut found, mut bytes): (Vec<EncryptedGroupMessage>, usize) = (Vec::new(), 0);
    let take = |event| match event {
        Event::Entry { message, .. } => {
            bytes = bytes.saturating_add(message.ciphertext.len() + message.signature.len());
            if found.len() as u64 >= ENTRIES || bytes > BYTES {
                return Some(());
            }
            found.push(message);
            None
        }
        Event::Synced => Some(()),
        _ => None,
    };
    match visit(shared, server, board, take).await {
        Visited::Never => None,
        // What came before it fell silent, or broke off, is as good as the rest.
        Visited::Broken | Visited::Found(()) => Some(found),
    }
}

/// The parts of packages in messages that an own key opens and whose authors signed them.
async fn parts(keys: TrialSet, entries: Vec<EncryptedGroupMessage>) -> Vec<Salvaged> {
    let tried = tokio::task::spawn_blocking(move || {
        let outcomes = classify_all(&keys, &entries);
        let found = outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Verified { group, message, .. } => {
                let (group, author) = (*keys.id(group)?, *message.author().public_key());
                message.fork_records().part.map(|part| Salvaged { group, author, part })
            }
            _ => None,
        });
        found.collect()
    });
    tried.await.unwrap_or_default()
}
