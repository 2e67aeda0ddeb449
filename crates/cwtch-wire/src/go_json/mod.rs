//! JSON exactly as Go's `encoding/json` writes and reads it (§ conventions, §1.9).
//!
//! Signatures and MACs of the deployed protocol cover JSON that the receiver has decoded and encoded
//! again, so "almost the same JSON" is a wrong signature. This module is the only one in the project
//! that writes or reads protocol JSON.
//!
//! Writing: keys in the order given, no white space, `<` `>` `&` U+2028 U+2029 escaped, short escapes
//! for `"` `\` `\b` `\f` `\n` `\r` `\t`, other control characters as lower-case `\u00xx`, everything
//! else raw; byte strings as padded base64, absent ones as `null`.
//!
//! Reading: keys match exactly or else by Unicode simple folding; of duplicates the last one counts
//! (nested structures merge); unknown keys are ignored; `null` leaves a zero value; invalid UTF-8 and
//! lone surrogates become U+FFFD; base64 may contain line breaks and stray trailing bits, and a byte
//! string may be an array of numbers; integers must be written as integers. Nesting beyond
//! [`MAX_DEPTH`] is refused (Go allows 10,000; no format here needs more than four).

mod base64;
mod fields;
mod read;
mod write;

pub use base64::{decode_base64, decode_secret};
pub use fields::Fields;
pub use read::{JsonError, MAX_DEPTH, Value, parse};
pub use write::{ObjectWriter, escaped_len, write_string};
