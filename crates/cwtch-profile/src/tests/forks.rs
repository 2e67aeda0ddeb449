//! What is kept of forks: the rows mean what the rules mean, nothing grows without a bound, and keys go when they must.

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::{Identity, PublicKey};
use cwtch_protocol::group::fork::delivery::Passing;
use cwtch_protocol::group::fork::{
    AUTHORS_KEPT, Change, DAY, Epoch, Event, Member, Question, Statement, View, Why, step,
};
use cwtch_wire::group::fork::{
    AckState, ForkId, ForkRecords, Mode, NoticeFields, OldPart, Package, Part, Prekey, SealedFork,
};
use proptest::prelude::*;

use super::*;

mod between;

const T: u64 = NOW as u64;

fn identity(n: u64) -> Identity {
    Identity::generate(&mut rng(1000 + n))
}

fn member(n: u64) -> Member {
    *identity(n).public_key()
}

fn fork_id(n: u8) -> ForkId {
    ForkId::from_bytes([n; 32])
}

fn epoch(id: u8, parent: u8, forker: u64) -> Epoch {
    Epoch {
        id: fork_id(id),
        parent: Some(if parent == 0 { ForkId::NONE } else { fork_id(parent) }),
        mode: [Mode::Static, Mode::Trusted, Mode::Strangers][usize::from(id % 3)],
        depth: id.into(),
        time: T - T % 3600,
        server: member(100),
        forker: Some(member(forker)),
        listed: (0..4).filter(|n| (u64::from(id) >> n) % 2 == 0).chain([forker]).map(member).collect(),
    }
}

/// A fork by a member for two others, of a group on the first server.
fn sealed(group: &NewGroup, forker: u64, prekeys: &[Prekey], seed: u64) -> SealedFork {
    sealed_for(group, forker, &[forker, 2, 3], prekeys, seed)
}

fn sealed_for(group: &NewGroup, forker: u64, members: &[u64], prekeys: &[Prekey], seed: u64) -> SealedFork {
    let mut rng = rng(seed);
    let old = OldPart { salt: [1; 16], group: group.id, fork: ForkId::NONE, incarnation: 0, log_size: 0 };
    let secret = ForkSecret::generate(&mut rng);
    let fields = NoticeFields {
        mode: Mode::Static,
        depth: 1,
        time: T - T % 3600,
        server: *group.server.public_key(),
        old: old.hash().ok(),
        server_part: None,
        name: group.name.clone(),
        members: members.iter().map(|n| member(*n)).collect(),
    };
    let (notice, _) = fields.sign(&identity(forker), &secret).unwrap();
    let keys: Vec<_> = prekeys.iter().map(|prekey| *prekey.key()).collect();
    SealedFork::seal(notice, old, None, secret, &keys, &mut rng).unwrap()
}

fn prekey(n: u64, created: u64) -> Prekey {
    Prekey::new(created, *AgreementKey::generate(&mut rng(n)).public_key())
}

fn statement(epoch: u8, time: u64, index: Option<u64>) -> Statement {
    Statement { epoch: fork_id(epoch), time, place: index.map(|index| (member(100), index)) }
}

