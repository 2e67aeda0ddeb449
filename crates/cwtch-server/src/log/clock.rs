//! The time that may be signed: the wall clock, unless it cannot be right.
//!
//! A signed time that lies ahead cannot be taken back: the log's times never decrease, and honest later statements would
//! look as if the server had frozen its log. So a wall clock that is suddenly ahead is not believed until somebody
//! confirms it; meanwhile the time goes on as the monotonic clock does (docs/verifiable-log.md, 6.4).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock may be so far ahead of where the monotonic clock says it should be, in seconds.
const AHEAD: u64 = 10 * 60;
/// And by this fraction of the time since then more: clocks that are being steered drift apart by half of it.
const DRIFT: u64 = 1000;
/// At start the wall clock may be so far ahead of the last signature, in seconds.
const AWAY: u64 = 24 * 60 * 60;

/// What the machine's two clocks say, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Unix time.
    pub wall: u64,
    /// Since some moment of the past; goes on while the machine sleeps, if the system can tell.
    pub monotonic: u64,
}

impl Reading {
    /// Reads the machine's clocks.
    pub fn of_system() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { wall, monotonic: monotonic() }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn monotonic() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or(0)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn monotonic() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0)
}

/// Where readings come from: the machine, or a test.
pub type Source = Box<dyn Fn() -> Reading + Send>;

/// A clock that does not believe everything.
pub struct Clock {
    source: Source,
    /// The last reading that was believed.
    anchor: Reading,
    doubt: Option<Doubt>,
    /// Seconds that the wall clock was ahead when it was last looked at.
    ahead: u64,
}

/// Why the wall clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It jumped while the server ran.
    Jumped,
    /// At start it is far ahead of the last signature.
    LongAway,
}

impl Clock {
    /// A clock for a log whose last signature has the time `last` (0 for none). `confirmed` says that the operator
    /// vouches for the wall clock.
    pub fn new(source: Source, last: u64, confirmed: bool) -> Self {
        let now = source();
        let away = last > 0 && !confirmed && now.wall > last.saturating_add(AWAY);
        let anchor = if away { Reading { wall: last, ..now } } else { now };
        Self { source, anchor, doubt: away.then_some(Doubt::LongAway), ahead: 0 }
    }

    /// The machine's clock.
    pub fn of_system(last: u64, confirmed: bool) -> Self {
        Self::new(Box::new(Reading::of_system), last, confirmed)
    }

    /// The time that may be signed now, in unix seconds.
    pub fn now(&mut self) -> u64 {
        let now = (self.source)();
        let elapsed = now.monotonic.saturating_sub(self.anchor.monotonic);
        let expected = self.anchor.wall.saturating_add(elapsed);
        let limit = expected.saturating_add(AHEAD).saturating_add(elapsed / DRIFT);
        self.ahead = now.wall.saturating_sub(expected);
        if now.wall <= limit {
            // Also after a doubt: a clock that was set back is right again.
            self.doubt = None;
            return now.wall;
        }
        self.doubt.get_or_insert(Doubt::Jumped);
        expected
    }

    /// Why the wall clock was not believed when the time was last asked for, and by how many seconds it was ahead.
    pub fn doubt(&self) -> Option<(Doubt, u64)> {
        self.doubt.map(|doubt| (doubt, self.ahead))
    }

    /// Believes the wall clock as it is now: the operator, or a Tor network that accepts it, says it is right. True if
    /// it was doubted.
    pub fn confirm(&mut self) -> bool {
        self.anchor = (self.source)();
        self.doubt.take().is_some()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("anchor", &self.anchor)
            .field("doubt", &self.doubt)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jumped => "the machine's clock jumped ahead",
            Self::LongAway => "the machine's clock is more than a day ahead of the last signature",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const DAY: u64 = 24 * 60 * 60;

    fn clock(last: u64, confirmed: bool) -> (Arc<Mutex<Reading>>, Clock) {
        let machine = Arc::new(Mutex::new(Reading { wall: 1_000_000, monotonic: 50 }));
        let read = Arc::clone(&machine);
        (machine, Clock::new(Box::new(move || *read.lock().unwrap()), last, confirmed))
    }

    fn pass(machine: &Mutex<Reading>, monotonic: u64, wall: i64) {
        let mut now = machine.lock().unwrap();
        now.monotonic += monotonic;
        now.wall = now.wall.checked_add_signed(wall).unwrap();
    }

    #[test]
    fn a_clock_that_keeps_pace_is_believed_for_ever() {
        let (machine, mut clock) = clock(0, false);
        for _ in 0..400 {
            // Half a thousandth fast, as a clock that is being steered may be.
            pass(&machine, 2000, 2001);
            assert_eq!(clock.now(), machine.lock().unwrap().wall);
            assert_eq!(clock.doubt(), None);
            pass(&machine, DAY, DAY as i64 + 43);
        }
        assert_eq!(clock.now(), machine.lock().unwrap().wall);
    }

    #[test]
    fn a_jump_ahead_is_not_signed_until_it_is_confirmed() {
        let (machine, mut clock) = clock(0, false);
        pass(&machine, 100, 100 + 600);
        assert_eq!(clock.now(), 1_000_700);
        pass(&machine, 0, 1);
        assert_eq!(clock.now(), 1_000_100);
        assert_eq!(clock.doubt(), Some((Doubt::Jumped, 601)));
        pass(&machine, 500, 500);
        assert_eq!(clock.now(), 1_000_600);
        assert!(clock.confirm());
        assert_eq!((clock.now(), clock.doubt()), (1_001_201, None));
        assert!(!clock.confirm());
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_and_so_is_its_return() {
        let (machine, mut clock) = clock(0, false);
        pass(&machine, 10, -5000);
        assert_eq!((clock.now(), clock.doubt()), (995_000, None));
        pass(&machine, 10, 5020);
        assert_eq!((clock.now(), clock.doubt()), (1_000_020, None));
        // A jump that is taken back leaves no doubt.
        pass(&machine, 0, 9000);
        assert_eq!(clock.now(), 1_000_020);
        pass(&machine, 0, -9000);
        assert_eq!((clock.now(), clock.doubt()), (1_000_020, None));
    }

    #[test]
    fn after_a_day_away_the_time_goes_on_from_the_last_signature() {
        let last = 1_000_000 - DAY;
        assert_eq!(clock(last, false).1.now(), 1_000_000);
        let (machine, mut clock) = clock(last - 1, false);
        pass(&machine, 60, 60);
        assert_eq!(clock.now(), last - 1 + 60);
        assert_eq!(clock.doubt(), Some((Doubt::LongAway, DAY + 1)));
        assert!(clock.confirm());
        assert_eq!(clock.now(), 1_000_060);
        let (_, mut clock) = super::tests::clock(5, true);
        assert_eq!((clock.now(), clock.doubt()), (1_000_000, None));
    }
}
