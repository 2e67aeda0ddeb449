//! Many runs, over all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cwtch_testkit::budget::{self, Sample};

use super::outcome::Outcome;

/// Number of schedules of each attack that run even when the time is over.
const FLOOR: u64 = 20;

/// The outcomes of all runs of one kind.
#[derive(Debug, Default, Clone)]
pub(crate) struct Totals {
    pub(crate) runs: u64,
    pub(crate) fired: u64,
    pub(crate) reached: u64,
    pub(crate) detected: u64,
    pub(crate) proven: u64,
    pub(crate) kinds: std::collections::BTreeMap<String, u64>,
    pub(crate) largest: usize,
    /// Some of the proofs.
    pub(crate) sample: Vec<Vec<u8>>,
}

impl Totals {
    fn add(&mut self, outcome: Outcome) {
        self.runs += 1;
        self.fired += u64::from(outcome.fired);
        self.reached += u64::from(outcome.reached);
        self.detected += u64::from(outcome.detected);
        self.proven += u64::from(outcome.proven);
        for kind in outcome.kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
        for proof in outcome.proofs {
            self.largest = self.largest.max(proof.len());
            if self.sample.len() < 8 {
                self.sample.push(proof);
            }
        }
    }
}

/// Number of schedules: a thousand, or what `CWTCH_ADVERSARY` says.
pub(crate) fn schedules() -> u64 {
    budget::number("CWTCH_ADVERSARY").unwrap_or(1000)
}

/// True in the longer mode, which prints a table.
pub(crate) fn is_long() -> bool {
    std::env::var_os("CWTCH_ADVERSARY").is_some()
}

/// Runs seeds `0..schedules()`, or the one of `CWTCH_ADVERSARY_SEED`.
///
/// # Errors
/// The first seed that failed.
pub(crate) fn many(name: &str, run: impl Fn(u64) -> Outcome + Sync) -> Result<Totals, u64> {
    seeds(name, schedules(), run)
}

/// Runs a tenth of them, for schedules without an attack.
pub(crate) fn few(name: &str, run: impl Fn(u64) -> Outcome + Sync) -> Result<Totals, u64> {
    seeds(name, schedules() / 10 + 1, run)
}

fn seeds(name: &str, count: u64, run: impl Fn(u64) -> Outcome + Sync) -> Result<Totals, u64> {
    let all = || Sample::new(&format!("schedules of {name}"), count, FLOOR);
    let seeds = budget::number("CWTCH_ADVERSARY_SEED").map_or_else(all, Sample::only);
    let totals = Mutex::new(Totals::default());
    let failed = AtomicU64::new(u64::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        for seed in &seeds {
            match catch_unwind(AssertUnwindSafe(|| run(seed))) {
                Ok(outcome) => totals.lock().unwrap().add(outcome),
                Err(_) => {
                    seeds.stop();
                    failed.fetch_min(seed, Ordering::Relaxed);
                    eprintln!("{name}: schedule {seed} failed; CWTCH_ADVERSARY_SEED={seed} repeats it");
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    match failed.into_inner() {
        u64::MAX => Ok(totals.into_inner().unwrap()),
        seed => Err(seed),
    }
}
