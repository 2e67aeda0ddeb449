//! Emoji by the names that chats give them: `:smile` and Tab.

use crate::verbs::complete::Proposal;

/// The most proposals.
const MOST: usize = 8;
/// Letters from which on something is proposed.
const LEAST: usize = 2;

/// Proposals for a text that ends with the beginning of a name behind a colon; none for others.
pub(crate) fn proposals(text: &str) -> Vec<Proposal> {
    let Some((before, typed)) = text.rsplit_once(':') else { return Vec::new() };
    let is_name = typed.len() >= LEAST
        && typed.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    // `12:30` and `http://` are no names.
    let stands_alone = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    if !is_name || !stands_alone {
        return Vec::new();
    }
    let mut found: Vec<(&str, &str)> = emojis::iter()
        .filter_map(|emoji| Some((emoji.shortcodes().find(|code| code.starts_with(typed))?, emoji.as_str())))
        .collect();
    // The whole name first, then the shortest.
    found.sort_by_key(|(code, _)| code.len());
    let proposal = |(code, emoji): (&str, &str)| Proposal {
        line: format!("{before}{emoji}"),
        shown: format!("{emoji} :{code}"),
        about: "",
    };
    found.into_iter().take(MOST).map(proposal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_completed_where_it_stands_alone() {
        let first = |text: &str| proposals(text).into_iter().next().map(|one| one.line);
        assert_eq!(first("good :smile"), Some("good 😄".to_owned()));
        assert_eq!(first(":heart"), Some("❤\u{fe0f}".to_owned()));
        for none in ["", "smile", ":s", "at 12:30", "see:smile", "a: b", ":NO"] {
            assert_eq!(first(none), None, "{none}");
        }
        assert!(proposals(":sm").len() <= MOST);
    }
}
