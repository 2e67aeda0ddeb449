//! Prekeys: the others' newest, and the private halves of one's own.

use super::super::DAY;
use super::super::keys::half_expires;

/// Private halves that a profile keeps.
pub const HALVES_MAX: usize = 4;
/// Others' prekeys that a conversation keeps, one for a member.
pub const PREKEYS_MAX: usize = 256;
/// Time that a prekey may lie ahead.
const AHEAD: u64 = DAY;

/// True if a member's prekey takes the place of the one that is kept: the newest counts, unless it lies ahead. One from the future would stay for
/// years, whoever had the device when it was made.
pub fn is_newer_prekey(kept: Option<u64>, created: u64, now: u64) -> bool {
    created <= now.saturating_add(AHEAD) && kept.is_none_or(|kept| created > kept)
}

/// A private half of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Half {
    /// The time that its prekey bears.
    pub created: u64,
    /// Time at which a newer one was confirmed by the server.
    pub superseded: Option<u64>,
}

/// The places of those halves that can go: the ones that time has passed over, and above [`HALVES_MAX`] the oldest that a confirmed one follows. One
/// that nothing confirmed follows is the only one that others may know.
pub fn spent_halves(halves: &[Half], now: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..halves.len()).collect();
    order.sort_by_key(|place| halves.get(*place).map(|half| half.created));
    let mut above = halves.len().saturating_sub(HALVES_MAX);
    let mut spent = Vec::new();
    for place in order {
        let Some(half) = halves.get(place) else { continue };
        if half_expires(half.superseded, now) || (above > 0 && half.superseded.is_some()) {
            spent.push(place);
            above = above.saturating_sub(1);
        }
    }
    spent
}
