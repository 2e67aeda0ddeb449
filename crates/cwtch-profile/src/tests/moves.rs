//! Groups that move to another server: one order over two logs, a server that is added with the fork that leads to it, and a first
//! dial at a random moment.

use std::collections::BTreeMap;

use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Identity, PublicKey};
use cwtch_protocol::group::fork::{DAY, Event, Readiness};
use cwtch_protocol::monitor::{Change, Loss};
use cwtch_testkit::log::{HonestLog, START, ServerKeys};
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::{ForkId, Mode, NoticeFields, OldPart, Package, SealedFork, ServerPart};
use proptest::prelude::*;

use super::epochs::fork;
use super::*;

const T: u64 = NOW as u64;

/// A server whose log is pinned.
fn logged(profile: &mut Profile, n: u64) -> NewServer {
    let keys = ServerKeys::new(n);
    let server = NewServer { board: keys.identity().address(), ..server(n) };
    profile.add_server(&server, NOW).unwrap();
    let certificate = HonestLog::first(keys, START, 0).certificate().clone();
    let changes = [
        Change::Certificate {
            incarnation: certificate.incarnation(),
            bytes: certificate.to_bytes().to_vec(),
        },
        Change::Pinned(certificate.incarnation()),
    ];
    profile.apply_log_changes(&server.board, &changes).unwrap();
    server
}

// --- order ---

/// One step of a group that moves about.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A message comes, of the epoch that is written in or of one of the others, that far behind the last on its server.
    Deliver(usize, u64),
    /// A new epoch on one of the servers, which is entered.
    Move(usize),
    /// An epoch that was left is entered again.
    Return(usize),
    /// A server with a log loses what is so many entries before its end.
    Loss(usize, u64),
    /// A server's log is read anew.
    StartOver(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0..4_usize;
    prop_oneof![
        8 => (one.clone(), 1..5_u64).prop_map(|(of, gap)| Step::Deliver(of, gap)),
        3 => one.clone().prop_map(Step::Move),
        1 => one.clone().prop_map(Step::Return),
        1 => (one.clone(), 0..6_u64).prop_map(|(of, back)| Step::Loss(of, back)),
        1 => one.prop_map(Step::StartOver),
    ]
}

/// A message as it should stand: the stretch, then what orders within it; and its index in a log.
#[derive(Debug, Clone, Copy)]
struct Stands {
    stretch: usize,
    key: i64,
    index: Option<u64>,
    epoch: usize,
}

struct World {
    _dir: TempDir,
    profile: Profile,
    conversation: ConversationId,
    /// Two servers with logs, one without.
    servers: Vec<NewServer>,
    /// The next index on each.
    next: Vec<u64>,
    /// Each epoch: group, server, stretch.
    epochs: Vec<(NewGroup, usize, usize)>,
    written: usize,
    messages: BTreeMap<u64, Stands>,
    /// Where each epoch on another server than the one before begins: what was there then.
    begun: Vec<(u64, Vec<u64>)>,
}

impl World {
    fn new() -> Self {
        let (dir, mut profile) = profile();
        let mut servers = vec![logged(&mut profile, 1), logged(&mut profile, 2), server(3)];
        profile.add_server(&servers[2], NOW).unwrap();
        let group = group(1, &servers[0], History::Empty);
        profile.add_group(&group, NOW).unwrap();
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        servers.truncate(3);
        Self {
            _dir: dir,
            profile,
            conversation,
            servers,
            next: vec![0; 3],
            epochs: vec![(group, 0, 0)],
            written: 0,
            messages: BTreeMap::new(),
            begun: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Deliver(of, gap) => self.deliver(of, gap),
            Step::Move(to) => {
                let (server, number) = (to % 3, self.epochs.len() + 1);
                let new = NewEpoch {
                    begins: (self.epochs[self.written].1 != 2)
                        .then(|| self.next[self.epochs[self.written].1]),
                    ..fork(u8::try_from(number).unwrap(), self.written as u64 + 1, &self.servers[server])
                };
                self.profile.add_epoch(self.conversation, &new, NOW).unwrap();
                let NewEpoch { id, key, name, server: board, .. } = new;
                let group = NewGroup { id, key, name, server: board, history: History::Empty, notice: None };
                self.epochs.push((group, server, usize::MAX));
                self.enter(number - 1);
            }
            Step::Return(to) => self.enter(to % self.epochs.len()),
            Step::Loss(of, back) => self.lose(of % 2, back),
            Step::StartOver(of) => self.start_over(of % 2),
        }
    }

