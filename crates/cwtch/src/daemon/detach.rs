//! `cwtch daemon --detach`: the password is asked for here, then the daemon goes on by itself.
//!
//! A program with threads cannot be split in two, so the daemon is this program started anew. It hears the password
//! over a pipe, says over another one that it is ready or why not, and belongs to a session of its own: whoever started
//! it may log out.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::output::{print, print_json};
use crate::prompt::Typed;
use crate::rpc::client::Client;
use crate::session::choose;
use crate::settings::Settings;
use crate::text;

/// Log file of a detached daemon, in the profile's directory.
const LOG: &str = "daemon.log";
/// The flag that asks for this, and the one that the daemon is started with.
const DETACH: &str = "--detach";
const DETACHED: &str = "--detached";
/// The longest answer of a daemon that starts.
const ANSWER_MAX: u64 = 64 * 1024;
/// The longest password on the pipe.
const PASSWORD_MAX: u64 = 8 * 1024;

/// Starts the daemon and returns when its socket answers.
///
/// # Errors
/// Why the daemon does not start.
pub(crate) async fn run(settings: &Settings, log: Option<PathBuf>) -> Result<(), Fault> {
    let chosen = choose(settings)?;
    if Client::connect(&chosen.path).await?.is_some() {
        return Err(Fault::new("locked", text::DAEMON_RUNS));
    }
    let password = chosen.typed(&settings.password)?;
    let log = log.unwrap_or_else(|| chosen.path.join(LOG));
    let mut child = start(&log)?;
    let answer = tokio::select! {
        answer = begin(&mut child, &password) => answer,
        stopped = stopped() => stopped,
    };
    let outcome = answer.and_then(|answer| understand(&answer, &log));
    let Ok(mut ready) = outcome else {
        let _ = child.kill();
        let _ = child.wait();
        return outcome.map(drop);
    };
    if settings.json {
        if let Some(ready) = ready.as_object_mut() {
            ready.insert("pid".to_owned(), json!(child.id()));
            ready.insert("log".to_owned(), json!(log));
        }
        return print_json(&ready);
    }
    print(&format!(
        "The daemon runs (process {}). `cwtch status` says how far it is, `cwtch daemon --stop` stops it.\n\
         It notes what is in its way in {}.\n",
        child.id(),
        log.display()
    ))
}

/// Stops the daemon and returns when it has ended.
///
/// # Errors
/// If none runs.
pub(crate) async fn stop(settings: &Settings) -> Result<(), Fault> {
    let chosen = choose(settings)?;
    let client =
        Client::connect(&chosen.path).await?.ok_or_else(|| Fault::new("no-daemon", text::NO_DAEMON))?;
    client.shut_down().await?;
    chosen.until_free().await?;
    if settings.json { print("{}\n") } else { print("The daemon has stopped.\n") }
}

/// The password as the program that started this one hands it over.
///
/// # Errors
/// If there is none.
pub(crate) fn handed() -> Result<Typed, Fault> {
    let none = || Fault::internal("No password was handed over: start the daemon with --detach.");
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX as usize));
    io::stdin().take(PASSWORD_MAX).read_to_end(&mut bytes).map_err(|_| none())?;
    match bytes.split_first() {
        Some((b'0', [])) => Ok(None),
        Some((b'1', password)) => {
            let password = std::str::from_utf8(password).map_err(|_| none())?;
            Ok(Some(Zeroizing::new(password.to_owned())))
        }
        _ => Err(none()),
    }
}

/// Leaves the session of whoever started it, and says how that went.
pub(crate) fn leave() {
    // Refused to the leader of a session, which is one of its own.
    let _ = rustix::process::setsid();
}

/// Says to whoever started it why it does not start.
pub(crate) fn tell(fault: &Fault) {
    let _ = print(&format!("{}\n", fault.to_json()));
}

fn start(log: &Path) -> Result<Child, Fault> {
    let shown = log.display();
    let unwritable = |e: io::Error| Fault::storage(format!("The log {shown} cannot be written: {e}."));
    let file = cwtch_files::open_or_create(log).map_err(|error| unwritable(error.into_io()))?;
    // That of the daemon before.
    file.set_len(0).map_err(unwritable)?;
    let program = std::env::current_exe()
        .map_err(|e| Fault::internal(format!("The program does not know where it is: {e}.")))?;
    let arguments = std::env::args_os()
        .skip(1)
        .map(|argument| if argument == DETACH { OsString::from(DETACHED) } else { argument });
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
    command.spawn().map_err(|e| Fault::internal(format!("The daemon cannot be started: {e}.")))
}

/// Hands the password over and reads the first line.
async fn begin(child: &mut Child, password: &Typed) -> Result<Vec<u8>, Fault> {
    let fault =
        |e: io::Error| Fault::internal(format!("The daemon that was started cannot be talked to: {e}."));
    if let Some(mut pipe) = child.stdin.take() {
        // A few bytes: the pipe takes them at once.
        let written = match password {
            None => pipe.write_all(b"0"),
            Some(password) => pipe.write_all(b"1").and_then(|()| pipe.write_all(password.as_bytes())),
        };
        // One that has ended already says why.
        if let Err(e) = written
            && e.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(fault(e));
        }
    }
    let mut answer = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        let mut pipe = ChildStdout::from_std(pipe).map_err(fault)?.take(ANSWER_MAX);
        while !answer.contains(&b'\n') && pipe.read_buf(&mut answer).await.map_err(fault)? > 0 {}
    }
    Ok(answer)
}

/// Content of the daemon's first line.
fn understand(answer: &[u8], log: &Path) -> Result<Value, Fault> {
    let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let value: Value = serde_json::from_slice(line).unwrap_or_default();
    if value.get("event").and_then(Value::as_str) == Some("ready") {
        return Ok(value);
    }
    let text = |pointer| value.pointer(pointer).and_then(Value::as_str);
    match (text("/error/kind"), text("/error/message")) {
        (Some(kind), Some(message)) => Err(Fault::new(kind, message)),
        _ => Err(Fault::internal(format!(
            "The daemon ended before it was ready; {} may say why.",
            log.display()
        ))),
    }
}

/// Returns when whoever started this wants it to end.
async fn stopped() -> Result<Vec<u8>, Fault> {
    let listen = |kind| {
        signal(kind).map_err(|e| Fault::internal(format!("The program cannot listen for signals: {e}.")))
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut hangup = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Err(Fault::new("interrupted", "The daemon was not started: the command was stopped before it was ready."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_whether_it_is_ready() {
        let log = Path::new("/x/daemon.log");
        let ready = understand(b"{\"event\":\"ready\",\"address\":\"a\"}\nmore", log).unwrap();
        assert_eq!(ready["address"], "a");
        let refused =
            understand(b"{\"error\":{\"kind\":\"password\",\"message\":\"Wrong password.\"}}\n", log);
        assert_eq!(refused.unwrap_err(), Fault::new("password", "Wrong password."));
        for ended in [&b""[..], b"\n", b"nonsense", b"{}"] {
            assert!(understand(ended, log).unwrap_err().message.contains("/x/daemon.log"));
        }
    }
}
