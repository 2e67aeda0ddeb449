//! Settings, experiments and the own public attributes.

use cwtch_api::Purpose;
use rusqlite::{OptionalExtension, params};

use super::Profile;
use super::columns::limit;
use super::error::StorageError;
use super::types::Attribute;

/// The most bytes of a setting's name or an experiment's name.
const KEY_MAX: usize = 128;
/// The most bytes of a setting.
const VALUE_MAX: usize = 64 * 1024;

impl Profile {
    /// A setting.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StorageError> {
        self.read("read a setting", |conn| {
            Ok(conn
                .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })
    }

    /// Sets a setting; `None` removes it.
    ///
    /// # Errors
    /// [`StorageError::TooLong`], or trouble with the database.
    pub fn set_setting(&mut self, key: &str, value: Option<&str>) -> Result<(), StorageError> {
        limit(Purpose::SettingName, key.len(), KEY_MAX)?;
        limit(Purpose::Setting, value.map_or(0, str::len), VALUE_MAX)?;
        self.write("change a setting", |tx| {
            match value {
                Some(value) => tx.execute(
                    "INSERT INTO settings (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [key, value],
                )?,
                None => tx.execute("DELETE FROM settings WHERE key = ?1", [key])?,
            };
            Ok(())
        })
    }

    /// Names of the experiments that are on.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn experiments(&self) -> Result<Vec<String>, StorageError> {
        self.read("list the experiments", |conn| {
            let mut statement = conn.prepare_cached("SELECT name FROM experiments ORDER BY name")?;
            let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(names)
        })
    }

    /// True if an experiment is on.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn experiment_enabled(&self, name: &str) -> Result<bool, StorageError> {
        self.read("look up an experiment", |conn| {
            Ok(conn.prepare_cached("SELECT 1 FROM experiments WHERE name = ?1")?.exists([name])?)
        })
    }

    /// Turns an experiment on or off; tells whether that changed anything.
    ///
    /// # Errors
    /// [`StorageError::TooLong`], or trouble with the database.
    pub fn set_experiment(&mut self, name: &str, on: bool) -> Result<bool, StorageError> {
        limit(Purpose::ExperimentName, name.len(), KEY_MAX)?;
        self.write("switch an experiment", |tx| {
            let changed = if on {
                tx.execute("INSERT OR IGNORE INTO experiments (name) VALUES (?1)", [name])?
            } else {
                tx.execute("DELETE FROM experiments WHERE name = ?1", [name])?
            };
            Ok(changed > 0)
        })
    }

    /// One of the own public attributes.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn attribute(&self, attribute: Attribute) -> Result<Option<String>, StorageError> {
        self.read("read an attribute", |conn| {
            Ok(conn
                .prepare_cached("SELECT value FROM attributes WHERE path = ?1")?
                .query_row([attribute.path()], |row| row.get(0))
                .optional()?)
        })
    }

    /// The own public attributes that are set.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn attributes(&self) -> Result<Vec<(Attribute, String)>, StorageError> {
        let mut set = Vec::new();
        for attribute in Attribute::ALL {
            if let Some(value) = self.attribute(attribute)? {
                set.push((attribute, value));
            }
        }
        Ok(set)
    }

    /// Sets one of the own public attributes; `None` removes it.
    ///
    /// # Errors
    /// [`StorageError::TooLong`] above [`Attribute::MAX`] bytes, or trouble with the database.
    pub fn set_attribute(&mut self, attribute: Attribute, value: Option<&str>) -> Result<(), StorageError> {
        limit(Purpose::Attribute, value.map_or(0, str::len), Attribute::MAX)?;
        self.write("change an attribute", |tx| {
            match value {
                Some(value) => tx.execute(
                    "INSERT INTO attributes (path, value) VALUES (?1, ?2)
                     ON CONFLICT (path) DO UPDATE SET value = excluded.value",
                    params![attribute.path(), value],
                )?,
                None => tx.execute("DELETE FROM attributes WHERE path = ?1", [attribute.path()])?,
            };
            Ok(())
        })
    }
}
