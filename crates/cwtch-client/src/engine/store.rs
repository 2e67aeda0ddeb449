//! The profile's database: async callers in front, blocking SQLite behind, on two threads.
//!
//! One thread changes, the other one reads beside it, so that nobody who only reads waits for a sync that is being stored. A
//! reader sees what is committed when its job begins; whoever was told that something is done finds it.

use std::sync::Arc;

use super::feed::{Feed, Teller};
use super::worker::{Gone, Worker};
use crate::api::{ApiError, Problem};
use crate::profile::{Profile, Reader, StorageError};

/// A handle to the profile's threads.
#[derive(Clone)]
pub(crate) struct Store {
    // Before the writer, which is to close the database last.
    reader: Option<Worker<Reader>>,
    writer: Worker<Writer>,
    /// Receives events of what the jobs change.
    pub(super) feed: Arc<Feed>,
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
        Ok(Self { reader: None, writer, feed })
    }

    /// The same with a second thread to read on, for who works in the background while people read.
    ///
    /// # Errors
    /// As [`Store::start`].
    pub(crate) fn start_with_reader(profile: Profile) -> Result<Self, ApiError> {
        let reader = Worker::start("cwtch-reader", profile.reader()?).map_err(|e| no_thread(&e))?;
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
        let told = move |Writer { profile, teller }: &mut Writer| {
            teller.before(profile);
            let outcome = job(profile);
            teller.after(profile);
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
        reader.run(|reader| reader.at_one_moment(job)).await.map_err(gone)?.map_err(Into::into)
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
    use crate::profile::{DataDir, Password};

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
