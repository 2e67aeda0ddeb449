//! Database values as typed values, and bounds of what is stored.

use cwtch_api::Purpose;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::token::{IssuerPublicKey, Token};
use cwtch_primitives::{Address, PublicKey, Zeroizing};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, types::FromSql};
use sha2::{Digest, Sha256};

use super::error::StorageError;
use super::types::{ContactState, Content, MessageState, OVERLAY_MAX, TokenBytes, Writes};
use crate::names::{self, NAME_MAX};

/// The most bytes of a signature: what a message can carry beside anything else. Ours have 64.
pub(super) const SIGNATURE_MAX: usize = 8192;

fn broken(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(FromSqlError::InvalidType))
}

/// A number that stands for nothing.
pub(super) fn broken_integer(column: usize) -> rusqlite::Error {
    broken(column, Type::Integer)
}

/// Bytes that are missing or of a wrong length.
pub(super) fn broken_blob(column: usize) -> rusqlite::Error {
    broken(column, Type::Blob)
}

/// An address, stored as its 32 key bytes.
pub(super) fn address(row: &Row<'_>, column: usize) -> rusqlite::Result<Address> {
    let bytes: [u8; 32] = row.get(column)?;
    read_address(&bytes, column)
}

/// The address of key bytes that were read.
pub(super) fn address_of(bytes: &[u8; 32]) -> rusqlite::Result<Address> {
    read_address(bytes, 0)
}

fn read_address(bytes: &[u8; 32], column: usize) -> rusqlite::Result<Address> {
    Ok(PublicKey::from_bytes(bytes).map_err(|_| broken(column, Type::Blob))?.address())
}

pub(super) fn key_bytes(address: &Address) -> &[u8; 32] {
    address.public_key().as_bytes()
}

pub(super) fn issuer(row: &Row<'_>, column: usize) -> rusqlite::Result<IssuerPublicKey> {
    let bytes: [u8; 32] = row.get(column)?;
    IssuerPublicKey::from_bytes(&bytes).map_err(|_| broken(column, Type::Blob))
}

pub(super) fn group_id(row: &Row<'_>, column: usize) -> rusqlite::Result<GroupId> {
    Ok(GroupId::from_bytes(row.get(column)?))
}

pub(super) fn token(row: &Row<'_>, column: usize) -> rusqlite::Result<Token> {
    let bytes: TokenBytes = Zeroizing::new(row.get(column)?);
    Token::from_bytes(bytes.as_slice()).ok_or_else(|| broken(column, Type::Blob))
}

pub(super) fn optional_token(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Token>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => token(row, column).map(Some),
    }
}

/// A count or a 64-bit number: stored as the integer with the same bits.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

/// A text that must be one of a fixed list.
pub(super) fn from_list<S: FromSql, T>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(S) -> Option<T>,
) -> rusqlite::Result<T> {
    parse(row.get(column)?).ok_or_else(|| broken(column, Type::Integer))
}

impl ContactState {
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Accepted => 1,
            Self::Blocked => 2,
            Self::Rejected => 3,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        [Self::Unknown, Self::Accepted, Self::Blocked, Self::Rejected].into_iter().find(|s| s.code() == code)
    }
}

/// The schema's number of a state of writing.
pub(super) fn writes_code(writes: Writes) -> i64 {
    match writes {
        Writes::AfterAnother => 0,
        Writes::Yes => 1,
        Writes::AfterSync => 2,
    }
}

/// The state of writing of a number of the schema.
pub(super) fn writes_of(code: i64) -> Option<Writes> {
    [Writes::Yes, Writes::AfterAnother, Writes::AfterSync].into_iter().find(|w| writes_code(*w) == code)
}

impl MessageState {
    const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sent,
        Self::Acknowledged,
        Self::Stored,
        Self::Failed,
        Self::Received,
        Self::Verified,
    ];

    /// The schema's numbers; an index is made for 1 and 2.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Queued => 1,
            Self::Sent => 2,
            Self::Acknowledged => 3,
            Self::Stored => 4,
            Self::Failed => 5,
            Self::Received => 6,
            Self::Verified => 7,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }
}

impl Content {
    pub(super) fn check(&self) -> Result<(), StorageError> {
        limit(Purpose::Message, self.json.len().max(self.data.len()), OVERLAY_MAX)
    }
}

/// Hash by which a quoted reply names a message (§1.10): SHA-256 of the author's address and the overlay's JSON.
pub(super) fn quote_hash(author: &Address, json: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(author.as_bytes()).chain_update(json).finalize().into()
}

/// Checks a length.
pub(super) fn limit(what: Purpose, len: usize, max: usize) -> Result<(), StorageError> {
    if len > max { Err(StorageError::TooLong { what, max }) } else { Ok(()) }
}

/// Checks a name that the person gives: 1 to [`NAME_MAX`] bytes without control characters, something of it visible, and nothing
/// that stands for somebody else. `what` is the name's kind, for the error.
///
/// # Errors
/// [`StorageError::TooLong`] or [`StorageError::Name`].
pub fn check_given_name(what: Purpose, name: &str) -> Result<(), StorageError> {
    check_name(what, name)?;
    match names::refusal(name) {
        Some(like) => Err(StorageError::Name { what, like }),
        None => Ok(()),
    }
}

/// Checks a name for people: something, not too much, nothing that moves a terminal's cursor.
pub(super) fn check_name(what: Purpose, name: &str) -> Result<(), StorageError> {
    if names::clean(name).is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(StorageError::Text { what, max: NAME_MAX });
    }
    Ok(())
}
