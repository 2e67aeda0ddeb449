//! How a person names a network: the argument of `--network`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::loopback::Loopback;
use crate::network::{NetError, Network};

/// A network as named on a command line or in a configuration: `loopback:DIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkSpec {
    /// The test network of §1.2 in a directory.
    Loopback(PathBuf),
}

/// Why a text names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A network that this version does not have.
    #[error("the network \"{0}\" is not built in yet: this version has loopback only; use loopback:DIR")]
    NotBuiltIn(&'static str),
    /// `loopback` without its directory.
    #[error("the loopback network needs a directory: write loopback:DIR")]
    NoDirectory,
    /// None of the known names.
    #[error("there is no such network: use loopback:DIR, with the directory that all participants share")]
    Unknown,
}

impl NetworkSpec {
    /// The network's name with its directory in full, as far as it exists: the same for the same network from
    /// wherever it is named.
    pub fn full_name(&self) -> String {
        match self {
            Self::Loopback(dir) => {
                Self::Loopback(dir.canonicalize().unwrap_or_else(|_| dir.clone())).to_string()
            }
        }
    }

    /// Opens the network; a missing loopback directory is created for its owner only (mode 0700).
    ///
    /// # Errors
    /// If the directory cannot be made or is something else.
    pub fn open(&self) -> Result<Arc<dyn Network>, NetError> {
        match self {
            Self::Loopback(dir) => {
                let network = Loopback::new(dir);
                network.create_directory()?;
                Ok(Arc::new(network))
            }
        }
    }
}

impl FromStr for NetworkSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text.split_once(':') {
            Some(("loopback", "")) => Err(SpecError::NoDirectory),
            Some(("loopback", dir)) => Ok(Self::Loopback(PathBuf::from(dir))),
            None if text == "loopback" => Err(SpecError::NoDirectory),
            None if text == "arti" => Err(SpecError::NotBuiltIn("arti")),
            None if text == "system-tor" => Err(SpecError::NotBuiltIn("system-tor")),
            _ => Err(SpecError::Unknown),
        }
    }
}

impl fmt::Display for NetworkSpec {
    /// Writes what [`FromStr`] reads; a directory whose name is not UTF-8 is written with replacements.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(dir) => write!(f, "loopback:{}", dir.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_round_trips_even_with_colons_in_the_directory() {
        for text in ["loopback:/tmp/net", "loopback:relative", "loopback:/a:b/c"] {
            let spec: NetworkSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("loopback:/a:b/c".parse(), Ok(NetworkSpec::Loopback("/a:b/c".into())));
    }

    #[test]
    fn what_is_not_there_is_refused_by_its_own_reason() {
        let parse = |text: &str| text.parse::<NetworkSpec>().unwrap_err();
        assert_eq!(parse("loopback"), SpecError::NoDirectory);
        assert_eq!(parse("loopback:"), SpecError::NoDirectory);
        assert_eq!(parse("arti"), SpecError::NotBuiltIn("arti"));
        assert_eq!(parse("system-tor"), SpecError::NotBuiltIn("system-tor"));
        assert_eq!(parse("tor"), SpecError::Unknown);
        assert_eq!(parse(""), SpecError::Unknown);
        assert!(parse("arti").to_string().contains("loopback only"));
    }

    #[test]
    fn open_makes_the_directory_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        NetworkSpec::Loopback(dir.clone()).open().unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        // A second opening, and one of a directory with other permissions, changes nothing.
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        NetworkSpec::Loopback(dir.clone()).open().unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn the_full_name_is_the_same_for_the_same_directory() {
        let root = tempfile::tempdir().unwrap();
        let (plain, round) = (root.path().join("net"), root.path().join("other/../net"));
        std::fs::create_dir(root.path().join("other")).unwrap();
        NetworkSpec::Loopback(plain.clone()).open().unwrap();
        let name = |dir: &std::path::Path| NetworkSpec::Loopback(dir.to_owned()).full_name();
        assert_eq!(name(&plain), name(&round));
        assert_ne!(name(&plain), name(&root.path().join("other")));
        assert!(name(&root.path().join("missing")).ends_with("missing"));
    }

    #[test]
    fn open_refuses_a_file_in_the_directorys_place() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("net");
        std::fs::write(&file, "x").unwrap();
        assert!(matches!(NetworkSpec::Loopback(file).open(), Err(NetError::Io { .. })));
    }
}
