//! Explanation of a proof, in numbers and in words.

use core::fmt;

use super::FraudKind;
use crate::object::{Checkpoint, Head, Retain};
use crate::utc::{Span, Utc};

/// A size and the time at which it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// Number of messages.
    pub size: u64,
    /// Time of the signature, in unix seconds.
    pub time: u64,
}

impl From<&Checkpoint> for Dated {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { size: checkpoint.size(), time: checkpoint.time() }
    }
}

impl From<&Retain> for Dated {
    fn from(retain: &Retain) -> Self {
        Self { size: retain.min_index(), time: retain.time() }
    }
}

impl From<&Head> for Dated {
    fn from(head: &Head) -> Self {
        Self { size: head.size(), time: head.time() }
    }
}

/// Facts that the server signed, by kind of fraud. Times are unix seconds. `Display` explains them to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Two roots for one size.
    SameSize {
        /// The size.
        size: u64,
        /// Time at which each was signed.
        times: [u64; 2],
    },
    /// Two trees differ within the entries `first..=last`, which both have.
    Node {
        /// Index of the first entry of the subtree.
        first: u64,
        /// Index of its last entry.
        last: u64,
        /// The first tree.
        a: Dated,
        /// The second tree.
        b: Dated,
    },
    /// A later tree is smaller.
    Shrunk {
        /// The earlier, larger tree.
        earlier: Dated,
        /// The later, smaller one.
        later: Dated,
    },
    /// Two certificates for one incarnation.
    TwoCertificates {
        /// The incarnation.
        incarnation: u64,
    },
    /// A later Retain claims to hold more. Sizes are `min_index`.
    RetainBackwards {
        /// The earlier Retain.
        earlier: Dated,
        /// The later one.
        later: Dated,
    },
    /// A log was signed again after it was replaced or ended.
    OldSigner {
        /// Time until which it was to be signed.
        until: u64,
        /// True if the server ended it and had no log any more; else it began a new one.
        retired: bool,
        /// Head that the old one signed later.
        checkpoint: Dated,
    },
    /// A new incarnation does not continue what was signed.
    WrongStart {
        /// Head that the old incarnation signed.
        signed: Dated,
        /// Head that the new one claims to continue, and the time at which it began.
        continued: Dated,
    },
    /// Bodies were deleted too early.
    PrunedEarly {
        /// The promise, in seconds.
        retention: u64,
        /// Time at which it was made.
        promised: u64,
        /// The tree before the last deleted entry was appended.
        before: Dated,
        /// Number of entries whose bodies were declared deleted, and the time of that.
        pruned: Dated,
    },
    /// Two boundary checkpoints for one size.
    SecondBoundary {
        /// The size.
        size: u64,
        /// The times that they state.
        times: [u64; 2],
        /// True if they state different logs, too.
        roots_differ: bool,
    },
    /// A promise was taken back.
    PolicyBackwards {
        /// Times of the two promises.
        times: [u64; 2],
        /// Retention that they promised, in seconds.
        retentions: [u64; 2],
    },
    /// A smaller tree is not the beginning of a larger one.
    Prefix {
        /// The smaller tree.
        smaller: Dated,
        /// The larger tree.
        larger: Dated,
    },
    /// A new incarnation does not continue what its certificate says.
    NotContinued {
        /// Head that it claims to continue, and the time at which it began.
        continued: Dated,
        /// Head that it signed.
        signed: Dated,
        /// True if the signed log has too few messages; otherwise it has other ones.
        smaller: bool,
    },
}

