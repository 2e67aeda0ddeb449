//! Options with which an engine is started.

use super::clock::Clock;
use super::members::MemberTimes;
use super::probes::Probes;
use super::salvage::SalvageTimes;

/// Activity of an engine without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Listens on the identity, keeps connections with all accepted contacts and, if the experiment is on,
    /// stays synced with the servers of its groups.
    Daemon,
    /// Touches the network only when a command needs it, and never listens.
    #[default]
    OneShot,
}

/// Options of an engine. `EngineOptions::default()` is a one-shot engine with the system's clock.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Activity without being asked.
    pub mode: Mode,
    /// Source of the time; the system where absent.
    pub clock: Option<Clock>,
    /// Times at which servers are asked as by a stranger.
    pub probes: Probes,
    /// Times at which servers that are not used any more are looked at for new keys.
    pub salvage: SalvageTimes,
    /// Times at which contacts who are in a group, too, are asked.
    pub members: MemberTimes,
    /// Appears offline from the start, whatever is kept, until `presence.set`.
    pub appear_offline: bool,
}

impl EngineOptions {
    /// Options for a mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }
}
