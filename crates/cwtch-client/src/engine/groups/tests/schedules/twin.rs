//! The store in memory beside the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{Arrival, Fate, Memory, Missing, Note, NoteKind, Open, Row, Why, Words, turns};
use cwtch_protocol::monitor::{Change, GossipClaim, Monitor};

use cwtch_wire::group::Extensions;

use crate::profile::{Content, ConversationId, ItemOutcome, MessageId, Profile, SyncItem, SyncOutcome, What};

/// One person's groups in memory.
#[derive(Clone)]
pub(super) struct Twin {
    pub(super) groups: BTreeMap<GroupId, Memory>,
    drafts: HashMap<MessageId, Row>,
}

/// A message as the machine takes it.
fn arrival<'a>(item: &'a SyncItem, author: &'a [u8; 32]) -> Arrival<'a> {
    Arrival {
        author,
        id: item.msg_id,
        entry: item.entry,
        signature: &item.signature,
        previous: &item.previous,
        place: item.place,
        words: words(&item.content, item.sent),
        extensions: item.extensions.as_ref(),
    }
}

fn words(content: &Content, sent: Option<i64>) -> Words<'_> {
    Words { kind: content.kind, data: &content.data, sent }
}

impl Twin {
    pub(super) fn new(own: [u8; 32], groups: impl Iterator<Item = GroupId>) -> Self {
        Self { groups: groups.map(|id| (id, Memory::new(own))).collect(), drafts: HashMap::new() }
    }

    /// Joins a group of the same server.
    pub(super) fn join(&mut self, group: GroupId) {
        let memory = self.groups.values().next().expect("there is a group").beside();
        self.groups.insert(group, memory);
    }

    pub(super) fn of(&mut self, group: &GroupId) -> &mut Memory {
        self.groups.get_mut(group).expect("a group of this person")
    }

    pub(super) fn begin_anew(&mut self) {
        self.groups.values_mut().for_each(Memory::begin_anew);
    }

    /// The log of the server changed as the monitor says; `verified` is the size before.
    pub(super) fn log_changed(
        &mut self,
        changes: &[Change],
        verified: u64,
        profile: &Profile,
        board: &cwtch_primitives::Address,
    ) {
        for group in self.groups.values_mut() {
            let mut size = verified;
            for change in changes {
                group.log_changed(change, size);
                match change {
                    Change::Grown { first, ids, .. } => size = size.max(first + ids.len() as u64),
                    Change::Restarted { size: to, .. } | Change::Rewound { size: to } => size = *to,
                    _ => {}
                }
            }
        }
        let status = profile.log_status(board).unwrap();
        let expected = (status.known && !status.retired).then_some(status.min_index);
        let certificate = profile.log_certificate(board).unwrap().and_then(|bytes| bytes.try_into().ok());
        self.groups.values_mut().for_each(|group| group.set_log(expected, certificate));
    }

    pub(super) fn enqueue(&mut self, group: &GroupId, id: MessageId, content: &Content, now: i64) {
        let row = self.of(group).enqueue(&words(content, Some(now)));
        self.drafts.insert(id, row);
    }

    /// A draft was composed as this message.
    pub(super) fn compose(&mut self, id: MessageId, item: &SyncItem) {
        let author = *item.author.public_key().as_bytes();
        let draft = self.drafts[&id];
        let group = self.of(&item.group);
        let said = item.extensions.as_ref().expect("own messages speak");
        let expected = group.next_extensions(said.chain.expect("own messages have numbers").label);
        assert_eq!(brief(said), brief(&expected), "the next message says something else over the database");
        let message = arrival(item, &author);
        group.compose(draft, &message, said.abandoned.len()).unwrap();
    }

    pub(super) fn give_up(&mut self, group: &GroupId, id: MessageId) {
        let row = self.drafts[&id];
        self.of(group).give_up(row);
    }

    /// A batch came and was stored; what became of it is the same.
    pub(super) fn shown(&mut self, profile: &Profile, items: &[SyncItem], outcome: &SyncOutcome) {
        for (item, fate) in items.iter().zip(&outcome.items) {
            let author = *item.author.public_key().as_bytes();
            let group = self.groups.get_mut(&item.group).expect("a group of this person");
            let (step, _) = group.shown(&arrival(item, &author));
            let same = match (step.fate, fate) {
                (Fate::Stored, ItemOutcome::Stored(_)) | (Fate::Known, ItemOutcome::Duplicate) => true,
                (Fate::Confirmed(row), ItemOutcome::Confirmed(id)) => {
                    group.entry_of(row) == profile.message(*id).unwrap().unwrap().entry
                }
                _ => false,
            };
            assert!(same, "{:?} in memory, {fate:?} in the database", step.fate);
        }
    }

    pub(super) fn given(&mut self, item: &SyncItem) -> bool {
        let author = *item.author.public_key().as_bytes();
        let item = SyncItem { place: None, ..item.clone() };
        self.of(&item.group).given(&arrival(&item, &author)).0.fate == Fate::Stored
    }

    pub(super) fn confirmed(
        &mut self,
        group: &GroupId,
        entry: &cwtch_log::EntryId,
        place: Option<(u64, u64)>,
    ) {
        let group = self.of(group);
        if let Some(row) = group.row_of(entry) {
            group.confirm(row, place);
        }
    }

