//! Watches the network and the clocks, and has everybody look at their connections when something comes back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::info::readiness_info;
use super::inner::Inner;
use super::wake::WakeDetector;
use crate::api::Event;

/// The least pause between two comparisons of the clocks; up to half of it is added at random.
const LOOK_AT_CLOCKS: Duration = Duration::from_secs(10);
/// Time from the call to dial again to the first dial: everybody joins the queue meanwhile, so that who matters most
/// goes first and not who was woken first.
const GATHER: Duration = Duration::from_millis(250);

/// Tells how the network's readiness changes, opens and closes the dial queue with it, and has dialers hurry and
/// connections probed after the network or the machine was away. Connections are never closed here: they may
/// have survived, and their probes tell.
pub(super) async fn watch(inner: Arc<Inner>) {
    let context = &inner.context;
    let mut readiness = context.network.readiness();
    let mut told = readiness_info(&readiness.borrow());
    // A daemon's queue begins closed: see `GATHER`.
    let mut open = !context.is_daemon() && told.ready;
    if open {
        // The queue was made a moment ago, perhaps just before the network became ready.
        context.dialing.set_open(true);
    }
    let mut was_ready = open;
    let mut reports_end = false;
    let begun = Instant::now();
    let mut clocks = WakeDetector::default();
    loop {
        let now = readiness_info(&readiness.borrow_and_update());
        let ready = now.ready;
        if now != told {
            context.emit(Event::Network(now.clone()));
            told = now;
        }
        if ready && !open {
            come_back(&inner, was_ready).await;
            was_ready = true;
        } else if !ready && open {
            context.dialing.set_open(false);
        }
        open = ready;
        let pause = LOOK_AT_CLOCKS.mul_f64(1.0 + rand::random::<f64>() / 2.0);
        tokio::select! {
            changed = readiness.changed(), if !reports_end => reports_end = changed.is_err(),
            () = sleep(pause) => {
                if clocks.tick(context.now(), begun.elapsed()) && open {
                    tracing::debug!("the machine was asleep");
                    context.dialing.set_open(false);
                    come_back(&inner, true).await;
                }
            }
        }
    }
}

/// Opens the queue; `again` if something may have been lost since it was open last.
async fn come_back(inner: &Inner, again: bool) {
    if again {
        inner.peers.hurry();
        inner.groups.hurry();
    }
    sleep(GATHER).await;
    inner.context.dialing.set_open(true);
    if again {
        inner.peers.probe();
        inner.groups.probe();
    }
}
