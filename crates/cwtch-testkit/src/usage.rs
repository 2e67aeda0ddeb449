//! Use that processes make of the machine, and rounds of a measurement that other programs did not disturb: for benches, on
//! Linux.

use std::collections::HashSet;
use std::time::Instant;

use procfs::process::{Process, Stat, all_processes};
use procfs::{CurrentSI, KernelStats, ticks_per_second};

/// Part of the machine's processor time above which other programs count as disturbing a round.
const DISTURBED: f64 = 0.1;
/// Number of rounds that are tried for each that is wanted.
const TRIES: usize = 5;
/// Number of undisturbed rounds that suffice for the disturbed ones to be left out.
const ENOUGH: usize = 3;

/// Each figure of `count` rounds that were not disturbed, or of fewer, all rounds of a figure together. Where the machine is
/// too busy for three of them, all rounds count, and a line on the error stream says so. `CWTCH_BENCH_ROUNDS` replaces
/// `count`: two programs are compared by running both in alternation, a round each.
pub fn rounds<const N: usize>(
    name: &str,
    count: usize,
    mut round: impl FnMut() -> [f64; N],
) -> [Vec<f64>; N] {
    let given = std::env::var("CWTCH_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let count = given.unwrap_or(count);
    let (mut quiet, mut all) = (Vec::new(), Vec::new());
    while quiet.len() < count && all.len() < count * TRIES {
        let before = Load::now();
        let figures = round();
        let others = before.others();
        eprintln!("    {name}: {figures:.2?}, other programs {:.0} %", others * 100.0);
        all.push(figures);
        if others <= DISTURBED {
            quiet.push(figures);
        }
    }
    if quiet.len() < ENOUGH.min(count) {
        eprintln!("    the machine is busy with other programs: these figures are too bad");
        quiet = all;
    }
    by_figure(quiet)
}

/// Each figure's rounds together.
pub fn by_figure<const N: usize>(rounds: Vec<[f64; N]>) -> [Vec<f64>; N] {
    let mut each: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for figures in rounds {
        each.iter_mut().zip(figures).for_each(|(rounds, figure)| rounds.push(figure));
    }
    each
}

/// Processor time until now, in seconds.
struct Load {
    at: Instant,
    busy: f64,
    ours: f64,
}

impl Load {
    fn now() -> Self {
        Self { at: Instant::now(), busy: busy_seconds(), ours: own_seconds() }
    }

    /// The part of all processors that neither this process nor any that it started had since then.
    fn others(&self) -> f64 {
        let now = Self::now();
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let others = (now.busy - self.busy) - (now.ours - self.ours);
        others.max(0.0) / ((now.at - self.at).as_secs_f64() * cores)
    }
}

/// Seconds that all processors together have worked.
fn busy_seconds() -> f64 {
    let total = KernelStats::current().expect("the system's counters").total;
    let more = [total.irq, total.softirq, total.steal].into_iter().flatten().sum::<u64>();
    seconds(total.user + total.nice + total.system + more)
}

/// Seconds that this process and all that descend from it have worked, those that have ended included.
fn own_seconds() -> f64 {
    let all: Vec<Stat> = all_processes()
        .expect("the system's processes")
        // What has ended meanwhile is its parent's already.
        .filter_map(|process| process.ok()?.stat().ok())
        .collect();
    let mut family = HashSet::from([std::process::id().cast_signed()]);
    loop {
        let more: Vec<i32> = all.iter().filter(|it| family.contains(&it.ppid)).map(|it| it.pid).collect();
        let before = family.len();
        family.extend(more);
        if family.len() == before {
            return all.iter().filter(|it| family.contains(&it.pid)).map(worked).sum();
        }
    }
}

/// Seconds of processor time that a running process and its children that ended have used.
pub fn processor_seconds(process: u32) -> f64 {
    worked(&of(process).stat().expect("the process runs"))
}

/// Memory of a running process that is in use now, and the most that ever was, in MiB.
pub fn mebibytes(process: u32) -> [f64; 2] {
    let status = of(process).status().expect("the process runs");
    [status.vmrss, status.vmhwm].map(|kibibytes| kibibytes.expect("a process has memory") as f64 / 1024.0)
}

/// Calls by which a running process wrote anything, to a file, a socket or a terminal; and bytes that went to a disk.
pub fn writes(process: u32) -> [u64; 2] {
    let io = of(process).io().expect("the process runs");
    [io.syscw, io.write_bytes]
}

fn of(process: u32) -> Process {
    Process::new(process.cast_signed()).expect("the process runs")
}

fn worked(stat: &Stat) -> f64 {
    let children = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
    seconds(stat.utime + stat.stime + children)
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / ticks_per_second() as f64
}
