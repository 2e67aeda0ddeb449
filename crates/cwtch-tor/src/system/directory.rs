//! Validity of the directory that Tor uses, as its control port tells it.

use cwtch_net::Validity;

const DAY: i64 = 24 * 60 * 60;

/// Knowledge about the directory's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Directory {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// The Tor runs on another machine, or its port does not tell.
    Silent,
    /// The directory is valid for this time.
    Valid(Validity),
}

impl Directory {
    /// Reads the answers to `consensus/valid-after` and `consensus/valid-until`.
    pub(crate) fn of(after: Option<&str>, until: Option<&str>) -> Option<Self> {
        Some(Self::Valid(Validity { after: unix(after?)?, until: unix(until?)? }))
    }
}

/// Reads `YYYY-MM-DD HH:MM:SS`, which is UTC, as unix seconds.
fn unix(text: &str) -> Option<u64> {
    let (date, time) = text.trim().split_once([' ', 'T'])?;
    let numbers = |text: &str, by: char| -> Option<[i64; 3]> {
        let mut parts = text.split(by).map(|part| part.parse::<u16>().ok().map(i64::from));
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(numbers)
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(time, ':')?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years are counted from March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    u64::try_from(days * DAY + hour * 3600 + minute * 60 + second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_tor_writes_them() {
        for (text, expected) in [
            ("1970-01-01 00:00:00", Some(0)),
            ("2000-02-29 23:59:59", Some(951_868_799)),
            ("2000-03-01 00:00:00", Some(951_868_800)),
            ("2026-11-29 12:00:00", Some(1_795_953_600)),
            ("2026-11-29T12:00:00", Some(1_795_953_600)),
            ("2100-03-01 00:00:00", Some(4_107_542_400)),
            ("1969-12-31 23:59:59", None),
            ("2026-11-29", None),
            ("2026-13-29 12:00:00", None),
            ("2026-11-29 24:00:00", None),
            ("2026-11-29 12:00", None),
            ("2026-11-29 12:00:00:00", None),
            ("2026-11--9 12:00:00", None),
            ("", None),
        ] {
            assert_eq!(unix(text), expected, "{text}");
        }
        let both = Directory::of(Some("1970-01-01 00:00:01"), Some("1970-01-01 00:00:09"));
        assert_eq!(both, Some(Directory::Valid(Validity { after: 1, until: 9 })));
        assert_eq!(Directory::of(Some("1970-01-01 00:00:01"), None), None);
    }
}
