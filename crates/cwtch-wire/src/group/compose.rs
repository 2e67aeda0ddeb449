//! Writing of group messages, so that their length reveals nothing.

use cwtch_log::MsgId;
use cwtch_primitives::secretbox::{MAC_LEN, seal};
use cwtch_primitives::{CryptoRngCore, Identity};

use super::extensions::{Extensions, ExtensionsError, Included, REQUIRED_ROOM};
use super::fork::{Fitted, ForkRecords};
use super::{GroupContext, PlainGroupMessage, SIGNATURE_LEN, TIMESTAMP_MAX};
use crate::board::EncryptedGroupMessage;
use crate::go_json::escaped_len;
use crate::overlay::{Overlay, TEXT_MAX_GROUP};

/// Length of the plain JSON of nearly every message of ours, in bytes.
pub const PLAIN_SHORT: usize = 2760;
/// Length of the plain JSON of a message whose escapes do not fit [`PLAIN_SHORT`], in bytes.
pub const PLAIN_LONG: usize = 5800;
/// Number of padding bytes that every message has at least: extensions live in the padding, and a message must not
/// change its length on the day it carries them.
pub const PADDING_RESERVE: usize = 200;

/// The JSON around text, previous signature and padding, with a time of [`FRAME_DIGITS`] digits, in bytes.
const FRAME: usize = 181;
/// Number of digits of times between the years 2001 and 2286.
const FRAME_DIGITS: usize = 10;
/// Bytes that the daily form adds to a message: the day, and a second authenticator.
const DAILY_LEN: usize = 2 + MAC_LEN;
/// Length of the base64 of `n` bytes.
const fn base64_len(n: usize) -> usize {
    n.div_ceil(3) * 4
}
/// Bytes of a message's JSON that are reserved beside the escaped text: the frame, a previous signature, the smallest
/// padding and up to three spaces.
const RESERVED: usize = FRAME + base64_len(SIGNATURE_LEN) + base64_len(PADDING_RESERVE) + 3;

/// The longest text that goes into a [`PLAIN_SHORT`] message, in bytes as escaped in the JSON.
pub const ESCAPED_MAX_SHORT: usize = PLAIN_SHORT - RESERVED;
/// The longest text of all, in bytes as escaped in the JSON.
pub const ESCAPED_MAX: usize = PLAIN_LONG - RESERVED;

/// Reason why a text cannot be sent to a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The text has more bytes than any group message carries.
    #[error(
        "the message has {bytes} bytes with its frame, a group message at most {limit}: shorten it or split it"
    )]
    TooLong {
        /// The text's length in bytes of UTF-8, overlay included.
        bytes: usize,
        /// [`TEXT_MAX_GROUP`].
        limit: usize,
    },
    /// The text has too many characters that take several bytes each when escaped.
    #[error(
        "the message has {bytes} bytes once its special characters (such as < > & and quotation marks) are \
         escaped, a group message at most {limit}: shorten it or split it"
    )]
    EscapedTooLong {
        /// The text's length in bytes when escaped.
        bytes: usize,
        /// The most that the message's form has room for, [`ESCAPED_MAX`] in static groups.
        limit: usize,
    },
    /// The text has a character that receivers encode differently, so that the signature would hold for some only.
    #[error("the message contains the control character U+{0:04X}, which groups cannot carry: remove it")]
    ForbiddenCharacter(u32),
    /// The previous signature has neither 64 bytes nor none.
    #[error("the previous message's signature must have 64 bytes or none, it has {0}")]
    Previous(usize),
    /// The time is outside of the years 1970 to 9999.
    #[error("the time is out of range: set this computer's clock")]
    Timestamp,
    /// The extensions cannot be written.
    #[error("what the message says about earlier ones cannot be written: {0}")]
    Extensions(#[from] ExtensionsError),
}

/// A message with extensions, ready to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The message.
    pub message: EncryptedGroupMessage,
    /// The message's id, by which it is recognised when it comes back.
    pub id: MsgId,
    /// The optional extensions that are in it.
    pub included: Included,
}

/// Finds the first character in a text that a group message must not contain: U+0008 or U+000C, whose escapes changed
/// between versions of Go (§1.9); also in an overlay's data.
pub fn forbidden_character(text: &str) -> Option<char> {
    let find = |text: &str| text.chars().find(|c| matches!(c, '\u{08}' | '\u{0c}'));
    find(text).or_else(|| find(&Overlay::from_json(text.as_bytes()).ok()?.data))
}

