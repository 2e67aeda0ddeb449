//! Open questions to contacts, and what may be answered; all of it bounded, none of it worth a place on the disk.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cwtch_log::EntryPrefix;
use cwtch_net::Allowance;
use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, LOG_TAG_LEN, LogTag};
use cwtch_wire::group::fork::ForkId;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::times::MemberTimes;
use crate::profile::ConversationId;

/// Contacts whose messages are counted.
const CONTACTS: usize = 4096;
/// Messages about logs and forks that a contact may send in one go. What is beyond it is ignored.
const BURST: u32 = 32;
/// After that, one in so much time.
const EACH: Duration = Duration::from_secs(4);
/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Questions that are remembered.
const QUESTIONS: usize = 4096;
/// Comparisons with one contact that may await an answer.
const COMPARISONS: usize = 4096;

/// Whose turn it is after a mismatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// We have sent a comparison: an answer is answered with what we hold.
    Ours,
    /// We have sent what we hold: that was the last word.
    Last,
}

/// Knowledge about contacts beside the database, for all who ask and answer.
#[derive(Default)]
pub(crate) struct Members {
    state: Mutex<Dealings>,
    /// A message came from a member.
    pub(super) came: Notify,
}

impl Members {
    pub(super) fn state(&self) -> MutexGuard<'_, Dealings> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Open questions to contacts, and what may still be answered to them.
#[derive(Default)]
pub(super) struct Dealings {
    allowances: HashMap<Address, Allowance>,
    /// Open comparisons, until when.
    comparisons: HashMap<(Address, [u8; LOG_TAG_LEN]), (Turn, Instant)>,
    /// Times at which the next comparison with a contact about a server is due.
    due: HashMap<(Address, Address), i64>,
    /// Questions for entries.
    wants: HashMap<(Address, EntryPrefix), Question>,
    /// Forks whose parts went to a contact, with the connection's number and its beginning here.
    passed: HashMap<Address, Passed>,
    /// Number of messages that could not be read.
    unread: u64,
    /// Number of missing entries of a group that were looked at for a contact.
    places: HashMap<(Address, GroupId), u32>,
}

/// Parts that went over one connection.
#[derive(Debug)]
struct Passed {
    connection: u64,
    since: Instant,
    forks: BTreeSet<(ConversationId, ForkId)>,
}

/// Question that was put to one contact for one entry.
#[derive(Debug, Clone, Copy)]
struct Question {
    /// Moment at which it was put last.
    at: Instant,
    /// Number of times that it was put before that.
    before: u32,
    group: GroupId,
}

impl Question {
    /// True if it may be put again. Asking less and less often bounds what a message that nobody has costs.
    fn is_due(&self, times: &MemberTimes, now: Instant) -> bool {
        let doubled = times.want.saturating_mul(2_u32.saturating_pow(self.before));
        now.saturating_duration_since(self.at) >= doubled.min(times.want_most)
    }
}

impl Dealings {
    /// True if a message of a contact is looked at.
    pub(super) fn admits(&mut self, contact: &Address) -> bool {
        let now = Instant::now();
        make_room(&mut self.allowances, contact, CONTACTS);
        self.allowances.entry(*contact).or_insert_with(|| Allowance::new(BURST, EACH)).take(now)
    }

    /// One more message could not be read; gives how many there were.
    pub(super) fn cannot_read(&mut self) -> u64 {
        self.unread = self.unread.saturating_add(1);
        self.unread
    }

    /// Forks whose parts went to a contact over the connection of this number. One that stands for a day counts as another one: what was lost
    /// on it would otherwise wait for its end.
    pub(super) fn passed(
        &mut self,
        contact: &Address,
        connection: u64,
    ) -> BTreeSet<(ConversationId, ForkId)> {
        let now = Instant::now();
        match self.passed.get(contact) {
            Some(passed) if passed.connection == connection && now - passed.since < DAY => {
                passed.forks.clone()
            }
            _ => {
                make_room(&mut self.passed, contact, CONTACTS);
                let passed = Passed { connection, since: now, forks: BTreeSet::new() };
                self.passed.insert(*contact, passed);
                BTreeSet::new()
            }
        }
    }

    /// Notes that the parts of forks go to a contact over the connection of this number.
    pub(super) fn passes(&mut self, contact: &Address, connection: u64, forks: &[(ConversationId, ForkId)]) {
        if let Some(passed) = self.passed.get_mut(contact).filter(|passed| passed.connection == connection) {
            passed.forks.extend(forks);
        }
    }

    /// Time at which the next comparison is due, if it was drawn.
    pub(super) fn drawn(&self, server: &Address, contact: &Address) -> Option<i64> {
        self.due.get(&(*server, *contact)).copied()
    }

    /// Time at which the next comparison is due, drawn once.
    pub(super) fn due(&mut self, server: &Address, contact: &Address, draw: impl FnOnce() -> i64) -> i64 {
        let pair = (*server, *contact);
        make_room(&mut self.due, &pair, COMPARISONS);
        *self.due.entry(pair).or_insert_with(draw)
    }

    /// A comparison was sent, or what we hold.
    pub(super) fn expect(
        &mut self,
        contact: &Address,
        server: Option<&Address>,
        tag: LogTag,
        turn: Turn,
        wait: Duration,
    ) {
        if let Some(server) = server {
            self.due.remove(&(*server, *contact));
        }
        let now = Instant::now();
        self.comparisons.retain(|_, (_, until)| *until > now);
        let key = (*contact, *tag.as_bytes());
        make_room(&mut self.comparisons, &key, COMPARISONS);
        self.comparisons.insert(key, (turn, now + wait));
    }

