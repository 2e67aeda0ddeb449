//! The fill of a board with a storage cap, and the warnings about it to the operator.

use crate::store::Seq;

/// Percentage from which on an operator is warned.
const WARN: u64 = 80;
/// Percentage below which the board has to fall before the operator is warned again.
const CALM: u64 = 70;

/// The fill of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The storage cap, in messages.
    pub cap: u64,
    /// Messages that count against the cap: all that are held; where a retention is promised, those that may not be
    /// deleted yet.
    pub counted: u64,
    /// True if a retention is promised. Then posts are refused at the cap; otherwise the oldest messages are deleted.
    pub promised: bool,
    /// True if messages were deleted because of the cap before: then a board near its cap is as it should be.
    pub deleted: bool,
}

impl Fill {
    /// Number of messages that count against the cap, of `held` from number `oldest` on: all of them without a
    /// promise (`free` is `None`), otherwise those that are not below number `free`, up to which messages may be
    /// deleted.
    pub(super) fn counted(held: u64, oldest: Seq, free: Option<Seq>) -> u64 {
        let deletable = free.map_or(0, |free| u64::try_from(free - oldest).unwrap_or(0));
        held.saturating_sub(deletable)
    }

    /// The fill in percent of the cap.
    pub fn percent(&self) -> u64 {
        self.counted.saturating_mul(100) / self.cap.max(1)
    }

    /// A sentence about what an operator should know now, if anything.
    pub fn warning(&self) -> Option<String> {
        let percent = self.percent();
        match (percent >= WARN, self.promised, self.deleted) {
            (false, ..) | (true, false, true) => None,
            (true, true, _) => Some(format!(
                "the board is {percent} % full of messages that must be kept for storage.min_retention; at 100 % posts are \
                 refused: raise storage.max_messages, if the disk has room"
            )),
            (true, false, false) => Some(format!(
                "the board is {percent} % full; above storage.max_messages the oldest tenth is deleted: raise it, if the \
                 disk has room and that is not wanted"
            )),
        }
    }
}

/// An alarm that warns once each time that a board gets full.
#[derive(Debug, Default)]
pub(super) struct FillAlarm {
    told: bool,
}

impl FillAlarm {
    /// The sentence that is to be said now, if any.
    pub(super) fn warning(&mut self, fill: &Fill) -> Option<String> {
        let percent = fill.percent();
        if percent < CALM {
            self.told = false;
        }
        if percent < WARN || std::mem::replace(&mut self.told, true) {
            return None;
        }
        fill.warning()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_warned_once_each_time_that_it_gets_tight() {
        let fill = |counted| Fill { cap: 200, counted, promised: true, deleted: true };
        let mut alarm = FillAlarm::default();
        let told: Vec<u64> = [0, 159, 160, 161, 200, 141, 160, 139, 160]
            .into_iter()
            .filter(|counted| alarm.warning(&fill(*counted)).is_some())
            .collect();
        assert_eq!(told, [160, 160], "at first, and again after it was below 70 %");
        assert!(fill(160).warning().unwrap().contains("80 %"));
    }

    #[test]
    fn a_board_that_is_used_to_deleting_is_full_without_a_warning() {
        let full = Fill { cap: 100, counted: 99, promised: false, deleted: false };
        assert!(full.warning().unwrap().contains("oldest tenth is deleted"));
        assert_eq!(Fill { deleted: true, ..full }.warning(), None);
    }

    #[test]
    fn what_may_be_deleted_does_not_count() {
        assert_eq!(Fill::counted(100, 11, None), 100);
        assert_eq!(Fill::counted(100, 11, Some(1)), 100);
        assert_eq!(Fill::counted(100, 11, Some(31)), 80);
        assert_eq!(Fill::counted(100, 11, Some(1000)), 0);
    }
}
