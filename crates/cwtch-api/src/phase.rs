//! Phases of a connection with a server.

use serde::{Deserialize, Serialize};

/// The phases of a server connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ServerPhase {
    /// Dialling.
    Connecting,
    /// A stream is open and the handshake runs.
    Connected,
    /// Fetching what is new.
    Syncing,
    /// Caught up; new messages arrive live.
    Synced,
    /// Not connected; retried with backoff.
    Offline,
    /// Not used any more: it cheated. See [`crate::Event::Alarm`].
    Stopped,
}
