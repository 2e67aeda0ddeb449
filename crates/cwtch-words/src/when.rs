//! Occasions at which a queued message leaves.

use cwtch_api::Leaves;

/// The end of a sentence that begins with "goes out".
pub(crate) fn leaves(when: Leaves) -> &'static str {
    match when {
        Leaves::ByItself => "by itself",
        Leaves::ContactOnline => "as soon as the contact is online and has accepted you",
        Leaves::ServerReachable => "as soon as the server can be reached",
        Leaves::CommandOrOnline => {
            "with the next command that reaches this contact, or by itself once you are online or connected with it"
        }
        Leaves::CommandOrDaemon => {
            "with the next command that reaches this contact, or by itself while a daemon runs"
        }
        Leaves::SyncOrDaemon => {
            "with the next `send` or `sync`, or by itself while a daemon runs and you are online"
        }
        Leaves::ReachingSyncOrDaemon => {
            "with the next `send` or `sync` that reaches the server, or by itself while a daemon runs and you are online"
        }
    }
}
