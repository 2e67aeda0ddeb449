//! One server's log as seen by one client (sections 7, 7.1 and 7.2 of `docs/verifiable-log.md`).
//!
//! A [`Monitor`] takes what a server sends, as `cwtch_wire::board` reads it, and tells whether it is the log that the
//! server signed. Like every machine of this crate it knows no socket, clock or disk.
//!
//! **The contract**
//! - Give it inputs in the order in which they arrived (one connection to the server is synced at a time; probes go over
//!   others); after each, drain [`Monitor::poll_notice`] and take
//!   [`Monitor::take_changes`].
//! - **Durable first**: commit the changes of a step in one transaction, together with the messages that it covered, before a
//!   message is shown as verified, a request with the drawn cursor is sent, or a notice is shown. If the transaction
//!   fails, drop the monitor and restore it from the disk.
//! - [`EntryPlace::New`] entries are provisional until [`Monitor::verified_size`] is above their index. It grows at
//!   every boundary checkpoint of a reply (every 256 entries), at its end, and with every live checkpoint. An
//!   interruption drops the entries that it does not cover: throw provisional messages away, they come again.
//! - [`Monitor::abandon`] when a connection ends, whatever the reason.
//! - [`Refused::Malformed`]: close the connection. [`Refused::Stopped`]: close it, and do not sync with this server again.
//!
//! **What stops a sync.** Only a failed check of an object that verifies under the server's keys, or of what the
//! server itself sent against such an object:
//! - two signed statements that contradict each other (kinds 1, 2, 3, 5 to 13 of section 4): proven;
//! - entries whose root is not the signed one, a compact range that is not the signed Retain's, a receipt for a place taken
//!   before, a certificate that begins a log anew, a new incarnation that is not what its certificate says: unproven,
//!   because only this client saw what was sent, or what a proof needs is out of reach.
//!
//! It is never stopped by malformed bytes, live messages (which are unsigned) that do not fit, clocks, stale or older
//! answers, a missing log, or anything that contacts and members say.

mod advance;
mod anew;
mod boundaries;
mod certificates;
mod compare;
mod cursor;
mod evidence;
mod fold;
mod gather;
mod gossip;
mod header;
mod incarnation;
mod kept;
pub mod limits;
mod live;
mod notice;
mod notices;
mod observe;
mod probe;
mod receipts;
mod refused;
mod replay;
mod restore;
mod room;
mod rules;
mod snapshot;
mod statement;
mod tail;
mod waiting;

use core::fmt;

use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, Checkpoint, EntryId, Hash, Policy, Retain};
use cwtch_primitives::Address;

use fold::Fold;
use kept::Kept;
use notices::Notices;

pub use compare::{ComparisonOutcome, MismatchOutcome};
pub use cursor::ReplayRequest;
pub use evidence::{Evidence, EvidenceKind, EvidenceObject, ObjectKind, Unproven};
pub use gossip::GossipClaim;
pub use incarnation::{Learnt, Loss};
pub use live::LivePlace;
pub use notice::Notice;
pub use probe::Probed;
pub use receipts::{Posted, Seen};
pub use refused::{Malformed, Refused};
pub use replay::{Begun, EntryPlace};
pub use restore::RestoreError;
pub use snapshot::{Change, Noise, Snapshot, StoredHead};
pub use waiting::HeadSource;

/// One server's log as seen by one client. The calling contract stands at the top of this module.
pub struct Monitor {
    server: Address,
    /// The state that is kept, here and in the store.
    kept: Kept,
    /// The fold of what is being received, on top of the verified log.
    fold: Fold,
    /// True if the reply that is being received is only for evidence.
    gathering: bool,
    /// True if such a reply was asked for.
    gathered: bool,
    /// Index that the last replay asked for.
    asked: Option<u64>,
    /// Time of the newest input, in unix seconds.
    now: u64,
    notices: Notices,
}

