//! The profile's database: async callers in front, blocking SQLite behind, on two threads.
//!
//! One thread changes, the other one reads beside it, so that nobody who only reads waits for a sync that is being stored. A
//! reader sees what is committed when its job begins; whoever was told that something is done finds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, oneshot};

use super::feed::{Feed, Teller};
use super::worker::{Gone, Worker};
use crate::api::{ApiError, ErrorKind, Problem};
use crate::profile::{Profile, Reader, StorageError};

/// Step that failed, in an error.
const SWEEP: &str = "remove what was erased from the files";

/// A handle to the profile's threads.
#[derive(Clone)]
pub(crate) struct Store {
    // Before the writer, which is to close the database last.
    reader: Option<Worker<Option<Reader>>>,
    writer: Worker<Writer>,
    traces: Arc<Traces>,
    /// Receives events of what the jobs change.
    pub(super) feed: Arc<Feed>,
}

/// Traces of something erased in the files.
#[derive(Default)]
struct Traces {
    /// True if the last job left some.
    left: AtomicBool,
    /// Told when a job has left some.
    told: Notify,
}

/// Content of the thread that changes things.
struct Writer {
    profile: Profile,
    teller: Teller,
}

impl Store {
    /// Moves the profile to a thread of its own, on which it is read from, too.
    ///
    /// # Errors
    /// If the system gives no thread, or trouble with the database.
    pub(crate) fn start(profile: Profile) -> Result<Self, ApiError> {
        let feed = Feed::new();
        let teller = Teller::new(feed.clone(), &profile)?;
        let writer = Worker::start("cwtch-profile", Writer { profile, teller }).map_err(|e| no_thread(&e))?;
        Ok(Self { reader: None, writer, traces: Arc::default(), feed })
    }

    /// The same with a second thread to read on, for who works in the background while people read.
    ///
    /// # Errors
    /// As [`Store::start`].
    pub(crate) fn start_with_reader(profile: Profile) -> Result<Self, ApiError> {
        let reader = Worker::start("cwtch-reader", Some(profile.reader()?)).map_err(|e| no_thread(&e))?;
        Ok(Self { reader: Some(reader), ..Self::start(profile)? })
    }

