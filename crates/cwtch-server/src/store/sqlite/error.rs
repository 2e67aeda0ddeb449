//! SQLite's errors, converted into the table layer's and the store's.

use crate::store::StoreError;
use crate::store::tables::TableError;

/// Converts a failure into the table layer's error.
pub(super) fn failed(error: rusqlite::Error) -> TableError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => TableError::Full,
        _ => TableError::Failed(Box::new(error)),
    }
}

/// Converts a failure while a database is being opened or prepared; `action` says which.
pub(super) fn of(action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::of(action)(failed(error))
}
