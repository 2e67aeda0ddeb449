//! The terminal while the app has it, and as it was before.
//!
//! Whatever ends the app (its own end, an error, a panic, SIGTERM, SIGHUP) or stops it (Ctrl+Z, SIGTSTP), [`leave`] runs first.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::steady::Steady;

/// Modes that the app takes: the other screen (1049), no reordering of mixed directions by the terminal (8, which has no `?`: ECMA-48's
/// BDSM), pasted text marked as such (2004).
pub(crate) const ENTER: &[u8] = b"\x1b[?1049h\x1b[8l\x1b[?2004h\x1b[2J";
/// The mouse's buttons, in the form without limits.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// All of that as it was. The forms of the mouse that are not used here are off, too: a shell has no use for any.
const LEAVE: &[u8] =
    b"\x1b[0m\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[8h\x1b[?25h\x1b[?1049l";

/// True while the app has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// True once a part of the program has panicked.
static BROKEN: AtomicBool = AtomicBool::new(false);
/// The terminal without a buffer, for the last words: a buffer's lock may be held by whatever fails.
static DIRECT: OnceLock<File> = OnceLock::new();
static HOOK: Once = Once::new();

/// A terminal that is drawn on.
pub(crate) type Drawn = Terminal<Steady<CrosstermBackend<BufWriter<File>>>>;

/// The terminal, taken; as before when dropped.
pub(crate) struct Screen {
    pub(crate) terminal: Drawn,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal on standard output.
    ///
    /// # Errors
    /// If it cannot be set up; it is as before then.
    pub(crate) fn take(mouse: bool) -> io::Result<Self> {
        if DIRECT.get().is_none() {
            let _ = DIRECT.set(duplicate()?);
        }
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                BROKEN.store(true, Ordering::Release);
                leave();
                before(panic);
            }));
        });
        enter(mouse)?;
        let terminal = duplicate().and_then(|out| {
            Terminal::new(Steady(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, out))))
        });
        match terminal {
            Ok(terminal) => Ok(Self { terminal, mouse }),
            Err(e) => {
                leave();
                Err(e)
            }
        }
    }

    /// Takes the terminal again after [`leave`].
    ///
    /// # Errors
    /// As [`Self::take`].
    pub(crate) fn take_again(&mut self) -> io::Result<()> {
        enter(self.mouse)?;
        // What is on it is not known any more.
        self.terminal.clear()
    }

    /// The terminal for what is not drawn. Between two drawings nothing waits in a buffer.
    pub(crate) fn out(&self) -> Option<&'static File> {
        DIRECT.get()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// True once a part of the program has panicked: the terminal was given back then.
pub(crate) fn is_broken() -> bool {
    BROKEN.load(Ordering::Acquire)
}

/// Gives the terminal back as it was. Once is enough, and more does no harm.
pub(crate) fn leave() {
    if TAKEN.swap(false, Ordering::AcqRel) {
        if let Some(mut direct) = DIRECT.get() {
            let _ = direct.write_all(LEAVE);
        }
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    crossterm::terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::Release);
    let entered = DIRECT.get().map_or(Ok(()), |mut direct| {
        direct.write_all(ENTER)?;
        if mouse { direct.write_all(MOUSE) } else { Ok(()) }
    });
    entered.inspect_err(|_| leave())
}

fn duplicate() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}
