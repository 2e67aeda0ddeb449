//! Names and numbers as people read them.

use super::sanitize::line;
use crate::words;

/// Number of characters of an address or id that are shown where its whole length would only be in the way.
const SHORT: usize = 10;

/// Text that the engine says is to be shown for an address or id.
pub(super) fn named(shown: &str, id: &str) -> String {
    if shown.is_empty() { short(id) } else { line(shown) }
}

pub(super) fn short(id: &str) -> String {
    let id = line(id);
    if id.chars().count() <= SHORT + 1 { id } else { id.chars().take(SHORT).chain(['…']).collect() }
}

/// So many of something, whose forms have this key.
pub(super) fn plural(count: u64, key: &str) -> String {
    words::say(key, [("count", words::count(count))])
}
