//! Stretches of a conversation's order: what its epochs on one server have for themselves, from one move to the next.
//!
//! Indexes of two logs say nothing about each other. So whoever moves to another server begins a new stretch behind everything
//! that stands there, and places of that server's log count from its beginning. The machine for groups knows nothing of it:
//! to it each epoch is a group of its own, whose places are those of [`super::place`]; the store translates.

use super::place::{LAST, PLAIN};

/// The beginning of what was read before a log was read anew.
pub const EARLIER: i64 = -(1 << 52);
/// Places before all stretches but the first: behind every index that counts there.
const BEHIND_FIRST: i64 = 1 << 49;
/// The places of a stretch. It has room for 2^43 indexes, 2^42 positions without a log, and as many messages of before a log
/// was read anew; what lies beyond stands at its end.
const LEN: i64 = 1 << 45;
/// Begin of the places by indexes in a stretch, and of those by positions before them.
const INDEXED: i64 = 1 << 44;
const POSITIONED: i64 = 1 << 43;
/// The most stretches behind the first.
const MOST: i64 = (LAST - BEHIND_FIRST) / LEN - 1;
/// Distance that keeps what stands before a stretch apart from everything in it.
const FAR: i64 = 1 << 53;

/// A stretch of a conversation's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stretch(i64);

impl Stretch {
    /// The first one of a conversation, in which places are what the machine says.
    pub const FIRST: Self = Self(0);

    /// The one behind this. After 111 moves there is none, and the last one goes on.
    #[must_use]
    pub fn next(self) -> Self {
        if self.0 == 0 {
            return Self(BEHIND_FIRST + LEN);
        }
        Self((self.0 + LEN).min(BEHIND_FIRST + MOST * LEN))
    }

    /// The stretch that begins so.
    pub const fn beginning(at: i64) -> Self {
        Self(at)
    }

    /// The place before everything that stands in it; 0 for the first.
    pub const fn begins(self) -> i64 {
        self.0
    }

    /// The place in the conversation of what stands so in its epoch.
    pub fn place(self, stands: i64) -> i64 {
        if self.0 == 0 || stands >= LAST {
            return stands.min(LAST);
        }
        let within = match stands {
            0.. => INDEXED + stands.min(INDEXED - 1),
            PLAIN.. => POSITIONED + (stands - PLAIN).min(POSITIONED - 1),
            EARLIER.. => (stands - EARLIER).min(POSITIONED - 1),
            // It stands before the stretch.
            _ => return stands + FAR + self.0,
        };
        self.0 + within
    }

    /// The inverse of [`Self::place`].
    pub const fn stands(self, place: i64) -> i64 {
        if self.0 == 0 || place >= LAST {
            return place;
        }
        let within = place - self.0;
        if within >= INDEXED {
            within - INDEXED
        } else if within >= POSITIONED {
            PLAIN + (within - POSITIONED)
        } else if within >= 0 {
            EARLIER + within
        } else {
            within - FAR
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::at_first;
    use super::*;

    fn all() -> Vec<Stretch> {
        let mut all = vec![Stretch::FIRST];
        while all.last() != Some(&all.last().map_or(Stretch::FIRST, |last| last.next())) {
            all.push(all.last().copied().unwrap_or_default().next());
        }
        all
    }

    #[test]
    fn what_stands_in_one_stretch_stands_before_all_of_the_next() {
        let all = all();
        assert_eq!(all.len(), 112);
        let last_of = |stretch: Stretch| stretch.place(at_first(Some(u64::MAX), None));
        for pair in all.windows(2) {
            let first = [EARLIER, PLAIN, 0].map(|stands| pair[1].place(stands));
            assert!(first.iter().all(|place| *place > last_of(pair[0])), "{pair:?}");
            assert!(pair[1].begins() > last_of(pair[0]));
        }
        assert!(all.iter().all(|stretch| last_of(*stretch) < LAST && stretch.place(LAST) == LAST));
    }

    #[test]
    fn within_a_stretch_the_order_is_that_of_the_machine() {
        let stands = [
            EARLIER,
            EARLIER + 2,
            at_first(None, Some(1)) - 1,
            at_first(None, Some(1)),
            at_first(None, Some(1 << 40)),
            0,
            at_first(Some(0), None),
            at_first(Some(7), None) - 1,
            at_first(Some(7), None),
            at_first(Some(1 << 40), None),
            LAST,
        ];
        for stretch in all() {
            let places = stands.map(|stands| stretch.place(stands));
            assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
            assert_eq!(places.map(|place| stretch.stands(place)), stands);
        }
    }

    #[test]
    fn what_stands_before_a_stretch_stays_there() {
        let here = Stretch::FIRST.next().next();
        for place in [EARLIER, PLAIN + 3, 0, 15, BEHIND_FIRST, here.begins() - 1] {
            let stands = here.stands(place);
            assert!(stands < here.stands(here.begins()), "{place}");
            assert_eq!((here.place(stands), here.place(stands - 2)), (place, place - 2));
        }
    }
}
