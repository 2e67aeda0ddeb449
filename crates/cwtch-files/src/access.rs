//! Checks of existing files and directories before they are used.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::{FileError, Why};

/// Rights that users other than the owner may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// None at all.
    Nothing,
    /// Others may look, but change nothing.
    Look,
}

impl Others {
    const fn wrong_bits(self) -> u32 {
        match self {
            Self::Nothing => 0o077,
            Self::Look => 0o022,
        }
    }
}

/// Checks that a path is a directory of this user's, and that others have no rights but these.
///
/// # Errors
/// [`Why::NotADirectory`], [`Why::Owner`], [`Why::Open`], or the system's refusal.
pub fn check_dir(path: &Path, others: Others) -> Result<(), FileError> {
    let about = std::fs::metadata(path).map_err(FileError::system("opened", path))?;
    if !about.is_dir() {
        return Err(FileError::new(path, Why::NotADirectory));
    }
    check_rights(path, &about, others)
}

/// Checks that an opened file is a regular one and its owner's alone, and that this user is the owner.
///
/// # Errors
/// [`Why::NotAFile`], [`Why::Owner`], [`Why::Open`], or the system's refusal.
pub fn check_file(file: &File, path: &Path) -> Result<(), FileError> {
    check_private(path, &file.metadata().map_err(FileError::system("opened", path))?)
}

/// Checks a file by its path like [`check_file`], for a file that another library will open. Only what may be put
/// into its directory, which [`check_dir`] checks, can take its place in between.
///
/// # Errors
/// As [`check_file`].
pub fn check_file_at(path: &Path) -> Result<(), FileError> {
    check_private(path, &std::fs::metadata(path).map_err(FileError::system("opened", path))?)
}

fn check_private(path: &Path, about: &Metadata) -> Result<(), FileError> {
    if !about.is_file() {
        return Err(FileError::new(path, Why::NotAFile));
    }
    check_rights(path, about, Others::Nothing)
}

fn check_rights(path: &Path, about: &Metadata, others: Others) -> Result<(), FileError> {
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(FileError::new(path, Why::Owner));
    }
    let mode = about.mode() & 0o7777;
    match mode & others.wrong_bits() {
        0 => Ok(()),
        wrong => Err(FileError::new(path, Why::Open { mode, wrong })),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_others_may_use_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, nothing, look) in [
            (0o700, true, true),
            (0o711, false, true),
            (0o755, false, true),
            (0o720, false, false),
            (0o702, false, false),
        ] {
            set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_dir(dir.path(), Others::Nothing).is_ok(), nothing, "{mode:o}");
            assert_eq!(check_dir(dir.path(), Others::Look).is_ok(), look, "{mode:o}");
        }
        set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "x").unwrap();
        for (mode, private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)]
        {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_file_at(&path).is_ok(), private, "{mode:o}");
            let opened = File::open(&path).unwrap();
            assert_eq!(check_file(&opened, &path).is_ok(), private, "{mode:o}");
        }
        let error = check_file_at(&path).unwrap_err();
        assert!(matches!(error.why, Why::Open { mode: 0o620, wrong: 0o020 }), "{error}");
    }

    #[test]
    fn kinds_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "x").unwrap();
        assert!(matches!(check_dir(&path, Others::Look).unwrap_err().why, Why::NotADirectory));
        assert!(matches!(check_file_at(dir.path()).unwrap_err().why, Why::NotAFile));
        assert!(check_file_at(&dir.path().join("none")).unwrap_err().is_missing());
    }
}
