//! Times and durations as people read them.

use core::fmt;

/// Unix seconds, shown as `2026-03-01 10:00 UTC`. Any value can be shown.
#[derive(Debug, Clone, Copy)]
pub struct Utc(pub u64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        // The calendar repeats every 400 years of 146,097 days; years are counted from March, so that the leap
        // day is the last of its year.
        let shifted = days + 719_468;
        let (era, day) = (shifted / 146_097, shifted % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
    }
}

/// A number of seconds, shown in the largest unit that divides it.
pub(crate) struct Span(pub(crate) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0 => return f.write_str("no time"),
            s if s.is_multiple_of(86_400) => (86_400, "day"),
            s if s.is_multiple_of(3_600) => (3_600, "hour"),
            s if s.is_multiple_of(60) => (60, "minute"),
            _ => (1, "second"),
        };
        let count = self.0 / unit;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn known_days() {
        for (time, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_709_164_800, "2024-02-29 00:00 UTC"),
            (1_772_359_200, "2026-03-01 10:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59 UTC"),
        ] {
            assert_eq!(format!("{}", Utc(time)), text);
        }
        assert!(format!("{}", Utc(u64::MAX)).ends_with(" UTC"));
    }

    #[test]
    fn spans_in_their_unit() {
        for (seconds, text) in [
            (0, "no time"),
            (1, "1 second"),
            (90, "90 seconds"),
            (60, "1 minute"),
            (7_200, "2 hours"),
            (2_592_000, "30 days"),
        ] {
            assert_eq!(format!("{}", Span(seconds)), text);
        }
    }
}
