//! Forks between contacts: what is sent, what is kept of what comes, and who is told nothing.

use std::collections::BTreeSet;

use cwtch_primitives::forks::member_box_key;
use cwtch_primitives::group::LogTag;
use cwtch_primitives::secretbox::seal_into;
use cwtch_protocol::group::fork::HOUR;
use cwtch_wire::group::fork::{Ack, Bare, ForkWant};

use super::super::pages::{holds, readable};
use super::*;

/// A group with contacts Bob (2) and Carol (3), who wrote in it, and Dave (4), who did not; Alice (1) wrote, too.
struct Scene {
    _dir: TempDir,
    profile: Profile,
    group: NewGroup,
    conversation: ConversationId,
}

const ALICE: u64 = 1;
const BOB: u64 = 2;
const CAROL: u64 = 3;
const DAVE: u64 = 4;

fn scene() -> Scene {
    let (dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    for n in [BOB, CAROL, DAVE] {
        profile.add_contact(&peer(n), None, NOW).unwrap();
    }
    for n in [ALICE, BOB, CAROL] {
        let said = Statement { epoch: ForkId::NONE, time: T, place: None };
        profile.keep_fork_changes(conversation, &[Change::Said(member(n), said)]).unwrap();
    }
    Scene { _dir: dir, profile, group, conversation }
}

impl Scene {
    fn me(&self) -> Member {
        *self.profile.address().public_key()
    }

    /// A fork by a member for oneself and others, sealed to these prekeys.
    fn made(&self, forker: u64, others: &[u64], prekeys: &[Prekey], seed: u64) -> SealedFork {
        let listed = others.iter().map(|n| member(*n)).chain([member(forker), self.me()]);
        seal(&self.group, ForkId::NONE, 1, forker, listed.collect(), prekeys, seed)
    }

    /// The same for one whose secret is known here.
    fn known(&mut self, forker: u64, others: &[u64], seed: u64) -> SealedFork {
        let sealed = self.made(forker, others, &[], seed);
        kept(&mut self.profile, self.conversation, &sealed);
        sealed
    }

    fn own_prekey(&mut self) -> Prekey {
        self.profile.prekey(T, &mut rng(77)).unwrap().public()
    }

    fn hears(&mut self, from: u64, sealed: &SealedFork, now: u64) -> Option<Ack> {
        let mut answer = None;
        for part in sealed.package.parts() {
            assert!(answer.is_none(), "it is answered once");
            answer = self.profile.hear_fork_part(&peer(from), &part, now).unwrap().answer;
        }
        answer
    }

    fn sends(&mut self, to: u64, sent: &BTreeSet<(ConversationId, ForkId)>, now: u64) -> ForContact {
        self.profile.forks_for(&peer(to), sent, 8, now, &mut rng(5)).unwrap()
    }

    fn tag(&self) -> LogTag {
        LogTag::of(&self.group.key, self.group.server.public_key())
    }

    fn asks(&mut self, from: u64, now: u64) -> Vec<ForkAnswer> {
        let want = ForkWant { tag: self.tag(), prekey: prekey(from, now - now % 3600) };
        self.profile.hear_fork_want(&peer(from), &want, now).unwrap()
    }

    fn moves(&mut self, fork: ForkId) {
        self.profile.fork_event(self.conversation, &Event::Accepts(fork), T).unwrap();
        assert_eq!(self.profile.fork_view(self.conversation).unwrap().current().id, fork);
    }
}

fn seal(
    group: &NewGroup,
    parent: ForkId,
    depth: u32,
    forker: u64,
    members: BTreeSet<Member>,
    prekeys: &[Prekey],
    seed: u64,
) -> SealedFork {
    let mut rng = rng(seed);
    let old = OldPart { salt: [1; 16], group: group.id, fork: parent, incarnation: 0, log_size: 0 };
    let secret = ForkSecret::generate(&mut rng);
    let fields = NoticeFields {
        mode: Mode::Static,
        depth,
        time: T - T % 3600,
        server: *group.server.public_key(),
        old: old.hash().ok(),
        server_part: None,
        name: group.name.clone(),
        members,
    };
    let (notice, _) = fields.sign(&identity(forker), &secret).unwrap();
    let keys: Vec<_> = prekeys.iter().map(|prekey| *prekey.key()).collect();
    SealedFork::seal(notice, old, None, secret, &keys, &mut rng).unwrap()
}

fn parts(packets: &[ForkPacket]) -> usize {
    packets.iter().filter(|packet| matches!(packet, ForkPacket::Part(_))).count()
}

fn acks(packets: &[ForkPacket]) -> Vec<AckState> {
    let state = |packet: &ForkPacket| if let ForkPacket::Ack(ack) = packet { Some(ack.state) } else { None };
    packets.iter().filter_map(state).collect()
}

fn wants(packets: &[ForkPacket]) -> usize {
    packets.iter().filter(|packet| matches!(packet, ForkPacket::Want(_))).count()
}

#[test]
fn a_contact_is_sent_a_package_on_each_connection_until_it_has_it_then_daily_until_it_is_open() {
    let mut scene = scene();
    let fork = scene.known(ALICE, &[BOB, CAROL], 1);
    let id = fork.package.fork_id();
    let (none, this) = (BTreeSet::new(), BTreeSet::from([(scene.conversation, id)]));
    let first = scene.sends(BOB, &none, T);
    assert_eq!((parts(&first.packets), acks(&first.packets)), (1, vec![AckState::Opened]));
    assert_eq!(first.sent, [(scene.conversation, id)]);
    assert_eq!(scene.sends(BOB, &this, T + 1), ForContact::default(), "once on a connection, and told once");
    // In the same second, over another connection.
    assert_eq!(parts(&scene.sends(BOB, &none, T + 1).packets), 1);
    let ack = |state| Ack { package: fork.package.id(), fork: id, state };
    scene.profile.hear_fork_ack(&peer(BOB), &ack(AckState::Complete), T + 2).unwrap();
    assert_eq!(scene.sends(BOB, &none, T + 3), ForContact::default());
    assert_eq!(parts(&scene.sends(BOB, &none, T + 2 + DAY).packets), 1);
    assert_eq!(scene.sends(BOB, &none, T + 3 + DAY), ForContact::default());
    scene.profile.hear_fork_ack(&peer(BOB), &ack(AckState::Opened), T + 4 + DAY).unwrap();
    // It never goes back, and is never sent again.
    scene.profile.hear_fork_ack(&peer(BOB), &ack(AckState::Complete), T + 5 + DAY).unwrap();
    assert_eq!(scene.sends(BOB, &none, T + 9 * DAY), ForContact::default());
    let [delivery] = &scene.profile.deliveries_of(scene.conversation, &id).unwrap()[..] else {
        panic!("one")
    };
    assert_eq!((delivery.contact, delivery.stage), (peer(BOB), Some(AckState::Opened)));
    // Whoever moves says so once.
    scene.moves(id);
    assert_eq!(acks(&scene.sends(BOB, &none, T + 9 * DAY).packets), [AckState::Moved]);
    assert_eq!(scene.sends(BOB, &none, T + 9 * DAY), ForContact::default());
}

#[test]
fn who_is_not_listed_or_no_contact_is_sent_nothing_and_counts_for_nothing() {
    let mut scene = scene();
    let fork = scene.known(ALICE, &[BOB], 1);
    let id = fork.package.fork_id();
    for n in [ALICE, CAROL, DAVE] {
        assert_eq!(scene.sends(n, &BTreeSet::new(), T), ForContact::default(), "{n}");
        let ack = Ack { package: fork.package.id(), fork: id, state: AckState::Moved };
        scene.profile.hear_fork_ack(&peer(n), &ack, T).unwrap();
    }
    // Nor does another package under the fork's name say anything of this one.
    let other =
        Ack { package: scene.made(ALICE, &[BOB], &[], 9).package.id(), fork: id, state: AckState::Moved };
    scene.profile.hear_fork_ack(&peer(BOB), &other, T).unwrap();
    assert_eq!(scene.profile.deliveries_of(scene.conversation, &id).unwrap(), []);
    // A blocked one, too; and of a fork whose maker is passed over nothing is carried.
    scene.profile.set_contact_state(&peer(BOB), ContactState::Blocked, NOW).unwrap();
    assert_eq!(scene.sends(BOB, &BTreeSet::new(), T), ForContact::default());
    scene.profile.set_contact_state(&peer(BOB), ContactState::Accepted, NOW).unwrap();
    scene.profile.fork_event(scene.conversation, &Event::Blocks(member(ALICE), true), T).unwrap();
    assert_eq!(scene.sends(BOB, &BTreeSet::new(), T), ForContact::default());
}

#[test]
fn a_package_that_a_contact_sends_is_answered_when_it_is_here_and_open() {
    let mut scene = scene();
    let own = scene.own_prekey();
    let fork = scene.made(ALICE, &[BOB], &[own], 1);
    let id = fork.package.fork_id();
    let answer = scene.hears(BOB, &fork, T).unwrap();
    assert_eq!((answer.package, answer.fork, answer.state), (fork.package.id(), id, AckState::Opened));
    assert!(
        scene.profile.fork_content(scene.conversation, &id).unwrap().is_some(),
        "kept before it was answered"
    );
    // Who sends it again hears it again.
    assert_eq!(scene.hears(BOB, &fork, T).unwrap().state, AckState::Opened);
    // Carol is left out by it: she hears what anybody would say who cannot open it.
    assert_eq!(scene.hears(CAROL, &fork, T).unwrap().state, AckState::Complete);
    let strange = scene.made(ALICE, &[BOB], &[], 2);
    assert_eq!(scene.hears(DAVE, &strange, T).unwrap().state, AckState::Complete);
    // Whoever is no accepted contact hears nothing, and nothing is kept.
    let rows = scene.profile.rows("packages");
    let other = scene.made(ALICE, &[BOB], &[], 3);
    assert_eq!(scene.hears(ALICE, &other, T), None);
    assert_eq!(scene.profile.rows("packages"), rows);
}

#[test]
fn a_secret_is_given_to_who_is_listed_and_asks_and_to_nobody_else() {
    let mut scene = scene();
    let fork = scene.known(ALICE, &[BOB], 1);
    let id = fork.package.fork_id();
    // Who has not moved gives parts and no secret.
    assert!(matches!(scene.asks(BOB, T)[..], [ForkAnswer::Packet(ForkPacket::Part(_))]));
    scene.moves(id);
    assert_eq!(scene.asks(BOB, T + 60), [], "once an hour");
    let answers = scene.asks(BOB, T + HOUR);
    let [ForkAnswer::Packet(ForkPacket::Part(part)), ForkAnswer::Packet(ForkPacket::Bare(bare))] =
        &answers[..]
    else {
        panic!("{answers:?}")
    };
    assert!(part.package() == fork.package.id() && bare.fork == id && bare.secret == fork.content.secret);
    let known = scene.profile.prekeys(scene.conversation).unwrap();
    assert!(known.contains_key(&member(BOB)), "a question brings its author's prekey");
    // Carol wrote in the group and is left out; Dave never was in it; Alice is no contact.
    for n in [CAROL, DAVE, ALICE] {
        assert_eq!(scene.asks(n, T + 2 * HOUR), [], "{n}");
    }
    assert!(!scene.profile.prekeys(scene.conversation).unwrap().contains_key(&member(DAVE)));
    let stranger = ForkWant { tag: LogTag::from_bytes([9; 16]), prekey: prekey(1, T) };
    assert_eq!(scene.profile.hear_fork_want(&peer(BOB), &stranger, T + 9 * HOUR).unwrap(), []);
    assert_eq!(scene.profile.rows("fork_answers"), 1, "who is given nothing leaves nothing");
}

#[test]
fn where_the_secret_is_erased_a_contact_is_invited_once() {
    let mut scene = scene();
    let fork = scene.known(ALICE, &[BOB], 1);
    scene.moves(fork.package.fork_id());
    scene.profile.conn.execute("UPDATE fork_contents SET secret = NULL", []).unwrap();
    let group = scene.profile.groups().unwrap().remove(0).id;
    assert_eq!(scene.asks(BOB, T), [ForkAnswer::Invite(group)]);
    assert_eq!(scene.asks(BOB, T + 2 * HOUR), []);
    assert_eq!(scene.asks(CAROL, T), []);
}

/// The epoch before closes at the same time, so whoever asks by its tag is answered nothing any more; parts go on to be passed.
#[test]
fn a_static_secret_is_gone_from_the_disk_after_thirty_days_in_use() {
    let mut scene = scene();
    let (server, conversation) = (scene.group.server, scene.conversation);
    let fork = scene.known(ALICE, &[BOB, CAROL], 1);
    let unused = scene.known(CAROL, &[BOB], 2);
    let id = fork.package.fork_id();
    // A row that is long goes on in another page, and the secret may lie across: one half of it is whole then.
    let on_disk = |scene: &Scene, fork: &SealedFork| {
        let files = readable(scene.profile.path(), &[*scene.profile.key.expose()]);
        fork.content.secret.expose().chunks(16).any(|half| holds(&files, half))
    };
    let synced = |scene: &mut Scene, days: u64| {
        scene.profile.close_left(&server, (T + days * DAY).cast_signed()).unwrap();
        assert!(scene.profile.sweep().unwrap());
    };
    // What nobody uses is needed once it is followed.
    synced(&mut scene, 40);
    assert!(on_disk(&scene, &fork) && on_disk(&scene, &unused), "else this test shows nothing");
    scene.moves(id);
    synced(&mut scene, 29);
    assert!(on_disk(&scene, &fork));
    let given = scene.asks(BOB, T + 29 * DAY);
    assert!(
        given.iter().any(|answer| matches!(answer, ForkAnswer::Packet(ForkPacket::Bare(_)))),
        "{given:?}"
    );

    // A clock that runs ahead of what others write erases nothing.
    let group = scene.profile.group_of(conversation).unwrap().unwrap();
    let group = NewGroup {
        id: group.id,
        key: group.key,
        name: group.name,
        server: group.server,
        history: History::Empty,
        notice: None,
    };
    let board = NewServer { board: server, ..self::server(1) };
    apply(&mut scene.profile, &board, vec![item(&group, &peer(ALICE), 1, None)]);
    synced(&mut scene, 400);
    assert!(on_disk(&scene, &fork));
    let later = NOW + 31 * DAY.cast_signed();
    let said = SyncItem { sent: Some(later), ..item(&group, &peer(ALICE), 2, None) };
    apply(&mut scene.profile, &board, vec![said]);
    synced(&mut scene, 31);
    assert!(!on_disk(&scene, &fork) && on_disk(&scene, &unused));
    let content = scene.profile.fork_content(conversation, &id).unwrap().unwrap();
    assert!(content.secret.is_none() && content.package == fork.package);

    // What the secret was for is over, and everything else goes on.
    assert_eq!(scene.asks(CAROL, T + 31 * DAY), []);
    assert_eq!(parts(&scene.sends(BOB, &BTreeSet::new(), T + 31 * DAY).packets), 2, "of both forks");
    let said = item(&group, &peer(BOB), 3, None);
    assert!(apply(&mut scene.profile, &board, vec![said]).items[0].stored().is_some());
}

#[test]
fn a_fork_that_goes_for_want_of_room_takes_along_what_came_out_of_it() {
    let mut scene = scene();
    let first = scene.known(ALICE, &[BOB], 1);
    let id = first.package.fork_id();
    let listed = [ALICE, BOB, CAROL].map(member).into_iter().collect();
    let child = seal(&scene.group, id, 2, CAROL, listed, &[], 2);
    kept(&mut scene.profile, scene.conversation, &child);
    scene
        .profile
        .conn
        .execute("UPDATE forks SET opened = opened - 1 WHERE fork = ?1", [id.as_bytes()])
        .unwrap();
    for seed in 3..=17 {
        scene.known(ALICE, &[BOB], seed);
    }
    let other = scene.known(BOB, &[ALICE], 40);
    let view = scene.profile.fork_view(scene.conversation).unwrap();
    let is_known = |fork: &SealedFork| view.fork(&fork.package.fork_id()).is_some();
    assert!(is_known(&other) && !is_known(&first) && !is_known(&child));
    assert_eq!(scene.profile.epochs(scene.conversation).unwrap().len(), 17);
    assert_eq!(scene.profile.rows("fork_contents"), 16);
}

#[test]
fn a_fork_that_nobody_can_follow_any_more_leaves_no_key_on_the_disk() {
    let mut scene = scene();
    let (server, conversation) = (scene.group.server, scene.conversation);
    let (fork, other) = (scene.known(ALICE, &[BOB, CAROL], 1), scene.known(CAROL, &[BOB], 2));
    let epoch = scene.profile.epochs(conversation).unwrap().pop().unwrap();
    let board = NewServer { board: server, ..self::server(1) };
    let read = scene.profile.epoch(&epoch.id).unwrap().unwrap();
    let read = NewGroup {
        id: read.id,
        key: read.key,
        name: read.name,
        server: read.server,
        history: History::Empty,
        notice: None,
    };
    apply(&mut scene.profile, &board, vec![item(&read, &peer(CAROL), 1, None)]);
    assert_eq!(scene.profile.rows("buffered"), 1);
    let key = *read.key.expose();
    let on_disk = |scene: &Scene, secret: &[u8; 32]| {
        let files = readable(scene.profile.path(), &[*scene.profile.key.expose()]);
        secret.chunks(16).any(|half| holds(&files, half))
    };
    let expires = |scene: &mut Scene, days: u64| {
        let expired = scene.profile.expire_forks(&server, (T + days * DAY).cast_signed()).unwrap();
        assert!(scene.profile.sweep().unwrap());
        expired
    };
    assert!(!expires(&mut scene, 30), "the person can still follow");
    for secret in [fork.content.secret.expose(), other.content.secret.expose(), &key] {
        assert!(on_disk(&scene, secret), "else this test shows nothing");
    }
    let says = |scene: &mut Scene, n, sent| {
        for (n, who) in [(n, ALICE), (n + 1, CAROL)] {
            let said = SyncItem { sent: Some(sent), ..item(&scene.group, &peer(who), n, None) };
            apply(&mut scene.profile, &board, vec![said]);
        }
    };
    // A clock that runs ahead of what others write erases nothing.
    says(&mut scene, 2, NOW);
    assert!(!expires(&mut scene, 400));
    says(&mut scene, 4, NOW + 31 * DAY.cast_signed());
    assert!(expires(&mut scene, 32) && !expires(&mut scene, 32));
    for secret in [fork.content.secret.expose(), other.content.secret.expose(), &key] {
        assert!(!on_disk(&scene, secret));
    }
    assert_eq!(scene.profile.rows("buffered"), 0);
    assert_eq!(scene.profile.epochs_read().unwrap().len(), 1, "only where one writes");
    // What it was stays known, and the same package brings nothing back.
    let id = other.package.fork_id();
    let view = scene.profile.fork_view(conversation).unwrap();
    assert!(
        view.fork(&id).unwrap().closed
            && !view.forks().any(|fork| view.questions().iter().any(|q| q.forks.contains(&fork.epoch.id)))
    );
    let prekey = scene.own_prekey();
    let again = scene.made(CAROL, &[BOB], &[prekey], 2);
    scene.hears(CAROL, &again, T + 33 * DAY);
    let refused = scene.profile.fork_event(conversation, &Event::Accepts(id), T + HOUR).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    scene.profile.fork_event(conversation, &Event::Tick, T).unwrap();
    assert_eq!(scene.profile.fork_view(conversation).unwrap().path().count(), 1);
}

#[test]
fn what_does_not_open_is_asked_for_and_opens_with_the_secret() {
    let mut scene = scene();
    let fork = scene.made(ALICE, &[BOB, CAROL], &[], 1);
    let id = fork.package.fork_id();
    for part in fork.package.parts() {
        scene.profile.keep_part(scene.conversation, &member(ALICE), &part, T);
    }
    let none = BTreeSet::new();
    assert_eq!(scene.sends(BOB, &none, T + HOUR - 1), ForContact::default(), "other ways are waited for");
    let asked = scene.sends(BOB, &none, T + HOUR);
    let [ForkPacket::Want(want)] = &asked.packets[..] else { panic!("{asked:?}") };
    assert!(want.tag == scene.tag());
    assert!(scene.profile.own_prekeys().unwrap()[0].public() == want.prekey, "durable before it is told");
    // Each contact less and less often, and only who wrote in the group.
    assert_eq!(scene.sends(BOB, &none, T + 2 * HOUR - 1), ForContact::default());
    assert_eq!(wants(&scene.sends(BOB, &none, T + 2 * HOUR).packets), 1);
    assert_eq!(scene.sends(BOB, &none, T + 4 * HOUR - 1), ForContact::default());
    assert_eq!(wants(&scene.sends(CAROL, &none, T + 2 * HOUR).packets), 1);
    assert_eq!(scene.sends(DAVE, &none, T + 2 * HOUR), ForContact::default());
    // Another of its forks is followed: it is asked for by the tag of the epoch that it came in all the same.
    let sibling = scene.known(BOB, &[CAROL], 2);
    scene.moves(sibling.package.fork_id());
    let again = scene.sends(BOB, &none, T + 30 * HOUR);
    assert_eq!(wants(&again.packets), 1);
    assert!(again.packets.iter().any(|p| matches!(p, ForkPacket::Want(want) if want.tag == scene.tag())));
    // What is false changes nothing, whoever gives it.
    let wrong = Bare { fork: id, secret: ForkSecret::generate(&mut rng(9)) };
    assert_eq!(scene.profile.hear_fork_bare(&peer(BOB), &wrong, T).unwrap(), ForkHeard::default());
    assert_eq!(scene.profile.collected(CollectedState::Complete).unwrap().len(), 1);
    let right = Bare { fork: id, secret: fork.content.secret.clone() };
    assert_eq!(
        scene.profile.hear_fork_bare(&peer(ALICE), &right, T).unwrap(),
        ForkHeard::default(),
        "no contact"
    );
    let heard = scene.profile.hear_fork_bare(&peer(CAROL), &right, T).unwrap();
    assert_eq!(heard.answer.unwrap().state, AckState::Opened);
    assert!(
        !heard.servers.is_empty() && scene.profile.collected(CollectedState::Complete).unwrap().is_empty()
    );
}

#[test]
fn what_a_contact_brought_and_does_not_open_is_asked_of_that_contact() {
    let mut scene = scene();
    let fork = scene.made(ALICE, &[BOB, CAROL], &[], 1);
    assert_eq!(scene.hears(CAROL, &fork, T).unwrap().state, AckState::Complete);
    // In what she wrote there she shows which group it may be of.
    scene
        .profile
        .conn
        .execute(
            "INSERT INTO group_authors (conversation, epoch, author, messages) VALUES (?1, 1, ?2, 1)",
            rusqlite::params![scene.conversation.0, member(CAROL).as_bytes()],
        )
        .unwrap();
    let none = BTreeSet::new();
    assert_eq!(wants(&scene.sends(CAROL, &none, T + HOUR).packets), 1);
    assert_eq!(scene.sends(BOB, &none, T + HOUR), ForContact::default());
    // A day later the person is told who brought it, and nobody is accused of having made it.
    scene.profile.fork_tick(T + DAY - 1, &mut rng(1)).unwrap();
    assert_eq!(scene.profile.fork_carriers(scene.conversation).unwrap(), []);
    scene.profile.fork_tick(T + DAY, &mut rng(1)).unwrap();
    let carrier = ForkCarrier { who: member(CAROL), since: T, is_false: false };
    assert_eq!(scene.profile.fork_carriers(scene.conversation).unwrap(), [carrier]);
}

/// A box for oneself that holds another secret than the rest shows to nobody else: an honest member who passes the package on holds a
/// good one, and may give its secret.
#[test]
fn a_bad_box_condemns_neither_the_package_nor_who_passes_it_on() {
    let mut scene = scene();
    let own = scene.own_prekey();
    let fork = scene.made(ALICE, &[BOB], &[], 1);
    let mut bytes = fork.package.as_bytes().to_vec();
    let once = AgreementKey::generate(&mut rng(4));
    bytes[32..64].copy_from_slice(once.public_key().as_bytes());
    let shared = once.agree(own.key()).unwrap();
    let key =
        member_box_key(&shared, fork.package.fork_id().as_bytes(), once.public_key().as_bytes(), own.key());
    seal_into(&key, &[0; 24], &[7; 32], &mut bytes[65..65 + 48]).unwrap();
    let package = Package::from_bytes(bytes).unwrap();
    let bad = SealedFork { package, ..fork.clone() };
    assert_eq!(scene.hears(BOB, &bad, T).unwrap().state, AckState::Complete);
    assert_eq!(scene.profile.collected(CollectedState::Condemned).unwrap(), []);
    scene.profile.fork_tick(T + 2 * DAY, &mut rng(1)).unwrap();
    assert!(scene.profile.fork_carriers(scene.conversation).unwrap().iter().all(|carrier| !carrier.is_false));
    let bare = Bare { fork: fork.package.fork_id(), secret: fork.content.secret.clone() };
    assert_eq!(
        scene.profile.hear_fork_bare(&peer(BOB), &bare, T).unwrap().answer.unwrap().state,
        AckState::Opened
    );
}

#[test]
fn a_false_package_names_who_brought_it_and_not_who_it_says_made_it() {
    let mut scene = scene();
    let own = scene.own_prekey();
    // In Alice's name, of a depth that does not follow.
    let listed = [ALICE, BOB].map(member).into_iter().chain([scene.me()]).collect();
    let fork = seal(&scene.group, ForkId::NONE, 5, ALICE, listed, &[own], 1);
    for part in fork.package.parts() {
        scene.profile.keep_part(scene.conversation, &member(BOB), &part, T);
    }
    let [whole] = &scene.profile.collected(CollectedState::Complete).unwrap()[..] else { panic!("one") };
    let (own, id) = (scene.profile.address, whole.id);
    scene
        .profile
        .write("test", |tx| crate::forks::Act { tx, own: &own, now: T, late: true }.open(id))
        .unwrap();
    let carrier = ForkCarrier { who: member(BOB), since: T, is_false: true };
    assert_eq!(scene.profile.fork_carriers(scene.conversation).unwrap(), [carrier]);
    // And it is not asked for, nor answered.
    assert_eq!(scene.sends(CAROL, &BTreeSet::new(), T + DAY), ForContact::default());
    assert_eq!(scene.hears(BOB, &fork, T), None);
}

/// Nothing shows of an own fork before the server has its parts; an hour later it goes to contacts all the same.
#[test]
fn an_own_fork_goes_to_contacts_once_the_server_has_it_or_an_hour_is_over() {
    let mut scene = scene();
    let ready = cwtch_protocol::group::fork::Readiness { clock: T, synced: Some(T), ..Default::default() };
    let wanted = WantedFork::default();
    let made = scene.profile.make_fork(scene.conversation, &wanted, &ready, &mut rng(1)).unwrap().unwrap();
    assert_eq!(made.1.unreached, [ALICE, BOB, CAROL].map(member).into_iter().collect());
    let none = BTreeSet::new();
    scene.profile.fork_tick(T, &mut rng(1)).unwrap();
    assert_eq!(scene.sends(BOB, &none, T + 60), ForContact::default());
    assert_eq!(scene.asks(BOB, T + 60), []);
    assert_eq!(scene.profile.fork_invites(9).unwrap(), []);
    assert!(!scene.profile.quiet_fork(scene.conversation).unwrap());
    scene.profile.fork_tick(T + HOUR, &mut rng(1)).unwrap();
    assert!(scene.profile.quiet_fork(scene.conversation).unwrap(), "the person is told");
    assert_eq!(parts(&scene.sends(BOB, &none, T + HOUR).packets), 1);
    // Who cannot open it and is a contact is invited, once.
    let due = scene.profile.fork_invites(9).unwrap();
    let invited: BTreeSet<Address> = due.iter().map(|invite| invite.contact).collect();
    assert_eq!(invited, [BOB, CAROL].map(peer).into_iter().collect());
    assert!(due.iter().all(|invite| invite.group.is_some()));
    scene.profile.fork_invited(&due[0]).unwrap();
    assert_eq!(scene.profile.fork_invites(9).unwrap().len(), 1);
}

#[test]
fn a_quiet_fork_goes_to_contacts_at_once_and_to_nobody_is_refused() {
    let mut scene = scene();
    let ready = cwtch_protocol::group::fork::Readiness { clock: T, synced: Some(T), ..Default::default() };
    let wanted = WantedFork { quiet: true, ..WantedFork::default() };
    let alone = WantedFork { without: [BOB, CAROL].map(member).into_iter().collect(), ..wanted.clone() };
    let refused = scene.profile.make_fork(scene.conversation, &alone, &ready, &mut rng(1)).unwrap();
    assert_eq!(refused.unwrap_err(), ForkRefused::ReachesNobody);
    scene.profile.make_fork(scene.conversation, &wanted, &ready, &mut rng(1)).unwrap().unwrap();
    assert_eq!(parts(&scene.sends(BOB, &BTreeSet::new(), T).packets), 1);
    scene.profile.fork_tick(T + HOUR, &mut rng(1)).unwrap();
    assert!(!scene.profile.quiet_fork(scene.conversation).unwrap(), "the person wanted it so");
    assert_eq!(scene.profile.rows("fork_posts"), 0, "nothing is put into the group");
}
