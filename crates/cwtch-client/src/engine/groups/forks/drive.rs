//! Work that becomes due by itself: parts to post, rounds, rekeys that are followed, control messages.

use std::sync::{Arc, Weak};
use std::time::Duration;

use cwtch_primitives::OsRng;
use tokio::time::sleep;

use crate::api::ApiError;
use crate::engine::groups::links::Links;
use crate::engine::groups::log::unix;

/// The longest time between two looks: the clock may be set.
const PAUSE: Duration = Duration::from_secs(60);
/// The shortest.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Looks at the forks of all groups whenever something may be due. Ends with the engine.
pub(in crate::engine::groups) async fn drive(links: Weak<Links>) {
    loop {
        let Some(here) = links.upgrade() else { return };
        let context = here.shared.context.clone();
        let wake = here.shared.forks.clone();
        let pause = match tick(&here).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::debug!(kind = ?error.kind(), "forks could not be looked at");
                PAUSE
            }
        };
        drop(here);
        tokio::select! {
            () = sleep(pause) => {}
            () = wake.notified() => {}
            () = context.shutdown.cancelled() => return,
        }
    }
}

/// Does what is due, and tells how long nothing is.
async fn tick(links: &Arc<Links>) -> Result<Duration, ApiError> {
    if !links.enabled() {
        return Ok(PAUSE);
    }
    let context = &links.shared.context;
    let now = unix(context.now());
    let tick = context.store.run(move |profile| profile.fork_tick(now, &mut OsRng)).await?;
    for server in tick.servers {
        links.groups_changed(&server, false).await?;
    }
    // Posts may have waited for what is announced now, and so may what contacts are told.
    links.each(|link| link.posted());
    links.shared.tells.notify_one();
    let wait = tick.wakes.map_or(PAUSE, |at| Duration::from_secs(at.saturating_sub(now)));
    Ok(wait.clamp(PAUSE_MIN, PAUSE))
}
