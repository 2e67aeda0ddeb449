//! The store against a model: posts, deletion, restarts, crashes at any write, clocks that jump. Whatever it signed and
//! let go must not suffice for any accusation.

use std::collections::{HashMap, HashSet};

use cwtch_log::{EntryId, Retain, floor60};
use cwtch_net::Validity;
use proptest::prelude::*;

use super::statements::Statements;
use super::world::{Open, World};
use super::*;

/// Entries that are there before the first step, so that boundaries are near.
const BEFORE: u32 = 250;

/// The rules in the simplest form that can be right.
#[derive(Default)]
struct Model {
    spent: HashSet<[u8; 32]>,
    /// All entries, for ever, and when they were appended.
    entries: Vec<(String, String, u64)>,
    /// Number of the first entries that are deleted.
    gone: usize,
    cap: Option<usize>,
    retention: u64,
}

impl Model {
    /// Applies a post. A full server decides by itself whether it makes room in time, so `got`, its own outcome,
    /// counts there.
    fn post(&mut self, t: u32, signature: &str, ciphertext: &str, got: Outcome, now: u64) -> Outcome {
        if self.entries.iter().any(|(s, c, _)| (s.as_str(), c.as_str()) == (signature, ciphertext)) {
            return Outcome::Duplicate;
        }
        let held = self.entries.len() - self.gone;
        if got == Outcome::Full && self.retention > 0 && self.cap.is_some_and(|cap| held >= cap) {
            return Outcome::Full;
        }
        if !self.spent.insert(token(t)) {
            return Outcome::TokenSpent;
        }
        let shadowed = self.held().iter().any(|(s, _, _)| s == signature);
        let index = self.entries.len() as u64;
        self.entries.push((signature.to_owned(), ciphertext.to_owned(), now));
        Outcome::Stored { seq: Seq::try_from(index).unwrap() + 1, index, shadowed }
    }

    fn held(&self) -> &[(String, String, u64)] {
        &self.entries[self.gone..]
    }

    /// Applies a deletion that was observed, after checking that it was allowed.
    fn prune(&mut self, observed: usize, now: u64) {
        let held = self.held().len();
        if self.retention == 0 {
            let over = self.cap.filter(|cap| held > *cap);
            assert_eq!(observed, self.gone + over.map_or(0, |cap| (held / 10).max(held - cap)));
        }
        for (_, _, appended) in &self.entries[self.gone..observed] {
            let kept = self.retention == 0 || appended + self.retention <= now;
            assert!(kept, "a body was deleted before its time");
        }
        self.gone = observed;
    }

    fn replay(&self, last_commit: Option<&str>) -> Vec<(Seq, String)> {
        let held = self.held();
        let start = held.iter().position(|(s, _, _)| Some(s.as_str()) == last_commit).unwrap_or(0);
        let mut first = HashMap::new();
        for (at, (signature, _, _)) in held.iter().enumerate() {
            first.entry(signature).or_insert(at);
        }
        let seq = |at: usize| Seq::try_from(self.gone + at).unwrap() + 1;
        let unshadowed = held.iter().enumerate().skip(start).filter(|(at, (s, _, _))| first[s] == *at);
        unshadowed.map(|(at, (_, ciphertext, _))| (seq(at), ciphertext.clone())).collect()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u32, u8, u8)>),
    /// The disk is full for one commit.
    Full(Vec<(u32, u8, u8)>, i64),
    /// The machine dies while the commit is being written: the second value is the part of it that is on the disk, in
    /// thousandths.
    Torn(Vec<(u32, u8, u8)>, u64),
    Restart,
    /// The server is killed between two writes.
    Kill,
    Pass(u64),
    SetClock(i64),
    ConfirmClock,
    Refresh,
    Replay(Option<u8>),
    LogReplay(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let posts = || prop::collection::vec((0..200u32, 0..40u8, 0..3u8), 1..12);
    let step = prop_oneof![
        8 => posts().prop_map(Step::Commit),
        1 => (posts(), 0..6i64).prop_map(|(posts, pages)| Step::Full(posts, pages)),
        2 => (posts(), 0..1000u64).prop_map(|(posts, part)| Step::Torn(posts, part)),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        2 => (0..400u64).prop_map(Step::Pass),
        1 => (3000..90_000u64).prop_map(Step::Pass),
        1 => (-4000..4000i64).prop_map(Step::SetClock),
        1 => Just(Step::ConfirmClock),
        2 => Just(Step::Refresh),
        2 => prop::option::of(0..42u8).prop_map(Step::Replay),
        2 => (0..320u64).prop_map(Step::LogReplay),
    ];
    prop::collection::vec(step, 1..30)
}

