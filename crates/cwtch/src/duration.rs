//! Lengths of time as people type and read them: `12h`, `30d`, `8w`, `1y`.

use std::str::FromStr;

use crate::words::{count, say};

/// The units, the longest first: letter, key of so many of them, seconds.
const UNITS: [(char, &str, u64); 5] = [
    ('y', "cli-count-years", 365 * 86_400),
    ('w', "cli-count-weeks", 7 * 86_400),
    ('d', "cli-count-days", 86_400),
    ('h', "cli-count-hours", 3_600),
    ('s', "cli-count-seconds", 1),
];

/// A length of time that somebody typed, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) u64);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || say("cli-typed-no-span", [("text", format!("{text:?}").into())]);
        let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let seconds =
            UNITS.iter().find(|(letter, ..)| unit.starts_with(*letter)).map(|(.., seconds)| *seconds);
        seconds.and_then(|seconds| number.checked_mul(seconds)).map(Self).ok_or_else(wrong)
    }
}

/// Time for which texts are kept, as somebody typed it: a length of time, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keeping(pub(crate) Option<u64>);

impl FromStr for Keeping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "forever" {
            return Ok(Self(None));
        }
        Span::from_str(text)
            .map(|Span(seconds)| Self(Some(seconds)))
            .map_err(|_| say("cli-typed-no-keeping", [("text", format!("{text:?}").into())]))
    }
}

/// Time after which messages vanish, as somebody typed it: a length of time, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vanishing(pub(crate) Option<u64>);

impl FromStr for Vanishing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        Span::from_str(text)
            .map(|Span(seconds)| Self(Some(seconds)))
            .map_err(|_| say("cli-typed-no-vanishing", [("text", format!("{text:?}").into())]))
    }
}

/// A length of time in words, in the longest unit that it is a multiple of.
pub(crate) fn shown(seconds: u64) -> String {
    let fits = |unit: u64| seconds >= unit && seconds.is_multiple_of(unit);
    // Days are what people count in: 30 days are not told in weeks, nor are 14.
    let units = UNITS.iter().filter(|(letter, ..)| *letter != 'w');
    let (key, unit) = units
        .clone()
        .find(|(.., unit)| fits(*unit))
        .map_or(("cli-count-seconds", 1), |(_, key, unit)| (*key, *unit));
    say(key, [("count", count(seconds / unit))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read_and_shown() {
        for (typed, seconds, words) in [
            ("12h", 43_200, "12 hours"),
            ("30d", 2_592_000, "30 days"),
            ("1w", 604_800, "7 days"),
            ("1y", 31_536_000, "1 year"),
            ("0d", 0, "0 seconds"),
            ("90s", 90, "90 seconds"),
        ] {
            assert_eq!(typed.parse(), Ok(Span(seconds)));
            assert_eq!(shown(seconds), words);
            assert_eq!(typed.parse(), Ok(Keeping(Some(seconds))));
        }
        assert_eq!("forever".parse(), Ok(Keeping(None)));
        assert_eq!(("off".parse(), "300s".parse()), (Ok(Vanishing(None)), Ok(Vanishing(Some(300)))));
        assert!("forever".parse::<Vanishing>().is_err() && "off".parse::<Keeping>().is_err());
        for wrong in [
            "",
            "d",
            "30",
            "30 d",
            "-1d",
            "3ä",
            "30m",
            "99999999999999999999d",
            "18446744073709551615y",
            "Forever",
        ] {
            assert!(wrong.parse::<Span>().is_err() && wrong.parse::<Keeping>().is_err(), "{wrong}");
        }
    }
}
