//! Reading small files: with a bound, and from private files only if they hold a secret.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::access::check_file;
use crate::{FileError, Why};

/// Bytes that are reserved at once for the content: a growing vector would leave copies of a secret behind.
const RESERVED: usize = 64 * 1024;

/// Opens a regular file that only this user can use. Everything is checked on the opened file.
///
/// # Errors
/// [`Why::NotAFile`], [`Why::Owner`], [`Why::Open`], or the system's refusal.
pub fn open_private(path: &Path) -> Result<File, FileError> {
    let file = open(path)?;
    check_file(&file, path)?;
    Ok(file)
}

/// Reads a regular file of at most `most` bytes that only this user can use; the bytes are erased when they are
/// dropped.
///
/// # Errors
/// As [`open_private`], and [`Why::TooLong`].
pub fn read_private(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read(open_private(path)?, path, most)
}

/// Reads a regular file of at most `most` bytes, whoever else may read it.
///
/// # Errors
/// [`Why::NotAFile`], [`Why::TooLong`], or the system's refusal.
pub fn read_bounded(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read(open(path)?, path, most)
}

fn open(path: &Path) -> Result<File, FileError> {
    // Without this, a named pipe in the file's place would be waited for.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let opened = OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = opened.map_err(FileError::system("opened", path))?;
    let about = file.metadata().map_err(FileError::system("opened", path))?;
    if about.is_file() { Ok(file) } else { Err(FileError::new(path, Why::NotAFile)) }
}

fn read(file: File, path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.min(RESERVED).saturating_add(1)));
    file.take(limit).read_to_end(&mut bytes).map_err(FileError::system("read", path))?;
    if bytes.len() > most {
        return Err(FileError::new(path, Why::TooLong { most }));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_read_from_a_private_file_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(read_private(&path, 10).unwrap_err().is_missing());
        std::fs::write(&path, "secret").unwrap();
        set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read_private(&path, 10).unwrap_err().why, Why::Open { mode: 0o640, .. }));
        assert_eq!(&**read_bounded(&path, 10).unwrap(), b"secret");
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(&**read_private(&path, 6).unwrap(), b"secret");
        assert!(matches!(read_private(&path, 5).unwrap_err().why, Why::TooLong { most: 5 }));
        assert!(matches!(read_private(dir.path(), 5).unwrap_err().why, Why::NotAFile));
    }

    #[test]
    fn a_pipe_in_a_files_place_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        assert!(matches!(read_private(&path, 5).unwrap_err().why, Why::NotAFile));
    }
}
