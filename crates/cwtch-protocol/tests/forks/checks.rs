//! What is compared before a fork is offered, and before one is made.

use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Identity, PublicKey};
use cwtch_protocol::group::fork::{
    Checked, DAY, Epoch, Event, HOUR, Kind, Member, Obstacle, Readiness, Refusal, Statement, View, check,
    may_fork,
};
use cwtch_testkit::log::{self, HonestLog, ServerKeys};
use cwtch_testkit::rng;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::{ForkId, Mode, NoticeFields, OldPart, OpenedFork, ServerPart, ServerPartFault};

use super::support::{One, START, founded, member, members, rekey, without};

fn opened(group: &Epoch, change: impl FnOnce(&mut NoticeFields, &mut OldPart)) -> OpenedFork {
    let mut old = OldPart {
        salt: [1; 16],
        group: GroupId::from_bytes([7; 16]),
        fork: group.id,
        incarnation: 0,
        log_size: 0,
    };
    let mut fields = NoticeFields {
        mode: Mode::Trusted,
        depth: group.depth + 1,
        time: START,
        server: group.server,
        old: Some(old.hash().unwrap()),
        server_part: None,
        name: String::new(),
        members: group.listed.clone(),
    };
    change(&mut fields, &mut old);
    let secret = ForkSecret::new([2; 32]);
    // Number 2 made it.
    let (notice, keys) = fields.sign(&Identity::from_seed(&[3; 32]), &secret).unwrap();
    OpenedFork { notice, old, server: None, secret, keys }
}

fn run(view: &View, opened: &OpenedFork, now: u64) -> Result<Checked, Refusal> {
    check(view, opened, |_| Some(GroupId::from_bytes([7; 16])), now)
}

#[test]
fn an_opened_package_must_fit_what_is_known() {
    let group = founded(4);
    let view = View::new(member(1), group.clone());
    let good = opened(&group, |_, _| {});
    let Ok(Checked::Good(epoch)) = run(&view, &good, START) else { panic!("refused") };
    assert_eq!((epoch.parent, epoch.forker, epoch.depth), (Some(group.id), Some(member(2)), 1));
    assert_eq!(run(&view, &opened(&group, |_, old| old.fork = ForkId::NONE), START), Ok(Checked::Elsewhere));
    assert_eq!(
        run(&view, &opened(&group, |_, old| old.group = GroupId::from_bytes([8; 16])), START),
        Err(Refusal::OldGroup)
    );
    let without_me = |fields: &mut NoticeFields, _: &mut OldPart| {
        fields.members.remove(&member(1));
    };
    assert_eq!(run(&view, &opened(&group, without_me), START), Err(Refusal::NotListed));
    assert_eq!(run(&view, &opened(&group, |fields, _| fields.depth = 2), START), Err(Refusal::Depth));
    let before = opened(&group, |fields, _| fields.time = (group.time - 1) / HOUR * HOUR);
    assert_eq!(run(&view, &before, START), Err(Refusal::Time));
}

#[test]
fn a_notice_from_the_future_or_of_an_unknown_member_waits() {
    let group = founded(4);
    let view = View::new(member(1), group.clone());
    let ahead = opened(&group, |fields, _| fields.time = START + DAY + HOUR);
    assert_eq!(run(&view, &ahead, START), Ok(Checked::Waits));
    assert!(matches!(run(&view, &ahead, START + HOUR), Ok(Checked::Good(_))));
    // Number 2 is not in this list, until a message shows that they write here.
    let others = Epoch { listed: members([0, 1, 3]), ..group };
    let mut one = One::of(&others);
    let fork = opened(&others, |fields, _| {
        fields.members.insert(member(2));
    });
    assert_eq!(run(&one.view, &fork, START), Ok(Checked::Waits));
    let statement = Statement { epoch: others.id, time: START, place: None };
    one.event(Event::Said(member(2), statement));
    assert!(matches!(run(&one.view, &fork, START), Ok(Checked::Good(_))));
}

/// The keys of a server with a log, as the server says them.
fn server_part(board: &Identity) -> ServerPart {
    let issuer = *IssuerKey::generate(&mut rng(1)).public();
    let bundle = KeyBundle::sign(board, &Identity::from_seed(&[51; 32]).address(), &issuer);
    let log = HonestLog::first(ServerKeys::new(1), log::START, 0);
    assert_eq!(ServerKeys::new(1).identity().address(), board.address());
    ServerPart::new(&bundle, Some(log.certificate().to_bytes())).unwrap()
}

