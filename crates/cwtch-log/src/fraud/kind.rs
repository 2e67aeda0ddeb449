//! The kinds of fraud (section 4).

use core::fmt;

/// Kind of fraud that a proof shows. The numbers are those of the format; 4 is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FraudKind {
    /// 1: two roots for one size.
    SameSize,
    /// 2: two trees differ in entries that both have.
    Node,
    /// 3: a log is smaller at a later time.
    Shrunk,
    /// 5: two certificates for one incarnation.
    TwoCertificates,
    /// 6: bodies that were declared gone are declared held.
    RetainBackwards,
    /// 7: an old log key went on signing after it was replaced.
    OldSigner,
    /// 8: a new incarnation does not continue the earlier one as that had signed it.
    WrongStart,
    /// 9: bodies were deleted before the promised time.
    PrunedEarly,
    /// 10: two boundary checkpoints for one size.
    SecondBoundary,
    /// 11: a promise was taken back.
    PolicyBackwards,
    /// 12: a smaller tree is not the beginning of a larger one.
    Prefix,
    /// 13: a new incarnation does not continue what its own certificate says.
    NotContinued,
}

impl FraudKind {
    /// All kinds, by number.
    pub const ALL: [Self; 12] = [
        Self::SameSize,
        Self::Node,
        Self::Shrunk,
        Self::TwoCertificates,
        Self::RetainBackwards,
        Self::OldSigner,
        Self::WrongStart,
        Self::PrunedEarly,
        Self::SecondBoundary,
        Self::PolicyBackwards,
        Self::Prefix,
        Self::NotContinued,
    ];

    /// The kind's number in the format.
    pub const fn number(self) -> u8 {
        match self {
            Self::SameSize => 1,
            Self::Node => 2,
            Self::Shrunk => 3,
            Self::TwoCertificates => 5,
            Self::RetainBackwards => 6,
            Self::OldSigner => 7,
            Self::WrongStart => 8,
            Self::PrunedEarly => 9,
            Self::SecondBoundary => 10,
            Self::PolicyBackwards => 11,
            Self::Prefix => 12,
            Self::NotContinued => 13,
        }
    }

    /// The kind with this number; `None` for numbers that do not exist or are reserved.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The kind's name for people, as in the specification's table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameSize => "two logs of the same length",
            Self::Node => "two logs with different messages",
            Self::Shrunk => "a log that got shorter",
            Self::TwoCertificates => "two certificates for one log",
            Self::RetainBackwards => "a deletion taken back",
            Self::OldSigner => "an ended log signed again",
            Self::WrongStart => "a new log that contradicts the old one",
            Self::PrunedEarly => "messages deleted too early",
            Self::SecondBoundary => "a mark signed twice",
            Self::PolicyBackwards => "a promise shortened",
            Self::Prefix => "a history that was changed",
            Self::NotContinued => "a new log that is not the one it continues",
        }
    }
}

impl fmt::Display for FraudKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
