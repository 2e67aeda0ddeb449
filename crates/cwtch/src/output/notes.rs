//! Words about group messages beside their text.

use std::fmt::Write;

use cwtch_api::{GroupInfo, NoteInfo, NoteKind, RepairInfo};

use super::human::named;
use super::sanitize::line;
use super::{BAD, DIM, WARN};
use crate::words::{count, number, say, word};

/// Notes under a message, one in a line, behind `indent`.
pub(crate) fn under(notes: &[NoteInfo], indent: &str) -> String {
    let mut out = String::new();
    for note in notes {
        let style = style(note.kind);
        let _ = writeln!(out, "{indent}{style}{}{style:#}", line(&note.sentence));
    }
    out
}

/// Notes of an event, in one line.
pub(crate) fn changed(id: i64, notes: &[NoteInfo]) -> String {
    if notes.is_empty() {
        return say("cli-event-notes-gone", [("id", number(id))]);
    }
    let sentences: Vec<String> = notes.iter().map(|note| line(&note.sentence)).collect();
    say("cli-event-notes", [("id", number(id)), ("notes", sentences.join(" ").into())])
}

/// Whose messages are missing in groups, one author in a line.
pub(crate) fn missing(groups: &[GroupInfo]) -> String {
    let mut out = String::new();
    for group in groups {
        for author in &group.missing {
            let name = ("name", named(&author.shown, &author.author).into());
            let group = ("group", named(&group.shown, &group.group).into());
            let said = say("cli-group-misses", [group, ("number", number(author.count)), name]);
            let _ = writeln!(out, "{WARN}{said}{WARN:#}");
        }
    }
    out
}

/// Words about what contacts gave.
pub(crate) fn repaired(repair: &RepairInfo) -> String {
    let RepairInfo { asked, received, missing } = *repair;
    let came = || [("received", count(received)), ("asked", count(asked))];
    let said = match (received, missing) {
        (0, 0) => word("cli-repair-nothing"),
        (0, missing) if asked == 0 => say("cli-repair-nobody", [("count", count(missing))]),
        (_, 0) => say("cli-repair-all", came()),
        (_, missing) => {
            let [received, asked] = came();
            say("cli-repair-some", [received, asked, ("number", number(missing))])
        }
    };
    said + "\n"
}

/// Weight of a note: it accuses somebody, tells what is missing, or is just so.
fn style(kind: NoteKind) -> anstyle::Style {
    match kind {
        NoteKind::NeverPosted | NoteKind::Conflicting | NoteKind::SplitView | NoteKind::OtherLog => BAD,
        NoteKind::Missing | NoteKind::Undecided | NoteKind::NoReceipts => WARN,
        _ => DIM,
    }
}

#[cfg(test)]
mod tests {
    use cwtch_api::{MissingInfo, NameSource};

    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn notes_stand_under_their_message_and_do_no_harm() {
        let note = |kind, sentence: &str| NoteInfo {
            kind,
            count: None,
            who: Box::default(),
            sentence: sentence.into(),
        };
        let notes = [
            note(NoteKind::NeverPosted, "Bob\u{1b}[2J refers to a message that was never posted."),
            note(NoteKind::Copy, "This message was posted again by somebody."),
        ];
        assert_eq!(
            plain(&under(&notes, "    ")),
            "    Bob refers to a message that was never posted.\n    This message was posted again by somebody.\n"
        );
        assert_eq!(plain(&changed(7, &[])), "message 7: nothing is missing any more");
        assert!(plain(&changed(7, &notes)).starts_with("message 7: Bob refers"));
    }

    #[test]
    fn a_repair_says_what_came_and_what_did_not() {
        let said = |asked, received, missing| repaired(&RepairInfo { asked, received, missing });
        assert_eq!(said(0, 0, 0), "No message is known to be missing.\n");
        assert_eq!(said(1, 2, 0), "2 messages came from contacts (1 contact asked).\n");
        assert_eq!(said(2, 0, 1), "0 messages came from contacts, 1 still missing (2 contacts asked).\n");
        assert!(said(0, 0, 3).contains("no contact"));
    }

    #[test]
    fn missing_messages_are_counted_for_each_author() {
        let author = |author: &str, name: Option<&str>, count| MissingInfo {
            author: author.into(),
            name: name.map(str::to_owned),
            name_source: NameSource::Claimed,
            shown: name.map(|name| format!("\"{name}\"")).unwrap_or_default(),
            count,
        };
        let group = GroupInfo {
            conversation: 1,
            group: "g".into(),
            name: "friends".into(),
            name_source: NameSource::Given,
            shown: "friends".into(),
            server: "s".into(),
            messages: 9,
            authors: 3,
            missing: vec![author("bobsaddress", Some("Bob"), 2), author("x", None, 1)],
        };
        assert_eq!(plain(&missing(&[group])), "friends: 2 missing from \"Bob\"\nfriends: 1 missing from x\n");
    }
}
