//! The name of a network as a person writes it: the argument of `--network`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A network as named on a command line or in a configuration. `cwtch-tor` opens it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NetworkSpec {
    /// `arti`: Tor inside this process.
    #[default]
    Arti,
    /// `system-tor`: a Tor that runs already.
    SystemTor(ControlPort),
    /// `loopback:DIR`: the test network of §1.2 in a directory.
    Loopback(PathBuf),
}

/// Address at which a running Tor listens for controllers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ControlPort {
    /// The places named by the configuration or by Tor's usual environment variables, or the usual ones.
    #[default]
    Usual,
    /// A TCP address with an IP address only: a name would have to be looked up.
    Tcp(std::net::SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Reason why a text names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// `loopback` without its directory.
    #[error("the loopback network needs a directory: write loopback:DIR")]
    NoDirectory,
    /// The text after `system-tor:` is no control port.
    #[error(
        "the control port of the system's Tor is written IP:PORT (a name like localhost would have to be looked \
         up) or unix:PATH: system-tor:127.0.0.1:9051, system-tor:[::1]:9051, system-tor:unix:/run/tor/control"
    )]
    ControlPort,
    /// The text is none of the known names.
    #[error(
        "there is no such network: use arti, system-tor, system-tor:IP:PORT, system-tor:unix:PATH or loopback:DIR"
    )]
    Unknown,
}

impl NetworkSpec {
    /// The network's name with its directory in full, as far as that exists: the same for the same network, from
    /// wherever it is named.
    pub fn full_name(&self) -> String {
        match self {
            Self::Loopback(dir) => {
                Self::Loopback(dir.canonicalize().unwrap_or_else(|_| dir.clone())).to_string()
            }
            Self::Arti | Self::SystemTor(_) => self.to_string(),
        }
    }
}

impl FromStr for NetworkSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text.split_once(':') {
            Some(("loopback", "")) => Err(SpecError::NoDirectory),
            Some(("loopback", dir)) => Ok(Self::Loopback(PathBuf::from(dir))),
            Some(("system-tor", port)) => Ok(Self::SystemTor(port.parse()?)),
            None if text == "loopback" => Err(SpecError::NoDirectory),
            None if text == "arti" => Ok(Self::Arti),
            None if text == "system-tor" => Ok(Self::SystemTor(ControlPort::Usual)),
            _ => Err(SpecError::Unknown),
        }
    }
}

impl FromStr for ControlPort {
    type Err = SpecError;

    /// Reads `IP:PORT` or `unix:PATH`; [`ControlPort::Usual`] has no text of its own.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(PathBuf::from(path))),
            _ => text.parse().map(Self::Tcp).map_err(|_| SpecError::ControlPort),
        }
    }
}

impl fmt::Display for NetworkSpec {
    /// Writes what [`FromStr`] reads; a directory whose name is not UTF-8 is written with replacements.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arti => f.write_str("arti"),
            Self::SystemTor(ControlPort::Usual) => f.write_str("system-tor"),
            Self::SystemTor(ControlPort::Tcp(at)) => write!(f, "system-tor:{at}"),
            Self::SystemTor(ControlPort::Unix(path)) => write!(f, "system-tor:unix:{}", path.display()),
            Self::Loopback(dir) => write!(f, "loopback:{}", dir.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_round_trips() {
        for text in [
            "arti",
            "system-tor",
            "system-tor:127.0.0.1:9051",
            "system-tor:[::1]:9051",
            "system-tor:unix:/run/tor/control",
            "system-tor:unix:/with:colon",
            "loopback:/tmp/net",
            "loopback:relative",
            "loopback:/a:b/c",
        ] {
            let spec: NetworkSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("loopback:/a:b/c".parse(), Ok(NetworkSpec::Loopback("/a:b/c".into())));
        assert_eq!(NetworkSpec::default(), NetworkSpec::Arti);
    }

    #[test]
    fn what_is_not_there_is_refused_by_its_own_reason() {
        let parse = |text: &str| text.parse::<NetworkSpec>().unwrap_err();
        assert_eq!(parse("loopback"), SpecError::NoDirectory);
        assert_eq!(parse("loopback:"), SpecError::NoDirectory);
        for name in [
            "",
            ":",
            "9051",
            "localhost:9051",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "unix:",
            "unix:run",
        ] {
            assert_eq!(parse(&format!("system-tor:{name}")), SpecError::ControlPort, "{name}");
        }
        for name in ["tor", "", "arti:", "arti:x", "system-torx", "Arti"] {
            assert_eq!(parse(name), SpecError::Unknown, "{name}");
        }
    }

    #[test]
    fn the_full_name_is_the_same_for_the_same_directory() {
        let root = tempfile::tempdir().unwrap();
        let (plain, round) = (root.path().join("net"), root.path().join("other/../net"));
        std::fs::create_dir(root.path().join("other")).unwrap();
        std::fs::create_dir(&plain).unwrap();
        let name = |dir: &std::path::Path| NetworkSpec::Loopback(dir.to_owned()).full_name();
        assert_eq!(name(&plain), name(&round));
        assert_ne!(name(&plain), name(&root.path().join("other")));
        assert!(name(&root.path().join("missing")).ends_with("missing"));
    }
}
