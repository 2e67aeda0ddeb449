//! Notes that people read about a group message beside its text.
//!
//! The words are those of docs/verifiable-log.md, section 8, most of them from [`cwtch_protocol::group`];
//! docs/when-a-server-cheats.md explains them.

use cwtch_protocol::group::{self, Missing, Note, Taken, Verdict, Why};

use super::info::person_info;
use crate::api::{NoteInfo, NoteKind};
use crate::profile::{Profile, StorageError, StoredMessage};

/// All that there is to say about a message.
pub(super) fn notes(profile: &Profile, message: &StoredMessage) -> Result<Vec<NoteInfo>, StorageError> {
    // Only group messages have entries.
    if message.entry.is_none() {
        return Ok(Vec::new());
    }
    let notes = profile.notes(message.id)?;
    if notes.is_empty() {
        return Ok(Vec::new());
    }
    let name = name_of(profile, message)?;
    Ok(notes.into_iter().map(|note| info(note, &name)).collect())
}

/// Whom a note names, as everywhere: what others call themselves stands in quotation marks.
fn name_of(profile: &Profile, message: &StoredMessage) -> Result<String, StorageError> {
    if message.own {
        return Ok("you (on another device)".to_owned());
    }
    Ok(person_info(profile, &message.author)?.shown)
}

fn info(note: Note, name: &str) -> NoteInfo {
    use group::NoteKind as Kind;
    let count = u32::try_from(note.count).unwrap_or(u32::MAX);
    let missing = |why| Missing { count, why }.sentence(name);
    let (kind, sentence) = match note.kind {
        Kind::Conflicting => {
            (NoteKind::Conflicting, format!("{name} sent conflicting histories (or restored a backup)."))
        }
        Kind::OtherLog => (NoteKind::OtherLog, format!("{name} reports a different log of this server.")),
        Kind::Missing => (NoteKind::Missing, missing(Why::NotDelivered)),
        Kind::MissingExpired => (NoteKind::Expired, missing(Why::PerhapsExpired)),
        Kind::Parent(verdict) => (of_verdict(verdict), verdict.sentence(name).unwrap_or_default()),
        Kind::Copy => (NoteKind::Copy, Taken::Copy.sentence(name).unwrap_or_default()),
        Kind::Late => {
            (NoteKind::Late, "It came late, from a member; the server has not shown it yet.".to_owned())
        }
    };
    NoteInfo { kind, sentence }
}

fn of_verdict(verdict: Verdict) -> NoteKind {
    match verdict {
        Verdict::AuthorLies => NoteKind::NeverPosted,
        Verdict::SplitView => NoteKind::SplitView,
        Verdict::Expired => NoteKind::Expired,
        Verdict::Unreadable => NoteKind::Unreadable,
        Verdict::CannotTell => NoteKind::NoReceipts,
        Verdict::Waiting => NoteKind::Waiting,
        Verdict::Undecided | Verdict::Fine => NoteKind::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: group::NoteKind, count: u64) -> String {
        info(Note { kind, count }, "Bob").sentence
    }

    #[test]
    fn notes_speak_as_the_specification_says() {
        use group::NoteKind as Kind;
        let lies = Kind::Parent(Verdict::AuthorLies);
        assert_eq!(said(lies, 1), "Bob refers to a message that was never posted.");
        assert_eq!(said(Kind::OtherLog, 1), "Bob reports a different log of this server.");
        assert_eq!(
            said(Kind::Missing, 3),
            "3 messages from Bob are missing: not delivered, by Bob or by the server."
        );
        assert_eq!(said(Kind::Conflicting, 1), "Bob sent conflicting histories (or restored a backup).");
        assert!(said(Kind::Copy, 1).contains("by somebody"));
    }

    #[test]
    fn who_did_nothing_is_not_named_and_a_liar_s_lie_is_not_the_server_s() {
        use group::NoteKind as Kind;
        let innocent = [
            Verdict::Undecided,
            Verdict::CannotTell,
            Verdict::Waiting,
            Verdict::Expired,
            Verdict::Unreadable,
        ];
        for kind in innocent.into_iter().map(Kind::Parent).chain([Kind::Copy, Kind::Late]) {
            let sentence = said(kind, 1);
            assert!(!sentence.is_empty() && !sentence.contains("Bob"), "{sentence}");
        }
        for kind in [Kind::Parent(Verdict::AuthorLies), Kind::Conflicting] {
            assert!(!said(kind, 1).contains("server"));
        }
    }
}
