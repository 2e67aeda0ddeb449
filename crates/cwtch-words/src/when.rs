//! Occasions at which a queued message leaves.

use cwtch_api::Leaves;

/// The key of the end of a sentence that begins with "goes out".
pub(crate) fn leaves(when: Leaves) -> &'static str {
    match when {
        Leaves::ByItself => "leaves-by-itself",
        Leaves::ContactOnline => "leaves-contact-online",
        Leaves::ServerReachable => "leaves-server-reachable",
        Leaves::CommandOrOnline => "leaves-command-or-online",
        Leaves::CommandOrDaemon => "leaves-command-or-daemon",
        Leaves::SyncOrDaemon => "leaves-sync-or-daemon",
        Leaves::ReachingSyncOrDaemon => "leaves-reaching-sync-or-daemon",
    }
}
