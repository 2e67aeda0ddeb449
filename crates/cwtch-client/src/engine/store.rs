//! The database's own thread: async callers in front, blocking SQLite behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::info::sentence;
use crate::api::{ApiError, ErrorKind};
use crate::profile::{Profile, StorageError};

/// Jobs that may wait; a caller beyond that waits for room.
const QUEUE: usize = 256;

type Job = Box<dyn FnOnce(&mut Profile) + Send>;

/// A handle to the profile's thread. Jobs run one after another, in the order in which they were sent.
#[derive(Clone)]
pub(crate) struct Store {
    // Declared before the thread, which ends only when nobody can send any more.
    jobs: mpsc::Sender<Message>,
    end: End,
    _thread: Arc<Thread>,
}

/// End of the thread, once it has come.
#[derive(Clone, Default)]
struct End {
    ended: CancellationToken,
    /// A job did not return: a fault of this program.
    broke: Arc<AtomicBool>,
}

/// Tells of the thread's end, however it comes.
struct Teller {
    end: End,
    regular: bool,
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.end.broke.store(!self.regular, Ordering::Release);
        self.end.ended.cancel();
    }
}

/// The thread. Whoever drops the last handle waits until the database is closed: a program that ends meanwhile takes
/// the cryptography away from under it.
struct Thread(Option<JoinHandle<()>>);

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take()
            // The last handle may have been in a job.
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

impl Store {
    /// Moves the profile to its own thread, which ends with [`Store::close`] or the last handle.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(profile: Profile) -> Result<Self, ApiError> {
        let (jobs, mut queue) = mpsc::channel(QUEUE);
        let end = End::default();
        let mut teller = Teller { end: end.clone(), regular: false };
        let thread = std::thread::Builder::new()
            .name("cwtch-profile".into())
            .spawn(move || {
                let mut profile = profile;
                let mut closing = None;
                while let Some(message) = queue.blocking_recv() {
                    match message {
                        Message::Job(job) => job(&mut profile),
                        Message::Close(done) => {
                            closing = Some(done);
                            break;
                        }
                    }
                }
                // The database and its lock are released before anybody is told.
                drop(profile);
                teller.regular = true;
                drop(teller);
                if let Some(done) = closing {
                    let _ = done.send(());
                }
            })
            .map_err(|e| {
                ApiError::new(ErrorKind::Storage, format!("Cannot start the database's thread: {e}."))
            })?;
        Ok(Self { jobs, end, _thread: Arc::new(Thread(Some(thread))) })
    }

    /// Runs `job` on the database's thread. What it committed stays committed even if the caller goes away.
    ///
    /// # Errors
    /// The job's error as a sentence; [`ErrorKind::Closed`] while the engine stops, [`ErrorKind::Storage`] if the thread
    /// ended by a fault of this program.
    pub(crate) async fn run<T, E, F>(&self, job: F) -> Result<T, ApiError>
    where
        F: FnOnce(&mut Profile) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |profile| {
            let _ = answer.send(job(profile).map_err(Into::into));
        });
        if self.jobs.send(Message::Job(job)).await.is_ok()
            && let Ok(outcome) = result.await
        {
            return outcome;
        }
        // Nobody is there who would do it: the thread ends or has ended.
        self.end.ended.cancelled().await;
        Err(if self.end.broke.load(Ordering::Acquire) { broken() } else { ApiError::closed() })
    }

    /// Returns when the thread has ended by a fault of this program.
    pub(crate) async fn broke(&self) {
        self.end.ended.cancelled().await;
        if !self.end.broke.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }

    /// Finishes what is queued, closes the database and releases its lock.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

fn broken() -> ApiError {
    ApiError::new(
        ErrorKind::Storage,
        "The part of the program that keeps the database has failed, which is a fault of the program. Start it again; \
         what was confirmed is on the disk.",
    )
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        use StorageError as E;
        let kind = match error {
            E::UnknownContact
            | E::UnknownServer
            | E::UnknownGroup
            | E::UnknownConversation
            | E::UnknownMessage
            | E::NoSuchProfile => ErrorKind::NotFound,
            E::Label
            | E::EmptyPassword
            | E::Text { .. }
            | E::Name { .. }
            | E::TooLong { .. }
            | E::OwnAddress => ErrorKind::Usage,
            E::Blocked
            | E::Named
            | E::NoRequest
            | E::ServerInUse
            | E::ServerHasEvidence
            | E::BundleChanged
            | E::GroupChanged
            | E::DuplicateMessage
            | E::ProfileExists => ErrorKind::Refused,
            _ => ErrorKind::Storage,
        };
        Self::new(kind, sentence(&error.to_string()))
    }
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
        assert_eq!(failed.unwrap_err().kind, ErrorKind::Storage);
        told.await.unwrap();
        let later = store.run(|profile| profile.count_unconfirmed()).await;
        assert_eq!(later.unwrap_err().kind, ErrorKind::Storage, "for ever, and not as if it were stopping");
        store.close().await;
    }

    #[tokio::test]
    async fn a_store_that_was_closed_is_no_broken_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        store.close().await;
        let later = store.run(|profile| profile.count_unconfirmed()).await;
        assert_eq!(later.unwrap_err().kind, ErrorKind::Closed);
        assert!(!store.end.broke.load(Ordering::Acquire));
    }
}
