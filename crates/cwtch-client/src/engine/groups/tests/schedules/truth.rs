//! People's notes, held against what was done.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_log::{EntryId, MsgId};
use cwtch_protocol::group::{NoteKind, Verdict};

use super::tricks::Trick;
use super::world::{Said, World};
use crate::profile::{MessageId, StoredMessage};

impl World {
    fn messages(&self, at: usize, group: usize) -> Vec<StoredMessage> {
        let profile = self.people[at].profile();
        let conversation = profile.group(&self.groups()[group].id).unwrap().unwrap().conversation;
        profile.messages(conversation, MessageId(0), 10_000).unwrap()
    }

    /// The messages of a group that a person has, with what is told about each.
    fn told(&self, at: usize, group: usize) -> Vec<(EntryId, Vec<NoteKind>)> {
        let notes = |id| self.people[at].profile().notes(id).unwrap().iter().map(|note| note.kind).collect();
        let all = self.messages(at, group);
        all.iter().filter_map(|message| Some((message.entry?, notes(message.id)))).collect()
    }

    fn everywhere(&self) -> impl Iterator<Item = (usize, usize)> {
        let groups = self.groups().len();
        (0..self.people.len()).flat_map(move |at| (0..groups).map(move |group| (at, group)))
    }

    /// Nobody is blamed for what somebody else did, and whoever left the server holds what it was found by.
    pub(super) fn is_just(&self) {
        for person in self.people.iter().filter(|person| person.is_stopped()) {
            assert!(self.attack.is_some(), "an honest server is accused");
            assert!(!person.profile().evidence().unwrap().is_empty(), "an alarm without a reason");
        }
        for (at, group) in self.everywhere() {
            for (entry, notes) in self.told(at, group) {
                // Some is still on its way.
                let Some(said) = self.said.get(&entry) else { continue };
                let lies = notes.contains(&NoteKind::Parent(Verdict::AuthorLies));
                let lied = said.author == self.liar() && said.trick.is_some_and(Trick::lies);
                assert!(!lies || lied, "{:?} of {} is called a lie", said.trick, said.author);
                if notes.contains(&NoteKind::Conflicting) {
                    assert_eq!(said.author, self.liar(), "somebody honest is said to use numbers twice");
                }
                assert!(
                    !notes.contains(&NoteKind::Copy) || self.has_copies(said),
                    "what came once is no copy"
                );
            }
        }
    }

    fn has_copies(&self, said: &Said) -> bool {
        let same = self.said.values().filter(|other| other.name == said.name);
        same.count() > 1
    }

    /// If nothing was lost, everybody has everything, once and in one order; the lies are told, and nothing else.
    pub(super) fn everything_is_found(&self) {
        let log = &self.server.logs()[0];
        let posted: BTreeSet<EntryId> = log.ids().iter().copied().collect();
        for (at, group) in self.everywhere() {
            let there = self.said.iter().filter(|(id, said)| said.group == group && posted.contains(id));
            let expected: BTreeSet<MsgId> = there.map(|(_, said)| said.name).collect();
            let told = self.told(at, group);
            let mut names: Vec<MsgId> =
                told.iter().filter_map(|(id, _)| Some(self.said.get(id)?.name)).collect();
            names.sort_unstable();
            assert_eq!(names, expected.into_iter().collect::<Vec<_>>(), "person {at} has other messages");
            for (id, notes) in &told {
                let Some(said) = self.said.get(id) else { continue };
                self.is_told(at, said, notes);
            }
        }
        for group in 0..self.groups().len() {
            // But for what was posted again before it came.
            let order = |at| -> Vec<Option<u64>> {
                let told = self.told(at, group);
                let once = told
                    .iter()
                    .filter(|(id, _)| self.said.get(id).is_some_and(|said| !self.has_copies(said)));
                once.map(|(id, _)| log.index_of(id)).collect()
            };
            for at in 1..self.people.len() {
                assert_eq!(order(at), order(0), "{at} sees another order");
            }
        }
        self.numbers_are_used_once();
    }

    fn is_told(&self, at: usize, said: &Said, notes: &[NoteKind]) {
        let is = |kind| notes.contains(&kind);
        if said.trick == Some(Trick::LyingParent) {
            assert!(is(NoteKind::Parent(Verdict::AuthorLies)), "a lie is not told to {at}: {notes:?}");
        }
        // Nobody is told that the own log differs from the own one.
        if matches!(said.trick, Some(Trick::FalseGossip | Trick::LyingParentAndGossip)) && at != said.author {
            assert!(is(NoteKind::OtherLog), "another log is not told to {at}: {notes:?}");
        }
        if said.trick == Some(Trick::ReusedNumber) {
            assert!(is(NoteKind::Conflicting), "a number that was used twice is not told to {at}: {notes:?}");
        }
        if said.trick == Some(Trick::SkippedNumbers) {
            assert!(is(NoteKind::Missing), "messages that are missing are not told to {at}: {notes:?}");
        }
        if said.trick.is_none() && said.author != self.liar() {
            let expected: &[NoteKind] = if self.has_copies(said) { &[NoteKind::Copy] } else { &[] };
            let forgot = self.people[said.author].forgot;
            let notes: Vec<_> =
                notes.iter().copied().filter(|kind| !(forgot && *kind == NoteKind::Missing)).collect();
            assert_eq!(notes, expected, "to {at} of a message of {}", said.author);
        }
    }

    fn numbers_are_used_once(&self) {
        let mut used = BTreeMap::new();
        for said in self.said.values().filter(|said| said.trick.is_none() || said.trick == Some(Trick::Copy))
        {
            let chain = said.chain.expect("an honest message has a number");
            let number = (said.author, said.group, chain.label, chain.sequence);
            let before = used.insert(number, said.name);
            assert!(before.is_none_or(|before| before == said.name), "{number:?} was used twice");
        }
    }
}
