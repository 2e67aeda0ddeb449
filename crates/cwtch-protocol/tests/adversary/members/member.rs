//! A member: what its store keeps of a group, and what a person is told.

use std::collections::{BTreeSet, HashMap};

use cwtch_log::EntryId;
use cwtch_protocol::group::{
    Arrival, Change, Fate, Log, Memory, NoteKind, Open, Place, Row, Touched, Verdict, Words, turns,
};
use cwtch_protocol::monitor::{Change as LogChange, Notice};
use cwtch_testkit::log::entry_id;
use cwtch_wire::group::Extensions;

use super::super::client::Client;
use super::Message;

/// What a member is told against another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Finding {
    Lies(EntryId),
    Equivocation(EntryId),
    Copy(EntryId),
}

pub(crate) fn key(member: usize) -> [u8; 32] {
    [member as u8 + 1; 32]
}

pub(crate) struct Member {
    pub(crate) at: usize,
    pub(crate) store: Memory,
    pub(crate) findings: BTreeSet<Finding>,
    /// What the person was told last of each message.
    told: HashMap<EntryId, Vec<NoteKind>>,
    /// Entries that came.
    pub(crate) here: BTreeSet<EntryId>,
    /// Own messages that no receipt is here for.
    waiting: Vec<(EntryId, Row)>,
    /// Behind the last entry that was read.
    read: u64,
    notices: usize,
    syncs: u64,
}

impl Message {
    fn arrival<'a>(&'a self, author: &'a [u8; 32], entry: EntryId, place: Option<Place>) -> Arrival<'a> {
        Arrival {
            author,
            id: self.name,
            entry,
            // As good as a signature here: it is of this message alone.
            signature: self.name.as_bytes(),
            previous: &[],
            place,
            words: Words { kind: 1, data: "", sent: None },
            extensions: Some(&self.extensions),
        }
    }
}

impl Member {
    pub(crate) fn new(at: usize) -> Self {
        Self {
            at,
            store: Memory::new(key(at)),
            findings: BTreeSet::new(),
            told: HashMap::new(),
            here: BTreeSet::new(),
            waiting: Vec::new(),
            read: 0,
            notices: 0,
            syncs: 0,
        }
    }

    /// Messages whose references are not settled: they are to be judged, or their verdict is no last one.
    pub(crate) fn unsettled(&self) -> Vec<EntryId> {
        let unsettled = |entry: &&EntryId| {
            let row = self.store.row_of(entry);
            row.is_some_and(|row| {
                let mut references = self.store.references(row).iter();
                references.any(|reference| reference.verdict != Verdict::Fine)
            })
        };
        self.here.iter().filter(unsettled).copied().collect()
    }

