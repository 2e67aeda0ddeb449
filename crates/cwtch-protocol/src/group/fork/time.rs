//! The time by which the rules go.

/// The present, in unix seconds: the latest of the own clock and of what others vouch for. `checkpoint` is the time of the newest
/// one that was verified; without a log, `others` are the newest times of the other authors.
///
/// Of these the second newest counts, so that one clock that is years ahead moves nobody. Where there is only one, it may be
/// that one, and the own clock is as good.
pub fn present(own: u64, checkpoint: Option<u64>, others: &[u64]) -> u64 {
    let witnessed = checkpoint.or_else(|| {
        let mut others = others.to_vec();
        others.sort_unstable_by(|a, b| b.cmp(a));
        others.get(1).copied()
    });
    witnessed.map_or(own, |time| time.max(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_clock_ahead_moves_nobody() {
        assert_eq!(present(5, None, &[]), 5);
        assert_eq!(present(5, None, &[900]), 5);
        assert_eq!(present(5, None, &[7, 900]), 7);
        assert_eq!(present(5, None, &[3, 900, 4]), 5);
        assert_eq!(present(5, Some(8), &[900, 900]), 8);
        assert_eq!(present(5, Some(4), &[]), 5);
    }
}
