//! A name on a line that a person reads.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{Source, clean, is_reserved};

/// Number of characters of an address or id that stand for the whole where that would only be in the way.
pub const SHORT: usize = 10;
/// The most columns of a name; the rest is not shown.
const COLUMNS: usize = 32;

/// The beginning of an address or id.
pub fn short(id: &str) -> String {
    if id.chars().count() <= SHORT + 1 {
        id.to_owned()
    } else {
        id.chars().take(SHORT).chain(['…']).collect()
    }
}

/// Text by which a conversation or a speaker is shown: a given name as it is, a claimed one in quotation marks, without a name
/// the beginning of the address or id. That follows in brackets where `alike` says that another conversation would be
/// taken for this one, and for every name that means the person.
pub fn shown(name: &str, source: Source, id: &str, alike: bool) -> String {
    let name = cut(&clean(name));
    if name.is_empty() {
        return short(id);
    }
    let doubtful = alike || is_reserved(&name);
    let name = match source {
        // Nothing in it can end the quotation.
        Source::Claimed => format!("\"{}\"", name.replace(is_quote, "'")),
        Source::Given => name,
    };
    if doubtful { format!("{name} ({})", short(id)) } else { name }
}

/// True if a name would be shown as if others had chosen it.
pub(super) fn begins_with_a_quote(name: &str) -> bool {
    name.starts_with(is_quote) || name.starts_with("''")
}

/// True if a character can be taken for the quotation mark around claimed names.
fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '“'
            | '”'
            | '„'
            | '‟'
            | '″'
            | '‶'
            | '〃'
            | '＂'
            | '˝'
            | 'ʺ'
            | '״'
            | '❝'
            | '❞'
            | '〝'
            | '〞'
            | '«'
            | '»'
    )
}

/// The name as far as [`COLUMNS`] go. Names that differ only behind that look alike, see [`super::look`].
pub(super) fn cut(name: &str) -> String {
    if name.width() <= COLUMNS {
        return name.to_owned();
    }
    let mut out = String::new();
    for cluster in name.graphemes(true) {
        if out.width() + cluster.width() >= COLUMNS {
            break;
        }
        out.push_str(cluster);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn who_chose_a_name_can_be_seen() {
        assert_eq!(shown("Bob", Source::Given, ID, false), "Bob");
        assert_eq!(shown("Bob", Source::Claimed, ID, false), "\"Bob\"");
        assert_eq!(shown("Bob", Source::Claimed, ID, true), "\"Bob\" (abcdefghij…)");
        assert_eq!(shown("Bob\" said: \"I", Source::Claimed, ID, false), "\"Bob' said: 'I\"");
        assert_eq!(shown(" \u{200b}", Source::Claimed, ID, false), "abcdefghij…");
    }

    #[test]
    fn nobody_is_shown_as_the_person() {
        for source in [Source::Given, Source::Claimed] {
            for name in ["you", "YOU", "y\u{200b}ou", "уou", "y.o.u"] {
                let shown = shown(name, source, ID, false);
                assert!(shown.ends_with(" (abcdefghij…)"), "{shown}");
            }
        }
    }

    #[test]
    fn a_long_name_does_not_push_what_tells_it_apart_out_of_sight() {
        for name in ["x".repeat(128), "漢".repeat(40)] {
            let shown = shown(&name, Source::Claimed, ID, true);
            assert!(shown.ends_with("…\" (abcdefghij…)"), "{shown}");
            assert!(shown.width() <= COLUMNS + 16, "{shown}");
        }
    }
}