    fn enter(&mut self, to: usize) {
        if to == self.written {
            return;
        }
        self.profile.move_to_epoch(self.conversation, to as u64 + 1, NOW).unwrap();
        let (_, from_server, from_stretch) = self.epochs[self.written];
        let same = from_server == self.epochs[to].1;
        if !same && self.epochs[to].2 == usize::MAX {
            self.begun.push((to as u64 + 1, self.messages.keys().copied().collect()));
        }
        self.epochs[to].2 = if same { from_stretch } else { from_stretch + 1 };
        self.written = to;
    }

    fn deliver(&mut self, of: usize, gap: u64) {
        // Mostly where the group writes.
        let epoch = if of == 0 { of % self.epochs.len() } else { self.written };
        let (group, server, stretch) = self.epochs[epoch].clone();
        if stretch == usize::MAX {
            return;
        }
        let n = self.messages.len() as u64 + 1;
        let index = self.next[server] + gap;
        self.next[server] = index + 1;
        let place =
            (server != 2).then(|| LogPlace { index, incarnation: START, root: hash(1000 * n + index) });
        let message = SyncItem { place, ..item(&group, &peer(3), n, None) };
        let fate = apply(&mut self.profile, &self.servers[server], vec![message]).items[0];
        assert!(fate.stored().is_some());
        let key = match place {
            Some(_) => 2 * index.cast_signed() + 1,
            // Before everything of a log, in the order in which it came.
            None => -(1 << 50) + n.cast_signed(),
        };
        self.messages.insert(n, Stands { stretch, key, index: place.map(|place| place.index), epoch });
    }

    /// What is lost stands before what comes in its place, where the group has not come back since.
    fn lose(&mut self, server: usize, back: u64) {
        let from = self.next[server].saturating_sub(back);
        let loss = Loss { from, to: self.next[server], incarnation: START + 60, at: START };
        let lost = Change::Loss { loss, replaces_last: false };
        self.profile.apply_log_changes(&self.servers[server].board, &[lost]).unwrap();
        self.next[server] = from;
        for stands in self.messages.values_mut() {
            let (_, on, stretch) = self.epochs[stands.epoch];
            if on == server
                && stands.index.take_if(|index| *index >= from).is_some()
                && stretch == stands.stretch
            {
                stands.key = 2 * from.cast_signed();
            }
        }
    }

    /// What was read before keeps its order, before all that comes.
    fn start_over(&mut self, server: usize) {
        self.profile.apply_log_changes(&self.servers[server].board, &[Change::StartedOver]).unwrap();
        self.next[server] = 0;
        let mut ranks: BTreeMap<usize, i64> = BTreeMap::new();
        let mut order: Vec<u64> = self.messages.keys().copied().collect();
        order.sort_by_key(|n| (self.messages[n].key, *n));
        for n in order {
            let stands = self.messages.get_mut(&n).unwrap();
            let (_, on, stretch) = self.epochs[stands.epoch];
            if on != server {
                continue;
            }
            stands.index = None;
            if stretch == stands.stretch {
                let rank = ranks.entry(stretch).or_default();
                *rank += 1;
                stands.key = -(1 << 52) + 2 * *rank;
            }
        }
    }

    fn shown(&self) -> Vec<u64> {
        let messages = self.profile.messages(self.conversation, MessageId(0), 1000).unwrap();
        messages.iter().map(number_of).collect()
    }

    fn check(&self) {
        let mut expected: Vec<u64> = self.messages.keys().copied().collect();
        expected.sort_by_key(|n| (self.messages[n].stretch, self.messages[n].key, *n));
        assert_eq!(self.shown(), expected, "{:?}", self.messages);
        let facts = self.profile.epochs(self.conversation).unwrap();
        for (number, before) in &self.begun {
            let place = facts[*number as usize - 1].place.unwrap();
            for message in self.profile.messages(self.conversation, MessageId(0), 1000).unwrap() {
                let n = number_of(&message);
                if before.contains(&n) {
                    assert!(message.place < place, "{n} was there before epoch {number}");
                } else if message.epoch == *number {
                    assert!(message.place > place, "{n} is of epoch {number}");
                }
            }
        }
    }
}

