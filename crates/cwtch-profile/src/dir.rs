//! The data directory: where profiles lie, who may read them, and how one is made without half-made ones.
//!
//! `DIR/profiles/LABEL/` (mode 0700) holds `profile.json`, `profile.db` and `lock`. A new profile is
//! built in `DIR/profiles/.new-…` and renamed into place when it is complete and on disk.

use std::fs;
use std::path::{Path, PathBuf};

use cwtch_files::{Lock, Others, sync_dir};
use cwtch_primitives::{CryptoRngCore, Identity};

use super::Profile;
use super::error::StorageError;
use super::vault::{self, DatabaseKey, Lid, Opened, Password, Vault};
use super::{copies, db, renew};

const PROFILES: &str = "profiles";
const CREATE_LOCK: &str = ".create.lock";
/// Names of what is being made, and of what is being deleted.
const NEW_PREFIX: &str = ".new-";
const GONE_PREFIX: &str = ".gone-";
const LOCK: &str = "lock";
const LOOK: &str = "look at the data directory";
const SYNC: &str = "make the directory durable";
const TO_LOCK: &str = "lock the profile";
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
    /// True if opening it takes a password.
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
        check_private_dir(&root, Others::Look)?;
        let dir = Self { root };
        make_private_dir(&dir.profiles())?;
        check_private_dir(&dir.profiles(), Others::Look)?;
        Ok(dir)
    }

    /// Path of the data directory.
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
        let _creating = self.change_names()?;
        if target.symlink_metadata().is_ok() {
            return Err(StorageError::ProfileExists);
        }
        let building = cwtch_files::fresh_dir(&self.profiles(), NEW_PREFIX)
            .map_err(|e| StorageError::io("make the profile's directory", e))?;
        let dir = building.path();

        let key = DatabaseKey::generate(rng);
        let lid = Lid::new(password, rng)?;
        lid.close(&key, None, rng).write(dir)?;
        db::create(&dir.join(db::FILE), &key, &Identity::generate(rng))?;
        // The lock is the open file's, not the name's: it stays ours through the renaming.
        let held = lock(dir)?;
        sync_dir(dir).map_err(StorageError::file(SYNC))?;

        fs::rename(dir, &target).map_err(|e| StorageError::io("put the new profile in place", e))?;
        // Renamed: nothing is left to clean up under the temporary name.
        let _ = building.keep();
        let opened = sync_dir(&self.profiles())
            .map_err(StorageError::file(SYNC))
            .and_then(|()| opened(target.clone(), Opened { key, next: None, lid }, held));
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
        let path = self.existing(label)?;
        check_private_dir(&path, Others::Nothing)?;
        let held = lock(&path)?;
        check_private_file(&path.join(vault::FILE))?;
        check_private_file(&path.join(db::FILE))?;
        let keys = Vault::read(&path)?.open(password)?;
        opened(path, keys, held)
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

    /// Gives a profile another label; after a crash it has the old one or the new one. It keeps its address and its
    /// password, which is not needed.
    ///
    /// # Errors
    /// [`StorageError::NoSuchProfile`], [`StorageError::Locked`] while anybody has it open, [`StorageError::Label`],
    /// [`StorageError::ProfileExists`], or the system's refusal.
    pub fn rename(&self, label: &str, new: &str) -> Result<(), StorageError> {
        let (path, target) = (self.existing(label)?, self.profile_path(new)?);
        let _alone = self.change_names()?;
        if target.symlink_metadata().is_ok() {
            return Err(StorageError::ProfileExists);
        }
        let _held = lock(&path)?;
        fs::rename(&path, &target).map_err(|e| StorageError::io("rename the profile", e))?;
        sync_dir(&self.profiles()).map_err(StorageError::file(SYNC))
    }

    /// Erases a profile without its password: first the file with its keys, after which nobody can read the database any
    /// more, then all the rest. After a crash it can be deleted again. What lies elsewhere is not reached: backups, and
    /// what the file system or the disk keeps of a file that was written over.
    ///
    /// # Errors
    /// [`StorageError::NoSuchProfile`], [`StorageError::Locked`] while anybody has it open, or the system's refusal.
    pub fn delete(&self, label: &str) -> Result<(), StorageError> {
        const DOING: &str = "delete the profile";
        let path = self.existing(label)?;
        let _alone = self.change_names()?;
        let _held = lock(&path)?;
        vault::erase(&path)?;
        let gone =
            cwtch_files::fresh_dir(&self.profiles(), GONE_PREFIX).map_err(|e| StorageError::io(DOING, e))?;
        fs::rename(&path, gone.path()).map_err(|e| StorageError::io(DOING, e))?;
        sync_dir(&self.profiles()).map_err(StorageError::file(SYNC))?;
        gone.close().map_err(|e| StorageError::io(DOING, e))?;
        tracing::info!("profile deleted");
        sync_dir(&self.profiles()).map_err(StorageError::file(SYNC))
    }

    /// The directory of a profile that exists.
    fn existing(&self, label: &str) -> Result<PathBuf, StorageError> {
        let path = self.profile_path(label)?;
        if path.is_dir() { Ok(path) } else { Err(StorageError::NoSuchProfile) }
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

    /// Waits to be the only one who makes, renames or deletes profiles here, and removes what a crash left of that.
    fn change_names(&self) -> Result<Lock, StorageError> {
        let alone = Lock::wait(&self.profiles().join(CREATE_LOCK)).map_err(StorageError::file(TO_LOCK))?;
        self.remove_leftovers();
        Ok(alone)
    }

    /// Removes what is half made or half deleted. Best effort: what stays is ignored anyway.
    fn remove_leftovers(&self) {
        let Ok(entries) = fs::read_dir(self.profiles()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is = |prefix: &str| name.as_encoded_bytes().starts_with(prefix.as_bytes());
            if is(NEW_PREFIX) || is(GONE_PREFIX) {
                match fs::remove_dir_all(entry.path()) {
                    Ok(()) => tracing::info!("removed what was left of a profile"),
                    Err(error) => tracing::warn!(%error, "cannot remove what is left of a profile"),
                }
            }
        }
    }
}

