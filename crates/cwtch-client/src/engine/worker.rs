//! A thread that has something that blocks, and does jobs with it one after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Jobs that may wait; a caller beyond that waits for room.
const QUEUE: usize = 256;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// A handle to the thread. Jobs run in the order in which they were sent.
pub(super) struct Worker<T> {
    // Declared before the thread, which ends only when nobody can send any more.
    jobs: mpsc::Sender<Message<T>>,
    end: End,
    /// Told whenever no job waits.
    idle: Arc<Notify>,
    thread: Arc<Thread>,
}

impl<T> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            end: self.end.clone(),
            idle: self.idle.clone(),
            thread: self.thread.clone(),
        }
    }
}

/// End of the thread, once it has come.
#[derive(Clone, Default)]
struct End {
    ended: CancellationToken,
    /// A job did not return: a fault of this program.
    broke: Arc<AtomicBool>,
}

/// Tells of the thread's end, however it comes.
struct LastWord {
    end: End,
    regular: bool,
}

impl Drop for LastWord {
    fn drop(&mut self) {
        self.end.broke.store(!self.regular, Ordering::Release);
        self.end.ended.cancel();
    }
}

/// The thread. Whoever drops the last handle waits until what it had is dropped: a program that ends meanwhile takes the
/// cryptography of a database away from under it.
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

enum Message<T> {
    Job(Job<T>),
    Close(oneshot::Sender<()>),
}

/// Reason why nobody does a job any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// The worker was closed.
    Closed,
    /// A job did not return, now or before.
    Broke,
}

impl<T: Send + 'static> Worker<T> {
    /// Moves something to a thread of its own, which ends with [`Worker::close`] or the last handle.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(name: &str, mut has: T) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel(QUEUE);
        let (end, idle) = (End::default(), Arc::new(Notify::new()));
        let mut last_word = LastWord { end: end.clone(), regular: false };
        let told = idle.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let mut closing = None;
            while let Some(message) = queue.blocking_recv() {
                match message {
                    Message::Job(job) => job(&mut has),
                    Message::Close(done) => {
                        closing = Some(done);
                        break;
                    }
                }
                if queue.is_empty() {
                    told.notify_waiters();
                }
            }
            // What it has is released before anybody is told.
            drop(has);
            last_word.regular = true;
            drop(last_word);
            if let Some(done) = closing {
                let _ = done.send(());
            }
        })?;
        Ok(Self { jobs, end, idle, thread: Arc::new(Thread(Some(thread))) })
    }

    /// Does a job. It is done to its end even if the caller goes away.
    ///
    /// # Errors
    /// If the thread ends or has ended.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Gone> {
        let (answer, result) = oneshot::channel();
        let job: Job<T> = Box::new(move |has| drop(answer.send(job(has))));
        if self.jobs.send(Message::Job(job)).await.is_ok()
            && let Ok(outcome) = result.await
        {
            return Ok(outcome);
        }
        // Nobody is there who would do it: the thread ends or has ended.
        self.end.ended.cancelled().await;
        Err(if self.end.broke.load(Ordering::Acquire) { Gone::Broke } else { Gone::Closed })
    }

    /// Returns when no job waits, or the thread has ended.
    pub(super) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.jobs.capacity() == self.jobs.max_capacity() || self.jobs.is_closed() {
                return;
            }
            tokio::select! {
                () = idle => {}
                () = self.end.ended.cancelled() => return,
            }
        }
    }

    /// Returns when the thread has ended by a fault of this program.
    pub(super) async fn broke(&self) {
        self.end.ended.cancelled().await;
        if !self.end.broke.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }

    /// Finishes what is queued and drops what the thread has.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as blocking;

    use super::*;

    #[tokio::test]
    async fn a_worker_that_was_closed_is_no_broken_one() {
        let worker = Worker::start("test", ()).unwrap();
        worker.close().await;
        assert_eq!(worker.run(|()| ()).await, Err(Gone::Closed));
        assert!(!worker.end.broke.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn it_is_idle_once_nobody_waits() {
        let worker = Worker::start("test", 0).unwrap();
        worker.idle().await;
        let (go, wait) = blocking::channel::<()>();
        let (entered, inside) = oneshot::channel();
        let (other, busy) = (worker.clone(), worker.clone());
        let first = tokio::spawn(async move {
            busy.run(move |_| {
                let _ = entered.send(());
                let _ = wait.recv();
            })
            .await
        });
        inside.await.unwrap();
        let second = tokio::spawn(async move { other.run(|done| *done += 1).await });
        while worker.jobs.capacity() == worker.jobs.max_capacity() {
            tokio::task::yield_now().await;
        }
        let patient = worker.clone();
        let idle = tokio::spawn(async move {
            patient.idle().await;
            patient.run(|done| *done).await
        });
        tokio::task::yield_now().await;
        assert!(!idle.is_finished(), "somebody waits");
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        assert_eq!(idle.await.unwrap(), Ok(1), "after those who waited");
    }
}
