//! Notices of a monitor: which of them a person is told. They are told by the change feed, once they are stored.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_protocol::monitor::Notice;

use crate::api::LogNotice;

/// Chooses what is told of what a server's monitor noticed. What stays true until the server answers better (a stale answer, a
/// clock) is told once, until [`Teller::well`].
#[derive(Clone, Default)]
pub(in super::super) struct Teller {
    told: Arc<Mutex<HashSet<LogNotice>>>,
    /// An alarm waits until it is known whether it can be proven.
    held: Arc<AtomicBool>,
}

impl Teller {
    fn already(&self) -> MutexGuard<'_, HashSet<LogNotice>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The notices that are to be told: stored with what they are about, and then given to [`Teller::told`].
    pub(in super::super) fn news(&self, notices: Vec<Notice>) -> Vec<Notice> {
        let mut lasting = self.already().clone();
        let is_new = |notice: &Notice| match kind(notice) {
            Some(kind) => !kind.lasts() || lasting.insert(kind),
            None => false,
        };
        notices.into_iter().filter(is_new).collect()
    }

    /// These notices are stored.
    pub(in super::super) fn told(&self, notices: &[Notice]) {
        for kind in notices.iter().filter_map(kind) {
            tracing::info!(?kind, "a notice about a server's log");
            if kind.lasts() {
                self.already().insert(kind);
            }
        }
    }

    /// The next alarm is told when [`Teller::release_alarm`] says so.
    pub(in super::super) fn hold_alarm(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// True if an alarm is to be held back.
    pub(in super::super) fn holds_alarm(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// It is known what the alarm is worth; true if one was held back, which is to be told now.
    pub(in super::super) fn release_alarm(&self) -> bool {
        self.held.swap(false, Ordering::AcqRel)
    }

    /// The server answered as it should.
    pub(in super::super) fn well(&self) {
        self.already().clear();
    }
}

/// Kind of a notice that a person is told; `None` for what is told in another way, or not at all.
pub(in crate::engine) fn kind(notice: &Notice) -> Option<LogNotice> {
    Some(match notice {
        Notice::ClockAhead { .. } => LogNotice::ClockAhead,
        Notice::Stale { .. } => LogNotice::Stale,
        Notice::Older | Notice::EarlierCertificate => LogNotice::Older,
        Notice::Unlinked => LogNotice::Unlinked,
        Notice::Retired => LogNotice::Retired,
        Notice::Lost { .. } | Notice::LostBefore { .. } => LogNotice::Lost,
        Notice::Expired { .. } => LogNotice::Expired,
        Notice::NoReceipt { .. } => LogNotice::NoReceipt,
        // Alarms have an event of their own.
        Notice::Downgrade | Notice::Fraud(_) => return None,
        Notice::Pinned
        | Notice::Continued
        | Notice::Agrees { .. }
        | Notice::Confirmed { .. }
        | Notice::Unchecked { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_once_until_the_server_answers_well() {
        let teller = Teller::default();
        let stale = || Notice::Stale { by: 3600 };
        let expired = || Notice::Expired { from: 1, to: 2 };
        let first = teller.news(vec![stale(), stale(), expired(), expired(), Notice::Continued]);
        assert_eq!(first, [stale(), expired(), expired()]);
        // It could not be stored.
        let again = teller.news(vec![stale()]);
        assert_eq!(again, [stale()]);
        teller.told(&again);
        assert_eq!(teller.news(vec![stale(), expired()]), [expired()]);
        teller.well();
        assert_eq!(teller.news(vec![stale()]), [stale()]);
    }
}
