//! Waiting for a back end on a thread that has nothing else to do.

/// Runs a future to its end on this thread. A back end in this process is ready at the first poll; one behind a
/// socket wakes the thread from wherever its connection runs.
pub(in crate::store) fn wait<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[test]
    fn a_future_that_another_thread_wakes_is_waited_for() {
        let (question, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let other = std::thread::spawn(move || {
            let asked: u32 = asked.blocking_recv().unwrap();
            answer.send(asked + 1).unwrap();
        });
        let got = wait(async {
            question.send(6).unwrap();
            answered.await.unwrap()
        });
        assert_eq!(got, 7);
        other.join().unwrap();
    }
}
