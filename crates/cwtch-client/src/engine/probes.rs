//! Timing of cold probes: when a server is asked as by a stranger (docs/verifiable-log.md, section 7.2).

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

/// One sync in so many is followed by a probe.
const ONE_IN: u32 = 8;
/// The longest delay after the sync.
const DELAY_MAX: Duration = Duration::from_secs(10 * 60);

/// Decides after each sync whether a probe follows, and after which delay. A test passes its own.
#[derive(Clone)]
pub struct Probes(Arc<dyn Fn() -> Option<Duration> + Send + Sync>);

impl Probes {
    /// Probes as `draw` says.
    pub fn new(draw: impl Fn() -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    pub(crate) fn draw(&self) -> Option<Duration> {
        (self.0)()
    }
}

impl Default for Probes {
    /// After one sync in eight, at a random time within ten minutes.
    fn default() -> Self {
        Self::new(|| {
            let mut rng = rand::thread_rng();
            rng.gen_ratio(1, ONE_IN).then(|| DELAY_MAX.mul_f64(rng.r#gen()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_sync_in_eight_is_followed_by_a_probe_within_ten_minutes() {
        let probes = Probes::default();
        let drawn: Vec<Duration> = (0..8000).filter_map(|_| probes.draw()).collect();
        assert!((700..1300).contains(&drawn.len()), "{}", drawn.len());
        assert!(drawn.iter().all(|delay| *delay <= DELAY_MAX));
        assert!(drawn.iter().any(|delay| *delay > DELAY_MAX / 2));
    }
}
