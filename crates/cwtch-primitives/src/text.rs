//! Characters that show nothing, in what people paste and in names that others chose.

/// True if a character takes part in a text without showing anything of itself: Unicode's default-ignorable code
/// points (zero-width and soft-hyphen characters, fillers, variation selectors, marks of direction, tags), the marks
/// of interlinear notes, and the empty Braille cell. White space and control characters are not among them.
pub fn is_invisible(c: char) -> bool {
    // Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt; a table of 17 ranges costs less than the
    // crates that have it, and `no_std` needs it. A test compares it with one of them.
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        // Not default-ignorable, but invisible as well.
        | '\u{2800}' | '\u{fff9}'..='\u{fffb}')
}

/// True if an [invisible](is_invisible) character belongs to how something is written, so that a text without it is a
/// different text: joiners of letters and pictures, variation selectors, the fillers of Korean and Mongolian, the
/// tags of a flag, and the empty Braille cell, which is as wide as the others. None of them changes a direction or
/// ends a line.
pub fn is_part_of_writing(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200d}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_unicode_calls_ignorable_is_invisible() {
        let ignorable = regex::Regex::new(r"^\p{Default_Ignorable_Code_Point}$").unwrap();
        for c in '\0'..=char::MAX {
            let ours = matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}');
            assert_eq!(is_invisible(c), ours || ignorable.is_match(c.encode_utf8(&mut [0; 4])), "{c:?}");
        }
    }

    #[test]
    fn what_belongs_to_writing_steers_nothing() {
        let steers = regex::Regex::new(r"^[\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}]$").unwrap();
        for c in ('\0'..=char::MAX).filter(|c| is_part_of_writing(*c)) {
            assert!(is_invisible(c), "{c:?}");
            assert!(!steers.is_match(c.encode_utf8(&mut [0; 4])), "{c:?}");
        }
        assert!(is_part_of_writing('\u{200d}') && !is_part_of_writing('\u{200e}'));
    }
}
