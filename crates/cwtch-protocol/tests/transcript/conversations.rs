use std::collections::HashSet;

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_protocol::transcript::{GossipVerdict, Taken, Verdict, View};
use cwtch_testkit::rng;
use cwtch_wire::group::{Gossip, Parent};
use proptest::prelude::*;
use rand_core::RngCore;

use crate::world::{Author, INCARNATION, Message, Reader};

struct Conversation {
    log: Vec<Message>,
    /// Messages that were written and given up.
    given_up: usize,
}

/// Members write, each with a view that lags; posts may overtake each other or be given up; others use the server, too.
fn conversation(seed: u64, members: usize, steps: usize, modern: u8) -> Conversation {
    let mut rng = rng(seed);
    let mut draw = move |below: u64| rng.next_u64() % below.max(1);
    let mut authors: Vec<Author> =
        (0..members).map(|label| Author::new(label as u32 + 1, draw(100) < u64::from(modern))).collect();
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
        let (message, chain) = author.write(who, number);
        let told = message.extensions.iter().flat_map(|e| e.abandoned.clone()).collect::<Vec<_>>();
        match chain {
            Some(chain) if !last_round && draw(10) == 0 => {
                author.chain.abandon(chain.sequence);
                given_up += 1;
            }
            Some(chain) => {
                author.chain.posted(chain.sequence, &told);
                under_way.push(message);
            }
            None => under_way.push(message),
        }
        while !under_way.is_empty() && (last_round || draw(3) > 0) {
            log.push(under_way.remove(draw(under_way.len() as u64) as usize));
            if draw(4) == 0 {
                number += 1;
                let id = EntryId::of(b"foreign", &number.to_be_bytes());
                let name = MsgId::of(&[2; 16], &number.to_be_bytes());
                log.push(Message { author: usize::MAX, id, name, extensions: None, foreign: true });
            }
        }
    }
    Conversation { log, given_up }
}

fn read(log: &[Message], parts: usize) -> Reader {
    let mut reader = Reader::new();
    for part in log.chunks(log.len().div_ceil(parts).max(1)) {
        reader.sync(part);
    }
    reader
}

fn refers(message: &Message) -> impl Iterator<Item = EntryPrefix> {
    message.extensions.iter().flat_map(|e| e.parents.iter().map(|parent| parent.id))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn when_all_is_delivered_nothing_is_reported(
        seed: u64, members in 1usize..6, steps in 0usize..80, modern in 0u8..=100, parts in 1usize..10,
    ) {
        let talk = conversation(seed, members, steps, modern);
        let reader = read(&talk.log, parts);
        prop_assert_eq!(reader.open.iter().count(), 0);
        for (_, judged) in &reader.judged {
            prop_assert_eq!(judged.worst(), Verdict::Fine);
            prop_assert!(matches!(judged.gossip, GossipVerdict::Agrees | GossipVerdict::None));
        }
        for (_, taken) in &reader.taken {
            prop_assert!(matches!(taken, Taken::Next | Taken::Gap(_) | Taken::Late));
        }
        for chain in reader.chains.values() {
            prop_assert!(chain.missing(&reader.mind).is_empty(), "of {} given up", talk.given_up);
        }
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
        let reported: HashSet<(EntryId, EntryPrefix)> =
            reader.open.iter().map(|open| (open.message, open.parent.id)).collect();
        for message in &delivered {
            for parent in refers(message) {
                prop_assert_eq!(reported.contains(&(message.id, parent)), lost.contains(&parent));
            }
        }
        // Numbers of chains: exactly the lost ones with a successor.
        for ((author, label), chain) in &reader.chains {
            let missing: u32 = chain.missing(&reader.mind).iter().map(|missing| missing.count).sum();
            let mut before = Vec::new();
            for message in talk.log.iter().filter(|message| message.author == *author) {
                let extensions = message.extensions.as_ref().unwrap();
                prop_assert_eq!(extensions.chain.unwrap().label, *label);
                before.push((extensions.chain.unwrap().sequence, lost.contains(&message.id.prefix())));
            }
            let with_successor = before.iter().filter(|(n, lost)| *lost && *n < chain.highest()).count();
            // A given-up number may have been told only by a lost message.
            prop_assert!(missing as usize >= with_successor);
            prop_assert!(missing as usize <= with_successor + talk.given_up);
        }
        for (_, judged) in &reader.judged {
            prop_assert!(judged.parents.iter().all(|(_, verdict)| *verdict != Verdict::AuthorLies));
        }
        prop_assert!(reader.open.iter().all(|open| open.verdict != Verdict::AuthorLies));
        let twice = |taken: &Taken| matches!(taken, Taken::Equivocation { .. });
        prop_assert!(!reader.taken.iter().any(|(_, taken)| twice(taken)));
    }

    #[test]
    fn a_lying_author_is_told_from_the_others(
        seed: u64, members in 1usize..5, steps in 4usize..60, parts in 1usize..10, invented: bool, false_root: bool,
    ) {
        let talk = conversation(seed, members, steps, 100);
        // Mallory reads everything and writes at the end.
        let mut log = talk.log;
        let mallory = members;
        let mut author = Author::new(99, true);
        author.read(&log, log.len());
        let (mut message, chain) = author.write(mallory, 1_000_000);
        let extensions = message.extensions.as_mut().unwrap();
        let newest = author.mind.entries.len() as u64 - 1;
        let root = author.mind.root_at(newest + 1).unwrap();
        if invented {
            extensions.parents = vec![Parent { id: EntryPrefix::from_bytes([7; 20]), index: newest }];
        }
        let root = if false_root { [7; 32] } else { root };
        let size = extensions.parents.iter().map(|parent| parent.index + 1).max();
        extensions.gossip = size.map(|size| {
            let honest = author.mind.root_at(size).unwrap();
            Gossip { incarnation: INCARNATION, size, root: if false_root { root } else { honest } }
        });
        let mallorys = message.id;
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
        for (message, judged) in &reader.judged {
            if message.author != mallory {
                prop_assert_eq!(judged.worst(), Verdict::Fine);
                prop_assert!(matches!(judged.gossip, GossipVerdict::Agrees | GossipVerdict::None));
            } else if message.id == mallorys {
                let expected = match (invented, false_root) {
                    (false, _) => Verdict::Fine,
                    (true, false) => Verdict::AuthorLies,
                    (true, true) => Verdict::SplitView,
                };
                prop_assert_eq!(judged.worst(), expected);
                prop_assert_eq!(judged.gossip == GossipVerdict::Differs, false_root && size.is_some());
            }
        }
        let taken = |id: EntryId| reader.taken.iter().find(|(message, _)| message.id == id).unwrap().1;
        prop_assert!(chain.is_some());
        prop_assert_eq!(taken(mallorys), Taken::Next);
        prop_assert_eq!(taken(second.id), Taken::Equivocation { before: message.name });
        prop_assert_eq!(taken(copy.id), Taken::Copy);
        for (message, taken) in &reader.taken {
            prop_assert!(message.author == mallory || matches!(taken, Taken::Next | Taken::Gap(_) | Taken::Late));
        }
    }
}
