//! `tor.toml`: the settings of Tor, one file for both programs.
//!
//! Every table and every key is optional, unknown keys are refused:
//!
//! ```toml
//! # A Tor that runs already (--network system-tor).
//! [system]
//! # Its control port: IP:PORT or unix:/PATH. Without it: Tor's usual environment variables (TOR_CONTROL_…), then
//! # /run/tor/control, 127.0.0.1:9051 and 127.0.0.1:9151.
//! control = "unix:/run/tor/control"
//! # Its SOCKS port. Without it: TOR_SOCKS_…, then what the control port says.
//! socks = "127.0.0.1:9050"
//! # A file with the control port's password, for a Tor with HashedControlPassword: relative to this file, readable
//! # for its owner only.
//! password_file = "control-password"
//! # Place at which Tor hands connections over to this program. "unix": a Unix socket that only this user (and
//! # root) reaches. "IP:PORT", "IP:0" (any port) or "IP:FIRST-LAST" (the first free one of a range): TCP, for a Tor
//! # on another machine or in a sandbox; whatever reaches that port can connect without Tor. Without it: the Unix
//! # socket if Tor runs as this user, else a port of 127.0.0.1, which every local program can connect to; who is
//! # who is proved by the protocol's handshake in each case.
//! listen = "unix"
//! # Ask Tor to protect the onion service by proof of work when it is flooded, where the Tor can.
//! proof_of_work = true
//!
//! # Our own onion service, whichever Tor hosts it.
//! [onion]
//! # Seconds between two looks from outside at whether our own address answers, and answers here. Up to half of it is
//! # added at random. 5 to 86400.
//! check_seconds = 1200
//!
//! # Tor inside this program (--network arti): a part of arti's own configuration, word for word, with its tables
//! # tor_network, bridges, download_schedule, circuit_timing, stream_timeouts, path_rules, preemptive_circuits,
//! # vanguards, channel, override_net_params and address_filter.
//! [embedded.bridges]
//! enabled = true
//! bridges = ["…"]
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cwtch_net::onion::CheckTimes;
use serde::Deserialize;
use toml::Spanned;

use crate::endpoint::Endpoint;
use crate::secret_file;

/// The file looked for in a program's directory when none is named.
pub const DEFAULT_FILE: &str = "tor.toml";

/// Largest configuration file read, in bytes: bridge lines are long.
const MAX_FILE: usize = 256 * 1024;

/// The tables of arti's configuration that a person may set; the program decides the rest.
const EMBEDDED_KEYS: [&str; 11] = [
    "tor_network",
    "bridges",
    "download_schedule",
    "circuit_timing",
    "stream_timeouts",
    "path_rules",
    "preemptive_circuits",
    "vanguards",
    "channel",
    "override_net_params",
    "address_filter",
];

/// Settings of `tor.toml`. [`TorConfig::default`] is what an empty file means.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TorConfig {
    /// The `[onion]` table.
    pub onion: OnionConfig,
    /// The `[system]` table.
    pub system: SystemConfig,
    /// The `[embedded]` table: a part of arti's own configuration.
    pub embedded: toml::Table,
}

/// The `[onion]` table: our own onion service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnionConfig {
    /// Seconds between two looks from outside, 5 to 86400.
    #[serde(deserialize_with = "check_seconds")]
    pub check_seconds: u64,
}

impl Default for OnionConfig {
    fn default() -> Self {
        Self { check_seconds: CheckTimes::default().again.as_secs() }
    }
}

impl OnionConfig {
    pub(crate) fn times(&self) -> CheckTimes {
        let again = Duration::from_secs(self.check_seconds);
        let usual = CheckTimes::default();
        CheckTimes { again, retry_max: usual.retry_max.min(again), ..usual }
    }
}

fn check_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    if (5..=86_400).contains(&seconds) {
        return Ok(seconds);
    }
    Err(serde::de::Error::custom("check_seconds must be 5 to 86400"))
}

/// The `[system]` table: a Tor that runs already.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SystemConfig {
    /// The Tor's control port, if not a usual one.
    pub control: Option<Endpoint>,
    /// The Tor's SOCKS port, if not the one that the control port tells.
    pub socks: Option<Endpoint>,
    /// A file with the control port's password.
    pub password_file: Option<PathBuf>,
    /// Place at which Tor hands connections over; if missing, one that suits the Tor that is found.
    pub listen: Option<Listen>,
    /// True to ask for Tor's proof-of-work defence.
    pub proof_of_work: bool,
}

