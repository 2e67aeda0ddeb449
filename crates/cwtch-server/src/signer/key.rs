//! The log key's file, beside the server's other keys. It belongs to one incarnation and into no backup.

use std::path::Path;

use cwtch_primitives::{CryptoRngCore, Identity, PublicKey};

use crate::data_dir::DataDirError;
use crate::keys::{KeyError, read_key, sync_dir, write_key};

/// Name of the log key's file.
const FILE: &str = "log.key";
/// Name of the file of a key that no certificate names yet, or that a crash kept from taking its place.
const NEXT: &str = "log.key.new";

/// True if there is a log key, of whatever incarnation.
pub(super) fn exists(dir: &Path) -> bool {
    dir.join(FILE).exists()
}

/// Finds the key that a certificate names. Moves it to its place if a crash had prevented that.
///
/// # Errors
/// If a file is readable by others or holds no key, or the system refuses.
pub(super) fn find(dir: &Path, named: &PublicKey) -> Result<Option<Identity>, KeyError> {
    for (file, promote) in [(FILE, false), (NEXT, true)] {
        let path = dir.join(file);
        if !path.exists() {
            continue;
        }
        let seed = match read_key(&path) {
            // A crash interrupted its writing, so no certificate names it.
            Err(KeyError::Content { .. }) if promote => continue,
            seed => seed?,
        };
        let key = Identity::from_seed(seed.expose());
        if key.public_key() == named {
            if promote {
                establish(dir)?;
            }
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Draws a key and writes it beside the one in force, which stays.
///
/// # Errors
/// If the system refuses.
pub(super) fn prepare(dir: &Path, rng: &mut impl CryptoRngCore) -> Result<Identity, KeyError> {
    let (key, path) = (Identity::generate(rng), dir.join(NEXT));
    remove_file(&path)?;
    write_key(&path, &key.seed())?;
    sync_dir(dir)?;
    Ok(key)
}

/// Puts the prepared key into the place of the one in force, once a durable certificate names it.
///
/// # Errors
/// If the system refuses.
pub(super) fn establish(dir: &Path) -> Result<(), KeyError> {
    let (next, path) = (dir.join(NEXT), dir.join(FILE));
    std::fs::rename(next, &path).map_err(DataDirError::io("replaced", &path))?;
    Ok(sync_dir(dir)?)
}

/// Removes every log key.
///
/// # Errors
/// If the system refuses.
pub(super) fn remove(dir: &Path) -> Result<(), KeyError> {
    remove_file(&dir.join(FILE))?;
    remove_file(&dir.join(NEXT))?;
    Ok(sync_dir(dir)?)
}

fn remove_file(path: &Path) -> Result<(), DataDirError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DataDirError::io("removed", path)(error))
        }
        _ => Ok(()),
    }
}
