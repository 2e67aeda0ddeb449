//! The app line by line: nothing is drawn, each line says one thing and is said once, and each answer is a line that is typed. For screen
//! readers, and for terminals that can do no more.
//!
//! What can be chosen has a number. A number and Enter chooses it; Enter alone goes back; a line that begins with a stroke is a command;
//! any other line is what is written to the open conversation.

mod transcript;

use std::io::{self, BufRead as _, Write};
use std::time::Duration;

use cwtch_app::dialog::Field;
use cwtch_app::{Effect, Input, Intent, Move, Start, State, Target, update};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use self::transcript::Transcript;
use crate::host::{End, Host, TuiError};
use crate::run::now;

/// The longest line that is read.
const LINE_MAX: u64 = 1 << 16;

/// Runs the app line by line on standard input and output, until the person leaves it, the input ends, or a signal ends it.
///
/// # Errors
/// If the terminal cannot be used. It is as it was before.
pub async fn run(
    mut state: State,
    start: Start,
    host: &mut impl Host,
    told: &mut mpsc::Receiver<Input>,
) -> Result<End, TuiError> {
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut lines = lines()?;
    let mut hidden = Hidden::default();
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut transcript = Transcript::default();
    let mut inputs = vec![Input::Tick(now()), Input::Started(start)];
    loop {
        for input in inputs.drain(..) {
            for effect in update(&mut state, input) {
                match effect {
                    Effect::Quit { stop } => return Ok(if stop { End::Stop } else { End::Stay }),
                    // What is copied is said: it can be taken from there.
                    Effect::Copy(text) => transcript.say(&text),
                    Effect::Call => transcript.call(),
                    other => host.carry_out(other),
                }
            }
        }
        let said = transcript.news(&state);
        if !said.is_empty() {
            let mut out = io::stdout().lock();
            out.write_all(said.as_bytes())?;
            out.flush()?;
        }
        let secret =
            state.dialog.as_ref().is_some_and(|dialog| matches!(dialog.field, Some(Field::Secret(_))));
        hidden.set(secret)?;
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => inputs.extend(typed(&line, &state)),
                None => return Ok(End::Stay),
            },
            input = told.recv() => match input {
                Some(input) => inputs.push(input),
                None => return Err(TuiError::Broken),
            },
            _ = clock.tick() => inputs.push(Input::Tick(now())),
            _ = terminate.recv() => return Ok(End::Stay),
            _ = hangup.recv() => return Ok(End::Stay),
            _ = interrupt.recv() => inputs.push(Input::Intent(Intent::Quit)),
        }
    }
}

/// Lines as they are typed, read by a thread of its own: a terminal cannot be waited for otherwise. It ends with the program.
fn lines() -> io::Result<mpsc::Receiver<String>> {
    let (send, receive) = mpsc::channel(1);
    std::thread::Builder::new().name("cwtch-lines".into()).spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match io::Read::take(&mut input, LINE_MAX).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(receive)
}

/// A typed line as inputs: to the question, else to the page, else to the list or the open conversation.
fn typed(line: &str, state: &State) -> Vec<Input> {
    let number = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let confirm = || Input::Intent(Intent::Confirm);
    let back = || vec![Input::Intent(Intent::Back)];
    if let Some(dialog) = &state.dialog {
        return match (&dialog.field, number) {
            (Some(_), _) => {
                // The line is the whole answer: it replaces what the field had.
                let mut inputs = vec![
                    Input::Intent(Intent::Step(Move::LineEnd)),
                    Input::Intent(Intent::Erase(Move::LineStart)),
                    Input::Text(line.to_owned()),
                    confirm(),
                ];
                if line.is_empty() {
                    inputs.drain(..3);
                }
                inputs
            }
            (None, Some(at)) => vec![Input::Pointed(Target::Choice(at))],
            (None, None) => back(),
        };
    }
    if line.starts_with('/') {
        return vec![
            Input::Pointed(Target::Composer),
            Input::Intent(Intent::Erase(Move::LineStart)),
            Input::Text(line.to_owned()),
            confirm(),
        ];
    }
    if state.page.is_some() {
        let view = cwtch_app::view::page(state);
        return match number.and_then(|at| view.actions.get(at)) {
            Some(action) => vec![Input::Pointed(Target::Action(action.key.clone()))],
            None => back(),
        };
    }
    if state.thread.is_some() {
        if line.is_empty() {
            // Back to the list, and out of the conversation.
            return vec![Input::Intent(Intent::Back), Input::Intent(Intent::Back)];
        }
        return vec![Input::Pointed(Target::Composer), Input::Text(line.to_owned()), confirm()];
    }
    match number.and_then(|at| cwtch_app::view::list(state).into_iter().nth(at)) {
        Some(listed) => vec![Input::Pointed(Target::Listed(listed.place))],
        None => Vec::new(),
    }
}

/// The terminal's echo: off while a password is typed, and on again whatever ends the app.
#[derive(Default)]
struct Hidden(Option<Termios>);

impl Hidden {
    fn set(&mut self, hide: bool) -> io::Result<()> {
        let input = io::stdin();
        match (hide, self.0.take()) {
            (true, None) => {
                // Standard input may be no terminal: then there is no echo.
                if let Ok(modes) = tcgetattr(&input) {
                    let mut silent = modes.clone();
                    silent.local_modes.remove(LocalModes::ECHO);
                    tcsetattr(&input, OptionalActions::Now, &silent)?;
                    self.0 = Some(modes);
                }
            }
            (false, Some(modes)) => {
                tcsetattr(&input, OptionalActions::Now, &modes)?;
                // The line end of what was typed was not shown either.
                io::stdout().write_all(b"\n")?;
            }
            (_, kept) => self.0 = kept,
        }
        Ok(())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = self.set(false);
    }
}
