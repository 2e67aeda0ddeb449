//! Waiting for conditions, with a deadline and a way out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::TornetError;

const POLL: Duration = Duration::from_millis(100);
/// Time that a tor gets to know its network by its own timers.
const NUDGE: Duration = Duration::from_secs(3);

/// The patience of a start: its deadline, and the flag that cancels it.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    began: Instant,
    limit: Duration,
    cancel: Arc<AtomicBool>,
}

impl Patience {
    pub(super) fn new(limit: Duration, cancel: Arc<AtomicBool>) -> Self {
        Self { began: Instant::now(), limit, cancel }
    }

    /// Lets some time pass, and fails if the time is up. `missing` says what is waited for.
    pub(super) fn pause(&self, missing: impl FnOnce() -> String) -> Result<(), TornetError> {
        thread::sleep(POLL);
        if self.cancel.load(Ordering::Relaxed) {
            return Err(TornetError::Cancelled);
        }
        if self.began.elapsed() > self.limit {
            return Err(TornetError::Deadline { after: self.limit, missing: missing() });
        }
        Ok(())
    }
}

/// Watch over one tor that gets to know its network. A tor retries a failed download only after ten or twenty
/// seconds, though the network has the file at once: reloading its configuration makes it forget the failure.
#[derive(Debug)]
pub(super) struct Bootstrap {
    nudge_at: Instant,
}

impl Bootstrap {
    /// A watch over a tor that has met failures already: it is nudged at once.
    pub(super) fn overdue() -> Self {
        Self { nudge_at: Instant::now() }
    }

    /// A watch over a tor that is only starting.
    pub(super) fn beginning() -> Self {
        Self { nudge_at: Instant::now() + NUDGE }
    }

    /// True if the tor that `ask` sends commands to has the whole directory.
    pub(super) fn has_directory<E>(&mut self, ask: impl Fn(&str) -> Result<Vec<String>, E>) -> bool {
        match ask("GETINFO status/enough-dir-info") {
            Ok(lines) if lines.iter().any(|line| line == "status/enough-dir-info=1") => return true,
            Ok(_) if Instant::now() >= self.nudge_at => {
                let _ = ask("SIGNAL RELOAD");
                self.nudge_at = Instant::now() + NUDGE;
            }
            _ => {}
        }
        false
    }

    /// True if it has a circuit, too.
    pub(super) fn is_done<E>(&mut self, ask: impl Fn(&str) -> Result<Vec<String>, E>) -> bool {
        self.has_directory(&ask) && bootstrapped(&ask)
    }
}

/// True if the tor that `ask` sends commands to has bootstrapped.
pub(super) fn bootstrapped<E>(ask: impl Fn(&str) -> Result<Vec<String>, E>) -> bool {
    ask("GETINFO status/bootstrap-phase")
        .is_ok_and(|lines| lines.iter().any(|line| line.contains(" PROGRESS=100 ")))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_tor_that_is_late_is_nudged_once_in_a_while() {
        let heard = RefCell::new(Vec::new());
        let stuck = |command: &str| -> Result<Vec<String>, ()> {
            heard.borrow_mut().push(command.to_owned());
            Ok(vec!["status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=50 TAG=x".to_owned()])
        };
        let mut bootstrap = Bootstrap::overdue();
        assert!(
            !bootstrap.is_done(stuck) && !bootstrap.is_done(stuck) && !Bootstrap::beginning().is_done(stuck)
        );
        assert_eq!(heard.borrow().iter().filter(|command| *command == "SIGNAL RELOAD").count(), 1);
    }

    #[test]
    fn only_a_hundred_percent_is_enough() {
        let at = |text: &'static str| move |_: &str| -> Result<Vec<String>, ()> { Ok(vec![text.to_owned()]) };
        assert!(bootstrapped(at(
            "status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\""
        )));
        assert!(!bootstrapped(at("status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=10 TAG=conn_done")));
        assert!(!bootstrapped(|_: &str| Err(())));
    }

    #[test]
    fn patience_ends_by_deadline_and_by_the_flag() {
        let cancel = Arc::new(AtomicBool::new(false));
        let none = Patience::new(Duration::ZERO, Arc::clone(&cancel));
        assert!(matches!(none.pause(|| "x".to_owned()), Err(TornetError::Deadline { .. })));
        let some = Patience::new(Duration::from_secs(60), Arc::clone(&cancel));
        some.pause(|| "x".to_owned()).unwrap();
        cancel.store(true, Ordering::Relaxed);
        assert!(matches!(some.pause(|| "x".to_owned()), Err(TornetError::Cancelled)));
    }
}
