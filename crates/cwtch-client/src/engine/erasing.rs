//! Erasing what is to be forgotten, a little at a time, so that whoever else needs the database waits behind one step at
//! most; and behind it, removing what was erased from the files.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::context::Context;
use crate::api::{ApiError, ErrorKind};
use crate::profile::{Profile, StorageError};

/// Pause after trouble with the disk, before erasing is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// Time after which it is looked for what has become too old.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Erases whatever is to be erased, also from before the program was ended last, until the engine stops.
pub(super) async fn keep_erasing(context: &Context) {
    loop {
        match erase_all(context).await {
            Ok(()) => drop(timeout(pause(context).await, context.store.changed()).await),
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "what is to be forgotten could not be erased; it is tried again");
                // Not at once, whatever is told meanwhile: the try itself tells that something is left.
                sleep(AGAIN).await;
            }
        }
    }
}

/// Time until it is to be looked again: less than usual where a message is to vanish before.
async fn pause(context: &Context) -> Duration {
    let next = context.store.read(|profile| profile.next_to_vanish()).await.ok().flatten();
    let left = next.map(|next| next.saturating_sub(context.now()));
    // A second at least, whatever the clock says.
    left.and_then(|left| u64::try_from(left.max(1)).ok())
        .map_or(LOOK, |left| LOOK.min(Duration::from_secs(left)))
}

/// Erases all that is to be erased; nothing of it is in the files when this returns.
///
/// # Errors
/// `Closed` while the engine stops, or trouble with the database: the rest is erased later.
pub(super) async fn erase_all(context: &Context) -> Result<(), ApiError> {
    loop {
        let begun = Instant::now();
        let now = context.now();
        let step = move |profile: &mut Profile| {
            Ok::<_, StorageError>(profile.erase_some()? || profile.forget_some(now)?)
        };
        if !context.store.run_behind(step).await? {
            return context.store.sweep().await;
        }
        // As long as a step took, the database is for others.
        sleep(begun.elapsed()).await;
    }
}

/// True if something that is to be forgotten is not erased yet.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn under_way(context: &Context) -> Result<bool, ApiError> {
    let now = context.now();
    Ok(context.store.has_traces() || context.store.read(move |profile| profile.has_to_forget(now)).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use cwtch_net::Loopback;
    use cwtch_primitives::Identity;

    use super::*;
    use crate::engine::peers::Contexts;
    use crate::engine::store::Store;
    use crate::engine::{EngineOptions, Mode};
    use crate::profile::fixtures::{NOW, peer, profile};
    use crate::profile::{Content, Conversation, Keep};

    const DAY: i64 = 86_400;

    /// An engine's context over a profile whose contact said something at [`NOW`], kept for a day; and its clock.
    fn context() -> (tempfile::TempDir, Arc<Context>, Arc<AtomicI64>) {
        let (dir, mut profile) = profile();
        profile.add_contact(&peer(1), None, NOW).unwrap();
        let said = Content { kind: 1, data: "said".into(), json: b"said".to_vec() };
        profile.receive_p2p(&peer(1), "1", &said, NOW).unwrap();
        let conversation = Conversation::Contact(profile.contact(&peer(1)).unwrap().unwrap());
        profile.keep(conversation.id(), &Keep::Retention(Some(86_400))).unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let time = clock.clone();
        let options = EngineOptions {
            clock: Some(Arc::new(move || time.load(Ordering::Relaxed))),
            ..EngineOptions::new(Mode::Daemon)
        };
        let network = Arc::new(Loopback::new(dir.path().join("net")));
        let (store, identity) = (Store::start(profile).unwrap(), Identity::from_seed(&[1; 32]));
        let context = Context::new(store, network, identity, options, (None, Contexts::default()));
        (dir, context, clock)
    }

    async fn texts(context: &Context) -> u64 {
        let read = |profile: &Profile| {
            let contact = profile.contact(&peer(1))?.ok_or(StorageError::UnknownContact)?;
            profile.remembered(contact.conversation)
        };
        context.store.read(read).await.unwrap().texts
    }

    #[tokio::test(start_paused = true)]
    async fn texts_go_by_themselves_once_they_are_too_old_by_the_profile_s_clock() {
        let (_dir, context, clock) = context();
        let forgetful = context.clone();
        context.spawn(async move { keep_erasing(&forgetful).await });
        clock.store(NOW + DAY, Ordering::Relaxed);
        // Time passes at once here, and many looks with it.
        sleep(LOOK * 20).await;
        assert_eq!(texts(&context).await, 1, "it is exactly a day old");
        assert!(!under_way(&context).await.unwrap());
        clock.store(NOW + DAY + 1, Ordering::Relaxed);
        assert!(under_way(&context).await.unwrap());
        // Time that is paused runs on while the database works, so looks are counted, and not time.
        for look in 0.. {
            if texts(&context).await == 0 && !under_way(&context).await.unwrap() {
                break;
            }
            assert!(look < 100_000, "it is looked for again and again");
            sleep(LOOK).await;
        }
        context.stop().await;
    }
}
