//! Writing a database anew, under a fresh key: what is read out of copies of the old files, or was left in them, says nothing
//! about the new ones.
//!
//! `VACUUM` builds every page anew, so that nothing stands between rows any more; then SQLCipher writes all pages under the
//! other key, in one transaction. Meanwhile `profile.json` holds both keys. Whenever the program is killed, one of them opens
//! a whole database: the next one from the transaction's commit on. Nothing else may read meanwhile.

use std::path::Path;

use cwtch_primitives::{CryptoRngCore, OsRng};
use rusqlite::Connection;

use super::error::{StorageError, TxError};
use super::vault::{DatabaseKey, Lid};
use super::{Profile, db};

/// Step that failed, in errors.
const DOING: &str = "write the database anew";
/// Room that is left for others, beside the database's own size once more.
const ROOM: u64 = 1 << 20;

impl Profile {
    /// Writes the database anew under a fresh key.
    ///
    /// # Errors
    /// [`StorageError::DiskFull`] if there is not as much room as the database takes, [`StorageError::Busy`] if somebody
    /// reads, or other trouble with the disk. Nothing is lost; the key may be the old one or the fresh one.
    pub(super) fn renew(&mut self, rng: &mut impl CryptoRngCore) -> Result<(), StorageError> {
        self.make_sure_of_room()?;
        self.sweep_alone()?;
        self.read(DOING, |conn| Ok(conn.execute_batch("VACUUM")?))?;
        self.sweep_alone()?;
        let fresh = DatabaseKey::generate(rng);
        self.lid()?.close(&self.key, Some(&fresh), rng).write(&self.path)?;
        db::rekey(&self.conn, &fresh);
        let renewed = self.open_again(fresh)?;
        self.sweep_alone()?;
        // From here on the other key is nobody's.
        self.lid()?.close(&self.key, None, rng).write(&self.path)?;
        if renewed {
            return Ok(());
        }
        self.make_sure_of_room()?;
        Err(StorageError::Io { doing: DOING, source: std::io::Error::other("the database refused") })
    }

    /// Drops the key that is not the database's, which a program left that was killed while it wrote the database anew. Where
    /// that fails, both stay and it is tried at the next opening.
    pub(super) fn drop_other_key(&mut self) {
        let dropped = self
            .sweep_alone()
            .and_then(|()| self.lid()?.close(&self.key, None, &mut OsRng).write(&self.path));
        if let Err(error) = dropped {
            tracing::warn!(%error, "profile.json still holds two keys");
        }
    }

    /// Opens the database again, with the key that it has by now; tells whether that is the fresh one.
    fn open_again(&mut self, fresh: DatabaseKey) -> Result<bool, StorageError> {
        // Nothing is written any more through a connection that may take a wrong key for its own. It is closed before the
        // next one is opened, so that this one finds what lies on the disk.
        self.conn = Connection::open_in_memory().map_err(|error| TxError::from(error).during(DOING))?;
        let (conn, key) = open(&self.path.join(db::FILE), self.key.clone(), Some(fresh))?;
        let renewed = key != self.key;
        (self.conn, self.key) = (conn, key);
        Ok(renewed)
    }

    /// Removes what was erased from the files, or says that somebody reads.
    fn sweep_alone(&mut self) -> Result<(), StorageError> {
        self.traces = true;
        if self.sweep()? { Ok(()) } else { Err(StorageError::Busy { doing: DOING }) }
    }

    fn make_sure_of_room(&self) -> Result<(), StorageError> {
        let size = self.path.join(db::FILE).metadata().map_err(|error| StorageError::io(DOING, error))?.len();
        let free = cwtch_files::free_space(&self.path).map_err(StorageError::file(DOING))?;
        if free < size.saturating_add(ROOM) { Err(StorageError::DiskFull { doing: DOING }) } else { Ok(()) }
    }

    fn lid(&self) -> Result<&Lid, StorageError> {
        self.lid.as_ref().ok_or(StorageError::Damaged)
    }
}

/// Opens a database that may have the next key by now.
pub(super) fn open(
    file: &Path,
    key: DatabaseKey,
    next: Option<DatabaseKey>,
) -> Result<(Connection, DatabaseKey), StorageError> {
    if let Some(next) = next {
        match db::open(file, &next) {
            // It does not have it yet.
            Err(StorageError::Damaged) => {}
            opened => return Ok((opened?, next)),
        }
    }
    Ok((db::open(file, &key)?, key))
}
