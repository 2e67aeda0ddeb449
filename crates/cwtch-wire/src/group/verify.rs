//! Opening and verifying group messages.

use core::fmt;

use cwtch_log::MsgId;
use cwtch_primitives::group::GroupKey;
use cwtch_primitives::secretbox::{OVERHEAD, open_to};
use cwtch_primitives::{Address, Signature};

use super::extensions::Extensions;
use super::fork::ForkRecords;
use super::{CLOCK_TOLERANCE, GroupContext, PLAIN_MAX, PlainGroupMessage, TIMESTAMP_MAX, TIMESTAMP_SANE_MIN};
use crate::board::EncryptedGroupMessage;
use crate::error::WireError;
use crate::go_json::Fields;

/// Reason why a message from a board is not shown. Its words for people stand in `cwtch-words`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// No group key opens the message. Nothing is wrong: servers carry the messages of many groups.
    #[error("no group's key opens the message")]
    NotForAnyGroup,
    /// The message opens, but holds something else than a group message.
    #[error("the message is no group message")]
    Malformed,
    /// The message names another group than the one whose key opens it.
    #[error("the message names another group")]
    WrongGroupId,
    /// The author is no valid address.
    #[error("the author is no valid address")]
    BadAuthor,
    /// The signature does not fit: forged, changed, or made for another group or server.
    #[error("the signature does not fit")]
    BadSignature,
    /// The sent time is outside of the years 1970 to 9999.
    #[error("the time is outside of the years 1970 to 9999")]
    TimestampOutOfRange,
    /// The message is larger than any post can be.
    #[error("the message is larger than any post")]
    TooLong,
    /// The message lies under another day's key than that of the time which its author signed.
    #[error("the message lies under another day's key")]
    OtherDay,
    /// The message lies under the key of a day so far ahead that nobody derives it.
    #[error("the message lies under the key of a day far ahead")]
    DayAhead,
    /// The message lies under another key than that of its day, which is false where it was sealed or where it is read.
    #[error("the message lies under another key than that of its day")]
    OtherKey,
}

impl RejectReason {
    /// A fixed name, for what is stored and for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotForAnyGroup => "not-for-any-group",
            Self::Malformed => "malformed",
            Self::WrongGroupId => "wrong-group-id",
            Self::BadAuthor => "bad-author",
            Self::BadSignature => "bad-signature",
            Self::TimestampOutOfRange => "timestamp-out-of-range",
            Self::TooLong => "too-long",
            Self::OtherDay => "other-day",
            Self::DayAhead => "day-ahead",
            Self::OtherKey => "other-key",
        }
    }
}

/// A decrypted message: somebody who has the group's key wrote it. Nothing else is known yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedGroupMessage(PlainGroupMessage);

impl ReceivedGroupMessage {
    /// The message's claims. Do not show them.
    pub fn unverified(&self) -> &PlainGroupMessage {
        &self.0
    }
}

impl fmt::Debug for ReceivedGroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received{:?}", self.0)
    }
}

/// A message that its author signed for this group on this server.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedGroupMessage {
    plain: PlainGroupMessage,
    author: Address,
    signature: Signature,
    id: MsgId,
}

impl VerifiedGroupMessage {
    /// The overlay's JSON as it was sent, with the spaces that our padding rule may have put after it:
    /// keep them, a quote's hash covers them.
    pub fn text(&self) -> &str {
        &self.plain.text
    }

    /// The author.
    pub fn author(&self) -> &Address {
        &self.author
    }

    /// Time of sending by the author's clock, in unix seconds; 0 to [`TIMESTAMP_MAX`].
    pub fn timestamp(&self) -> i64 {
        self.plain.timestamp
    }

    /// The sent time if it can be believed at `now` (unix seconds): not before [`TIMESTAMP_SANE_MIN`] and
    /// not more than [`CLOCK_TOLERANCE`] ahead. Otherwise use the time of receipt. A message is not
    /// refused for this: the reader's own clock may be the wrong one.
    pub fn sane_timestamp(&self, now: i64) -> Option<i64> {
        let range = TIMESTAMP_SANE_MIN..=now.saturating_add(CLOCK_TOLERANCE);
        range.contains(&self.plain.timestamp).then_some(self.plain.timestamp)
    }

    /// The signature of the newest message that the author had seen; empty for none.
    pub fn previous(&self) -> &[u8] {
        self.plain.previous.as_deref().unwrap_or_default()
    }

    /// The padding, in which extensions live.
    pub fn padding(&self) -> &[u8] {
        self.plain.padding.as_deref().unwrap_or_default()
    }

