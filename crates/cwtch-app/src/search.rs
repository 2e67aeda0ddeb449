//! The search: what is typed as what is looked for, and what was found.
//!
//! Words are words. Before or behind them may stand `from:NAME`, `in:NAME`, `after:2026-01-31`, `before:2026-01-31` and `has:invite`; a name
//! with spaces stands in quotation marks.

use cwtch_api::{Command, FoundInfo, Has};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::found::Search;
use crate::state::{Asked, State, numbered};

/// Messages that are asked for at a time.
const PAGE: u32 = 50;

/// A filter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

/// A typed line, in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Parts {
    words: String,
    from: Option<String>,
    within: Option<String>,
    after: Option<i64>,
    before: Option<i64>,
    has: Option<Has>,
}

/// Begins a search.
pub(crate) fn begin(state: &mut State, typed: &str, conversation: Option<i64>) {
    let search = Search { typed: typed.to_owned(), conversation, ..Search::default() };
    match command(&search, None, &state.zone) {
        Ok(command) => {
            state.search = Some(Search { waits: true, ..search });
            state.ask(command, Asked::Found);
            crate::acts::show(state, crate::page::About::Search);
        }
        Err(Unreadable(part)) => {
            let part = crate::clean::line(&part);
            state.say(state.words.say("search-unreadable", &[("part", part.into())]), true);
        }
    }
}

/// Goes on where the answer before ended.
pub(crate) fn go_on(state: &mut State) {
    let Some(search) = state.search.as_mut().filter(|search| !search.waits) else { return };
    let Some(below) = search.next else { return };
    if let Ok(command) = command(search, Some(below), &state.zone) {
        search.waits = true;
        state.ask(command, Asked::Found);
    }
}

/// Takes an answer.
pub(crate) fn found(state: &mut State, found: FoundInfo) {
    if let Some(search) = state.search.as_mut().filter(|search| search.waits) {
        search.waits = false;
        search.next = found.next;
        search.hits.extend(found.hits);
    }
}

/// A message that is deleted or forgotten is found no more.
pub(crate) fn gone(state: &mut State, conversation: i64, id: Option<i64>) {
    if let Some(search) = &mut state.search {
        search.hits.retain(|hit| {
            hit.message.conversation != conversation || id.is_some_and(|id| id != hit.message.id)
        });
    }
}

fn command(search: &Search, below: Option<i64>, zone: &TimeZone) -> Result<Command, Unreadable> {
    let Parts { words, from, within, after, before, has } = read(&search.typed, zone)?;
    let conversation = within.or(search.conversation.map(numbered));
    Ok(Command::Search { words, conversation, from, after, before, has, below, limit: Some(PAGE) })
}

fn read(typed: &str, zone: &TimeZone) -> Result<Parts, Unreadable> {
    let mut parts = Parts::default();
    for word in split(typed) {
        let unreadable = || Unreadable(word.clone());
        match word.split_once(':') {
            Some(("from", name)) if !name.is_empty() => parts.from = Some(unquoted(name)),
            Some(("in", name)) if !name.is_empty() => parts.within = Some(unquoted(name)),
            Some(("after", date)) => parts.after = Some(begin_of(date, zone).ok_or_else(unreadable)?),
            Some(("before", date)) => parts.before = Some(begin_of(date, zone).ok_or_else(unreadable)?),
            Some(("has", "invite")) => parts.has = Some(Has::Invite),
            Some(("has", _)) => return Err(unreadable()),
            _ => {
                if !parts.words.is_empty() {
                    parts.words.push(' ');
                }
                parts.words.push_str(&word);
            }
        }
    }
    Ok(parts)
}

/// The words of a line; what stands in quotation marks stays together with what it touches.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        quoted ^= c == '"';
        if c.is_whitespace() && !quoted {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn unquoted(text: &str) -> String {
    text.replace('"', "")
}

/// The first second of a day.
fn begin_of(date: &str, zone: &TimeZone) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    Some(zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stand_anywhere_and_words_stay_as_they_are() {
        let parts =
            read(r#"two "as they stand" from:"Bob B" has:invite in:Hikers after:2023-11-20"#, &TimeZone::UTC);
        let wanted = Parts {
            words: r#"two "as they stand""#.to_owned(),
            from: Some("Bob B".to_owned()),
            within: Some("Hikers".to_owned()),
            after: Some(1_700_438_400),
            before: None,
            has: Some(Has::Invite),
        };
        assert_eq!(parts, Ok(wanted));
        let plain = |typed: &str| read(typed, &TimeZone::UTC).map(|parts| parts.words);
        assert_eq!(plain("at 12:30 http://x from:"), Ok("at 12:30 http://x from:".to_owned()));
        assert_eq!(plain("an \"open quotation"), Ok("an \"open quotation".to_owned()));
    }

    #[test]
    fn a_filter_that_says_nothing_is_named() {
        for wrong in ["after:yesterday", "before:2023-13-01", "has:luck", "after:"] {
            let typed = format!("words {wrong}");
            assert_eq!(read(&typed, &TimeZone::UTC), Err(Unreadable(wrong.to_owned())));
        }
    }
}
