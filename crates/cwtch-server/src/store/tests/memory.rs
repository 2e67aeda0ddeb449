//! A back end in memory, which waits at every call as one behind a socket would. It does what [`tables`](crate::store::tables)
//! says in the simplest form that can be right, refuses what contradicts it, and knows no rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use cwtch_log::{EntryId, Hash};

use crate::store::tables::{
    Boundary, CertificateBytes, Change, Database, Ends, LogRow, Messages, Span, TableError, Tables, Token,
    View, WritableTables,
};
use crate::store::{EntryRef, NewEntry, Seq, ShortHash, StoreError};

/// All states that the databases of a test ever had. A file names one of them, so that copying the file copies a database.
#[derive(Clone, Default)]
pub(crate) struct States(Arc<Mutex<Vec<Arc<Contents>>>>);

/// The contents of all tables.
#[derive(Clone)]
pub(crate) struct Contents {
    board: Vec<u8>,
    spent: BTreeSet<Token>,
    messages: BTreeMap<Seq, (bool, Arc<NewEntry>)>,
    entries: BTreeMap<Seq, EntryId>,
    numbers: BTreeMap<EntryId, Seq>,
    nodes: BTreeMap<(u8, u64), Hash>,
    boundaries: BTreeMap<u64, Boundary>,
    certificates: BTreeMap<u64, CertificateBytes>,
    row: LogRow,
}

impl States {
    fn commit(&self, path: &Path, state: Contents) {
        let mut states = self.0.lock().unwrap();
        let name = states.len().to_string();
        states.push(Arc::new(state));
        let next = path.with_extension("next");
        std::fs::write(&next, name).unwrap();
        std::fs::rename(next, path).unwrap();
    }

    fn at(&self, path: &Path) -> Arc<Contents> {
        let name: usize = std::fs::read_to_string(path).unwrap().parse().unwrap();
        Arc::clone(&self.0.lock().unwrap()[name])
    }
}

#[derive(Clone)]
pub(super) struct MemoryDatabase {
    states: States,
    path: PathBuf,
}

impl MemoryDatabase {
    pub(super) fn prepare(states: &States, path: &Path, board: &[u8]) -> Result<Self, StoreError> {
        if !path.exists() {
            let empty = Contents {
                board: board.to_vec(),
                spent: BTreeSet::new(),
                messages: BTreeMap::new(),
                entries: BTreeMap::new(),
                numbers: BTreeMap::new(),
                nodes: BTreeMap::new(),
                boundaries: BTreeMap::new(),
                certificates: BTreeMap::new(),
                row: LogRow::default(),
            };
            states.commit(path, empty);
        }
        if states.at(path).board != board {
            return Err(StoreError::OtherServer);
        }
        Ok(Self { states: states.clone(), path: path.to_owned() })
    }
}

impl Database for MemoryDatabase {
    type Reading = MemoryTables;
    type Writing = MemoryTables;

    async fn writing(&self) -> Result<MemoryTables, StoreError> {
        self.reading().await
    }

    async fn reading(&self) -> Result<MemoryTables, StoreError> {
        come_back().await;
        Ok(MemoryTables { states: self.states.clone(), path: self.path.clone(), room: None })
    }
}

pub(super) struct MemoryTables {
    states: States,
    path: PathBuf,
    room: Option<i64>,
}

impl Tables for MemoryTables {
    type View<'a> = Arc<Contents>;

    async fn view(&mut self) -> Result<Arc<Contents>, TableError> {
        come_back().await;
        Ok(self.states.at(&self.path))
    }
}

impl WritableTables for MemoryTables {
    async fn apply(&mut self, change: &Change<'_>) -> Result<(), TableError> {
        come_back().await;
        if self.room.is_some_and(|room| change.appended.len() as i64 > room) {
            return Err(TableError::Full);
        }
        let mut state = Contents::clone(&*self.states.at(&self.path));
        state.apply(change)?;
        self.states.commit(&self.path, state);
        Ok(())
    }

    fn leave_room(&mut self, room: Option<i64>) {
        self.room = room;
    }
}

impl Contents {
    fn apply(&mut self, change: &Change<'_>) -> Result<(), TableError> {
        let contradicts = |what: &'static str, does: bool| match does {
            true => Err(TableError::Failed(what.into())),
            false => Ok(()),
        };
        if let Some(below) = change.delete_below {
            self.messages = self.messages.split_off(&below);
        }
        for seq in &change.shown {
            let message = self.messages.get_mut(seq);
            contradicts("no such message", message.is_none())?;
            if let Some((shadowed, _)) = message {
                *shadowed = false;
            }
        }
        for token in &change.spent {
            contradicts("a token was spent before", !self.spent.insert(**token))?;
        }
        for new in &change.appended {
            let message = (new.shadowed, Arc::new(new.entry.clone()));
            contradicts("a number is taken", self.messages.insert(new.seq, message).is_some())?;
            contradicts("an entry is there", self.entries.insert(new.seq, *new.entry.id()).is_some())?;
            contradicts("an id is there", self.numbers.insert(*new.entry.id(), new.seq).is_some())?;
        }
        for node in &change.nodes {
            let before = self.nodes.insert((node.level, node.place), node.hash);
            contradicts("a node is there", before.is_some())?;
        }
        if let Some(above) = change.void_boundaries_above {
            self.boundaries.retain(|size, _| *size <= above);
        }
        for boundary in &change.boundaries {
            let before = self.boundaries.insert(boundary.size, *boundary);
            contradicts("a boundary is there", before.is_some())?;
        }
        for (incarnation, bytes) in &change.certificates {
            self.certificates.entry(*incarnation).or_insert(*bytes);
        }
        contradicts("the log begins elsewhere", self.row.log.began != change.row.log.began)?;
        self.row = change.row.clone();
        Ok(())
    }
}

