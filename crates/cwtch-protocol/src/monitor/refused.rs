//! Why an input was not used.

use cwtch_log::ObjectError;

/// Why the monitor did not use what it was given. What a person should hear comes as a [`Notice`](super::Notice).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Malformed: close the connection. It accuses nobody.
    #[error("the server's answer cannot be used: {0}")]
    Malformed(#[from] Malformed),
    /// The server cheated, now or before. Close the connection and do not sync with it again.
    #[error("this server is not read any more, because it cheated")]
    Stopped,
    /// The checkpoint lies in the future by the own clock. Try again later.
    #[error("the server's checkpoint lies in the future by this device's clock")]
    ClockAhead,
    /// An older state than one that was seen. Try again, on another circuit.
    #[error("the server showed an older state than before")]
    Older,
    /// A certificate from before the pinned one. Try again, on another circuit.
    #[error("the server showed a certificate that it has replaced")]
    EarlierCertificate,
    /// A later certificate that is not known to continue the pinned one. A certificate in between may come from an
    /// invite or a member.
    #[error("the server's new certificate is not linked to the pinned one")]
    Unlinked,
    /// No log, although one is pinned. Do not read this answer.
    #[error("the server shows no log although it has one")]
    Downgrade,
    /// Nothing was asked for, or no certificate is known.
    #[error("no answer of this kind is expected now; this is a bug in the program")]
    Unexpected,
}

/// What is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// An object does not verify.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A certificate that ends the log came with statements of a log, or another one without.
    #[error("the certificate and the rest of the answer do not belong together")]
    Parts,
    /// The reply does not begin where it must.
    #[error("the reply begins at {from}, after {asked} was asked for")]
    From {
        /// What was asked for.
        asked: u64,
        /// Where it begins.
        from: u64,
    },
    /// The number of entries is not the one that follows from the checkpoint.
    #[error("the reply does not have as many entries as its checkpoint says")]
    Count,
    /// More entries than were announced, or a boundary checkpoint where none belongs.
    #[error("something in the reply is not at its place")]
    Order,
    /// An entry where a boundary checkpoint must stand.
    #[error("a boundary checkpoint is missing in the reply")]
    BoundaryMissing,
    /// A live message that is not the one held at its place.
    #[error("a message came at a place where another one is held")]
    Place,
    /// A consistency proof that leads nowhere.
    #[error("the proof that stands in for deleted messages cannot be read")]
    Proof,
    /// A checkpoint of another size than that of its place.
    #[error("a checkpoint came with another message than its last one")]
    Size,
}

impl From<ObjectError> for Refused {
    fn from(error: ObjectError) -> Self {
        Self::Malformed(Malformed::Object(error))
    }
}
