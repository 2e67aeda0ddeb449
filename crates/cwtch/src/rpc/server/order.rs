//! The requests of one connection: each takes effect in its turn, and confirmations are waited for side by side.

use std::pin::Pin;

use cwtch_client::engine::Turn;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

/// Outcome of a request: the line that answers it, if one is wanted.
pub(super) type Line = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// A request that was read.
pub(super) struct Job {
    /// Begins it. The next one begins when this one has given its turn on, or has ended.
    pub(super) start: Box<dyn FnOnce(Turn) -> Line + Send>,
    /// Its part of what may be read and not begun.
    pub(super) room: OwnedSemaphorePermit,
}

/// Carries jobs out in order until there will be no more; what is still waited for then.
pub(super) async fn in_order(mut queue: mpsc::Receiver<Job>, outbox: mpsc::Sender<String>) -> JoinSet<()> {
    let mut waiting = JoinSet::new();
    loop {
        while waiting.try_join_next().is_some() {}
        let Some(Job { start, room }) = queue.recv().await else { return waiting };
        let (turn, next) = Turn::new();
        let mut answer = start(turn);
        tokio::select! {
            biased;
            line = &mut answer => {
                if let Some(line) = line {
                    let _ = outbox.send(line).await;
                }
            }
            () = next.comes() => {
                let outbox = outbox.clone();
                waiting.spawn(async move {
                    if let Some(line) = answer.await {
                        let _ = outbox.send(line).await;
                    }
                });
            }
        }
        drop(room);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::sync::Semaphore;
    use tokio::time::sleep;

    use super::*;

    /// A request that takes a while until its effect, and another while until its confirmation; 0 is at once.
    #[derive(Debug, Clone, Copy)]
    struct Asked {
        effect: u64,
        confirmation: Option<u64>,
    }

    fn asked() -> impl Strategy<Value = Asked> {
        (0u64..50, prop::option::of(0u64..10_000))
            .prop_map(|(effect, confirmation)| Asked { effect, confirmation })
    }

    /// Effects and answers, in the order in which they happened.
    async fn carried_out(requests: Vec<Asked>) -> (Vec<usize>, Vec<String>) {
        let effects = Arc::<Mutex<Vec<usize>>>::default();
        let (queue, jobs) = mpsc::channel(requests.len().max(1));
        let (outbox, mut lines) = mpsc::channel(requests.len().max(1));
        let room = Arc::new(Semaphore::new(requests.len()));
        for (number, request) in requests.into_iter().enumerate() {
            let effects = effects.clone();
            let start = Box::new(move |turn: Turn| {
                Box::pin(async move {
                    sleep(Duration::from_millis(request.effect)).await;
                    effects.lock().unwrap().push(number);
                    if let Some(confirmation) = request.confirmation {
                        drop(turn);
                        sleep(Duration::from_millis(confirmation)).await;
                    }
                    Some(number.to_string())
                }) as Line
            });
            let room = room.clone().try_acquire_owned().unwrap();
            queue.send(Job { start, room }).await.ok().unwrap();
        }
        drop(queue);
        let mut waiting = in_order(jobs, outbox).await;
        while waiting.join_next().await.is_some() {}
        let mut answers = Vec::new();
        while let Some(line) = lines.recv().await {
            answers.push(line);
        }
        let effects = effects.lock().unwrap().clone();
        (effects, answers)
    }

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    proptest! {
        #[test]
        fn effects_come_in_order_and_every_request_is_answered(requests in prop::collection::vec(asked(), 0..60)) {
            let count = requests.len();
            let (effects, mut answers) = paused().block_on(carried_out(requests));
            prop_assert_eq!(effects, (0..count).collect::<Vec<_>>());
            answers.sort_by_key(|answer| answer.parse::<usize>().unwrap());
            prop_assert_eq!(answers, (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_holds_up_nobody_behind_it() {
        let slow = Asked { effect: 0, confirmation: Some(3_600_000) };
        let quick = Asked { effect: 1, confirmation: None };
        let (_, answers) = carried_out(vec![slow, slow, quick, slow, quick]).await;
        assert_eq!(answers[..2], ["2", "4"]);
    }
}
