//! Histories that never were, signed with the same key.

use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::board::stream::Record;

use crate::log::{HonestLog, Reply};

/// A change to a list of entries.
pub(super) enum Edit {
    Remove(usize),
    Swap(usize, usize),
    Replace(usize, EncryptedGroupMessage),
    Insert(usize, EncryptedGroupMessage),
}

impl Edit {
    pub(super) fn apply(self, entries: &mut Vec<EncryptedGroupMessage>) {
        match self {
            Self::Remove(at) => drop(entries.remove(at)),
            Self::Swap(a, b) => entries.swap(a, b),
            Self::Replace(at, entry) => entries[at] = entry,
            Self::Insert(at, entry) => entries.insert(at, entry),
        }
    }
}

/// Makes the same log with another past, as if it had always been so: boundaries of the changed part are signed again
/// with the times that they had.
pub(super) fn rewritten(log: &HonestLog, edit: Edit, time: u64) -> HonestLog {
    let mut entries: Vec<_> = (0..log.size()).map(|index| log.entry(index).clone()).collect();
    edit.apply(&mut entries);
    let same = (0..log.size()).zip(&entries).take_while(|(index, entry)| log.entry(*index) == *entry).count();
    let mut other = log.clone();
    other.truncate(same as u64);
    for entry in entries.drain(same..) {
        let next = other.size() + 1;
        let time = log.boundary(next).map_or(time, |boundary| boundary.time());
        other.append(entry, time);
    }
    other.sign(time);
    other
}

/// Changes the entries of a reply, whose number stays.
pub(super) fn edit_reply(reply: &mut Reply, edit: impl FnOnce(&mut Vec<EncryptedGroupMessage>)) {
    let mut entries: Vec<EncryptedGroupMessage> = reply
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Entry(entry) => Some(entry.clone()),
            Record::Boundary(_) => None,
        })
        .collect();
    let count = entries.len();
    edit(&mut entries);
    assert_eq!(entries.len(), count, "a reply has as many entries as it announces");
    let mut entries = entries.into_iter();
    for record in &mut reply.records {
        if let Record::Entry(entry) = record {
            *entry = entries.next().expect("as many entries as before");
        }
    }
}
