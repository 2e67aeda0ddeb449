//! Faults of received bytes.

use cwtch_primitives::AddressError;

use crate::go_json::JsonError;

/// Reason why bytes or a text are not what they should be.
///
/// `field` and `what` are names of the format, never contents: these sentences may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The input is longer than the format allows.
    #[error("{what} has {bytes} bytes, at most {limit} are allowed: shorten it")]
    TooLong {
        /// The thing that is too long.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The most that is allowed, in bytes.
        limit: usize,
    },
    /// The input is not JSON at all.
    #[error("this is not valid JSON: {0}")]
    Json(#[from] JsonError),
    /// A required field is missing.
    #[error("the field {field:?} is missing")]
    Missing {
        /// The field's name.
        field: &'static str,
    },
    /// A field holds another kind of value.
    #[error("the field {field:?} must hold {expected}")]
    Type {
        /// The field's name.
        field: &'static str,
        /// The thing that belongs there.
        expected: &'static str,
    },
    /// A field of fixed length has another one.
    #[error("the field {field:?} must hold {expected} bytes, it has {actual}")]
    Length {
        /// The field's name.
        field: &'static str,
        /// The right length.
        expected: usize,
        /// The length found.
        actual: usize,
    },
    /// A number is out of range.
    #[error("the number in the field {field:?} is out of range")]
    Range {
        /// The field's name.
        field: &'static str,
    },
    /// A field holds no valid address.
    #[error("the field {field:?} holds no address: {source}")]
    Address {
        /// The field's name.
        field: &'static str,
        /// The fault of the address.
        source: AddressError,
    },
    /// A field holds no valid ristretto255 element or scalar.
    #[error("the field {field:?} holds no usable ristretto255 value")]
    Element {
        /// The field's name.
        field: &'static str,
    },
    /// A list has too few or too many entries.
    #[error("{what} must have {min} to {max} entries, it has {actual}")]
    Count {
        /// The things that were counted.
        what: &'static str,
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
        /// The number found.
        actual: usize,
    },
    /// A text does not start as its kind must.
    #[error("this is no {what}: it must start with {prefix:?}; copy the whole text")]
    Prefix {
        /// The kind of text that was expected.
        what: &'static str,
        /// The beginning that it must have.
        prefix: &'static str,
    },
    /// A text should be base64 and is not.
    #[error("the {what} is damaged: its base64 part does not decode; copy the whole text again")]
    Base64 {
        /// The thing that was being read.
        what: &'static str,
    },
    /// A bundle's signature does not belong to its board's address.
    #[error("the key bundle's signature is wrong: it was changed, or made by somebody else; do not use it")]
    BundleSignature,
    /// An invite's id does not follow from its key and server.
    #[error("the invite's group id does not belong to its key and server: ask for a new invite")]
    GroupIdMismatch,
    /// A bundle and an invite in one text are of different servers.
    #[error("the invite names another server than the key bundle it came with: ask for a new one")]
    ServerMismatch,
    /// An id or context has characters that version 2 of the peer message cannot carry.
    #[error("the field {field:?} may hold only letters, digits and dots")]
    Charset {
        /// The field's name.
        field: &'static str,
    },
    /// The bytes are no peer message in any version.
    #[error("not a peer message: it lacks its separators")]
    Separator,
}

impl WireError {
    /// Refuses more than `limit` bytes of `what`.
    pub(crate) fn check_len(what: &'static str, bytes: usize, limit: usize) -> Result<(), Self> {
        if bytes > limit {
            return Err(Self::TooLong { what, bytes, limit });
        }
        Ok(())
    }
}
