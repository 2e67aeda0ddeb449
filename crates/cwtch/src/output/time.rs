//! Times as people read them: of their place, with its offset, so that none is taken for another.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Characters of a time.
pub(crate) const WIDTH: usize = "2025-01-31 23:59+01:00".len();

/// Unix seconds as `2025-01-31 23:59+01:00`; what is out of the calendar is shown as the number it is.
pub(crate) fn time(unix: i64) -> String {
    // Tests read the same everywhere.
    shown(unix, if cfg!(test) { TimeZone::UTC } else { TimeZone::system() })
}

/// The day of a time as `2025-01-31`.
pub(crate) fn day(unix: i64) -> String {
    time(unix).split_whitespace().next().unwrap_or_default().to_owned()
}

fn shown(unix: i64, zone: TimeZone) -> String {
    let known = Timestamp::from_second(unix).ok().filter(|_| unix >= 0);
    let text = known.map(|time| time.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M%:z").to_string());
    format!("{:<WIDTH$}", text.unwrap_or_else(|| unix.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_place_with_its_offset() {
        for (unix, zone, expected) in [
            (0, "UTC0", "1970-01-01 00:00+00:00"),
            (951_782_399, "UTC0", "2000-02-28 23:59+00:00"),
            (951_782_400, "UTC0", "2000-02-29 00:00+00:00"),
            (1_735_689_600, "IST-5:30", "2025-01-01 05:30+05:30"),
            (1_735_689_600, "EST5", "2024-12-31 19:00-05:00"),
            // The same hour twice, when summer ends.
            (1_761_435_000, "CET-1CEST,M3.5.0,M10.5.0/3", "2025-10-26 01:30+02:00"),
            (1_761_438_600, "CET-1CEST,M3.5.0,M10.5.0/3", "2025-10-26 02:30+02:00"),
            (1_761_442_200, "CET-1CEST,M3.5.0,M10.5.0/3", "2025-10-26 02:30+01:00"),
        ] {
            assert_eq!(shown(unix, TimeZone::posix(zone).unwrap()), expected);
        }
        for strange in [-5, i64::MIN, i64::MAX] {
            assert_eq!(time(strange).trim(), strange.to_string());
        }
        assert_eq!(time(0).len(), WIDTH);
        assert_eq!((day(0).as_str(), day(-5).as_str()), ("1970-01-01", "-5"));
    }
}
