//! The parser: bytes to a tree of values, borrowing from the input where it can.

use std::borrow::Cow;

use cwtch_primitives::Zeroize as _;

/// Depth to which arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// A JSON value. An object keeps every entry in its order, duplicates too: which of them counts depends on the reader
/// ([`super::Fields`]).
#[derive(Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A text, unescaped.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// Names and values.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    /// Erases every text that is not borrowed from the input.
    pub fn erase(&mut self) {
        let wipe = |text: &mut Cow<'_, str>| {
            if let Cow::Owned(text) = text {
                text.zeroize();
            }
        };
        match self {
            Self::String(text) => wipe(text),
            Self::Array(items) => items.iter_mut().for_each(Self::erase),
            Self::Object(entries) => {
                for (name, value) in entries {
                    wipe(name);
                    value.erase();
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

/// Shows only the kind, because the content may be anybody's words.
impl core::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(…)",
            Self::Number(_) => "Number(…)",
            Self::String(_) => "String(…)",
            Self::Array(_) => "Array(…)",
            Self::Object(_) => "Object(…)",
        })
    }
}

/// Reason why bytes are not JSON. Positions are byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A byte is not allowed where it stands.
    #[error("unexpected byte at offset {0}")]
    Unexpected(usize),
    /// The text ends too early.
    #[error("it ends too early")]
    End,
    /// A string has an escape that JSON does not have.
    #[error("a wrong escape in the string that starts at offset {0}")]
    Escape(usize),
    /// The value is nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than 64 levels")]
    Depth,
}

/// Parses one JSON value; only white space may follow it.
///
/// # Errors
/// [`JsonError`] where Go's parser refuses the text too, and for nesting beyond [`MAX_DEPTH`].
pub fn parse(input: &[u8]) -> Result<Value<'_>, JsonError> {
    let mut parser = Parser { input, at: 0 };
    let value = parser.value(0)?;
    match parser.peek_token() {
        None => Ok(value),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// The fault at the current position.
    fn unexpected(&self) -> JsonError {
        if self.at < self.input.len() { JsonError::Unexpected(self.at) } else { JsonError::End }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        match self.peek_token() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(JsonError::Depth),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Number(self.number()?)),
            Some(b't') => self.literal(b"true", Value::Bool(true)),
            Some(b'f') => self.literal(b"false", Value::Bool(false)),
            Some(b'n') => self.literal(b"null", Value::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn literal(&mut self, word: &[u8], value: Value<'a>) -> Result<Value<'a>, JsonError> {
        for byte in word {
            if self.peek() != Some(*byte) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.peek_token() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(entries));
        }
        loop {
            if self.peek_token() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            if self.peek_token() != Some(b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            entries.push((name, self.value(depth)?));
            match self.peek_token() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(entries));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek_token() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            match self.peek_token() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected());
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        // No leading zeros.
        if self.peek() == Some(b'0') {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let bytes = self.input.get(start..self.at).unwrap_or_default();
        core::str::from_utf8(bytes).map_err(|_| JsonError::Unexpected(start))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let start = self.at;
        self.at += 1;
        let rest = self.input.get(self.at..).unwrap_or_default();
        let mut escaped = false;
        let mut length = 0;
        loop {
            length += plain_run(rest.get(length..).unwrap_or_default());
            match rest.get(length) {
                None => return Err(JsonError::End),
                Some(b'"') => {
                    self.at += length + 1;
                    let content = rest.get(..length).unwrap_or_default();
                    return if escaped {
                        unescape(content).map(Cow::Owned).ok_or(JsonError::Escape(start))
                    } else {
                        Ok(lossy(content))
                    };
                }
                // An escaped byte cannot end the string; `unescape` judges it.
                Some(b'\\') if rest.get(length + 1).is_some_and(|b| *b >= 0x20) => {
                    escaped = true;
                    length += 2;
                }
                Some(b'\\') => length += 1,
                Some(0..0x20) => {
                    self.at += length;
                    return Err(self.unexpected());
                }
                Some(_) => length += 1,
            }
        }
    }
}

/// Number of bytes, in steps of a chunk, before the first one that needs a closer look: quotation mark, backslash,
/// control character.
fn plain_run(bytes: &[u8]) -> usize {
    // Without an early end inside the chunk the compiler can compare all its bytes at once.
    let plain = |chunk: &[u8; 32]| {
        !chunk.iter().fold(false, |found, b| found | (*b == b'"') | (*b == b'\\') | (*b < 0x20))
    };
    32 * bytes.as_chunks::<32>().0.iter().take_while(|chunk| plain(chunk)).count()
}

/// Reads bytes as text; like Go, with one U+FFFD for each byte that belongs to no character.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut out = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                out.push_str(chunk.valid());
                chunk.invalid().iter().for_each(|_| out.push(char::REPLACEMENT_CHARACTER));
            }
            Cow::Owned(out)
        }
    }
}

/// Replaces the escapes of a string's content; `None` for a wrong one.
fn unescape(content: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let (plain, tail) = rest.split_at_checked(at)?;
        out.push_str(&lossy(plain));
        let (&kind, tail) = tail.get(1..)?.split_first()?;
        rest = tail;
        out.push(match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{08}',
            b'f' => '\u{0c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (unit, tail) = hex4(rest)?;
                rest = tail;
                match (unit, surrogate_pair(unit, rest)) {
                    (_, Some((c, tail))) => {
                        rest = tail;
                        c
                    }
                    // A lone surrogate; the escape after it, if any, stands for itself.
                    (unit, None) => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            _ => return None,
        });
    }
    out.push_str(&lossy(rest));
    Some(out)
}

/// The character of a high surrogate and the escape of the low one after it.
fn surrogate_pair(high: u32, rest: &[u8]) -> Option<(char, &[u8])> {
    if !(0xd800..0xdc00).contains(&high) {
        return None;
    }
    let (low, tail) = hex4(rest.strip_prefix(b"\\u")?)?;
    if !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, tail))
}

fn hex4(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut unit = 0;
    for digit in digits {
        unit = unit * 16 + char::from(*digit).to_digit(16)?;
    }
    Some((unit, rest))
}
