//! Notes for a person about a message.

use super::chain::Hole;
use super::missing::{Gone, Why};
use super::verdict::Verdict;

/// A kind of thing to tell about a message, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// Its author used its number for another message, too.
    Conflicting,
    /// Its author reports a different log of the server.
    OtherLog,
    /// So many messages of its author are missing before it.
    Missing,
    /// The same, and they may have expired on the server.
    MissingExpired,
    /// The verdict on its references.
    Parent(Verdict),
    /// Somebody posted it again.
    Copy,
    /// A member gave it; the server has not shown it.
    Late,
}

/// One thing that a person is told about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Its kind.
    pub kind: NoteKind,
    /// The count of messages that it is about, where that matters.
    pub count: u64,
}

/// A store's knowledge about a message beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The verdicts on its references; those of one verdict may be counted together.
    pub verdicts: Vec<(Verdict, u64)>,
    /// Its author computed another log than the own one.
    pub differs: bool,
    /// Another entry has the same message.
    pub copied: bool,
    /// A member gave it, and the server has not shown it.
    pub from_member: bool,
    /// Another message of its author has its number.
    pub conflicting: bool,
    /// The hole of its author's chain that ends right before it.
    pub hole: Option<Hole>,
}

impl Facts {
    /// The notes, the gravest first. `gone` is what was never shown of the server's log.
    pub fn notes(&self, gone: &Gone) -> Vec<Note> {
        let of_parents = self.verdicts.iter().filter(|(verdict, _)| *verdict != Verdict::Fine);
        let of_parents = of_parents.map(|(verdict, count)| (NoteKind::Parent(*verdict), *count));
        let missing = self.hole.map(|hole| {
            let kind = match gone.why(&hole) {
                Why::NotDelivered => NoteKind::Missing,
                Why::PerhapsExpired => NoteKind::MissingExpired,
            };
            (kind, u64::from(hole.count()))
        });
        let single = [
            (self.conflicting, NoteKind::Conflicting),
            (self.differs, NoteKind::OtherLog),
            (self.copied, NoteKind::Copy),
            (self.from_member, NoteKind::Late),
        ];
        let single = single.into_iter().filter(|(holds, _)| *holds).map(|(_, kind)| (kind, 1));
        let mut notes: Vec<Note> = Vec::new();
        for (kind, count) in of_parents.chain(missing).chain(single) {
            match notes.iter_mut().find(|note| note.kind == kind) {
                Some(note) => note.count += count,
                None => notes.push(Note { kind, count }),
            }
        }
        notes.sort_unstable();
        notes
    }
}
