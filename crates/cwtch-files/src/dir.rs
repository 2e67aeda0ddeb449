//! Making directories private, and their names durable.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use crate::FileError;

const PRIVATE: u32 = 0o700;

/// Makes a directory for its owner only, with the parents that it lacks. An existing one is left as it is: check it
/// with [`check_dir`](crate::check_dir).
///
/// # Errors
/// The system's refusal, for example because something else has the name.
pub fn make_dir(path: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(PRIVATE).create(path);
    made.map_err(FileError::system("created", path))
}

/// Makes a directory for its owner only that must not exist yet, in one that does.
///
/// # Errors
/// The system's refusal.
pub fn make_new_dir(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().mode(PRIVATE).create(path).map_err(FileError::system("created", path))
}

/// Makes a directory for its owner only under a name that nobody else has, which begins with `prefix`. It is removed when
/// the value is dropped.
///
/// # Errors
/// The system's refusal.
pub fn fresh_dir(parent: &Path, prefix: &str) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(PRIVATE)).tempdir_in(parent)
}

/// Makes the names in a directory durable: new files, renames, removals.
///
/// # Errors
/// The system's refusal.
pub fn sync_dir(path: &Path) -> Result<(), FileError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(FileError::system("synced", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn directories_are_made_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        make_dir(&path).unwrap();
        assert_eq!((mode(&path), mode(&dir.path().join("a"))), (0o700, 0o700));
        make_dir(&path).unwrap();
        assert!(make_new_dir(&path).is_err());
        make_new_dir(&path.join("c")).unwrap();
        assert_eq!(mode(&path.join("c")), 0o700);
        let fresh = fresh_dir(&path, ".new-").unwrap();
        assert_eq!(mode(fresh.path()), 0o700);
        std::fs::write(path.join("file"), "x").unwrap();
        assert!(make_dir(&path.join("file")).is_err());
    }
}
