//! Writing small files, private and durable.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::dir::sync_dir;
use crate::{FileError, Why};

const PRIVATE: u32 = 0o600;

/// Makes an empty file (mode 0600) that must not exist yet.
///
/// # Errors
/// The system's refusal.
pub fn create_new(path: &Path) -> Result<File, FileError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    made.map_err(FileError::system("created", path))
}

/// Opens a file for reading and writing as it is, and makes it (mode 0600) if it is missing.
///
/// # Errors
/// The system's refusal.
pub fn open_or_create(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    let opened = options.read(true).write(true).create(true).truncate(false).mode(PRIVATE).open(path);
    opened.map_err(FileError::system("opened", path))
}

/// Writes a file (mode 0600) that must not exist yet. When it returns, the content is on the disk; the name is too
/// once the directory is synced ([`sync_dir`]), which several files need only once. If it fails, nothing is left.
///
/// # Errors
/// The system's refusal.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let mut file = create_new(path)?;
    fill(&mut file, content).map_err(|source| {
        let _ = fs::remove_file(path);
        FileError::new(path, Why::System { action: "written", source })
    })
}

/// Replaces a file (mode 0600) whole and durably: after a crash the old one is there or this one. The caller makes
/// sure that nobody else replaces it at the same time.
///
/// # Errors
/// The system's refusal; the old file is as it was then, unless only the last step failed, that of making the name durable.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let new = beside(path);
    // A crash may have left a part of an earlier replacement, perhaps with another mode.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(FileError::new(&new, Why::System { action: "removed", source: error }));
        }
        _ => {}
    }
    write_new(&new, content)?;
    if let Err(source) = fs::rename(&new, path) {
        let _ = fs::remove_file(&new);
        return Err(FileError::new(path, Why::System { action: "written", source }));
    }
    sync_dir(directory_of(path))
}

/// Replaces a file as [`replace`] does, and writes zeros over the old one, for a file that holds a secret. A crash in between
/// leaves what the old one held where its file system has put it.
///
/// # Errors
/// The system's refusal; as for [`replace`], or the new file is there and the old one could not be written over.
pub fn replace_secret(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let old = match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => {
            let opened = OpenOptions::new().write(true).open(path);
            Some((opened.map_err(FileError::system("opened", path))?, about.len()))
        }
        _ => None,
    };
    replace(path, content)?;
    match old {
        Some((mut file, length)) => zero(&mut file, length).map_err(FileError::system("erased", path)),
        None => Ok(()),
    }
}

/// Tells how many bytes there is room for on the file system of a path.
///
/// # Errors
/// The system's refusal.
pub fn free_space(path: &Path) -> Result<u64, FileError> {
    let about = rustix::fs::statvfs(path)
        .map_err(|error| FileError::new(path, Why::System { action: "examined", source: error.into() }))?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Writes zeros over a file and removes it; when it returns, both are on the disk. What the file system or the disk keeps
/// of a file that was written over is out of reach. One that is missing is no error, and of what is no plain file only the
/// name is removed.
///
/// # Errors
/// The system's refusal.
pub fn erase(path: &Path) -> Result<(), FileError> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        about => about.map_err(FileError::system("erased", path))?,
    };
    if about.is_file() {
        let zeros =
            || -> io::Result<()> { zero(&mut OpenOptions::new().write(true).open(path)?, about.len()) };
        zeros().map_err(FileError::system("erased", path))?;
    }
    fs::remove_file(path).map_err(FileError::system("removed", path))?;
    sync_dir(directory_of(path))
}

fn zero(file: &mut File, length: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(length), file)?;
    file.sync_all()
}

fn fill(file: &mut File, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    file.sync_all()
}

/// The temporary name of a file until it is complete.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn what_is_written_is_private_and_never_half_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write_new(&path, b"one").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"one".to_vec(), 0o600));
        assert!(write_new(&path, b"two").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one", "what exists is left alone");
        replace(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o600));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_crash_left_is_replaced_with_the_right_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let left = dir.path().join("file.new");
        fs::write(&left, "half of it, and longer than what comes").unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o600));
        assert!(!left.exists());
    }

    #[test]
    fn a_replacement_that_fails_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        // Nothing can be renamed over a directory that is not empty.
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
        assert!(replace(&path, b"two").is_err());
        assert!(path.join("inside").exists());
        assert!(!dir.path().join("file.new").exists());
    }

    #[test]
    fn a_secret_that_is_replaced_is_zeros_for_whoever_has_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        replace_secret(&path, b"the key").unwrap();
        let mut open = File::open(&path).unwrap();
        replace_secret(&path, b"another one").unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"another one".to_vec(), 0o600));
        let mut left = Vec::new();
        open.read_to_end(&mut left).unwrap();
        assert_eq!(left, [0; 7]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn room_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_space(dir.path()).unwrap() > 0);
        assert!(free_space(&dir.path().join("none")).unwrap_err().is_missing());
    }

    #[test]
    fn an_opened_file_keeps_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(open_or_create(&path).unwrap().metadata().unwrap().len(), 0);
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "x").unwrap();
        open_or_create(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }

    #[test]
    fn an_erased_file_is_zeros_for_whoever_has_it_open_and_no_link_is_followed() {
        use std::io::Seek;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, "the key").unwrap();
        let mut open = File::open(&path).unwrap();
        erase(&path).unwrap();
        assert!(!path.exists());
        let mut left = Vec::new();
        open.rewind().unwrap();
        open.read_to_end(&mut left).unwrap();
        assert_eq!(left, [0; 7]);
        erase(&path).unwrap();
        let other = dir.path().join("other");
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        erase(&path).unwrap();
        assert!(path.symlink_metadata().is_err());
        assert_eq!(fs::read(&other).unwrap(), b"mine");
    }
}
