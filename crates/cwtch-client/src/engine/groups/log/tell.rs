//! Notices of a monitor: which of them a person is told. They are told by the change feed, once they are stored.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_protocol::monitor::Notice;

use crate::api::{LogNotice, LogRemark, Loss, Problem};

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
        let is_new = |notice: &Notice| match kind_of(notice) {
            Some(kind) => !kind.lasts() || lasting.insert(kind),
            None => false,
        };
        notices.into_iter().filter(is_new).collect()
    }

    /// These notices are stored.
    pub(in super::super) fn told(&self, notices: &[Notice]) {
        for kind in notices.iter().filter_map(kind_of) {
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

/// A notice that a person is told, as what is wrong with the server.
pub(in super::super) fn problem_of(notice: &Notice) -> Option<Problem> {
    remark(notice).map(|remark| Problem::ServerLog { remark })
}

/// The remark that a person is told for a notice; `None` for what is told in another way, or not at all.
pub(in crate::engine) fn remark(notice: &Notice) -> Option<LogRemark> {
    Some(match notice {
        Notice::ClockAhead { by } => LogRemark::ClockAhead { seconds: *by },
        Notice::Stale { by } => LogRemark::Stale { seconds: *by },
        Notice::Older => LogRemark::Older,
        Notice::EarlierCertificate => LogRemark::EarlierCertificate,
        Notice::Unlinked => LogRemark::Unlinked,
        Notice::Retired => LogRemark::Retired,
        Notice::Lost { loss, void, again } => {
            let own = void.len() as u64;
            LogRemark::Lost(Loss { from: loss.from, to: loss.to, own, again: *again })
        }
        Notice::LostBefore { ago } => LogRemark::LostBefore { seconds: *ago },
        Notice::Expired { from, to } => LogRemark::Expired { messages: to.saturating_sub(*from) },
        Notice::NoReceipt { .. } => LogRemark::NoReceipt,
        // Alarms have an event of their own.
        Notice::Downgrade | Notice::Fraud(_) => return None,
        Notice::Pinned
        | Notice::Continued
        | Notice::Agrees { .. }
        | Notice::Confirmed { .. }
        | Notice::Unchecked { .. } => return None,
    })
}

/// Kind of what a person is told.
pub(in crate::engine) fn kind(remark: LogRemark) -> LogNotice {
    match remark {
        LogRemark::ClockAhead { .. } => LogNotice::ClockAhead,
        LogRemark::Stale { .. } => LogNotice::Stale,
        LogRemark::Older | LogRemark::EarlierCertificate => LogNotice::Older,
        LogRemark::Unlinked => LogNotice::Unlinked,
        LogRemark::Retired => LogNotice::Retired,
        LogRemark::Lost(_) | LogRemark::LostBefore { .. } => LogNotice::Lost,
        LogRemark::Expired { .. } => LogNotice::Expired,
        LogRemark::NoReceipt => LogNotice::NoReceipt,
    }
}

fn kind_of(notice: &Notice) -> Option<LogNotice> {
    remark(notice).map(kind)
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
