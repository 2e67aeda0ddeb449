//! The time that may be signed: the wall clock, unless it cannot be right.
//!
//! A signed time that lies ahead cannot be taken back: the log's times never decrease, and honest later statements would
//! look as if the server had frozen its log. So a wall clock that is suddenly ahead is not believed until somebody
//! confirms it; meanwhile the time goes on as the monotonic clock does (docs/verifiable-log.md, 6.4).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use cwtch_net::Validity;
use cwtch_protocol::monitor::limits;

/// Seconds that the wall clock may be ahead of where the monotonic clock says it should be, however long that clock
/// has run: the system steers both alike, so only jumps make them differ.
pub(super) const AHEAD: u64 = 2 * 60;
/// Seconds that the wall clock may be ahead of the last signature at a start that nobody else vouches for.
const AWAY: u64 = 24 * 60 * 60;

// A clock that is right must never sign a time that clients refuse.
const _: () = assert!(AHEAD + cwtch_log::TICK < limits::AHEAD_MAX);

/// One reading of the machine's two clocks, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Time of the wall clock, in unix seconds.
    pub wall: u64,
    /// Seconds since some moment of the past; counts on while the machine sleeps, if the system can tell.
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

/// The source of readings: the machine, or a test.
pub type Source = Box<dyn Fn() -> Reading + Send>;

/// A clock that checks the wall clock against the monotonic one before it believes it.
pub struct Clock {
    source: Source,
    /// The last reading that was believed.
    anchor: Reading,
    doubt: Option<Doubt>,
    /// Seconds that the wall clock was ahead of the expected time when it was last read.
    ahead: u64,
}

/// Reason why the wall clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The clock jumped ahead while the server ran.
    Jumped,
    /// The clock was far ahead of the last signature at the start.
    LongAway,
}

/// The party that vouches for the wall clock at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The clock is confirmed, by the operator or by a network whose directory is valid now.
    Confirmed,
    /// The network will confirm it ([`Clock::confirm`]). Nobody reaches the server before, so nothing is lost by
    /// waiting.
    Network,
    /// Nobody will confirm it.
    Nobody,
}

impl Trust {
    /// The most seconds that the wall clock may be ahead of the last signature.
    fn away(self) -> u64 {
        match self {
            Self::Confirmed => u64::MAX,
            Self::Network => AHEAD,
            Self::Nobody => AWAY,
        }
    }
}

impl Clock {
    /// A clock for a log whose last signature has the time `last` (unix seconds, 0 for none).
    pub fn new(source: Source, last: u64, trust: Trust) -> Self {
        let now = source();
        let away = last > 0 && now.wall > last.saturating_add(trust.away());
        let anchor = if away { Reading { wall: last, ..now } } else { now };
        Self { source, anchor, doubt: away.then_some(Doubt::LongAway), ahead: 0 }
    }

    /// The time that may be signed now, in unix seconds.
    pub fn now(&mut self) -> u64 {
        let now = (self.source)();
        let expected = self.expected(now);
        self.ahead = now.wall.saturating_sub(expected);
        if self.ahead <= AHEAD {
            // Also after a doubt: a clock that was set back is right again.
            self.doubt = None;
            return now.wall;
        }
        self.doubt.get_or_insert(Doubt::Jumped);
        expected
    }

    /// The reason why the wall clock was not believed when the time was last asked for, and the seconds by which it
    /// was ahead.
    pub fn doubt(&self) -> Option<(Doubt, u64)> {
        self.doubt.map(|doubt| (doubt, self.ahead))
    }

    /// The time that the wall clock should show, in unix seconds.
    fn expected(&self, now: Reading) -> u64 {
        self.anchor.wall.saturating_add(now.monotonic.saturating_sub(self.anchor.monotonic))
    }

    /// Notes that nobody will confirm the clock: a doubt from the start is dropped if it would not have arisen with
    /// [`Trust::Nobody`].
    pub fn stay_unconfirmed(&mut self) {
        let now = (self.source)();
        if self.doubt == Some(Doubt::LongAway) && now.wall <= self.expected(now).saturating_add(AWAY) {
            self.anchor = now;
            self.doubt = None;
        }
    }

