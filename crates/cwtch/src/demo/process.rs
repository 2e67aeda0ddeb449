//! A process of this executable: started, ready, stopped, and never left behind.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::command_error::CommandError;
use crate::rpc::lines::Lines;

/// Time that a process may take to be ready.
const START: Duration = Duration::from_secs(30);
/// Time that a process may take to stop cleanly.
const STOP: Duration = Duration::from_secs(15);
/// Longest ready line, in bytes.
const LINE_MAX: usize = 64 * 1024;

/// A command of this executable that sees nothing of our own environment's settings.
pub(super) fn command(executable: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // Ctrl-C on the terminal reaches the demonstration only, which then stops the others in order.
    command.process_group(0);
    for name in ["CWTCH_DATA", "CWTCH_NETWORK", "CWTCH_PROFILE"] {
        command.env_remove(name);
    }
    command
}

/// A running daemon or server. Dropped, it is killed.
pub(super) struct Process {
    name: String,
    child: Child,
    /// Kept open: a program whose reader is gone may die of it.
    _stdout: Lines<ChildStdout>,
}

impl Process {
    /// Starts one and waits for its ready line, which is returned. Its standard error goes to `log`.
    ///
    /// # Errors
    /// If it cannot be started, ends, or is not ready in time.
    pub(super) async fn start(
        name: &str,
        executable: &Path,
        arguments: &[&str],
        log: &PathBuf,
    ) -> Result<(Self, Value), CommandError> {
        let error = |what: String| CommandError::internal(format!("{name} {what}"));
        let file = File::options().create(true).append(true).open(log);
        let file = file.map_err(|e| error(format!("cannot have a log file: {e}.")))?;
        let mut child = command(executable, arguments)
            .env("CWTCH_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .map_err(|e| error(format!("cannot be started: {e}.")))?;
        let stdout = child.stdout.take().ok_or_else(|| error("has no standard output.".to_owned()))?;
        let mut stdout = Lines::new(stdout, LINE_MAX);
        let ready = match timeout(START, stdout.next()).await {
            Ok(Ok(Some(line))) => serde_json::from_slice::<Value>(&line).ok(),
            Ok(_) => return Err(error("ended before it was ready.".to_owned())),
            Err(_) => return Err(error(format!("was not ready within {} s.", START.as_secs()))),
        };
        let ready = ready
            .filter(|value| value.get("event").and_then(Value::as_str) == Some("ready"))
            .ok_or_else(|| error("wrote something else than a ready line.".to_owned()))?;
        Ok((Self { name: name.to_owned(), child, _stdout: stdout }, ready))
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// If it fails or does not stop in time; then it is killed.
    pub(super) async fn stop(mut self) -> Result<(), CommandError> {
        self.ask_to_stop();
        let error = |what: String| CommandError::internal(format!("{} {what}", self.name));
        match timeout(STOP, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(error(format!("did not stop cleanly: {status}."))),
            Ok(Err(e)) => Err(error(format!("cannot be waited for: {e}."))),
            Err(_) => Err(error(format!("did not stop within {} s.", STOP.as_secs()))),
        }
    }

    /// Sends SIGTERM, and does not wait.
    pub(super) fn ask_to_stop(&self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            let _ = kill_process(id, Signal::TERM);
        }
    }
}
