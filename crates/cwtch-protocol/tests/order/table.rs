//! Each row of the table of section 8.

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_protocol::group::{
    Arrival, AuthorChain, CHAINS_MAX, Fate, Gone, HOLES_MAX, Hole, Log, Memory, NoteKind, Open,
    OpenReference, Page, Place, Row, Taken, Verdict, WAITING_SYNCS, WINDOW, Why, Words,
};
use cwtch_wire::group::{ABANDONED_MAX, Chain, Extensions, Gossip, Parent};

use crate::world::{INCARNATION, Member, Message, Mind, key};

fn message(number: u32, foreign: bool) -> Message {
    let number = number.to_be_bytes();
    let (id, name) = (EntryId::of(b"m", &number), MsgId::of(&[1; 16], &number));
    Message { author: 0, id, name, extensions: None, foreign }
}

fn saying(number: u32, extensions: Extensions) -> Message {
    Message { extensions: Some(extensions), ..message(number, false) }
}

fn numbered(number: u32, label: u32, sequence: u32) -> Message {
    let chain = Some(Chain { label, sequence, previous: EntryPrefix::NONE });
    saying(number, Extensions { chain, ..Extensions::default() })
}

fn mind(size: u32) -> Mind {
    let mut mind = Mind::default();
    (0..size).for_each(|number| mind.push(&message(number, false).id));
    mind
}

fn refer(id: EntryPrefix, index: u64, root: Option<[u8; 32]>) -> Extensions {
    let gossip = root.map(|root| Gossip { incarnation: INCARNATION, size: index + 1, root });
    Extensions { parents: vec![Parent { id, index }], gossip, ..Extensions::default() }
}

/// The verdict on the first reference of a message at an index; what it names is not here.
fn verdict(extensions: &Extensions, index: u64, log: Option<&Mind>) -> Verdict {
    let open = OpenReference {
        row: Row(1),
        number: 0,
        parent: extensions.parents[0],
        gossip: extensions.gossip,
        index: Some(index),
        waited: 0,
        own_entry: None,
        own_root: None,
    };
    let judged = Page { references: vec![open], views: Vec::new() }.judge(log, 0);
    match judged.changes[..] {
        [cwtch_protocol::group::Change::Judged { verdict, .. }] => verdict,
        _ => Verdict::Waiting,
    }
}

#[test]
fn every_row() {
    let mut mind = mind(20);
    let (there, invented) = (message(4, true).id.prefix(), EntryPrefix::from_bytes([9; 20]));
    let root = mind.root_at(8);
    assert_eq!(verdict(&refer(there, 4, None), 10, Some(&mind)), Verdict::Unreadable);
    assert_eq!(verdict(&refer(invented, 7, root), 10, Some(&mind)), Verdict::AuthorLies);
    assert_eq!(verdict(&refer(invented, 7, Some([0; 32])), 10, Some(&mind)), Verdict::SplitView);
    assert_eq!(verdict(&refer(invented, 7, None), 10, Some(&mind)), Verdict::Undecided);
    // Of another incarnation, or declared lost: nobody lies.
    let mut other = refer(invented, 7, root);
    other.gossip = other.gossip.map(|gossip| Gossip { incarnation: 120, ..gossip });
    assert_eq!(verdict(&other, 10, Some(&mind)), Verdict::Undecided);
    mind.lost = vec![(7, 9)];
    assert_eq!(verdict(&refer(invented, 7, root), 10, Some(&mind)), Verdict::Undecided);
    mind.lost.clear();
    // Behind the own message: the author sees another log.
    assert_eq!(verdict(&refer(invented, 12, Some([0; 32])), 10, Some(&mind)), Verdict::SplitView);
    // Beyond the own log, and the message is not in it either.
    assert_eq!(verdict(&refer(invented, 30, None), 40, Some(&mind)), Verdict::Waiting);
    // Deleted before it was read: nothing is known about its index.
    mind.min_index = 15;
    mind.entries.truncate(3);
    assert_eq!(verdict(&refer(invented, 7, None), 18, Some(&mind)), Verdict::Expired);
    assert_eq!(verdict(&refer(invented, 7, root), 10, None::<&Mind>), Verdict::CannotTell);
}

