//! Group commit: one thread owns the writer. A commit starts as soon as the last one has returned, with whatever was
//! queued meanwhile.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use cwtch_net::Validity;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Commit, CommitLog, NewPost, Outcome, Seq, StoreError, StoreWriter};

/// Number of posts that may wait for the writer; beyond it posters wait, and their connections stay unread.
const QUEUE: usize = 1024;
/// The largest number of posts in one transaction.
const BATCH: usize = 512;

/// The outcome of a post, and the log's part of its commit.
pub type Answered = (Outcome, Option<Arc<CommitLog>>);

/// A post on its way to the writer.
#[derive(Debug)]
struct Submission {
    post: NewPost,
    /// Receives the outcome; `None` if the commit failed.
    reply: oneshot::Sender<Option<Answered>>,
}

/// A post and its outcome.
#[derive(Debug)]
pub struct Committed {
    /// The outcome, which is durable.
    pub outcome: Outcome,
    /// The post.
    pub post: NewPost,
}

/// News about what has become durable.
#[derive(Debug)]
pub struct Publication {
    /// The posts of a commit, in its order.
    pub committed: Vec<Committed>,
    /// The log's part of the commit.
    pub log: Option<Arc<CommitLog>>,
    /// The number of the newest message, after a failure in which a commit may have become durable unpublished.
    pub recovered: Option<Seq>,
}

impl Publication {
    /// The news of a commit that returned.
    pub fn of(committed: Vec<Committed>, log: Option<Arc<CommitLog>>) -> Self {
        Self { committed, log, recovered: None }
    }
}

#[derive(Debug)]
enum Order {
    Post(Submission),
    Refresh,
    ConfirmClock(Option<Validity>),
}

/// A handle that submits posts to the writer thread.
#[derive(Debug, Clone)]
pub struct Submitter(mpsc::Sender<Order>);

impl Submitter {
    /// Queues a post, waiting while the queue is full. The receiver fails if the server stops first.
    pub async fn submit(&self, post: NewPost) -> oneshot::Receiver<Option<Answered>> {
        let (reply, outcome) = oneshot::channel();
        // A closed queue drops the submission, and with it the sender of the reply: the receiver then fails.
        let _ = self.0.send(Order::Post(Submission { post, reply })).await;
        outcome
    }

    /// Has a quiet log signed once more, at most once a minute.
    pub async fn refresh(&self) {
        let _ = self.0.send(Order::Refresh).await;
    }

    /// Passes on the time for which a network's directory is valid, which may confirm the machine's clock; `None` if
    /// the network cannot tell.
    pub async fn confirm_clock(&self, valid: Option<Validity>) {
        let _ = self.0.send(Order::ConfirmClock(valid)).await;
    }
}

/// The writer thread; it ends when every [`Submitter`] is gone and the queue is empty, or when it does not know any more
/// what the database holds.
#[derive(Debug)]
pub struct WriterHandle {
    thread: JoinHandle<()>,
    ended: watch::Receiver<()>,
}

impl WriterHandle {
    /// Waits until everything queued is stored. Blocks: call it off the async threads.
    pub fn join(self) {
        // A panic in the thread has been printed by the runtime; there is nothing left to do.
        let _ = self.thread.join();
    }

    /// Waits until the thread ends. Cancel-safe.
    pub async fn ended(&mut self) {
        // The thread never sends; this fails when it drops its side.
        while self.ended.changed().await.is_ok() {}
    }
}

/// Starts the writer thread. `publish` is called after each commit that returned, before the posters are
/// answered, with the posts in the order of the commit. `held` is dropped after the store was closed: the lock of its
/// directory.
///
/// # Errors
/// If the system has no thread left.
pub fn spawn_writer(
    store: Box<dyn StoreWriter>,
    held: impl Send + 'static,
    publish: impl FnMut(Publication) + Send + 'static,
) -> io::Result<(Submitter, WriterHandle)> {
    let (sender, queue) = mpsc::channel(QUEUE);
    let (alive, ended) = watch::channel(());
    let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let mut writer = Writer { store, publish };
        if let Err(Lost) = writer.run(queue) {
            tracing::error!("the server stops: it cannot read its database any more");
        }
        drop(writer);
        drop(held);
        drop(alive);
    })?;
    Ok((Submitter(sender), WriterHandle { thread, ended }))
}

