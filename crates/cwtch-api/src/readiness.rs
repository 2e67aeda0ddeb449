//! Readiness of the network and of the profile's own address, and the engine's status.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::host::OpenProfile;
use crate::network::{Obstacle, Step};
use crate::presence::PresenceInfo;
use crate::server::ServerInfo;
use crate::state::SeenBy;

/// Readiness of something: the network, the profile's own address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessInfo {
    /// The part that is done, 0 to 100, as far as it can be told.
    pub percent: u8,
    /// The thing that is waited for, in a few words without a full stop; empty once ready.
    pub waiting_for: String,
    /// The same as a code with arguments; `null` once ready.
    #[serde(default, deserialize_with = "crate::problem::known")]
    pub step: Option<Step>,
    /// True if it is usable.
    pub ready: bool,
    /// The obstacle, and what to do: whole sentences.
    pub trouble: Option<String>,
    /// The same as a code with arguments.
    #[serde(default, deserialize_with = "crate::problem::known")]
    pub why: Option<Obstacle>,
    /// True if somebody has to do something about the trouble. If not, it may pass by itself.
    #[serde(default)]
    pub needs_person: bool,
}

/// Another copy of the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereInfo {
    /// Manner in which it was seen first.
    pub seen: SeenBy,
    /// The time.
    pub at: i64,
    /// The same as whole sentences.
    pub detail: String,
}

/// Status of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusInfo {
    /// The profile's own address.
    pub address: String,
    /// True if others can reach the profile's own address.
    pub online: bool,
    /// Presence of the profile: whether it shows that it is there.
    #[serde(default)]
    pub presence: PresenceInfo,
    /// Readiness of the network.
    pub network_readiness: ReadinessInfo,
    /// Readiness of the profile's own address for others; `null` where no daemon runs.
    pub address_readiness: Option<ReadinessInfo>,
    /// Contacts with a connection.
    pub contacts_online: u64,
    /// Our own messages that nobody has confirmed yet.
    pub queued: u64,
    /// True if something that is to be forgotten is not erased from the disk yet.
    #[serde(default)]
    pub erasing: bool,
    /// True if peers that are no contacts are disconnected and not asked about.
    #[serde(default)]
    pub unknown_blocked: bool,
    /// Another copy of the profile that seems to run elsewhere; `null` where none was seen. Nothing is sent while
    /// there is one.
    #[serde(default)]
    pub runs_elsewhere: Option<ElsewhereInfo>,
    /// The servers.
    pub servers: Vec<ServerInfo>,
    /// The network's name and, for networks that protect nobody, the warning.
    pub network: Value,
    /// The profiles that are open in the daemon, this one among them; none where no daemon runs.
    #[serde(default)]
    pub profiles: Vec<OpenProfile>,
}