/// A running server and everything that was seen of it.
struct Run {
    world: World,
    open: Open,
    model: Model,
    statements: Statements,
}

impl Run {
    fn new(disk: Disk, cap: Option<u64>, retention: u64) -> Self {
        let mut world = World::on(disk);
        (world.cap, world.retention) = (cap, retention);
        let open = world.open();
        let statements = Statements::new(world.server.address());
        let cap = cap.map(|cap| usize::try_from(cap).unwrap());
        let model = Model { cap, retention, ..Model::default() };
        let mut run = Self { world, open, model, statements };
        run.look();
        let posts = (0..BEFORE).map(|n| (1000 + n, format!("f{n}"), "c".to_owned())).collect();
        run.commit(posts);
        run
    }

    fn commit(&mut self, posts: Vec<(u32, String, String)>) {
        let batch: Vec<_> = posts.iter().map(|(t, s, c)| post(*t, s, c)).collect();
        let commit = self.open.writer.commit(&batch).unwrap();
        self.committed(posts, commit);
    }

    fn committed(&mut self, posts: Vec<(u32, String, String)>, commit: Commit) {
        let now = self.world.wall();
        let mut appended = Vec::new();
        let mut duplicates = Vec::new();
        for ((t, s, c), got) in posts.iter().zip(&commit.outcomes) {
            assert_eq!(*got, self.model.post(*t, s, c, *got, now));
            let id = EntryId::of(s.as_bytes(), c.as_bytes());
            match got {
                Outcome::Stored { index, .. } => appended.push((*index, id)),
                Outcome::Duplicate => duplicates.push(id),
                _ => {}
            }
        }
        assert_eq!(commit.log.is_some(), !appended.is_empty());
        let mut reader = self.open.reader();
        let certificates = reader.log_head().unwrap().unwrap().certificates;
        if let Some(log) = &commit.log {
            self.statements.add_commit(&certificates, log, &appended);
        }
        for id in duplicates {
            let receipt = reader.receipt(&id).unwrap().unwrap();
            self.statements.add_receipt(&certificates, id, &receipt);
        }
        self.prune();
    }

    fn prune(&mut self) {
        while self.open.writer.prune_step().unwrap() {
            self.look();
        }
        self.look();
        let status = self.open.reader().status().unwrap();
        self.model.prune(usize::try_from(status.pruned).unwrap(), self.world.wall());
    }

    /// Collects the statements that a cold probe sees.
    fn look(&mut self) {
        self.statements.add_head(&self.open.reader().log_head().unwrap().unwrap());
    }

    fn restart(&mut self, from: Option<&std::path::Path>) {
        if let Some(from) = from {
            self.world.replace_files(from);
        } else {
            self.open.writer.finish();
        }
        self.open = self.world.open();
        self.prune();
    }

    fn log_replay(&mut self, asked: u64) {
        let mut reader = self.open.reader();
        let LogReplay { log, entries } = reader.log_replay(asked).unwrap().unwrap();
        self.statements.add_replay(&log);
        let start = log.start.as_ref().unwrap();
        let size = self.model.entries.len() as u64;
        let min = start.retain.map_or(0, |retain| Retain::peek(&retain).unwrap().min_index);
        assert_eq!(start.from, asked.max(min).min(size));
        assert_eq!(entries.count, size - start.from);
        assert!(usize::try_from(min).unwrap() <= self.model.gone);
        let mut index = start.from;
        let mut next = entries.from;
        while next <= entries.to {
            next = reader
                .read_log(next, entries.to, 7, &mut |record| match record {
                    LogRecord::Entry(entry) => {
                        let (signature, ciphertext, _) = &self.model.entries[usize::try_from(index).unwrap()];
                        assert_eq!(entry.signature, signature.as_bytes());
                        assert_eq!(entry.ciphertext, ciphertext.as_bytes());
                        index += 1;
                    }
                    LogRecord::Boundary(mark) => {
                        assert!(index.is_multiple_of(256));
                        self.statements.add_mark(&log.certificates, mark);
                    }
                })
                .unwrap();
        }
        assert_eq!(index, size);
    }

