//! Notices and alarms of a monitor, told once and after they are durable.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Notice};

use super::alarm::{self, Alarm};
use crate::api::{Event, LogNotice};
use crate::engine::context::Context;
use crate::profile::Profile;

/// Tells what a server's monitor noticed. What stays true until the server answers better (a stale answer, a clock) is
/// told once, until [`Teller::well`].
#[derive(Clone)]
pub(in super::super) struct Teller {
    server: Address,
    told: Arc<Mutex<HashSet<LogNotice>>>,
    /// An alarm waits until it is known whether it can be proven.
    held: Arc<AtomicBool>,
}

impl Teller {
    pub(in super::super) fn new(server: Address) -> Self {
        Self { server, told: Arc::default(), held: Arc::default() }
    }

    /// The next alarm is told by [`Teller::release_alarm`].
    pub(in super::super) fn hold_alarm(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// Tells the alarm that was held back, if one was.
    pub(in super::super) fn release_alarm(&self, context: &Context, alarm: &Alarm) {
        if self.held.swap(false, Ordering::AcqRel) {
            context.emit(alarm.event(&self.server));
        }
    }

    /// The server answered as it should.
    pub(in super::super) fn well(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Tells what changes and notices mean to a person. They are durable.
    pub(in super::super) fn tell(
        &self,
        context: &Context,
        profile: &Profile,
        changes: &[Change],
        notices: &[Notice],
    ) {
        if changes.iter().any(|change| matches!(change, Change::Stopped))
            && !self.held.load(Ordering::Acquire)
            && let Ok(Some(alarm)) = alarm::of_server(profile, &self.server)
        {
            tracing::warn!("a server cheated and is not used any more");
            context.emit(alarm.event(&self.server));
        }
        for notice in notices {
            let Some(kind) = kind(notice) else { continue };
            tracing::info!(?kind, "a notice about a server's log");
            if kind.lasts() && !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(kind) {
                continue;
            }
            let server = self.server.to_string();
            context.emit(Event::LogNotice { server, notice: kind, detail: notice.to_string() });
            if let Notice::Lost { again: true, .. } = notice {
                context.emit(alarm::lost_again(notice).event(&self.server));
            }
        }
    }
}

/// Kind of a notice that a person is told; `None` for what is told in another way, or not at all.
fn kind(notice: &Notice) -> Option<LogNotice> {
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
