//! An operator's accidents over the shipped start, in random order: nothing that an honest server ever signed makes a proof.

use std::collections::BTreeMap;
use std::path::Path;

use cwtch_log::tree::MemoryTree;
use cwtch_log::{Certificate, EntryId};
use cwtch_testkit::budget::{self, Sample};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::statements::Statements;
use super::world::{Open, World};
use super::*;
use crate::signer::LogError;

const DATABASE: [&str; 3] = ["board.sqlite", "board.sqlite-wal", "board.sqlite-shm"];

/// An accident that happens to a server, or something that its operator does.
#[derive(Debug, Clone, Copy)]
enum Accident {
    Post,
    Pass,
    /// The server is stopped and started.
    Restart,
    /// The server is killed and started.
    Kill,
    /// The database is copied.
    BackUp,
    /// Everything is copied.
    Snapshot,
    /// The server is killed, and a copy of the database put into its place.
    OldDatabase,
    /// The snapshot is put back, and the log key deleted, as the manual says.
    PutBack,
    /// Everything but the keys is lost.
    KeysOnly,
    /// Everything but the keys and a copy of the database is lost.
    KeysAndDatabase,
    /// The guard cannot be read.
    DamagedGuard,
    /// The clock jumps ahead by less than what makes the server doubt it.
    Jump,
    /// The clock is put right.
    Correct,
}

const ACCIDENTS: [Accident; 17] = [
    Accident::Post,
    Accident::Post,
    Accident::Post,
    Accident::Pass,
    Accident::Pass,
    Accident::Restart,
    Accident::Kill,
    Accident::BackUp,
    Accident::BackUp,
    Accident::Snapshot,
    Accident::OldDatabase,
    Accident::PutBack,
    Accident::KeysOnly,
    Accident::KeysAndDatabase,
    Accident::DamagedGuard,
    Accident::Jump,
    Accident::Correct,
];

struct Server {
    world: World,
    open: Option<Open>,
    rng: ChaCha20Rng,
    statements: Statements,
    /// The tree of each incarnation, as far as it was shown.
    trees: BTreeMap<u64, MemoryTree>,
    entries: BTreeMap<u64, Vec<EntryId>>,
    databases: Vec<tempfile::TempDir>,
    snapshots: Vec<tempfile::TempDir>,
    posted: u32,
    /// Seconds by which the clock is ahead.
    ahead: i64,
    /// True if the operator may vouch for the clock: it was never further ahead than the server allows.
    right: bool,
    declared: u32,
}

impl Server {
    fn new(disk: &Disk, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let world = World::on(disk.clone());
        // The clock of the first start may be ahead, by less than a Tor directory is valid.
        let ahead = [0, 0, 9 * 60, 3600, 10_700][rng.next_u32() as usize % 5];
        world.set_clock(ahead);
        let statements = Statements::new(world.server.address());
        let mut server = Self {
            world,
            open: None,
            rng,
            statements,
            trees: BTreeMap::new(),
            entries: BTreeMap::new(),
            databases: Vec::new(),
            snapshots: Vec::new(),
            posted: 0,
            ahead,
            right: ahead == 0,
            declared: 0,
        };
        server.start();
        server
    }

    fn below(&mut self, n: u32) -> u32 {
        self.rng.next_u32() % n
    }

    /// Starts the server like an operator who reads what the program says. The machine may die meanwhile, once.
    fn start(&mut self) {
        if self.below(3) == 0 {
            let dies_after = self.below(5);
            let (data, mut written, mut left) = (self.world.data().to_owned(), 0, None);
            let died = self.attempt(&mut || {
                if written == dies_after {
                    left = Some(copy(&data, true));
                }
                written += 1;
            });
            drop(died);
            if let Some(left) = left {
                self.world.replace_files(left.path());
            }
        }
        let open = self.attempt(&mut || {});
        self.open = Some(open);
        self.look();
    }

    fn attempt(&mut self, written: &mut dyn FnMut()) -> Open {
        let vouches = self.right && self.below(2) == 0;
        let world = &mut self.world;
        let refused = match world.open_watched(false, written) {
            Ok(open) => return open,
            Err(refused) => refused,
        };
        self.declared += 1;
        world.confirm = vouches;
        let restore = match refused {
            LogError::Refused(_) => true,
            LogError::NoDatabase => false,
            error => panic!("{error}"),
        };
        world.loss = !restore;
        let opened = world.open_watched(restore, written);
        (world.loss, world.confirm) = (false, false);
        opened.unwrap_or_else(|error| panic!("declared: {error}"))
    }

    /// Collects the statements that anybody may see now.
    fn look(&mut self) {
        let Some(open) = &self.open else { return };
        let mut reader = open.reader();
        let head = reader.log_head().unwrap().unwrap();
        self.statements.add_head(&head);
        let certificate =
            Certificate::from_bytes(&head.certificates.current, &self.world.server.address()).unwrap();
        let LogReplay { log, entries } = reader.log_replay(0).unwrap().unwrap();
        self.statements.add_replay(&log);
        let mut ids = Vec::new();
        let mut next = entries.from;
        while next <= entries.to {
            next = reader
                .read_log(next, entries.to, 100, &mut |record| {
                    if let LogRecord::Entry(entry) = record {
                        ids.push(EntryId::of(entry.signature, entry.ciphertext));
                    }
                })
                .unwrap();
        }
        let before = self.entries.insert(certificate.incarnation(), ids.clone()).unwrap_or_default();
        assert!(ids.starts_with(&before), "an incarnation's log did not only grow");
        let mut tree = MemoryTree::new();
        ids.iter().for_each(|id| tree.push(id.leaf()));
        self.trees.insert(certificate.incarnation(), tree);
    }

