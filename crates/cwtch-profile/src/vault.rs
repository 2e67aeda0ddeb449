//! The vault: how a password leads to the database's key, and the file that says so.
//!
//! The database's key is 32 random bytes. `profile.json` holds it sealed (XSalsa20-Poly1305)
//! under a key that Argon2id derives from the password. So a wrong password is told apart from a damaged
//! database, and changing the password replaces one small file atomically instead of rewriting the
//! database. The other side of that coin: whoever kept an old `profile.json` and knows the old password
//! can still open the database, until it is written anew under another key (`renew.rs`). While that happens the file
//! holds both keys, and is of version 2, which earlier programs refuse.

use core::fmt;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use cwtch_primitives::{CryptoRngCore, SecretBytes, Zeroizing, secretbox};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::error::StorageError;

/// The file's name inside the profile's directory.
pub(super) const FILE: &str = "profile.json";
/// Its name while [`cwtch_files::replace`] puts another one in its place.
const NEW_FILE: &str = "profile.json.new";
/// The version of `profile.json` that this program writes.
const FORMAT: u64 = 1;
/// The same while it holds two keys.
const FORMAT_OF_TWO: u64 = 2;
/// A `profile.json` has a few hundred bytes; a larger file is none.
const FILE_MAX: usize = 16 * 1024;
const SALT_LEN: usize = 16;
/// Bounds for parameters read from the file, which somebody may have changed.
const MEMORY_MAX_KIB: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

/// The database's key.
pub(super) type DatabaseKey = SecretBytes<32>;

/// Protection of a profile: a password, or none. Erased on drop; `Debug` says only whether there is a password.
#[derive(Clone)]
pub enum Password {
    /// Explicitly none: the database is encrypted, but its key lies beside it in `profile.json`. This
    /// protects against nobody who can read the files.
    None,
    /// A password, taken as its UTF-8 bytes.
    Some(Zeroizing<String>),
}

impl Password {
    /// A password that a person typed or a file held (without its line end).
    ///
    /// # Errors
    /// [`StorageError::EmptyPassword`] for an empty one: no password is [`Password::None`], said explicitly.
    pub fn from_text(text: impl Into<String>) -> Result<Self, StorageError> {
        let text = Zeroizing::new(text.into());
        if text.is_empty() {
            return Err(StorageError::EmptyPassword);
        }
        Ok(Self::Some(text))
    }

    /// True if there is a password.
    pub fn is_some(&self) -> bool {
        matches!(self, Self::Some(_))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Some(text) => text.as_bytes(),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_some() { "Password([redacted])" } else { "Password(none)" })
    }
}

/// Parameters of the key derivation.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    /// Always `argon2id`.
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// Hex.
    salt: String,
}

impl Kdf {
    /// Chooses the parameters for a password: 64 MiB and three passes, about a tenth of a second of one core. Without a
    /// password there is nothing to stretch: 8 KiB and one pass.
    fn fresh(password: &Password, rng: &mut impl CryptoRngCore) -> Self {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let (memory_kib, passes) = if password.is_some() { (64 * 1024, 3) } else { (8, 1) };
        Self { name: "argon2id".into(), memory_kib, passes, lanes: 1, salt: HEXLOWER.encode(&salt) }
    }

    fn derive(&self, password: &Password) -> Result<secretbox::BoxKey, StorageError> {
        let salt = HEXLOWER.decode(self.salt.as_bytes()).map_err(|_| StorageError::Damaged)?;
        if self.name != "argon2id"
            || self.memory_kib > MEMORY_MAX_KIB
            || self.passes > PASSES_MAX
            || self.lanes > LANES_MAX
            || salt.len() != SALT_LEN
        {
            return Err(StorageError::AbsurdKdf);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| StorageError::AbsurdKdf)?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.bytes(), &salt, key.as_mut_slice())
            .map_err(|_| StorageError::AbsurdKdf)?;
        Ok(secretbox::BoxKey::new(*key))
    }
}

/// The content of `profile.json`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    format: u64,
    /// True if there is a password. Only for better error messages; changing it opens nothing.
    password: bool,
    kdf: Kdf,
    /// Hex of the sealed database key.
    sealed_key: String,
    /// The same of the key under which the database is being written anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_key: Option<String>,
}

