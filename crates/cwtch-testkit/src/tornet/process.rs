//! One tor that was started here, and its end.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::{TornetError, io_error};
use super::programs::Programs;

/// Time that a tor has to end once it was asked to.
const END: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
/// Number of lines of a log that an error carries.
const TAIL: usize = 15;

/// A running tor; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    data_dir: PathBuf,
    child: Child,
}

impl Process {
    /// Starts tor with the torrc in this data directory.
    pub(super) fn start(
        programs: &Programs,
        name: &str,
        data_dir: &Path,
        defaults: &Path,
    ) -> Result<Self, TornetError> {
        let console = data_dir.join("console.log");
        // Tor's output before it has read where its log is.
        let output = private_file(&console)?;
        let errors = output.try_clone().map_err(io_error("open", &console))?;
        let child = programs
            .tor_command(&data_dir.join("torrc"), defaults)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(io_error("run", programs.tor()))?;
        Ok(Self { name: name.to_owned(), data_dir: data_dir.to_owned(), child })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails if the tor runs no longer.
    pub(super) fn check(&mut self) -> Result<(), TornetError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(self.exited(status)),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Asks the tor to end. It is still this process's child, so that its number is no one else's.
    pub(super) fn interrupt(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            let _ = pid.map(|pid| kill_process(pid, Signal::INT));
        }
    }

    /// Waits for the end until `deadline`, then kills the tor.
    pub(super) fn end_by(&mut self, deadline: Instant) {
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() >= deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(POLL);
        }
    }

    fn exited(&self, status: ExitStatus) -> TornetError {
        let log = self.data_dir.join("notice.log");
        let console = std::fs::read_to_string(self.data_dir.join("console.log")).unwrap_or_default();
        let notices = std::fs::read_to_string(&log).unwrap_or_default();
        TornetError::Exited { name: self.name.clone(), status, log, tail: tail(&(console + &notices)) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end_all([self]);
    }
}

/// Ends many tors at once, so that all together take the time of one.
pub(super) fn end_all<'a>(processes: impl IntoIterator<Item = &'a mut Process>) {
    let mut processes: Vec<_> = processes.into_iter().collect();
    for process in &mut processes {
        process.interrupt();
    }
    let deadline = Instant::now() + END;
    for process in &mut processes {
        process.end_by(deadline);
    }
}

/// A new or emptied file that only its owner can read.
pub(super) fn private_file(path: &Path) -> Result<File, TornetError> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(io_error("write", path))
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        assert_eq!(tail("one\ntwo\n"), "one\ntwo");
        let long: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert!(tail(&long).starts_with("85\n") && tail(&long).ends_with("\n99"));
        assert_eq!(tail(""), "");
    }
}
