//! One contact as a person reads it, and the words that two people compare.

use std::fmt::Write;

use cwtch_api::{ContactInfo, SafetyWords};

use super::human::{contact_phase, contact_state};
use super::sanitize::{line, lines};
use super::shown::named;
use super::time::time;
use super::{BOLD, DIM};
use crate::words::{say, styled, word};

/// Words in a row, so that all fit into four.
const ROW: usize = 3;
/// Columns of a word with its number and the space behind it: none of the list has more than eight letters.
const WIDTH: usize = 12;

/// All that is known of a contact, a fact in a row.
pub(crate) fn details(contact: &ContactInfo) -> String {
    let mut out = String::new();
    let mut row = |key: &str, value: &str| {
        let _ = writeln!(out, "{DIM}{:<10}{DIM:#}{}", word(key), line(value));
    };
    if !contact.name.is_empty() {
        row("cli-row-name", &contact.shown);
    }
    row("cli-row-number", &format!("#{}", contact.conversation));
    row("cli-row-address", &contact.address);
    row("cli-row-state", &contact_state(contact.state));
    if let Some(connection) = &contact.connection {
        match &connection.trouble {
            Some(trouble) => row("cli-row-online", &format!("{}: {trouble}", contact_phase(connection))),
            None => row("cli-row-online", &contact_phase(connection)),
        }
        if let Some(seen) = connection.last_seen {
            row("cli-row-seen", &time(seen));
        }
    }
    row("cli-row-compared", &compared_on(contact));
    for attribute in &contact.attributes {
        row("cli-row-says", &format!("{}: {}", attribute.name, attribute.value));
    }
    if let Some(note) = &contact.note {
        out += &note_row(note);
    }
    out
}

/// A note as a row of facts; its lines stay behind the row's name.
pub(super) fn note_row(note: &str) -> String {
    format!("{DIM}{:<10}{DIM:#}{}\n", word("cli-row-note"), lines(note, &" ".repeat(10)))
}

/// Sentence about a note that was kept or erased.
pub(crate) fn noted(shown: &str, id: &str, note: Option<&str>) -> String {
    let name = named(shown, id);
    match note {
        Some(_) => styled(BOLD, "cli-note-kept", [("name", name.into())]) + "\n",
        None => styled(BOLD, "cli-note-none", [("name", name.into())]) + "\n",
    }
}

/// The day on which words were compared, or that they were not.
fn compared_on(contact: &ContactInfo) -> String {
    match contact.compared {
        Some(at) => say("cli-compared-on", [("time", time(at).trim_end().into())]),
        None => word("cli-not-compared"),
    }
}

/// The safety words, numbered, with what to do with them.
pub(crate) fn words(words: &SafetyWords) -> String {
    let SafetyWords { contact, words } = words;
    let name = named(&contact.shown, &contact.address);
    let values = [("name", name.into()), ("address", line(&contact.address).into())];
    let mut out = styled(BOLD, "cli-safety-of", values) + "\n\n";
    let numbered: Vec<String> =
        words.iter().enumerate().map(|(n, word)| format!("{:>2} {}", n + 1, line(word))).collect();
    for row in numbered.chunks(ROW) {
        let row: String = row.iter().map(|word| format!("{word:<WIDTH$}")).collect();
        let _ = writeln!(out, "  {}", row.trim_end());
    }
    let _ = writeln!(out, "\n{}", word("cli-safety-how-to-compare"));
    if let Some(at) = contact.compared {
        let _ = writeln!(out, "{}", say("cli-safety-compared", [("time", time(at).trim_end().into())]));
    }
    out
}

/// Sentence about a comparison that was noted, or taken back.
pub(crate) fn compared(contact: &ContactInfo) -> String {
    let name = ("name", named(&contact.shown, &contact.address).into());
    match contact.compared {
        Some(at) => {
            let address = ("address", line(&contact.address).into());
            styled(BOLD, "cli-contact-compared", [name, ("time", time(at).trim_end().into()), address]) + "\n"
        }
        None => styled(BOLD, "cli-contact-not-compared", [name]) + "\n",
    }
}

#[cfg(test)]
mod tests {
    use cwtch_api::{AttributeInfo, ContactState, NameSource};

    use super::*;

    fn bob() -> ContactInfo {
        ContactInfo {
            conversation: 7,
            address: "address".into(),
            name: "Bob".into(),
            name_source: NameSource::Given,
            shown: "Bob".into(),
            state: ContactState::Accepted,
            online: None,
            connection: None,
            compared: None,
            note: Some("one\n\u{1b}[2Jtwo".into()),
            attributes: vec![AttributeInfo { name: "status".into(), value: "a\u{1b}[2J\nb".into() }],
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn words_stand_numbered_in_columns_with_how_to_compare_them() {
        let words: Vec<String> = (0..12).map(|n| format!("word{n}")).collect();
        let shown = plain(&super::words(&SafetyWords { contact: bob(), words }));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2], "   1 word0     2 word1     3 word2");
        assert_eq!(lines[5], "  10 word9    11 word10   12 word11");
        assert!(shown.contains("when you meet") && !shown.contains("You compared"), "{shown}");
        let again = SafetyWords { contact: ContactInfo { compared: Some(0), ..bob() }, words: Vec::new() };
        assert!(plain(&super::words(&again)).contains("You compared them on 1970-01-01 00:00+00:00."));
    }

    #[test]
    fn a_contact_is_shown_with_what_is_known_of_it_and_harmlessly() {
        let shown = plain(&details(&bob()));
        assert!(shown.contains("compared  never") && shown.contains("says      status: a b\n"), "{shown}");
        assert!(shown.ends_with("note      one\n          two\n"), "{shown:?}");
        let compared = ContactInfo { compared: Some(0), ..bob() };
        assert!(plain(&details(&compared)).contains("compared  on 1970-01-01"));
        assert!(plain(&super::compared(&compared)).starts_with("Bob is noted as compared on 1970"));
        assert!(plain(&super::compared(&bob())).contains("not noted"));
    }
}
