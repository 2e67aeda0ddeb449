//! `tor.toml`.

/// What `tor.toml` says.
#[derive(Debug, Clone, Default)]
pub struct TorConfig {}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {}
