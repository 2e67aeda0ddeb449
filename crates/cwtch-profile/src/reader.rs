//! Reading from a profile beside whoever changes it.

use std::ops::Deref;

use super::error::TxError;
use super::vault::DatabaseKey;
use super::{News, Profile, StorageError, db};

/// A second connection with an open profile: it sees what is committed, changes nothing, and waits for no change that is
/// under way. It has every method of a [`Profile`] that only reads.
#[derive(Debug)]
pub struct Reader(Profile);

impl Deref for Reader {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.0
    }
}

impl Profile {
    /// Opens a second connection to read from.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn reader(&self) -> Result<Reader, StorageError> {
        let key = DatabaseKey::from_slice(self.key.expose()).ok_or(StorageError::Damaged)?;
        Ok(Reader(Self {
            conn: db::open_reader(&self.path.join(db::FILE), &key)?,
            path: self.path.clone(),
            key,
            lid: None,
            identity: self.identity.clone(),
            address: self.address,
            session: self.session,
            news: News::default(),
            traces: false,
            #[cfg(any(test, feature = "fixtures"))]
            fuse: self.fuse,
            lock: self.lock.clone(),
        }))
    }
}

impl Reader {
    /// Runs queries that all see the same moment, whatever is committed meanwhile.
    ///
    /// # Errors
    /// The error of the queries, or trouble with the database.
    pub fn at_one_moment<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Profile) -> Result<T, E>,
    ) -> Result<T, E> {
        let moment = self.conn.unchecked_transaction();
        let moment = moment.map_err(|error| TxError::from(error).during("begin to read"))?;
        let out = work(self)?;
        // It changed nothing: it ends however it ends.
        drop(moment);
        Ok(out)
    }
}
