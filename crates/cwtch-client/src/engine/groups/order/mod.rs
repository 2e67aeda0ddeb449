//! Statements of messages about the ones before them, judged and told (docs/verifiable-log.md, section 8).
//!
//! What a message says is stored with it. [`judge()`] decides what is open; it runs behind every batch and at the end of
//! every sync, looks at nothing that is decided, and asks the server's monitor only if the tables do not know.

mod judge;

use std::collections::BTreeSet;

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_primitives::Address;

pub(super) use self::judge::judge;
use super::limits;
use crate::profile::{Profile, StorageError, SyncItem};

/// Certificates in messages that say something new.
pub(super) fn certificates(
    profile: &Profile,
    server: &Address,
    items: &[SyncItem],
) -> Result<Vec<[u8; CERTIFICATE_LEN]>, StorageError> {
    let found = items.iter().filter_map(|item| item.extensions.as_ref()?.certificate.as_deref().copied());
    let found: BTreeSet<[u8; CERTIFICATE_LEN]> = found.collect();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let pinned = profile.log_certificate(server)?;
    let new = found.into_iter().filter(|bytes| pinned.as_deref() != Some(bytes.as_slice()));
    Ok(new.take(limits::CERTIFICATES).collect())
}
