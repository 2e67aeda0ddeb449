//! Somebody in the show: a data directory, perhaps a running daemon, and commands that they type.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::narrator::{Narrator, quote};
use super::process::{Process, command};
use crate::command_error::{CommandError, EXIT_QUEUED};

/// Time that one command may take; longer than the engine waits by itself.
const COMMAND: Duration = Duration::from_secs(90);

/// Protection of somebody's profile.
#[derive(Debug, Clone)]
pub(super) enum Protection {
    /// `--no-password`
    None,
    /// `--password-file`
    PasswordFile(PathBuf),
}

/// A person of the show.
pub(super) struct Person {
    /// Name by which the show calls them.
    pub(super) name: &'static str,
    /// Their address, once they have a profile.
    pub(super) address: String,
    narrator: Narrator,
    executable: PathBuf,
    data: PathBuf,
    network: String,
    protection: Protection,
    log: PathBuf,
    daemon: Option<Process>,
}

impl Person {
    pub(super) fn new(
        name: &'static str,
        narrator: Narrator,
        executable: &Path,
        root: &Path,
        network: &str,
        protection: Protection,
    ) -> Self {
        let lower = name.to_lowercase();
        Self {
            name,
            address: String::new(),
            narrator,
            executable: executable.to_owned(),
            data: root.join(&lower),
            network: network.to_owned(),
            protection,
            log: root.join(format!("{lower}.log")),
            daemon: None,
        }
    }

    /// Makes the profile.
    ///
    /// # Errors
    /// As [`Self::does`].
    pub(super) async fn make_profile(&mut self) -> Result<(), CommandError> {
        let name = self.name.to_lowercase();
        let mut arguments = vec!["profile", "new", name.as_str()];
        let file;
        match &self.protection {
            Protection::None => arguments.push("--no-password"),
            Protection::PasswordFile(path) => {
                file = path.display().to_string();
                arguments.extend(["--password-file", &file]);
            }
        }
        let made = self.does(&arguments).await?;
        self.address = text(&made, "address")?.to_owned();
        self.narrator.result(&self.address);
        Ok(())
    }

    /// Starts the daemon.
    ///
    /// # Errors
    /// If it is not ready in time, or says another address than the profile has.
    pub(super) async fn go_online(&mut self) -> Result<(), CommandError> {
        let data = self.data.display().to_string();
        let mut arguments = vec!["--data", &data, "--network", &self.network, "--json"];
        let file;
        if let Protection::PasswordFile(path) = &self.protection {
            file = path.display().to_string();
            arguments.extend(["--password-file", &file]);
        }
        arguments.push("daemon");
        self.narrator.command(self.name, &["daemon"]);
        let name = format!("{}'s daemon", self.name);
        let (daemon, ready) = Process::start(&name, &self.executable, &arguments, &self.log).await?;
        if text(&ready, "address")? != self.address {
            return Err(CommandError::internal(format!(
                "{name} is ready under another address than the profile's."
            )));
        }
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Stops the daemon.
    ///
    /// # Errors
    /// If it does not stop cleanly.
    pub(super) async fn go_offline(&mut self) -> Result<(), CommandError> {
        match self.daemon.take() {
            Some(daemon) => daemon.stop().await,
            None => Ok(()),
        }
    }

    /// Lets the daemon stop without waiting for it.
    pub(super) fn ask_to_stop(&self) {
        if let Some(daemon) = &self.daemon {
            daemon.ask_to_stop();
        }
    }

    /// Types a command, before the reader's eyes; it must succeed.
    ///
    /// # Errors
    /// If it does not.
    pub(super) async fn does(&self, arguments: &[&str]) -> Result<Value, CommandError> {
        self.narrator.command(self.name, arguments);
        self.asks(arguments).await
    }

    /// Tells what they see.
    pub(super) fn sees(&self, what: &str) {
        self.narrator.result(what);
    }

    /// Runs a command unseen; it must succeed. A command that prints lines gives an array.
    ///
    /// # Errors
    /// If it does not succeed.
    pub(super) async fn asks(&self, arguments: &[&str]) -> Result<Value, CommandError> {
        let output = self.run(arguments, true).await?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(self.error(arguments, &format!("failed: {}", why.trim())));
        }
        let lines: Result<Vec<Value>, _> = output
            .stdout
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(serde_json::from_slice)
            .collect();
        let lines = lines.map_err(|e| self.error(arguments, &format!("printed no JSON: {e}")))?;
        match (arguments.first(), lines.as_slice()) {
            (Some(&"messages"), _) => Ok(Value::Array(lines)),
            (_, [one]) => Ok(one.clone()),
            _ => Err(self.error(arguments, "printed more or less than one line")),
        }
    }

