//! Writing of group messages with records about forks, in the static and in the daily form. Both have the lengths of any
//! other message.

use cwtch_primitives::secretbox::seal;
use cwtch_primitives::{CryptoRngCore, Identity};

use super::super::compose::{Composed, Form, Shape};
use super::super::{ComposeError, Extensions, GroupContext};
use super::daily::{DayError, DayKeys, seal_day_box};
use super::records::{Fitted, ForkRecords};

/// Content of a message that is about to be written.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The overlay's JSON.
    pub text: &'a str,
    /// Time of sending in unix seconds.
    pub timestamp: i64,
    /// The signature of the newest message of the group that is known, or empty.
    pub previous: &'a [u8],
    /// Statements about the messages before this one.
    pub extensions: &'a Extensions,
    /// Statements about forks.
    pub records: &'a ForkRecords,
}

/// A message that was written, and what of the records is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposedWith {
    /// The message, ready to be posted.
    pub composed: Composed,
    /// The records that had room.
    pub fitted: Fitted,
}

/// Reason why a message cannot be sent to a group with daily keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DailyComposeError {
    /// A reason that static groups have, too.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// There is no key for the day of the message's time.
    #[error("there is no key for this day: {0}; set this computer's clock")]
    Day(#[from] DayError),
}

/// Writes, signs and seals a message in the static form.
///
/// # Errors
/// [`ComposeError`].
pub fn compose_static(
    context: GroupContext<'_>,
    author: &Identity,
    draft: Draft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<ComposedWith, ComposeError> {
    let shape = Shape::of(draft.text, draft.timestamp, draft.previous, Form::STATIC)?;
    let (padding, included, fitted) = shape.padding_with(draft.extensions, draft.records, rng)?;
    let plain = shape.plain(context, author, padding);
    let ciphertext = seal(context.key, &plain, rng);
    Ok(ComposedWith { composed: Composed::new(context, author, &plain, ciphertext, included), fitted })
}

/// Writes, signs and seals a message in the daily form, under the day of its time.
///
/// # Errors
/// [`DailyComposeError`].
pub fn compose_daily(
    context: GroupContext<'_>,
    keys: &DayKeys,
    author: &Identity,
    draft: Draft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<ComposedWith, DailyComposeError> {
    let day = keys.day_of(draft.timestamp)?;
    let shape = Shape::of(draft.text, draft.timestamp, draft.previous, Form::DAILY)?;
    let (padding, included, fitted) =
        shape.padding_with(draft.extensions, draft.records, rng).map_err(ComposeError::from)?;
    let plain = shape.plain(context, author, padding);
    let ciphertext = seal_day_box(context.key, keys, day, &plain, rng)?;
    Ok(ComposedWith { composed: Composed::new(context, author, &plain, ciphertext, included), fitted })
}

impl core::fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Draft({} bytes)", self.text.len())
    }
}
