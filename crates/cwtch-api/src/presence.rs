//! Presence: whether a profile shows that it is there.

use serde::{Deserialize, Serialize};

/// Presence of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Presence {
    /// The own address is published, and a daemon keeps connections with all accepted contacts and with the servers of
    /// all groups.
    #[default]
    Online,
    /// The own address is not published, and nobody is connected but who was chosen: by `connect`, or by a command that
    /// names somebody and waits.
    AppearOffline,
}

/// Presence of a profile, and who is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PresenceInfo {
    /// The presence now.
    pub presence: Presence,
    /// The presence that is kept, with which the next daemon starts. Another one than now where a daemon was started to
    /// appear offline for once.
    pub kept: Presence,
    /// The numbers of the conversations that are connected while the profile appears offline, because the person chose
    /// them.
    #[serde(default)]
    pub chosen: Vec<i64>,
}
