//! Transactions of received messages: those of a log are held back until a signed checkpoint covers them.

use std::collections::VecDeque;

use super::output::Step;
use crate::monitor::{Change, Notice};

/// Number of messages of our own groups that may wait for the server's signature; an honest log has one at least every
/// 256 entries.
pub const HELD_MAX: usize = 65_536;

/// The error of a server that leaves too many messages unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sends many messages without its signature")]
pub struct TooManyHeld;

/// A collector, which makes transactions of what a [`Follower`](super::Follower) brings.
///
/// Messages arrive as `M`; the caller opens them, and gives back those that are kept, as `T`. Those of a log are held
/// back until a [`Step`] covers them, and go into the transaction of that step; messages that none ever covers are
/// dropped.
#[derive(Debug)]
pub struct Collector<M, T> {
    arrived: Vec<M>,
    step: Step,
    held: VecDeque<(u64, T)>,
}

/// Messages and changes that have arrived since the last time.
#[derive(Debug)]
pub struct Collected<M> {
    /// The messages, to be opened.
    pub messages: Vec<M>,
    /// The step, to be given back with the opened messages.
    pub step: Step,
}

/// Contents of one transaction.
#[derive(Debug)]
pub struct Transaction<T> {
    /// Changes of the monitor, in this order.
    pub changes: Vec<Change>,
    /// Notices, to be told once the transaction is durable.
    pub notices: Vec<Notice>,
    /// The messages that may be kept.
    pub items: Vec<T>,
}

impl<M, T> Default for Collector<M, T> {
    fn default() -> Self {
        Self { arrived: Vec::new(), step: Step::default(), held: VecDeque::new() }
    }
}

impl<M, T> Collector<M, T> {
    /// Takes a message.
    pub fn message(&mut self, message: M) {
        self.arrived.push(message);
    }

    /// Takes a step, or gives it back if it stands alone: then everything collected so far must be committed first,
    /// and [`Collector::barrier`] takes the step.
    ///
    /// # Errors
    /// The step itself, if it stands alone.
    pub fn step(&mut self, step: Step) -> Result<(), Step> {
        if step.is_barrier() {
            return Err(step);
        }
        self.step.merge(step);
        Ok(())
    }

    /// Takes a step that stands alone, and is to be committed at once. Held messages are dropped: they come again, or
    /// never existed.
    pub fn barrier(&mut self, step: Step) {
        self.held.clear();
        self.step = step;
    }

    /// Drops held messages, because a replay begins in which they come again.
    pub fn replay(&mut self) {
        self.held.clear();
    }

    /// Gives what has arrived; `None` if there is nothing to commit.
    pub fn collect(&mut self) -> Option<Collected<M>> {
        let Step { changes, notices, covers } = &self.step;
        if self.arrived.is_empty() && changes.is_empty() && notices.is_empty() && *covers == 0 {
            return None;
        }
        let (messages, step) = (core::mem::take(&mut self.arrived), core::mem::take(&mut self.step));
        Some(Collected { messages, step })
    }

    /// Makes a transaction of a step and the messages of it that are kept, `opened`, each with its index in a log. A message
    /// may also be one that arrived earlier, if its key is known only now.
    ///
    /// # Errors
    /// [`TooManyHeld`].
    pub fn commit(
        &mut self,
        step: Step,
        opened: impl IntoIterator<Item = (Option<u64>, T)>,
    ) -> Result<Transaction<T>, TooManyHeld> {
        let Step { changes, notices, covers } = step;
        let mut items = Vec::new();
        for (index, item) in opened {
            match index {
                None => items.push(item),
                Some(_) if self.held.len() >= HELD_MAX => return Err(TooManyHeld),
                Some(index) => {
                    let behind = self.held.partition_point(|(held, _)| *held <= index);
                    self.held.insert(behind, (index, item));
                }
            }
        }
        while let Some((_, item)) = self.held.pop_front_if(|(index, _)| *index < covers) {
            items.push(item);
        }
        Ok(Transaction { changes, notices, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Loss;

    fn covering(covers: u64) -> Step {
        Step { covers, ..Step::default() }
    }

    fn committed(collector: &mut Collector<u64, u64>) -> Vec<u64> {
        let Some(Collected { messages, step }) = collector.collect() else { return Vec::new() };
        collector.commit(step, messages.into_iter().map(|index| (Some(index), index))).unwrap().items
    }

    #[test]
    fn what_no_checkpoint_covers_is_held_back() {
        let mut collector = Collector::default();
        (0..10).for_each(|index| collector.message(index));
        assert_eq!(committed(&mut collector), [0; 0]);
        collector.step(covering(4)).unwrap();
        assert_eq!(committed(&mut collector), [0, 1, 2, 3]);
        collector.message(10);
        collector.step(covering(6)).unwrap();
        collector.step(covering(11)).unwrap();
        assert_eq!(committed(&mut collector), [4, 5, 6, 7, 8, 9, 10]);
        assert!(collector.collect().is_none());
    }

    #[test]
    fn what_is_opened_later_than_what_stands_behind_it_keeps_its_place() {
        let mut collector = Collector::<u64, u64>::default();
        let mut commit = |covers, opened: &[u64]| {
            collector
                .commit(covering(covers), opened.iter().map(|index| (Some(*index), *index)))
                .unwrap()
                .items
        };
        assert_eq!(commit(3, &[1, 5, 9]), [1]);
        assert_eq!(commit(3, &[2, 4, 7]), [2]);
        assert_eq!(commit(8, &[]), [4, 5, 7]);
        assert_eq!(commit(10, &[]), [9]);
    }

    #[test]
    fn a_replay_and_a_loss_drop_what_is_held() {
        let loss =
            Change::Loss { loss: Loss { from: 3, to: 5, incarnation: 60, at: 60 }, replaces_last: false };
        for begins in [true, false] {
            let mut collector = Collector::default();
            collector.message(7);
            assert_eq!(committed(&mut collector), [0; 0]);
            if begins {
                collector.replay();
            } else {
                let step = Step { changes: vec![loss.clone()], ..covering(3) };
                let step = collector.step(step).unwrap_err();
                collector.barrier(step);
                assert_eq!(committed(&mut collector), [0; 0]);
            }
            collector.step(covering(20)).unwrap();
            assert_eq!(committed(&mut collector), [0; 0]);
        }
    }

    #[test]
    fn a_server_that_signs_nothing_is_left() {
        let mut collector = Collector::<u64, u64>::default();
        let items = (0..HELD_MAX as u64).map(|index| (Some(index), index));
        assert!(collector.commit(Step::default(), items).unwrap().items.is_empty());
        assert_eq!(collector.commit(Step::default(), [(Some(0), 0)]).unwrap_err(), TooManyHeld);
        assert_eq!(collector.commit(Step::default(), [(None, 1)]).unwrap().items, [1]);
    }
}
