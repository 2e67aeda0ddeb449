//! Moments as people type them: a day, or how long ago.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::duration::Span;
use crate::words::say;

/// A moment that somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Unix seconds: the beginning of a day, where the person is.
    At(i64),
    /// So many seconds ago.
    Ago(u64),
}

impl Moment {
    /// The moment in unix seconds, at this time.
    pub(crate) fn at(self, now: i64) -> i64 {
        match self {
            Self::At(time) => time,
            Self::Ago(seconds) => now.saturating_sub_unsigned(seconds),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Tests read the same everywhere.
        read(text, if cfg!(test) { TimeZone::UTC } else { TimeZone::system() })
    }
}

fn read(text: &str, zone: TimeZone) -> Result<Moment, String> {
    if let Ok(Span(seconds)) = text.parse() {
        return Ok(Moment::Ago(seconds));
    }
    let begins = text.parse::<Date>().and_then(|day| day.to_zoned_datetime(zone));
    begins
        .map(|begins| Moment::At(begins.timestamp().as_second()))
        .map_err(|_| say("cli-typed-no-moment", [("text", format!("{text:?}").into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_lengths_of_time_are_moments() {
        assert_eq!("1970-01-02".parse(), Ok(Moment::At(86_400)));
        assert_eq!("30d".parse(), Ok(Moment::Ago(2_592_000)));
        assert_eq!((Moment::Ago(30).at(100), Moment::At(7).at(100)), (70, 7));
        assert_eq!(Moment::Ago(u64::MAX).at(0), i64::MIN);
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(read("1970-01-02", east), Ok(Moment::At(86_400 - 7_200)));
        for wrong in ["", "yesterday", "2026-02-30", "2026-13-01", "30.1.2026", "-1d", "12"] {
            let refused = wrong.parse::<Moment>().unwrap_err();
            assert!(refused.contains("2026-01-31") && refused.contains("30d"), "{refused}");
        }
    }
}