fn number_of(message: &StoredMessage) -> u64 {
    message.content.data.strip_prefix("message ").unwrap().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_of_several_servers_stand_one_behind_the_other(steps in prop::collection::vec(step(), 0..40)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            world.check();
        }
    }
}

#[test]
fn indexes_of_the_new_log_are_lower_and_stand_behind() {
    let mut world = World::new();
    let gap = |gap| Step::Deliver(1, gap);
    [gap(1000), gap(1), Step::Move(1), gap(0), gap(3)].into_iter().for_each(|step| world.step(step));
    // Somebody writes on where the group was.
    world.step(Step::Deliver(0, 1));
    assert_eq!(world.shown(), [1, 2, 5, 3, 4]);
    let facts = &world.profile.epochs(world.conversation).unwrap()[1];
    // The divider says how long the old log was.
    assert_eq!((facts.begins, facts.server), (Some(1003), world.servers[1].board));
    let beginnings = world.profile.beginnings(world.conversation).unwrap();
    let first = world.profile.message(beginnings[0].0).unwrap().unwrap();
    assert_eq!((first.content.data.as_str(), beginnings[0].1.number), ("message 3", 2));
    // Back again: behind everything, with indexes that go on.
    [Step::Move(0), gap(1)].into_iter().for_each(|step| world.step(step));
    assert_eq!(world.shown(), [1, 2, 5, 3, 4, 6]);
    world.check();
}

#[test]
fn what_comes_on_the_server_that_was_left_is_marked_by_its_own_log_or_by_the_time() {
    for with_log in [true, false] {
        let (_dir, mut profile) = profile();
        let new = logged(&mut profile, 2);
        let old = if with_log {
            logged(&mut profile, 1)
        } else {
            let server = server(3);
            profile.add_server(&server, NOW).unwrap();
            server
        };
        let group = group(1, &old, History::Empty);
        profile.add_group(&group, NOW).unwrap();
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        let comes = |profile: &mut Profile, n: u64, index: u64, time: i64| {
            let place =
                with_log.then(|| LogPlace { index, incarnation: START, root: hash(1000 * n + index) });
            let items = vec![SyncItem { place, ..item(&group, &peer(6), n, None) }];
            let epoch = profile.begin_sync(&old.board).unwrap().epoch;
            profile
                .apply_sync_batch(&old.board, &SyncBatch { epoch, items, ..SyncBatch::default() }, time)
                .unwrap();
        };
        comes(&mut profile, 1, 8, NOW);
        let epoch = NewEpoch { begins: with_log.then_some(10), ..fork(2, 1, &new) };
        profile.add_epoch(conversation, &epoch, NOW).unwrap();
        comes(&mut profile, 2, 9, NOW + 50);
        profile.move_to_epoch(conversation, 2, NOW + 100).unwrap();
        comes(&mut profile, 3, 10, NOW + 200);
        let marks = |profile: &Profile| -> Vec<bool> {
            let messages = profile.messages(conversation, MessageId(0), 100).unwrap();
            messages.iter().map(|message| profile.old_key(message).unwrap().is_some()).collect()
        };
        assert_eq!(marks(&profile), [false, false, true], "with a log: {with_log}");
        // Another one behind it changes nothing of that.
        let third = fork(3, 2, &new);
        profile.add_epoch(conversation, &third, NOW + 300).unwrap();
        profile.move_to_epoch(conversation, 3, NOW + 300).unwrap();
        assert_eq!(marks(&profile), [false, false, true], "with a log: {with_log}");
        let marked = profile.messages(conversation, MessageId(0), 100).unwrap().pop().unwrap();
        let old_key = profile.old_key(&marked).unwrap().unwrap();
        assert_eq!((old_key.left_out, old_key.left_out_count), (vec![peer(6)], 1));
    }
}

