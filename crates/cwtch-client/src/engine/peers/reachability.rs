//! Reachability of the own address, and who is told of it.

use cwtch_net::{Readiness, Step};
use tokio::sync::watch;

use crate::api::{Event, Problem, ReadinessInfo};
use crate::engine::context::Context;
use crate::engine::info::readiness_info;

/// Readiness of the own address. Only the listener's task sets it.
pub(super) struct Reachability(watch::Sender<Readiness>);

impl Default for Reachability {
    fn default() -> Self {
        Self(watch::Sender::new(Readiness::waiting(0, Step::Network)))
    }
}

impl Reachability {
    /// Its readiness now.
    pub(super) fn info(&self) -> ReadinessInfo {
        readiness_info(&self.0.borrow())
    }

    /// Waits until this is what it waits for.
    pub(super) async fn until_waiting_for(&self, what: &Step) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|now| now.waiting_for.as_ref() == Some(what)).await;
    }

    /// Sets the readiness, and tells everybody what changed.
    pub(super) fn set(&self, context: &Context, now: Readiness) {
        let (is_ready, info) = (now.is_ready(), readiness_info(&now));
        let unreachable = Problem::AddressUnreachable {
            step: now.waiting_for.clone().unwrap_or(Step::Network),
            obstacle: now.trouble.clone(),
        };
        let before = self.0.send_replace(now);
        if readiness_info(&before) == info {
            return;
        }
        context.emit(Event::Reachability(info));
        let address = context.address.to_string();
        match (before.is_ready(), is_ready) {
            (false, true) => context.emit(Event::Online { address }),
            (true, false) => {
                let why = Some(Box::new(unreachable));
                context.emit(Event::Offline { address, detail: String::new(), why });
            }
            _ => {}
        }
    }
}
