//! The limits of a monitor: everything that a server, or a contact, can make grow.

/// How many of the last multiples of 64 the monitor keeps a compact range for (section 7).
pub const RANGES_KEPT: u64 = 64;
/// How many of the last multiples of each larger block it keeps one for: as far as the noise of the cursor reaches.
pub const BLOCKS_KEPT: u64 = 1 + NOISE_MAX as u64;
/// The largest block of the cursor, in entries (section 7, *Cursor*).
pub const BLOCK_MAX: u64 = 1 << 16;
/// The greatest draw of the cursor's noise (section 7, *Cursor*).
pub const NOISE_MAX: u8 = 31;
/// Heads of probes and comparisons that wait to be compared. Further ones are not kept.
pub const HEADS_WAITING_MAX: usize = 64;
/// Checkpoints of replies that were interrupted and wait to be compared. The one of the smallest size makes room.
pub const REPLY_HEADS_MAX: usize = 8;
/// Own receipts that wait to be compared. The oldest makes room.
pub const RECEIPTS_WAITING_MAX: usize = 256;
/// Certificates of the pinned one's line that are kept: itself, the one that it continues, and so on.
pub const LINE_MAX: usize = 56;
/// Certificates beside the line that are kept: one may link a later one to the pinned one.
pub const LOOSE_MAX: usize = 8;
/// Certificates that are kept in all: also those under which something verifies that is kept.
pub const CERTIFICATES_MAX: usize =
    LINE_MAX + LOOSE_MAX + RECEIPTS_WAITING_MAX + HEADS_WAITING_MAX + REPLY_HEADS_MAX + 3;
/// Boundary checkpoints that are kept, 113 bytes each: those of the last 16.7 million entries.
pub const BOUNDARIES_MAX: usize = 1 << 16;
/// Entry ids of a reply that no checkpoint covers yet, 32 bytes each. An honest reply has a boundary checkpoint every
/// 256 entries; above this limit the earliest are given up, and with them a part of what could be proven.
pub const FOLD_IDS_MAX: usize = 1 << 17;
/// Declared losses that are kept; later ones are counted to the last.
pub const LOSSES_MAX: usize = 64;
/// Evidence that is kept: one piece for each kind and incarnation, and no more than this.
pub const EVIDENCE_MAX: usize = 64;
/// Notices that wait to be drained. Lesser ones make room for those that accuse, or say that something was lost.
pub const NOTICES_MAX: usize = 256;
/// Authors whose differing gossip is kept.
pub const GOSSIP_AUTHORS_MAX: usize = 64;
/// Differing gossip that is kept for each author.
pub const GOSSIP_PER_AUTHOR_MAX: usize = 8;

/// How far ahead of the own clock a checkpoint may be, in seconds.
pub const AHEAD_MAX: u64 = 5 * 60;
/// How far behind the own clock a server's newest checkpoint may be before it is called stale, in seconds.
pub const BEHIND_MAX: u64 = 30 * 60;
/// A second declared loss within this time is an alarm, in seconds.
pub const LOSS_ALARM: u64 = 90 * 24 * 60 * 60;