#[test]
fn what_waits_on_the_other_server_is_read_again_from_its_start() {
    let (_dir, mut profile) = profile();
    let (old, new) = (logged(&mut profile, 1), logged(&mut profile, 2));
    let group = group(1, &old, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let epoch = NewEpoch { begins: Some(900), ..fork(2, 1, &new) };
    profile.add_epoch(conversation, &epoch, NOW).unwrap();
    profile.conn.execute("UPDATE epochs SET overflowed = 1 WHERE number = 2", []).unwrap();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    // The size in the old part is one of the old log.
    assert_eq!(profile.begin_sync(&new.board).unwrap().refetch, Some(Refetch { from: 0, after: NOW + 3600 }));
    assert_eq!(profile.begin_sync(&old.board).unwrap().refetch, None);
}

// --- forks ---

fn identity(n: u64) -> Identity {
    Identity::generate(&mut rng(1000 + n))
}

/// Another server, with a log: its board, and what a package says of it.
fn elsewhere(seed: u64) -> (PublicKey, ServerPart) {
    let keys = ServerKeys::new(9);
    let issuer = *IssuerKey::generate(&mut rng(seed)).public();
    let bundle = KeyBundle::sign(keys.identity(), &peer(300 + seed), &issuer);
    let certificate = HonestLog::first(ServerKeys::new(9), START, 0).certificate().clone();
    let part = ServerPart::new(&bundle, Some(certificate.to_bytes())).unwrap();
    (*keys.identity().public_key(), part)
}

/// A move by somebody who is in the group.
fn sealed(profile: &mut Profile, group: &NewGroup, board: PublicKey, part: &ServerPart) -> Package {
    let mut rng = rng(77);
    let half = profile.prekey(T, &mut rng).unwrap();
    let old = OldPart { salt: [1; 16], group: group.id, fork: ForkId::NONE, incarnation: 60, log_size: 12 };
    let secret = ForkSecret::generate(&mut rng);
    let fields = NoticeFields {
        mode: Mode::Static,
        depth: 1,
        time: T - T % 3600,
        server: board,
        old: old.hash().ok(),
        server_part: Some(part.hash()),
        name: group.name.clone(),
        members: [*identity(2).public_key(), *profile.address().public_key()].into(),
    };
    let (notice, _) = fields.sign(&identity(2), &secret).unwrap();
    let keys = [*half.public().key()];
    SealedFork::seal(notice, old, Some(part.clone()), secret, &keys, &mut rng).unwrap().package
}

impl Profile {
    /// The parts of a package stand in messages of a member; gives what is known of it then.
    fn brings(&mut self, server: &NewServer, group: &NewGroup, package: &Package) -> ConversationId {
        apply(self, server, vec![item(group, &peer(2), 500, None)]);
        for (n, part) in (501..).zip(package.parts()) {
            let mut message = item(group, &peer(2), n, None);
            (message.hidden, message.records.part) = (true, Some(part));
            apply(self, server, vec![message]);
        }
        self.group(&group.id).unwrap().unwrap().conversation
    }

    fn boards(&self) -> Vec<Address> {
        self.servers().unwrap().into_iter().map(|server| server.board).collect()
    }
}

#[test]
fn the_server_of_a_move_is_added_when_it_is_followed_and_dialled_later() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let (board, part) = elsewhere(1);
    let package = sealed(&mut profile, &group, board, &part);
    let conversation = profile.brings(&server, &group, &package);
    let view = profile.fork_view(conversation).unwrap();
    let id = view.questions()[0].forks[0];
    // Who only knows of it has nothing of it but the package.
    assert_eq!(profile.epochs(conversation).unwrap().len(), 1);
    assert_eq!(profile.boards(), [server.board]);
    let changes = profile.fork_event(conversation, &Event::Accepts(id), T).unwrap();
    assert!(!changes.is_empty());
    let address = board.address();
    assert_eq!(profile.boards(), [server.board, address]);
    let facts = profile.epochs(conversation).unwrap();
    assert_eq!((facts[1].state, facts[1].server, facts[1].begins), (EpochState::Written, address, Some(12)));
    assert_eq!(facts[0].state, EpochState::Closing);
    let status = profile.log_status(&address).unwrap();
    assert!(
        status.known && status.checked.is_none(),
        "the certificate is pinned before the first connection"
    );
    assert_eq!(profile.server_part_of(&facts[1].id).unwrap().as_ref(), Some(&part));
    // Both are dialled, the new one after a wait that a restart does not draw again.
    assert_eq!(profile.servers_dialled().unwrap(), [server.board, address]);
    assert_eq!(profile.first_dial(&address, T).unwrap(), FirstDial::Undrawn);
    profile.fork_tick(T, &mut rng(5)).unwrap();
    let FirstDial::At(at) = profile.first_dial(&address, T).unwrap() else { panic!("no wait") };
    assert!((T..=T + 6 * 3600).contains(&at));
    let mut profile = reopen(&dir, profile);
    profile.fork_tick(T + 1, &mut rng(6)).unwrap();
    assert_eq!(profile.first_dial(&address, T + 1).unwrap(), FirstDial::At(at));
    assert_eq!(profile.first_dial(&address, at).unwrap(), FirstDial::Free);
    assert_eq!(profile.first_dial(&address, T - 1).unwrap(), FirstDial::Free, "the clock was set back");
    assert_eq!(profile.first_dial(&server.board, T).unwrap(), FirstDial::Free);
    // What is still at the old server is read until the epoch closes; then nobody dials it.
    assert!(matches!(profile.remove_server(&server.board), Err(StorageError::ServerInUse)));
    profile.close_epoch(conversation, 1, NOW).unwrap();
    assert_eq!(profile.servers_dialled().unwrap(), [address]);
}

