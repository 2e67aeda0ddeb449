//! Notes about a group message beside its text, in the words of docs/verifiable-log.md, section 8;
//! docs/when-a-server-cheats.md explains them.

use cwtch_api::{NameKind, NoteInfo, NoteKind};

use crate::text::one_line;

/// The sentences of a note.
pub fn note(note: &NoteInfo) -> String {
    let name = match note.who.kind {
        NameKind::You => "you (on another device)",
        _ => note.who.shown.as_str(),
    };
    let said = match (note.kind, note.count) {
        (NoteKind::Conflicting, _) => format!("{name} sent conflicting histories (or restored a backup)."),
        (NoteKind::NeverPosted, _) => format!("{name} refers to a message that was never posted."),
        (NoteKind::SplitView, _) => format!(
            "An earlier message is missing, and {name} reports a different log of this server. Compare with other \
             contacts."
        ),
        (NoteKind::OtherLog, _) => format!("{name} reports a different log of this server."),
        (NoteKind::Missing, count) => {
            let missing = missing(count.unwrap_or(1), name);
            format!("{missing}: not delivered, by {name} or by the server.")
        }
        (NoteKind::Expired, Some(count)) => {
            let they = if count == 1 { "it" } else { "they" };
            format!("{}; {they} may have expired on the server.", missing(count, name))
        }
        (NoteKind::Expired, None) => "Older messages expired on the server.".to_owned(),
        (NoteKind::Undecided, _) => "An earlier message is missing; it cannot be told why.".to_owned(),
        (NoteKind::NoReceipts, _) => {
            "An earlier message is missing; this server gives no receipts.".to_owned()
        }
        (NoteKind::Waiting, _) => "Waiting for an earlier message.".to_owned(),
        (NoteKind::Unreadable, _) => {
            "An earlier message is encrypted with a key that you do not have.".to_owned()
        }
        (NoteKind::Copy, _) => "This message was posted again by somebody.".to_owned(),
        (NoteKind::Late, _) => "It came late, from a member; the server has not shown it yet.".to_owned(),
    };
    one_line(&said)
}

fn missing(count: u64, name: &str) -> String {
    let (messages, are) = if count == 1 { ("message", "is") } else { ("messages", "are") };
    format!("{count} {messages} from {name} {are} missing")
}

#[cfg(test)]
mod tests {
    use cwtch_api::NameInfo;

    use super::*;

    fn said(kind: NoteKind, count: Option<u64>) -> String {
        let who = NameInfo { kind: NameKind::Contact, shown: "Bob".into(), ..NameInfo::default() };
        note(&NoteInfo { kind, count, who: who.into(), sentence: String::new() })
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
        assert!(!note(&about).contains(char::is_control));
        about.who.kind = NameKind::You;
        assert!(note(&about).starts_with("you (on another device) reports"));
    }
}
