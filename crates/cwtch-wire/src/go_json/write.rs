//! The writer of JSON.

use core::fmt;

use data_encoding::BASE64;

/// The escape that Go writes for a character, or `None` where it stands for itself.
fn escape(c: char) -> Option<&'static str> {
    Some(match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        // Short since Go 1.22; before, `\u0008` and `\u000c`. Group messages never contain them.
        '\u{08}' => "\\b",
        '\u{0c}' => "\\f",
        // Go escapes what could end a script element of a web page.
        '<' => "\\u003c",
        '>' => "\\u003e",
        '&' => "\\u0026",
        '\u{2028}' => "\\u2028",
        '\u{2029}' => "\\u2029",
        c if c < ' ' => *CONTROL.get(c as usize)?,
        _ => return None,
    })
}

/// The escapes of the control characters, by code.
#[rustfmt::skip]
const CONTROL: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
    "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",     "\\u000e", "\\u000f",
    "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
    "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

/// Appends `text` as a JSON string, with its quotation marks.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Runs of ordinary characters are copied whole.
    while let Some((at, c, replacement)) =
        rest.char_indices().find_map(|(at, c)| escape(c).map(|e| (at, c, e)))
    {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(replacement);
        rest = tail.get(c.len_utf8()..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

/// The length of `text` as [`write_string`] writes it, in bytes, without the quotation marks.
pub fn escaped_len(text: &str) -> usize {
    text.chars().map(|c| escape(c).map_or(c.len_utf8(), str::len)).sum()
}

/// Writes one JSON object, field by field in the order of the calls.
///
/// Names are constants of the formats that need no escapes; names from outside go through
/// [`ObjectWriter::string_entry`].
///
/// The content may be a secret: `Debug` shows its length only.
pub struct ObjectWriter {
    out: String,
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectWriter({} bytes)", self.out.len())
    }
}

impl ObjectWriter {
    /// An empty object; `capacity` is the expected length in bytes (a writer of secrets gives enough, so
    /// that no copy is left behind by growing).
    pub fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push('{');
        Self { out }
    }

    fn name(&mut self, name: &str) {
        self.entry(name, |out, name| {
            out.push('"');
            out.push_str(name);
            out.push('"');
        });
    }

    fn entry(&mut self, name: &str, write: impl FnOnce(&mut String, &str)) {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        write(&mut self.out, name);
        self.out.push(':');
    }

    /// Writes a text.
    #[must_use]
    pub fn string(mut self, name: &'static str, text: &str) -> Self {
        self.name(name);
        write_string(&mut self.out, text);
        self
    }

    /// Writes a text under a name that comes from outside, as in a Go map.
    #[must_use]
    pub fn string_entry(mut self, name: &str, text: &str) -> Self {
        self.entry(name, write_string);
        write_string(&mut self.out, text);
        self
    }

    /// Writes a byte string as base64.
    #[must_use]
    pub fn bytes(mut self, name: &'static str, bytes: &[u8]) -> Self {
        self.name(name);
        self.out.push('"');
        BASE64.encode_append(bytes, &mut self.out);
        self.out.push('"');
        self
    }

    /// Writes a byte string that may be absent (`null`), which differs from an empty one.
    #[must_use]
    pub fn opt_bytes(self, name: &'static str, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(name, bytes),
            None => self.raw(name, "null"),
        }
    }

    /// Writes a byte string if there is one; without one the name does not appear either.
    #[must_use]
    pub fn bytes_if<B: AsRef<[u8]>>(self, name: &'static str, bytes: Option<B>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(name, bytes.as_ref()),
            None => self,
        }
    }

    /// Writes a list of byte strings.
    #[must_use]
    pub fn bytes_list<B: AsRef<[u8]>>(mut self, name: &'static str, list: &[B]) -> Self {
        self.name(name);
        self.out.push('[');
        for (i, bytes) in list.iter().enumerate() {
            self.out.push_str(if i == 0 { "\"" } else { ",\"" });
            BASE64.encode_append(bytes.as_ref(), &mut self.out);
            self.out.push('"');
        }
        self.out.push(']');
        self
    }

    /// Writes a signed integer.
    #[must_use]
    pub fn int(self, name: &'static str, number: i64) -> Self {
        self.raw(name, &number.to_string())
    }

    /// Writes an unsigned integer.
    #[must_use]
    pub fn uint(self, name: &'static str, number: u64) -> Self {
        self.raw(name, &number.to_string())
    }

    /// Writes a truth value.
    #[must_use]
    pub fn bool(self, name: &'static str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// Writes a value that is JSON already.
    #[must_use]
    pub fn raw(mut self, name: &'static str, json: &str) -> Self {
        self.name(name);
        self.out.push_str(json);
        self
    }

    /// Closes the object.
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    /// Closes the object, as bytes.
    pub fn finish_bytes(self) -> Vec<u8> {
        self.finish().into_bytes()
    }
}
