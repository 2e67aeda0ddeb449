//! The built program as a child process, to be killed at any moment.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use cwtch_server::store::SqliteStore;
use serde_json::Value;

use crate::common::{PATIENCE, Place};

/// A server process; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    ready: mpsc::Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts the server of a place, without waiting for anything.
    pub(crate) fn spawn(place: &Place) -> Self {
        let log = place.net().with_file_name("server.log");
        // In the end the posters try thousands of spent tokens again.
        let config = place.net().with_file_name("server.toml");
        std::fs::write(&config, "[limits]\nfree_requests = 1000000\n").unwrap();
        let log_file = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cwtch-server"))
            .args(["run", "--json", "--network"])
            .arg(format!("loopback:{}", place.net().display()))
            .arg("--data")
            .arg(place.data())
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (line_out, ready) = mpsc::channel();
        // Reading has no time limit of its own, so a thread does it; it ends with the process.
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = line_out.send(line);
        });
        Self { child, ready, log }
    }

    /// Waits until the server can be dialled.
    pub(crate) fn ready(&self) {
        let line = self.ready.recv_timeout(PATIENCE).unwrap_or_default();
        let event = serde_json::from_str::<Value>(&line).map(|line| line["event"].clone());
        assert!(
            event.is_ok_and(|event| event == "ready"),
            "the server did not come back, it said {line:?} and logged:\n{}",
            std::fs::read_to_string(&self.log).unwrap_or_default()
        );
    }

    /// Sends SIGKILL: the process gets no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "the server had ended by itself before it was killed");
    }

    /// Sends SIGTERM.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Counts of messages and spent tokens that `cwtch-server status` prints.
pub(crate) fn status(place: &Place) -> (u64, u64) {
    assert!(place.data().join(SqliteStore::FILE).exists());
    let output = Command::new(env!("CARGO_BIN_EXE_cwtch-server"))
        .args(["status", "--json", "--data"])
        .arg(place.data())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["pruned"], 0);
    (status["messages"].as_u64().unwrap(), status["spent_tokens"].as_u64().unwrap())
}
