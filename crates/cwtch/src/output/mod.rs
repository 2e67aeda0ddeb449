//! Output of the program: results on standard output, everything else on standard error.
//!
//! Colour is decided by anstream: only on a terminal, never with `NO_COLOR`.

pub(crate) mod afterwards;
pub(crate) mod contact;
pub(crate) mod conversations;
mod epochs;
pub(crate) mod forks;
pub(crate) mod found;
pub(crate) mod group;
pub(crate) mod human;
pub(crate) mod kept;
pub(crate) mod layout;
pub(crate) mod log;
pub(crate) mod notes;
pub(crate) mod presence;
pub(crate) mod progress;
pub(crate) mod qr;
pub(crate) mod reader;
pub(crate) mod sanitize;
mod shown;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod vanish;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::mpsc;

use anstyle::{AnsiColor, Style};

use self::reader::Reader;
use crate::command_error::CommandError;
use crate::words::{say, styled};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Writes text (with its own line ends) to standard output; on a terminal no line is longer than it is wide, see
/// [`layout`]. A reader that went away, as `head` does, is
/// no failure.
///
/// # Errors
/// If standard output cannot be written, for example because the disk is full.
pub(crate) fn print(text: &str) -> Result<(), CommandError> {
    print_to_reader(text).map(drop)
}

/// Prints as [`print()`] does, and tells whether the reader is still there, for callers that have more to say.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_to_reader(text: &str) -> Result<Reader, CommandError> {
    print_whole(&layout::fit(text, columns(io::stdout())))
}

/// The width of a terminal; `None` for what is none.
fn columns(stream: impl IsTerminal + AsFd) -> Option<usize> {
    /// Width of a terminal that does not say how wide it is.
    const USUAL: usize = 80;
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stream).ok();
    Some(size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(USUAL))
}

/// Writes text for programs to standard output, as it is.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_whole(text: &str) -> Result<Reader, CommandError> {
    write_to(anstream::stdout().lock(), text)
}

/// Writes text to standard output whose colours are part of what it says: they stay, whatever people want elsewhere.
///
/// # Errors
/// As [`print()`].
fn write_as_it_is(text: &str) -> Result<Reader, CommandError> {
    write_to(io::stdout().lock(), text)
}

fn write_to(mut out: impl Write, text: &str) -> Result<Reader, CommandError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(e) => {
            Err(CommandError::storage(say("cli-output-unwritable", [("detail", e.to_string().into())])))
        }
    }
}

/// Writes one value of JSON on one line to standard output.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl fmt::Display) -> Result<(), CommandError> {
    print_json_to_reader(value).map(drop)
}

/// Prints as [`print_json`] does, and tells whether the reader is still there, for callers that have more to say.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json_to_reader(value: &impl fmt::Display) -> Result<Reader, CommandError> {
    print_whole(&format!("{}\n", sanitize::json(&value.to_string())))
}

/// Lines for standard output that nobody has to read: who reads too slowly misses some, and holds nobody up.
pub(crate) struct News(mpsc::SyncSender<String>);

impl News {
    /// Lines that may wait.
    const BACKLOG: usize = 64;

    /// Starts the thread that writes them.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn new() -> io::Result<Self> {
        let (news, lines) = mpsc::sync_channel::<String>(Self::BACKLOG);
        // Not waited for at the end: it may be waiting for a reader that never comes.
        std::thread::Builder::new().name("cwtch-news".into()).spawn(move || {
            for line in lines {
                if print_whole(&line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(news))
    }

    /// Queues a line of JSON, as far as there is room.
    pub(crate) fn tell(&self, value: &str) {
        let _ = self.0.try_send(format!("{}\n", sanitize::json(value)));
    }
}

/// Writes a remark for a person to standard error.
pub(crate) fn note(text: &str) {
    complain(&(styled(WARN, "cli-output-note", [("what", text.into())]) + "\n"));
}

/// Writes a failure to standard error.
pub(crate) fn failure(error: &CommandError, json: bool) {
    if json {
        let _ = writeln!(io::stderr(), "{}", sanitize::json(&error.to_json()));
    } else {
        let message = sanitize::lines(&error.message, "  ");
        complain(&(styled(BAD, "cli-output-error", [("what", message.into())]) + "\n"));
    }
}

/// Writes to standard error; nothing is left to do if that cannot be written.
fn complain(text: &str) {
    let _ = anstream::stderr().write_all(layout::fit(text, columns(io::stderr())).as_bytes());
}

/// The text with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The text as a sentence: a capital at its beginning, a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    capital(text) + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_and_end_as_such() {
        assert_eq!(sentence("wrong password"), "Wrong password.");
        assert_eq!(sentence("add it with `cwtch contact add`"), "Add it with `cwtch contact add`.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), ".");
    }
}
