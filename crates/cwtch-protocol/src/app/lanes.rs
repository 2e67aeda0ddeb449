//! Classes of what waits to be sent to a peer, and the order between them.
//!
//! Every packet of a connection is as long as any other, so what costs time is how many of them stand before one. Control
//! goes before chat and chat before bulk, with two limits: whatever waits goes at the latest behind [`PATIENCE`] of what is more
//! urgent, so that nothing starves, and bulk goes one by one, once everything else is written, so that it delays the others by
//! one packet. Within a class the order stays as it was; no two contexts of different classes depend on each other.

use std::collections::VecDeque;

/// Payloads of more urgent classes that go before one that waits.
pub const PATIENCE: u32 = 8;

/// Class of a context on a peer's connection, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Short, and others wait for it: acknowledgements, attributes, versions.
    Control,
    /// Messages of people.
    Chat,
    /// Work that may take its time: comparisons of logs, messages for who missed them, files.
    Bulk,
}

impl Class {
    /// All classes, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Control, Self::Chat, Self::Bulk];

    /// Payloads of this class that may wait.
    pub const fn bound(self) -> usize {
        match self {
            Self::Control => 256,
            Self::Chat | Self::Bulk => 64,
        }
    }
}

/// Payloads that wait, by class.
#[derive(Default)]
pub struct Lanes {
    control: Lane,
    chat: Lane,
    bulk: Lane,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Vec<u8>>,
    /// Payloads of more urgent classes that went since the first one here waits.
    passed: u32,
}

impl Lane {
    /// True if something waits here, and has waited long enough.
    fn is_due(&self) -> bool {
        !self.waiting.is_empty() && self.passed >= PATIENCE
    }
}

impl Lanes {
    /// True if a payload of this class may be added.
    pub fn has_room(&self, class: Class) -> bool {
        self.lane(class).waiting.len() < class.bound()
    }

    /// Adds a payload behind all others of its class; false, and nothing is added, if too many wait.
    pub fn push(&mut self, class: Class, payload: Vec<u8>) -> bool {
        let room = self.has_room(class);
        if room {
            self.lane_mut(class).waiting.push_back(payload);
        }
        room
    }

    /// The next payload. `drained` says that everything that went before is written: else bulk waits, unless it has waited
    /// long enough.
    pub fn pop(&mut self, drained: bool) -> Option<Vec<u8>> {
        let class = self.next(drained)?;
        let lane = self.lane_mut(class);
        lane.passed = 0;
        let payload = lane.waiting.pop_front();
        for less_urgent in Class::ALL.into_iter().filter(|other| *other > class) {
            let lane = self.lane_mut(less_urgent);
            if !lane.waiting.is_empty() {
                lane.passed = lane.passed.saturating_add(1);
            }
        }
        payload
    }

    /// True if [`Lanes::pop`] has something.
    pub fn has_next(&self, drained: bool) -> bool {
        self.next(drained).is_some()
    }

    fn next(&self, drained: bool) -> Option<Class> {
        let due = Class::ALL.into_iter().find(|class| self.lane(*class).is_due());
        let first = || Class::ALL.into_iter().find(|class| !self.lane(*class).waiting.is_empty());
        due.or_else(|| first().filter(|class| *class != Class::Bulk || drained))
    }

    fn lane(&self, class: Class) -> &Lane {
        match class {
            Class::Control => &self.control,
            Class::Chat => &self.chat,
            Class::Bulk => &self.bulk,
        }
    }

    fn lane_mut(&mut self, class: Class) -> &mut Lane {
        match class {
            Class::Control => &mut self.control,
            Class::Chat => &mut self.chat,
            Class::Bulk => &mut self.bulk,
        }
    }
}
