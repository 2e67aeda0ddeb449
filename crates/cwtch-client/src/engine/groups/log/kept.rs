//! A server's monitor as the database holds it.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Monitor, Snapshot};

use crate::profile::{Profile, StorageError};

/// The monitor of a server as it was when its last changes were stored.
///
/// # Errors
/// If the database cannot be read, or what it holds does not verify.
pub(in crate::engine::groups) fn restore(
    profile: &Profile,
    server: &Address,
) -> Result<Monitor, StorageError> {
    restored(server, &profile.log_snapshot(server)?)
}

/// The monitor of a server as far as members' messages are judged by it that name these sizes of the log. Nothing that it
/// changes is to be kept.
///
/// # Errors
/// As [`restore`].
pub(in crate::engine::groups) fn restore_for_judging(
    profile: &Profile,
    server: &Address,
    sizes: &BTreeSet<u64>,
) -> Result<Monitor, StorageError> {
    restored(server, &profile.log_for_judging(server, sizes)?)
}

fn restored(server: &Address, kept: &Snapshot) -> Result<Monitor, StorageError> {
    Monitor::restore(*server, kept).map_err(|error| {
        tracing::error!(%error, "a server's log cannot be restored");
        StorageError::DamagedLog
    })
}

/// Unix seconds as the monitor counts them.
pub(in crate::engine) fn unix(now: i64) -> u64 {
    u64::try_from(now).unwrap_or(0)
}
