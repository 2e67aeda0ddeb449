//! How full a board with a storage cap is, and when its operator hears of it.

use crate::store::Seq;

/// From so many percent on an operator is warned …
const WARN: u64 = 80;
/// … and below so many the next time is news again.
const CALM: u64 = 70;

/// How full a board is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The storage cap, in messages.
    pub cap: u64,
    /// Messages that count against it: all that are held; where a retention is promised, those that may not be deleted
    /// yet.
    pub counted: u64,
    /// Whether a retention is promised. Then posts are refused at the cap, otherwise the oldest messages are deleted.
    pub promised: bool,
    /// Whether messages were deleted because of the cap before: then a board near its cap is as it should be.
    pub deleted: bool,
}

impl Fill {
    /// Of `held` messages from number `oldest` on, those below number `free` (`None`: all) may be deleted now.
    pub(super) fn counted(held: u64, oldest: Seq, free: Option<Seq>) -> u64 {
        let deletable = free.map_or(0, |free| u64::try_from(free - oldest).unwrap_or(0));
        held.saturating_sub(deletable)
    }

    /// How full, in percent.
    pub fn percent(&self) -> u64 {
        self.counted.saturating_mul(100) / self.cap.max(1)
    }

    /// What an operator should know now, in a sentence.
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

/// Warns once each time that a board gets full.
#[derive(Debug, Default)]
pub(super) struct FillAlarm {
    told: bool,
}

impl FillAlarm {
    /// What is to be said now, if anything.
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
