//! Completion of what is typed: commands by their names, people and servers by theirs.

use cwtch_api::NameKind;

use super::{At, Takes, VERBS, Verb};
use crate::clean;
use crate::list::List;
use crate::words::Words;

/// The most proposals.
const MOST: usize = 8;

/// A proposal for what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The whole line as it would be.
    pub line: String,
    /// The part of it that is shown.
    pub shown: String,
    /// The key of the words for what a command does; empty for others.
    pub about: &'static str,
}

/// Proposals for a line that begins with a stroke; none where nothing is to be completed.
pub fn proposals(line: &str, list: &List, open: Option<i64>, servers: &[String]) -> Vec<Proposal> {
    let Some(typed) = line.strip_prefix('/') else { return Vec::new() };
    let Some((name, rest)) = typed.split_once(' ') else {
        let fits = VERBS.iter().filter(|verb| verb.name.starts_with(typed) && usable(verb, list, open));
        return fits.take(MOST).map(of_verb).collect();
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else { return Vec::new() };
    let line = |value: &str| format!("/{name} {value}");
    let values: Vec<String> = match verb.takes.first() {
        Some(Takes::Contact) => list.accepted().map(|contact| clean::line(&contact.shown)).collect(),
        Some(Takes::KnownServer) => servers.to_vec(),
        Some(Takes::Conversation) => list.conversations().iter().map(|one| clean::line(&one.shown)).collect(),
        Some(Takes::Switch) => vec!["on".to_owned(), "off".to_owned()],
        Some(Takes::Time) => ["off", "1d", "7d", "30d", "365d"].map(str::to_owned).to_vec(),
        _ => Vec::new(),
    };
    let wanted = rest.to_lowercase();
    values
        .into_iter()
        .filter(|value| value.to_lowercase().trim_start_matches('"').starts_with(&wanted) && *value != rest)
        .take(MOST)
        .map(|value| Proposal { line: line(&value), shown: value, about: "" })
        .collect()
}

/// True if a command can be used in the open conversation.
pub fn usable(verb: &Verb, list: &List, open: Option<i64>) -> bool {
    let kind = open.and_then(|open| list.conversation(open)).map(|one| one.kind);
    match verb.at {
        At::Anywhere => true,
        At::Conversation => kind.is_some(),
        At::Contact => kind.is_some_and(|kind| kind != NameKind::Group),
        At::Group => kind == Some(NameKind::Group),
    }
}

fn of_verb(verb: &Verb) -> Proposal {
    let space = if verb.takes.is_empty() { "" } else { " " };
    Proposal { line: format!("/{}{space}", verb.name), shown: format!("/{}", verb.name), about: verb.about }
}

/// A command as it is typed: its name, and words for what it takes.
pub fn usage(words: &Words, verb: &Verb) -> String {
    use Takes as T;
    let takes = verb.takes.iter().map(|takes| {
        words.word(match takes {
            T::Address => "takes-address",
            T::Contact => "takes-contact",
            T::KnownServer => "takes-known-server",
            T::Server => "takes-server",
            T::Invite => "takes-invite",
            T::Rest => "takes-name",
            T::MaybeRest => "takes-maybe-name",
            T::Switch => "takes-switch",
            T::Time => "takes-time",
            T::Days => "takes-days",
            T::Conversation => "takes-conversation",
        })
    });
    std::iter::once(format!("/{}", verb.name)).chain(takes).collect::<Vec<_>>().join(" ")
}
