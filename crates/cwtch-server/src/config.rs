//! Configuration by an operator: one TOML file, every key optional, unknown keys refused by name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

/// The configuration file looked for in the data directory when none is named.
pub const DEFAULT_FILE: &str = "server.toml";

/// Largest configuration file read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Everything an operator sets. [`Config::default`] is what an empty file means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Log to the error stream.
    pub log_level: LogLevel,
    /// Retention of messages.
    pub storage: StorageConfig,
    /// Upper bounds on what remotes may have at once.
    pub limits: Limits,
    /// Times that remotes may take.
    pub deadlines: Deadlines,
}

/// The least important kind of log line that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing at all.
    Off,
    /// Faults that an operator must act on.
    Error,
    /// Also things that may need a look.
    Warn,
    /// Also starting, stopping and totals.
    #[default]
    Info,
    /// Also reasons for which connections end.
    Debug,
    /// Also each step.
    Trace,
}

impl LogLevel {
    /// The level's name, as in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The `[storage]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// The largest number of messages kept; unlimited by default. When there are more, the oldest tenth is deleted
    /// (§1.8).
    pub max_messages: Option<u64>,
    /// Time for which each message is kept at least, in seconds: a signed promise, 0 (no promise) by default. Once
    /// given it can only become longer. If the cap is reached before, posts are refused.
    pub min_retention: u64,
}

/// The `[limits]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Board connections at once. A connection beyond that takes the place of the one with the least claim to it.
    pub connections: usize,
    /// Places of these that are left to connections that have not asked for anything yet, those in the handshake
    /// included; at most half count. (An earlier name is `handshakes`.)
    #[serde(alias = "handshakes")]
    pub newcomers: usize,
    /// Posts of one connection that are not answered yet, at most 64. Further packets stay unread until one is.
    pub packets_in_flight: usize,
    /// Pieces of replays that may be read from the database at the same moment. Further ones wait their turn, in
    /// order.
    pub replays: usize,
    /// Limit of what may wait in memory for clients to take it, for all of them together, in MiB. When there is no
    /// more room, the clients that have let theirs wait longest are disconnected.
    pub waiting_mib: usize,
    /// Requests of one connection that no token pays for (replays, refused and repeated posts, each 10,000 messages
    /// sent again) that are served at once. Then the connection has to wait.
    pub free_requests: u32,
    /// Number of further such requests that are served in each minute.
    pub free_per_minute: u32,
    /// Messages that a synced connection may be behind before it is closed.
    pub behind: u64,
    /// Token connections at once. A connection beyond that takes the place of the one that has waited longest without
    /// a proof of work.
    pub token_connections: usize,
}

impl Limits {
    /// Number of files that may be open beside the connections: databases of readers, the log, Tor's.
    fn other_files(&self) -> usize {
        self.replays.saturating_mul(3).saturating_add(64)
    }

    /// Number of files that may have to be open at once.
    pub(crate) fn open_files(&self) -> usize {
        self.connections.saturating_add(self.token_connections).saturating_add(self.other_files())
    }

    /// Reduces the places to what `files` open files allow, in the same proportion.
    pub(crate) fn fit(&mut self, files: usize) {
        let places = files.saturating_sub(self.other_files()).max(4);
        let wanted = self.connections.saturating_add(self.token_connections);
        if places < wanted {
            let part = |count: usize| (count as u128 * places as u128 / wanted as u128) as usize;
            self.connections = part(self.connections).max(2);
            self.token_connections = part(self.token_connections).max(2);
        }
    }

    /// Limit of what may wait for clients, in bytes.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting_mib.saturating_mul(1 << 20)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            newcomers: 512,
            packets_in_flight: 32,
            replays: 16,
            waiting_mib: 256,
            free_requests: 256,
            free_per_minute: 120,
            behind: 100_000,
            token_connections: 2048,
        }
    }
}

/// The `[deadlines]` table, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// Time within which a remote must have taken what was sent to it (at most half a megabyte at a time).
    pub write_seconds: u64,
    /// Time after the handshake within which a connection to the board must have asked for something or paid.
    pub first_request_seconds: u64,
    /// Time for which a connection may be silent that asked for something, but for no messages.
    pub idle_seconds: u64,
    /// Time for which a synced connection may be silent and be sent nothing.
    pub synced_idle_seconds: u64,
    /// Time that the proof of work for a batch of tokens may take.
    pub proof_of_work_seconds: u64,
    /// Time for which a shutdown waits for connections to finish before it cuts them.
    pub shutdown_seconds: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            write_seconds: 60,
            first_request_seconds: 30,
            idle_seconds: 15 * 60,
            synced_idle_seconds: 24 * 60 * 60,
            proof_of_work_seconds: 10 * 60,
            shutdown_seconds: 10,
        }
    }
}

impl Deadlines {
    pub(crate) fn write(&self) -> Duration {
        Duration::from_secs(self.write_seconds)
    }

    pub(crate) fn first_request(&self) -> Duration {
        Duration::from_secs(self.first_request_seconds)
    }

    pub(crate) fn idle(&self, synced: bool) -> Duration {
        Duration::from_secs(if synced { self.synced_idle_seconds } else { self.idle_seconds })
    }

    pub(crate) fn proof_of_work(&self) -> Duration {
        Duration::from_secs(self.proof_of_work_seconds)
    }

    pub(crate) fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }
}

