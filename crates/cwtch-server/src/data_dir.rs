//! The data directory: its owner's alone, and one server's at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a data directory, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// Group or others have rights to it.
    #[error(
        "{what} {} can be used by other users of this machine (mode {mode:04o}): run `chmod {fix} {}`, and if others \
         had access, treat the keys as known to them", path.display(), path.display()
    )]
    Open {
        /// What it is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        fix: &'static str,
    },
    /// Another user owns it.
    #[error(
        "{what} {} belongs to another user: run the server as that user or name another directory",
        path.display()
    )]
    Owner {
        /// What it is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Something else stands where it should be.
    #[error("{} is not {expected}: move it away or name another directory with --data", path.display())]
    Kind {
        /// Where it is.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// Another process serves it.
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
        /// What was tried, as a participle.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataDirError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// A data directory that is locked for as long as this value lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Opens or makes (mode 0700) the directory and locks it.
    ///
    /// # Errors
    /// If others have access to it, it is not a directory, or another server has it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        if !path.exists() {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(DataDirError::io("created", parent))?;
            }
            match DirBuilder::new().mode(0o700).create(path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(DataDirError::io("created", path))?,
            }
        }
        check_private_dir(path, "the data directory")?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .map_err(DataDirError::io("opened", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(e)) => Err(DataDirError::io("locked", &lock_path)(e)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Checks that a directory is its owner's alone.
pub(crate) fn check_private_dir(path: &Path, what: &'static str) -> Result<(), DataDirError> {
    let meta = std::fs::metadata(path).map_err(DataDirError::io("opened", path))?;
    if !meta.is_dir() {
        return Err(DataDirError::Kind { path: path.to_owned(), expected: "a directory" });
    }
    check_rights(path, what, &meta, "700")
}

/// Checks that an opened file is a regular one and its owner's alone.
pub(crate) fn check_private_file(file: &File, path: &Path, what: &'static str) -> Result<(), DataDirError> {
    let meta = file.metadata().map_err(DataDirError::io("opened", path))?;
    if !meta.is_file() {
        return Err(DataDirError::Kind { path: path.to_owned(), expected: "a regular file" });
    }
    check_rights(path, what, &meta, "600")
}

fn check_rights(
    path: &Path,
    what: &'static str,
    meta: &std::fs::Metadata,
    fix: &'static str,
) -> Result<(), DataDirError> {
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(DataDirError::Owner { what, path: path.to_owned() });
    }
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(DataDirError::Open { what, path: path.to_owned(), mode, fix });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

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
