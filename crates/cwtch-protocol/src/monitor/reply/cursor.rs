//! The cursor: the beginning of the next replay, chosen so that it identifies nobody (section 7, *Cursor*).

use cwtch_log::GRID;
use cwtch_log::tree::CompactRange;
use rand_core::RngCore;

use super::reader::ReplyReader;
use crate::monitor::limits::{BLOCK_MAX, NOISE_MAX};
use crate::monitor::memory::{Boundaries, Edit, Kept, KeptLog, Noise};

/// Least number of blocks in the volume of a day, so that what is fetched twice stays a small part of it. A block is
/// larger than half of that, so that it covers at least a sixteenth of a day.
const BLOCKS_IN_A_DAY: u64 = 8;
const DAY: u64 = 24 * 60 * 60;

/// A request to a server for a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Index of the first wanted entry (`Log.from`).
    pub from: u64,
    /// True if `LastCommit` may be filled: only while the server is not known to have a log; otherwise it is null.
    pub last_commit_allowed: bool,
}

impl ReplyReader {
    /// Draws the beginning of the next replay.
    pub(crate) fn request(&mut self, kept: &mut Kept, rng: &mut impl RngCore) -> ReplayRequest {
        let size = kept.verified_size();
        let noise = match kept.noise {
            Some(noise) if noise.size == size => noise,
            _ if size < GRID => Noise { size, draw: 0, block: GRID },
            _ => {
                // The number of trailing ones in random bits is n with probability 2^-(n + 1).
                let draw = u8::try_from(rng.next_u32().trailing_ones()).unwrap_or(NOISE_MAX).min(NOISE_MAX);
                let noise = Noise { size, draw, block: block(&kept.boundaries) };
                kept.record(Edit::Noise(noise));
                noise
            }
        };
        self.ask(beginning(kept, &noise), !kept.expects_log())
    }

    /// Asks for what the server holds from an index on. The index is rounded down, so that its size tells nobody which entry
    /// is looked for.
    pub(crate) fn request_from(&mut self, log: &KeptLog, index: u64) -> ReplayRequest {
        let wanted = index / GRID * GRID;
        // What the server may have deleted is asked for with the rest: the reply brings what stands in for it.
        let from = log.tail.kept_at_or_below(wanted).map_or(0, CompactRange::size);
        self.ask(from, !log.expects_log())
    }

    pub(super) fn ask(&mut self, from: u64, last_commit_allowed: bool) -> ReplayRequest {
        self.asked = Some(from);
        ReplayRequest { from, last_commit_allowed }
    }
}

/// The size from which a draw makes the replay begin. Only a compact range that is kept can be folded on from: where
/// too little is known so far back (after an update of this program, or after deleted entries), a smaller block is
/// used.
fn beginning(log: &KeptLog, noise: &Noise) -> u64 {
    let least = log.min_index();
    let mut block = noise.block.clamp(GRID, BLOCK_MAX);
    loop {
        let back = block.saturating_mul(noise.draw.into());
        let wanted = least.max((noise.size / block * block).saturating_sub(back));
        if log.tail.range_at(wanted).is_some() {
            return wanted;
        }
        if block <= GRID {
            // If a Retain lies between two ranges, or beyond our own log, asking for less is answered with what
            // stands in for the deleted entries.
            return log.tail.kept_at_or_below(wanted).map_or(0, CompactRange::size);
        }
        block /= 2;
    }
}

/// The block in which a client's last message hides: a power of two between a sixteenth and an eighth of what the log gained
/// in the last day before its newest boundary, at least 64. Everybody who reads the log computes the same.
fn block(boundaries: &Boundaries) -> u64 {
    let times = || boundaries.iter().rev().filter_map(|(key, _)| Some((key.0, boundaries.time(*key)?)));
    let Some((newest, now)) = times().next() else { return GRID };
    let in_a_day = times().take_while(|(_, time)| time.saturating_add(DAY) > now);
    let volume = in_a_day.last().map_or(0, |(oldest, _)| newest.saturating_sub(oldest));
    let most = (volume / BLOCKS_IN_A_DAY).max(1);
    (1 << most.ilog2()).clamp(GRID, BLOCK_MAX)
}