impl Default for SystemConfig {
    fn default() -> Self {
        Self { control: None, socks: None, password_file: None, listen: None, proof_of_work: true }
    }
}

/// Place at which Tor hands connections over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// A Unix socket in a private directory.
    Unix,
    /// TCP: the first free port of a range, or any where that is 0 to 0.
    Tcp(IpAddr, RangeInclusive<u16>),
}

impl TryFrom<String> for Listen {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "write \"unix\", \"IP:PORT\", \"IP:0\" for any port, or \"IP:FIRST-LAST\"";
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let (ip, ports) = text.rsplit_once(':').ok_or(FORM)?;
        let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
        let ip: IpAddr = match bare {
            Some(v6) => IpAddr::V6(v6.parse().map_err(|_| FORM)?),
            None => IpAddr::V4(ip.parse().map_err(|_| FORM)?),
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last): (u16, u16) = (first.parse().map_err(|_| FORM)?, last.parse().map_err(|_| FORM)?);
        if first > last || (first == 0 && last != 0) {
            return Err("the first port of a range must not be 0 or above the last");
        }
        Ok(Self::Tcp(ip, first..=last))
    }
}

/// Reason why a configuration was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the Tor configuration {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is not the TOML that is expected: a syntax error, an unknown key, a value of the wrong type.
    #[error("the Tor configuration is wrong at line {line} ({key}): {message}")]
    Parse {
        /// Line number, from 1.
        line: usize,
        /// The key or table on that line.
        key: String,
        /// The fault.
        message: String,
    },
    /// A table of arti's configuration that is not a person's to set.
    #[error(
        "the Tor configuration sets embedded.{key} at line {line}: the program decides that itself. Remove it; what may \
         be set is {}",
        EMBEDDED_KEYS.join(", ")
    )]
    Embedded {
        /// Line number, from 1.
        line: usize,
        /// The table's name.
        key: String,
    },
}

/// Shape of the file, with the places of the embedded table's keys.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    onion: OnionConfig,
    system: SystemConfig,
    embedded: BTreeMap<Spanned<String>, toml::Value>,
}