    /// Runs `job` on the thread that changes things. What it committed stays committed even if the caller goes away, and is
    /// told before the caller hears that it is done.
    ///
    /// # Errors
    /// The job's error; [`Problem::Closed`] while the engine stops, [`Problem::DatabaseThreadFailed`] if the thread ended by
    /// a fault of this program.
    pub(crate) async fn run<T, E, F>(&self, job: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Profile) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let traces = self.traces.clone();
        let told = move |Writer { profile, teller }: &mut Writer| {
            teller.before(profile);
            let outcome = job(profile);
            teller.after(profile);
            traces.left.store(profile.has_traces(), Ordering::Release);
            if profile.has_traces() {
                traces.told.notify_one();
            }
            outcome
        };
        self.writer.run(told).await.map_err(gone)?.map_err(Into::into)
    }

    /// Runs a small step of work that nobody waits for, once nobody waits for the thread that changes things.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub(crate) async fn run_behind<T, E, F>(&self, step: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Profile) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        self.writer.idle().await;
        self.run(step).await
    }

    /// Removes what was erased from the files: nothing of it is there any more when this returns. Whoever erases something
    /// for a person tells it as done behind this.
    ///
    /// # Errors
    /// As [`Store::run`]. What was erased is gone for everybody who asks, and may still be in the files; it is tried again
    /// until it is not ([`super::erasing`]).
    pub(crate) async fn sweep(&self) -> Result<(), ApiError> {
        let sweep = || async {
            let swept = self.run(|profile| profile.sweep()).await;
            swept.map_err(|error| match error.kind() {
                ErrorKind::Storage => Problem::NotErasedYet { because: Box::new(error.problem) }.into(),
                _ => error,
            })
        };
        if sweep().await? {
            return Ok(());
        }
        // Somebody was reading: the next try is in a moment in which nobody does.
        if self.without_reading(sweep).await?? {
            return Ok(());
        }
        let because = Box::new(Problem::DatabaseBusy { detail: SWEEP.to_owned() });
        Err(Problem::NotErasedYet { because }.into())
    }

    /// Has something done while nobody reads.
    async fn without_reading<F: Future>(&self, work: impl FnOnce() -> F) -> Result<F::Output, ApiError> {
        let Some(reader) = &self.reader else { return Ok(work().await) };
        let (held, holding) = oneshot::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let hold = move |_: &mut Option<Reader>| {
            let _ = held.send(());
            // Until it is done, or whoever does it has gone away.
            let _ = released.recv();
        };
        let work = async move {
            let _ = holding.await;
            let done = work().await;
            drop(release);
            done
        };
        let (reading, done) = tokio::join!(reader.run(hold), work);
        reading.map_err(gone)?;
        Ok(done)
    }

    /// Returns when a job has left traces of something erased since this returned last, or it is to be looked again.
    pub(super) async fn changed(&self) {
        self.traces.told.notified().await;
    }

    /// Has it looked at once for what is to be forgotten.
    pub(super) fn look_again(&self) {
        self.traces.told.notify_one();
    }

    /// True if the last job left traces of something erased, its own or others'.
    pub(super) fn has_traces(&self) -> bool {
        self.traces.left.load(Ordering::Acquire)
    }

    /// Runs a job behind which the database may have another key. Nobody reads meanwhile.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub(crate) async fn run_renewing<T, F>(&self, job: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Profile) -> Result<T, StorageError> + Send + 'static,
        T: Send + 'static,
    {
        let Some(reader) = self.reader.clone() else { return self.run(job).await };
        let store = self.clone();
        let (closed, closing) = oneshot::channel();
        let (give, next) = std::sync::mpsc::channel();
        let swap = move |slot: &mut Option<Reader>| {
            *slot = None;
            let _ = closed.send(());
            *slot = next.recv().ok();
        };
        let job = move |profile: &mut Profile| {
            let outcome = job(profile);
            // Whoever reads from now on has the key that the database has now, whatever became of the job.
            match profile.reader() {
                Ok(reader) => drop(give.send(reader)),
                Err(error) => tracing::error!(%error, "nobody can read beside what is being stored"),
            }
            outcome
        };
        let renew = async move {
            let work = async {
                let _ = closing.await;
                store.run(job).await
            };
            let (reading, outcome) = tokio::join!(reader.run(swap), work);
            outcome.and_then(|outcome| reading.map_err(gone).map(|()| outcome))
        };
        // To its end, even if whoever asked goes away: else nobody could read any more.
        tokio::spawn(renew).await.map_err(|_| ApiError::from(Problem::DatabaseThreadFailed))?
    }

    /// Runs queries that all see the same moment, beside what is being changed.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub(crate) async fn read<T, E, F>(&self, job: F) -> Result<T, ApiError>
    where
        F: FnOnce(&Profile) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + From<StorageError> + Send + 'static,
    {
        let Some(reader) = &self.reader else {
            return self.run(move |profile: &mut Profile| job(profile)).await;
        };
        let read = |slot: &mut Option<Reader>| match slot {
            Some(reader) => reader.at_one_moment(job),
            None => Err(E::from(StorageError::Unusable { doing: "read" })),
        };
        reader.run(read).await.map_err(gone)?.map_err(Into::into)
    }

    /// Returns when a thread has ended by a fault of this program.
    pub(crate) async fn broke(&self) {
        let reading = async {
            match &self.reader {
                Some(reader) => reader.broke().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.writer.broke() => {}
            () = reading => {}
        }
    }

    /// Finishes what is queued, closes the database and releases its lock.
    pub(crate) async fn close(&self) {
        if let Some(reader) = &self.reader {
            reader.close().await;
        }
        self.writer.close().await;
    }
}

fn gone(why: Gone) -> ApiError {
    match why {
        Gone::Closed => ApiError::closed(),
        Gone::Broke => Problem::DatabaseThreadFailed.into(),
    }
}

fn no_thread(error: &std::io::Error) -> ApiError {
    Problem::NoDatabaseThread { detail: error.to_string() }.into()
}

#[cfg(test)]
mod tests {
    use cwtch_primitives::OsRng;

    use super::*;
    use crate::profile::{DataDir, History, Password, fixtures};