    /// Believes a doubted wall clock again if a Tor network shows that the doubt was wrong: it uses a directory that
    /// is valid for this time, and the clock is within it. True if the clock is believed from now on.
    ///
    /// That is enough for a doubt from the start. A clock that jumped while the server ran is believed only if the
    /// directory was made after the expected time: then the monotonic clock stood still, as on a machine that was
    /// paused.
    pub fn confirm(&mut self, valid: Validity) -> bool {
        let now = (self.source)();
        let stood_still = valid.after > self.expected(now);
        let shown = match self.doubt {
            None => false,
            Some(Doubt::LongAway) => true,
            Some(Doubt::Jumped) => stood_still,
        };
        if !shown || !valid.contains(now.wall) {
            return false;
        }
        self.anchor = now;
        self.doubt = None;
        true
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
            Self::LongAway => "the machine's clock is far ahead of the last signature",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const DAY: u64 = 24 * 60 * 60;
    const BEGIN: u64 = 1_000_000;

    fn clock(last: u64, trust: Trust) -> (Arc<Mutex<Reading>>, Clock) {
        let machine = Arc::new(Mutex::new(Reading { wall: BEGIN, monotonic: 50 }));
        let read = Arc::clone(&machine);
        (machine, Clock::new(Box::new(move || *read.lock().unwrap()), last, trust))
    }

    fn pass(machine: &Mutex<Reading>, monotonic: u64, wall: i64) {
        let mut now = machine.lock().unwrap();
        now.monotonic += monotonic;
        now.wall = now.wall.checked_add_signed(wall).unwrap();
    }

    fn valid(after: u64, until: u64) -> Validity {
        Validity { after, until }
    }

    #[test]
    fn the_jump_that_is_believed_does_not_grow_with_the_uptime() {
        for days in [0, 1, 100, 3000] {
            let (machine, mut clock) = clock(0, Trust::Nobody);
            for _ in 0..days {
                pass(&machine, DAY, DAY as i64);
                assert_eq!(clock.now(), machine.lock().unwrap().wall);
            }
            pass(&machine, 0, AHEAD as i64);
            assert_eq!((clock.now(), clock.doubt()), (BEGIN + days * DAY + AHEAD, None));
            pass(&machine, 0, 1);
            assert_eq!(clock.now(), BEGIN + days * DAY, "after {days} days");
            assert_eq!(clock.doubt(), Some((Doubt::Jumped, AHEAD + 1)));
        }
    }

    #[test]
    fn many_small_steps_are_no_way_ahead() {
        let (machine, mut clock) = clock(0, Trust::Nobody);
        for _ in 0..500 {
            pass(&machine, 60, 61);
            let expected = BEGIN + machine.lock().unwrap().monotonic - 50;
            assert!(clock.now() <= expected + AHEAD);
        }
    }

    #[test]
    fn a_jump_ahead_is_not_signed_until_time_shows_that_it_was_none() {
        let (machine, mut clock) = clock(0, Trust::Network);
        pass(&machine, 100, 100 + 7200);
        assert_eq!(clock.now(), BEGIN + 100);
        // A directory made before the jump is valid for hours, and proves nothing about it.
        assert!(!clock.confirm(valid(BEGIN, BEGIN + 3 * 3600)));
        pass(&machine, 500, 500);
        assert_eq!(clock.now(), BEGIN + 600);
        // This one was made later than the expected time: the machine had been paused.
        let made = BEGIN + 3600;
        assert!(!clock.confirm(valid(made, made + 1800)), "the wall clock is beyond it");
        assert!(clock.confirm(valid(made, made + 3 * 3600)));
        assert_eq!((clock.now(), clock.doubt()), (BEGIN + 7800, None));
        assert!(!clock.confirm(valid(made, made + 3 * 3600)), "nothing is doubted");
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_and_so_is_its_return() {
        let (machine, mut clock) = clock(0, Trust::Nobody);
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
        let last = BEGIN - DAY;
        assert_eq!(clock(last, Trust::Nobody).1.now(), BEGIN);
        let (machine, mut clock) = clock(last - 1, Trust::Nobody);
        pass(&machine, 60, 60);
        assert_eq!(clock.now(), last - 1 + 60);
        assert_eq!(clock.doubt(), Some((Doubt::LongAway, DAY + 1)));
        let (_, mut clock) = super::tests::clock(5, Trust::Confirmed);
        assert_eq!((clock.now(), clock.doubt()), (BEGIN, None));
    }

    #[test]
    fn where_the_network_tells_the_clock_waits_for_it_and_only_within_its_time() {
        let last = BEGIN - 3600;
        let (machine, mut clock) = clock(last, Trust::Network);
        pass(&machine, 60, 60);
        assert_eq!(clock.now(), last + 60);
        for wrong in [valid(BEGIN + 61, BEGIN + 9000), valid(BEGIN - 9000, BEGIN + 59)] {
            assert!(!clock.confirm(wrong));
            assert_eq!(clock.now(), last + 60);
        }
        assert!(clock.confirm(valid(BEGIN + 60, BEGIN + 60)));
        assert_eq!((clock.now(), clock.doubt()), (BEGIN + 60, None));
        // If it turns out that the network says nothing, nobody else can tell.
        let (_, mut clock) = super::tests::clock(last, Trust::Network);
        clock.stay_unconfirmed();
        assert_eq!((clock.now(), clock.doubt()), (BEGIN, None));
        let (_, mut clock) = super::tests::clock(BEGIN - DAY - 1, Trust::Network);
        clock.stay_unconfirmed();
        assert_eq!((clock.now(), clock.doubt()), (BEGIN - DAY - 1, Some((Doubt::LongAway, DAY + 1))));
        // A start right after the last signature needs nobody.
        assert_eq!(super::tests::clock(BEGIN - AHEAD, Trust::Network).1.now(), BEGIN);
    }
}
