//! Judgement of what a server signed: each statement against every other that is held, and against our own log.
//!
//! Whether something contradicts is decided by functions over the [`KeptLog`](super::memory::KeptLog), which give a
//! [`Charge`]. The [`Judge`] keeps what stands, and accuses where there is a charge.

mod answer;
mod charge;
mod checkpoint;
mod compare;
mod contradiction;
mod incarnation;
mod judge;
mod notice;
mod notices;
mod probe;
mod receipts;
mod refused;
mod rules;

pub(super) use charge::Charge;
pub use compare::{ComparisonOutcome, MismatchOutcome};
pub(super) use compare::{compared, comparison, mismatch};
pub(super) use contradiction::contradiction;
pub use incarnation::Learnt;
pub(super) use judge::Judge;
pub use notice::Notice;
pub use probe::Probed;
pub(super) use receipts::seen;
pub use receipts::{Posted, Seen};
pub use refused::{Malformed, Refused};