    /// How many messages of others than this one are called missing.
    pub(crate) fn missing(&self, but: usize) -> u32 {
        let all = self.store.missing();
        let others = all.iter().filter(|(author, _)| **author != key(but));
        others.flat_map(|(_, missing)| missing).map(|missing| missing.count).sum()
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
                    let lost = LogChange::Loss { loss: *loss, replaces_last: false };
                    self.store.log_changed(&lost, self.read);
                }
                Notice::Expired { from, to } => {
                    let passed = LogChange::Restarted { size: *to, range: Vec::new() };
                    self.store.log_changed(&passed, *from);
                }
                _ => {}
            }
        }
        self.notices = client.notices.len();
        let monitor = client.monitor();
        let certificate = monitor.certificate().map(cwtch_log::Certificate::to_bytes);
        self.store.set_log(monitor.expects_log().then(|| monitor.min_index()), certificate);
        for index in self.read..client.monitor().verified_size() {
            if let Some(id) = client.received()[index as usize] {
                self.read_one(index, id, client, group);
            }
        }
        self.read = client.monitor().verified_size();
        let synced = client.syncs > self.syncs;
        self.syncs = client.syncs;
        self.judge(client, synced);
    }

    fn judge(&mut self, client: &mut Client, synced: bool) {
        let size = client.monitor().expects_log().then(|| client.monitor().verified_size());
        for which in turns(size, synced) {
            let page = self.store.open(which);
            if page.is_empty() {
                continue;
            }
            let log = (which != Open::All).then_some(client.monitor());
            let judged = page.judge(log, 0);
            let touched = self.store.apply(&judged.changes, None);
            self.look_at(&touched);
            for claim in judged.claims {
                client.work(0, |monitor| monitor.note_gossip(claim));
            }
        }
    }

    fn read_one(&mut self, index: u64, id: EntryId, client: &Client, group: &HashMap<EntryId, Message>) {
        let Some(message) = group.get(&id) else { return };
        let monitor = client.monitor();
        let root = Log::root_at(monitor, index + 1).expect("the root of what just came is known");
        let incarnation = monitor.incarnation_at(index).expect("somebody signs for what came");
        let author = key(message.author);
        let place = Some(Place { index, incarnation, root });
        let (step, touched) = self.store.shown(&message.arrival(&author, id, place));
        for change in &step.changes {
            if let Change::Copy { entry, .. } = change {
                self.findings.insert(Finding::Copy(*entry));
            }
        }
        self.waiting.retain(|(entry, _)| *entry != id);
        self.here.insert(id);
        self.look_at(&touched);
    }

    /// A person is told what there is to tell now.
    fn look_at(&mut self, touched: &Touched) {
        for row in touched.rows.iter().chain(&touched.this) {
            let Some(entry) = self.store.entry_of(*row) else { continue };
            let notes = self.store.notes(*row);
            for note in &notes {
                match note.kind {
                    NoteKind::Conflicting => drop(self.findings.insert(Finding::Equivocation(entry))),
                    NoteKind::Parent(Verdict::AuthorLies) => {
                        self.findings.insert(Finding::Lies(entry));
                    }
                    _ => {}
                }
            }
            self.told.insert(entry, notes.into_iter().map(|note| note.kind).collect());
        }
    }

    /// Whatever there is to tell was told. (That what is missing may have expired is not: it is read with the message.)
    pub(crate) fn knows_all(&self) {
        let lasting = |kind: &NoteKind| !matches!(kind, NoteKind::Missing | NoteKind::MissingExpired);
        for entry in &self.here {
            let Some(row) = self.store.row_of(entry) else { continue };
            let notes = self.store.notes(row).into_iter().map(|note| note.kind);
            let told = self.told.get(entry).into_iter().flatten().copied();
            assert!(
                told.clone().filter(&lasting).eq(notes.clone().filter(&lasting)),
                "member {} was told {:?}, and there is {:?}",
                self.at,
                told.collect::<Vec<_>>(),
                notes.collect::<Vec<_>>(),
            );
            let missing = |kind: &NoteKind| !lasting(kind);
            assert_eq!(told.filter(missing).count(), notes.filter(missing).count(), "something is missing");
        }
    }

    /// What an honest message would say now.
    pub(crate) fn says(&self, random: u64) -> Extensions {
        let extensions = self.store.next_extensions(random as u32);
        let (bytes, included) = extensions.encode(1000).expect("an honest message can be written");
        assert!(Extensions::decode(&bytes).is_some_and(|read| read == extensions));
        assert_eq!(included.abandoned, extensions.abandoned.len());
        extensions
    }

    /// The honest message has this entry; its number is used up.
    pub(crate) fn wrote(&mut self, message: &Message, id: EntryId) -> Row {
        let draft =
            self.store.enqueue(&Words { kind: 1, data: "draft", sent: Some(self.waiting.len() as i64) });
        let told = message.extensions.abandoned.len();
        let author = key(self.at);
        let composed = self.store.compose(draft, &message.arrival(&author, id, None), told);
        composed.expect("nobody took the number meanwhile");
        self.waiting.push((id, draft));
        draft
    }

    /// Takes note of what its client got receipts for.
    pub(crate) fn posted(&mut self, client: &Client) {
        for post in client.posts.iter().filter(|post| post.answered) {
            let id = entry_id(&post.message);
            if let Some(at) = self.waiting.iter().position(|(entry, _)| *entry == id) {
                let (_, row) = self.waiting.swap_remove(at);
                self.store.confirm(row, None);
            }
        }
    }

    /// Another member gives it a message that it lacks.
    pub(crate) fn given(&mut self, message: &Message, id: EntryId) -> bool {
        let author = key(message.author);
        let (step, touched) = self.store.given(&message.arrival(&author, id, None));
        self.look_at(&touched);
        step.fate == Fate::Stored
    }
}
