//! Notes that people read about a group message beside its text, as kinds with whom and how many they are about.

use cwtch_protocol::group::{self, Note, Verdict};

use super::info::person_info;
use crate::api::{NameInfo, NameKind, NoteInfo, NoteKind};
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
    let who = author(profile, message)?;
    Ok(notes.into_iter().map(|note| info(note, who.clone())).collect())
}

/// Whom a note names, as everywhere.
fn author(profile: &Profile, message: &StoredMessage) -> Result<NameInfo, StorageError> {
    let who = person_info(profile, &message.author)?;
    // It may be a note about another device of the person's.
    Ok(if message.own { NameInfo { kind: NameKind::You, ..who } } else { who })
}

fn info(note: Note, who: NameInfo) -> NoteInfo {
    use group::NoteKind as Kind;
    let (kind, count) = match note.kind {
        Kind::Conflicting => (NoteKind::Conflicting, None),
        Kind::OtherLog => (NoteKind::OtherLog, None),
        Kind::Missing => (NoteKind::Missing, Some(note.count)),
        Kind::MissingExpired => (NoteKind::Expired, Some(note.count)),
        Kind::Parent(verdict) => (of_verdict(verdict), None),
        Kind::Copy => (NoteKind::Copy, None),
        Kind::Late => (NoteKind::Late, None),
    };
    NoteInfo { kind, count, who: who.into(), sentence: String::new() }
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
