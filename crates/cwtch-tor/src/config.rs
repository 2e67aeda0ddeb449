//! `tor.toml`.

use std::path::Path;

/// What `tor.toml` says.
#[derive(Debug, Clone, Default)]
pub struct TorConfig {}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {}

impl TorConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or does not fit.
    pub fn read(_file: &Path) -> Result<Self, ConfigError> {
        Ok(Self::default())
    }

    /// Reads `tor.toml` in a directory, where there is one.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_dir(_dir: &Path) -> Result<Self, ConfigError> {
        Ok(Self::default())
    }
}
