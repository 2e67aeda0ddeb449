//! The server's three keys: files that only their owner can read.
//!
//! `DATA/keys/` holds `board.key` and `token-service.key` (Ed25519 seeds) and `issuer.key` (the token
//! issuer's scalar), 32 raw bytes each. The directory is made whole under another name and renamed, so
//! that a crash leaves all three keys or none.

use std::path::{Path, PathBuf};

use cwtch_files::Why;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{CryptoRngCore, Identity, SecretBytes};
use cwtch_wire::bundle::KeyBundle;

use crate::data_dir::{DataDirError, check_private_dir};

/// The directory of the keys, in the data directory.
pub(crate) const DIR: &str = "keys";
const BOARD: &str = "board.key";
const TOKEN_SERVICE: &str = "token-service.key";
const ISSUER: &str = "issuer.key";

/// A key file's name in an error.
const KEY_FILE: &str = "the key file";

/// Reason why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file or directory is missing, readable by others, or the system refused.
    #[error(transparent)]
    File(#[from] DataDirError),
    /// A file does not hold a key.
    #[error("the key file {} does not hold a key: restore it from a backup", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// The directory has messages, but no keys.
    #[error(
        "the data directory holds messages but not the keys in {}: restore them from a backup (a new key would be \
         another server)", path.display()
    )]
    Lost {
        /// Path at which the keys should be.
        path: PathBuf,
    },
}

/// The secrets of a server. `Debug` shows none of them.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    /// The identity that clients know the server by.
    pub board: Identity,
    /// The identity of the token service, a second onion address.
    pub token_service: Identity,
    /// The scalar that signs tokens.
    pub issuer: IssuerKey,
}

impl ServerKeys {
    /// Draws fresh keys.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        Self {
            board: Identity::generate(rng),
            token_service: Identity::generate(rng),
            issuer: IssuerKey::generate(rng),
        }
    }

    /// Reads the keys of a data directory.
    ///
    /// # Errors
    /// [`DataDirError::Missing`] where there are none; [`DataDirError::Open`] if anybody but the owner can
    /// read them; [`KeyError::Content`].
    pub fn load(data_dir: &Path) -> Result<Self, KeyError> {
        let dir = data_dir.join(DIR);
        if !dir.exists() {
            return Err(DataDirError::Missing { path: data_dir.to_owned() }.into());
        }
        check_private_dir(data_dir, "the data directory")?;
        check_private_dir(&dir, "the directory of the keys")?;
        let issuer_path = dir.join(ISSUER);
        let issuer = IssuerKey::from_bytes(read_key(&issuer_path)?.expose())
            .map_err(|_| KeyError::Content { path: issuer_path })?;
        Ok(Self {
            board: Identity::from_seed(read_key(&dir.join(BOARD))?.expose()),
            token_service: Identity::from_seed(read_key(&dir.join(TOKEN_SERVICE))?.expose()),
            issuer,
        })
    }

    /// Reads the keys, or makes them if the directory has none. The caller holds the directory's lock.
    ///
    /// # Errors
    /// As [`ServerKeys::load`]; [`KeyError::Lost`] if `has_messages` and there are no keys.
    pub fn load_or_create(
        data_dir: &Path,
        has_messages: bool,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, KeyError> {
        let dir = data_dir.join(DIR);
        if dir.exists() {
            return Self::load(data_dir);
        }
        if has_messages {
            return Err(KeyError::Lost { path: dir });
        }
        let keys = Self::generate(rng);
        keys.store(data_dir)?;
        Ok(keys)
    }

    fn store(&self, data_dir: &Path) -> Result<(), DataDirError> {
        let (temporary, dir) = (data_dir.join("keys.new"), data_dir.join(DIR));
        if temporary.exists() {
            // What a crash left of an earlier first run: never used, because it was never renamed.
            std::fs::remove_dir_all(&temporary).map_err(DataDirError::io("removed", &temporary))?;
        }
        cwtch_files::make_new_dir(&temporary).map_err(DataDirError::of("the directory of the keys"))?;
        write_key(&temporary.join(BOARD), &self.board.seed())?;
        write_key(&temporary.join(TOKEN_SERVICE), &self.token_service.seed())?;
        write_key(&temporary.join(ISSUER), &self.issuer.to_bytes())?;
        Unbegun::note(&temporary)?;
        sync_dir(&temporary)?;
        std::fs::rename(&temporary, &dir).map_err(DataDirError::io("created", &dir))?;
        sync_dir(data_dir)
    }

    /// Key bundle that clients learn of the server, signed by the board's identity (§1.7).
    pub fn bundle(&self) -> KeyBundle {
        KeyBundle::sign(&self.board, &self.token_service.address(), self.issuer.public())
    }
}

/// The note beside the keys of a server that has not begun a log yet: only such a server begins one without being
/// asked.
///
/// It is removed once the first log is durable, and is in no backup: keys without it and without a database are those
/// of a server that lost what it had signed.
pub(crate) struct Unbegun;

