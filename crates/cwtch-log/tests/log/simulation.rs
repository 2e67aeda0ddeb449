//! An honest server that follows sections 3 and 6, and everything that it ever signs.

use cwtch_log::tree::MemoryTree;
use cwtch_log::{BOUNDARY, Certificate, EntryId, Head, Policy, Previous, Retain, Signer, floor60};

use crate::support::{START, identity, server};

/// Something that happens to a server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// This many posts in one commit.
    Commit(u16),
    /// A quiet minute: the same tree is signed again.
    Resign,
    /// The clock moves by this many seconds, perhaps back.
    Clock(i32),
    /// The promise becomes longer by this many seconds.
    Promise(u32),
    /// This many sixteenths of what may be deleted is deleted.
    Prune(u8),
    /// The database is lost, and one from this many states ago restored: 0 loses nothing.
    Restore(u8),
}

/// All that one incarnation signed.
pub(crate) struct Incarnation {
    pub(crate) certificate: Certificate,
    /// Checkpoints, boundaries and Retains, in the order in which they were signed.
    pub(crate) heads: Vec<Head>,
    pub(crate) policies: Vec<Policy>,
    /// The tree as it was when the incarnation ended.
    pub(crate) tree: MemoryTree,
}

/// The content of a backup.
#[derive(Clone)]
struct State {
    incarnation: u64,
    entries: Vec<EntryId>,
    min_index: u64,
}

pub(crate) struct Honest {
    pub(crate) past: Vec<Incarnation>,
    backups: Vec<State>,
    state: State,
    signer: Signer,
    heads: Vec<Head>,
    policies: Vec<Policy>,
    tree: MemoryTree,
    now: u64,
    /// Time of the last signature.
    last: u64,
    retention: u64,
    posted: u64,
}

impl Honest {
    pub(crate) fn new() -> Self {
        let key = identity(100);
        let certificate = Certificate::sign_first(&server(), key.public_key(), START).unwrap();
        let state = State { incarnation: START, entries: Vec::new(), min_index: 0 };
        Self {
            past: Vec::new(),
            backups: vec![state.clone()],
            state,
            signer: Signer::new(certificate, key).unwrap(),
            heads: Vec::new(),
            policies: Vec::new(),
            tree: MemoryTree::new(),
            now: START,
            last: START,
            retention: 0,
            posted: 0,
        }
    }

    pub(crate) fn run(events: &[Event]) -> Vec<Incarnation> {
        let mut server = Self::new();
        server.sign_policy();
        events.iter().for_each(|event| server.step(*event));
        server.retire()
    }

    /// The time to be signed, by section 6.4.
    fn time(&mut self) -> u64 {
        self.last = self.last.max(floor60(self.now));
        self.last
    }

    fn size(&self) -> u64 {
        self.tree.size()
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Commit(posts) => self.commit(posts),
            Event::Resign => self.checkpoint(),
            Event::Clock(seconds) => self.now = self.now.saturating_add_signed(seconds.into()).max(START),
            Event::Promise(more) => {
                self.retention += u64::from(more);
                self.sign_policy();
            }
            Event::Prune(sixteenths) => self.prune(sixteenths),
            Event::Restore(back) => self.restore(back),
        }
    }

    fn commit(&mut self, posts: u16) {
        let time = self.time();
        for _ in 0..posts {
            // Posts are unique for ever, also those that a restore loses.
            let id = EntryId::of(&self.posted.to_be_bytes(), b"post");
            self.posted += 1;
            self.tree.push(id.leaf());
            self.state.entries.push(id);
            if self.size().is_multiple_of(BOUNDARY) {
                let boundary = self.signer.boundary(self.size(), self.tree.root(), time).unwrap();
                self.heads.push(boundary.into());
            }
        }
        self.checkpoint();
        self.backups.push(self.state.clone());
    }

    fn checkpoint(&mut self) {
        let time = self.time();
        let checkpoint = self.signer.checkpoint(self.size(), self.tree.root(), time).unwrap();
        self.heads.push(checkpoint.into());
    }

    fn sign_policy(&mut self) {
        let time = self.time();
        self.policies.push(self.signer.policy(time, self.retention, 0).unwrap());
    }

    /// Deletes by section 6.6: up to a boundary that is old enough; with no retention promised, anything at once.
    fn prune(&mut self, sixteenths: u8) {
        let time = self.time();
        let due = |head: &&Head| match head {
            Head::Checkpoint(checkpoint) if checkpoint.is_boundary() => {
                checkpoint.time() + self.retention + 60 <= time
            }
            _ => false,
        };
        let limit = match self.retention {
            0 => self.size(),
            _ => self.heads.iter().filter(due).map(Head::size).max().unwrap_or(0),
        };
        let min_index = limit * u64::from(sixteenths % 16 + 1) / 16;
        if min_index > self.state.min_index {
            self.state.min_index = min_index;
            let root = self.tree.root_at(min_index).unwrap();
            let retain: Retain = self.signer.retain(time, min_index, root).unwrap();
            self.heads.push(retain.into());
        }
    }

    /// Restores by section 6.7. The guard file knows the last time, whatever the backup knows.
    fn restore(&mut self, back: u8) {
        let at = self.backups.len().saturating_sub(1 + usize::from(back));
        let state = self.backups[at].clone();
        let (incarnation, previous) = self.successor(&state);
        let key = identity(101 + self.past.len() as u8);
        let certificate = Certificate::sign_next(&server(), key.public_key(), incarnation, previous).unwrap();
        let signer = Signer::new(certificate, key).unwrap();
        self.close(signer, &state);
        self.last = incarnation;
        self.state = State { incarnation, ..state };
        self.backups.push(self.state.clone());
        // A new incarnation promises anew.
        self.retention /= 2;
        self.sign_policy();
        self.checkpoint();
    }

    /// Name and previous tree of the incarnation that continues a state.
    fn successor(&self, state: &State) -> (u64, Previous) {
        let incarnation = floor60(self.now.max(self.last) + 60) + 60;
        let (size, mut tree) = (state.entries.len() as u64, MemoryTree::new());
        state.entries.iter().for_each(|id| tree.push(id.leaf()));
        (incarnation, Previous { incarnation: state.incarnation, size, root: tree.root() })
    }

    fn close(&mut self, signer: Signer, state: &State) {
        let mut tree = MemoryTree::new();
        state.entries.iter().for_each(|id| tree.push(id.leaf()));
        let old = std::mem::replace(&mut self.signer, signer);
        self.past.push(Incarnation {
            certificate: old.certificate().clone(),
            heads: std::mem::take(&mut self.heads),
            policies: std::mem::take(&mut self.policies),
            tree: std::mem::replace(&mut self.tree, tree),
        });
    }

    /// Ends the log; returns everything that was ever signed.
    fn retire(mut self) -> Vec<Incarnation> {
        let (incarnation, previous) = self.successor(&self.state);
        let certificate = Certificate::sign_retired(&server(), incarnation, previous).unwrap();
        let state = self.state.clone();
        self.past.push(Incarnation {
            certificate: self.signer.certificate().clone(),
            heads: std::mem::take(&mut self.heads),
            policies: std::mem::take(&mut self.policies),
            tree: std::mem::take(&mut self.tree),
        });
        let mut tree = MemoryTree::new();
        state.entries.iter().for_each(|id| tree.push(id.leaf()));
        self.past.push(Incarnation { certificate, heads: Vec::new(), policies: Vec::new(), tree });
        self.past
    }
}
