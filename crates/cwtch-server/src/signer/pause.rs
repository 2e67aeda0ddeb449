//! Waits before a log may begin: for the network to confirm the clock, or until everything signed before lies in the
//! past.

use std::fmt;

use cwtch_log::Utc;

use super::clock::Clock;
use super::decision::{Beginning, beginning};

/// Reason why a log cannot begin yet. `Display` tells it to an operator.
#[derive(Debug)]
pub enum NotYet {
    /// The network has to confirm the machine's clock.
    Clock,
    /// Everything that was signed before must be certain to lie in the past.
    Until(Box<Pause>),
}

/// The wait before a log that replaces another may begin. Each start waits on its own, so that no two begin in the
/// same minute.
#[derive(Debug)]
pub struct Pause {
    beginning: Beginning,
    clock: Clock,
    known: bool,
}

impl Pause {
    /// The pause of a start that begins to wait now. `last` is the last time that is known to have been signed, in
    /// unix seconds; `known` tells that nothing was signed later except by a clock that was right.
    pub(super) fn new(mut clock: Clock, last: u64, known: bool) -> Self {
        Self { beginning: beginning(clock.now(), last, known), clock, known }
    }

    /// The end of the pause, in unix seconds.
    pub fn until(&self) -> u64 {
        self.beginning.not_signed_before
    }

    /// True once the log may begin.
    pub fn is_over(&mut self) -> bool {
        self.clock.now() >= self.until()
    }

    /// The incarnation that begins, and the clock with which it goes on; or the pause itself if it is not over.
    pub(super) fn end(mut self) -> Result<(u64, Clock), NotYet> {
        match self.is_over() {
            true => Ok((self.beginning.incarnation, self.clock)),
            false => Err(NotYet::Until(Box::new(self))),
        }
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock => f.write_str(
                "the log begins once Tor has confirmed this machine's clock. If that takes long, check the clock; if you know \
                 that it is right, start again with --confirm-clock",
            ),
            Self::Until(pause) => {
                let until = Utc(pause.until());
                write!(f, "declared: the log begins anew at {until}, so that it cannot contradict what was signed before; ")?;
                f.write_str(match pause.known {
                    true => "waiting",
                    false => {
                        "nobody knows how far the clock of the lost server was ahead, so this takes three hours. If you \
                         know that it was right (it used NTP), stop this and start with --confirm-clock as well: then it \
                         takes a minute"
                    }
                })
            }
        }
    }
}