    /// Judges what is open, by the same log.
    pub(super) fn judge(
        &mut self,
        restored: impl FnOnce() -> Monitor,
        synced: bool,
        now: u64,
    ) -> Vec<GossipClaim> {
        let mut claims = Vec::new();
        if self.groups.values().all(|group| group.open(Open::All).is_empty()) {
            return claims;
        }
        let monitor = restored();
        let size = monitor.expects_log().then(|| monitor.verified_size());
        for which in turns(size, synced) {
            for id in self.groups.keys().copied().collect::<Vec<_>>() {
                let mut page = self.groups[&id].open(which);
                // A place of the server's log is known from any group that has it.
                let all = self.groups.values();
                for open in &mut page.references {
                    open.own_entry = all.clone().find_map(|group| group.entry_at(open.parent.index));
                    let size = open.gossip.map(|gossip| gossip.size);
                    open.own_root = size.and_then(|size| all.clone().find_map(|group| group.own_root(size)));
                }
                for open in &mut page.views {
                    open.own_root = all.clone().find_map(|group| group.own_root(open.gossip.size));
                }
                let judged = page.judge((which != Open::All).then_some(&monitor), now);
                self.of(&id).apply(&judged.changes, None);
                claims.extend(judged.claims);
            }
        }
        claims
    }

    /// Both hold the same, and whoever listens to the feed of the database was told of it.
    pub(super) fn compare(&self, profile: &Profile, heard: &Heard) {
        for (id, group) in &self.groups {
            let conversation = profile.group(id).unwrap().unwrap().conversation;
            compare(profile, heard, id, conversation, group);
        }
    }
}

/// What a person was told last of each message, by the change feed.
#[derive(Clone, Default)]
pub(super) struct Heard {
    seq: i64,
    notes: HashMap<MessageId, Vec<Note>>,
}

impl Heard {
    /// Everything that there is, for who has heard nothing yet.
    pub(super) fn everything(profile: &Profile) -> Self {
        let mut heard = Self { seq: profile.feed_bounds().unwrap().newest, notes: HashMap::new() };
        for group in profile.groups().unwrap() {
            for message in profile.messages(group.conversation, MessageId(0), 10_000).unwrap() {
                heard.notes.insert(message.id, profile.notes(message.id).unwrap());
            }
        }
        heard
    }

    /// Reads of the feed what is new.
    pub(super) fn listen(&mut self, profile: &Profile) {
        let rows = profile.changes_after(self.seq, u32::MAX).unwrap();
        let mut told: BTreeSet<MessageId> = rows.iter().filter_map(|row| row.message).collect();
        for many in rows.iter().filter(|row| row.what == What::ManyNotes) {
            let all = profile.messages(many.conversation.unwrap(), MessageId(0), 10_000).unwrap();
            told.extend(all.iter().map(|message| message.id));
        }
        for id in told {
            self.notes.insert(id, profile.notes(id).unwrap());
        }
        self.seq = rows.last().map_or(self.seq, |row| row.seq);
    }

    /// The notes about a message; that what is missing may have expired is read with the message, and not told.
    fn of(&self, id: MessageId) -> Vec<Note> {
        self.notes.get(&id).map(|notes| notes.iter().copied().map(plain).collect()).unwrap_or_default()
    }
}

/// The words of a message, as a failure shows them.
fn brief(said: &Extensions) -> impl PartialEq + core::fmt::Debug + use<> {
    let Extensions { parents, gossip, chain, abandoned, certificate } = said;
    let parents: Vec<_> = parents.iter().map(|parent| (parent.index, parent.id)).collect();
    let gossip = gossip.map(|gossip| (gossip.incarnation, gossip.size, gossip.root));
    let chain = chain.map(|chain| (chain.label, chain.sequence, chain.previous));
    (parents, gossip, chain, abandoned.clone(), certificate.clone())
}

fn plain(note: Note) -> Note {
    let kind = if note.kind == NoteKind::MissingExpired { NoteKind::Missing } else { note.kind };
    Note { kind, ..note }
}

fn compare(profile: &Profile, heard: &Heard, id: &GroupId, conversation: ConversationId, group: &Memory) {
    let messages = profile.messages(conversation, MessageId(0), 10_000).unwrap();
    let in_database: Vec<_> = messages.iter().filter_map(|message| message.entry).collect();
    let in_memory: Vec<_> = group.order().into_iter().filter_map(|row| group.entry_of(row)).collect();
    assert_eq!(in_database, in_memory, "the order differs");
    for message in &messages {
        let Some(row) = message.entry.and_then(|entry| group.row_of(&entry)) else { continue };
        let notes = group.notes(row);
        let plain: Vec<Note> = notes.iter().copied().map(plain).collect();
        assert_eq!(heard.of(message.id), plain, "the feed told something else of {:?}", message.entry);
        if notes != plain {
            assert_eq!(profile.notes(message.id).unwrap(), notes, "of {:?}", message.entry);
        }
    }
    let count = |missing: &Missing| {
        if missing.why == Why::NotDelivered { u64::from(missing.count) } else { 0 }
    };
    let mut missing: Vec<([u8; 32], u64)> = group
        .missing()
        .into_iter()
        .map(|(author, missing)| (author, missing.iter().map(count).sum()))
        .filter(|(_, count)| *count > 0)
        .collect();
    missing.sort_unstable();
    let told = profile.missing(conversation).unwrap();
    let told: Vec<_> =
        told.iter().map(|missing| (*missing.author.public_key().as_bytes(), missing.count)).collect();
    assert_eq!(told, missing, "other messages are missing");
    let next = profile.next_extensions(id, 7).unwrap();
    assert_eq!(brief(&next), brief(&group.next_extensions(7)), "the next message would say something else");
}
