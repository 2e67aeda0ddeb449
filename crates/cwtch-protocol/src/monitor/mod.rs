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
//!
//! **Rooms.** `memory`: what is kept of the log. `statements`: what a server signed, judged. `reply`: what it
//! sends, read. Each knows only the ones before it.

mod inputs;
pub mod limits;
mod memory;
mod reply;
mod statements;

use core::fmt;

use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, Checkpoint, EntryId, Hash, Policy};
use cwtch_primitives::Address;

use memory::{Kept, restore};
use reply::ReplyReader;
use statements::Judge;

pub use memory::{
    Change, Evidence, EvidenceKind, EvidenceObject, GossipClaim, HeadSource, Loss, Noise, ObjectKind,
    RestoreError, Snapshot, StoredHead, Unproven,
};
pub use reply::{Begun, EntryPlace, LivePlace, ReplayRequest};
pub use statements::{
    ComparisonOutcome, Learnt, Malformed, MismatchOutcome, Notice, Posted, Probed, Refused, Seen,
};

/// One server's log as seen by one client. The calling contract stands at the top of this module.
pub struct Monitor {
    judge: Judge,
    reader: ReplyReader,
}

impl Monitor {
    /// The monitor of a server of whose log nothing is known.
    pub fn new(server: Address) -> Self {
        Self::with(server, Kept::default())
    }

    /// Restores a monitor from a snapshot. Signatures are verified again, those of boundary checkpoints when they are
    /// used.
    ///
    /// The pinned certificate counts first: with it the server is held to what it signed, whatever else can be used.
    /// Parts that cannot be used, or are more than is kept, are forgotten, and [`Monitor::take_changes`] tells the
    /// store: if the entries do not fit their checkpoint, the log is read from its start again and compared with
    /// every boundary checkpoint. A state that a monitor has stored by its changes comes back as it was, without any.
    ///
    /// # Errors
    /// [`RestoreError`] if the pinned certificate, the policy or the Retain does not verify.
    pub fn restore(server: Address, kept: &Snapshot) -> Result<Self, RestoreError> {
        let kept = restore(&server, kept)?;
        Ok(Self::with(server, kept))
    }

    fn with(server: Address, kept: Kept) -> Self {
        let reader = ReplyReader::new(&kept);
        Self { judge: Judge::new(server, kept), reader }
    }

    /// The server.
    pub fn server(&self) -> &Address {
        &self.judge.server
    }

    /// The next notice.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.judge.poll_notice()
    }

    /// The changes since this was last called; to be committed in one transaction, in this order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.judge.kept.take_changes()
    }

    /// The whole state that is to be kept. A store that applied every [`Change`] has the same.
    pub fn snapshot(&self) -> Snapshot {
        self.judge.kept.snapshot()
    }

    /// True if the server is not to be synced any more.
    pub fn is_stopped(&self) -> bool {
        self.judge.kept.stopped
    }

    /// The pinned certificate: 186 bytes, for invites and for the padding of messages.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.judge.kept.certificates.pinned()
    }

    /// True if the server must show a log: one is pinned, and the server did not end it.
    pub fn expects_log(&self) -> bool {
        self.judge.kept.expects_log()
    }

    /// The number of entries that a signed checkpoint covers.
    pub fn verified_size(&self) -> u64 {
        self.judge.kept.verified_size()
    }

    /// The size up to which received entries are covered by a signature: that of the newest boundary checkpoint of
    /// the reply, or the verified size when none is being received. Below the verified size it matters only to a
    /// caller that reads from the start.
    pub fn covered_size(&self) -> u64 {
        if self.is_reading() { self.reader.fold.settled } else { self.verified_size() }
    }

    /// True if a reply is being received: it began, and neither ended nor was given up.
    pub fn is_reading(&self) -> bool {
        self.reader.is_reading()
    }

    /// The compact range up to the last entry that was received; its root is that of the log up to there.
    pub fn received_range(&self) -> &CompactRange {
        &self.reader.fold.range
    }

    /// The checkpoint that covers the verified size; none before the first sync, and between a declared loss and the
    /// next sync.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.judge.kept.head.as_ref()
    }

    /// The index below which the server may have deleted entries; 0 if it deletes none.
    pub fn min_index(&self) -> u64 {
        self.judge.kept.min_index()
    }

    /// The server's promise about keeping messages.
    pub fn policy(&self) -> Option<&Policy> {
        self.judge.kept.policy.as_ref()
    }

    /// The incarnation that an index belongs to: the one whose key signs for the tree that ends with it.
    pub fn incarnation_at(&self, index: u64) -> Option<u64> {
        let certificates = &self.judge.kept.certificates;
        certificates.of_size(index.saturating_add(1)).map(Certificate::incarnation)
    }

    /// True if the server declared that the entry which once was at an index is lost.
    pub fn is_lost(&self, index: u64) -> bool {
        self.losses().iter().any(|loss| (loss.from..loss.to).contains(&index))
    }

    /// Our own root of a size, if it is known: for every size since the last boundary but one, for the last 64
    /// multiples of 64, and for boundaries that are kept. Sizes above [`Monitor::verified_size`] are provisional.
    ///
    /// Gossip needs the root after a group's own messages (section 8). Ask for it when such a message is stored, as
    /// `root_at(index + 1)`, and keep it beside the message: later it may be out of reach.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.judge.kept.root_at(size).or_else(|| self.reader.fold.root_at(size))
    }

    /// The id of the entry at an index, if it is kept (since the last boundary but one). Indexes from
    /// [`Monitor::verified_size`] on are provisional.
    pub fn entry_at(&self, index: u64) -> Option<EntryId> {
        self.reader.entry_at(index, &self.judge.kept)
    }

    /// The losses that the server declared, oldest first.
    pub fn losses(&self) -> &[Loss] {
        &self.judge.kept.losses
    }

    /// All evidence, oldest first.
    pub fn evidence(&self) -> &[Evidence] {
        &self.judge.kept.evidence
    }

    /// Gossip that differs, oldest first.
    pub fn gossip(&self) -> &[GossipClaim] {
        self.judge.kept.gossip.claims()
    }
}

/// Shows sizes only.
impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("verified_size", &self.verified_size())
            .field("stopped", &self.is_stopped())
            .field("evidence", &self.evidence().len())
            .finish_non_exhaustive()
    }
}
