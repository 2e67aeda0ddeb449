//! The database's own thread: async callers in front, blocking SQLite behind.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::context::Context;
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
    _thread: Arc<Thread>,
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
                if let Some(done) = closing {
                    let _ = done.send(());
                }
            })
            .map_err(|e| {
                ApiError::new(ErrorKind::Storage, format!("Cannot start the database's thread: {e}."))
            })?;
        Ok(Self { jobs, _thread: Arc::new(Thread(Some(thread))) })
    }

    /// Runs `job` on the database's thread. What it committed stays committed even if the caller goes away.
    ///
    /// # Errors
    /// The job's error as a sentence; [`ErrorKind::Closed`] while the engine stops.
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
        self.jobs.send(Message::Job(job)).await.map_err(|_| Context::closed())?;
        result.await.map_err(|_| Context::closed())?
    }

    /// Finishes what is queued, closes the database and releases its lock.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
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
            | E::AmbiguousName { .. }
            | E::NoSuchProfile => ErrorKind::NotFound,
            E::Label | E::EmptyPassword | E::Text { .. } | E::TooLong { .. } | E::OwnAddress => {
                ErrorKind::Usage
            }
            E::BundleChanged | E::GroupChanged | E::DuplicateMessage | E::ProfileExists => ErrorKind::Refused,
            _ => ErrorKind::Storage,
        };
        Self::new(kind, sentence(&error.to_string()))
    }
}
