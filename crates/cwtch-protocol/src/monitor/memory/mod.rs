//! The memory of a monitor: what it keeps of a server's log, verified, and the fold of what is not covered yet.
//!
//! [`KeptLog`] is our own log with everything that is signed and held beside it. It changes in one
//! way only, through [`Kept`], which notes each change for the store. [`Fold`] lies on top of
//! it: entries that came, and that no checkpoint covers.

mod boundaries;
mod bounds;
mod certificates;
mod evidence;
mod fold;
mod gossip;
mod kept;
mod log;
mod restore;
mod snapshot;
mod statement;
mod tail;
mod waiting;

pub(super) use boundaries::Boundaries;
pub(super) use certificates::{Certificates, Relation};
pub use evidence::{Evidence, EvidenceKind, EvidenceObject, ObjectKind, Unproven};
pub(super) use fold::Fold;
pub use gossip::GossipClaim;
pub(super) use kept::{Edit, Growth, Kept};
pub(super) use log::KeptLog;
pub use restore::RestoreError;
pub(super) use restore::restore;
pub use snapshot::{Change, HeadSource, Loss, Noise, Snapshot, StoredHead};
pub(super) use statement::Statement;
pub(super) use tail::Tail;
pub(super) use waiting::WaitingHead;
