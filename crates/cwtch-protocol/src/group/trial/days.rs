//! The inner box of a message in a group with daily keys.

use std::sync::{PoisonError, RwLock};

use cwtch_primitives::forks::DayKey;
use cwtch_wire::group::ReceivedGroupMessage;
use cwtch_wire::group::fork::{
    DAYS_AHEAD_MAX, DailyReject, DayError, DayKeys, open_day_box_into, read_daily,
};

/// The keys of a group's days, of which those that were used are kept: a board holds many messages of each day.
pub(super) struct Days {
    keys: DayKeys,
    /// The keys from the oldest day on, as far as they were asked for; at most one more than [`DAYS_AHEAD_MAX`].
    derived: RwLock<Vec<DayKey>>,
}

impl Days {
    pub(super) fn new(keys: DayKeys) -> Self {
        let derived = RwLock::new(vec![keys.oldest_key().clone()]);
        Self { keys, derived }
    }

    /// Opens what lies in the outer box, which `wrapped` is, and reads it. Gives the day in days since 1970, too.
    pub(super) fn open(
        &self,
        ciphertext: &[u8],
        wrapped: &[u8],
        plain: &mut Vec<u8>,
    ) -> Result<(ReceivedGroupMessage, u64), DailyReject> {
        let day = open_day_box_into(|day| self.key(day), ciphertext, wrapped, plain)?;
        let received = read_daily(&self.keys, day, plain)?;
        Ok((received, self.keys.first_day().saturating_add(day.into())))
    }

    fn key(&self, day: u16) -> Result<DayKey, DayError> {
        let behind = day.checked_sub(self.keys.oldest()).ok_or(DayError::Sealed(day))?;
        if behind > DAYS_AHEAD_MAX {
            return Err(DayError::Ahead);
        }
        let place = usize::from(behind);
        if let Some(key) = self.derived.read().unwrap_or_else(PoisonError::into_inner).get(place) {
            return Ok(key.clone());
        }
        let mut derived = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        while derived.len() <= place
            && let Some(last) = derived.last()
        {
            let next = last.next();
            derived.push(next);
        }
        derived.get(place).cloned().ok_or(DayError::Ahead)
    }
}
