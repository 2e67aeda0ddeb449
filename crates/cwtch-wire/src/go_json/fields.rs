//! Reading a structure's fields out of an object, as Go decodes into a struct.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cwtch_primitives::{SecretBytes, Zeroizing};

use super::base64::{decode_base64, decode_secret};
use super::read::{Value, parse};
use crate::error::WireError;

/// The entries of an object (or of several that merge), looked up by the name of a structure's field.
#[derive(Debug, Clone)]
pub struct Fields<'v, 'a> {
    entries: Vec<&'v (Cow<'a, str>, Value<'a>)>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// Parses a whole object of `what` and hands its fields to `read`. As in Go, `null` is an object
    /// without fields.
    ///
    /// # Errors
    /// [`WireError`] if the bytes are longer than `limit`, no JSON or no object, or an error of `read`.
    pub fn parse<T>(
        what: &'static str,
        input: &[u8],
        limit: usize,
        read: impl FnOnce(Fields<'_, '_>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        WireError::check_len(what, input.len(), limit)?;
        let value = parse(input)?;
        read(Fields::of(what, &value)?)
    }

    /// Parses an object with a secret in it like [`Fields::parse`]: texts that had to be copied to resolve their
    /// escapes are erased afterwards. The caller must erase the input.
    ///
    /// # Errors
    /// Those of [`Fields::parse`].
    pub fn parse_secret<T>(
        what: &'static str,
        input: &[u8],
        limit: usize,
        read: impl FnOnce(Fields<'_, '_>) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        WireError::check_len(what, input.len(), limit)?;
        let mut value = parse(input)?;
        let result = Fields::of(what, &value).and_then(read);
        value.erase();
        result
    }

    /// The fields of a value that must be an object (or `null`).
    ///
    /// # Errors
    /// [`WireError::Type`], naming `field`.
    pub fn of(field: &'static str, value: &'v Value<'a>) -> Result<Self, WireError> {
        match value {
            Value::Null => Ok(Self { entries: Vec::new() }),
            Value::Object(entries) => Ok(Self { entries: entries.iter().collect() }),
            _ => Err(WireError::Type { field, expected: "an object" }),
        }
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &'v Value<'a>> + '_ {
        self.entries.iter().filter(move |(key, _)| key == name || folds_to(key, name)).map(|(_, value)| value)
    }

    /// A text; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value.
    pub fn string(&self, name: &'static str) -> Result<Option<&'v str>, WireError> {
        self.scalar(name, "a text", |value| match value {
            Value::String(text) => Some(text.as_ref()),
            _ => None,
        })
    }

    /// A truth value; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value.
    pub fn bool(&self, name: &'static str) -> Result<Option<bool>, WireError> {
        self.scalar(name, "true or false", |value| match value {
            Value::Bool(b) => Some(*b),
            _ => None,
        })
    }

    /// An integer of 64 bits; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value, a fraction, an exponent, or a number too large.
    pub fn int(&self, name: &'static str) -> Result<Option<i64>, WireError> {
        self.scalar(name, "an integer of 64 bits", |value| match value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A byte string: base64, or an array of numbers below 256. `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value or wrong base64.
    pub fn bytes(&self, name: &'static str) -> Result<Option<Vec<u8>>, WireError> {
        let mut found = None;
        for value in self.all(name) {
            found = match value {
                Value::Null => None,
                value => Some(bytes_of(value).ok_or(not_bytes(name))?),
            };
        }
        Ok(found)
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`WireError::Missing`], [`WireError::Type`] or [`WireError::Length`].
    pub fn array<const N: usize>(&self, name: &'static str) -> Result<[u8; N], WireError> {
        self.opt_array(name)?.ok_or(WireError::Missing { field: name })
    }

    /// A secret of exactly `N` bytes. Nothing that was decoded remains in memory but the result.
    ///
    /// # Errors
    /// [`WireError::Missing`], [`WireError::Type`] or [`WireError::Length`].
    pub fn secret<const N: usize>(&self, name: &'static str) -> Result<SecretBytes<N>, WireError> {
        let mut found = None;
        for value in self.all(name) {
            found = match value {
                Value::Null => None,
                Value::String(text) => Some(decode_secret(text.as_bytes()).ok_or(not_bytes(name))?),
                value => Some(Zeroizing::new(bytes_of(value).ok_or(not_bytes(name))?)),
            };
        }
        let bytes = found.ok_or(WireError::Missing { field: name })?;
        let wrong = WireError::Length { field: name, expected: N, actual: bytes.len() };
        SecretBytes::from_slice(&bytes).ok_or(wrong)
    }

    /// A byte string of exactly `N` bytes; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] or [`WireError::Length`].
    pub fn opt_array<const N: usize>(&self, name: &'static str) -> Result<Option<[u8; N]>, WireError> {
        self.bytes(name)?.map(|bytes| exactly(name, bytes)).transpose()
    }

    /// A list of at most `max` byte strings of exactly `N` bytes each; empty if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`], [`WireError::Length`], or [`WireError::Count`] for more than `max`.
    pub fn array_list<const N: usize>(
        &self,
        name: &'static str,
        max: usize,
    ) -> Result<Vec<[u8; N]>, WireError> {
        let items = self.list(name)?.unwrap_or_default();
        if items.len() > max {
            return Err(WireError::Count { what: name, min: 0, max, actual: items.len() });
        }
        items.iter().map(|item| exactly(name, bytes_of(item).ok_or(not_bytes(name))?)).collect()
    }

    /// An unsigned integer of at most `max` (which is below 2^63); `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`], or [`WireError::Range`] for a negative number or one above `max`.
    pub fn uint(&self, name: &'static str, max: u64) -> Result<Option<u64>, WireError> {
        let in_range = |number: i64| u64::try_from(number).ok().filter(|number| *number <= max);
        self.int(name)?.map(|number| in_range(number).ok_or(WireError::Range { field: name })).transpose()
    }

    /// A nested structure (a pointer in Go's terms); `None` if it is absent or its last value is `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value.
    pub fn object(&self, name: &'static str) -> Result<Option<Fields<'v, 'a>>, WireError> {
        let mut found: Option<Fields<'v, 'a>> = None;
        for value in self.all(name) {
            let fields = Fields::of(name, value)?;
            found = match value {
                Value::Null => None,
                _ => {
                    let mut merged = found.unwrap_or(Fields { entries: Vec::new() });
                    merged.entries.extend(fields.entries);
                    Some(merged)
                }
            };
        }
        Ok(found)
    }

    /// A list; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] for another kind of value.
    pub fn list(&self, name: &'static str) -> Result<Option<&'v [Value<'a>]>, WireError> {
        let mut found = None;
        for value in self.all(name) {
            found = match value {
                Value::Null => None,
                Value::Array(items) => Some(items.as_slice()),
                _ => return Err(WireError::Type { field: name, expected: "a list" }),
            };
        }
        Ok(found)
    }

    /// A map of texts, every name kept as it is written; `None` if it is absent or `null`.
    ///
    /// # Errors
    /// [`WireError::Type`] if it or one of its values is something else.
    pub fn text_map(&self, name: &'static str) -> Result<Option<BTreeMap<String, String>>, WireError> {
        let Some(fields) = self.object(name)? else { return Ok(None) };
        let mut map = BTreeMap::new();
        for (key, value) in fields.entries {
            let text = match value {
                Value::String(text) => text.to_string(),
                Value::Null => String::new(),
                _ => return Err(WireError::Type { field: name, expected: "texts" }),
            };
            map.insert(key.to_string(), text);
        }
        Ok(Some(map))
    }

    /// The last value that is not `null`; all of them must be of the right kind.
    fn scalar<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        read: impl Fn(&'v Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, WireError> {
        let mut found = None;
        for value in self.all(field) {
            match value {
                Value::Null => {}
                value => found = Some(read(value).ok_or(WireError::Type { field, expected })?),
            }
        }
        Ok(found)
    }
}

fn not_bytes(field: &'static str) -> WireError {
    WireError::Type { field, expected: "a byte string in base64" }
}

fn exactly<const N: usize>(field: &'static str, bytes: Vec<u8>) -> Result<[u8; N], WireError> {
    let actual = bytes.len();
    bytes.try_into().map_err(|_| WireError::Length { field, expected: N, actual })
}

fn bytes_of(value: &Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => decode_base64(text.as_bytes()),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Number(text) => text.parse().ok(),
                Value::Null => Some(0),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// True if Go takes `key` for the field `name` when no key matches exactly: Unicode simple folding. Our
/// names are ASCII, and two characters beyond ASCII fold into it.
fn folds_to(key: &str, name: &str) -> bool {
    let fold = |c| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.len() >= name.len() && key.chars().map(fold).eq(name.chars().map(fold))
}
