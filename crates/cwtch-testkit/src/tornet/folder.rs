//! The directory of one network.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::{TornetError, io_error};
use super::process::private_file;

/// Name of the file that marks a directory as ours, and is locked while a network lives there.
const MARKER: &str = ".cwtch-tornet";
/// Longest path of a directory in bytes: a Unix socket's path has at most 107, and `/client31/control` is appended.
const LONGEST: usize = 80;

/// A directory that belongs to one running network.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    // Both are only held: the lock until the process ends, the directory until this is dropped.
    _lock: File,
    _temporary: Option<TempDir>,
}

impl Folder {
    /// Makes or empties the directory; without a name makes a temporary one, which is removed when this is dropped.
    pub(super) fn prepare(dir: Option<&Path>) -> Result<Self, TornetError> {
        let (path, temporary) = match dir {
            Some(dir) => (dir.to_owned(), None),
            None => {
                let temporary = tempfile::Builder::new().prefix("cwtch-tornet.").tempdir();
                let temporary = temporary.map_err(io_error("make a directory in", &std::env::temp_dir()))?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let path = std::path::absolute(&path).map_err(io_error("find", &path))?;
        writable_in_torrc(&path)?;
        make_dir(&path)?;
        let marker = path.join(MARKER);
        let ours = marker.is_file();
        if !ours && path.read_dir().map_err(io_error("read", &path))?.next().is_some() {
            return Err(TornetError::ForeignDirectory { dir: path });
        }
        let lock = private_file(&marker)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TornetError::DirectoryInUse { dir: path }),
            Err(TryLockError::Error(e)) => return Err(io_error("lock", &marker)(e)),
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(io_error("protect", &path))?;
        if ours {
            remove_old_network(&path)?;
        }
        Ok(Self { path, _lock: lock, _temporary: temporary })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a directory for its owner only; one that exists stays as it is.
pub(super) fn make_dir(path: &Path) -> Result<(), TornetError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_error("make", path))
}

/// Writes a small file that only its owner can read.
pub(super) fn write(path: &Path, text: &str) -> Result<(), TornetError> {
    private_file(path)?.write_all(text.as_bytes()).map_err(io_error("write", path))
}

/// Removes a file or a directory, which may be missing.
pub(super) fn remove(path: &Path) -> Result<(), TornetError> {
    let is_dir = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let removed = if is_dir { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Removes only what a network made: people may have put files of their own beside it.
fn remove_old_network(dir: &Path) -> Result<(), TornetError> {
    for entry in dir.read_dir().map_err(io_error("read", dir))? {
        let entry = entry.map_err(io_error("read", dir))?;
        if entry.file_name().to_str().is_some_and(made_by_a_network) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn made_by_a_network(name: &str) -> bool {
    let numbered = |kind| {
        name.strip_prefix(kind).is_some_and(|n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    ["auth", "relay", "client"].into_iter().any(numbered)
        || ["tor.toml", "bandwidths", "torrc-defaults"].contains(&name)
}

fn writable_in_torrc(path: &Path) -> Result<(), TornetError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\' | '#');
    match path.to_str() {
        Some(text) if text.len() <= LONGEST && !text.contains(bad) => Ok(()),
        _ => Err(TornetError::UnusablePath { dir: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_others_is_refused_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("letter"), "dear").unwrap();
        assert!(matches!(Folder::prepare(Some(dir.path())), Err(TornetError::ForeignDirectory { .. })));
        assert_eq!(dir.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_running_networks_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::prepare(Some(dir.path())).unwrap();
        assert!(matches!(Folder::prepare(Some(dir.path())), Err(TornetError::DirectoryInUse { .. })));
        drop(first);
        Folder::prepare(Some(dir.path())).unwrap();
    }

    #[test]
    fn an_old_network_goes_and_other_files_stay() {
        let dir = tempfile::tempdir().unwrap();
        let new = dir.path().join("net");
        drop(Folder::prepare(Some(&new)).unwrap());
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        for name in ["auth0", "relay12", "client1", "server", "authority", "auth", "relay1x"] {
            make_dir(&new.join(name).join("deep")).unwrap();
        }
        write(&new.join("tor.toml"), "").unwrap();
        drop(Folder::prepare(Some(&new)).unwrap());
        let mut left: Vec<_> =
            new.read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [MARKER, "auth", "authority", "relay1x", "server"]);
    }

    #[test]
    fn a_temporary_directory_goes_with_the_network() {
        let folder = Folder::prepare(None).unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn paths_that_a_torrc_cannot_hold_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a b", "a#b", "a\"b", &"long".repeat(25)] {
            let path = dir.path().join(name);
            assert!(matches!(Folder::prepare(Some(&path)), Err(TornetError::UnusablePath { .. })));
            assert!(!path.exists());
        }
    }
}
