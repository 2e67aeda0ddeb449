//! Notes about a group message beside its text, in the words of docs/verifiable-log.md, section 8;
//! docs/when-a-server-cheats.md explains them.

use cwtch_api::{NameKind, NoteInfo, NoteKind};

use crate::Words;
use crate::text::{count, one_line};

/// The sentences of a note.
pub fn note(words: &Words, note: &NoteInfo) -> String {
    let name = match note.who.kind {
        NameKind::You => words.word("note-you"),
        _ => note.who.shown.clone(),
    };
    let name = || ("name", name.as_str().into());
    let said = match (note.kind, note.count) {
        (NoteKind::Conflicting, _) => words.say("note-conflicting", &[name()]),
        (NoteKind::NeverPosted, _) => words.say("note-never-posted", &[name()]),
        (NoteKind::SplitView, _) => words.say("note-split-view", &[name()]),
        (NoteKind::OtherLog, _) => words.say("note-other-log", &[name()]),
        (NoteKind::Missing, missing) => {
            words.say("note-missing", &[name(), ("count", count(missing.unwrap_or(1)))])
        }
        (NoteKind::Expired, Some(missing)) => words.say("note-expired", &[name(), ("count", count(missing))]),
        (NoteKind::Expired, None) => words.word("note-expired-all"),
        (NoteKind::Undecided, _) => words.word("note-undecided"),
        (NoteKind::NoReceipts, _) => words.word("note-no-receipts"),
        (NoteKind::Waiting, _) => words.word("note-waiting"),
        (NoteKind::Unreadable, _) => words.word("note-unreadable"),
        (NoteKind::Copy, _) => words.word("note-copy"),
        (NoteKind::Late, _) => words.word("note-late"),
    };
    one_line(&said)
}

#[cfg(test)]
mod tests {
    use cwtch_api::NameInfo;

    use super::*;

    fn english() -> Words {
        Words::english().without_marks()
    }

    fn said(kind: NoteKind, count: Option<u64>) -> String {
        let who = NameInfo { kind: NameKind::Contact, shown: "Bob".into(), ..NameInfo::default() };
        note(&english(), &NoteInfo { kind, count, who: who.into(), sentence: String::new() })
    }

    #[test]
    fn notes_speak_as_the_specification_says() {
        assert_eq!(said(NoteKind::NeverPosted, None), "Bob refers to a message that was never posted.");
        assert_eq!(said(NoteKind::OtherLog, None), "Bob reports a different log of this server.");
        assert!(said(NoteKind::SplitView, None).contains("Bob reports a different log"));
        let missing = "3 messages from Bob are missing: not delivered, by Bob or by the server.";
        assert_eq!(said(NoteKind::Missing, Some(3)), missing);
        let expired = "1 message from Bob is missing; it may have expired on the server.";
        assert_eq!(said(NoteKind::Expired, Some(1)), expired);
        let conflicting = "Bob sent conflicting histories (or restored a backup).";
        assert_eq!(said(NoteKind::Conflicting, None), conflicting);
        assert!(said(NoteKind::Copy, None).contains("by somebody"));
    }

    #[test]
    fn who_did_nothing_is_not_named_and_a_liar_s_lie_is_not_the_server_s() {
        for kind in [
            NoteKind::Undecided,
            NoteKind::NoReceipts,
            NoteKind::Waiting,
            NoteKind::Expired,
            NoteKind::Unreadable,
            NoteKind::Copy,
            NoteKind::Late,
        ] {
            let sentence = said(kind, None);
            assert!(!sentence.is_empty() && !sentence.contains("Bob"), "{sentence}");
        }
        for kind in [NoteKind::NeverPosted, NoteKind::Conflicting] {
            assert!(!said(kind, None).contains("server"));
        }
    }

    #[test]
    fn a_name_moves_no_cursor_and_another_device_is_no_stranger() {
        let who = NameInfo { shown: "Bob\u{1b}[2J".into(), ..NameInfo::default() };
        let mut about =
            NoteInfo { kind: NoteKind::OtherLog, count: None, who: who.into(), sentence: String::new() };
        assert!(!note(&english(), &about).contains(char::is_control));
        about.who.kind = NameKind::You;
        assert!(note(&english(), &about).starts_with("you (on another device) reports"));
    }
}
