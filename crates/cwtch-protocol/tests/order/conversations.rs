use std::collections::HashSet;

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_protocol::group::{Log, NoteKind, Verdict, turns};
use cwtch_testkit::rng;
use cwtch_wire::group::{Gossip, Parent};
use proptest::prelude::*;
use rand_core::RngCore;

use crate::world::{INCARNATION, Member, Message, key};

struct Conversation {
    log: Vec<Message>,
    /// Messages that were written and given up.
    given_up: usize,
}

/// Members write, each with a view that lags; posts may overtake each other or be given up; others use the server, too.
fn conversation(seed: u64, members: usize, steps: usize, modern: u8) -> Conversation {
    let mut rng = rng(seed);
    let mut draw = move |below: u64| rng.next_u64() % below.max(1);
    let mut authors: Vec<Member> =
        (0..members).map(|number| Member::new(number, draw(100) < u64::from(modern))).collect();
    let (mut log, mut number, mut given_up) = (Vec::new(), 0u64, 0);
    let mut under_way: Vec<Message> = Vec::new();
    for step in 0..steps + members {
        number += 1;
        // In the end everybody writes once more, so that what was given up is told and the last messages have successors.
        let who = step.checked_sub(steps).unwrap_or_else(|| draw(members as u64) as usize);
        let last_round = step >= steps;
        let author = &mut authors[who];
        let unread = (log.len() - author.mind.entries.len()) as u64;
        let size = author.mind.entries.len() + draw(unread + 1) as usize;
        author.read(&log, size);
        let (message, row) = author.write(number);
        match row {
            Some(row) if !last_round && draw(10) == 0 => {
                author.store.give_up(row);
                given_up += 1;
            }
            _ => under_way.push(message),
        }
        while !under_way.is_empty() && (last_round || draw(3) > 0) {
            log.push(under_way.remove(draw(under_way.len() as u64) as usize));
            if draw(4) == 0 {
                number += 1;
                let id = EntryId::of(b"foreign", &number.to_be_bytes());
                let name = MsgId::of(&[2; 16], &number.to_be_bytes());
                log.push(Message { author: 0, id, name, extensions: None, foreign: true });
            }
        }
    }
    Conversation { log, given_up }
}

/// Somebody who only reads.
fn read(log: &[Message], parts: usize) -> Member {
    let mut reader = Member::new(200, true);
    for part in log.chunks(log.len().div_ceil(parts).max(1)) {
        reader.sync(part);
    }
    reader
}

fn refers(message: &Message) -> impl Iterator<Item = EntryPrefix> {
    message.extensions.iter().flat_map(|e| e.parents.iter().map(|parent| parent.id))
}

