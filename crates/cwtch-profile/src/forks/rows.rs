//! Values of the rows of forks.

use std::cell::RefCell;
use std::collections::HashMap;

use cwtch_primitives::PublicKey;
use cwtch_protocol::group::fork::{Member, Why};
use cwtch_wire::group::fork::{ForkId, Mode};
use rusqlite::Row;

use crate::columns::{broken_blob, from_list};

pub(super) fn member(row: &Row<'_>, column: usize) -> rusqlite::Result<Member> {
    let bytes: [u8; 32] = row.get(column)?;
    PublicKey::from_bytes(&bytes).map_err(|_| broken_blob(column))
}

/// Members by their keys, each of which is checked once: few members stand in many rows, and checking a key costs more than reading its row.
#[derive(Default)]
pub(super) struct Members(RefCell<HashMap<[u8; 32], Member>>);

impl Members {
    pub(super) fn one(&self, bytes: &[u8; 32], column: usize) -> rusqlite::Result<Member> {
        if let Some(known) = self.0.borrow().get(bytes) {
            return Ok(*known);
        }
        let member = PublicKey::from_bytes(bytes).map_err(|_| broken_blob(column))?;
        self.0.borrow_mut().insert(*bytes, member);
        Ok(member)
    }

    pub(super) fn of(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<Member> {
        self.one(&row.get(column)?, column)
    }

    pub(super) fn optional(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Member>> {
        let bytes: Option<[u8; 32]> = row.get(column)?;
        bytes.map(|bytes| self.one(&bytes, column)).transpose()
    }
}

pub(super) fn fork_id(row: &Row<'_>, column: usize) -> rusqlite::Result<ForkId> {
    Ok(ForkId::from_bytes(row.get(column)?))
}

pub(super) fn optional_fork_id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<ForkId>> {
    Ok(row.get::<_, Option<[u8; 32]>>(column)?.map(ForkId::from_bytes))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

pub(super) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

pub(super) fn mode(row: &Row<'_>, column: usize) -> rusqlite::Result<Mode> {
    from_list(row, column, Mode::from_byte)
}

/// Keys or ids, one behind the other.
pub(super) fn list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<[u8; 32]>> {
    let bytes: Vec<u8> = row.get(column)?;
    match bytes.as_chunks() {
        (items, []) => Ok(items.to_vec()),
        _ => Err(broken_blob(column)),
    }
}

pub(super) fn why_code(why: Why) -> i64 {
    match why {
        Why::Change => 1,
        Why::Doubtful => 2,
        Why::Join => 3,
        Why::Again => 4,
    }
}

pub(super) fn why(row: &Row<'_>, column: usize) -> rusqlite::Result<Why> {
    let all = [Why::Change, Why::Doubtful, Why::Join, Why::Again];
    from_list(row, column, |code: i64| all.into_iter().find(|why| why_code(*why) == code))
}