#[test]
fn a_reference_beyond_the_own_log_waits_for_two_syncs_and_is_settled_by_what_comes() {
    let mut member = Member::new(9, true);
    member.sync(&(0..5).map(|number| message(number, false)).collect::<Vec<_>>());
    let coming = saying(100, refer(message(6, false).id.prefix(), 6, None));
    let invented = saying(101, refer(EntryPrefix::from_bytes([9; 20]), 6, None));
    for given in [&coming, &invented] {
        assert_eq!(member.given(given), Fate::Stored);
        assert_eq!(member.given(given), Fate::Known);
        assert!(member.notes(&given.id).contains(&(NoteKind::Parent(Verdict::Waiting), 1)));
    }
    // Only a completed sync counts.
    (0..5).for_each(|_| member.judge(false));
    for _ in 0..WAITING_SYNCS {
        member.judge(true);
        assert!(member.notes(&invented.id).contains(&(NoteKind::Parent(Verdict::Waiting), 1)));
    }
    member.judge(true);
    for given in [&coming, &invented] {
        assert!(member.notes(&given.id).contains(&(NoteKind::Parent(Verdict::Undecided), 1)));
    }
    member.sync(&(5..8).map(|number| message(number, false)).collect::<Vec<_>>());
    assert_eq!(member.notes(&coming.id), [(NoteKind::Late, 1)]);
    assert!(member.notes(&invented.id).contains(&(NoteKind::Parent(Verdict::Undecided), 1)));
}

/// What a member gives has no place of its own in the log, and what nobody needs any more is not asked about again.
#[test]
fn all_that_is_open_is_judged_whoever_names_how_much() {
    let mut member = Member::new(9, true);
    let many = 3000;
    let messages: Vec<Message> = (0..many)
        .map(|number| {
            saying(number, refer(EntryPrefix::from_bytes([number as u8; 20]), u64::from(number / 2), None))
        })
        .collect();
    member.sync(&messages);
    assert!(member.store.open(Open::All).is_empty(), "no bound leaves the rest open");
}

#[test]
fn what_expired_before_it_came_is_not_called_missing() {
    let mut chain = AuthorChain::new();
    let name = message(1, false).name;
    let why = |chain: &AuthorChain, gone: &Gone| {
        chain.holes().iter().map(|hole| (hole.count(), gone.why(hole))).collect::<Vec<_>>()
    };
    let gone = Gone { read_from: 0, ranges: vec![(10, 50)] };
    assert_eq!(chain.take(1, &name, 5, &[], None), Taken::Next);
    assert_eq!(chain.take(4, &name, 55, &[], None), Taken::Gap(2));
    assert_eq!(why(&chain, &gone), [(2, Why::PerhapsExpired)]);
    assert_eq!(why(&chain, &Gone::default()), [(2, Why::NotDelivered)]);
    assert_eq!(why(&chain, &Gone { read_from: 6, ranges: vec![] }), [(2, Why::NotDelivered)]);
    assert_eq!(why(&chain, &Gone { read_from: 7, ranges: vec![] }), [(2, Why::PerhapsExpired)]);
    assert_eq!(chain.take(7, &name, 58, &[5], None), Taken::Gap(2));
    assert_eq!(why(&chain, &gone), [(2, Why::PerhapsExpired), (1, Why::NotDelivered)]);
    // The expired ones come from a contact, one after the other.
    assert_eq!(chain.take(3, &name, 0, &[], None), Taken::Late);
    assert_eq!(chain.take(2, &name, 0, &[], None), Taken::Late);
    assert_eq!(why(&chain, &gone), [(1, Why::NotDelivered)]);
    let behind = Hole { first: 1, last: 1, after: Some(60), before: 70 };
    assert_eq!(gone.why(&behind), Why::NotDelivered);
}

