//! Parts of a control port's line: words, `KEY=value` and quoted strings.

/// A word of a line: `value`, `KEY=value`, `KEY="value"` or `"value"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text in front of the first `=`, if there is one.
    pub(crate) key: Option<String>,
    /// The rest, without quotes and their escapes. A path need not be UTF-8.
    pub(crate) value: Vec<u8>,
}

impl Word {
    /// The value as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }
}

/// Splits a line into words. A quote that is not closed ends with the line.
pub(crate) fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line.as_bytes();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return words;
        }
        let end = rest.iter().position(|b| matches!(b, b' ' | b'=' | b'"')).unwrap_or(rest.len());
        let (start, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let (key, value) = match after.strip_prefix(b"=") {
            Some(value) => (Some(String::from_utf8_lossy(start).into_owned()), value),
            None => (None, rest),
        };
        let (value, after) = match value.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted),
            None => {
                let end = value.iter().position(|b| *b == b' ').unwrap_or(value.len());
                let (value, after) = value.split_at_checked(end).unwrap_or((value, &[]));
                (value.to_vec(), after)
            }
        };
        words.push(Word { key, value });
        rest = after;
    }
}

/// The value of `KEY=` among words.
pub(crate) fn value_of(words: &[Word], key: &str) -> Option<String> {
    words.iter().find(|word| word.key.as_deref() == Some(key)).map(Word::text)
}

/// Reads up to the closing quote; escapes are those of C, which Tor writes (control-spec, "CString").
fn unquote(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'"' => break,
            b'\\' => {
                let octal = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let (escape, after) = rest.split_at_checked(octal.max(1)).unwrap_or((rest, &[]));
                rest = after;
                match escape {
                    [b'n'] => value.push(b'\n'),
                    [b't'] => value.push(b'\t'),
                    [b'r'] => value.push(b'\r'),
                    digits if octal > 0 => {
                        let number = digits.iter().fold(0_u32, |n, digit| n * 8 + u32::from(digit - b'0'));
                        value.push(u8::try_from(number & 0xff).unwrap_or_default());
                    }
                    other => value.extend_from_slice(other),
                }
            }
            other => value.push(*other),
        }
    }
    (value, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(key: Option<&str>, value: &[u8]) -> Word {
        Word { key: key.map(str::to_owned), value: value.to_vec() }
    }

    #[test]
    fn words_of_every_shape_are_read() {
        let read = words(r#"AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/a b/\"c\\\303\251\n" "x" "#);
        assert_eq!(
            read,
            [
                word(None, b"AUTH"),
                word(Some("METHODS"), b"COOKIE,SAFECOOKIE"),
                word(Some("COOKIEFILE"), "/a b/\"c\\é\n".as_bytes()),
                word(None, b"x"),
            ]
        );
        assert_eq!(value_of(&read, "METHODS").as_deref(), Some("COOKIE,SAFECOOKIE"));
        assert_eq!(value_of(&read, "AUTH"), None);
        assert_eq!(words("A=\"b"), [word(Some("A"), b"b")]);
        assert_eq!(words("A= B"), [word(Some("A"), b""), word(None, b"B")]);
        assert_eq!(words(r"A=b=c"), [word(Some("A"), b"b=c")]);
    }

    proptest! {
        #[test]
        fn any_line_is_read(line: String) {
            let _ = words(&line);
        }

        #[test]
        fn a_quoted_value_is_read_back(value in prop::collection::vec(any::<u8>(), 0..40)) {
            let octal: String = value.iter().map(|b| format!("\\{b:03o}")).collect();
            prop_assert_eq!(words(&format!("K=\"{octal}\"")), [word(Some("K"), &value)]);
        }
    }
}
