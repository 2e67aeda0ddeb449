//! Rounds that other programs did not disturb.

use std::collections::HashSet;
use std::fs;
use std::time::Instant;

/// A round counts as disturbed if other programs had more than this part of the machine's processors.
const DISTURBED: f64 = 0.1;
/// How many rounds are tried for each that is wanted.
const TRIES: usize = 3;
/// So many undisturbed rounds are worth more than all others.
const ENOUGH: usize = 3;
/// Linux counts processor time in hundredths of a second.
const TICKS: f64 = 100.0;

/// The figures of `count` rounds that were not disturbed, or of fewer, each figure's rounds together. Where the machine
/// is too busy for [`ENOUGH`], all rounds count, and a line on the error stream says so.
pub(crate) fn rounds<const N: usize>(
    name: &str,
    count: usize,
    mut round: impl FnMut() -> [f64; N],
) -> [Vec<f64>; N] {
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
pub(crate) fn by_figure<const N: usize>(rounds: Vec<[f64; N]>) -> [Vec<f64>; N] {
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

/// What all processors together have worked.
fn busy_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/stat").expect("the system's counters");
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    // The fourth is idle time, the fifth waiting for disks.
    let busy = fields.enumerate().filter(|(field, _)| !matches!(field, 3 | 4));
    busy.filter_map(|(_, ticks)| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// What this process and all that descend from it have worked, those that have ended included.
fn own_seconds() -> f64 {
    let all: Vec<Process> = fs::read_dir("/proc")
        .expect("the system's processes")
        // What has ended meanwhile is its parent's already.
        .filter_map(|entry| Process::read(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut family = HashSet::from([std::process::id()]);
    loop {
        let more: Vec<u32> = all.iter().filter(|it| family.contains(&it.parent)).map(|it| it.id).collect();
        let before = family.len();
        family.extend(more);
        if family.len() == before {
            return all.iter().filter(|it| family.contains(&it.id)).map(|it| it.seconds).sum();
        }
    }
}

/// Seconds of processor time that a process has used.
pub(crate) fn seconds_of(process: u32) -> f64 {
    Process::read(process).expect("the process runs").seconds
}

struct Process {
    id: u32,
    parent: u32,
    /// Its own, and those of its children that ended.
    seconds: f64,
}

impl Process {
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may contain anything: the parent is the second field, the times are 12th to 15th.
        let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(1);
        let parent = fields.next()?.parse().ok()?;
        let ticks: f64 = fields.skip(9).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        Some(Self { id, parent, seconds: ticks / TICKS })
    }
}