/// How many messages of an author are called missing.
fn missing(reader: &Member, author: usize) -> u32 {
    let all = reader.store.missing();
    all.get(&key(author)).map_or(0, |missing| missing.iter().map(|missing| missing.count).sum())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_delivered_nothing_is_reported(
        seed: u64, members in 1usize..6, steps in 0usize..80, modern in 0u8..=100, parts in 1usize..10,
    ) {
        let talk = conversation(seed, members, steps, modern);
        let reader = read(&talk.log, parts);
        for which in turns(Some(reader.mind.verified_size()), true) {
            prop_assert!(reader.store.open(which).is_empty());
        }
        let given_up = talk.given_up;
        for message in talk.log.iter().filter(|message| !message.foreign) {
            let notes = reader.notes(&message.id);
            // Until the next message tells them, numbers that were given up look like any that are missing.
            prop_assert!(given_up > 0 || notes.is_empty(), "{:?}", notes);
            prop_assert!(notes.iter().all(|(kind, _)| *kind == NoteKind::Missing), "{:?}", notes);
        }
        prop_assert!(reader.claims.is_empty());
        prop_assert!(reader.store.missing().is_empty(), "of {} given up", talk.given_up);
    }

    #[test]
    fn what_is_lost_is_reported_and_no_honest_author_is_blamed(
        seed: u64, members in 1usize..6, steps in 2usize..80, modern in 30u8..=100, loss in 1u64..50, parts in 1usize..10,
    ) {
        let talk = conversation(seed, members, steps, modern);
        let mut draw = rng(seed ^ 1);
        let (delivered, lost): (Vec<_>, Vec<_>) =
            talk.log.iter().cloned().partition(|message| message.foreign || draw.next_u64() % 100 >= loss);
        let reader = read(&delivered, parts);
        let lost: HashSet<EntryPrefix> = lost.iter().map(|message| message.id.prefix()).collect();
        // Each reference to a lost message is reported, and no other.
        for message in delivered.iter().filter(|message| !message.foreign) {
            let row = reader.store.row_of(&message.id).unwrap();
            let kept = reader.store.references(row);
            prop_assert_eq!(kept.len(), refers(message).count());
            for reference in kept {
                prop_assert_eq!(reference.verdict != Verdict::Fine, lost.contains(&reference.parent.id));
                prop_assert!(reference.verdict != Verdict::AuthorLies);
            }
            let notes = reader.notes(&message.id);
            prop_assert!(notes.iter().all(|(kind, _)| *kind != NoteKind::Conflicting));
        }
        // Numbers of chains: exactly the lost ones with a successor.
        for author in 0..members {
            let numbered = talk.log.iter().filter(|message| message.author == author && !message.foreign);
            let numbers: Vec<(u32, bool)> = numbered
                .filter_map(|message| {
                    let chain = message.extensions.as_ref()?.chain?;
                    Some((chain.sequence, lost.contains(&message.id.prefix())))
                })
                .collect();
            let highest = numbers.iter().filter(|(_, lost)| !lost).map(|(number, _)| *number).max();
            let with_successor = numbers.iter().filter(|(number, lost)| *lost && Some(*number) < highest).count();
            let missing = missing(&reader, author) as usize;
            // A given-up number may have been told only by a lost message.
            prop_assert!(missing >= with_successor);
            prop_assert!(missing <= with_successor + talk.given_up);
        }
    }

    #[test]
    fn a_lying_author_is_told_from_the_others(
        seed: u64, members in 1usize..5, steps in 4usize..60, parts in 1usize..10, invented: bool, false_root: bool,
    ) {
        let talk = conversation(seed, members, steps, 100);
        // Mallory reads everything and writes at the end.
        let mut log = talk.log;
        let mallory = members;
        let mut author = Member::new(mallory, true);
        author.read(&log, log.len());
        let (mut message, _) = author.write(1_000_000);
        let extensions = message.extensions.as_mut().unwrap();
        let newest = author.mind.entries.len() as u64 - 1;
        if invented {
            extensions.parents = vec![Parent { id: EntryPrefix::from_bytes([7; 20]), index: newest }];
        }
        let size = extensions.parents.iter().map(|parent| parent.index + 1).max();
        extensions.gossip = size.map(|size| {
            let honest = author.mind.root_at(size).unwrap();
            Gossip { incarnation: INCARNATION, size, root: if false_root { [7; 32] } else { honest } }
        });
        log.push(message.clone());
        // And says something else under the same number.
        let mut second = message.clone();
        second.id = EntryId::of(b"second", b"");
        second.name = MsgId::of(&[1; 16], b"second");
        log.push(second.clone());
        // Somebody posts the first one again.
        let mut copy = message.clone();
        copy.id = EntryId::of(b"copy", b"");
        log.push(copy.clone());
        let reader = read(&log, parts);
        let mut expected = vec![(NoteKind::Conflicting, 1)];
        if false_root && size.is_some() {
            expected.push((NoteKind::OtherLog, 1));
        }
        if invented {
            let verdict = if false_root { Verdict::SplitView } else { Verdict::AuthorLies };
            expected.push((NoteKind::Parent(verdict), 1));
        }
        prop_assert_eq!(reader.notes(&second.id), expected.clone());
        expected.push((NoteKind::Copy, 1));
        prop_assert_eq!(reader.notes(&message.id), expected);
        prop_assert!(reader.store.row_of(&copy.id).is_none());
        let claimed = if false_root && size.is_some() { 2 } else { 0 };
        prop_assert_eq!(reader.claims.len(), claimed);
        prop_assert!(reader.claims.iter().all(|claim| claim.author == key(mallory)));
        for message in log.iter().filter(|message| message.author != mallory && !message.foreign) {
            let notes = reader.notes(&message.id);
            prop_assert!(notes.iter().all(|(kind, _)| *kind == NoteKind::Missing), "{:?}", notes);
        }
    }
}
