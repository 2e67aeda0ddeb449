//! Reasons why an input was not used.

use cwtch_log::ObjectError;

/// Reason why the monitor did not use its input. What a person should hear comes as a [`Notice`](super::Notice).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The input is malformed: close the connection. This accuses nobody.
    #[error("the server's answer cannot be used: {0}")]
    Malformed(#[from] Malformed),
    /// The server cheated, now or before. Close the connection and do not sync with it again.
    #[error("this server is not read any more, because it cheated")]
    Stopped,
    /// The checkpoint lies in the future by our own clock. Try again later.
    #[error("the server's checkpoint lies in the future by this device's clock")]
    ClockAhead,
    /// The server showed an older state than one that was seen. Try again, on another circuit.
    #[error("the server showed an older state than before")]
    Older,
    /// The server showed a certificate from before the pinned one. Try again, on another circuit.
    #[error("the server showed a certificate that it has replaced")]
    EarlierCertificate,
    /// The server showed a later certificate that is not known to continue the pinned one. A certificate in between
    /// may come from an invite or a member.
    #[error("the server's new certificate is not linked to the pinned one")]
    Unlinked,
    /// The server showed no log, although one is pinned. Do not read this answer.
    #[error("the server shows no log although it has one")]
    Downgrade,
    /// Nothing was asked for, or no certificate is known.
    #[error("no answer of this kind is expected now; this is a bug in the program")]
    Unexpected,
}

/// Fault of a malformed input.
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
        /// Index that was asked for.
        asked: u64,
        /// Index at which the reply begins.
        from: u64,
    },
    /// The number of entries is not the one that follows from the checkpoint.
    #[error("the reply does not have as many entries as its checkpoint says")]
    Count,
    /// There are more entries than were announced, or a boundary checkpoint where none belongs.
    #[error("something in the reply is not at its place")]
    Order,
    /// An entry came where a boundary checkpoint must stand.
    #[error("a boundary checkpoint is missing in the reply")]
    BoundaryMissing,
    /// A live message is not the one that is held at its place.
    #[error("a message came at a place where another one is held")]
    Place,
    /// A consistency proof leads nowhere.
    #[error("the proof that stands in for deleted messages cannot be read")]
    Proof,
    /// A checkpoint has another size than that of its place.
    #[error("a checkpoint came with another message than its last one")]
    Size,
}

impl From<ObjectError> for Refused {
    fn from(error: ObjectError) -> Self {
        Self::Malformed(Malformed::Object(error))
    }
}
