//! Packages between contacts: every holder passes them on, whether they moved or not, so that nobody's server can keep a fork
//! from those who have a friend in the group.

use cwtch_wire::group::fork::AckState;

use super::super::DAY;
use super::super::epoch::{Epoch, Member};
use super::super::view::View;
use super::wait::Wait;

/// Time after which a package that a contact has and cannot open is sent once more.
const AGAIN: u64 = DAY;

/// Progress of a listed member with a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Stage {
    /// Nothing is known of it.
    #[default]
    Listed,
    /// All parts are there.
    Complete,
    /// The package is open.
    Opened,
    /// The member writes there.
    Moved,
}

impl From<AckState> for Stage {
    fn from(state: AckState) -> Self {
        match state {
            AckState::Complete => Self::Complete,
            AckState::Opened => Self::Opened,
            AckState::Moved => Self::Moved,
        }
    }
}

/// A package and one contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passing {
    /// The stage that the contact named.
    pub stage: Stage,
    /// Time at which the parts were last sent.
    pub sent: Option<u64>,
    /// The stage of one's own that the contact was told.
    pub told: Stage,
}

impl Passing {
    /// True if the parts are to be sent on a connection that has stood since `connected`: once on each, until the contact has the
    /// package, then once a day, until it is open. What is sent again after that would only be thrown away.
    pub fn sends(&self, connected: u64, now: u64) -> bool {
        let on_this = self.sent.is_some_and(|sent| sent >= connected && sent <= now);
        match self.stage {
            Stage::Listed => !on_this,
            Stage::Complete => self.sent.is_none_or(|sent| Wait::new(sent, AGAIN).is_over(now)),
            Stage::Opened | Stage::Moved => false,
        }
    }

    /// Notes that the parts were sent.
    pub fn sent(&mut self, now: u64) {
        self.sent = Some(now);
    }

    /// Notes what the contact says. A stage is never taken back: an older one is a message that came late.
    pub fn acknowledged(&mut self, state: AckState) {
        self.stage = self.stage.max(state.into());
    }

    /// The stage to tell the contact, because it was not told, or because the contact has just sent the whole package again
    /// (`asked`) and would go on.
    pub fn tells(&self, own: AckState, asked: bool) -> Option<AckState> {
        (asked || self.told < own.into()).then_some(own)
    }

    /// Notes that the contact was told.
    pub fn told(&mut self, own: AckState) {
        self.told = self.told.max(own.into());
    }
}

impl View {
    /// True if a fork's package is passed on to an accepted contact: one whom it lists, unless its maker is passed over here. Who was removed
    /// finds nobody who carries their forks.
    pub fn passes_on(&self, fork: &Epoch, contact: &Member, now: u64) -> bool {
        let ignored = fork.forker.is_none_or(|forker| self.is_ignored(&forker, now));
        fork.listed.contains(contact) && *contact != self.me && !ignored
    }

    /// The stage of each listed member: by their messages, by having made the fork, and where they are contacts by what they said.
    pub fn stages(&self, fork: &Epoch, said: impl Fn(&Member) -> Stage) -> Vec<(Member, Stage)> {
        let stage = |who: &Member| {
            let moved = fork.forker == Some(*who) || self.writes_in(who, &fork.id);
            if moved { Stage::Moved } else { said(who) }
        };
        fork.listed.iter().map(|who| (*who, stage(who))).collect()
    }
}
