//! Rounds of a measurement that other programs did not disturb.

use cwtch_testkit::usage;

/// The figure of each of `count` rounds; see [`usage::rounds`].
pub(crate) fn rounds(count: usize, mut round: impl FnMut() -> f64) -> Vec<f64> {
    let [figures] = usage::rounds("a round", count, || [round()]);
    figures
}