#[test]
fn waits_are_spread_over_six_hours() {
    let drawn = |seed: u64| {
        let (_dir, mut profile, server, group) = in_group(History::Empty);
        let (board, part) = elsewhere(1);
        let package = sealed(&mut profile, &group, board, &part);
        let conversation = profile.brings(&server, &group, &package);
        let id = profile.fork_view(conversation).unwrap().questions()[0].forks[0];
        profile.fork_event(conversation, &Event::Accepts(id), T).unwrap();
        profile.draw_first_dials(T, &mut rng(seed)).unwrap();
        match profile.first_dial(&board.address(), T).unwrap() {
            FirstDial::At(at) => at - T,
            FirstDial::Free => 0,
            FirstDial::Undrawn => panic!("not drawn"),
        }
    };
    let waits: Vec<u64> = (0..24).map(drawn).collect();
    let late = waits.iter().filter(|wait| **wait > 3 * 3600).count();
    assert!((4..=20).contains(&late), "{waits:?}");
}

#[test]
fn a_server_that_is_dialled_anyway_and_one_that_the_person_chooses_are_not_waited_for() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let (board, part) = elsewhere(1);
    let (bundle, _) = part.verify(&board).unwrap();
    let known = NewServer {
        board: board.address(),
        token_service: *bundle.token_service(),
        issuer: *bundle.issuer(),
        bundle: bundle.to_json().into_bytes(),
    };
    profile.add_server(&known, NOW).unwrap();
    let other = super::group(8, &known, History::Empty);
    profile.add_group(&other, NOW).unwrap();
    let package = sealed(&mut profile, &group, board, &part);
    let conversation = profile.brings(&server, &group, &package);
    // It is read on a server that is dialled anyway, and waits there for the decision. What that server had before is read
    // again: nothing tells where the epoch begins in its log.
    assert_eq!(profile.epochs(conversation).unwrap()[1].state, EpochState::Undecided);
    let again = profile.begin_sync(&known.board).unwrap().refetch;
    assert_eq!(again, Some(Refetch { from: 0, after: NOW + 3600 }));
    let id = profile.fork_view(conversation).unwrap().questions()[0].forks[0];
    profile.fork_event(conversation, &Event::Accepts(id), T).unwrap();
    assert_eq!(profile.first_dial(&known.board, T).unwrap(), FirstDial::Free);
    assert_eq!(profile.epochs(conversation).unwrap().len(), 2);
}