/// Writes, signs and seals a message without extensions.
///
/// `text` is the overlay's JSON; `timestamp` is in unix seconds; `previous` is the signature of the newest
/// message of the group that is known, or empty. The plain JSON has exactly [`PLAIN_SHORT`] bytes, or
/// [`PLAIN_LONG`] if the escaped text exceeds [`ESCAPED_MAX_SHORT`]; which of the two depends on the text
/// alone.
///
/// # Errors
/// [`ComposeError`] for a text that cannot be sent, or a wrong `previous` or `timestamp`.
pub fn compose(
    context: GroupContext<'_>,
    author: &Identity,
    text: &str,
    timestamp: i64,
    previous: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<EncryptedGroupMessage, ComposeError> {
    let shape = Shape::of(text, timestamp, previous, Form::STATIC)?;
    let padding = shape.random_padding(rng);
    let plain = shape.plain(context, author, padding);
    Ok(sign(context, author, &plain, seal(context.key, &plain, rng)))
}

/// Writes, signs and seals a message with extensions, otherwise like [`compose`] and of the same length.
///
/// # Errors
/// [`ComposeError`], also for extensions that are wrong in themselves.
pub fn compose_with(
    context: GroupContext<'_>,
    author: &Identity,
    text: &str,
    timestamp: i64,
    previous: &[u8],
    extensions: &Extensions,
    rng: &mut impl CryptoRngCore,
) -> Result<Composed, ComposeError> {
    let shape = Shape::of(text, timestamp, previous, Form::STATIC)?;
    let (padding, included, _) = shape.padding_with(extensions, &ForkRecords::default(), rng)?;
    let plain = shape.plain(context, author, padding);
    let ciphertext = seal(context.key, &plain, rng);
    Ok(Composed::new(context, author, &plain, ciphertext, included))
}

/// Computes how many bytes of extensions a message would have room for; at least [`PADDING_RESERVE`], with a time of
/// at most ten digits.
///
/// # Errors
/// As [`compose`].
pub fn extensions_room(text: &str, timestamp: i64, previous: &[u8]) -> Result<usize, ComposeError> {
    Shape::of(text, timestamp, previous, Form::STATIC).map(|shape| shape.padding)
}

/// Lengths of the plain JSON in one of the forms that messages are sealed in, so that their ciphertexts have the same two.
#[derive(Clone, Copy)]
pub(super) struct Form {
    short: usize,
    long: usize,
}

impl Form {
    /// Sealed with the group's key.
    pub(super) const STATIC: Self = Self { short: PLAIN_SHORT, long: PLAIN_LONG };
    /// Sealed with a day's key, then with the group's.
    pub(super) const DAILY: Self = Self { short: PLAIN_SHORT - DAILY_LEN, long: PLAIN_LONG - DAILY_LEN };
}

/// A message that can be sent, and its padding.
pub(super) struct Shape<'a> {
    text: &'a str,
    timestamp: i64,
    previous: &'a [u8],
    /// Length of the plain JSON in bytes.
    total: usize,
    /// Number of spaces after the text.
    spaces: usize,
    /// Length of the padding in bytes.
    padding: usize,
}

impl Composed {
    /// Signs a plain message whose ciphertext is made.
    pub(super) fn new(
        context: GroupContext<'_>,
        author: &Identity,
        plain: &[u8],
        ciphertext: Vec<u8>,
        included: Included,
    ) -> Self {
        let message = sign(context, author, plain, ciphertext);
        Self { message, id: MsgId::of(context.id.as_bytes(), plain), included }
    }
}

fn sign(
    context: GroupContext<'_>,
    author: &Identity,
    plain: &[u8],
    ciphertext: Vec<u8>,
) -> EncryptedGroupMessage {
    EncryptedGroupMessage { signature: author.sign(&context.signed_text(plain)).to_vec(), ciphertext }
}

impl<'a> Shape<'a> {
    /// Applies the padding rule, in this one place.
    ///
    /// Text is raw in the JSON while padding is base64, so the deployed rule (padding = 1800 − text) lets
    /// the server read the text's length off the message's. Here the JSON's length is fixed first, and the
    /// padding takes what is left. Base64 grows in steps of four; the remainder is spaces after the
    /// overlay, which its reader skips. They do not count against the text's limit of 1800.
    pub(super) fn of(
        text: &'a str,
        timestamp: i64,
        previous: &'a [u8],
        form: Form,
    ) -> Result<Self, ComposeError> {
        if text.len() > TEXT_MAX_GROUP {
            return Err(ComposeError::TooLong { bytes: text.len(), limit: TEXT_MAX_GROUP });
        }
        if let Some(c) = forbidden_character(text) {
            return Err(ComposeError::ForbiddenCharacter(c.into()));
        }
        if !matches!(previous.len(), 0 | SIGNATURE_LEN) {
            return Err(ComposeError::Previous(previous.len()));
        }
        if !(0..=TIMESTAMP_MAX).contains(&timestamp) {
            return Err(ComposeError::Timestamp);
        }
        let escaped = escaped_len(text);
        let limit = form.long - RESERVED;
        if escaped > limit {
            return Err(ComposeError::EscapedTooLong { bytes: escaped, limit });
        }
        let total = if escaped <= form.short - RESERVED { form.short } else { form.long };
        let digits = timestamp.checked_ilog10().unwrap_or(0) as usize + 1;
        let used = FRAME - FRAME_DIGITS + digits + escaped + base64_len(previous.len());
        let room = total.saturating_sub(used);
        Ok(Self { text, timestamp, previous, total, spaces: room % 4, padding: room / 4 * 3 })
    }

    fn random_padding(&self, rng: &mut impl CryptoRngCore) -> Vec<u8> {
        let mut padding = vec![0; self.padding];
        rng.fill_bytes(&mut padding);
        padding
    }

    /// A padding that begins with statements, with what of them had room.
    pub(super) fn padding_with(
        &self,
        extensions: &Extensions,
        records: &ForkRecords,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Vec<u8>, Included, Fitted), ExtensionsError> {
        let mut padding = self.random_padding(rng);
        let (bytes, included, fitted) = extensions.encode_with(records, padding.len())?;
        padding.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Ok((padding, included, fitted))
    }

    /// The plain JSON.
    pub(super) fn plain(&self, context: GroupContext<'_>, author: &Identity, padding: Vec<u8>) -> Vec<u8> {
        let mut text = self.text.to_owned();
        text.extend(core::iter::repeat_n(' ', self.spaces));
        let plain = PlainGroupMessage {
            text,
            author: author.address().to_string(),
            timestamp: self.timestamp,
            group_id: Some(context.id.as_bytes().to_vec()),
            previous: Some(self.previous.to_vec()),
            padding: Some(padding),
        }
        .json_with_capacity(self.total);
        debug_assert_eq!(plain.len(), self.total);
        plain
    }
}

const _: () = assert!(REQUIRED_ROOM <= PADDING_RESERVE);
