//! `cwtch daemon --detach`: passwords are asked for here, then the daemon goes on by itself.
//!
//! A program with threads cannot be split in two, so the daemon is this program started anew. It hears them
//! over a pipe, says over another one which profiles are ready or why not, and belongs to a session of its own: whoever started
//! it may log out.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::passwords::passwords;
use crate::command_error::CommandError;
use crate::host_dir::HostDir;
use crate::output::{note, print, print_json};
use crate::prompt::Typed;
use crate::rpc::client::Client;
use crate::session::{choose_all, choose_named};
use crate::settings::Settings;
use crate::words::{number, say, word};

/// Log file of a detached daemon, in the first profile's directory.
pub(crate) const LOG: &str = "daemon.log";
/// The flag that asks for this, and the one that the daemon is started with.
const DETACH: &str = "--detach";
pub(crate) const DETACHED: &str = "--detached";
/// The longest answer of a daemon that starts.
const ANSWER_MAX: u64 = 64 * 1024;
/// The most bytes of passwords on the pipe.
const PASSWORDS_MAX: u64 = 256 * 1024;

/// Starts the daemon for profiles and returns when their sockets answer.
///
/// # Errors
/// Why the daemon does not start.
pub(crate) async fn run(
    settings: &Settings,
    labels: &[String],
    log: Option<PathBuf>,
) -> Result<(), CommandError> {
    let chosen = choose_all(settings, labels)?;
    let passwords = passwords(settings, &chosen).await?;
    let none = || CommandError::internal(word("cli-daemon-for-nobody"));
    let log = log.unwrap_or(chosen.first().ok_or_else(none)?.path.join(LOG));
    let arguments = std::env::args_os()
        .skip(1)
        .map(|argument| if argument == DETACH { OsString::from(DETACHED) } else { argument })
        .collect();
    let Launched { told, process } = tokio::select! {
        launched = launch(arguments, &log, &passwords) => launched?,
        stopped = stopped() => return Err(stopped?),
    };
    if settings.json {
        for mut line in told {
            let ready = is_ready(&line);
            if let (true, Some(line)) = (ready, line.as_object_mut()) {
                line.insert("pid".to_owned(), json!(process));
                line.insert("log".to_owned(), json!(log));
            }
            print_json(&line)?;
        }
        return Ok(());
    }
    for line in told.iter().filter(|line| !is_ready(line)) {
        let text = |pointer| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let values = [("name", text("/profile").into()), ("why", text("/error/message").into())];
        note(&say("cli-daemon-not-opened", values));
    }
    let runs = say("cli-daemon-is-running", [("process", number(process))]);
    let notes = say("cli-daemon-notes", [("path", log.display().to_string().into())]);
    print(&format!("{runs}\n{notes}\n"))
}

/// Stops the daemon, with all profiles that it has open, and returns when it has ended.
///
/// # Errors
/// If none runs, or not for the profile that is named.
pub(crate) async fn stop(settings: &Settings) -> Result<(), CommandError> {
    let host = HostDir::of(&settings.data);
    let client = match &settings.profile {
        Some(label) => Client::connect(&choose_named(settings, Some(label))?.path).await?,
        None => host.connect().await?,
    };
    client.ok_or_else(|| CommandError::new("no-daemon", word("cli-daemon-none")))?.shut_down().await?;
    host.until_left(settings).await?;
    if settings.json { print("{}\n") } else { print(&(word("cli-daemon-has-stopped") + "\n")) }
}

/// The passwords as the program that started this one hands them over: a line for each.
///
/// # Errors
/// If there are none.
pub(crate) fn handed() -> Result<Vec<Typed>, CommandError> {
    let none = || CommandError::internal(word("cli-daemon-no-password"));
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORDS_MAX as usize));
    io::stdin().take(PASSWORDS_MAX).read_to_end(&mut bytes).map_err(|_| none())?;
    let lines = bytes.strip_suffix(b"\n").ok_or_else(none)?.split(|byte| *byte == b'\n');
    let password = |line: &[u8]| match line.split_first() {
        Some((b'0', [])) => Ok(None),
        Some((b'1', password)) => {
            let password = std::str::from_utf8(password).map_err(|_| none())?;
            Ok(Some(Zeroizing::new(password.to_owned())))
        }
        _ => Err(none()),
    };
    lines.map(password).collect()
}

/// Leaves the session of whoever started it, and says how that went.
pub(crate) fn leave() {
    // Refused to the leader of a session, which is one of its own.
    let _ = rustix::process::setsid();
}

/// Says to whoever started it why it does not start.
pub(crate) fn tell(error: &CommandError) {
    let _ = print(&format!("{}\n", error.to_json()));
}

/// A daemon that runs.
pub(crate) struct Launched {
    /// A line for each profile: that it can be spoken to, or why not.
    told: Vec<Value>,
    /// The daemon's process.
    process: u32,
}