/// The error of a writer that could not read its state from the disk after a failure.
struct Lost;

struct Writer<F> {
    store: Box<dyn StoreWriter>,
    publish: F,
}

impl<F: FnMut(Publication)> Writer<F> {
    fn run(&mut self, mut queue: mpsc::Receiver<Order>) -> Result<(), Lost> {
        let mut pruning = self.prune()?;
        let (mut orders, mut posts) = (Vec::new(), Vec::new());
        loop {
            if pruning {
                // Posts go before the deletion of old messages, and so does stopping: the next start continues the
                // deletion.
                while orders.len() < BATCH {
                    match queue.try_recv() {
                        Ok(order) => orders.push(order),
                        Err(TryRecvError::Disconnected) if orders.is_empty() => {
                            self.store.finish();
                            return Ok(());
                        }
                        Err(_) => break,
                    }
                }
            } else if queue.blocking_recv_many(&mut orders, BATCH) == 0 {
                self.store.finish();
                return Ok(());
            }
            let mut refresh = false;
            for order in orders.drain(..) {
                match order {
                    Order::Post(submission) => posts.push(submission),
                    Order::Refresh => refresh = true,
                    Order::ConfirmClock(valid) => self.store.confirm_clock(valid),
                }
            }
            if !posts.is_empty() {
                self.commit(&mut posts)?;
            }
            if refresh {
                let refreshed = self.store.refresh();
                self.checked(refreshed, "the log could not be signed")?;
            }
            pruning = self.prune()?;
        }
    }

