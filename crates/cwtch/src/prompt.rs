//! Passwords: from a file or typed on a terminal, never from the command line or the environment.

pub(crate) mod terminal;

use std::fs::File;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use self::terminal::TerminalError;
use crate::command_error::CommandError;
use crate::settings::PasswordSource;
use crate::text;

/// Bytes of a password file that are read; its first line must end within them.
const FILE_MAX: u64 = 4096;

/// A password in memory that erases itself; `None` is a profile without one.
pub(crate) type Typed = Option<Zeroizing<String>>;

/// The password of an existing profile.
///
/// # Errors
/// If the file cannot be read or there is no terminal to type on.
pub(crate) fn existing(source: &PasswordSource, profile: &str) -> Result<Typed, CommandError> {
    match source {
        PasswordSource::NoPassword => Ok(None),
        PasswordSource::File(path) => from_file(path).map(Some),
        PasswordSource::Terminal => typed(&format!("Password of {profile}: ")).map(Some),
    }
}

/// The password of a new profile, or a new password: typed twice.
///
/// # Errors
/// As [`existing`], and if the two are not the same or empty.
pub(crate) fn chosen(source: &PasswordSource, profile: &str) -> Result<Typed, CommandError> {
    match source {
        PasswordSource::Terminal => {
            let first = typed(&format!("New password for {profile}: "))?;
            let second = typed("Once more: ")?;
            if *first != *second {
                return Err(CommandError::new("password", text::PASSWORDS_DIFFER));
            }
            Ok(Some(first))
        }
        other => existing(other, profile),
    }
}

/// Asks whether something that cannot be undone is meant, by having its name typed.
///
/// # Errors
/// If there is no terminal to ask on, or it cannot be read.
pub(crate) fn confirmed(question: &str, name: &str) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::usage(text::NO_TERMINAL_TO_CONFIRM));
    }
    let unreadable = |e: std::io::Error| {
        CommandError::storage(format!("The answer cannot be read from the terminal: {e}."))
    };
    let mut errors = std::io::stderr();
    errors.write_all(question.as_bytes()).and_then(|()| errors.flush()).map_err(unreadable)?;
    let mut answer = String::new();
    std::io::stdin().lock().take(FILE_MAX).read_line(&mut answer).map_err(unreadable)?;
    Ok(answer.trim_end_matches(['\r', '\n']) == name)
}

fn typed(question: &str) -> Result<Zeroizing<String>, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::usage(text::NO_TERMINAL_FOR_PASSWORD));
    }
    let password = terminal::ask(question).map_err(|error| match error {
        TerminalError::Background => CommandError::new("password", text::NO_PASSWORD_IN_THE_BACKGROUND),
        TerminalError::Io(e) => {
            CommandError::new("password", format!("The password cannot be read from the terminal: {e}."))
        }
    })?;
    not_empty(password)
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, CommandError> {
    let unreadable =
        |why: String| CommandError::new("password", format!("The password file {} {why}", path.display()));
    let file = File::open(path).map_err(|e| unreadable(format!("cannot be opened: {e}.")))?;
    let mut content = Zeroizing::new(Vec::with_capacity(FILE_MAX as usize + 1));
    file.take(FILE_MAX + 1)
        .read_to_end(&mut content)
        .map_err(|e| unreadable(format!("cannot be read: {e}.")))?;
    let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() as u64 > FILE_MAX {
        return Err(unreadable(format!("has a first line of more than {FILE_MAX} bytes.")));
    }
    let password =
        std::str::from_utf8(line).map_err(|_| unreadable("is not UTF-8 text.".to_owned()))?.to_owned();
    not_empty(Zeroizing::new(password))
}

fn not_empty(password: Zeroizing<String>) -> Result<Zeroizing<String>, CommandError> {
    if password.is_empty() { Err(CommandError::new("password", text::EMPTY_PASSWORD)) } else { Ok(password) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Typed, CommandError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        existing(&PasswordSource::File(file.path().to_owned()), "me")
    }

    #[test]
    fn the_first_line_without_its_end_is_the_password() {
        for content in [&b"open sesame"[..], b"open sesame\n", b"open sesame\r\nsecond line\n"] {
            assert_eq!(read(content).unwrap().unwrap().as_str(), "open sesame");
        }
    }

    #[test]
    fn an_empty_or_unreadable_file_is_refused() {
        assert_eq!(read(b"\n").unwrap_err().message, text::EMPTY_PASSWORD);
        assert!(read(&[0xff, 0xfe]).unwrap_err().message.contains("UTF-8"));
        assert!(read(&[b'x'; 5000]).unwrap_err().message.contains("4096"));
        let missing = existing(&PasswordSource::File("/nowhere/at/all".into()), "me");
        assert!(missing.unwrap_err().message.contains("cannot be opened"));
    }
}
