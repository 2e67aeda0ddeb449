//! The data directory: private to its owner, and used by one server at a time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cwtch_files::{FileError, Lock, Others, Why};

/// Reason why a data directory, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// The group or others have rights to a file or directory.
    #[error(
        "{what} {} can be used by other users of this machine (mode {mode:04o}): run `chmod {fix} {}`, and if others \
         had access, treat the keys as known to them", path.display(), path.display()
    )]
    Open {
        /// The thing's name.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The mode that it should have.
        fix: &'static str,
    },
    /// Another user owns a file or directory.
    #[error(
        "{what} {} belongs to another user: run the server as that user or name another directory",
        path.display()
    )]
    Owner {
        /// The thing's name.
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// A path leads to something of another kind than expected.
    #[error("{} is not {expected}: move it away or name another directory with --data", path.display())]
    Kind {
        /// Its path.
        path: PathBuf,
        /// The kind that it should have.
        expected: &'static str,
    },
    /// Another server has locked the directory.
    #[error(
        "the data directory {} is in use by another server: stop that one or name another directory",
        path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds no server.
    #[error(
        "there is no server in {}: start one with `cwtch-server run`, or name another directory",
        path.display()
    )]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// The action that failed, as a participle.
        action: &'static str,
        /// The file or directory that it failed on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl DataDirError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Converts an error about a file or directory; `what` is its name in sentences for the operator.
    pub(crate) fn of(what: &'static str) -> impl FnOnce(FileError) -> Self {
        move |FileError { path, why }| match why {
            Why::NotADirectory => Self::Kind { path, expected: "a directory" },
            Why::NotAFile => Self::Kind { path, expected: "a regular file" },
            Why::Owner => Self::Owner { what, path },
            Why::Open { mode, .. } => {
                let fix = if path.is_dir() { "700" } else { "600" };
                Self::Open { what, path, mode, fix }
            }
            Why::System { action, source } => Self::Io { action, path, source },
            other => Self::Io { action: "used", path, source: io::Error::other(other.to_string()) },
        }
    }
}

/// The data directory's name in an error.
const WHAT: &str = "the data directory";

/// A data directory that is locked for as long as this value lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: Lock,
}

impl DataDir {
    /// Opens or makes (mode 0700) the directory and locks it.
    ///
    /// # Errors
    /// If others have access to it, it is not a directory, or another server has it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        if !path.exists() {
            cwtch_files::make_dir(path).map_err(DataDirError::of(WHAT))?;
        }
        check_private_dir(path, WHAT)?;
        let lock =
            Lock::try_take(&path.join("lock")).map_err(DataDirError::of("the lock of the data directory"))?;
        let lock = lock.ok_or_else(|| DataDirError::Locked { path: path.to_owned() })?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The directory's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Checks that a directory is its owner's alone.
pub(crate) fn check_private_dir(path: &Path, what: &'static str) -> Result<(), DataDirError> {
    cwtch_files::check_dir(path, Others::Nothing).map_err(DataDirError::of(what))
}

/// Checks that an opened file is a regular one and its owner's alone.
pub(crate) fn check_private_file(file: &File, path: &Path, what: &'static str) -> Result<(), DataDirError> {
    cwtch_files::check_file(file, path).map_err(DataDirError::of(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_new_directory_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let opened = DataDir::open(&path).unwrap();
        assert_eq!(std::fs::metadata(opened.path()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o750)).unwrap();
        let error = DataDir::open(dir.path()).unwrap_err();
        assert!(matches!(error, DataDirError::Open { mode: 0o750, .. }), "{error}");
        assert!(error.to_string().contains("chmod 700"));
    }

    #[test]
    fn only_one_server_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataDir::open(&path).unwrap();
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Locked { .. })));
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn a_file_is_no_directory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(DataDir::open(file.path()), Err(DataDirError::Kind { .. })));
    }
}