impl View for Arc<Contents> {
    async fn log(&mut self) -> Result<LogRow, TableError> {
        come_back().await;
        let mut row = self.row.clone();
        row.log.incarnation = self.certificates.last_key_value().map(|(incarnation, _)| *incarnation);
        Ok(row)
    }

    async fn ends(&mut self) -> Result<Ends, TableError> {
        come_back().await;
        Ok(Ends {
            first_message: self.messages.first_key_value().map(|(seq, _)| *seq),
            last_entry: self.entries.last_key_value().map(|(seq, _)| *seq),
        })
    }

    async fn spent(&mut self, tokens: &[&Token]) -> Result<Vec<bool>, TableError> {
        come_back().await;
        Ok(tokens.iter().map(|token| self.spent.contains(*token)).collect())
    }

    async fn numbers(&mut self, entries: &[&EntryId]) -> Result<Vec<Option<Seq>>, TableError> {
        come_back().await;
        Ok(entries.iter().map(|id| self.numbers.get(*id).copied()).collect())
    }

    async fn firsts(&mut self, signatures: &[&ShortHash], from: Seq) -> Result<Vec<Option<Seq>>, TableError> {
        come_back().await;
        let first = |signature: &&ShortHash| {
            let mut held = self.messages.range(from..);
            held.find(|(_, (_, entry))| entry.signature_hash() == *signature).map(|(seq, _)| *seq)
        };
        Ok(signatures.iter().map(first).collect())
    }

    async fn shown_below(&mut self, below: Seq) -> Result<Vec<ShortHash>, TableError> {
        come_back().await;
        let shown = self.messages.range(..below).filter(|(_, (shadowed, _))| !shadowed);
        Ok(shown.map(|(_, (_, entry))| *entry.signature_hash()).collect())
    }

    async fn count_shadowed(&mut self, from: Seq, to: Seq) -> Result<u64, TableError> {
        come_back().await;
        Ok(self.messages.range(from..=to).filter(|(_, (shadowed, _))| *shadowed).count() as u64)
    }

    async fn messages(
        &mut self,
        wanted: Messages,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> Result<(), TableError> {
        come_back().await;
        let range = self.messages.range(wanted.from..).take_while(|(seq, _)| **seq <= wanted.to);
        let wanted = range.filter(|(_, (shadowed, _))| wanted.shadowed || !shadowed).take(wanted.limit);
        for (seq, (_, entry)) in wanted {
            visit(EntryRef { seq: *seq, signature: entry.signature(), ciphertext: entry.ciphertext() });
        }
        Ok(())
    }

    async fn ids(&mut self, ranges: &[(Seq, Seq)]) -> Result<Vec<Vec<EntryId>>, TableError> {
        come_back().await;
        let ids =
            |(first, last): &(Seq, Seq)| self.entries.range(*first..=*last).map(|(_, id)| *id).collect();
        Ok(ranges.iter().map(ids).collect())
    }

    async fn nodes(&mut self, spans: &[Span]) -> Result<Vec<Vec<Hash>>, TableError> {
        come_back().await;
        let hashes = |span: &Span| {
            let places = (span.level, span.first)..(span.level, span.first + span.count);
            self.nodes.range(places).map(|(_, hash)| *hash).collect()
        };
        Ok(spans.iter().map(hashes).collect())
    }

    async fn certificates(&mut self, limit: usize) -> Result<Vec<CertificateBytes>, TableError> {
        come_back().await;
        Ok(self.certificates.values().rev().take(limit).copied().collect())
    }

    async fn boundaries(&mut self, from: u64, to: u64) -> Result<Vec<Boundary>, TableError> {
        come_back().await;
        let range = self.boundaries.range(from..).take_while(|(size, _)| **size <= to);
        Ok(range.map(|(_, boundary)| *boundary).collect())
    }

    async fn boundary_by(&mut self, time: u64) -> Result<Option<Boundary>, TableError> {
        come_back().await;
        Ok(self.boundaries.values().rfind(|boundary| boundary.time <= time).copied())
    }
}

/// A future that is not ready at the first poll.
async fn come_back() {
    let mut looked = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut looked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