impl Unbegun {
    const FILE: &'static str = "log.unbegun";

    /// True if the note is there.
    pub(crate) fn is(dir: &Path) -> bool {
        dir.join(Self::FILE).exists()
    }

    /// Writes the note.
    pub(crate) fn note(dir: &Path) -> Result<(), DataDirError> {
        let path = dir.join(Self::FILE);
        cwtch_files::replace(&path, b"").map_err(DataDirError::of("the note beside the keys"))
    }

    /// Removes the note, if it is there.
    pub(crate) fn clear(dir: &Path) -> Result<(), DataDirError> {
        if !Self::is(dir) {
            return Ok(());
        }
        let path = dir.join(Self::FILE);
        std::fs::remove_file(&path).map_err(DataDirError::io("removed", &path))?;
        sync_dir(dir)
    }
}

pub(crate) fn read_key(path: &Path) -> Result<SecretBytes<32>, KeyError> {
    let content = || KeyError::Content { path: path.to_owned() };
    let bytes = cwtch_files::read_private(path, 32).map_err(|error| match error.why {
        Why::TooLong { .. } => content(),
        _ => DataDirError::of(KEY_FILE)(error).into(),
    })?;
    SecretBytes::from_slice(&bytes).ok_or_else(content)
}

pub(crate) fn write_key(path: &Path, key: &SecretBytes<32>) -> Result<(), DataDirError> {
    cwtch_files::write_new(path, key.expose()).map_err(DataDirError::of(KEY_FILE))
}

pub(crate) fn sync_dir(path: &Path) -> Result<(), DataDirError> {
    cwtch_files::sync_dir(path).map_err(DataDirError::of("the directory of the keys"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;
    use std::os::unix::fs::PermissionsExt;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(1)
    }

    fn private_dir() -> tempfile::TempDir {
        tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap()
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn keys_are_made_once_and_read_back() {
        let dir = private_dir();
        assert!(matches!(ServerKeys::load(dir.path()), Err(KeyError::File(DataDirError::Missing { .. }))));
        let made = ServerKeys::load_or_create(dir.path(), false, &mut rng()).unwrap();
        let read = ServerKeys::load_or_create(dir.path(), true, &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
        assert_eq!(made.bundle().to_server_string(), read.bundle().to_server_string());
        for name in [BOARD, TOKEN_SERVICE, ISSUER] {
            let meta = std::fs::metadata(dir.path().join(DIR).join(name)).unwrap();
            assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, 32));
        }
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        let dir = private_dir();
        ServerKeys::load_or_create(dir.path(), false, &mut rng()).unwrap();
        let file = dir.path().join(DIR).join(ISSUER);
        chmod(&file, 0o640);
        let error = ServerKeys::load(dir.path()).unwrap_err();
        assert!(matches!(error, KeyError::File(DataDirError::Open { mode: 0o640, .. })), "{error}");
        chmod(&file, 0o600);
        chmod(&dir.path().join(DIR), 0o711);
        assert!(ServerKeys::load(dir.path()).is_err());
        chmod(&dir.path().join(DIR), 0o700);
        ServerKeys::load(dir.path()).unwrap();
    }

    #[test]
    fn a_cut_or_missing_key_is_refused_and_never_replaced() {
        let dir = private_dir();
        ServerKeys::load_or_create(dir.path(), false, &mut rng()).unwrap();
        let file = dir.path().join(DIR).join(BOARD);
        std::fs::write(&file, [7; 31]).unwrap();
        assert!(matches!(
            ServerKeys::load_or_create(dir.path(), false, &mut rng()),
            Err(KeyError::Content { .. })
        ));
        std::fs::write(&file, [7; 33]).unwrap();
        assert!(ServerKeys::load(dir.path()).is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(ServerKeys::load_or_create(dir.path(), false, &mut rng()).is_err());
        std::fs::remove_dir_all(dir.path().join(DIR)).unwrap();
        assert!(matches!(
            ServerKeys::load_or_create(dir.path(), true, &mut rng()),
            Err(KeyError::Lost { .. })
        ));
    }

    #[test]
    fn an_unfinished_first_run_is_started_over() {
        let dir = private_dir();
        std::fs::create_dir(dir.path().join("keys.new")).unwrap();
        std::fs::write(dir.path().join("keys.new").join(BOARD), [1; 3]).unwrap();
        ServerKeys::load_or_create(dir.path(), false, &mut rng()).unwrap();
        assert!(!dir.path().join("keys.new").exists());
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = ServerKeys::generate(&mut rng());
        assert_eq!(
            format!("{keys:?}"),
            "ServerKeys { board: Identity([redacted]), token_service: Identity([redacted]), issuer: \
             IssuerKey([redacted]) }"
        );
    }
}
