//! Group commit: one thread that owns the writer. A commit starts as soon as the last one has returned,
//! with whatever was queued meanwhile.

use std::io;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::{NewPost, Outcome, StoreError, StoreWriter};

/// Posts that may wait for the writer; then posters wait, and their connections stay unread.
const QUEUE: usize = 1024;
/// Posts in one transaction at most.
const BATCH: usize = 512;

/// A post on its way to the writer.
#[derive(Debug)]
pub struct Submission<P> {
    /// What is to be stored.
    pub post: NewPost,
    /// What the caller wants back beside the outcome, once it is durable.
    pub payload: P,
    /// Where the outcome goes; `None` if the commit failed.
    pub reply: oneshot::Sender<Option<Outcome>>,
}

/// A post and what became of it.
#[derive(Debug)]
pub struct Committed<P> {
    /// The outcome, durable.
    pub outcome: Outcome,
    /// As submitted.
    pub payload: P,
}

/// Submits posts to the writer thread.
#[derive(Debug)]
pub struct Submitter<P>(mpsc::Sender<Submission<P>>);

impl<P> Clone for Submitter<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P> Submitter<P> {
    /// Queues a post, waiting while the queue is full. The receiver fails if the server stops first.
    pub async fn submit(&self, post: NewPost, payload: P) -> oneshot::Receiver<Option<Outcome>> {
        let (reply, outcome) = oneshot::channel();
        // A closed queue drops the submission and with it the reply: the caller sees that.
        let _ = self.0.send(Submission { post, payload, reply }).await;
        outcome
    }
}

/// The writer thread; it ends when every [`Submitter`] is gone and the queue is empty.
#[derive(Debug)]
pub struct WriterHandle(JoinHandle<()>);

impl WriterHandle {
    /// Waits until everything queued is stored. Blocks: call it off the async threads.
    pub fn join(self) {
        // A panic in the thread has been printed by the runtime; there is nothing left to do.
        let _ = self.0.join();
    }
}

/// Starts the writer thread. `publish` is called after each commit that returned, before the posters are
/// answered, with the posts in the order of the commit.
///
/// # Errors
/// If the system has no thread left.
pub fn spawn_writer<P: Send + 'static>(
    mut store: Box<dyn StoreWriter>,
    mut publish: impl FnMut(Vec<Committed<P>>) + Send + 'static,
) -> io::Result<(Submitter<P>, WriterHandle)> {
    let (sender, mut queue) = mpsc::channel::<Submission<P>>(QUEUE);
    let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let mut pruning = prune(store.as_mut());
        let mut waiting = Vec::new();
        loop {
            waiting.clear();
            if pruning {
                // Posts go before the deletion of old messages.
                while waiting.len() < BATCH
                    && let Ok(submission) = queue.try_recv()
                {
                    waiting.push(submission);
                }
            } else if queue.blocking_recv_many(&mut waiting, BATCH) == 0 {
                return;
            }
            if !waiting.is_empty() {
                commit(store.as_mut(), &mut waiting, &mut publish);
            }
            pruning = prune(store.as_mut());
        }
    })?;
    Ok((Submitter(sender), WriterHandle(thread)))
}

fn commit<P>(
    store: &mut dyn StoreWriter,
    waiting: &mut Vec<Submission<P>>,
    publish: &mut impl FnMut(Vec<Committed<P>>),
) {
    let mut posts = Vec::with_capacity(waiting.len());
    let mut rest = Vec::with_capacity(waiting.len());
    for Submission { post, payload, reply } in waiting.drain(..) {
        posts.push(post);
        rest.push((payload, reply));
    }
    match store.commit(&posts) {
        Ok(outcomes) => {
            let mut replies = Vec::with_capacity(rest.len());
            let committed = outcomes
                .into_iter()
                .zip(rest)
                .map(|(outcome, (payload, reply))| {
                    replies.push((reply, outcome));
                    Committed { outcome, payload }
                })
                .collect();
            publish(committed);
            for (reply, outcome) in replies {
                // The poster may have gone.
                let _ = reply.send(Some(outcome));
            }
        }
        Err(error) => {
            report(&error, "posts were refused", rest.len());
            for (_, reply) in rest {
                let _ = reply.send(None);
            }
        }
    }
}

fn prune(store: &mut dyn StoreWriter) -> bool {
    store.prune_step().unwrap_or_else(|error| {
        report(&error, "old messages could not be deleted", 0);
        false
    })
}

fn report(error: &StoreError, what: &str, posts: usize) {
    tracing::error!(posts, "{what}: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewEntry;
    use std::sync::mpsc as std_mpsc;

    /// A store whose commits happen when the test says so, and fail when it says so.
    struct Gated {
        started: std_mpsc::Sender<usize>,
        results: std_mpsc::Receiver<bool>,
        seq: i64,
    }

    impl StoreWriter for Gated {
        fn commit(&mut self, batch: &[NewPost]) -> Result<Vec<Outcome>, StoreError> {
            self.started.send(batch.len()).unwrap();
            if !self.results.recv().unwrap() {
                return Err(StoreError::Full);
            }
            Ok(batch
                .iter()
                .map(|_| {
                    self.seq += 1;
                    Outcome::Stored { seq: self.seq, shadowed: false }
                })
                .collect())
        }

        fn prune_step(&mut self) -> Result<bool, StoreError> {
            Ok(false)
        }
    }

    fn post(n: u8) -> NewPost {
        NewPost { token: [n; 32], entry: Some(NewEntry::new(vec![n], vec![n])) }
    }

    #[tokio::test]
    async fn what_queues_during_a_commit_goes_into_the_next() {
        let (started, commits) = std_mpsc::channel();
        let (go, results) = std_mpsc::channel();
        let (publish, published) = std_mpsc::channel();
        let store = Box::new(Gated { started, results, seq: 0 });
        let (submitter, writer) =
            spawn_writer(store, move |batch: Vec<Committed<u8>>| publish.send(batch.len()).unwrap()).unwrap();

        let first = submitter.submit(post(1), 1).await;
        assert_eq!(commits.recv().unwrap(), 1);
        let mut waiting = Vec::new();
        for n in 2..=6 {
            waiting.push(submitter.submit(post(n), n).await);
        }
        // No answer and no publication before the commit returned.
        assert!(published.try_recv().is_err());
        go.send(true).unwrap();
        assert_eq!(first.await.unwrap(), Some(Outcome::Stored { seq: 1, shadowed: false }));
        assert_eq!(published.recv().unwrap(), 1);
        assert_eq!(commits.recv().unwrap(), 5);
        go.send(false).unwrap();
        for outcome in waiting {
            assert_eq!(outcome.await.unwrap(), None);
        }
        assert!(published.try_recv().is_err());

        // After a failure the next commit is tried as usual, also while stopping.
        let last = submitter.submit(post(7), 7).await;
        drop(submitter);
        go.send(true).unwrap();
        assert_eq!(last.await.unwrap(), Some(Outcome::Stored { seq: 2, shadowed: false }));
        writer.join();
        assert_eq!(published.recv().unwrap(), 1);
    }
}
