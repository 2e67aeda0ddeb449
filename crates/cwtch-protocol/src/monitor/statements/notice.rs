//! Notices of a monitor.

use core::fmt;

use cwtch_log::EntryId;

use crate::monitor::memory::{Evidence, EvidenceKind, Loss};

/// Something to tell; its `Display` is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The server has a log, seen for the first time; from now on it has to show it.
    Pinned,
    /// The server's newest checkpoint is this far ahead of our own clock, in seconds; it was not used.
    ClockAhead {
        /// Seconds.
        by: u64,
    },
    /// The server's newest checkpoint is this far behind our own clock, in seconds.
    Stale {
        /// Seconds.
        by: u64,
    },
    /// The server showed an older state than one that was seen before; it was not used.
    Older,
    /// The server showed a certificate from before the pinned one; it was not used.
    EarlierCertificate,
    /// The server has a new certificate, but too many lie between it and the pinned one.
    Unlinked,
    /// The server showed no log although it has one.
    Downgrade,
    /// The server gave up its log, and said so.
    Retired,
    /// A new incarnation that continues everything that was seen.
    Continued,
    /// A new incarnation that lost entries.
    Lost {
        /// The lost entries.
        loss: Loss,
        /// Our posts whose receipts are void: post them again. Confirmed messages of ours whose index lies in the
        /// loss are to be posted again as well; the caller knows them.
        void: Vec<EntryId>,
        /// True if another loss was declared less than 90 days before.
        again: bool,
    },
    /// The server is met for the first time, and its certificate says that everything before it was lost.
    LostBefore {
        /// Time since it was declared, in seconds.
        ago: u64,
    },
    /// Entries were deleted on the server before they were fetched.
    Expired {
        /// Index of the first of them.
        from: u64,
        /// Index of the first entry that is there again.
        to: u64,
    },
    /// The server cheated. It is not synced any more.
    Fraud(Box<Evidence>),
    /// A state of the log that was learnt elsewhere turned out to be our own.
    Agrees {
        /// The state's size.
        size: u64,
    },
    /// The receipt of one of our own posts was compared with the log: the post is where it says.
    Confirmed {
        /// The entry that was posted.
        entry: EntryId,
        /// Its index.
        index: u64,
    },
    /// The server said that it stored a post, but gave something else than a receipt for it.
    NoReceipt {
        /// The entry that was posted.
        entry: EntryId,
    },
    /// The receipt of one of our own posts can no longer be compared: its place was deleted before it was fetched.
    Unchecked {
        /// The entry that was posted.
        entry: EntryId,
    },
}

impl Notice {
    /// True if the notice says that the server did something that no honest server does. False for stale answers and
    /// clocks, for a first declared loss, and for anything that somebody else than the server said.
    pub fn accuses(&self) -> bool {
        match self {
            Self::Downgrade | Self::Fraud(_) => true,
            Self::Lost { again, .. } => *again,
            _ => false,
        }
    }

    /// True if the notice is worth a person's attention; the others are for a log of events.
    pub fn for_people(&self) -> bool {
        !matches!(
            self,
            Self::Pinned
                | Self::Continued
                | Self::Agrees { .. }
                | Self::Confirmed { .. }
                | Self::Unchecked { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned => f.write_str("This server keeps a verifiable record of its messages."),
            Self::ClockAhead { by } => write!(
                f,
                "The server's clock is {} ahead of yours. Check the clock of this device; if it is right, tell the \
                 server's operator. Nothing new is read until the two agree.",
                span(*by)
            ),
            Self::Stale { by } => write!(
                f,
                "The newest that this server shows is {} old. Its clock or yours may be wrong, or it is keeping \
                 newer messages back. It will be asked again.",
                span(*by)
            ),
            Self::Older => f.write_str(
                "The server showed an older state than before. That can be a slow part of the server; it will be \
                 asked again.",
            ),
            Self::EarlierCertificate => f.write_str(
                "The server showed a record that it has replaced since. That can be a slow part of the server; it \
                 will be asked again.",
            ),
            Self::Unlinked => f.write_str(
                "The server was set up anew several times since you last read it, and what lies between cannot be \
                 checked. Ask the server's operator, or a contact who read it meanwhile to write in the group.",
            ),
            Self::Downgrade => f.write_str(
                "The server no longer shows its record of messages, although it has one. It may be hiding \
                 messages. Do not rely on it; ask its operator and your contacts.",
            ),
            Self::Retired => f.write_str(
                "The server has ended its record of messages and says so. From now on it cannot be checked \
                 whether it shows everything.",
            ),
            Self::Continued => f.write_str("The server was set up anew and lost nothing."),
            Self::Lost { loss, void, again } => {
                let lost = messages(loss.to.saturating_sub(loss.from));
                match (loss.from, loss.to) {
                    (0, 0) => f.write_str("The server says that it lost everything that it had."),
                    (0, _) => write!(
                        f,
                        "The server says that it lost everything that it had, {lost} of those that you checked among it."
                    ),
                    (from, _) => write!(
                        f,
                        "The server says that it lost {lost} (from number {from} on), as after a restored backup."
                    ),
                }?;
                if !void.is_empty() {
                    write!(f, " {} of yours may be among them and will be sent again.", messages(void.len() as u64))?;
                }
                if *again {
                    f.write_str(
                        " It is the second loss within 90 days: that is rarely an accident. Consider another server.",
                    )?;
                }
                Ok(())
            }
            Self::LostBefore { ago } => write!(
                f,
                "The server says that it lost everything that it had until {} ago. Nothing of that was ever yours to \
                 check; who was there may post it again.",
                span(*ago)
            ),
            Self::Expired { from, to } => write!(
                f,
                "{} expired on the server before you read it: they are older than it keeps messages.",
                messages(to - from)
            ),
            Self::Fraud(evidence) => {
                let (what, proof) = match evidence.kind {
                    EvidenceKind::Proven(_) => ("This server cheated", "Proof is kept that anybody can check."),
                    EvidenceKind::Unproven(_) => {
                        ("This server contradicts itself", "You saw it, but it cannot be proven to others.")
                    }
                };
                write!(
                    f,
                    "{what}: {}. {proof} It is not read any more; tell your contacts, and move your groups to another \
                     server.",
                    evidence.kind
                )
            }
            Self::Agrees { .. } => f.write_str("Another view of this server agrees with yours."),
            Self::Confirmed { index, .. } => write!(f, "Your message is on the server, as number {index}."),
            Self::NoReceipt { .. } => f.write_str(
                "The server said that it stored your message, but gave no valid receipt. Watch whether the message \
                 appears.",
            ),
            Self::Unchecked { .. } => f.write_str(
                "A receipt could not be compared with the server's record: the messages there have expired.",
            ),
        }
    }
}

fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

fn span(seconds: u64) -> String {
    match seconds / 60 {
        0..=1 => "a minute".to_owned(),
        minutes @ 2..=119 => format!("{minutes} minutes"),
        minutes => match minutes / 60 {
            hours @ 0..=47 => format!("{hours} hours"),
            hours => format!("{} days", hours / 24),
        },
    }
}
