//! Forks of one's own: what stands in the way of one, and the time that it gets.

use cwtch_wire::group::fork::{ForkId, TIME_STEP};

use super::epoch::{Epoch, Fork};
use super::view::View;
use super::{DAY, OPENABLE, SAME_SIGNER};

/// Time since the last completed sync after which a fork waits for another one.
const SYNC_FRESH: u64 = 5 * 60;
/// Time that a clock may differ from what a log says.
const CLOCK_OFF: u64 = DAY;
/// Time that a clock may differ from the others' times, without a log, before the person is warned.
const CLOCK_OFF_UNPROVEN: u64 = 3 * DAY;

/// The state of things when a fork is wanted.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    /// Time of the own clock.
    pub clock: u64,
    /// Time of the last completed sync with the server.
    pub synced: Option<u64>,
    /// Time of the newest verified checkpoint, with a log.
    pub checkpoint: Option<u64>,
    /// Times of the others' messages of the last days.
    pub others: Vec<u64>,
    /// True if the new epoch lives on another server because this one is not to be used any more: no sync can be asked for.
    pub leaves_server: bool,
    /// True if the person wants a second fork within a short time, or makes again what was lost of another one.
    pub anyway: bool,
}

/// Reason why a fork cannot be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// Something may have happened that is not known here.
    #[error("the group was not synced just now: sync, then try again")]
    NotSynced,
    /// The member is not in the list of the group.
    #[error("you are not in the list of the group's members: ask one of them")]
    NotListed,
    /// Another fork waits for a decision.
    #[error("another new key waits for your decision: decide first")]
    Undecided(ForkId),
    /// The clock is wrong.
    #[error("this computer's clock differs from the server's log by more than a day: set it")]
    Clock,
    /// The member made a fork a short time ago; a second one is not followed by itself.
    #[error("your last new key is less than seven days old: the others would be asked about another one")]
    TooSoon,
}

/// A fork that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFork {
    /// The time for the notice, a full hour.
    pub time: u64,
    /// The depth for the notice.
    pub depth: u32,
    /// True if the clock may be wrong: the person is warned.
    pub doubtful_clock: bool,
}

/// Tells whether the member can fork the epoch that is written in, and with which time.
///
/// # Errors
/// [`Obstacle`].
pub fn may_fork(view: &View, ready: &Readiness, now: u64) -> Result<OwnFork, Obstacle> {
    let parent = view.current();
    let fresh = ready.synced.is_some_and(|synced| ready.clock <= synced.saturating_add(SYNC_FRESH));
    if !fresh && !ready.leaves_server {
        return Err(Obstacle::NotSynced);
    }
    if parent.forker.is_some() && !parent.listed.contains(&view.me) {
        return Err(Obstacle::NotListed);
    }
    if let Some(undecided) = undecided(view, parent, now) {
        return Err(Obstacle::Undecided(undecided));
    }
    if ready.checkpoint.is_some_and(|time| ready.clock.abs_diff(time) > CLOCK_OFF) {
        return Err(Obstacle::Clock);
    }
    let own = view.forks.values().filter(|fork| fork.epoch.forker == Some(view.me));
    let recent = |time: u64| ready.clock.saturating_sub(time) < SAME_SIGNER;
    if !ready.anyway && own.map(|fork| fork.epoch.time).any(recent) {
        return Err(Obstacle::TooSoon);
    }
    let time = ready.clock.max(parent.time);
    let mut others = ready.others.clone();
    others.sort_unstable();
    let median = others.get(others.len() / 2).copied().filter(|_| ready.checkpoint.is_none());
    Ok(OwnFork {
        time: time - time % TIME_STEP,
        depth: parent.depth.saturating_add(1),
        doubtful_clock: median.is_some_and(|median| ready.clock.abs_diff(median) > CLOCK_OFF_UNPROVEN),
    })
}

impl View {
    /// The own forks that were left for another one, for as long as they could be followed: what they changed may not be so where the
    /// member writes. One that was taken back or declined is none.
    pub fn lost(&self, now: u64) -> impl Iterator<Item = &Fork> {
        self.forks.values().filter(move |fork| {
            fork.epoch.forker == Some(self.me)
                && !self.is_in_path(&fork.epoch.id)
                && fork.decision.refused.is_none()
                && now <= fork.opened.saturating_add(OPENABLE)
        })
    }
}

/// A fork of an epoch that is neither followed nor declined, nor passed over, and can still be followed.
fn undecided(view: &View, parent: &Epoch, now: u64) -> Option<ForkId> {
    let of_parent = view.forks.values().filter(|fork| fork.epoch.parent == Some(parent.id));
    let mut open = of_parent.filter(|fork| {
        let ignored = fork.epoch.forker.is_none_or(|forker| view.is_ignored(&forker, now));
        fork.decision.refused.is_none() && !ignored && view.can_be_followed(&fork.epoch.id, now)
    });
    open.next().map(|fork| fork.epoch.id)
}
