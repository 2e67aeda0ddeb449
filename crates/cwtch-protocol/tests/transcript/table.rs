//! Each row of the table of section 8.

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_protocol::transcript::{
    AuthorChain, GossipVerdict, HOLES_MAX, OpenReferences, Standing, Taken, Verdict, View, Why, judge,
};
use cwtch_wire::group::{Extensions, Gossip, Parent};

use crate::world::{INCARNATION, Message, Mind};

fn message(number: u8, foreign: bool) -> Message {
    let (id, name) = (EntryId::of(b"m", &[number]), MsgId::of(&[1; 16], &[number]));
    Message { author: 0, id, name, extensions: None, foreign }
}

fn mind(size: u8) -> Mind {
    let mut mind = Mind::new();
    (0..size).for_each(|number| mind.push(&message(number, number % 5 == 4)));
    mind
}

fn refer(id: EntryPrefix, index: u64, root: Option<[u8; 32]>) -> Extensions {
    let gossip = root.map(|root| Gossip { incarnation: INCARNATION, size: index + 1, root });
    Extensions { parents: vec![Parent { id, index }], gossip, ..Extensions::default() }
}

fn verdict(extensions: &Extensions, index: u64, mind: &Mind) -> Verdict {
    judge(extensions, Standing { index: Some(index), since: mind.syncs }, mind).worst()
}

#[test]
fn every_row() {
    let mut mind = mind(20);
    let (here, invented) = (message(3, false).id.prefix(), EntryPrefix::from_bytes([9; 20]));
    let root = mind.root_at(8);
    assert_eq!(verdict(&refer(here, 3, None), 10, &mind), Verdict::Fine);
    assert_eq!(verdict(&refer(message(4, true).id.prefix(), 4, None), 10, &mind), Verdict::Unreadable);
    assert_eq!(verdict(&refer(invented, 7, root), 10, &mind), Verdict::AuthorLies);
    assert_eq!(verdict(&refer(invented, 7, Some([0; 32])), 10, &mind), Verdict::SplitView);
    assert_eq!(verdict(&refer(invented, 7, None), 10, &mind), Verdict::Undecided);
    // Of another incarnation, or declared lost: nobody lies.
    let mut other = refer(invented, 7, root);
    other.gossip = other.gossip.map(|gossip| Gossip { incarnation: 120, ..gossip });
    assert_eq!(verdict(&other, 10, &mind), Verdict::Undecided);
    mind.lost = vec![(7, 9)];
    assert_eq!(verdict(&refer(invented, 7, root), 10, &mind), Verdict::Undecided);
    mind.lost.clear();
    // Behind the own message: the author sees another log.
    assert_eq!(verdict(&refer(invented, 12, Some([0; 32])), 10, &mind), Verdict::SplitView);
    assert_eq!(verdict(&refer(here, 12, Some([0; 32])), 10, &mind), Verdict::Fine);
    mind.log = false;
    assert_eq!(verdict(&refer(invented, 7, root), 10, &mind), Verdict::CannotTell);
}

#[test]
fn a_reference_beyond_the_own_log_waits_for_two_syncs_and_is_settled_by_what_comes() {
    let mut mind = mind(5);
    let standing = Standing { index: None, since: mind.syncs };
    let mut open = OpenReferences::default();
    let (coming, invented) =
        (refer(message(6, false).id.prefix(), 6, None), refer(EntryPrefix::from_bytes([9; 20]), 6, None));
    for (number, extensions) in [(100, &coming), (101, &invented)] {
        let judged = judge(extensions, standing, &mind);
        assert_eq!((judged.worst(), judged.gossip), (Verdict::Waiting, GossipVerdict::None));
        open.add(message(number, false).id, extensions, &judged, standing);
    }
    mind.syncs += 1;
    assert!(open.judge_again(&mind).is_empty());
    mind.syncs += 1;
    let changed = open.judge_again(&mind);
    assert!(
        changed.iter().all(|c| (c.before, c.reference.verdict) == (Verdict::Waiting, Verdict::Undecided))
    );
    assert_eq!(changed.len(), 2);
    (5..8).for_each(|number| mind.push(&message(number, false)));
    let changed = open.judge_again(&mind);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].reference.verdict, Verdict::Fine);
    assert_eq!(open.iter().count(), 1);
}

#[test]
fn what_expired_before_it_came_is_not_called_missing() {
    let mut mind = Mind::new();
    mind.min_index = 50;
    mind.unseen = vec![(10, 50)];
    // Nothing is known about index 20.
    (0..10).for_each(|number| mind.push(&message(number, false)));
    mind.entries.resize(10, EntryPrefix::NONE);
    assert_eq!(
        verdict(&refer(EntryPrefix::from_bytes([9; 20]), 20, None), 60, &{
            let mut longer = mind.clone();
            (10..60).for_each(|number| longer.push(&message(number, false)));
            longer.entries.truncate(10);
            longer
        }),
        Verdict::Expired
    );
    let (mut chain, name) = (AuthorChain::new(), message(1, false).name);
    assert_eq!(chain.take(1, &name, 5, &[], |_| None), Taken::Next);
    assert_eq!(chain.take(4, &name, 55, &[], |_| None), Taken::Gap(2));
    let missing = chain.missing(&mind);
    assert_eq!((missing[0].count, missing[0].why, missing.len()), (2, Why::PerhapsExpired, 1));
    assert_eq!(chain.take(7, &name, 58, &[5], |_| None), Taken::Gap(2));
    let missing = chain.missing(&mind);
    assert_eq!((missing[0].count, missing[0].why), (1, Why::NotDelivered));
    // The expired ones come from a contact, one after the other.
    assert_eq!(chain.take(3, &name, 0, &[], |_| None), Taken::Late);
    assert_eq!(chain.take(2, &name, 0, &[], |_| None), Taken::Late);
    assert_eq!(chain.missing(&mind).len(), 1);
}

#[test]
fn holes_are_bounded_and_still_counted() {
    let (mut chain, mind, name) = (AuthorChain::new(), mind(1), message(1, false).name);
    for number in 1..=200u32 {
        chain.take(number * 2, &name, u64::from(number), &[], |_| None);
    }
    assert_eq!(chain.holes().len(), HOLES_MAX);
    assert_eq!(chain.missing(&mind)[0].count, 200);
    chain.take(u32::MAX, &name, 1000, &[], |_| None);
    assert_eq!(chain.missing(&mind)[0].count, u32::MAX - 200 - 1);
    // One of the oldest comes after all.
    assert_eq!(chain.take(1, &name, 1001, &[], |_| None), Taken::Late);
    assert_eq!(chain.missing(&mind)[0].count, u32::MAX - 200 - 2);
}

#[test]
fn sentences_name_the_author_where_it_matters() {
    assert_eq!(Verdict::Fine.sentence("Alice"), None);
    assert!(Verdict::AuthorLies.sentence("Alice").unwrap().starts_with("Alice refers to"));
    assert!(Verdict::SplitView.sentence("Alice").unwrap().contains("Alice reports a different log"));
    let before = message(1, false).name;
    assert!(Taken::Equivocation { before }.sentence("Alice").unwrap().starts_with("Alice sent conflicting"));
}
