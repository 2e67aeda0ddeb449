//! Times at which a server that is not used any more is asked for packages of forks (docs/group-forks.md, section 9.2).

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

/// The shortest and the longest time from one look to the next.
const SHORTEST: Duration = Duration::from_secs(60 * 60);
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// Draws the time to the next look. A test passes its own.
#[derive(Clone)]
pub struct SalvageTimes(Arc<dyn Fn() -> Duration + Send + Sync>);

impl SalvageTimes {
    /// Looks as `draw` says.
    pub fn new(draw: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    pub(crate) fn draw(&self) -> Duration {
        (self.0)()
    }
}

impl Default for SalvageTimes {
    /// At a random time from one to six hours later.
    fn default() -> Self {
        Self::new(|| rand::thread_rng().gen_range(SHORTEST..=LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_hours_apart() {
        let times = SalvageTimes::default();
        let drawn: Vec<Duration> = (0..1000).map(|_| times.draw()).collect();
        assert!(drawn.iter().all(|time| (SHORTEST..=LONGEST).contains(time)));
        assert!(drawn.iter().any(|time| *time > (SHORTEST + LONGEST) / 2));
    }
}