    /// Types a command that sends to somebody who is away, and shows why the message waits.
    ///
    /// # Errors
    /// If it does anything else than queue a message.
    pub(super) async fn queues(&self, arguments: &[&str]) -> Result<(), CommandError> {
        self.narrator.command(self.name, arguments);
        let output = self.run(arguments, true).await?;
        let message: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let queued = message.get("state").and_then(Value::as_str) == Some("queued");
        if output.status.code() != Some(i32::from(EXIT_QUEUED)) || !queued {
            let what = format!("should have queued a message but ended with {}: {message}", output.status);
            return Err(self.error(arguments, &what));
        }
        self.narrator.result(message.get("detail").and_then(Value::as_str).unwrap_or_default());
        Ok(())
    }

    /// Types a command and shows what it prints for people.
    ///
    /// # Errors
    /// If it does not succeed.
    pub(super) async fn shows(&self, arguments: &[&str]) -> Result<String, CommandError> {
        self.narrator.command(self.name, arguments);
        let output = self.run(arguments, false).await?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return Err(self.error(arguments, &String::from_utf8_lossy(&output.stderr)));
        }
        self.narrator.output(&printed);
        Ok(printed)
    }

    /// A conversation's messages.
    ///
    /// # Errors
    /// If there is no such conversation.
    pub(super) async fn messages(&self, conversation: &str) -> Result<Vec<Value>, CommandError> {
        match self.asks(&["messages", conversation]).await? {
            Value::Array(messages) => Ok(messages),
            _ => Ok(Vec::new()),
        }
    }

    /// A command that the reader can paste into another terminal.
    pub(super) fn pasteable(&self, arguments: &[&str]) -> String {
        let data = self.data.display().to_string();
        let program = self.executable.display().to_string();
        let all = [program.as_str(), "--data", &data].into_iter().chain(arguments.iter().copied());
        all.map(quote).collect::<Vec<_>>().join(" ")
    }

    async fn run(&self, arguments: &[&str], json: bool) -> Result<Output, CommandError> {
        let data = self.data.display().to_string();
        let mut all = vec!["--data", data.as_str()];
        if json {
            all.push("--json");
        }
        all.extend(arguments);
        let child = command(&self.executable, &all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| self.error(arguments, &format!("cannot be started: {e}")))?;
        match timeout(COMMAND, child.wait_with_output()).await {
            Ok(output) => output.map_err(|e| self.error(arguments, &format!("cannot be waited for: {e}"))),
            Err(_) => Err(self.error(arguments, &format!("took longer than {} s", COMMAND.as_secs()))),
        }
    }

    fn error(&self, arguments: &[&str], what: &str) -> CommandError {
        let typed: Vec<String> = arguments.iter().map(|argument| quote(argument)).collect();
        CommandError::internal(format!("{}'s command `cwtch {}` {what}.", self.name, typed.join(" ")))
    }
}

/// A text of a JSON object.
///
/// # Errors
/// If it is not there.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, CommandError> {
    value
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| CommandError::internal(format!("Expected a text {name:?} in {value}.")))
}
