//! The budget of samples: how much of a long, seeded test still fits into a run of everything.
//!
//! A sample is a test that could go on for ever and is cut somewhere: schedules of an attack, kills, accidents.
//! Alone, it goes to its end. In `.ci/run` it shares `CWTCH_DEADLINE` with all others: once that is over, what a
//! sample has above its floor is skipped, and a line that says so goes to stderr and into the file that
//! `CWTCH_SKIPPED` names, because the output of a test that passes is not shown.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The runs of one test, drawn by any number of threads.
#[derive(Debug)]
pub struct Sample {
    what: String,
    floor: u64,
    budget: Budget,
    /// The number of the next run, and the first number after the last run.
    runs: Mutex<(u64, u64)>,
}

/// The deadline at which samples are cut, and the file where that is noted.
#[derive(Debug, Default)]
struct Budget {
    deadline: Option<SystemTime>,
    skipped: Option<PathBuf>,
}

impl Budget {
    fn of_environment() -> Self {
        let deadline = number("CWTCH_DEADLINE").map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
        Self { deadline, skipped: std::env::var_os("CWTCH_SKIPPED").map(PathBuf::from) }
    }

    fn is_spent(&self) -> bool {
        self.deadline.is_some_and(|deadline| SystemTime::now() >= deadline)
    }
}

/// The number in an environment variable, where there is one.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

impl Sample {
    /// The runs `0..total`, called `what` in the plural. The first `floor` of them take place even after the
    /// deadline.
    pub fn new(what: &str, total: u64, floor: u64) -> Self {
        Self::within(Budget::of_environment(), what, total, floor)
    }

    /// A single run, to repeat it; it is never skipped.
    pub fn only(run: u64) -> Self {
        let runs = Mutex::new((run, run.saturating_add(1)));
        Self { what: String::new(), floor: u64::MAX, budget: Budget::default(), runs }
    }

    fn within(budget: Budget, what: &str, total: u64, floor: u64) -> Self {
        Self { what: what.to_owned(), floor, budget, runs: Mutex::new((0, total)) }
    }

    /// Draws the number of the next run; `None` at the end, or when the rest is skipped, which is reported once.
    pub fn draw(&self) -> Option<u64> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, end) = *runs;
        if next >= end {
            return None;
        }
        if next >= self.floor && self.budget.is_spent() {
            *runs = (end, end);
            let line = format!("no time is left: skipped {} of {end} {}", end - next, self.what);
            eprintln!("{line}");
            if let Some(file) = &self.budget.skipped {
                append(file, &line);
            }
            return None;
        }
        runs.0 = next + 1;
        Some(next)
    }

    /// Ends the runs, because one failed.
    pub fn stop(&self) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.0 = runs.1;
    }
}

impl Iterator for &Sample {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.draw()
    }
}

/// Appends a line in one write, so that lines of several tests do not mix.
fn append(file: &Path, line: &str) {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
        .expect("CWTCH_SKIPPED can be written");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in the folder for temporary files, whose name no other process takes.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("cwtch-skipped-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn until(deadline: SystemTime, file: &Scratch) -> Budget {
        Budget { deadline: Some(deadline), skipped: Some(file.0.clone()) }
    }

    #[test]
    fn without_a_deadline_all_runs_take_place() {
        let sample = Sample::within(Budget::default(), "runs", 5, 2);
        assert_eq!(sample.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn before_the_deadline_all_runs_take_place_and_nothing_is_said() {
        let file = Scratch::new("before");
        let sample =
            Sample::within(until(SystemTime::now() + Duration::from_secs(86_400), &file), "runs", 5, 2);
        assert_eq!(sample.count(), 5);
        assert!(!file.0.exists());
    }

    #[test]
    fn after_the_deadline_the_floor_takes_place_and_the_rest_is_told_once() {
        let file = Scratch::new("after");
        for what in ["schedules", "kills"] {
            let sample = Sample::within(until(SystemTime::UNIX_EPOCH, &file), what, 1000, 20);
            assert_eq!(sample.collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
            assert_eq!(sample.draw(), None);
        }
        assert_eq!(
            std::fs::read_to_string(&file.0).unwrap(),
            "no time is left: skipped 980 of 1000 schedules\nno time is left: skipped 980 of 1000 kills\n"
        );
    }

    #[test]
    fn a_sample_below_its_floor_skips_nothing() {
        let file = Scratch::new("floor");
        let sample = Sample::within(until(SystemTime::UNIX_EPOCH, &file), "runs", 3, 20);
        assert_eq!(sample.count(), 3);
        assert!(!file.0.exists());
    }

    #[test]
    fn threads_that_draw_side_by_side_share_the_runs() {
        let file = Scratch::new("threads");
        let sample = Sample::within(until(SystemTime::UNIX_EPOCH, &file), "runs", 1000, 100);
        let drawn = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| sample.for_each(|run| drawn.lock().unwrap().push(run)));
            }
        });
        let mut drawn = drawn.into_inner().unwrap();
        drawn.sort_unstable();
        assert_eq!(drawn, (0..100).collect::<Vec<_>>());
        assert_eq!(std::fs::read_to_string(&file.0).unwrap().lines().count(), 1);
    }

    #[test]
    fn one_run_is_repeated_whatever_the_time_and_a_stopped_sample_ends() {
        assert_eq!(Sample::only(7).collect::<Vec<_>>(), [7]);
        let sample = Sample::within(Budget::default(), "runs", 5, 0);
        assert_eq!(sample.draw(), Some(0));
        sample.stop();
        assert_eq!(sample.draw(), None);
    }
}