/// The key to which the password leads, by which the database's key is sealed. An open profile keeps it, so that its database
/// can be given another key without the password.
pub(super) struct Lid {
    password: bool,
    kdf: Kdf,
    key: secretbox::BoxKey,
}

/// Keys that a password has opened.
pub(super) struct Opened {
    pub(super) key: DatabaseKey,
    /// The key that the database may have by now, if it was being written anew when the program ended.
    pub(super) next: Option<DatabaseKey>,
    pub(super) lid: Lid,
}

impl Lid {
    /// One for a password, with a salt of its own.
    pub(super) fn new(password: &Password, rng: &mut impl CryptoRngCore) -> Result<Self, StorageError> {
        if matches!(password, Password::Some(text) if text.is_empty()) {
            return Err(StorageError::EmptyPassword);
        }
        let kdf = Kdf::fresh(password, rng);
        let key = kdf.derive(password)?;
        Ok(Self { password: password.is_some(), kdf, key })
    }

    /// Seals a database's key, and while it is written anew the next one beside it.
    pub(super) fn close(
        &self,
        key: &DatabaseKey,
        next: Option<&DatabaseKey>,
        rng: &mut impl CryptoRngCore,
    ) -> Vault {
        let mut seal = |key: &DatabaseKey| HEXLOWER.encode(&secretbox::seal(&self.key, key.expose(), rng));
        Vault {
            format: if next.is_some() { FORMAT_OF_TWO } else { FORMAT },
            password: self.password,
            kdf: self.kdf.clone(),
            sealed_key: seal(key),
            next_key: next.map(seal),
        }
    }
}

impl Vault {
    /// The database's key, if the password is right.
    pub(super) fn open(&self, password: &Password) -> Result<Opened, StorageError> {
        match (self.password, password.is_some()) {
            (true, false) => return Err(StorageError::PasswordNeeded),
            (false, true) => return Err(StorageError::NoPasswordSet),
            _ => {}
        }
        let lid = Lid { password: self.password, kdf: self.kdf.clone(), key: self.kdf.derive(password)? };
        let open = |sealed: &String| {
            let sealed = HEXLOWER.decode(sealed.as_bytes()).map_err(|_| StorageError::Damaged)?;
            let wrong = if self.password { StorageError::WrongPassword } else { StorageError::Damaged };
            let plain = Zeroizing::new(secretbox::open(&lid.key, &sealed).map_err(|_| wrong)?);
            DatabaseKey::from_slice(&plain).ok_or(StorageError::Damaged)
        };
        let key = open(&self.sealed_key)?;
        let next = self.next_key.as_ref().map(open).transpose()?;
        Ok(Opened { key, next, lid })
    }

    /// True if the profile has a password.
    pub(super) fn has_password(&self) -> bool {
        self.password
    }

    /// Reads the file of a profile's directory.
    pub(super) fn read(dir: &Path) -> Result<Self, StorageError> {
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let text = cwtch_files::read_bounded(&dir.join(FILE), FILE_MAX)
            .map_err(StorageError::kept("read profile.json"))?;
        let version: Version = serde_json::from_slice(&text).map_err(|_| StorageError::Damaged)?;
        if version.format > FORMAT_OF_TWO {
            return Err(StorageError::NewerVersion);
        }
        serde_json::from_slice(&text).map_err(|_| StorageError::Damaged)
    }

    /// Replaces the file of a profile's directory, and erases the old one: after a crash there is the old or the new one.
    pub(super) fn write(&self, dir: &Path) -> Result<(), StorageError> {
        const DOING: &str = "write profile.json";
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| StorageError::io(DOING, e.into()))?;
        text.push(b'\n');
        cwtch_files::replace_secret(&dir.join(FILE), &text).map_err(StorageError::file(DOING))
    }
}

