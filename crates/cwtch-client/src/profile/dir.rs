//! The data directory: where profiles lie, who may read them, and how one is made without half-made ones.
//!
//! `DIR/profiles/LABEL/` (mode 0700) holds `profile.json`, `profile.db` and `lock`. A new profile is
//! built in `DIR/profiles/.new-…` and renamed into place when it is complete and on disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cwtch_primitives::{CryptoRngCore, Identity};
use rustix::fs::{FlockOperation, flock};

use super::Profile;
use super::db;
use super::error::StorageError;
use super::vault::{self, DatabaseKey, Password, Vault};

const PROFILES: &str = "profiles";
const CREATE_LOCK: &str = ".create.lock";
const NEW_PREFIX: &str = ".new-";
const LOCK: &str = "lock";
/// The most bytes that a profile's label may have.
pub const LABEL_MAX: usize = 64;

/// A directory with any number of profiles.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

/// A profile as it can be seen without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileInfo {
    /// The name that its person chose; it never leaves this computer.
    pub label: String,
    /// Whether opening it takes a password.
    pub has_password: bool,
}

impl DataDir {
    /// Opens a data directory, or makes one that only its owner can enter.
    ///
    /// # Errors
    /// If it belongs to another user or others can change it ([`StorageError::Owner`],
    /// [`StorageError::Permissions`]), or the system refuses.
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let root = path.as_ref().to_path_buf();
        make_private_dir(&root)?;
        check_private(&root, Kind::Directory, 0o022)?;
        let dir = Self { root };
        make_private_dir(&dir.profiles())?;
        check_private(&dir.profiles(), Kind::Directory, 0o022)?;
        Ok(dir)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The directory of one profile, whether it exists or not.
    ///
    /// # Errors
    /// [`StorageError::Label`].
    pub fn profile_path(&self, label: &str) -> Result<PathBuf, StorageError> {
        check_label(label)?;
        Ok(self.profiles().join(label))
    }

    /// Makes a profile with a fresh identity and opens it. After a crash it exists completely or not at all.
    ///
    /// # Errors
    /// [`StorageError::Label`], [`StorageError::ProfileExists`], [`StorageError::EmptyPassword`],
    /// [`StorageError::DiskFull`], or the system's refusal.
    pub fn create(
        &self,
        label: &str,
        password: &Password,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Profile, StorageError> {
        let target = self.profile_path(label)?;
        // Whoever holds this lock is the only one who makes profiles here, so leftovers are nobody's work.
        let _creating = lock(&self.profiles().join(CREATE_LOCK), Wait::Yes)?;
        self.remove_half_made();
        if target.symlink_metadata().is_ok() {
            return Err(StorageError::ProfileExists);
        }
        let building = tempfile::Builder::new()
            .prefix(NEW_PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(self.profiles())
            .map_err(|e| StorageError::io("make the profile's directory", e))?;
        let dir = building.path();

        let key = DatabaseKey::generate(rng);
        Vault::seal(&key, password, rng)?.write(dir)?;
        db::create(&dir.join(db::FILE), &key, &Identity::generate(rng))?;
        // The lock is the open file's, not the name's: it stays ours through the renaming.
        let held = lock(&dir.join(LOCK), Wait::No)?;
        sync_dir(dir)?;

        fs::rename(dir, &target).map_err(|e| StorageError::io("put the new profile in place", e))?;
        // Renamed: nothing is left to clean up under the temporary name.
        let _ = building.keep();
        let opened = sync_dir(&self.profiles()).and_then(|()| Profile::from_parts(target.clone(), key, held));
        let profile = or_remove(opened, &target)?;
        tracing::info!("profile created");
        Ok(profile)
    }

    /// Opens a profile; it is this process's alone until the [`Profile`] is dropped.
    ///
    /// # Errors
    /// [`StorageError::NoSuchProfile`], [`StorageError::Locked`], the password errors,
    /// [`StorageError::NewerVersion`], [`StorageError::Permissions`], [`StorageError::Damaged`] and others.
    pub fn open(&self, label: &str, password: &Password) -> Result<Profile, StorageError> {
        let path = self.profile_path(label)?;
        if !path.is_dir() {
            return Err(StorageError::NoSuchProfile);
        }
        check_private(&path, Kind::Directory, 0o077)?;
        let held = lock(&path.join(LOCK), Wait::No)?;
        check_private(&path.join(vault::FILE), Kind::File, 0o077)?;
        check_private(&path.join(db::FILE), Kind::File, 0o077)?;
        let key = Vault::read(&path)?.open(password)?;
        Profile::from_parts(path, key, held)
    }

    /// The profiles, by label. Directories that are no profile are left out.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn list(&self) -> Result<Vec<ProfileInfo>, StorageError> {
        const DOING: &str = "list the profiles";
        let mut found = Vec::new();
        for entry in fs::read_dir(self.profiles()).map_err(|e| StorageError::io(DOING, e))? {
            let entry = entry.map_err(|e| StorageError::io(DOING, e))?;
            let Ok(label) = entry.file_name().into_string() else { continue };
            if check_label(&label).is_err() {
                continue;
            }
            match Vault::read(&entry.path()) {
                Ok(vault) => found.push(ProfileInfo { label, has_password: vault.has_password() }),
                // It exists, and opening it will say what is wrong.
                Err(_) if entry.path().join(db::FILE).exists() => {
                    found.push(ProfileInfo { label, has_password: true });
                }
                Err(_) => {}
            }
        }
        found.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(found)
    }

    /// Changes a profile's password, see [`Profile::change_password`].
    ///
    /// # Errors
    /// As [`DataDir::open`], and [`StorageError::EmptyPassword`].
    pub fn change_password(
        &self,
        label: &str,
        old: &Password,
        new: &Password,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), StorageError> {
        self.open(label, old)?.change_password(new, rng)
    }

    fn profiles(&self) -> PathBuf {
        self.root.join(PROFILES)
    }

    /// Removes what a crash left while making a profile. Best effort: what stays is ignored anyway.
    fn remove_half_made(&self) {
        let Ok(entries) = fs::read_dir(self.profiles()) else { return };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(NEW_PREFIX.as_bytes()) {
                match fs::remove_dir_all(entry.path()) {
                    Ok(()) => tracing::info!("removed a half-made profile"),
                    Err(error) => tracing::warn!(%error, "cannot remove a half-made profile"),
                }
            }
        }
    }
}