    fn commit(&mut self, waiting: &mut Vec<Submission>) -> Result<(), Lost> {
        let submitted = waiting.drain(..).map(|Submission { post, reply }| (post, reply));
        let (posts, replies): (Vec<_>, Vec<_>) = submitted.unzip();
        match self.store.commit(&posts) {
            Ok(Commit { outcomes, log }) => {
                let committed = outcomes.iter().zip(posts);
                let committed = committed.map(|(outcome, post)| Committed { outcome: *outcome, post });
                (self.publish)(Publication::of(committed.collect(), log.clone()));
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // This fails if the poster has gone.
                    let _ = reply.send(Some((outcome, log.clone())));
                }
            }
            Err(error) => {
                tracing::error!(posts = posts.len(), "posts were refused: {error}");
                let recovered = Some(self.recover()?);
                (self.publish)(Publication { committed: Vec::new(), log: None, recovered });
                for reply in replies {
                    let _ = reply.send(None);
                }
            }
        }
        Ok(())
    }

    fn prune(&mut self) -> Result<bool, Lost> {
        let pruned = self.store.prune_step();
        Ok(self.checked(pruned, "old messages could not be deleted")?.unwrap_or(false))
    }

    /// Logs and recovers from a failure of work that nobody waits for; the value is `None` then.
    fn checked<T>(&mut self, result: Result<T, StoreError>, what: &str) -> Result<Option<T>, Lost> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                tracing::error!("{what}: {error}");
                self.recover()?;
                Ok(None)
            }
        }
    }

    /// Reads the state from the disk again, because only the disk can tell whether a failed commit is on it all the
    /// same. Returns the number of the newest message.
    fn recover(&mut self) -> Result<Seq, Lost> {
        self.store.recover().map_err(|error| {
            tracing::error!("{error}");
            Lost
        })
    }
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
        recovers: bool,
        /// True if there is always something left to delete.
        prunes: bool,
    }

    fn stored(seq: Seq) -> Outcome {
        Outcome::Stored { seq, index: seq.unsigned_abs() - 1, shadowed: false }
    }

    impl StoreWriter for Gated {
        fn commit(&mut self, batch: &[NewPost]) -> Result<Commit, StoreError> {
            self.started.send(batch.len()).unwrap();
            if !self.results.recv().unwrap() {
                return Err(StoreError::Full);
            }
            let outcomes = batch.iter().map(|_| {
                self.seq += 1;
                stored(self.seq)
            });
            Ok(Commit { outcomes: outcomes.collect(), log: None })
        }

        fn refresh(&mut self) -> Result<(), StoreError> {
            Ok(())
        }

        fn recover(&mut self) -> Result<Seq, StoreError> {
            // As if one commit more had reached the disk than was known of.
            self.recovers.then_some(self.seq + 1).ok_or(StoreError::Full)
        }

        fn confirm_clock(&mut self, _: Option<Validity>) {}

        fn finish(&mut self) {}

        fn prune_step(&mut self) -> Result<bool, StoreError> {
            Ok(self.prunes)
        }
    }

    /// Tells when it is dropped.
    struct Lock(std_mpsc::Sender<()>);

    impl Drop for Lock {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn stopping_waits_for_posts_and_not_for_deleting_and_then_frees_the_lock() {
        let (started, commits) = std_mpsc::channel();
        let (go, results) = std_mpsc::channel();
        let (freed, lock) = std_mpsc::channel();
        let store = Box::new(Gated { started, results, seq: 0, recovers: true, prunes: true });
        let (submitter, writer) = spawn_writer(store, Lock(freed), |_: Publication| {}).unwrap();
        let first = submitter.submit(post(1)).await;
        assert_eq!(commits.recv().unwrap(), 1);
        let second = submitter.submit(post(2)).await;
        drop(submitter);
        go.send(true).unwrap();
        assert_eq!(first.await.unwrap().unwrap().0, stored(1));
        assert_eq!(commits.recv().unwrap(), 1);
        assert!(lock.try_recv().is_err(), "the directory is still written to");
        go.send(true).unwrap();
        assert_eq!(second.await.unwrap().unwrap().0, stored(2));
        writer.join();
        assert_eq!(lock.recv(), Ok(()));
    }

    fn post(n: u8) -> NewPost {
        NewPost { token: [n; 32], entry: Some(NewEntry::new(vec![n], vec![n])) }
    }

    #[tokio::test]
    async fn what_queues_during_a_commit_goes_into_the_next() {
        let (started, commits) = std_mpsc::channel();
        let (go, results) = std_mpsc::channel();
        let (publish, published) = std_mpsc::channel();
        let store = Box::new(Gated { started, results, seq: 0, recovers: true, prunes: false });
        let (submitter, writer) = spawn_writer(store, (), move |news: Publication| {
            publish.send((news.committed.len(), news.recovered)).unwrap();
        })
        .unwrap();

        let first = submitter.submit(post(1)).await;
        assert_eq!(commits.recv().unwrap(), 1);
        let mut waiting = Vec::new();
        for n in 2..=6 {
            waiting.push(submitter.submit(post(n)).await);
        }
        // No answer and no publication before the commit returned.
        assert!(published.try_recv().is_err());
        go.send(true).unwrap();
        assert_eq!(first.await.unwrap().unwrap().0, stored(1));
        assert_eq!(published.recv().unwrap(), (1, None));
        assert_eq!(commits.recv().unwrap(), 5);
        go.send(false).unwrap();
        for outcome in waiting {
            assert!(outcome.await.unwrap().is_none());
        }
        assert_eq!(published.recv().unwrap(), (0, Some(2)));

        // After a failure the next commit is tried as usual, also while stopping.
        let last = submitter.submit(post(7)).await;
        drop(submitter);
        go.send(true).unwrap();
        assert_eq!(last.await.unwrap().unwrap().0, stored(2));
        writer.join();
        assert_eq!(published.recv().unwrap(), (1, None));
    }
    #[tokio::test]
    async fn a_writer_that_cannot_read_what_it_wrote_ends() {
        let (started, commits) = std_mpsc::channel();
        let (go, results) = std_mpsc::channel();
        let store = Box::new(Gated { started, results, seq: 0, recovers: false, prunes: false });
        let (submitter, mut writer) = spawn_writer(store, (), |_: Publication| {}).unwrap();
        let first = submitter.submit(post(1)).await;
        assert_eq!(commits.recv().unwrap(), 1);
        go.send(false).unwrap();
        writer.ended().await;
        assert!(first.await.is_err());
        assert!(submitter.submit(post(2)).await.await.is_err());
    }
}
