//! A password typed on a terminal: it is not shown, and the terminal is as it was before, whatever ends the program or
//! stops it meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use zeroize::Zeroizing;

/// The longest line that a terminal gives in one piece.
const LINE_MAX: usize = 4096;

/// The terminal that a password is typed on right now.
static HIDDEN: Mutex<Option<Hidden>> = Mutex::new(None);
/// The program ends by itself on the signals that ask it to.
static ENDS_BY_ITSELF: AtomicBool = AtomicBool::new(false);
/// The watcher of signals is started once and stays: a signal that was watched once does nothing by itself any more.
static WATCHER: Once = Once::new();

struct Hidden {
    terminal: File,
    /// Its modes as they were.
    modes: Termios,
    question: String,
}

impl Hidden {
    fn hide(&mut self) -> io::Result<()> {
        let mut modes = self.modes.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        modes.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
        // What was typed before the question is no answer to it.
        tcsetattr(&self.terminal, OptionalActions::Flush, &modes)?;
        self.terminal.write_all(self.question.as_bytes())
    }

    fn restore(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.modes);
        let _ = self.terminal.write_all(b"\n");
    }
}

/// Restores the terminal when dropped.
struct Shown;

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(mut hidden) = hidden().take() {
            hidden.restore();
        }
    }
}

fn hidden() -> MutexGuard<'static, Option<Hidden>> {
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reason why nothing could be typed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TerminalError {
    /// The shell has put the program in the background.
    #[error("the program runs in the background")]
    Background,
    /// The terminal gives no line.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Notes that this program ends by itself on SIGINT, SIGTERM and SIGHUP from now on, but while a password is typed.
pub(crate) fn ends_by_itself() {
    ENDS_BY_ITSELF.store(true, Ordering::Release);
}

/// Asks a question on the terminal and reads the answer without showing it.
///
/// # Errors
/// If there is no terminal, or it cannot be read.
pub(crate) fn ask(question: &str) -> Result<Zeroizing<String>, TerminalError> {
    let mut terminal = open()?;
    // A shell stops who changes the terminal from the background, and whoever typed the command wonders.
    if tcgetpgrp(&terminal).is_ok_and(|foreground| foreground != getpgrp()) {
        return Err(TerminalError::Background);
    }
    let modes = tcgetattr(&terminal).map_err(io::Error::from)?;
    watch()?;
    let mut asked = Hidden { terminal: terminal.try_clone()?, modes, question: question.to_owned() };
    {
        // A signal that comes now waits until the terminal can be restored.
        let mut place = hidden();
        asked.hide()?;
        *place = Some(asked);
    }
    let _shown = Shown;
    line(&mut terminal)
}

fn open() -> io::Result<File> {
    match File::options().read(true).write(true).open("/dev/tty") {
        Ok(terminal) => Ok(terminal),
        // One that is not this session's own; the caller knows that standard input is a terminal.
        Err(_) => Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
    }
}

fn line(terminal: &mut File) -> Result<Zeroizing<String>, TerminalError> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut byte = Zeroizing::new([0u8]);
    loop {
        match terminal.read(&mut *byte) {
            Ok(0) if typed.is_empty() => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => break,
            // Within the capacity: nothing is left behind by growing.
            Ok(_) if typed.len() < LINE_MAX => typed.extend_from_slice(&*byte),
            Ok(_) => return Err(io::Error::from(io::ErrorKind::InvalidData).into()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    let text = std::str::from_utf8(&typed).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Starts to watch for signals, once.
fn watch() -> io::Result<()> {
    let mut outcome = Ok(());
    WATCHER.call_once(|| {
        outcome = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]).and_then(|mut signals| {
            let watcher = move || signals.forever().for_each(came);
            std::thread::Builder::new().name("cwtch-terminal".into()).spawn(watcher).map(drop)
        });
    });
    outcome
}

/// Does what the signal does by itself, with the terminal as it was before.
fn came(signal: i32) {
    let mut place = hidden();
    if let Some(hidden) = place.as_mut() {
        hidden.restore();
        let _ = emulate_default_handler(signal);
        // It was stopped, and goes on.
        let _ = hidden.hide();
        return;
    }
    drop(place);
    let ends = matches!(signal, SIGINT | SIGTERM | SIGHUP) && ENDS_BY_ITSELF.load(Ordering::Acquire);
    if !ends {
        let _ = emulate_default_handler(signal);
    }
}