#[test]
fn other_keys_for_a_known_server_condemn_the_package_and_not_the_fork() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let (board, part) = elsewhere(1);
    let (other, wrong) = elsewhere(2);
    assert_eq!(board, other);
    let (bundle, _) = part.verify(&board).unwrap();
    let known = NewServer {
        board: board.address(),
        token_service: *bundle.token_service(),
        issuer: *bundle.issuer(),
        bundle: bundle.to_json().into_bytes(),
    };
    profile.add_server(&known, NOW).unwrap();
    let package = sealed(&mut profile, &group, board, &wrong);
    let conversation = profile.brings(&server, &group, &package);
    assert!(profile.fork_view(conversation).unwrap().forks().next().is_none());
    assert_eq!(profile.collected(CollectedState::Condemned).unwrap().len(), 1);
    assert_eq!(profile.server(&known.board).unwrap().unwrap().issuer, known.issuer);
    // It is not read there, and its server is not dialled.
    assert_eq!(profile.servers_dialled().unwrap(), [server.board]);
}

#[test]
fn who_moves_a_group_dials_at_once_and_goes_nowhere_twice() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let (board, part) = elsewhere(1);
    let (bundle, _) = part.verify(&board).unwrap();
    let known = NewServer {
        board: board.address(),
        token_service: *bundle.token_service(),
        issuer: *bundle.issuer(),
        bundle: bundle.to_json().into_bytes(),
    };
    profile.add_server(&known, NOW).unwrap();
    apply(&mut profile, &server, vec![item(&group, &peer(2), 1, None)]);
    let wanted = WantedFork { server: Some((known.board, part)), ..WantedFork::default() };
    // The server is not used any more: no sync can be asked for.
    let ready = Readiness { clock: T, leaves_server: true, ..Readiness::default() };
    let synced = Readiness { leaves_server: false, ..ready.clone() };
    let refused = profile.make_fork(conversation, &wanted, &synced, &mut rng(3)).unwrap().unwrap_err();
    assert!(matches!(refused, ForkRefused::Obstacle(_)), "{refused:?}");
    let (id, planned) = profile.make_fork(conversation, &wanted, &ready, &mut rng(3)).unwrap().unwrap();
    assert_eq!(planned.server, Some(known.board));
    assert_eq!(profile.first_dial(&known.board, T).unwrap(), FirstDial::Free);
    assert_eq!(profile.begin_sync(&known.board).unwrap().refetch, None, "nobody wrote there before");
    let facts = profile.epochs(conversation).unwrap();
    assert_eq!((facts[1].fork_id, facts[1].state), (id, EpochState::Written));
    let again = Readiness { anyway: true, ..ready };
    let refused = profile.make_fork(conversation, &wanted, &again, &mut rng(4)).unwrap().unwrap_err();
    assert_eq!(refused, ForkRefused::SameServer);
    // Taken back, everything that comes stands behind what was written elsewhere.
    profile.fork_event(conversation, &Event::TakesBack(id), T + DAY).unwrap();
    assert_eq!(profile.group(&group.id).unwrap().unwrap().epoch, 1);
}

#[test]
fn what_was_left_on_a_server_that_cheated_closes_with_the_new_one() {
    let (_dir, mut profile) = profile();
    let (old, new) = (logged(&mut profile, 1), logged(&mut profile, 2));
    let group = group(1, &old, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    profile.add_epoch(conversation, &fork(2, 1, &new), NOW).unwrap();
    profile.move_to_epoch(conversation, 2, NOW).unwrap();
    let closes = |profile: &mut Profile| profile.close_left(&new.board, NOW + 31 * 86_400).unwrap();
    assert!(!closes(&mut profile), "its own server says when");
    profile.conn.execute("UPDATE logs SET stopped = 1 WHERE server = 1", []).unwrap();
    // By the earlier clock: others have to say that so much time has passed, or a checkpoint.
    let _ = closes(&mut profile);
    let said = |n, author| SyncItem {
        sent: Some(NOW + 31 * 86_400),
        ..item(&NewGroup { id: profile_epoch(2, &new).id, ..group.clone() }, &author, n, None)
    };
    apply(&mut profile, &new, vec![said(1, peer(1)), said(2, peer(2))]);
    closes(&mut profile);
    assert_eq!(profile.epochs(conversation).unwrap()[0].state, EpochState::Closed);
}

fn profile_epoch(n: u8, server: &NewServer) -> NewEpoch {
    fork(n, 1, server)
}
