//! Stage of the show: a temporary directory with a network, a server and three people.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use cwtch_net::{Loopback, NetworkSpec};
use cwtch_primitives::{CryptoRngCore, OsRng};
use tempfile::TempDir;

use super::narrator::Narrator;
use super::person::{Person, Protection, text};
use super::process::Process;
use crate::command_error::CommandError;

/// Lines of each log that are shown after a failure.
const LOG_TAIL: usize = 40;

/// Everything that the show needs, and that ends with it.
pub(super) struct Stage {
    pub(super) narrator: Narrator,
    pub(super) alice: Person,
    pub(super) bob: Person,
    pub(super) carol: Person,
    /// The `server:…` string of the running server.
    pub(super) bundle: String,
    pub(super) network: Loopback,
    executable: PathBuf,
    network_name: String,
    server: Option<Process>,
    // Last, so that the processes end before their files go.
    root: TempDir,
}

impl Stage {
    /// Makes the directory; nothing runs yet.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn new(narrator: Narrator) -> Result<Self, CommandError> {
        let error = |e: std::io::Error| {
            CommandError::storage(format!("The demonstration cannot have a directory: {e}."))
        };
        let executable = std::env::current_exe().map_err(error)?;
        // Mode 0700.
        let root = tempfile::Builder::new().prefix("cwtch-demo-").tempdir().map_err(error)?;
        let directory = root.path().join("network");
        let network = Loopback::new(&directory);
        let network_name = NetworkSpec::Loopback(directory).to_string();

        let password = root.path().join("carol.password");
        let mut file = cwtch_files::create_new(&password).map_err(|e| error(e.into_io()))?;
        writeln!(file, "correct horse {:016x}", random()).map_err(error)?;

        let person = |name, protection| {
            Person::new(name, narrator, &executable, root.path(), &network_name, protection)
        };
        Ok(Self {
            alice: person("Alice", Protection::None),
            bob: person("Bob", Protection::None),
            carol: person("Carol", Protection::PasswordFile(password)),
            narrator,
            bundle: String::new(),
            network,
            executable,
            network_name,
            server: None,
            root,
        })
    }

    /// Directory of everything.
    pub(super) fn directory(&self) -> String {
        self.root.path().display().to_string()
    }

    /// Starts the server; its address.
    ///
    /// # Errors
    /// If it is not ready in time.
    pub(super) async fn start_server(&mut self) -> Result<String, CommandError> {
        let data = self.root.path().join("server").display().to_string();
        let arguments = ["server", "run", "--data", &data, "--network", &self.network_name, "--json"];
        let log = self.root.path().join("server.log");
        let (server, ready) = Process::start("The server", &self.executable, &arguments, &log).await?;
        self.server = Some(server);
        self.bundle = text(&ready, "bundle")?.to_owned();
        Ok(text(&ready, "address")?.to_owned())
    }

    /// Tells the reader how to go on by hand.
    pub(super) fn offer(&self) {
        self.narrator.part("Everything is still running: try it from another terminal");
        for command in [
            // The app, as Bob sees it.
            self.bob.pasteable(&[]),
            self.carol.pasteable(&["events"]),
            self.alice.pasteable(&["send", "Carol", "Hello from another terminal"]),
            self.bob.pasteable(&["send", "Hikers", "Who brings the map?"]),
            self.alice.pasteable(&["messages", "Hikers"]),
            self.carol.pasteable(&["status"]),
        ] {
            self.narrator.offer(&command);
        }
        let directory = self.directory();
        self.narrator.part(&format!("Press Enter to stop everything and remove {directory}"));
    }

    /// Prints the end of every log to standard error.
    pub(super) fn print_logs(&self) {
        for name in ["server", "alice", "bob", "carol"] {
            let Ok(log) = fs::read_to_string(self.root.path().join(format!("{name}.log"))) else { continue };
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(LOG_TAIL)..).unwrap_or_default();
            let mut out = std::io::stderr();
            let _ = writeln!(out, "--- log of {name} ({} lines) ---", lines.len());
            for line in tail {
                let _ = writeln!(out, "{}", crate::output::sanitize::line(line));
            }
        }
    }

    /// Stops every process and removes the directory. What does not stop in time is killed.
    pub(super) async fn close(mut self) {
        // All at once, then one after another.
        for person in [&self.alice, &self.bob, &self.carol] {
            person.ask_to_stop();
        }
        if let Some(server) = &self.server {
            server.ask_to_stop();
        }
        for person in [&mut self.alice, &mut self.bob, &mut self.carol] {
            let _ = person.go_offline().await;
        }
        if let Some(server) = self.server.take() {
            let _ = server.stop().await;
        }
        let _ = self.root.close();
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    let rng: &mut dyn CryptoRngCore = &mut OsRng;
    rng.fill_bytes(&mut bytes);
    u64::from_le_bytes(bytes)
}
