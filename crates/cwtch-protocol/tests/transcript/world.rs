//! A group on a server, its members, and a reader.

use std::collections::{BTreeMap, HashMap, HashSet};

use cwtch_log::tree::MemoryTree;
use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_protocol::transcript::{
    AuthorChain, Heads, Judged, OpenReferences, OwnChain, Standing, Taken, View, judge, references,
};
use cwtch_wire::group::{Chain, Extensions};

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

/// What somebody has of a log.
#[derive(Clone, Default)]
pub(crate) struct Mind {
    pub(crate) entries: Vec<EntryPrefix>,
    tree: MemoryTree,
    here: HashSet<EntryPrefix>,
    pub(crate) syncs: u64,
    pub(crate) min_index: u64,
    pub(crate) unseen: Vec<(u64, u64)>,
    pub(crate) lost: Vec<(u64, u64)>,
    pub(crate) log: bool,
}

pub(crate) const INCARNATION: u64 = 60;

impl Mind {
    pub(crate) fn new() -> Self {
        Self { log: true, ..Self::default() }
    }

    pub(crate) fn push(&mut self, message: &Message) {
        self.entries.push(message.id.prefix());
        self.tree.push(message.id.leaf());
        if !message.foreign {
            self.here.insert(message.id.prefix());
        }
    }
}

impl View for Mind {
    fn has_log(&self) -> bool {
        self.log
    }
    fn verified_size(&self) -> u64 {
        self.tree.size()
    }
    fn min_index(&self) -> u64 {
        self.min_index
    }
    fn syncs(&self) -> u64 {
        self.syncs
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
    fn is_here(&self, id: &EntryPrefix) -> bool {
        self.here.contains(id)
    }
    fn unseen(&self, from: u64, to: u64) -> bool {
        self.unseen.iter().any(|(low, high)| *low < to && from < *high)
    }
}

/// A member who writes.
#[derive(Clone)]
pub(crate) struct Author {
    pub(crate) mind: Mind,
    pub(crate) heads: Heads,
    pub(crate) chain: OwnChain,
    /// Whether its program knows extensions.
    pub(crate) modern: bool,
}

impl Author {
    pub(crate) fn new(label: u32, modern: bool) -> Self {
        let chain = OwnChain { label, last: 0, posted: None, in_flight: Vec::new(), abandoned: Vec::new() };
        Self { mind: Mind::new(), heads: Heads::default(), chain, modern }
    }

    /// Reads up to `size` entries of a log.
    pub(crate) fn read(&mut self, log: &[Message], size: usize) {
        let read = self.mind.entries.len();
        for (index, message) in log.iter().enumerate().take(size).skip(read) {
            self.mind.push(message);
            if !message.foreign {
                let parents = message.extensions.iter().flat_map(|e| e.parents.iter().map(|p| p.id));
                self.heads.add(index as u64, message.id.prefix(), parents);
            }
        }
    }

    /// Writes a message, and gives the number that it used. It is not posted yet.
    pub(crate) fn write(&mut self, author: usize, number: u64) -> (Message, Option<Chain>) {
        let id = EntryId::of(b"message", &number.to_be_bytes());
        let name = MsgId::of(&[1; 16], &number.to_be_bytes());
        if !self.modern {
            return (Message { author, id, name, extensions: None, foreign: false }, None);
        }
        let (parents, gossip) = references(&self.heads, &self.mind);
        let abandoned = self.chain.to_tell().to_vec();
        let chain = self.chain.reserve();
        if let Some(chain) = chain {
            self.chain.written(chain.sequence, id.prefix());
        }
        let extensions = Extensions { parents, chain, gossip, abandoned, certificate: None };
        // Whatever is written can be read.
        let (bytes, _) = extensions.encode(1000).unwrap();
        assert!(Extensions::decode(&bytes).unwrap() == extensions);
        (Message { author, id, name, extensions: Some(extensions), foreign: false }, chain)
    }
}

/// Somebody who only reads, and what it concludes.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) mind: Mind,
    pub(crate) open: OpenReferences,
    pub(crate) chains: BTreeMap<(usize, u32), AuthorChain>,
    numbers: HashMap<(usize, u32, u32), MsgId>,
    pub(crate) judged: Vec<(Message, Judged)>,
    pub(crate) taken: Vec<(Message, Taken)>,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { mind: Mind::new(), ..Self::default() }
    }

    /// A sync that brings these messages.
    pub(crate) fn sync(&mut self, messages: &[Message]) {
        let first = self.mind.entries.len();
        messages.iter().for_each(|message| self.mind.push(message));
        for (at, message) in messages.iter().enumerate() {
            let index = (first + at) as u64;
            let Some(extensions) = &message.extensions else { continue };
            let standing = Standing { index: Some(index), since: self.mind.syncs };
            let judged = judge(extensions, standing, &self.mind);
            self.open.add(message.id, extensions, &judged, standing);
            self.judged.push((message.clone(), judged));
            if let Some(chain) = extensions.chain {
                let key = (message.author, chain.label);
                let number = (message.author, chain.label, chain.sequence);
                let known = self.numbers.get(&number).copied();
                let entry = self.chains.entry(key).or_default();
                let taken =
                    entry.take(chain.sequence, &message.name, index, &extensions.abandoned, |_| known);
                self.numbers.entry(number).or_insert(message.name);
                self.taken.push((message.clone(), taken));
            }
        }
        self.mind.syncs += 1;
        self.open.judge_again(&self.mind);
    }
}