impl Monitor {
    /// The monitor of a server of whose log nothing is known.
    pub fn new(server: Address) -> Self {
        Self {
            server,
            kept: Kept::default(),
            fold: Fold::at(CompactRange::new(), Vec::new()),
            gathering: false,
            gathered: false,
            asked: None,
            now: 0,
            notices: Notices::default(),
        }
    }

    /// The server.
    pub fn server(&self) -> &Address {
        &self.server
    }

    /// The next notice.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop()
    }

    /// The changes since this was last called; to be committed in one transaction, in this order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.kept.take_changes()
    }

    /// True if the server is not to be synced any more.
    pub fn is_stopped(&self) -> bool {
        self.kept.stopped
    }

    /// The pinned certificate: 186 bytes, for invites and for the padding of messages.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.kept.certificates.pinned()
    }

    /// True if the server must show a log: one is pinned, and the server did not end it.
    pub fn expects_log(&self) -> bool {
        self.kept.certificates.pinned().is_some_and(|pinned| !pinned.is_retired())
    }

    /// The number of entries that a signed checkpoint covers.
    pub fn verified_size(&self) -> u64 {
        self.kept.tail.end()
    }

    /// The checkpoint that covers the verified size; none before the first sync, and between a declared loss and the
    /// next sync.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.kept.head.as_ref()
    }

    /// The index below which the server may have deleted entries; 0 if it deletes none.
    pub fn min_index(&self) -> u64 {
        // Deletions from a log that the server has lost since say nothing of the present one.
        let retain = self.kept.retain.as_ref().filter(|retain| {
            self.kept.certificates.continued(retain.incarnation()).is_some_and(|to| retain.min_index() <= to)
        });
        retain.map_or(0, Retain::min_index)
    }

    /// The server's promise about keeping messages.
    pub fn policy(&self) -> Option<&Policy> {
        self.kept.policy.as_ref()
    }

    /// The incarnation that an index belongs to: the one whose key signs for the tree that ends with it.
    pub fn incarnation_at(&self, index: u64) -> Option<u64> {
        self.kept.certificates.of_size(index.saturating_add(1)).map(Certificate::incarnation)
    }

    /// True if the server declared that the entry which once was at an index is lost.
    pub fn is_lost(&self, index: u64) -> bool {
        self.kept.losses.iter().any(|loss| (loss.from..loss.to).contains(&index))
    }

    /// Our own root of a size, if it is known: for every size since the last boundary but one, for the last 64
    /// multiples of 64, and for boundaries that are kept. Sizes above [`Monitor::verified_size`] are provisional.
    ///
    /// Gossip needs the root after a group's own messages (section 8). Ask for it when such a message is stored, as
    /// `root_at(index + 1)`, and keep it beside the message: later it may be out of reach.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.own_root(size).or_else(|| self.fold.root_at(size))
    }

    /// The id of the entry at an index, if it is kept (since the last boundary but one). Indexes from
    /// [`Monitor::verified_size`] on are provisional.
    pub fn entry_at(&self, index: u64) -> Option<EntryId> {
        self.kept.tail.id(index).or_else(|| self.fold.id(index)).copied()
    }

    /// The losses that the server declared, oldest first.
    pub fn losses(&self) -> &[Loss] {
        &self.kept.losses
    }

    /// All evidence, oldest first.
    pub fn evidence(&self) -> &[Evidence] {
        &self.kept.evidence
    }

    /// Gossip that differs, oldest first.
    pub fn gossip(&self) -> &[GossipClaim] {
        self.kept.gossip.claims()
    }

    /// Keeps a member's statement about the log that differs from our own log; false if it was known. It accuses
    /// nobody: show it as "NAME reports a different log of this server".
    pub fn note_gossip(&mut self, claim: GossipClaim) -> bool {
        self.kept.keep_gossip(claim)
    }

    fn tell(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// Shows sizes only.
impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("verified_size", &self.verified_size())
            .field("stopped", &self.kept.stopped)
            .field("evidence", &self.kept.evidence.len())
            .finish_non_exhaustive()
    }
}
