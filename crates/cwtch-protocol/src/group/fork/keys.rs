//! The times at which keys are erased. Whoever calls this knows that a sync has completed since: nothing that the server still
//! holds needs them.

use cwtch_wire::group::fork::Mode;

use super::DAY;

/// Days for which messages stay readable with the kept key, by default.
pub const MEMORY: u16 = 30;
/// The fewest and the most days that a person can choose.
pub const MEMORY_RANGE: core::ops::RangeInclusive<u16> = 16..=365;
/// Days after its own after which a message comes too late to be shown by anybody: some have forgotten its key by then.
const LATE: u64 = 8;
/// Age in seconds from which an own message that is still queued is written anew, with the time of that moment.
pub const STALE: u64 = 7 * DAY;
const _: () = assert!(STALE < LATE * DAY);
/// Time for which the private half of a prekey is kept after a newer one was confirmed.
const HALF: u64 = 21 * DAY;
/// Time after which a followed epoch closes, where all that its messages need is one key.
const STATIC_CLOSES: u64 = 30 * DAY;
/// Time after which a followed epoch closes, whoever is still in it.
const CLOSES: u64 = 180 * DAY;

/// Today, as keys are erased by it: never later than somebody else's clock says. `checkpoint` is the time of the newest one that
/// was verified; without a log, `others` are the newest times of the other authors, of which one may be wrong.
pub fn today(own: u64, checkpoint: Option<u64>, others: &[u64]) -> u64 {
    let mut days: Vec<u64> = others.iter().map(|time| time / DAY).collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    let witnessed = match checkpoint {
        Some(time) => Some(time / DAY),
        None => days.get(1).or(days.first()).copied(),
    };
    witnessed.map_or(own / DAY, |day| day.min(own / DAY))
}

/// The oldest day of an epoch whose key is kept: today is `today`, both it and `first_day` in days since 1970.
pub fn oldest_kept(today: u64, first_day: u64, memory: u16) -> u16 {
    let memory = memory.clamp(*MEMORY_RANGE.start(), *MEMORY_RANGE.end());
    let day = today.saturating_sub(first_day).saturating_sub(memory.into());
    u16::try_from(day).unwrap_or(u16::MAX)
}

/// True if a message of `day` comes too late: `signed` is the time of a checkpoint that does not cover it yet. Both readers and
/// authors go by it, so that a message is shown by all or by nobody.
pub const fn is_late(day: u64, signed: u64) -> bool {
    signed / DAY > day.saturating_add(LATE)
}

/// True if the own clock and a server's newest checkpoint are so far apart that a message would be put under a day that is not
/// the others'.
pub const fn is_off(own: u64, checkpoint: u64) -> bool {
    (own / DAY).abs_diff(checkpoint / DAY) > 1
}

/// True if the private half of a prekey can go: `confirmed` is the time at which a newer one was known to be with the server.
pub fn half_expires(confirmed: Option<u64>, now: u64) -> bool {
    confirmed.is_some_and(|confirmed| now >= confirmed.saturating_add(HALF))
}

/// True if an epoch that was left at `left` closes: by time and never by completeness, which a server could deny.
pub fn closes(mode: Mode, left: u64, all_followed: bool, now: u64) -> bool {
    let passed = |time: u64| now >= left.saturating_add(time);
    match mode {
        Mode::Static => passed(STATIC_CLOSES),
        Mode::Trusted | Mode::Strangers => passed(CLOSES) || (all_followed && passed(STATIC_CLOSES)),
    }
}

/// True if a fork's secret can go, which who asks late is given: when the first day's key goes, in static groups when all have
/// followed or time has passed.
pub fn secret_expires(mode: Mode, opened: u64, oldest_kept: u16, all_followed: bool, now: u64) -> bool {
    match mode {
        Mode::Static => all_followed || now >= opened.saturating_add(STATIC_CLOSES),
        Mode::Trusted | Mode::Strangers => oldest_kept > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: u64 = 20_000;

    #[test]
    fn one_wrong_clock_erases_nothing() {
        let at = |day: u64| day * DAY + 5;
        assert_eq!(today(at(TODAY), None, &[]), TODAY);
        // The own clock is years ahead.
        assert_eq!(today(at(TODAY + 4000), Some(at(TODAY)), &[]), TODAY);
        assert_eq!(today(at(TODAY + 4000), None, &[at(TODAY), at(TODAY - 1)]), TODAY - 1);
        // One of the others is.
        assert_eq!(today(at(TODAY + 4000), None, &[at(TODAY + 5000), at(TODAY), at(TODAY - 3)]), TODAY);
        assert_eq!(today(at(TODAY), None, &[at(TODAY - 9)]), TODAY - 9);
        // An own clock behind delays.
        assert_eq!(today(at(TODAY - 7), Some(at(TODAY)), &[]), TODAY - 7);
    }

    #[test]
    fn days_are_kept_for_the_memory() {
        assert_eq!(oldest_kept(TODAY, TODAY, MEMORY), 0);
        assert_eq!(oldest_kept(TODAY + 30, TODAY, MEMORY), 0);
        assert_eq!(oldest_kept(TODAY + 31, TODAY, MEMORY), 1);
        assert_eq!(oldest_kept(TODAY + 31, TODAY, 1), 15);
        assert_eq!(oldest_kept(TODAY + 400, TODAY, 1000), 35);
        // A first day that lies ahead.
        assert_eq!(oldest_kept(TODAY, TODAY + 9, MEMORY), 0);
    }

    #[test]
    fn late_and_off_are_told_in_days() {
        assert!(!is_late(TODAY, (TODAY + 8) * DAY + DAY - 1));
        assert!(is_late(TODAY, (TODAY + 9) * DAY));
        assert!(!is_late(TODAY, 0) && !is_late(u64::MAX, u64::MAX));
        assert!(!is_off((TODAY + 1) * DAY, TODAY * DAY) && !is_off(TODAY * DAY, (TODAY + 1) * DAY + DAY - 1));
        assert!(is_off((TODAY + 2) * DAY, TODAY * DAY) && is_off(TODAY * DAY, (TODAY + 2) * DAY));
    }

    #[test]
    fn halves_epochs_and_secrets_go_by_time() {
        assert!(
            !half_expires(None, u64::MAX)
                && !half_expires(Some(5), HALF + 4)
                && half_expires(Some(5), HALF + 5)
        );
        for mode in [Mode::Static, Mode::Trusted, Mode::Strangers] {
            assert!(!closes(mode, 0, true, STATIC_CLOSES - 1));
            assert!(closes(mode, 0, true, STATIC_CLOSES));
            assert_eq!(closes(mode, 0, false, STATIC_CLOSES), mode == Mode::Static);
            assert!(closes(mode, 0, false, CLOSES));
        }
        assert!(
            !secret_expires(Mode::Trusted, 0, 0, true, u64::MAX)
                && secret_expires(Mode::Trusted, 0, 1, false, 0)
        );
        assert!(secret_expires(Mode::Static, 0, 0, true, 1) && !secret_expires(Mode::Static, 0, 9, false, 1));
        assert!(secret_expires(Mode::Static, 0, 0, false, STATIC_CLOSES));
    }
}