impl Finding {
    /// The kind of fraud that it belongs to.
    pub const fn kind(&self) -> FraudKind {
        match self {
            Self::SameSize { .. } => FraudKind::SameSize,
            Self::Node { .. } => FraudKind::Node,
            Self::Shrunk { .. } => FraudKind::Shrunk,
            Self::TwoCertificates { .. } => FraudKind::TwoCertificates,
            Self::RetainBackwards { .. } => FraudKind::RetainBackwards,
            Self::OldSigner { .. } => FraudKind::OldSigner,
            Self::WrongStart { .. } => FraudKind::WrongStart,
            Self::PrunedEarly { .. } => FraudKind::PrunedEarly,
            Self::SecondBoundary { .. } => FraudKind::SecondBoundary,
            Self::PolicyBackwards { .. } => FraudKind::PolicyBackwards,
            Self::Prefix { .. } => FraudKind::Prefix,
            Self::NotContinued { .. } => FraudKind::NotContinued,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SameSize { size, times: [a, b] } => write!(
                f,
                "The server signed two different logs of the same length. At {} and at {} it stated {}, but not \
                 the same ones in the same order: it showed different messages to different people, or \
                 changed messages that it had accepted.",
                Utc(a),
                Utc(b),
                Messages(size)
            ),
            Self::Node { first, last, a, b } => {
                write!(
                    f,
                    "The server signed two logs that contradict each other. The one of {} has {}, the one of {} \
                     has {}; ",
                    Utc(a.time),
                    Messages(a.size),
                    Utc(b.time),
                    Messages(b.size)
                )?;
                if first == last {
                    write!(f, "message number {} is not the same in both", number(first))?;
                } else {
                    write!(
                        f,
                        "the messages with the numbers {} to {} are not all the same in both",
                        number(first),
                        number(last)
                    )?;
                }
                f.write_str(": it left out, replaced or reordered messages that it had accepted.")
            }
            Self::Shrunk { earlier, later } => write!(
                f,
                "The server signed at {} that its log had {}, and later, at {}, that it had only {}. A log never \
                 gets shorter: messages were removed, or somebody was kept on an outdated log.",
                Utc(earlier.time),
                Messages(earlier.size),
                Utc(later.time),
                Messages(later.size)
            ),
            Self::TwoCertificates { incarnation } => write!(
                f,
                "The server signed two different certificates for the log that begins at {}. There is only one \
                 for everybody: with two, different people can be given different logs. {ACCIDENT}",
                Utc(incarnation)
            ),
            Self::RetainBackwards { earlier, later } => write!(
                f,
                "The server signed at {} that the first {} of its log may be deleted, and later, at {}, that \
                 only the first {} may be. Deleted messages do not come back: it told different people \
                 different things.",
                Utc(earlier.time),
                Messages(earlier.size),
                Utc(later.time),
                Messages(later.size)
            ),
            Self::OldSigner { until, retired, checkpoint } => {
                let (did, danger) = if retired {
                    ("ended this log for good", "A log that is over for some and goes on for others lets it")
                } else {
                    ("replaced this log by a new one", "Two logs at once let it")
                };
                write!(
                    f,
                    "The server {did} at {}, and still signed the old one after that: at {} it stated {} there. \
                     {danger} show different messages to different people. {ACCIDENT}",
                    Utc(until),
                    Utc(checkpoint.time),
                    Messages(checkpoint.size)
                )
            }
            Self::WrongStart { signed, continued } => write!(
                f,
                "The server signed at {} a log of {}. The log that it began at {} claims to continue it after \
                 {}, but from messages that are not the same: what had been signed was changed.",
                Utc(signed.time),
                Messages(signed.size),
                Utc(continued.time),
                Messages(continued.size)
            ),
            Self::PrunedEarly { retention, promised, before, pruned } => write!(
                f,
                "The server promised at {} to keep every message for {}. At {} its log had {}. At {} it signed \
                 that the first {} may be deleted, so at least one that came after {} was given up before its \
                 time.",
                Utc(promised),
                Span(retention),
                Utc(before.time),
                Messages(before.size),
                Utc(pruned.time),
                Messages(pruned.size),
                Utc(before.time)
            ),
            Self::SecondBoundary { size, times: [a, b], roots_differ } => {
                write!(
                    f,
                    "The server signed the mark of its log at {} twice, dated {} and {}; there is one, the same \
                     for everybody. ",
                    Messages(size),
                    Utc(a),
                    Utc(b)
                )?;
                f.write_str(if roots_differ {
                    "The two state different messages: different people were given different logs."
                } else {
                    "The two state the same messages: a mark of their own can be used to recognise people."
                })
            }
            Self::PolicyBackwards { times: [a, b], retentions: [before, after] } => write!(
                f,
                "The server promised at {} to keep every message for {}, and at {} for {} only. Such a promise \
                 is never shortened.",
                Utc(a),
                Span(before),
                Utc(b),
                Span(after)
            ),
            Self::Prefix { smaller, larger } => write!(
                f,
                "The server signed at {} a log of {}, and at {} one of {} that does not begin with the same \
                 messages: it left out, replaced or reordered messages that it had accepted.",
                Utc(smaller.time),
                Messages(smaller.size),
                Utc(larger.time),
                Messages(larger.size)
            ),
            Self::NotContinued { continued, signed, smaller } => {
                write!(
                    f,
                    "The server signed that the log that it began at {} goes on from one of {}. ",
                    Utc(continued.time),
                    Messages(continued.size)
                )?;
                let (time, size) = (Utc(signed.time), Messages(signed.size));
                if smaller {
                    write!(f, "At {time} it signed that the new log had only {size}: messages were removed")?;
                } else {
                    write!(
                        f,
                        "At {time} it signed {size} of the new log, and they are not the ones that it claims to go on \
                         from: it left out, replaced or reordered messages that it had accepted"
                    )?;
                }
                f.write_str(", under the name of a restored backup.")
            }
        }
    }
}

/// Sentence about the accidents that kinds 5 and 7 cannot tell apart from bad intent (section 9 of the
/// specification).
const ACCIDENT: &str = "An operator who put back a copy of the whole disk, or whose clock was far ahead, can have caused this \
     without meaning to; ask for an explanation.";

/// The number of an entry as people count, from one.
const fn number(index: u64) -> u64 {
    index.saturating_add(1)
}

/// A number of messages.
struct Messages(u64);

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no messages"),
            1 => f.write_str("1 message"),
            n => write!(f, "{n} messages"),
        }
    }
}