/// Reason why a configuration was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is not the TOML that is expected: a syntax error, an unknown key, a value of the wrong type.
    #[error("the configuration is wrong at line {line}: {message}")]
    Parse {
        /// Line number, from 1.
        line: usize,
        /// The fault; names the key.
        message: String,
    },
    /// A number is out of range.
    #[error("the configuration's {key} must be between {min} and {max}, not {value}: correct it")]
    Range {
        /// The key with its table.
        key: &'static str,
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// The value that was set.
        value: u64,
    },
}

impl Config {
    /// Parses and checks the text of a configuration file.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] naming line and key, [`ConfigError::Range`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|e| ConfigError::Parse {
            line: e.span().map_or(1, |span| line_of(text, span.start)),
            message: e.message().to_owned(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// As [`Config::parse`], or [`ConfigError::Read`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read = |path: &Path| {
            if std::fs::metadata(path)?.len() > MAX_FILE {
                return Err(std::io::Error::other("it is longer than 64 KiB"));
            }
            std::fs::read_to_string(path)
        };
        let text = read(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// The configuration of a data directory: its [`DEFAULT_FILE`], or the defaults where it has none.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn of_data_dir(data_dir: &Path) -> Result<Self, ConfigError> {
        let path = data_dir.join(DEFAULT_FILE);
        if path.exists() { Self::read(&path) } else { Ok(Self::default()) }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (limits, deadlines) = (&self.limits, &self.deadlines);
        let year = 366 * 24 * 60 * 60;
        for (key, value, min, max) in [
            ("storage.max_messages", self.storage.max_messages.unwrap_or(10), 10, 1 << 40),
            ("storage.min_retention", self.storage.min_retention, 0, 100 * year),
            ("limits.connections", count(limits.connections), 2, 1_000_000),
            ("limits.newcomers", count(limits.newcomers), 1, 1_000_000),
            ("limits.packets_in_flight", count(limits.packets_in_flight), 1, 64),
            ("limits.replays", count(limits.replays), 1, 256),
            ("limits.waiting_mib", count(limits.waiting_mib), 4, 1 << 20),
            ("limits.free_requests", limits.free_requests.into(), 1, 1_000_000),
            ("limits.free_per_minute", limits.free_per_minute.into(), 1, 1_000_000),
            ("limits.behind", limits.behind, 1024, 1 << 40),
            ("limits.token_connections", count(limits.token_connections), 2, 1_000_000),
            ("deadlines.write_seconds", deadlines.write_seconds, 1, year),
            ("deadlines.first_request_seconds", deadlines.first_request_seconds, 1, year),
            ("deadlines.idle_seconds", deadlines.idle_seconds, 1, year),
            ("deadlines.synced_idle_seconds", deadlines.synced_idle_seconds, 1, year),
            ("deadlines.proof_of_work_seconds", deadlines.proof_of_work_seconds, 1, year),
            ("deadlines.shutdown_seconds", deadlines.shutdown_seconds, 0, 3600),
        ] {
            if value < min || value > max {
                return Err(ConfigError::Range { key, min, max, value });
            }
        }
        Ok(())
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn every_key_is_read() {
        let config = Config::parse(
            "log_level = \"debug\"\n[storage]\nmax_messages = 1000\nmin_retention = 86400\n[limits]\nconnections = 5\nnewcomers = 4\n\
             packets_in_flight = 3\nreplays = 2\nwaiting_mib = 8\nfree_requests = 9\nfree_per_minute = 6\n\
             behind = 2048\ntoken_connections = 7\n[deadlines]\n\
             write_seconds = 9\nfirst_request_seconds = 8\nidle_seconds = 10\nsynced_idle_seconds = 11\nproof_of_work_seconds = 12\n\
             shutdown_seconds = 0\n",
        )
        .unwrap();
        assert_eq!(config.log_level, LogLevel::Debug);
        assert_eq!(config.storage.max_messages, Some(1000));
        assert_eq!(config.storage.min_retention, 86_400);
        assert_eq!(config.limits.connections, 5);
        assert_eq!(config.limits.newcomers, 4);
        assert_eq!(Config::parse("[limits]\nhandshakes = 3\n").unwrap().limits.newcomers, 3);
        assert_eq!((config.limits.waiting_mib, config.limits.free_requests), (8, 9));
        assert_eq!(config.limits.free_per_minute, 6);
        assert_eq!(config.deadlines.first_request(), Duration::from_secs(8));
        assert_eq!(config.limits.token_connections, 7);
        assert_eq!(config.deadlines.write(), Duration::from_secs(9));
        assert_eq!(config.deadlines.idle(false), Duration::from_secs(10));
        assert_eq!(config.deadlines.idle(true), Duration::from_secs(11));
    }

    #[test]
    fn there_are_no_more_places_than_files() {
        let mut limits = Limits::default();
        limits.fit(limits.open_files());
        assert_eq!(limits, Limits::default());
        limits.fit(1024);
        assert!((900..=1024).contains(&limits.open_files()), "{limits:?}");
        assert_eq!(limits.connections / limits.token_connections, 2);
        limits.fit(0);
        assert_eq!((limits.connections, limits.token_connections), (2, 2));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = Config::parse("[limits]\nconections = 5\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("`conections`"), "{error}");
        let error = Config::parse("colour = 1\n").unwrap_err().to_string();
        assert!(error.contains("`colour`"), "{error}");
    }

    #[test]
    fn senseless_numbers_are_refused_by_name() {
        let error = Config::parse("[limits]\nreplays = 0\n").unwrap_err().to_string();
        assert!(error.contains("limits.replays"), "{error}");
        assert!(Config::parse("[storage]\nmax_messages = 1\n").is_err());
        assert!(Config::parse("log_level = \"loud\"\n").is_err());
    }
}