    fn step(&mut self, step: Step) {
        let named = |posts: Vec<(u32, u8, u8)>| -> Vec<_> {
            posts.into_iter().map(|(t, s, c)| (t, format!("s{s}"), format!("c{c}"))).collect()
        };
        match step {
            Step::Commit(posts) => self.commit(named(posts)),
            Step::Full(posts, pages) => {
                let posts = named(posts);
                let batch: Vec<_> = posts.iter().map(|(t, s, c)| post(*t, s, c)).collect();
                match self.open.writer.with_full_disk(pages, &batch) {
                    Ok(commit) => self.committed(posts, commit),
                    Err(StoreError::Full) => {
                        let newest = self.open.writer.recover().unwrap();
                        assert_eq!(usize::try_from(newest).unwrap(), self.model.entries.len());
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Torn(posts, part) => {
                let batch: Vec<_> = named(posts).iter().map(|(t, s, c)| post(*t, s, c)).collect();
                let before = self.world.snapshot();
                let journal = self.world.data().join("board.sqlite-wal");
                let old = std::fs::read(&journal).unwrap_or_default();
                self.open.writer.commit(&batch).unwrap();
                // A back end without a journal commits in one moment, so it cannot be torn.
                if let Ok(new) = std::fs::read(&journal) {
                    std::fs::write(before.path().join("board.sqlite-wal"), torn(&old, &new, part)).unwrap();
                }
                self.restart(Some(before.path()));
            }
            Step::Restart => self.restart(None),
            Step::Kill => {
                let left = self.world.snapshot();
                self.restart(Some(left.path()));
            }
            Step::Pass(seconds) => {
                self.world.pass(seconds);
                self.prune();
            }
            Step::SetClock(by) => {
                // Bodies are kept by the clock that the operator has; one that is set ahead deletes early.
                let by = if self.model.retention > 0 { by.min(0) } else { by };
                self.world.set_clock(by);
            }
            Step::ConfirmClock => {
                let now = self.world.wall();
                self.open.writer.confirm_clock(Some(Validity { after: now, until: now }));
            }
            Step::Refresh => {
                self.open.writer.refresh().unwrap();
                self.look();
            }
            Step::Replay(from) => {
                let from = from.map(|s| format!("s{s}"));
                assert_eq!(replay(&*self.open.store, from.as_deref()), self.model.replay(from.as_deref()));
            }
            Step::LogReplay(from) => self.log_replay(from),
        }
    }
}

/// A journal that was written in part: `part` thousandths of what changed.
fn torn(old: &[u8], new: &[u8], part: u64) -> Vec<u8> {
    // A journal goes on at its end, or begins anew over what has been moved into the database.
    let differs = |at: &usize| old.get(*at) != new.get(*at);
    let first = (0..new.len()).find(differs).unwrap_or(new.len());
    let last = (0..new.len()).rfind(differs).unwrap_or(first);
    // The last byte never arrives.
    let torn = first + (last - first) * usize::try_from(part).unwrap() / 1000;
    [&new[..torn], old.get(torn..).unwrap_or_default()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_store_behaves_as_the_model_and_cannot_be_accused(
        steps in steps(),
        cap in prop::option::of(10..300u64),
        retention in prop_oneof![Just(0), 1..2000u64],
    ) {
        for disk in [Disk::sqlite(), Disk::memory()] {
            behaves(Run::new(disk, cap, retention), steps.clone())?;
        }
    }
}

fn behaves(mut run: Run, steps: Vec<Step>) -> Result<(), TestCaseError> {
    for step in steps {
        run.step(step);
    }
    let Run { open, model, mut statements, .. } = run;
    prop_assert_eq!(replay(&*open.store, None), model.replay(None));
    let mut reader = open.reader();
    let status = reader.status().unwrap();
    prop_assert_eq!(status.messages, model.held().len() as u64);
    prop_assert_eq!(status.spent, model.spent.len() as u64);
    prop_assert_eq!(status.newest, Seq::try_from(model.entries.len()).unwrap());
    let certificates = reader.log_head().unwrap().unwrap().certificates;
    // The entries whose bodies are gone have receipts, too.
    for (signature, ciphertext, _) in model.entries.iter().step_by(9) {
        let id = EntryId::of(signature.as_bytes(), ciphertext.as_bytes());
        let receipt = reader.receipt(&id).unwrap().unwrap();
        statements.add_receipt(&certificates, id, &receipt);
    }
    statements.accuse_in_vain(&*open.store);
    prop_assert!(statements.count() > 2);
    let state = reader.log_state().unwrap().unwrap();
    prop_assert!(state.time >= floor60(world::BEGIN));
    Ok(())
}