/// What was made, or its error and no directory: a profile whose making was reported as failed would take its
/// name, under an address that nobody was told.
pub(super) fn or_remove<T>(made: Result<T, StorageError>, target: &Path) -> Result<T, StorageError> {
    made.inspect_err(|_| {
        if let Err(error) = fs::remove_dir_all(target) {
            tracing::warn!(%error, "cannot remove a profile that could not be opened");
        }
    })
}

/// A lock that lives as long as the value: the operating system releases it even after a crash.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave it to a process that was forked a moment ago and has not begun its own program yet.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

enum Wait {
    Yes,
    No,
}

fn lock(path: &Path, wait: Wait) -> Result<Lock, StorageError> {
    const DOING: &str = "lock the profile";
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|e| StorageError::io(DOING, e))?;
    let operation = match wait {
        Wait::Yes => FlockOperation::LockExclusive,
        Wait::No => FlockOperation::NonBlockingLockExclusive,
    };
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(Lock { file }),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(StorageError::Locked),
            Err(error) => return Err(StorageError::io(DOING, error.into())),
        }
    }
}

fn check_label(label: &str) -> Result<(), StorageError> {
    let fits = (1..=LABEL_MAX).contains(&label.len())
        && !label.starts_with('.')
        && !label.chars().any(|c| c == '/' || c.is_control());
    if fits { Ok(()) } else { Err(StorageError::Label) }
}

/// Makes a directory with mode 0700; its missing parents with the usual one. An existing one is kept.
fn make_private_dir(path: &Path) -> Result<(), StorageError> {
    const DOING: &str = "make the data directory";
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|e| StorageError::io(DOING, e))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(()),
        // Another process was faster.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(StorageError::io(DOING, e)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    File,
}

/// Checks that a path is ours and that none of the `forbidden` mode bits is set.
fn check_private(path: &Path, kind: Kind, forbidden: u32) -> Result<(), StorageError> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(StorageError::Damaged),
        Err(e) => return Err(StorageError::io("look at the data directory", e)),
    };
    let (right_kind, mode) = match kind {
        Kind::Directory => (meta.is_dir(), "700"),
        Kind::File => (meta.is_file(), "600"),
    };
    if !right_kind {
        return Err(StorageError::WrongKind(path.to_path_buf()));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(StorageError::Owner(path.to_path_buf()));
    }
    let open = meta.mode() & forbidden;
    if open != 0 {
        let access = if open & 0o022 != 0 { "change" } else { "read" };
        return Err(StorageError::Permissions { path: path.to_path_buf(), access, mode });
    }
    Ok(())
}

/// Makes renames and new files in a directory durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), StorageError> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|e| StorageError::io("make the directory durable", e))
}
