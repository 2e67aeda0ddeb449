//! Messages between contacts about a time after which what they say vanishes (section 2.9 of `docs/protocol.md`): the data of
//! peer messages ([`crate::peer`]) of one context.

use core::cmp::Ordering;

use crate::error::WireError;

/// Context of a [`Vanish`].
pub const CONTEXT_VANISH: &str = "im.cwtch.vanish";
/// Attribute by which a program says that it knows vanishing, in the scope [`crate::peer::SCOPE_PUBLIC`].
pub const PATH_VANISH: &str = "profile.vanish";
/// Value of that attribute.
pub const VALUE_VANISH: &str = "1";

/// The shortest time after which messages vanish, in seconds.
pub const VANISH_MIN: u32 = 60;
/// The longest, a year.
pub const VANISH_MAX: u32 = 31_536_000;

/// The highest number of a timer.
const NUMBER_MAX: u64 = i64::MAX.cast_unsigned();
const LEN: usize = 1 + 8 + 4;

/// A time after which messages vanish, or none, with the number that orders it. The greater one of two is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    number: u64,
    seconds: Option<u32>,
}

impl Timer {
    /// A timer.
    ///
    /// # Errors
    /// [`WireError::Range`] for a number or a time that no timer has.
    pub fn new(number: u64, seconds: Option<u32>) -> Result<Self, WireError> {
        if !(1..=NUMBER_MAX).contains(&number) {
            return Err(WireError::Range { field: "number" });
        }
        if seconds.is_some_and(|seconds| !(VANISH_MIN..=VANISH_MAX).contains(&seconds)) {
            return Err(WireError::Range { field: "seconds" });
        }
        Ok(Self { number, seconds })
    }

    /// Its number.
    pub fn number(self) -> u64 {
        self.number
    }

    /// Its time in seconds; `None` for messages that do not vanish.
    pub fn seconds(self) -> Option<u32> {
        self.seconds
    }
}

/// By number; of one number the shorter time is the greater timer, and none is the least.
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> Ordering {
        let shortness = |timer: &Self| u32::MAX - timer.seconds.unwrap_or(u32::MAX);
        self.number.cmp(&other.number).then_with(|| shortness(self).cmp(&shortness(other)))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Word of one contact to the other about vanishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vanish {
    /// "This is the newest timer that I know."
    Propose(Timer),
    /// "I know it, too."
    Confirm(Timer),
}

impl Vanish {
    /// The message's data, 13 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, timer) = match self {
            Self::Propose(timer) => (1, timer),
            Self::Confirm(timer) => (2, timer),
        };
        let seconds = timer.seconds.unwrap_or(0).to_be_bytes();
        [&[kind][..], &timer.number.to_be_bytes(), &seconds].concat()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`], or [`WireError::Range`] for a kind, a number or a time that does not exist.
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let read = || {
            let ([kind], rest) = data.split_first_chunk::<1>()?;
            let (number, seconds) = rest.split_first_chunk()?;
            Some((*kind, u64::from_be_bytes(*number), u32::from_be_bytes(seconds.try_into().ok()?)))
        };
        let wrong = WireError::Length { field: CONTEXT_VANISH, expected: LEN, actual: data.len() };
        let (kind, number, seconds) = read().ok_or(wrong)?;
        let timer = Timer::new(number, (seconds != 0).then_some(seconds))?;
        match kind {
            1 => Ok(Self::Propose(timer)),
            2 => Ok(Self::Confirm(timer)),
            _ => Err(WireError::Range { field: "kind" }),
        }
    }
}