#[test]
fn keys_of_a_server_belong_to_a_move_and_must_be_that_servers() {
    let group = founded(4);
    let view = View::new(member(1), group.clone());
    let elsewhere = ServerKeys::new(1);
    let board = *elsewhere.identity().public_key();
    let part = server_part(elsewhere.identity());
    let with = |server: PublicKey, part: Option<&ServerPart>| {
        let fork = opened(&group, |fields, _| {
            (fields.server, fields.server_part) = (server, part.map(ServerPart::hash));
        });
        OpenedFork { server: part.cloned(), ..fork }
    };
    let Ok(Checked::Good(epoch)) = run(&view, &with(board, Some(&part)), START) else { panic!("refused") };
    assert_eq!((epoch.server, view.kind(&epoch, START)), (board, Kind::Move));
    // Where to go without being told how, and how without a reason to.
    assert_eq!(run(&view, &with(board, None), START), Err(Refusal::Move));
    assert_eq!(run(&view, &with(group.server, Some(&part)), START), Err(Refusal::Move));
    // Another server's keys, and keys that somebody changed.
    let another = *Identity::from_seed(&[77; 32]).public_key();
    let bundle = Err(Refusal::Server(ServerPartFault::Bundle));
    assert_eq!(run(&view, &with(another, Some(&part)), START), bundle);
    for byte in [0, 40, 127] {
        let mut changed = part.clone();
        changed.bundle[byte] ^= 1;
        assert_eq!(run(&view, &with(board, Some(&changed)), START), bundle, "byte {byte}");
    }
    let mut changed = part.clone();
    changed.certificate.as_mut().unwrap()[100] ^= 1;
    let certificate = Err(Refusal::Server(ServerPartFault::Certificate));
    assert_eq!(run(&view, &with(board, Some(&changed)), START), certificate);
    // One that is signed by another server's log.
    let log = HonestLog::first(ServerKeys::new(2), log::START, 0);
    let mut foreign = part.clone();
    foreign.certificate = Some(Box::new(log.certificate().to_bytes()));
    assert_eq!(run(&view, &with(board, Some(&foreign)), START), certificate);
    // Without a log there is no certificate.
    let plain = ServerPart { certificate: None, ..part };
    assert!(matches!(run(&view, &with(board, Some(&plain)), START), Ok(Checked::Good(_))));
}

fn ready() -> Readiness {
    Readiness { clock: START + 99, synced: Some(START), ..Readiness::default() }
}

#[test]
fn a_fork_needs_a_sync_a_list_a_clock_and_a_decision() {
    let group = founded(4);
    let mut one = One::of(&group);
    let may = |one: &One, ready: &Readiness| may_fork(&one.view, ready, one.now);
    let own = may(&one, &ready()).unwrap();
    assert_eq!((own.time, own.depth, own.doubtful_clock), (START, 1, false));
    // A sync within five minutes; from a server that cheats there is none.
    assert_eq!(may(&one, &Readiness { synced: Some(START - 202), ..ready() }), Err(Obstacle::NotSynced));
    assert_eq!(may(&one, &Readiness { synced: None, ..ready() }), Err(Obstacle::NotSynced));
    assert!(may(&one, &Readiness { synced: None, leaves_server: true, ..ready() }).is_ok());
    // A clock within a day of the log's.
    assert!(may(&one, &Readiness { checkpoint: Some(START + DAY), ..ready() }).is_ok());
    for time in [START + DAY + 100, START - DAY] {
        assert_eq!(may(&one, &Readiness { checkpoint: Some(time), ..ready() }), Err(Obstacle::Clock));
    }
    let others = vec![START + 4 * DAY, START + 5 * DAY, START];
    assert!(may(&one, &Readiness { others: others.clone(), ..ready() }).unwrap().doubtful_clock);
    assert!(!may(&one, &Readiness { others, checkpoint: Some(START), ..ready() }).unwrap().doubtful_clock);
    // Never before the epoch that is forked, whatever the clock says.
    let late = Readiness { clock: 99, synced: Some(0), ..Readiness::default() };
    assert_eq!(may(&one, &late).unwrap().time, group.time);
    // Decide first.
    let change = without(1, &group, 2, START, 3);
    one.opens(&change);
    assert_eq!(may(&one, &ready()), Err(Obstacle::Undecided(change.id)));
    one.refuses();
    assert!(may(&one, &ready()).is_ok());
    // One in seven days.
    let mine = rekey(2, &group, 1, START);
    one.event(Event::Forked(mine));
    assert_eq!(may(&one, &ready()), Err(Obstacle::TooSoon));
    assert!(may(&one, &Readiness { anyway: true, ..ready() }).is_ok());
    let later = Readiness { clock: START + 7 * DAY, synced: Some(START + 7 * DAY), ..Readiness::default() };
    assert!(may(&one, &later).is_ok());
    // Who is not listed cannot.
    let stranger: Member = member(9);
    let outside = One { view: View::new(stranger, group), now: START };
    assert_eq!(may(&outside, &ready()), Err(Obstacle::NotListed));
}
