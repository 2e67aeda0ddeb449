//! The verifiable log between the monitor, the database and the person (docs/verifiable-log.md, section 7).
//!
//! Who holds a server's monitor: the session of its link while there is one, else whoever has the link do something with
//! it ([`super::link::Link::monitor`]). It is restored from the database each time, so that nothing is believed that is
//! not durable.

mod alarm;
mod evidence;
mod probe;
mod refused;
mod resume;
mod tell;

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Monitor, Snapshot};

pub(super) use self::alarm::{Alarm, of_server};
pub(super) use self::probe::keep_probing;
pub(super) use self::refused::refused;
pub(super) use self::tell::Teller;
use crate::profile::{Profile, StorageError};

/// The monitor of a server as it was when its last changes were stored.
///
/// # Errors
/// If the database cannot be read, or what it holds does not verify.
pub(super) fn restore(profile: &Profile, server: &Address) -> Result<Monitor, StorageError> {
    restored(server, &profile.log_snapshot(server)?)
}

/// The monitor of a server as far as members' messages are judged by it that name these sizes of the log. Nothing that it
/// changes is to be kept.
///
/// # Errors
/// As [`restore`].
pub(super) fn restore_for_judging(
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