    fn post(&mut self) {
        let count = 1 + self.below(4);
        for _ in 0..count {
            let n = self.posted;
            self.posted += 1;
            let open = self.open.as_mut().unwrap();
            let commit = open.writer.commit(&[post(n, &format!("s{n}"), "c")]).unwrap();
            let certificates = open.reader().log_head().unwrap().unwrap().certificates;
            let Outcome::Stored { index, .. } = commit.outcomes[0] else { panic!("{:?}", commit.outcomes) };
            let id = EntryId::of(format!("s{n}").as_bytes(), b"c");
            self.statements.add_commit(&certificates, &commit.log.unwrap(), &[(index, id)]);
        }
    }

    /// Ends the program; after a clean stop it has noted what was signed last.
    fn end(&mut self, cleanly: bool) {
        self.look();
        let mut open = self.open.take().unwrap();
        if cleanly {
            open.writer.finish();
        }
    }

    fn put_database(&mut self) {
        // The newest is as likely as all others: it is of this minute, perhaps.
        let any = self.below(self.databases.len().max(1) as u32) as usize;
        let at = if self.below(2) == 0 { any } else { self.databases.len().saturating_sub(1) };
        let Some(backup) = self.databases.get(at) else { return };
        remove_database(self.world.data());
        for name in &DATABASE[..2] {
            let from = backup.path().join(name);
            if from.exists() {
                std::fs::copy(from, self.world.data().join(name)).unwrap();
            }
        }
    }

    fn happens(&mut self, accident: Accident) {
        match accident {
            Accident::Post => self.post(),
            Accident::Pass => {
                // Most steps are short, so that much happens within a minute.
                let most = if self.below(3) == 0 { 5000 } else { 50 };
                let seconds = u64::from(self.below(most));
                self.world.pass(seconds);
                self.open.as_mut().unwrap().writer.refresh().unwrap();
            }
            Accident::Restart | Accident::Kill => {
                self.end(matches!(accident, Accident::Restart));
                self.start();
            }
            Accident::BackUp => self.databases.push(copy(self.world.data(), false)),
            Accident::Snapshot => self.snapshots.push(copy(self.world.data(), true)),
            Accident::OldDatabase => {
                let cleanly = self.below(2) == 0;
                self.end(cleanly);
                self.put_database();
                self.start();
            }
            Accident::PutBack => {
                let at = self.below(self.snapshots.len().max(1) as u32) as usize;
                let Some(snapshot) = self.snapshots.get(at).map(|copy| copy.path().to_owned()) else {
                    return;
                };
                self.end(false);
                self.world.replace_files(&snapshot);
                let _ = std::fs::remove_file(self.world.keys().join("log.key"));
                self.start();
            }
            Accident::KeysOnly | Accident::KeysAndDatabase => {
                self.end(false);
                remove_database(self.world.data());
                for entry in std::fs::read_dir(self.world.keys()).unwrap() {
                    std::fs::remove_file(entry.unwrap().path()).unwrap();
                }
                if matches!(accident, Accident::KeysAndDatabase) {
                    self.put_database();
                }
                self.start();
            }
            Accident::DamagedGuard => {
                self.end(false);
                std::fs::write(self.world.keys().join("log.guard"), "?").unwrap();
                self.start();
            }
            Accident::Jump => {
                if self.ahead == 0 {
                    self.world.set_clock(119);
                    self.ahead = 119;
                }
            }
            Accident::Correct => {
                self.world.set_clock(-self.ahead);
                self.ahead = 0;
            }
        }
        self.look();
    }
}

fn remove_database(data: &Path) {
    for name in DATABASE {
        let _ = std::fs::remove_file(data.join(name));
    }
}

fn copy(data: &Path, all: bool) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let dirs: &[&str] = if all { &["", "keys"] } else { &[""] };
    for dir in dirs {
        std::fs::create_dir_all(copy.path().join(dir)).unwrap();
        for entry in std::fs::read_dir(data.join(dir)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() && entry.file_name() != "board.sqlite-shm" {
                std::fs::copy(entry.path(), copy.path().join(dir).join(entry.file_name())).unwrap();
            }
        }
    }
    copy
}

on_every_back_end! {
    no_accident_of_an_operator_makes_a_proof
}

/// The accidents of many operators. `CWTCH_ACCIDENTS=n` sets the number of servers (otherwise 12; 3 where no time is
/// left), `CWTCH_ACCIDENTS_SEED=n` repeats one of them.
fn no_accident_of_an_operator_makes_a_proof(disk: Disk) {
    let all = || Sample::new("servers with accidents", budget::number("CWTCH_ACCIDENTS").unwrap_or(12), 3);
    let seeds = budget::number("CWTCH_ACCIDENTS_SEED").map_or_else(all, Sample::only);
    let mut declared = 0;
    for seed in &seeds {
        eprintln!("CWTCH_ACCIDENTS_SEED={seed}");
        let mut server = Server::new(&disk, seed);
        for _ in 0..30 {
            let accident = ACCIDENTS[server.below(ACCIDENTS.len() as u32) as usize];
            eprintln!("{accident:?}");
            server.happens(accident);
        }
        declared += server.declared;
        let store = server.world.store();
        server.statements.accuse_in_vain(&*store);
        server.statements.accuse_in_vain_with(&server.trees);
    }
    assert!(declared > 0, "nothing happened");
}
