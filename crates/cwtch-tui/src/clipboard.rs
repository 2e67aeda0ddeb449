//! The clipboard of the person's own machine, through the terminal, also over ssh.

use std::io::{self, Write};

use data_encoding::BASE64;

/// The most bytes that are given to a terminal: what common ones take.
const MAX: usize = 74_000;

/// Puts a text where it can be pasted from, by OSC 52 (xterm's "Manipulate Selection Data"). Terminals that do not know it do nothing. False
/// if the text is too long for any.
///
/// # Errors
/// If the terminal cannot be written.
pub(crate) fn copy(out: &mut impl Write, text: &str) -> io::Result<bool> {
    if text.len() > MAX {
        return Ok(false);
    }
    write!(out, "\x1b]52;c;{}\x1b\\", BASE64.encode(text.as_bytes()))?;
    out.flush()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_out_in_letters_that_steer_nothing() {
        let mut out = Vec::new();
        assert!(copy(&mut out, "a\u{1b}]52;c;evil\u{7}").unwrap());
        assert_eq!(out, b"\x1b]52;c;YRtdNTI7YztldmlsBw==\x1b\\");
        assert!(!copy(&mut out, &"x".repeat(MAX + 1)).unwrap());
    }
}