impl TorConfig {
    /// Parses the text of a configuration file. A relative path in it stays relative.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] naming line and key, [`ConfigError::Embedded`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            ConfigError::Parse {
                line: line_of(text, at),
                key: key_of(text, at),
                message: e.message().to_owned(),
            }
        })?;
        let mut embedded = toml::Table::new();
        for (key, value) in file.embedded {
            let line = line_of(text, key.span().start);
            let key = key.into_inner();
            if !EMBEDDED_KEYS.contains(&key.as_str()) {
                return Err(ConfigError::Embedded { line, key });
            }
            embedded.insert(key, value);
        }
        Ok(Self { onion: file.onion, system: file.system, embedded })
    }

    /// Reads a configuration file; relative paths in it are taken from its directory.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or [`ConfigError::Read`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let refused = |source| ConfigError::Read { path: path.to_owned(), source };
        let bytes = secret_file::read_bounded(path, MAX_FILE).map_err(refused)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| refused(std::io::Error::other("it is not UTF-8 text")))?;
        let mut config = Self::parse(text)?;
        if let (Some(file), Some(dir)) = (&mut config.system.password_file, path.parent()) {
            *file = dir.join(&file);
        }
        Ok(config)
    }

    /// The configuration of a program's directory: its `tor.toml`, or the defaults where it has none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_dir(dir: &Path) -> Result<Self, ConfigError> {
        match Self::read(&dir.join(DEFAULT_FILE)) {
            Err(ConfigError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            read => read,
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The key or table header on the line of `offset`, as far as there is one.
fn key_of(text: &str, offset: usize) -> String {
    let line = text.lines().nth(line_of(text, offset) - 1).unwrap_or_default().trim();
    let key = line.split(['=', '#']).next().unwrap_or_default().trim();
    // A line inside a long value has no key, and its text may be a bridge's address.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-[]".contains(c);
    if key.is_empty() || key.len() > 64 || !key.chars().all(plain) {
        return "no key".to_owned();
    }
    key.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        TorConfig::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_own_address_is_looked_at_no_more_often_than_sensible() {
        let times = TorConfig::parse("[onion]\ncheck_seconds = 10").unwrap().onion.times();
        assert_eq!((times.again.as_secs(), times.retry_max.as_secs()), (10, 10));
        assert_eq!(TorConfig::default().onion.times().again, CheckTimes::default().again);
        for wrong in ["4", "86401", "-1", "\"often\""] {
            let error = TorConfig::parse(&format!("[onion]\ncheck_seconds = {wrong}")).unwrap_err();
            assert!(error.to_string().contains("check_seconds"), "{error}");
        }
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(TorConfig::parse("").unwrap(), TorConfig::default());
        assert!(TorConfig::default().system.proof_of_work);
    }

    #[test]
    fn every_key_is_read() {
        let config = TorConfig::parse(
            "[system]\ncontrol = \"unix:/run/tor/control\"\nsocks = \"[::1]:9050\"\npassword_file = \"p\"\n\
             listen = \"unix\"\nproof_of_work = false\n\
             [embedded.bridges]\nenabled = true\nbridges = [\"x\"]\n[embedded.vanguards]\nmode = \"full\"\n",
        )
        .unwrap();
        assert_eq!(
            config.system,
            SystemConfig {
                control: Some(Endpoint::Unix("/run/tor/control".into())),
                socks: Some(Endpoint::Tcp("[::1]:9050".parse().unwrap())),
                password_file: Some("p".into()),
                listen: Some(Listen::Unix),
                proof_of_work: false,
            }
        );
        let text = toml::to_string(&config.embedded).unwrap();
        assert_eq!(text, "[bridges]\nbridges = [\"x\"]\nenabled = true\n\n[vanguards]\nmode = \"full\"\n");
    }

    #[test]
    fn each_form_of_listen_is_read_and_others_are_not() {
        let listen = |text: &str| Listen::try_from(text.to_owned());
        assert_eq!(listen("127.0.0.1:0"), Ok(Listen::Tcp([127, 0, 0, 1].into(), 0..=0)));
        assert_eq!(listen("10.0.0.2:15000"), Ok(Listen::Tcp([10, 0, 0, 2].into(), 15000..=15000)));
        assert_eq!(listen("[::]:15000-15010"), Ok(Listen::Tcp("::".parse().unwrap(), 15000..=15010)));
        for text in [
            "",
            "tcp",
            "unix:/x",
            "localhost:1",
            "1.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:5-4",
            "1.2.3.4:0-9",
            "::1:5",
        ] {
            assert!(listen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_key() {
        let error = refusal("[system]\ncontorl = \"127.0.0.1:9051\"\n");
        assert!(error.contains("line 2") && error.contains("contorl"), "{error}");
        let error = refusal("[system]\n\ncontrol = \"localhost:9051\"\n");
        assert!(error.contains("line 3 (control)") && error.contains("IP:PORT"), "{error}");
        let error = refusal("[system]\nproof_of_work = 1\n");
        assert!(error.contains("line 2 (proof_of_work)") && error.contains("boolean"), "{error}");
        let error = refusal("[sistem]\n");
        assert!(error.contains("line 1") && error.contains("sistem"), "{error}");
        assert!(refusal("[system]\nlisten = \"no\"\n").contains("(listen)"));
        assert!(refusal("control = ").contains("line 1"));
    }

    #[test]
    fn what_the_program_decides_is_refused_by_name() {
        for key in ["storage", "application", "logging", "proxy"] {
            let error = refusal(&format!("[embedded.bridges]\nenabled = true\n[embedded.{key}]\nx = 1\n"));
            assert!(error.contains(&format!("embedded.{key} at line 3")), "{error}");
            assert!(error.contains("decides that itself") && error.contains("tor_network"), "{error}");
        }
    }

    #[test]
    fn a_file_is_read_and_its_paths_are_its_directory_s() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(TorConfig::of_dir(dir.path()).unwrap(), TorConfig::default());
        std::fs::write(dir.path().join("tor.toml"), "[system]\npassword_file = \"secret\"\n").unwrap();
        let config = TorConfig::of_dir(dir.path()).unwrap();
        assert_eq!(config.system.password_file, Some(dir.path().join("secret")));
        std::fs::write(dir.path().join("tor.toml"), vec![b'#'; MAX_FILE + 1]).unwrap();
        assert!(matches!(TorConfig::of_dir(dir.path()), Err(ConfigError::Read { .. })));
        assert!(matches!(TorConfig::read(&dir.path().join("none")), Err(ConfigError::Read { .. })));
    }
}