/// Any change, about few members and few forks, so that changes meet.
fn change() -> impl Strategy<Value = Change> {
    let who = || (1..5_u64).prop_map(member);
    let id = || (1..8_u8).prop_map(fork_id);
    let time = || prop_oneof![9 => T..T + 90 * DAY, 1 => Just(u64::MAX)];
    let why = prop_oneof![Just(Why::Change), Just(Why::Doubtful), Just(Why::Join), Just(Why::Again)];
    let question = (why, id(), prop::collection::vec(id(), 1..4)).prop_map(|(why, parent, forks)| Question {
        why,
        parent,
        forks,
    });
    let question = question.boxed();
    prop_oneof![
        4 => (1..8_u8, 0..7_u8, 1..5_u64, time()).prop_map(|(id, parent, forker, at)| {
            // Forks lead from lower to higher ids, as hashes lead to no circle.
            Change::Keep(epoch(id, parent.min(id - 1), forker), at)
        }),
        1 => id().prop_map(Change::Drops),
        1 => Just(Change::Synced),
        4 => (who(), 1..8_u8, time(), prop::option::of(0..u64::MAX))
            .prop_map(|(who, epoch, time, index)| Change::Said(who, statement(epoch, time, index))),
        1 => (who(), id()).prop_map(|(who, id)| Change::Leaves(who, id)),
        2 => (who(), any::<bool>()).prop_map(|(who, blocks)| Change::Blocks(who, blocks)),
        1 => (who(), id(), time()).prop_map(|(who, id, at)| Change::Stops(who, id, at)),
        4 => (id(), time(), any::<bool>()).prop_map(|(to, at, chosen)| Change::Moves { to, at, chosen }),
        1 => (id(), time()).prop_map(|(id, at)| Change::Returns(id, at)),
        3 => question.clone().prop_map(Change::Asks),
        1 => question.clone().prop_map(Change::Withdraws),
        2 => (question, time()).prop_map(|(question, at)| Change::Refuses(question, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_give_back_the_view_that_the_changes_make(changes in prop::collection::vec(change(), 0..40)) {
        let (dir, mut profile, server, group) = in_group(History::Empty);
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        let me = *profile.address().public_key();
        let mut expected = View::new(me, Epoch::unlisted(*server.board.public_key()));
        for (step, change) in changes.iter().enumerate() {
            profile.keep_fork_changes(conversation, std::slice::from_ref(change)).unwrap();
            expected.apply(change);
            if step % 8 == 7 {
                profile = reopen(&dir, profile);
            }
            // What epochs say is not kept twice, and here are none.
            let mut rows = expected.kept();
            rows.forks.values_mut().for_each(|fork| fork.followed = false);
            prop_assert_eq!(&profile.fork_view(conversation).unwrap().kept(), &rows, "after {:?}", change);
        }
    }
}

impl Profile {
    fn keep_fork_changes(
        &mut self,
        conversation: ConversationId,
        changes: &[Change],
    ) -> Result<(), StorageError> {
        let own = self.address;
        self.write("test", |tx| {
            let mut view = crate::forks::load_view(tx, &own, conversation)?;
            crate::forks::keep_view(tx, conversation, &mut view, changes)
        })
    }

    /// The rules learn of a fork whose content is none of theirs.
    fn opens(&mut self, conversation: ConversationId, fork: Epoch) {
        let view = self.fork_view(conversation).unwrap();
        self.keep_fork_changes(conversation, &step(&view, &Event::Opened(fork), T)).unwrap();
    }

    fn keep_fork(&mut self, conversation: ConversationId, content: &ForkContent) {
        let own = self.address;
        let epoch = Epoch::of(&content.notice, Some(&content.old));
        self.write("test", |tx| {
            let act = crate::forks::Act { tx, own: &own, now: T, late: false };
            act.take(conversation, content, &Event::Opened(epoch))
        })
        .unwrap();
    }

    fn keep_part(
        &mut self,
        conversation: ConversationId,
        carrier: &Member,
        part: &Part,
        now: u64,
    ) -> PartKept {
        self.keep_authors_part(conversation, carrier, &ForkId::NONE, part, now).unwrap()
    }

    fn keep_passing(
        &mut self,
        conversation: ConversationId,
        fork: &ForkId,
        contact: &Address,
        passing: &Passing,
    ) {
        self.write("test", |tx| crate::forks::keep_passing(tx, conversation, fork, contact, passing, T))
            .unwrap();
    }

    pub(super) fn rows(&self, table: &str) -> i64 {
        self.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn an_event_changes_the_rows_in_its_transaction() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let said = Event::Said(member(2), Statement { epoch: ForkId::NONE, time: T, place: None });
    let changes = profile.fork_event(conversation, &said, T).unwrap();
    assert!(matches!(changes.as_slice(), [Change::Said(..)]), "{changes:?}");
    let mut fork = epoch(5, 0, 2);
    fork.server = *server.board.public_key();
    profile.opens(conversation, fork.clone());
    let profile = reopen(&dir, profile);
    let view = profile.fork_view(conversation).unwrap();
    assert_eq!(view.fork(&fork.id).unwrap().epoch, fork);
    assert_eq!(view.questions().len(), 1, "a change of a static group asks");
    assert!(matches!(profile.fork_view(ConversationId(99)), Err(StorageError::UnknownGroup)));
}

#[test]
fn authors_without_end_push_no_listed_member_out() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let mut fork = epoch(6, 0, 1);
    fork.server = *server.board.public_key();
    let id = fork.id;
    let mut changes = vec![Change::Keep(fork, T), Change::Moves { to: id, at: T, chosen: true }];
    let old = Statement { epoch: id, time: 1, place: None };
    changes.push(Change::Said(member(3), old));
    let newer = |n: u64| Statement { epoch: id, time: T + n, place: None };
    changes.extend((0..600).map(|n| Change::Said(member(5000 + n), newer(n))));
    profile.keep_fork_changes(conversation, &changes).unwrap();
    let view = profile.fork_view(conversation).unwrap();
    assert_eq!(view.statement(&member(3)), Some(&old));
    assert!(view.statement(&member(5000)).is_none(), "the oldest of who is not listed went");
    assert!(view.statement(&member(5599)).is_some());
    let bound = i64::try_from(AUTHORS_KEPT).unwrap() + 1;
    assert!(profile.rows("fork_statements") <= bound, "{}", profile.rows("fork_statements"));
    assert!(profile.rows("fork_facts") <= bound + 3, "{}", profile.rows("fork_facts"));
}

#[test]
fn a_prekey_is_durable_before_anybody_hears_of_it_and_renewed_once_it_is_old() {
    let (dir, mut profile, _server, _group) = in_group(History::Empty);
    let first = profile.prekey(T, &mut rng(1)).unwrap();
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.own_prekeys().unwrap()[0].public(), first.public());
    // As long as nobody is known to have it, there is no other.
    let later = T + 30 * DAY;
    assert_eq!(profile.prekey(later, &mut rng(2)).unwrap().public(), first.public());
    profile.confirm_prekey(&first.public(), later).unwrap();
    assert_eq!(profile.own_prekeys().unwrap()[0].confirmed, Some(later));
    let second = profile.prekey(later, &mut rng(2)).unwrap();
    assert!(second.public() != first.public() && second.confirmed.is_none());
    // Confirmed again, by another group's server: the first time counts.
    profile.confirm_prekey(&first.public(), later + DAY).unwrap();
    assert_eq!(profile.own_prekeys().unwrap()[1].confirmed, Some(later));
    profile.confirm_prekey(&second.public(), later + DAY).unwrap();
    assert_eq!(profile.prekey(later + 7 * DAY - 7200, &mut rng(3)).unwrap().public(), second.public());
    // The clock was years ahead: others would wait as long.
    assert!(profile.prekey(later - 2 * DAY, &mut rng(3)).unwrap().public() != second.public());
    assert_eq!(format!("{second:?}"), "OwnPrekey { confirmed: None, .. }");
}

#[test]
fn halves_go_with_a_sync_three_weeks_after_a_newer_one_is_known() {
    let (_dir, mut profile, server, _group) = in_group(History::Empty);
    let first = profile.prekey(T, &mut rng(1)).unwrap();
    profile.confirm_prekey(&first.public(), T).unwrap();
    let renewed = T + 8 * DAY;
    let second = profile.prekey(renewed, &mut rng(2)).unwrap();
    // Nobody is known to have the second: the first stays, however long.
    assert_eq!(profile.note_synced(&server.board, T + 100 * DAY).unwrap(), 0);
    profile.confirm_prekey(&second.public(), T + 100 * DAY).unwrap();
    assert_eq!(profile.note_synced(&server.board, T + 121 * DAY - 1).unwrap(), 0);
    // Less than an hour later nothing is written.
    assert_eq!(profile.note_synced(&server.board, T + 121 * DAY).unwrap(), 0);
    assert_eq!(profile.own_prekeys().unwrap().len(), 2);
    assert_eq!(profile.note_synced(&server.board, T + 121 * DAY + 3600).unwrap(), 1);
    assert_eq!(profile.own_prekeys().unwrap()[0].public(), second.public());
}

#[test]
fn a_server_that_was_not_synced_since_keeps_the_halves() {
    let (_dir, mut profile, server, _group) = in_group(History::Empty);
    let silent = self::server(2);
    profile.add_server(&silent, NOW).unwrap();
    // One without a group of ours keeps nothing.
    profile.add_server(&self::server(3), NOW).unwrap();
    let other = group(2, &silent, History::Empty);
    profile.add_group(&other, NOW).unwrap();
    let first = profile.prekey(T, &mut rng(1)).unwrap();
    profile.confirm_prekey(&first.public(), T).unwrap();
    let second = profile.prekey(T + 8 * DAY, &mut rng(2)).unwrap();
    profile.confirm_prekey(&second.public(), T + 8 * DAY).unwrap();
    assert_eq!(profile.note_synced(&server.board, T + 60 * DAY).unwrap(), 0);
    assert_eq!(profile.note_synced(&silent.board, T + 61 * DAY).unwrap(), 1);
}

#[test]
fn four_halves_are_kept_at_most() {
    let (_dir, mut profile, _server, _group) = in_group(History::Empty);
    for n in 0..9 {
        let prekey = profile.prekey(T + n * 8 * DAY, &mut rng(n)).unwrap();
        profile.confirm_prekey(&prekey.public(), T + n * 8 * DAY).unwrap();
    }
    let kept = profile.own_prekeys().unwrap();
    assert_eq!(kept.len(), 4);
    assert!(kept.is_sorted_by(|a, b| a.created > b.created));
}

#[test]
fn of_an_authors_prekeys_the_newest_counts() {
    let (_dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let view = profile.fork_view(conversation).unwrap();
    let mut keep =
        |n, created| profile.keep_prekey(&view, conversation, &member(2), &prekey(n, created), T).unwrap();
    assert!(keep(1, T - DAY) && keep(2, T) && !keep(3, T - 2 * DAY), "an older one is no news");
    assert!(!keep(4, T), "the first of an hour counts");
    assert!(!keep(5, T + 2 * DAY), "one from the future is none");
    let known = profile.prekeys(conversation).unwrap();
    assert!(known.get(&member(2)) == Some(&prekey(2, T)) && known.len() == 1);
}

#[test]
fn prekeys_of_invented_authors_push_no_listed_member_out() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let mut fork = epoch(6, 0, 1);
    fork.server = *server.board.public_key();
    let id = fork.id;
    let changes = [Change::Keep(fork, T), Change::Moves { to: id, at: T, chosen: true }];
    profile.keep_fork_changes(conversation, &changes).unwrap();
    let view = profile.fork_view(conversation).unwrap();
    profile.keep_prekey(&view, conversation, &member(3), &prekey(1, T - 300 * DAY), T).unwrap();
    for n in 0..300 {
        let created = T - 100 * DAY + n * 3600;
        profile.keep_prekey(&view, conversation, &member(5000 + n), &prekey(2, created), T).unwrap();
    }
    let known = profile.prekeys(conversation).unwrap();
    assert_eq!(known.len(), 256);
    assert!(known.contains_key(&member(3)) && !known.contains_key(&member(5000)));
}

#[test]
fn parts_make_a_package_in_any_order_but_of_one_carrier_only() {
    let (dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let members: Vec<u64> = (1..=12).collect();
    let package = sealed_for(&group, 1, &members, &[], 1).package;
    let parts = package.parts();
    let (bob, carol) = (member(2), member(3));
    assert_eq!(parts.len(), 2);
    assert_eq!(profile.keep_part(conversation, &bob, &parts[1], T), PartKept::Waits);
    assert_eq!(profile.keep_part(conversation, &bob, &parts[1], T), PartKept::Waits);
    // Carol's half does not complete Bob's.
    assert_eq!(profile.keep_part(conversation, &carol, &parts[0], T), PartKept::Waits);
    let mut profile = reopen(&dir, profile);
    let PartKept::Complete(id) = profile.keep_part(conversation, &bob, &parts[0], T + 5) else {
        panic!("complete")
    };
    assert!(profile.collected_package(id).unwrap() == Some(package.clone()));
    let [whole] = &profile.collected(CollectedState::Complete).unwrap()[..] else { panic!("one") };
    assert_eq!((whole.id, whole.carrier, whole.completed), (id, bob, Some(T + 5)));
    assert_eq!(whole.fork, Some(package.fork_id()));
    // Whoever brings it now brings nothing new.
    assert_eq!(profile.keep_part(conversation, &carol, &parts[1], T), PartKept::Known);
    profile.judge_package(id, CollectedState::Condemned).unwrap();
    assert_eq!(profile.keep_part(conversation, &member(4), &parts[1], T), PartKept::Known);
    assert!(profile.collected_package(id).unwrap().is_none(), "its parts are gone");
}

#[test]
fn rubbish_under_a_packages_name_spoils_only_its_carriers() {
    let (_dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let package = sealed(&group, 1, &[], 1).package;
    let [part] = &package.parts()[..] else { panic!("one part") };
    let mut bytes = part.to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let rubbish = Part::from_bytes(&bytes).unwrap();
    assert_eq!(profile.keep_part(conversation, &member(2), &rubbish, T), PartKept::False);
    assert!(matches!(profile.keep_part(conversation, &member(3), part, T), PartKept::Complete(_)));
    assert_eq!(profile.rows("packages"), 1);
}

#[test]
fn a_carrier_collects_two_packages_and_a_group_64_for_30_days() {
    let (_dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let members: Vec<u64> = (1..=12).collect();
    let half = |seed| sealed_for(&group, 1, &members, &[], seed).package.parts().remove(0);
    for seed in 0..5 {
        profile.keep_part(conversation, &member(2), &half(seed), T);
    }
    let names = |profile: &Profile| -> Vec<_> {
        profile.collected(CollectedState::Collecting).unwrap().iter().map(|c| c.package).collect()
    };
    assert_eq!(names(&profile), [half(3).package(), half(4).package()], "the newest two");
    for carrier in 0..80 {
        profile.keep_part(conversation, &member(5000 + carrier), &half(100 + carrier), T + DAY);
    }
    assert_eq!(profile.rows("packages"), 64);
    assert_eq!(profile.rows("package_parts"), 64);
    assert_eq!(profile.expire_packages(T + 31 * DAY).unwrap(), 0);
    assert_eq!(profile.expire_packages(T + 31 * DAY + 1).unwrap(), 64);
    assert_eq!(profile.rows("package_parts"), 0);
}

/// Keeps the content of a fork, as taking one does.
fn kept(profile: &mut Profile, conversation: ConversationId, sealed: &SealedFork) -> ForkContent {
    let content = ForkContent {
        notice: sealed.content.notice.clone(),
        old: sealed.content.old.clone(),
        secret: Some(sealed.content.secret.clone()),
        package: sealed.package.clone(),
    };
    profile.keep_fork(conversation, &content);
    content
}

#[test]
fn a_package_whose_fork_is_known_is_not_collected_again() {
    let (_dir, mut profile, _server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let sealed = sealed(&group, 1, &[], 1);
    let [part] = &sealed.package.parts()[..] else { panic!("one part") };
    assert!(matches!(profile.keep_part(conversation, &member(2), part, T), PartKept::Complete(_)));
    kept(&mut profile, conversation, &sealed);
    assert_eq!(profile.rows("packages"), 0);
    assert_eq!(profile.keep_part(conversation, &member(3), part, T), PartKept::Known);
}

/// Its author says the time of a message: whoever dates one ahead ends no round before the others have come to it.
#[test]
fn a_package_that_is_dated_ahead_ends_no_round_that_is_to_come() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let fork = sealed(&group, 1, &[], 1);
    kept(&mut profile, conversation, &fork);
    let id = fork.package.fork_id();
    let [first, second, third] = [1, 3, 7].map(|days| (days * DAY).cast_signed());
    profile
        .conn
        .execute(
            "INSERT INTO fork_rounds (conversation, fork, since, first, second, third, next, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0)",
            rusqlite::params![conversation.0, id.as_bytes(), NOW, first, second, third],
        )
        .unwrap();
    let [part] = &fork.package.parts()[..] else { panic!("one part") };
    let mut posts = |n, sent, now| {
        let records = ForkRecords { part: Some(part.clone()), ..ForkRecords::default() };
        let item = SyncItem { sent: Some(sent), records, ..item(&group, &peer(2), n, None) };
        let epoch = profile.begin_sync(&server.board).unwrap().epoch;
        let batch = SyncBatch { epoch, items: vec![item], ..SyncBatch::default() };
        profile.apply_sync_batch(&server.board, &batch, now).unwrap();
        let next = "SELECT next FROM fork_rounds";
        profile.conn.query_row(next, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let days = |count: u64| NOW + (count * DAY).cast_signed();
    assert_eq!(posts(1, days(300), NOW + 60), 0);
    assert_eq!(posts(2, days(300), days(1)), 1);
    assert_eq!(posts(3, days(2), days(300)), 2);
}

#[test]
fn leaving_takes_keys_and_lists_at_once() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let view = profile.fork_view(conversation).unwrap();
    let half = profile.prekey(T, &mut rng(1)).unwrap();
    profile.keep_prekey(&view, conversation, &member(2), &prekey(1, T), T).unwrap();
    kept(&mut profile, conversation, &sealed(&group, 1, &[half.public()], 1));
    let mut fork = epoch(5, 0, 2);
    fork.server = *server.board.public_key();
    profile.opens(conversation, fork);
    let said = Event::Said(member(2), Statement { epoch: ForkId::NONE, time: T, place: None });
    profile.fork_event(conversation, &said, T).unwrap();
    let waiting = sealed_for(&group, 1, &(1..=12).collect::<Vec<_>>(), &[], 2).package.parts().remove(0);
    profile.keep_part(conversation, &member(2), &waiting, T);
    let tables = ["prekeys", "packages", "package_parts", "forks", "fork_statements", "fork_questions"];
    let tables = [&tables[..], &["fork_facts", "fork_contents"]].concat();
    for table in &tables {
        assert!(profile.rows(table) > 0, "{table}");
    }
    profile.remove_group(&group.id).unwrap();
    for table in &tables {
        assert_eq!(profile.rows(table), 0, "{table}");
    }
    // The own prekeys are those of the other groups, too.
    assert_eq!(profile.own_prekeys().unwrap().len(), 1);
}

#[test]
fn a_package_opens_with_a_half_that_was_stored() {
    let (dir, mut profile, _server, group) = in_group(History::Empty);
    let half = profile.prekey(T, &mut rng(1)).unwrap();
    let sealed = sealed(&group, 1, &[half.public()], 1);
    let profile = reopen(&dir, profile);
    let halves: Vec<_> = profile.own_prekeys().unwrap().into_iter().map(|prekey| prekey.key).collect();
    let package = Package::from_bytes(sealed.package.as_bytes().to_vec()).unwrap();
    assert!(package.open(&halves).unwrap() == sealed.content);
}

/// The key of an address is a member's.
#[test]
fn members_are_addresses() {
    assert_eq!(peer(2).public_key(), &member(2) as &PublicKey);
}

/// Puts something into every table about forks, for a frozen sample.
pub(super) fn fill(profile: &mut Profile, group: &NewGroup) {
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let half = profile.prekey(T, &mut rng(1)).unwrap();
    profile.confirm_prekey(&half.public(), T + 3600).unwrap();
    profile.note_synced(&group.server, T + 3600).unwrap();
    let view = profile.fork_view(conversation).unwrap();
    profile.keep_prekey(&view, conversation, &member(3), &prekey(1, T), T).unwrap();
    let sealed = sealed(group, 1, &[half.public()], 1);
    let content = ForkContent {
        notice: sealed.content.notice.clone(),
        old: sealed.content.old.clone(),
        secret: Some(sealed.content.secret.clone()),
        package: sealed.package.clone(),
    };
    profile.keep_fork(conversation, &content);
    let passing = Passing { sent: Some(T), ..Passing::default() };
    profile.keep_passing(conversation, &sealed.package.fork_id(), &peer(1), &passing);
    let waiting = sealed_for(group, 1, &(1..=12).collect::<Vec<_>>(), &[], 2).package.parts().remove(0);
    profile.keep_authors_part(conversation, &member(3), &ForkId::NONE, &waiting, T).unwrap();
}

/// What [`fill`] put in is there.
pub(super) fn reads_what_was_filled_in(profile: &Profile) {
    let [half] = &profile.own_prekeys().unwrap()[..] else { panic!("one") };
    assert_eq!(half.confirmed, Some(T + 3600));
    let conversation = profile.find_group("group 1").unwrap().one().unwrap().conversation;
    assert!(profile.prekeys(conversation).unwrap().contains_key(&member(3)));
    let view = profile.fork_view(conversation).unwrap();
    let [question] = view.questions() else { panic!("one question") };
    let content = profile.fork_content(conversation, &question.forks[0]).unwrap().unwrap();
    let opened = content.package.open(std::slice::from_ref(&half.key)).unwrap();
    assert!(opened.notice == content.notice && Some(opened.secret) == content.secret);
    assert_eq!(profile.deliveries_of(conversation, &question.forks[0]).unwrap()[0].contact, peer(1));
    assert_eq!(profile.collected(CollectedState::Collecting).unwrap().len(), 1);
}
