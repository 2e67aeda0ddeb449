//! A server's files and clocks, without the server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cwtch_primitives::Identity;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::Disk;
use crate::keys::Unbegun;
use crate::signer::{LogError, NotYet, Opened, Opening, Reading, Trust};
use crate::store::{SqliteStore, Store, StoreReader, StoreWriter};

/// Time at which worlds begin, in unix seconds, a multiple of 60.
pub(crate) const BEGIN: u64 = 1_700_000_040;

/// Everything that a server's log lives on: its files, keys and clocks.
pub(crate) struct World {
    dir: tempfile::TempDir,
    disk: Disk,
    pub(crate) server: Identity,
    pub(crate) clock: Arc<Mutex<Reading>>,
    pub(crate) cap: Option<u64>,
    pub(crate) retention: u64,
    /// The operator says that everything is lost.
    pub(crate) loss: bool,
    /// The operator vouches for the clocks.
    pub(crate) confirm: bool,
    pub(crate) trust: Trust,
    /// Seconds for which starts have waited so far.
    pub(crate) waited: u64,
    rng: ChaCha20Rng,
}

/// An opened log with its store and writer.
pub(crate) struct Open {
    pub(crate) store: Box<dyn Store>,
    pub(crate) writer: Box<dyn StoreWriter>,
}

impl Open {
    pub(crate) fn reader(&self) -> Box<dyn StoreReader> {
        self.store.reader().unwrap()
    }
}

impl World {
    pub(crate) fn on(disk: Disk) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
            disk,
            server: Identity::generate(&mut rng),
            clock: Arc::new(Mutex::new(Reading { wall: BEGIN, monotonic: 1000 })),
            cap: None,
            retention: 0,
            loss: false,
            confirm: false,
            trust: Trust::Nobody,
            waited: 0,
            rng,
        };
        std::fs::create_dir(world.keys()).unwrap();
        // Making the keys leaves this note.
        Unbegun::note(&world.keys()).unwrap();
        world
    }

    /// Puts a data directory back as it was: a copy of a whole one, or one that a crash left.
    pub(crate) fn replace_files(&mut self, from: &Path) {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(from, dir.path());
        self.dir = dir;
    }

    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.data().join("keys")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join(SqliteStore::FILE)
    }

    /// Copies all files as they are at this moment.
    pub(crate) fn snapshot(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(self.data(), copy.path());
        copy
    }

    pub(crate) fn store(&self) -> Box<dyn Store> {
        self.disk.open(&self.database(), self.server.address().as_bytes(), self.cap).unwrap()
    }

    pub(crate) fn open(&mut self) -> Open {
        self.try_open(false).unwrap()
    }

    pub(crate) fn try_open(&mut self, declare_restore: bool) -> Result<Open, LogError> {
        self.open_watched(declare_restore, &mut || {})
    }

    /// Opens the log, calling `written` after each durable write. Where the start has to wait, time passes.
    pub(crate) fn open_watched(
        &mut self,
        declare_restore: bool,
        written: &mut dyn FnMut(),
    ) -> Result<Open, LogError> {
        if !self.database().exists() {
            self.opening(declare_restore, &mut || {}).without_database()?;
        }
        let store = self.store();
        let mut waited = None;
        loop {
            let mut rng = self.rng.clone();
            let opening = Opening { waited, ..self.opening(declare_restore, written) };
            let opened = opening.open(&*store, &mut rng);
            self.rng = rng;
            let writer = match opened? {
                Opened::Signing(keeper) => store.signing_writer(*keeper)?,
                Opened::Ended => store.writer()?,
                Opened::NotYet(NotYet::Until(mut pause)) => {
                    while !pause.is_over() {
                        self.pass(1);
                        self.waited += 1;
                    }
                    waited = Some(*pause);
                    continue;
                }
                Opened::NotYet(NotYet::Clock) => {
                    self.trust = Trust::Confirmed;
                    waited = None;
                    continue;
                }
            };
            return Ok(Open { store, writer });
        }
    }

    pub(crate) fn retire_watched(&mut self, written: &mut dyn FnMut()) -> Result<(), LogError> {
        let store = self.store();
        let mut rng = self.rng.clone();
        let retired = self.opening(false, written).retire(&*store, &mut rng);
        self.rng = rng;
        retired
    }

    fn opening<'a>(&'a self, declare_restore: bool, written: &'a mut dyn FnMut()) -> Opening<'a> {
        let clock = Arc::clone(&self.clock);
        Opening {
            retention: self.retention,
            declare_restore,
            declare_total_loss: self.loss,
            confirm_clock: self.confirm,
            trust: self.trust,
            written: Some(written),
            ..Opening::new(&self.server, self.keys(), Box::new(move || *clock.lock().unwrap()))
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        let mut clock = self.clock.lock().unwrap();
        clock.wall += seconds;
        clock.monotonic += seconds;
    }

    /// Shifts the wall clock by this many seconds.
    pub(crate) fn set_clock(&self, by: i64) {
        let mut clock = self.clock.lock().unwrap();
        clock.wall = clock.wall.checked_add_signed(by).unwrap();
    }

    pub(crate) fn wall(&self) -> u64 {
        self.clock.lock().unwrap().wall
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_dir(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            // SQLite's index of its journal is made anew from the journal, as after a crash of the machine.
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
