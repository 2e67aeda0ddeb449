//! Words of the app: those of `cwtch-words`, where a language has all its files in one place.

pub use cwtch_words::{Value, Words, WordsFault};