    fn store(dir: &std::path::Path) -> Store {
        let data = DataDir::open_or_create(dir.join("data")).unwrap();
        Store::start(data.create("alice", &Password::None, &mut OsRng).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_job_that_panics_is_told_as_what_it_is_to_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        assert!(store.run(|profile| profile.count_unconfirmed()).await.is_ok());
        let waiting = store.clone();
        let told = tokio::spawn(async move { waiting.broke().await });
        let failed = store.run(|_| -> Result<(), ApiError> { panic!("a fault of the test's") }).await;
        assert_eq!(failed.unwrap_err().problem, Problem::DatabaseThreadFailed);
        told.await.unwrap();
        let later = store.run(|profile| profile.count_unconfirmed()).await;
        assert_eq!(
            later.unwrap_err().problem,
            Problem::DatabaseThreadFailed,
            "for ever, and not as if it were stopping"
        );
        store.close().await;
    }

    #[tokio::test]
    async fn what_is_erased_is_told_as_gone_once_nobody_reads_what_was_and_reading_goes_on_behind_a_new_key()
    {
        let (_dir, mut profile) = fixtures::profile();
        let (server, friend) = (fixtures::server(1), fixtures::peer(1));
        profile.add_server(&server, 0).unwrap();
        let group = fixtures::group(1, &server, History::Empty);
        profile.add_group(&group, 0).unwrap();
        profile.add_contact(&friend, None, 0).unwrap();
        let store = Store::start_with_reader(profile).unwrap();

        // Somebody reads, and takes long.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (inside, entered) = oneshot::channel();
        let busy = store.clone();
        let reading = tokio::spawn(async move {
            let job = move |profile: &Profile| {
                let contacts = profile.contacts()?.len();
                let _ = inside.send(());
                let _ = wait.recv();
                Ok::<_, StorageError>(contacts)
            };
            busy.read(job).await
        });
        entered.await.unwrap();
        store.run(move |profile| profile.remove_contact(&friend)).await.unwrap();
        let sweeper = store.clone();
        let sweeping = tokio::spawn(async move { sweeper.sweep().await });
        for _ in 0..20 {
            tokio::task::yield_now().await;
            assert!(store.run(|profile| Ok::<_, StorageError>(profile.has_traces())).await.unwrap());
        }
        assert!(store.has_traces() && !sweeping.is_finished());
        go.send(()).unwrap();
        sweeping.await.unwrap().unwrap();
        assert!(!store.has_traces());
        assert_eq!(reading.await.unwrap().unwrap(), 1, "as it was when it began");

        // Whoever asked may go away: it is done to its end, and reading goes on.
        let id = group.id;
        let seal = move |profile: &mut Profile| profile.seal_group(&id, None, 7, &mut OsRng);
        let sealing = store.run_renewing(seal);
        drop(tokio::time::timeout(std::time::Duration::ZERO, sealing).await);
        store.run_renewing(seal).await.unwrap();
        let kept = move |profile: &Profile| {
            let conversation = profile.group(&id)?.ok_or(StorageError::UnknownGroup)?.conversation;
            profile.remembered(conversation)
        };
        assert_eq!(store.read(kept).await.unwrap().sealed, Some(7));
        store.close().await;
    }

    #[tokio::test]
    async fn reading_waits_for_no_change_and_sees_what_was_told_to_be_done() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
        let profile = data.create("alice", &Password::None, &mut OsRng).unwrap();
        let store = Store::start_with_reader(profile).unwrap();
        let set = |value: &'static str| {
            let job = move |profile: &mut Profile| profile.set_experiment(value, true);
            store.run(job)
        };
        set("one").await.unwrap();
        let names = |profile: &Profile| profile.experiments();
        assert_eq!(store.read(names).await.unwrap(), ["one"]);

        // Somebody changes something, and takes long.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (inside, entered) = tokio::sync::oneshot::channel();
        let busy = store.clone();
        let changing = tokio::spawn(async move {
            let job = move |profile: &mut Profile| {
                profile.set_experiment("two", true)?;
                let _ = inside.send(());
                let _ = wait.recv();
                profile.set_experiment("three", true)
            };
            busy.run(job).await
        });
        entered.await.unwrap();
        assert_eq!(store.read(names).await.unwrap(), ["one", "two"], "what is committed, and at once");
        go.send(()).unwrap();
        changing.await.unwrap().unwrap();
        assert_eq!(store.read(names).await.unwrap().len(), 3);
        store.close().await;
        assert_eq!(store.read(names).await.unwrap_err().problem, Problem::Closed);
        // Its lock is free.
        data.open("alice", &Password::None).unwrap();
    }
}
