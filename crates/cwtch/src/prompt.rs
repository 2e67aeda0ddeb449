//! Passwords: from a file or typed on a terminal, never from the command line or the environment.

pub(crate) mod terminal;

use std::fs::File;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use self::terminal::TerminalError;
use crate::command_error::CommandError;
use crate::settings::PasswordSource;
use crate::words::{say, word};

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
        PasswordSource::Terminal => typed(&asks("cli-password-of", profile)).map(Some),
    }
}

/// The password of a new profile, or a new password: typed twice.
///
/// # Errors
/// As [`existing`], and if the two are not the same or empty.
pub(crate) fn chosen(source: &PasswordSource, profile: &str) -> Result<Typed, CommandError> {
    match source {
        PasswordSource::Terminal => {
            let first = typed(&asks("cli-password-new", profile))?;
            let second = typed(&(word("cli-password-again") + " "))?;
            if *first != *second {
                return Err(CommandError::new("password", word("cli-password-differs")));
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
        return Err(CommandError::usage(word("cli-confirm-no-terminal")));
    }
    let unreadable = |e: std::io::Error| {
        CommandError::storage(say("cli-confirm-unreadable", [("detail", e.to_string().into())]))
    };
    let mut errors = std::io::stderr();
    errors.write_all(question.as_bytes()).and_then(|()| errors.flush()).map_err(unreadable)?;
    let mut answer = String::new();
    std::io::stdin().lock().take(FILE_MAX).read_line(&mut answer).map_err(unreadable)?;
    Ok(answer.trim_end_matches(['\r', '\n']) == name)
}

/// A question about a profile, with room for what is typed.
fn asks(key: &str, profile: &str) -> String {
    say(key, [("name", profile.into())]) + " "
}

fn typed(question: &str) -> Result<Zeroizing<String>, CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::usage(word("cli-password-no-terminal")));
    }
    let password = terminal::ask(question).map_err(|error| match error {
        TerminalError::Background => CommandError::new("password", word("cli-password-in-background")),
        TerminalError::Io(e) => {
            CommandError::new("password", say("cli-password-unreadable", [("detail", e.to_string().into())]))
        }
    })?;
    not_empty(password)
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, CommandError> {
    let of_file = |key, detail: String| {
        let path = ("path", path.display().to_string().into());
        CommandError::new("password", say(key, [path, ("detail", detail.into())]))
    };
    let file = File::open(path).map_err(|e| of_file("cli-password-file-closed", e.to_string()))?;
    let mut content = Zeroizing::new(Vec::with_capacity(FILE_MAX as usize + 1));
    file.take(FILE_MAX + 1)
        .read_to_end(&mut content)
        .map_err(|e| of_file("cli-password-file-unreadable", e.to_string()))?;
    let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() as u64 > FILE_MAX {
        return Err(of_file("cli-password-file-long", FILE_MAX.to_string()));
    }
    let password = std::str::from_utf8(line)
        .map_err(|_| of_file("cli-password-file-no-text", String::new()))?
        .to_owned();
    not_empty(Zeroizing::new(password))
}

fn not_empty(password: Zeroizing<String>) -> Result<Zeroizing<String>, CommandError> {
    if password.is_empty() {
        Err(CommandError::new("password", word("cli-password-empty")))
    } else {
        Ok(password)
    }
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
        assert_eq!(read(b"\n").unwrap_err().message, word("cli-password-empty"));
        assert!(read(&[0xff, 0xfe]).unwrap_err().message.contains("UTF-8"));
        assert!(read(&[b'x'; 5000]).unwrap_err().message.contains("4096"));
        let missing = existing(&PasswordSource::File("/nowhere/at/all".into()), "me");
        assert!(missing.unwrap_err().message.contains("cannot be opened"));
    }
}