    /// Takes note of an answer: what to do with it, if the contact was asked. There is one.
    pub(super) fn answered(&mut self, contact: &Address, tag: LogTag) -> Option<Turn> {
        let (turn, until) = self.comparisons.remove(&(*contact, *tag.as_bytes()))?;
        (until > Instant::now()).then_some(turn)
    }

    /// Decides whether to ask a contact for an entry now; if so, it is noted as asked. A question that a person waits for is
    /// always due.
    pub(super) fn ask(
        &mut self,
        contact: &Address,
        entry: EntryPrefix,
        group: GroupId,
        times: &MemberTimes,
        urgent: bool,
    ) -> bool {
        let now = Instant::now();
        let key = (*contact, entry);
        let earlier = self.wants.get(&key).copied();
        if earlier.is_some_and(|question| !urgent && !question.is_due(times, now)) {
            return false;
        }
        if self.wants.len() >= QUESTIONS && earlier.is_none() {
            self.wants.retain(|_, question| !question.is_due(times, now));
            if self.wants.len() >= QUESTIONS {
                return false;
            }
        }
        let before = earlier.map_or(0, |question| question.before.saturating_add(1));
        self.wants.insert(key, Question { at: now, before, group });
        true
    }

    /// Place from which to go on with a contact among the missing entries of a group.
    pub(super) fn place(&self, contact: &Address, group: GroupId) -> u32 {
        self.places.get(&(*contact, group)).copied().unwrap_or(0)
    }

    /// Goes on from there the next time.
    pub(super) fn go_on_from(&mut self, contact: &Address, group: GroupId, place: u32) {
        let pair = (*contact, group);
        if place == 0 {
            self.places.remove(&pair);
            return;
        }
        make_room(&mut self.places, &pair, CONTACTS);
        self.places.insert(pair, place);
    }

    /// The question could not be put.
    pub(super) fn not_asked(&mut self, contact: &Address, entry: EntryPrefix) {
        self.wants.remove(&(*contact, entry));
    }

    /// The group for which a contact was asked for an entry, if it was and answers in time.
    pub(super) fn wanted(&self, contact: &Address, entry: EntryPrefix, wait: Duration) -> Option<GroupId> {
        let question = self.wants.get(&(*contact, entry))?;
        (question.at.elapsed() <= wait).then_some(question.group)
    }
}

/// Throws one entry away where a new one would not fit.
fn make_room<K: Hash + Eq + Copy, V>(map: &mut HashMap<K, V>, key: &K, most: usize) {
    if map.len() >= most
        && !map.contains_key(key)
        && let Some(other) = map.keys().next().copied()
    {
        map.remove(&other);
    }
}

#[cfg(test)]
mod tests {
    use cwtch_log::PREFIX_LEN;

    use cwtch_primitives::Identity;

    use super::*;

    fn contact(n: u8) -> Address {
        Identity::from_seed(&[n; 32]).address()
    }

    const WAIT: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn only_what_was_asked_is_an_answer_and_only_in_time() {
        let mut state = Dealings::default();
        let (tag, other) = (LogTag::from_bytes([1; 16]), LogTag::from_bytes([2; 16]));
        state.expect(&contact(1), None, tag, Turn::Ours, WAIT);
        assert_eq!(state.answered(&contact(2), tag), None);
        assert_eq!(state.answered(&contact(1), other), None);
        assert_eq!(state.answered(&contact(1), tag), Some(Turn::Ours));
        assert_eq!(state.answered(&contact(1), tag), None, "once");
        state.expect(&contact(1), None, tag, Turn::Last, WAIT);
        tokio::time::advance(WAIT * 2).await;
        assert_eq!(state.answered(&contact(1), tag), None, "too late");
    }

    fn entry(n: u8) -> EntryPrefix {
        EntryPrefix::from_bytes([n; PREFIX_LEN])
    }

    fn times() -> MemberTimes {
        MemberTimes { want: WAIT, want_most: 3 * WAIT, ..MemberTimes::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_contact_is_asked_for_an_entry_less_and_less_often() {
        let mut state = Dealings::default();
        let group = GroupId::from_bytes([7; 16]);
        let mut asked = Vec::new();
        for minute in 0..11 {
            if state.ask(&contact(1), entry(1), group, &times(), false) {
                asked.push(minute);
            }
            tokio::time::advance(WAIT).await;
        }
        assert_eq!(asked, [0, 1, 3, 6, 9]);
        assert!(!state.ask(&contact(1), entry(1), group, &times(), false));
        assert!(state.ask(&contact(1), entry(1), group, &times(), true), "a person waits");
    }

    #[tokio::test(start_paused = true)]
    async fn questions_are_told_apart_and_bounded() {
        let mut state = Dealings::default();
        let group = GroupId::from_bytes([7; 16]);
        let mut ask = |n: u8, entry: EntryPrefix| state.ask(&contact(n), entry, group, &times(), false);
        assert!(ask(1, entry(1)) && ask(1, entry(2)) && ask(2, entry(1)));
        // A crowd of missing messages costs a bounded number of questions.
        let asked = (0..10_000_u32).filter(|n| {
            let mut bytes = [9; PREFIX_LEN];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            ask(1, EntryPrefix::from_bytes(bytes))
        });
        assert!(asked.count() <= QUESTIONS);
        assert_eq!(state.wanted(&contact(1), entry(1), WAIT), Some(group));
        assert_eq!(state.wanted(&contact(2), entry(2), WAIT), None, "somebody else was asked for that");
        tokio::time::advance(WAIT * 2).await;
        assert_eq!(state.wanted(&contact(1), entry(1), WAIT), None, "too late");
    }
}
