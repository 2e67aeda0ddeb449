//! Times at which members are asked.

use std::time::Duration;

/// Times at which a daemon asks contacts who are in a group, too. A test passes its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberTimes {
    /// The pause between two looks at what is due; up to half of it is added at random.
    pub look: Duration,
    /// The least time between two comparisons with one contact about one server.
    pub compare: Duration,
    /// The most that is added to it at random, and the longest delay of the first one.
    pub compare_jitter: Duration,
    /// The least time between the first two questions to one contact for one message; it doubles with each.
    pub want: Duration,
    /// The most that it becomes.
    pub want_most: Duration,
    /// Time that an answer may take; a later one was not asked for.
    pub answer: Duration,
}

impl Default for MemberTimes {
    /// Comparisons at most once in six hours (section 7.2). A contact may not have seen yet that one wrote in the group,
    /// or may miss the message as well: it is soon asked again for it, and then less and less often.
    fn default() -> Self {
        Self {
            look: Duration::from_secs(30),
            compare: Duration::from_secs(6 * 3600),
            compare_jitter: Duration::from_secs(30 * 60),
            want: Duration::from_secs(2 * 60),
            want_most: Duration::from_secs(6 * 3600),
            answer: Duration::from_secs(10 * 60),
        }
    }
}

impl MemberTimes {
    pub(super) fn pause(&self) -> Duration {
        self.look.mul_f64(1.0 + rand::random::<f64>() / 2.0)
    }
}