    /// The author's statements about the messages before this one; `None` if there are none, or none that can be
    /// read.
    pub fn extensions(&self) -> Option<Extensions> {
        Extensions::decode(self.padding())
    }

    /// The author's statements about forks: none in a message without [`VerifiedGroupMessage::extensions`], and none that
    /// cannot be read.
    pub fn fork_records(&self) -> ForkRecords {
        self.extensions().map(|_| ForkRecords::decode(self.padding())).unwrap_or_default()
    }

    /// The message's id: copies of one message have the same.
    pub fn msg_id(&self) -> MsgId {
        self.id
    }

    /// The author's signature, by which boards and later messages name this one.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl fmt::Debug for VerifiedGroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified{:?}", self.plain)
    }
}

/// Tries one key, and returns the plain JSON on success. `buffer` is reused, so that trying many keys allocates once.
/// For a wrong key only the authenticator is computed.
pub fn try_open_into<'b>(key: &GroupKey, ciphertext: &[u8], buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    let length = ciphertext.len().checked_sub(OVERHEAD)?;
    if length > PLAIN_MAX {
        return None;
    }
    buffer.resize(length, 0);
    open_to(key, ciphertext, buffer).ok()?;
    Some(buffer)
}

/// Reads decrypted bytes.
///
/// # Errors
/// [`RejectReason::Malformed`] or [`RejectReason::TooLong`].
pub fn parse_plain(plain: &[u8]) -> Result<ReceivedGroupMessage, RejectReason> {
    if plain.len() > PLAIN_MAX {
        return Err(RejectReason::TooLong);
    }
    let read = |fields: Fields<'_, '_>| {
        Ok(PlainGroupMessage {
            text: fields.string("Text")?.unwrap_or_default().to_owned(),
            author: fields.string("Onion")?.unwrap_or_default().to_owned(),
            timestamp: fields.int("Timestamp")?.unwrap_or_default(),
            group_id: fields.bytes("SignedGroupID")?,
            previous: fields.bytes("PreviousMessageSig")?,
            padding: fields.bytes("Padding")?,
        })
    };
    Fields::parse("group message", plain, PLAIN_MAX, read)
        .map(ReceivedGroupMessage)
        .map_err(|_: WireError| RejectReason::Malformed)
}

/// Decrypts and reads a message.
///
/// # Errors
/// [`RejectReason::NotForAnyGroup`] if the key does not open it, and as [`parse_plain`].
pub fn open(
    context: GroupContext<'_>,
    message: &EncryptedGroupMessage,
) -> Result<ReceivedGroupMessage, RejectReason> {
    if message.ciphertext.len() > PLAIN_MAX + OVERHEAD {
        return Err(RejectReason::TooLong);
    }
    let mut buffer = Vec::new();
    let plain = try_open_into(context.key, &message.ciphertext, &mut buffer);
    parse_plain(plain.ok_or(RejectReason::NotForAnyGroup)?)
}

/// Checks the group's id, the author, the time, and the author's signature, which came beside the box.
///
/// The signature covers the message as Go writes it, so the fields are encoded again first: JSON
/// that was written differently but says the same is valid, and only then.
///
/// # Errors
/// [`RejectReason`].
pub fn verify(
    context: GroupContext<'_>,
    received: ReceivedGroupMessage,
    signature: &[u8],
) -> Result<VerifiedGroupMessage, RejectReason> {
    let plain = received.0;
    if plain.group_id.as_deref() != Some(context.id.as_bytes().as_slice()) {
        return Err(RejectReason::WrongGroupId);
    }
    let author: Address = plain.author.parse().map_err(|_| RejectReason::BadAuthor)?;
    let signature: Signature = signature.try_into().map_err(|_| RejectReason::BadSignature)?;
    let json = plain.to_json();
    // Bytes that are no UTF-8 grow when they are read: no sender that encodes as Go does can have written that much.
    if json.len() > PLAIN_MAX {
        return Err(RejectReason::TooLong);
    }
    author
        .public_key()
        .verify(&context.signed_text(&json), &signature)
        .map_err(|_| RejectReason::BadSignature)?;
    if !(0..=TIMESTAMP_MAX).contains(&plain.timestamp) {
        return Err(RejectReason::TimestampOutOfRange);
    }
    let id = MsgId::of(context.id.as_bytes(), &json);
    Ok(VerifiedGroupMessage { plain, author, signature, id })
}

/// Opens and verifies a message: [`open`], then [`verify`].
///
/// # Errors
/// [`RejectReason`].
pub fn open_and_verify(
    context: GroupContext<'_>,
    message: &EncryptedGroupMessage,
) -> Result<VerifiedGroupMessage, RejectReason> {
    verify(context, open(context, message)?, &message.signature)
}