/// Passes on what was made; on an error, removes the directory `target` first: a profile whose making was reported as
/// failed would take its name, under an address that nobody was told.
pub(super) fn or_remove<T>(made: Result<T, StorageError>, target: &Path) -> Result<T, StorageError> {
    made.inspect_err(|_| {
        if let Err(error) = fs::remove_dir_all(target) {
            tracing::warn!(%error, "cannot remove a profile that could not be opened");
        }
    })
}

fn check_label(label: &str) -> Result<(), StorageError> {
    let fits = (1..=LABEL_MAX).contains(&label.len())
        && !label.starts_with('.')
        && !label.chars().any(|c| c == '/' || c.is_control());
    if fits { Ok(()) } else { Err(StorageError::Label) }
}

/// A profile whose files were looked at and whose lock is held.
fn opened(path: PathBuf, keys: Opened, lock: Lock) -> Result<Profile, StorageError> {
    let file = path.join(db::FILE);
    let Opened { key, next, lid } = keys;
    let sealing = next.is_some();
    let (mut conn, key) = renew::open(&file, key, next)?;
    copies::notice_copy(&mut conn, &file)
        .map_err(|error| error.during("see whether the profile was copied"))?;
    let mut profile = Profile::new(conn, path, key, lid, lock)?;
    if sealing {
        profile.drop_other_key();
    }
    Ok(profile)
}

fn make_private_dir(path: &Path) -> Result<(), StorageError> {
    cwtch_files::make_dir(path).map_err(StorageError::file("make the data directory"))
}

fn check_private_dir(path: &Path, others: Others) -> Result<(), StorageError> {
    cwtch_files::check_dir(path, others).map_err(StorageError::kept(LOOK))
}

fn check_private_file(path: &Path) -> Result<(), StorageError> {
    cwtch_files::check_file_at(path).map_err(StorageError::kept(LOOK))
}

/// Takes a profile's lock, or says that another process has it.
fn lock(dir: &Path) -> Result<Lock, StorageError> {
    Lock::try_take(&dir.join(LOCK)).map_err(StorageError::file(TO_LOCK))?.ok_or(StorageError::Locked)
}
