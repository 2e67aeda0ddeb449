//! An address as a QR code on the screen.

use std::io;

use cwtch_tui::qr::Code;

use super::reader::Reader;
use super::{columns, print_whole, write_as_it_is};
use crate::command_error::CommandError;
use crate::words::{number, say, word};

/// Black ink on white, whatever colours the terminal has: of the 256 that no theme changes.
const INK: &str = "\u{1b}[38;5;16;48;5;231m";
const END: &str = "\u{1b}[0m";

/// Draws a text. On a terminal it is dark on light, also where `NO_COLOR` is set: light on dark most readers do not take.
///
/// # Errors
/// If the terminal is too narrow, or cannot be written to.
pub(crate) fn draw(text: &str) -> Result<Reader, CommandError> {
    let code = Code::of(text).ok_or_else(|| CommandError::internal(word("cli-qr-too-long")))?;
    match columns(io::stdout()) {
        Some(columns) if columns < code.side() => {
            let values = [("needed", number(code.side())), ("columns", number(columns))];
            Err(CommandError::usage(say("cli-qr-too-wide", values)))
        }
        Some(_) => write_as_it_is(&inked(&code)),
        None => print_whole(&code.rows().iter().map(|row| format!("{row}\n")).collect::<String>()),
    }
}

fn inked(code: &Code) -> String {
    code.rows().iter().map(|row| format!("{INK}{row}{END}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_colours_and_gives_them_back() {
        let code = Code::of("4axnmsdcz3kjk2y7tmcfqbbjxdwpqdyvvhz3bkn5ckjtqvdyqd6wmqad").unwrap();
        let inked = inked(&code);
        assert_eq!(inked.lines().count(), code.side().div_ceil(2));
        for line in inked.lines() {
            let row = line.strip_prefix(INK).and_then(|rest| rest.strip_suffix(END)).unwrap();
            assert_eq!(row.chars().count(), code.side());
        }
    }
}
