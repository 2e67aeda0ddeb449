//! Rounds of a measurement that other programs did not disturb.

use std::time::Instant;

use super::place::ServerProcess;

/// Part of the machine's processor time above which other programs count as disturbing a round.
const DISTURBED: f64 = 0.1;
/// Number of rounds that are tried for each that is wanted.
const TRIES: usize = 5;

/// Number of undisturbed rounds that suffice for the disturbed ones to be left out.
const ENOUGH: usize = 3;

/// Measures `count` undisturbed rounds, or fewer. Where the machine is too busy for [`ENOUGH`], all rounds count, and
/// a line on the error stream says so. `CWTCH_BENCH_ROUNDS` replaces `count`: two programs are compared by running
/// both in alternation, a round each.
pub(crate) fn rounds(count: usize, server: &ServerProcess, round: impl Fn() -> f64) -> Vec<f64> {
    let count =
        std::env::var("CWTCH_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(count);
    let (mut quiet, mut all) = (Vec::new(), Vec::new());
    while quiet.len() < count && all.len() < count * TRIES {
        let before = Load::now(server);
        let figure = round();
        let others = before.others(server);
        eprintln!("    {figure:.0}, other programs {:.0} %", others * 100.0);
        all.push(figure);
        if others <= DISTURBED {
            quiet.push(figure);
        }
    }
    if quiet.len() >= ENOUGH.min(count) {
        return quiet;
    }
    eprintln!("    the machine is busy with other programs: these figures are too low");
    all
}

/// Processor time until now, in seconds.
struct Load {
    at: Instant,
    busy: f64,
    ours: f64,
}

impl Load {
    fn now(server: &ServerProcess) -> Self {
        let ours = cpu_seconds("self") + server.cpu_seconds();
        Self { at: Instant::now(), busy: busy_seconds(), ours }
    }

    /// The part of all processors' time since then that neither this process nor the server had.
    fn others(&self, server: &ServerProcess) -> f64 {
        let now = Self::now(server);
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        let others = (now.busy - self.busy) - (now.ours - self.ours);
        others.max(0.0) / ((now.at - self.at).as_secs_f64() * cores)
    }
}

/// Seconds that all processors together have worked. Linux counts in hundredths of a second.
fn busy_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields = stat.lines().next().unwrap().split_whitespace().skip(1).take(8);
    // The fourth is idle time, the fifth waiting for disks.
    let busy = fields.enumerate().filter(|(field, _)| !matches!(field, 3 | 4));
    busy.map(|(_, ticks)| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// Processor time that a process has used, in seconds.
pub(crate) fn cpu_seconds(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // User and system time are the 12th and 13th field after the name.
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
