//! SQLite's errors, as the table layer's and the store's.

use crate::store::StoreError;
use crate::store::tables::TableError;

/// A failure of the table layer.
pub(super) fn failed(error: rusqlite::Error) -> TableError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => TableError::Full,
        _ => TableError::Failed(Box::new(error)),
    }
}

/// A failure while a database is being opened.
pub(super) fn of(action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::of(action)(failed(error))
}
