//! Trying a board's messages against the keys of all groups, over all cores.

use core::borrow::Borrow;

use cwtch_protocol::group::{Outcome, Scratch, TrialSet};
use cwtch_wire::board::EncryptedGroupMessage;
use rayon::prelude::*;

/// Trials below which it is not worth waking another thread: about a tenth of a millisecond.
const INLINE_TRIALS: usize = 128;

/// True if so many messages are tried in less time than it takes to wake another thread.
pub(crate) fn is_quick(set: &TrialSet, messages: usize) -> bool {
    messages.saturating_mul(set.len()) <= INLINE_TRIALS
}

/// Tries each message against every group's key and returns the outcomes in their order. Blocks until all are tried, on
/// every core unless they are few.
pub fn classify_all<M: Borrow<EncryptedGroupMessage> + Sync>(set: &TrialSet, messages: &[M]) -> Vec<Outcome> {
    if is_quick(set, messages.len()) {
        let mut scratch = Scratch::default();
        return messages.iter().map(|message| set.classify(message.borrow(), &mut scratch)).collect();
    }
    messages
        .par_iter()
        .with_min_len(8)
        .map_init(Scratch::default, |scratch, message| set.classify(message.borrow(), scratch))
        .collect()
}
