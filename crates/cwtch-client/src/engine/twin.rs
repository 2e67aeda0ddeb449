//! Another copy of this profile that runs elsewhere: sending stops until the person has chosen.
//!
//! How one is seen is told in [`crate::profile`]: a message under the own name that was written after this engine
//! opened the database and not here, or the own address that leads to another process. What waits to be sent stays
//! queued, what others send goes on coming in.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use super::context::Context;
use super::elsewhere::{info, seen_by};
use crate::api::{self, Advice, ApiError, ElsewhereInfo, Problem};
use crate::profile::{Profile, SeenBy, StorageError, Twin};

/// Knowledge whether this is the only copy of the profile.
pub(crate) struct Alone {
    twin: watch::Sender<Option<Twin>>,
    since: AtomicI64,
}

impl Alone {
    /// `since` is now: what was written later under the own name must have been written here.
    pub(crate) fn new(twin: Option<Twin>, since: i64) -> Self {
        Self { twin: watch::Sender::new(twin), since: AtomicI64::new(since) }
    }

    /// Time since when everything under the own name is written here, unix seconds.
    pub(crate) fn since(&self) -> i64 {
        self.since.load(Ordering::Acquire)
    }

    /// True if nothing is sent until the person chooses.
    pub(crate) fn is_stopped(&self) -> bool {
        self.twin.borrow().is_some()
    }

    /// Information about the twin, where there is one.
    pub(crate) fn info(&self) -> Option<ElsewhereInfo> {
        self.twin.borrow().map(info)
    }

    /// Refuses to send while there is a twin.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        match self.info() {
            None => Ok(()),
            Some(ElsewhereInfo { seen, .. }) => Err(refused(seen, false)),
        }
    }

    /// A twin was seen, and that is durable.
    pub(crate) fn seen(&self, twin: Twin) {
        let new = self.twin.send_if_modified(|known| {
            let new = known.is_none();
            known.get_or_insert(twin);
            new
        });
        if new {
            tracing::warn!("another copy of the profile runs elsewhere; nothing is sent");
        }
    }

    /// The person said that this is the only copy. What the twin wrote until then is the past.
    fn confirmed(&self, now: i64) {
        self.since.store(now, Ordering::Release);
        self.twin.send_replace(None);
    }

    /// Waits until there is a twin; what who waits for a queued message hears.
    pub(crate) async fn until_stopped(&self) -> ApiError {
        let mut twin = self.twin.subscribe();
        // The sender lives as long as this.
        let seen = twin.wait_for(Option::is_some).await.ok().and_then(|twin| twin.map(seen_by));
        refused(seen.unwrap_or(api::SeenBy::Address), true)
    }
}

/// The error for who is not to send now; `queued` where a message waits.
fn refused(seen: api::SeenBy, queued: bool) -> ApiError {
    ApiError::from(Problem::RunsElsewhere { seen, queued }).advise([Advice::ConfirmOnlyCopy])
}

impl Context {
    /// The own address leads to another process.
    pub(crate) async fn address_leads_elsewhere(&self) {
        if self.alone.is_stopped() {
            return;
        }
        let twin = Twin { by: SeenBy::Address, at: self.now() };
        let alone = self.alone.clone();
        // Within the job, so that whoever is told of it finds that nothing is sent any more.
        let note = move |profile: &mut Profile| {
            profile.note_twin(twin)?;
            alone.seen(twin);
            Ok::<_, StorageError>(())
        };
        if let Err(error) = self.store.run(note).await {
            tracing::warn!(kind = ?error.kind(), "it could not be kept that a twin was seen");
        }
    }

    /// The person says that this is the only copy from now on.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn confirm_only_copy(&self) -> Result<(), ApiError> {
        let (now, alone) = (self.now(), self.alone.clone());
        let confirm = move |profile: &mut Profile| {
            profile.confirm_only_copy()?;
            alone.confirmed(now);
            Ok::<_, StorageError>(())
        };
        self.store.run(confirm).await
    }
}
