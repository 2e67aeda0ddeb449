//! Small files: bounded, and private where they hold a secret.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use cwtch_primitives::Zeroizing;

/// Longest password, in bytes.
const MAX_PASSWORD: usize = 1024;

/// Why a password file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordFileFault {
    /// The system refused.
    #[error("it cannot be read ({0})")]
    Read(#[from] io::Error),
    /// Others may read or change it.
    #[error("others than its owner may read or change it; run chmod 600 on it")]
    NotPrivate,
    /// Somebody else's.
    #[error("it belongs to another user; copy it into a file of your own")]
    NotOurs,
    /// Nothing in it.
    #[error("it is empty; write the control port's password into it, on one line")]
    Empty,
}

/// Reads a plain file of at most `most` bytes.
pub(crate) fn read_bounded(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read(open(path)?, most)
}

/// Reads the password in a file that only its owner, this user, may read. The end of the line is not part of it.
pub(crate) fn read_password(path: &Path) -> Result<Zeroizing<Vec<u8>>, PasswordFileFault> {
    let file = open(path)?;
    let about = file.metadata()?;
    if about.mode() & 0o077 != 0 {
        return Err(PasswordFileFault::NotPrivate);
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(PasswordFileFault::NotOurs);
    }
    let mut password = read(file, MAX_PASSWORD)?;
    while matches!(password.last(), Some(b'\n' | b'\r')) {
        password.pop();
    }
    if password.is_empty() { Err(PasswordFileFault::Empty) } else { Ok(password) }
}

fn open(path: &Path) -> io::Result<File> {
    // A named pipe in the file's place would be waited for.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a plain file")) }
}

fn read(file: File, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    // Reserved at once: a growing vector would leave copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.min(64 * 1024).saturating_add(1)));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_read_from_a_private_file_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        assert!(matches!(read_password(&path), Err(PasswordFileFault::Read(_))));
        std::fs::write(&path, "correct horse\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let refused = read_password(&path).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(&**read_password(&path).unwrap(), b"correct horse");
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(read_password(&path), Err(PasswordFileFault::Empty)));
        std::fs::write(&path, "x".repeat(MAX_PASSWORD + 1)).unwrap();
        assert!(matches!(read_password(&path), Err(PasswordFileFault::Read(_))));
        assert!(matches!(read_password(dir.path()), Err(PasswordFileFault::Read(_))));
    }
}
