//! A group on a server, its members, and a reader.

use cwtch_log::tree::MemoryTree;
use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_protocol::group::{Arrival, Fate, Log, Memory, NoteKind, Place, Row, Words, turns};
use cwtch_protocol::monitor::GossipClaim;
use cwtch_wire::group::Extensions;

/// A message in a log.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) author: usize,
    pub(crate) id: EntryId,
    pub(crate) name: MsgId,
    /// `None` from a program that does not know extensions.
    pub(crate) extensions: Option<Extensions>,
    /// Another group's.
    pub(crate) foreign: bool,
}

pub(crate) fn key(author: usize) -> [u8; 32] {
    [author as u8 + 1; 32]
}

impl Message {
    pub(crate) fn arrival<'a>(&'a self, author: &'a [u8; 32], place: Option<Place>) -> Arrival<'a> {
        Arrival {
            author,
            id: self.name,
            entry: self.id,
            // As good as a signature here: it is of this message alone.
            signature: self.name.as_bytes(),
            previous: &[],
            place,
            words: Words { kind: 1, data: "", sent: None },
            extensions: self.extensions.as_ref(),
        }
    }
}

/// What somebody has of a log.
#[derive(Clone, Default)]
pub(crate) struct Mind {
    pub(crate) entries: Vec<EntryPrefix>,
    tree: MemoryTree,
    pub(crate) min_index: u64,
    pub(crate) lost: Vec<(u64, u64)>,
}

pub(crate) const INCARNATION: u64 = 60;

impl Mind {
    pub(crate) fn push(&mut self, id: &EntryId) {
        self.entries.push(id.prefix());
        self.tree.push(id.leaf());
    }
}

impl Log for Mind {
    fn verified_size(&self) -> u64 {
        self.tree.size()
    }
    fn min_index(&self) -> u64 {
        self.min_index
    }
    fn incarnation_at(&self, _: u64) -> Option<u64> {
        Some(INCARNATION)
    }
    fn root_at(&self, size: u64) -> Option<Hash> {
        self.tree.root_at(size)
    }
    fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        self.entries.get(usize::try_from(index).unwrap()).copied()
    }
    fn is_lost(&self, index: u64) -> bool {
        self.lost.iter().any(|(from, to)| (*from..*to).contains(&index))
    }
}

/// A member: what it has of the log and of the group.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) key: [u8; 32],
    pub(crate) mind: Mind,
    pub(crate) store: Memory,
    pub(crate) claims: Vec<GossipClaim>,
    /// Its number, from which its chain has its name.
    pub(crate) number: usize,
    /// Whether its program knows extensions.
    pub(crate) modern: bool,
}

impl Member {
    pub(crate) fn new(number: usize, modern: bool) -> Self {
        let mut store = Memory::new(key(number));
        store.set_log(Some(0), None);
        Self { key: key(number), mind: Mind::default(), store, claims: Vec::new(), number, modern }
    }

    /// Reads up to `size` entries of a log, in one sync.
    pub(crate) fn read(&mut self, log: &[Message], size: usize) {
        let read = self.mind.entries.len();
        self.sync(&log[read..size.max(read)]);
    }

    /// A sync that brings these messages.
    pub(crate) fn sync(&mut self, messages: &[Message]) {
        let first = self.mind.entries.len();
        messages.iter().for_each(|message| self.mind.push(&message.id));
        for (at, message) in messages.iter().enumerate().filter(|(_, message)| !message.foreign) {
            let index = (first + at) as u64;
            let place =
                Place { index, incarnation: INCARNATION, root: self.mind.root_at(index + 1).unwrap() };
            self.store.shown(&message.arrival(&key(message.author), Some(place)));
        }
        self.judge(true);
    }

    pub(crate) fn judge(&mut self, synced: bool) {
        for which in turns(Some(self.mind.verified_size()), synced) {
            let judged = self.store.open(which).judge(Some(&self.mind), 0);
            self.store.apply(&judged.changes, None);
            self.claims.extend(judged.claims);
        }
    }

    /// Writes a message. It is not posted yet.
    pub(crate) fn write(&mut self, number: u64) -> (Message, Option<Row>) {
        let id = EntryId::of(b"message", &number.to_be_bytes());
        let name = MsgId::of(&[1; 16], &number.to_be_bytes());
        let mut message = Message { author: self.number, id, name, extensions: None, foreign: false };
        if !self.modern {
            return (message, None);
        }
        let extensions = self.store.next_extensions(self.number as u32 + 1);
        // Whatever is written can be read.
        let (bytes, included) = extensions.encode(1000).unwrap();
        assert!(Extensions::decode(&bytes).unwrap() == extensions);
        message.extensions = Some(extensions);
        let draft = self.store.enqueue(&Words { kind: 1, data: "", sent: Some(number as i64) });
        self.store.compose(draft, &message.arrival(&self.key, None), included.abandoned).unwrap();
        (message, Some(draft))
    }

    /// What there is to tell about a message that is here.
    pub(crate) fn notes(&self, id: &EntryId) -> Vec<(NoteKind, u64)> {
        let row = self.store.row_of(id).expect("the message is here");
        self.store.notes(row).into_iter().map(|note| (note.kind, note.count)).collect()
    }

    /// What becomes of a message that somebody gives.
    pub(crate) fn given(&mut self, message: &Message) -> Fate {
        self.store.given(&message.arrival(&key(message.author), None)).0.fate
    }
}
