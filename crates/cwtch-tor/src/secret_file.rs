//! The file with the control port's password.

use std::io;
use std::path::Path;

use cwtch_files::Why;
use cwtch_primitives::Zeroizing;

/// Longest password, in bytes.
const MAX_PASSWORD: usize = 1024;

/// Reason why a password file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordFileFault {
    /// The system refused.
    #[error("it cannot be read ({0})")]
    Read(#[from] io::Error),
    /// Others may read or change it.
    #[error("others than its owner may read or change it; run chmod 600 on it")]
    NotPrivate,
    /// The file belongs to another user.
    #[error("it belongs to another user; copy it into a file of your own")]
    NotOurs,
    /// The file is empty.
    #[error("it is empty; write the control port's password into it, on one line")]
    Empty,
}

/// Reads the password in a file that only its owner, this user, may read. The end of the line is not part of it.
pub(crate) fn read_password(path: &Path) -> Result<Zeroizing<Vec<u8>>, PasswordFileFault> {
    let mut password = cwtch_files::read_private(path, MAX_PASSWORD).map_err(|error| match error.why {
        Why::Open { .. } => PasswordFileFault::NotPrivate,
        Why::Owner => PasswordFileFault::NotOurs,
        why => PasswordFileFault::Read(plain(why)),
    })?;
    while matches!(password.last(), Some(b'\n' | b'\r')) {
        password.pop();
    }
    if password.is_empty() { Err(PasswordFileFault::Empty) } else { Ok(password) }
}

/// Reads a plain file of at most `most` bytes.
pub(crate) fn read_bounded(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    cwtch_files::read_bounded(path, most).map_err(|error| plain(error.why))
}

fn plain(why: Why) -> io::Error {
    match why {
        Why::System { source, .. } => source,
        why => io::Error::other(why.to_string()),
    }
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
