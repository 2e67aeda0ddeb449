//! The daily form of a group message: sealed with the key of its day, then with the group's key.
//!
//! The outer box shows members whose message it is, as ever; the inner one is for who has the day's key or an earlier one.
//! No state of a sender is needed to read, so nothing is lost with a lost message.

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::forks::DayKey;
use cwtch_primitives::group::GroupKey;
use cwtch_primitives::secretbox::{BoxError, MAC_LEN, NONCE_LEN, open_into, seal_in_place, seal_into};

use super::super::{GroupContext, ReceivedGroupMessage, RejectReason, parse_plain, try_open_into};
use super::notice::DAY;
use super::read::Reader;
use crate::board::EncryptedGroupMessage;

/// The largest number of days behind the oldest key that a message may be of.
pub const DAYS_AHEAD_MAX: u16 = 4096;

/// The keys of an epoch's days from the oldest on that is kept; those before it are erased.
///
/// Keys are derived when they are needed. A member who reads much of one day keeps its key beside this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayKeys {
    first_day: u64,
    oldest: u16,
    key: DayKey,
}

/// Reason why there is no key for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DayError {
    /// The day's key is erased.
    #[error("the key of day {0} is erased")]
    Sealed(u16),
    /// The day lies more than [`DAYS_AHEAD_MAX`] days behind the oldest key.
    #[error("the day lies too far ahead")]
    Ahead,
}

/// Reason why a message of an epoch with daily keys is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DailyReject {
    /// A reason that static messages have, too.
    #[error(transparent)]
    Rejected(#[from] RejectReason),
    /// The day's key is erased, or the day lies too far ahead.
    #[error(transparent)]
    Day(#[from] DayError),
    /// The day's key does not open the inner box: it is false, here or at the author's.
    #[error("the message was sealed with another key than that of its day")]
    InnerBox(u16),
    /// The day beside the inner box is not that of the time which the author signed.
    #[error("the message was put under another day than its author signed")]
    OtherDay,
}

impl DayKeys {
    /// The keys of an epoch whose first day is `first_day` (days since 1970), from day `oldest` of the epoch on.
    pub const fn new(first_day: u64, oldest: u16, key: DayKey) -> Self {
        Self { first_day, oldest, key }
    }

    /// The epoch's first day, in days since 1970.
    pub const fn first_day(&self) -> u64 {
        self.first_day
    }

    /// The first day whose key is there.
    pub const fn oldest(&self) -> u16 {
        self.oldest
    }

    /// The key of [`DayKeys::oldest`], to be stored.
    pub const fn oldest_key(&self) -> &DayKey {
        &self.key
    }

    /// The day of the epoch to which a time belongs (unix seconds, as its author signs it). Times before the epoch belong to
    /// its first day.
    ///
    /// # Errors
    /// [`DayError::Ahead`] for a day that has no number.
    pub fn day_of(&self, timestamp: i64) -> Result<u16, DayError> {
        let day = u64::try_from(timestamp).unwrap_or(0) / DAY;
        u16::try_from(day.saturating_sub(self.first_day)).map_err(|_| DayError::Ahead)
    }

    /// The key of a day of the epoch.
    ///
    /// # Errors
    /// [`DayError`].
    pub fn key(&self, day: u16) -> Result<DayKey, DayError> {
        let behind = day.checked_sub(self.oldest).ok_or(DayError::Sealed(day))?;
        if behind > DAYS_AHEAD_MAX {
            return Err(DayError::Ahead);
        }
        Ok(self.key.after(behind))
    }

    /// Forgets the keys of the days before `day`, for good; a day whose key cannot be derived changes nothing.
    pub fn forget_before(&mut self, day: u16) {
        if let Ok(key) = self.key(day) {
            self.key = key;
            self.oldest = day;
        }
    }
}

/// Seals a plain message with the key of a day of the epoch, then with the group's key: nonce, authenticator, ciphertext.
///
/// # Errors
/// [`DayError`] if there is no key for the day.
pub fn seal_day_box(
    group_key: &GroupKey,
    keys: &DayKeys,
    day: u16,
    plain: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, DayError> {
    let key = keys.key(day)?;
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let mut inner = vec![0; plain.len() + MAC_LEN];
    // One nonce in both boxes, each under a key of its own.
    let sealed = seal_into(key.box_key(), &nonce, plain, &mut inner);
    let mut outer = [&day.to_be_bytes()[..], &inner, &[0; MAC_LEN]].concat();
    let sealed = sealed.and_then(|()| seal_in_place(group_key, &nonce, &mut outer));
    // Cannot fail: both buffers were just sized for what is sealed.
    debug_assert_eq!(sealed, Ok::<(), BoxError>(()));
    Ok([&nonce[..], &outer].concat())
}

/// Opens the inner box of a message: `ciphertext` is the whole, `wrapped` what the group's key found in it. Returns the day
/// and the plain message.
///
/// # Errors
/// [`DailyReject`].
pub fn open_day_box(
    keys: &DayKeys,
    ciphertext: &[u8],
    wrapped: &[u8],
) -> Result<(u16, Vec<u8>), DailyReject> {
    let mut plain = Vec::new();
    let day = open_day_box_into(|day| keys.key(day), ciphertext, wrapped, &mut plain)?;
    Ok((day, plain))
}

/// Opens the inner box as [`open_day_box`] does, with a key that `key_of` has for its day, into a buffer that is used again.
///
/// # Errors
/// [`DailyReject`].
pub fn open_day_box_into(
    key_of: impl FnOnce(u16) -> Result<DayKey, DayError>,
    ciphertext: &[u8],
    wrapped: &[u8],
    plain: &mut Vec<u8>,
) -> Result<u16, DailyReject> {
    let malformed = DailyReject::Rejected(RejectReason::Malformed);
    let nonce = Reader::new(ciphertext).array().ok_or(malformed)?;
    let mut reader = Reader::new(wrapped);
    let day = reader.u16().ok_or(malformed)?;
    let key = key_of(day)?;
    plain.resize(reader.rest().len().checked_sub(MAC_LEN).ok_or(malformed)?, 0);
    open_into(key.box_key(), &nonce, reader.rest(), plain).map_err(|_| DailyReject::InnerBox(day))?;
    Ok(day)
}

/// Decrypts and reads a message of an epoch with daily keys. No clock is asked. Its author's signature is still to be
/// verified, as for a static one.
///
/// # Errors
/// [`DailyReject`].
pub fn open_daily(
    context: GroupContext<'_>,
    keys: &DayKeys,
    message: &EncryptedGroupMessage,
) -> Result<ReceivedGroupMessage, DailyReject> {
    let mut buffer = Vec::new();
    let wrapped = try_open_into(context.key, &message.ciphertext, &mut buffer);
    let wrapped = wrapped.ok_or(RejectReason::NotForAnyGroup)?;
    let (day, plain) = open_day_box(keys, &message.ciphertext, wrapped)?;
    read_daily(keys, day, &plain)
}

/// Reads a plain message that was found in the box of a day, and compares the day with the one that its author signed.
///
/// # Errors
/// [`DailyReject`].
pub fn read_daily(keys: &DayKeys, day: u16, plain: &[u8]) -> Result<ReceivedGroupMessage, DailyReject> {
    let received = parse_plain(plain)?;
    if keys.day_of(received.unverified().timestamp) != Ok(day) {
        return Err(DailyReject::OtherDay);
    }
    Ok(received)
}
