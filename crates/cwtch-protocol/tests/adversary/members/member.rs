//! A member: what a database keeps of a group, and what is concluded from it.

use std::collections::{BTreeMap, HashMap, HashSet};

use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_protocol::monitor::{GossipClaim, Notice};
use cwtch_protocol::transcript::{
    AuthorChain, GossipVerdict, Heads, LogView, Messages, OpenReferences, OwnChain, Standing, Taken, Verdict,
    judge, references,
};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::entry_id;
use cwtch_wire::group::Extensions;

use super::super::client::Client;
use super::Message;

/// What a member holds against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    Lies(EntryId),
    Equivocation(EntryId),
    Copy(EntryId),
}

#[derive(Default)]
pub(crate) struct Database {
    entries: BTreeMap<u64, EntryId>,
    roots: BTreeMap<u64, Hash>,
    here: HashSet<EntryId>,
    prefixes: HashSet<EntryPrefix>,
    expired: Vec<(u64, u64)>,
    syncs: u64,
}

impl Messages for Database {
    fn is_here(&self, id: &EntryPrefix) -> bool {
        self.prefixes.contains(id)
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied()
    }

    fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        self.entries.get(&index).map(EntryId::prefix)
    }

    fn expired(&self, from: u64, to: u64) -> bool {
        self.expired.iter().any(|(first, end)| *first < to && from < *end)
    }

    fn syncs(&self) -> u64 {
        self.syncs
    }
}

pub(crate) struct Member {
    pub(crate) database: Database,
    pub(crate) findings: Vec<Finding>,
    pub(crate) own: OwnChain,
    heads: Heads,
    chains: BTreeMap<(usize, u32), AuthorChain>,
    numbers: HashMap<(usize, u32, u32), MsgId>,
    open: OpenReferences,
    /// Behind the last entry that was read.
    read: u64,
    notices: usize,
}

impl Member {
    pub(crate) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self {
            database: Database::default(),
            findings: Vec::new(),
            own: OwnChain::draw(rng),
            heads: Heads::default(),
            chains: BTreeMap::new(),
            numbers: HashMap::new(),
            open: OpenReferences::default(),
            read: 0,
            notices: 0,
        }
    }

    /// The group's entries that came.
    pub(crate) fn here(&self) -> impl Iterator<Item = &EntryId> {
        self.database.here.iter()
    }

    /// Messages whose references are not settled.
    pub(crate) fn open(&self) -> impl Iterator<Item = &EntryId> {
        self.open.iter().map(|reference| &reference.message)
    }

    /// How many messages of others than this one are called missing.
    pub(crate) fn missing(&self, client: &Client, but: usize) -> u32 {
        let view = LogView { monitor: client.monitor(), messages: &self.database };
        let others = self.chains.iter().filter(|((author, _), _)| *author != but);
        others.flat_map(|(_, chain)| chain.missing(&view)).map(|missing| missing.count).sum()
    }

    /// Reads what its client verified since.
    pub(crate) fn catch_up(&mut self, client: &mut Client, group: &HashMap<EntryId, Message>) {
        // A client that died may be told again.
        self.notices = self.notices.min(client.notices.len());
        for notice in &client.notices[self.notices..] {
            match notice {
                Notice::Lost { loss, .. } => {
                    let kept = loss.from / cwtch_log::GRID * cwtch_log::GRID;
                    self.read = self.read.min(kept);
                    self.heads.rewind(loss.from);
                    self.database.entries.split_off(&loss.from);
                    self.database.roots.split_off(&(loss.from + 1));
                }
                Notice::Expired { from, to } => self.database.expired.push((*from, *to)),
                _ => {}
            }
        }
        self.notices = client.notices.len();
        self.database.syncs = client.syncs;
        for index in self.read..client.monitor().verified_size() {
            if let Some(id) = client.received()[index as usize] {
                self.read_one(index, id, client, group);
            }
        }
        self.read = client.monitor().verified_size();
        let view = LogView { monitor: client.monitor(), messages: &self.database };
        for changed in self.open.judge_again(&view) {
            if changed.reference.verdict == Verdict::AuthorLies {
                self.findings.push(Finding::Lies(changed.reference.message));
            }
        }
    }

    fn read_one(&mut self, index: u64, id: EntryId, client: &mut Client, group: &HashMap<EntryId, Message>) {
        let Some(message) = group.get(&id) else { return };
        let database = &mut self.database;
        database.entries.insert(index, id);
        database.roots.extend(client.monitor().root_at(index + 1).map(|root| (index + 1, root)));
        database.prefixes.insert(id.prefix());
        let Message { author, name, extensions, .. } = message;
        self.heads.add(index, id.prefix(), extensions.parents.iter().map(|parent| parent.id));
        if !database.here.insert(id) {
            // The same entry at another index, after a declared loss.
            return;
        }
        let standing = Standing { index: Some(index), since: self.database.syncs };
        let view = LogView { monitor: client.monitor(), messages: &self.database };
        let judged = judge(extensions, standing, &view);
        if judged.worst() == Verdict::AuthorLies {
            self.findings.push(Finding::Lies(id));
        }
        self.open.add(id, extensions, &judged, standing);
        if let (GossipVerdict::Differs, Some(gossip)) = (judged.gossip, &extensions.gossip) {
            let mut key = [0; 32];
            key[0] = *author as u8;
            let (incarnation, size, root) = (gossip.incarnation, gossip.size, gossip.root);
            let claim = GossipClaim { author: key, incarnation, size, root, at: 0 };
            client.work(0, |monitor| monitor.note_gossip(claim));
        }
        let Some(place) = extensions.chain else { return };
        let number = (*author, place.label, place.sequence);
        let known = self.numbers.get(&number).copied();
        let chain = self.chains.entry((*author, place.label)).or_default();
        match chain.take(place.sequence, name, index, &extensions.abandoned, |_| known) {
            Taken::Equivocation { .. } => self.findings.push(Finding::Equivocation(id)),
            Taken::Copy => self.findings.push(Finding::Copy(id)),
            Taken::Next | Taken::Gap(_) | Taken::Late => {
                self.numbers.insert(number, *name);
            }
        }
    }

    /// An honest message.
    pub(crate) fn compose(&self, at: usize, client: &Client, random: u64) -> Option<Message> {
        let view = LogView { monitor: client.monitor(), messages: &self.database };
        let (parents, gossip) = references(&self.heads, &view);
        let chain = self.own.clone().reserve()?;
        let abandoned = self.own.to_tell().to_vec();
        let extensions = Extensions { parents, chain: Some(chain), gossip, abandoned, certificate: None };
        let (bytes, _) = extensions.encode(400).expect("an honest message can be written");
        assert!(Extensions::decode(&bytes).is_some_and(|read| read == extensions));
        Some(Message {
            author: at,
            name: MsgId::of(&[1; 16], &random.to_be_bytes()),
            extensions,
            trick: None,
        })
    }

    /// The honest message has this entry; its number is used up.
    pub(crate) fn wrote(&mut self, message: &Message, id: EntryId) {
        let chain = self.own.reserve().expect("a number is free");
        assert!(message.extensions.chain == Some(chain));
        self.own.written(chain.sequence, id.prefix());
    }

    /// Takes note of what its client got receipts for.
    pub(crate) fn posted(&mut self, client: &Client, group: &HashMap<EntryId, Message>) {
        for post in client.posts.iter().filter(|post| post.answered) {
            let message = group.get(&entry_id(&post.message)).filter(|message| message.trick.is_none());
            if let Some(chain) = message.and_then(|message| message.extensions.chain) {
                self.own.posted(chain.sequence, &[]);
            }
        }
    }
}