#[test]
fn holes_are_bounded_and_still_counted() {
    let (mut chain, name) = (AuthorChain::new(), message(1, false).name);
    let missing =
        |chain: &AuthorChain| chain.forgotten() + chain.holes().iter().map(|hole| hole.count()).sum::<u32>();
    for number in 1..=200u32 {
        chain.take(number * 2, &name, u64::from(number), &[], None);
    }
    assert_eq!(chain.holes().len(), HOLES_MAX);
    assert_eq!(missing(&chain), 200);
    chain.take(u32::MAX, &name, 1000, &[], None);
    assert_eq!(missing(&chain), u32::MAX - 200 - 1);
    // One of the oldest comes after all.
    assert_eq!(chain.take(1, &name, 1001, &[], None), Taken::Late);
    assert_eq!(missing(&chain), u32::MAX - 200 - 2);
}

#[test]
fn chains_of_one_author_are_bounded_and_those_of_others_are_not_touched_by_it() {
    let mut member = Member::new(9, true);
    let chains = CHAINS_MAX as u32;
    let mut all: Vec<Message> = (0..chains + 5).map(|number| numbered(number, number + 1, 7)).collect();
    all.push(Message { author: 1, ..numbered(1000, 1, 7) });
    member.sync(&all);
    let missing = member.store.missing();
    assert_eq!(missing[&key(0)][0].count, chains * 6, "messages of further chains are weak");
    assert_eq!(missing[&key(1)][0].count, 6);
}

#[test]
fn a_label_is_never_0() {
    let member = Member::new(9, true);
    assert_eq!(member.store.next_extensions(0).chain.unwrap().label, 1);
    assert_eq!(member.store.next_extensions(77).chain.unwrap().label, 77);
}

/// Nothing is kept for it: what so many newer ones passed by is no parent any more, however few heads there are.
#[test]
fn heads_are_those_among_the_newest_messages() {
    let mut member = Member::new(9, true);
    let window = WINDOW as u32;
    // Message 0 stands alone; the others name the one before each.
    let naming = |number: u32| {
        let before = message(number - 1, false);
        saying(number, refer(before.id.prefix(), u64::from(number) - 1, None))
    };
    let mut log = vec![message(1000, false), message(0, false)];
    log.extend((1..window - 1).map(naming));
    member.sync(&log);
    let indexes = |member: &Member| {
        member.store.next_extensions(1).parents.iter().map(|parent| parent.index).collect::<Vec<_>>()
    };
    assert_eq!(indexes(&member), [u64::from(window) - 1, 0]);
    member.sync(&[naming(window - 1)]);
    assert_eq!(indexes(&member), [u64::from(window)]);
}

/// Own messages are as many as a person writes: none is turned away, and all numbers are told in the end.
#[test]
fn what_is_under_way_or_given_up_is_not_bounded() {
    let mut member = Member::new(9, true);
    let rows: Vec<Row> = (0..1100).map(|number| member.write(number).1.unwrap()).collect();
    rows.iter().for_each(|row| member.store.give_up(*row));
    let mut told = Vec::new();
    for number in 0..200 {
        let (message, _) = member.write(5000 + number);
        told.extend(message.extensions.unwrap().abandoned);
    }
    assert_eq!(told, (1..=1100).collect::<Vec<u32>>());
    assert_eq!(ABANDONED_MAX * 200, 1600);
}

#[test]
fn behind_the_last_number_another_chain_begins() {
    let mut store = Memory::new(key(9));
    store.set_log(Some(0), None);
    let last = numbered(1, 5, u32::MAX);
    let draft = store.enqueue(&Words { kind: 1, data: "", sent: Some(1) });
    store.apply(
        &[cwtch_protocol::group::Change::Own(cwtch_protocol::group::OwnChain {
            label: Some(5),
            next: u32::MAX,
        })],
        None,
    );
    store.compose(draft, &last.arrival(&key(9), None), 0).unwrap();
    let next = store.next_extensions(6).chain.unwrap();
    assert_eq!((next.label, next.sequence), (6, 1));
}

/// Whoever uses a number again and again makes others look at two messages, not at all of them.
#[test]
fn a_number_that_is_used_many_times_touches_the_first_one_once() {
    let mut store = Memory::new(key(9));
    let author = key(0);
    let touched: Vec<usize> = (0..50)
        .map(|number| {
            let message = numbered(number, 5, 1);
            let arrival = Arrival { author: &author, ..message.arrival(&author, None::<Place>) };
            store.shown(&arrival).1.rows.len()
        })
        .collect();
    assert_eq!(touched.iter().sum::<usize>(), 1);
}
