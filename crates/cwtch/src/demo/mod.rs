//! `cwtch demo`: real processes on a private network, driven by commands that a person could type.
//!
//! Every step checks what it shows, so the demonstration is an end-to-end test too. Every wait is for a
//! condition and has a deadline. The processes end with the demonstration, however that ends.

mod narrator;
mod person;
mod process;
mod removal;
mod show;
mod stage;
mod stranger;

use std::io::IsTerminal;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::command_error::CommandError;
use crate::settings::Settings;
use narrator::Narrator;
use stage::Stage;

/// Plays the show; on a terminal it then waits, with everything running, until told to stop.
///
/// # Errors
/// The first step that did not do what it should; the logs of all processes go to standard error.
pub(crate) async fn run(settings: &Settings, no_wait: bool) -> Result<(), CommandError> {
    let on_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let narrator = Narrator::new(settings.json);
    let mut stage = Stage::new(narrator)?;
    let outcome = tokio::select! {
        // A signal first, so that processes that end with it are no failure.
        biased;
        outcome = interruption() => outcome.and(Err(interrupted())),
        outcome = show::play(&mut stage) => outcome,
    };
    if outcome.is_ok() && on_terminal && !no_wait {
        stage.offer();
        tokio::select! {
            _ = interruption() => {}
            () = enter() => {}
        }
    }
    if outcome.as_ref().is_err_and(|error| *error != interrupted()) {
        stage.print_logs();
    }
    stage.close().await;
    outcome
}

fn interrupted() -> CommandError {
    CommandError::new("interrupted", "The demonstration was interrupted; everything it started was stopped.")
}

/// Waits for a signal that ends programs.
async fn interruption() -> Result<(), CommandError> {
    let listen = |kind| {
        signal(kind)
            .map_err(|e| CommandError::internal(format!("The program cannot listen for signals: {e}.")))
    };
    let (mut interrupt, mut terminate, mut hangup) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

/// Waits for Enter, or for the end of standard input.
async fn enter() {
    let (done, pressed) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = done.send(());
    });
    let _ = pressed.await;
}