/// Erases the file of a profile's directory, and what a crash may have left of a replacement: without it the database is
/// noise.
pub(super) fn erase(dir: &Path) -> Result<(), StorageError> {
    for name in [FILE, NEW_FILE] {
        cwtch_files::erase(&dir.join(name)).map_err(StorageError::file("erase profile.json"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn vault(password: &Password) -> (Vault, DatabaseKey) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = DatabaseKey::generate(&mut rng);
        (Lid::new(password, &mut rng).unwrap().close(&key, None, &mut rng), key)
    }

    #[test]
    fn only_the_password_opens() {
        let right = Password::from_text("correct horse").unwrap();
        let (vault, key) = vault(&right);
        assert_eq!(vault.open(&right).unwrap().key, key);
        let wrong = Password::from_text("correct horsf").unwrap();
        assert!(matches!(vault.open(&wrong), Err(StorageError::WrongPassword)));
        assert!(matches!(vault.open(&Password::None), Err(StorageError::PasswordNeeded)));
    }

    #[test]
    fn no_password_is_said_explicitly() {
        let (vault, key) = vault(&Password::None);
        assert_eq!(vault.open(&Password::None).unwrap().key, key);
        let some = Password::from_text("x").unwrap();
        assert!(matches!(vault.open(&some), Err(StorageError::NoPasswordSet)));
        assert!(matches!(Password::from_text(""), Err(StorageError::EmptyPassword)));
        let empty = Password::Some(Zeroizing::new(String::new()));
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        assert!(matches!(Lid::new(&empty, &mut rng), Err(StorageError::EmptyPassword)));
    }

    #[test]
    fn a_changed_password_flag_opens_nothing() {
        let right = Password::from_text("secret").unwrap();
        let (mut vault, _) = vault(&right);
        vault.password = false;
        assert!(matches!(vault.open(&Password::None), Err(StorageError::Damaged)));
    }

    #[test]
    fn absurd_parameters_are_refused_before_they_cost_anything() {
        let changes: [fn(&mut Kdf); 7] = [
            |kdf| kdf.memory_kib = MEMORY_MAX_KIB + 1,
            |kdf| kdf.memory_kib = 0,
            |kdf| kdf.passes = u32::MAX,
            |kdf| kdf.passes = 0,
            |kdf| kdf.lanes = 17,
            |kdf| kdf.name = "md5".into(),
            |kdf| kdf.salt = "00".into(),
        ];
        let (vault, _) = vault(&Password::None);
        for change in changes {
            let mut changed = vault.clone();
            change(&mut changed.kdf);
            assert!(matches!(changed.open(&Password::None), Err(StorageError::AbsurdKdf)));
        }
    }

    #[test]
    fn files_of_other_versions_and_shapes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Vault::read(dir.path()), Err(StorageError::Damaged)));
        let path = dir.path().join(FILE);
        std::fs::write(&path, br#"{"format":3,"something":"else"}"#).unwrap();
        assert!(matches!(Vault::read(dir.path()), Err(StorageError::NewerVersion)));
        std::fs::write(&path, br#"{"format":1}"#).unwrap();
        assert!(matches!(Vault::read(dir.path()), Err(StorageError::Damaged)));
        std::fs::write(&path, vec![b' '; 20_000]).unwrap();
        assert!(matches!(Vault::read(dir.path()), Err(StorageError::Damaged)));
    }

    #[test]
    fn the_file_survives_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (vault, key) = vault(&Password::None);
        vault.write(dir.path()).unwrap();
        vault.write(dir.path()).unwrap();
        let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Vault::read(dir.path()).unwrap().open(&Password::None).unwrap().key, key);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn two_keys_are_there_while_the_database_is_written_anew_and_earlier_programs_refuse_them() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, key) = vault(&Password::None);
        let lid = vault.open(&Password::None).unwrap().lid;
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let next = DatabaseKey::generate(&mut rng);
        lid.close(&key, Some(&next), &mut rng).write(dir.path()).unwrap();
        let both = Vault::read(dir.path()).unwrap();
        assert_eq!(both.format, FORMAT_OF_TWO);
        let opened = both.open(&Password::None).unwrap();
        assert!(opened.key == key && opened.next == Some(next.clone()));
        lid.close(&next, None, &mut rng).write(dir.path()).unwrap();
        let one = Vault::read(dir.path()).unwrap();
        assert_eq!(one.format, FORMAT);
        let opened = one.open(&Password::None).unwrap();
        assert!(opened.key == next && opened.next.is_none());
    }

    #[test]
    fn debug_shows_no_password() {
        let password = Password::from_text("hunter2").unwrap();
        assert_eq!(format!("{password:?}"), "Password([redacted])");
        assert_eq!(format!("{:?}", Password::None), "Password(none)");
    }
}
