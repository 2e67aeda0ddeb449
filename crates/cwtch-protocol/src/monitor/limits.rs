//! The limits of a monitor on everything that a server, or a contact, can make grow.

/// Number of the last multiples of 64 for which the monitor keeps a compact range (section 7).
pub const RANGES_KEPT: u64 = 64;
/// Number of the last multiples of each larger block for which it keeps one: as far as the noise of the cursor
/// reaches.
pub const BLOCKS_KEPT: u64 = 1 + NOISE_MAX as u64;
/// The largest block of the cursor, in entries (section 7, *Cursor*).
pub const BLOCK_MAX: u64 = 1 << 16;
/// The greatest draw of the cursor's noise (section 7, *Cursor*).
pub const NOISE_MAX: u8 = 31;
/// Number of heads of probes and comparisons that may wait to be compared. Further ones are not kept.
pub const HEADS_WAITING_MAX: usize = 64;
/// Number of checkpoints of interrupted replies that may wait to be compared. The one of the smallest size makes
/// room.
pub const REPLY_HEADS_MAX: usize = 8;
/// Number of our own receipts that may wait to be compared. The oldest makes room.
pub const RECEIPTS_WAITING_MAX: usize = 256;
/// Number of certificates of the pinned one's line that are kept: itself, the one that it continues, and so on.
pub const LINE_MAX: usize = 56;
/// Number of certificates beside the line that are kept: one may link a later one to the pinned one.
pub const LOOSE_MAX: usize = 8;
/// Number of certificates that are kept in all, including those under which something kept verifies.
pub const CERTIFICATES_MAX: usize =
    LINE_MAX + LOOSE_MAX + RECEIPTS_WAITING_MAX + HEADS_WAITING_MAX + REPLY_HEADS_MAX + 3;
/// Number of boundary checkpoints that are kept, 113 bytes each: those of the last 16.7 million entries.
pub const BOUNDARIES_MAX: usize = 1 << 16;
/// Number of entry ids of a reply that no checkpoint covers yet, 32 bytes each. An honest reply has a boundary
/// checkpoint every 256 entries; above this limit the earliest are given up, and with them a part of what could be
/// proven.
pub const FOLD_IDS_MAX: usize = 1 << 17;
/// Number of declared losses that are kept; later ones are merged into the last.
pub const LOSSES_MAX: usize = 64;
/// Number of pieces of evidence that are kept: at most one for each kind and incarnation.
pub const EVIDENCE_MAX: usize = 64;
/// Number of notices that may wait to be drained. Lesser ones make room for those that accuse, or say that something
/// was lost.
pub const NOTICES_MAX: usize = 256;
/// Number of authors whose differing gossip is kept.
pub const GOSSIP_AUTHORS_MAX: usize = 64;
/// Number of differing claims that are kept for each author.
pub const GOSSIP_PER_AUTHOR_MAX: usize = 8;

/// Seconds that a checkpoint may be ahead of our own clock.
pub const AHEAD_MAX: u64 = 5 * 60;
/// Seconds that a server's newest checkpoint may be behind our own clock before it is called stale.
pub const BEHIND_MAX: u64 = 30 * 60;
/// Seconds within which a second declared loss is an alarm.
pub const LOSS_ALARM: u64 = 90 * 24 * 60 * 60;
