//! Notices of a monitor.

use cwtch_log::EntryId;

use crate::monitor::memory::{Evidence, Loss};

/// Something to tell.
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