/// Ends a daemon that is not ready when it is not waited for any more.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts this program anew, with arguments for a daemon that leaves whoever started it, and returns when the sockets of its profiles
/// answer. Dropped before, it ends the daemon.
///
/// # Errors
/// Why the daemon does not start.
pub(crate) async fn launch(
    arguments: Vec<OsString>,
    log: &Path,
    passwords: &[Typed],
) -> Result<Launched, CommandError> {
    let mut child = start(arguments, log)?;
    let (process, input, output) = (child.id(), child.stdin.take(), child.stdout.take());
    let mut starting = Starting(Some(child));
    let answer = begin(input, output, passwords).await?;
    let told = understand(&answer, passwords.len(), log)?;
    // It is on its own from now on.
    starting.0 = None;
    Ok(Launched { told, process })
}

fn start(arguments: Vec<OsString>, log: &Path) -> Result<Child, CommandError> {
    let unwritable = |e: io::Error| {
        let path = ("path", log.display().to_string().into());
        CommandError::storage(say("cli-daemon-log-unwritable", [path, ("detail", e.to_string().into())]))
    };
    let file = cwtch_files::open_or_create(log).map_err(|error| unwritable(error.into_io()))?;
    // That of the daemon before.
    file.set_len(0).map_err(unwritable)?;
    let program = std::env::current_exe()
        .map_err(|e| CommandError::internal(say("cli-program-lost", [("detail", e.to_string().into())])))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
    command
        .spawn()
        .map_err(|e| CommandError::internal(say("cli-daemon-no-start", [("detail", e.to_string().into())])))
}

/// Hands the passwords over and reads a line for each.
async fn begin(
    input: Option<process::ChildStdin>,
    output: Option<process::ChildStdout>,
    passwords: &[Typed],
) -> Result<Vec<u8>, CommandError> {
    let error =
        |e: io::Error| CommandError::internal(say("cli-daemon-mute", [("detail", e.to_string().into())]));
    if let Some(mut pipe) = input {
        // Not much: the pipe takes it at once. No password has a line's end in it.
        let written = passwords.iter().try_for_each(|password| match password {
            None => pipe.write_all(b"0\n"),
            Some(password) => {
                [&b"1"[..], password.as_bytes(), b"\n"].iter().try_for_each(|part| pipe.write_all(part))
            }
        });
        // One that has ended already says why.
        if let Err(e) = written
            && e.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(error(e));
        }
    }
    let mut answer = Vec::new();
    if let Some(pipe) = output {
        let mut pipe = ChildStdout::from_std(pipe).map_err(error)?.take(ANSWER_MAX);
        let lines = |answer: &[u8]| answer.iter().filter(|byte| **byte == b'\n').count();
        while lines(&answer) < passwords.len() && pipe.read_buf(&mut answer).await.map_err(error)? > 0 {}
    }
    Ok(answer)
}

/// True if a line says that a profile can be spoken to.
fn is_ready(line: &Value) -> bool {
    line.get("event").and_then(Value::as_str) == Some("ready")
}

/// Content of the daemon's first lines, one for each profile; or the reason why it does not run.
fn understand(answer: &[u8], profiles: usize, log: &Path) -> Result<Vec<Value>, CommandError> {
    let lines: Vec<Value> = answer
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .take(profiles)
        .collect();
    for line in lines.iter().filter(|line| line.get("event").is_none()) {
        let text = |pointer| line.pointer(pointer).and_then(Value::as_str);
        if let (Some(kind), Some(message)) = (text("/error/kind"), text("/error/message")) {
            return Err(CommandError::new(kind, message));
        }
    }
    if lines.len() == profiles && lines.iter().any(is_ready) {
        return Ok(lines);
    }
    let path = log.display().to_string();
    Err(CommandError::internal(say("cli-daemon-ended", [("path", path.into())])))
}

/// Returns when whoever started this wants it to end.
async fn stopped() -> Result<CommandError, CommandError> {
    let listen = |kind| {
        signal(kind).map_err(|e| {
            CommandError::internal(say("cli-program-no-signals", [("detail", e.to_string().into())]))
        })
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut hangup = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(CommandError::new("interrupted", word("cli-daemon-interrupted")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_say_whether_it_is_ready() {
        let log = Path::new("/x/daemon.log");
        let ready = understand(b"{\"event\":\"ready\",\"address\":\"a\"}\nmore", 1, log).unwrap();
        assert_eq!(ready[0]["address"], "a");
        let refusal = b"{\"error\":{\"kind\":\"password\",\"message\":\"Wrong password.\"}}\n";
        let failed =
            b"{\"event\":\"not-opened\",\"profile\":\"b\",\"error\":{\"kind\":\"x\",\"message\":\"y\"}}\n";
        assert_eq!(
            understand(refusal, 1, log).unwrap_err(),
            CommandError::new("password", "Wrong password.")
        );
        let both = [&failed[..], b"{\"event\":\"ready\"}\n"].concat();
        assert_eq!(understand(&both, 2, log).unwrap().len(), 2);
        // None is ready, or the daemon ended meanwhile.
        assert_eq!(understand(&[&failed[..], refusal].concat(), 2, log).unwrap_err().kind, "password");
        for ended in [&b""[..], b"\n", b"nonsense", b"{}", b"{\"event\":\"ready\"}\n"] {
            assert!(understand(ended, 2, log).unwrap_err().message.contains("/x/daemon.log"));
        }
    }
}
