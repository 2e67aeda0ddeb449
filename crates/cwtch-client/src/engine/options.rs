//! How an engine is started.

use super::clock::Clock;
use super::members::MemberTimes;
use super::probes::Probes;

/// What an engine does without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Listens on the identity, keeps connections with all accepted contacts and, if the experiment is on,
    /// stays synced with the servers of its groups.
    Daemon,
    /// Touches the network only when a command needs it, and never listens.
    #[default]
    OneShot,
}

/// How to start an engine. `EngineOptions::default()` is a one-shot engine with the system's clock.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// What to do without being asked.
    pub mode: Mode,
    /// Where the time comes from; the system where absent.
    pub clock: Option<Clock>,
    /// When servers are asked as by a stranger.
    pub probes: Probes,
    /// When contacts who are in a group, too, are asked.
    pub members: MemberTimes,
}

impl EngineOptions {
    /// Options for a mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }
}
