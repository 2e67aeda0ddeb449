//! Groups with daily keys: made, joined, written to, forgotten day by day; and what hostile members and inviters do.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cwtch_client::api::{
    Command, DaysInfo, EpochInfo, ErrorKind, GroupCreated, GroupDetails, GroupKeys, MessageInfo,
    MessageState, Problem, Reply, WritesInfo,
};
use cwtch_client::engine::{EngineOptions, Mode, Probes};
use cwtch_primitives::forks::DayKey;
use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Identity, OsRng, SecretBytes};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::board::stream::Record;
use cwtch_wire::group::fork::{
    CONTROL_TEXT, DailyInvite, DayKeys, Draft, ForkRecords, compose_daily, open_day_box, seal_day_box,
};
use cwtch_wire::group::{Extensions, GroupContext, try_open_into};
use cwtch_wire::invite::{GroupInvite, TofuBundle};

use crate::log::memory_server::MemoryServer;
use crate::support::{Person, World, soon, until};

const DAY: i64 = 86_400;

impl Person {
    async fn know(&self, other: &Person, name: &str) {
        let command = Command::ContactAdd { address: other.address.clone(), name: Some(name.to_owned()) };
        self.call(command).await.unwrap();
    }

    async fn show(&self, group: &str) -> GroupDetails {
        match self.call(Command::GroupShow { group: group.to_owned() }).await.unwrap() {
            Reply::GroupDetails(details) => *details,
            other => panic!("no details: {other:?}"),
        }
    }

    async fn epoch(&self, group: &str) -> EpochInfo {
        self.show(group).await.epochs.remove(0)
    }

    async fn days(&self, group: &str) -> DaysInfo {
        self.epoch(group).await.days.expect("daily keys")
    }

    async fn invite(
        &self,
        group: &str,
        contact: &str,
        (history, anyway): (bool, bool),
        timeout: Option<u64>,
    ) -> Result<MessageInfo, cwtch_client::api::ApiError> {
        let (group, contact) = (group.to_owned(), contact.to_owned());
        match self.call(Command::GroupInvite { group, contact, timeout, history, anyway }).await? {
            Reply::Message(message) => Ok(message),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The text of an invite, which is handed over by other means.
    async fn invite_text(&self, group: &str, contact: &str, history: bool) -> String {
        self.invite(group, contact, (history, true), Some(0)).await.unwrap().text
    }
}

/// Somebody who has the keys of an invite and writes by hand.
struct ByHand {
    author: Identity,
    invite: DailyInvite,
    id: GroupId,
    days: DayKeys,
}

impl ByHand {
    fn new(invite: &str, seed: u8) -> Self {
        let invite = DailyInvite::parse(invite).unwrap();
        let days = DayKeys::new(invite.notice().first_day(), invite.day(), invite.day_key().clone());
        Self { author: Identity::from_seed(&[seed; 32]), id: invite.group_id(), days, invite }
    }

    fn says(&self, text: &str, timestamp: i64, records: &ForkRecords) -> EncryptedGroupMessage {
        let server = self.invite.notice().fields().server.address();
        let context = GroupContext { id: &self.id, key: self.invite.group_key(), server: &server };
        let extensions = Extensions::default();
        let draft = Draft { text, timestamp, previous: &[], extensions: &extensions, records };
        compose_daily(context, &self.days, &self.author, draft, &mut OsRng).unwrap().composed.message
    }

    /// The same plain message in a box of another day, or of other keys.
    fn resealed(&self, message: &EncryptedGroupMessage, keys: &DayKeys, day: u16) -> EncryptedGroupMessage {
        let mut buffer = Vec::new();
        let wrapped = try_open_into(self.invite.group_key(), &message.ciphertext, &mut buffer).unwrap();
        let (_, plain) = open_day_box(&self.days, &message.ciphertext, wrapped).unwrap();
        let ciphertext = seal_day_box(self.invite.group_key(), keys, day, &plain, &mut OsRng).unwrap();
        EncryptedGroupMessage { ciphertext, signature: message.signature.clone() }
    }

    /// Keys that nobody else has.
    fn invented(&self) -> DayKeys {
        DayKeys::new(self.days.first_day(), self.days.oldest(), DayKey::new(SecretBytes::new([7; 32])))
    }
}

fn overlay(text: &str) -> String {
    format!(r#"{{"o":1,"d":"{text}"}}"#)
}

/// Two contacts who are online, of whom Alice made a group with both.
async fn two(world: &World, server: &str) -> (Person, Person, GroupCreated) {
    let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
    alice.know(&bob, "Bob").await;
    bob.know(&alice, "Alice").await;
    let created = alice.try_make("friends", server, GroupKeys::Trusted, &["Bob"]).await.unwrap();
    (alice, bob, created)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_use_a_group_with_daily_keys() {
    let world = World::new();
    let server = world.server().await;
    let (mut alice, mut bob, created) = two(&world, &server.bundle().to_server_string()).await;
    let group = &created.group;
    // Said before anything is sent: nothing is known of Bob's program.
    let said: Vec<_> =
        created.members.iter().map(|m| (m.speaker.shown.as_str(), m.made_it, m.reads_daily)).collect();
    assert_eq!(said.len(), 2);
    assert!(said.contains(&("you", true, true)) && said.contains(&("Bob", false, false)), "{said:?}");
    assert_eq!(created.keys, GroupKeys::Trusted);
    assert_eq!(created.invite, created.tofubundle);
    // Deployed programs read neither form in it.
    assert!(GroupInvite::parse(&created.invite).is_err() && TofuBundle::parse(&created.invite).is_err());

    // Bob is listed, so it was said already.
    alice.invite(group, "Bob", (false, false), None).await.unwrap();
    let invite = bob.incoming().await;
    assert_eq!((invite.overlay, invite.author.as_str()), (101, alice.address.as_str()));
    let joined = bob.join(&invite.text).await.unwrap();
    assert_eq!((&joined.group, joined.name.as_str()), (group, "friends"));
    let epoch = bob.epoch(group).await;
    assert_eq!((epoch.keys, epoch.members.len()), (GroupKeys::Trusted, 2));
    let days = epoch.days.unwrap();
    assert_eq!((days.writes, days.first), (WritesInfo::Freely, days.kept_from), "nobody else can vouch");

    assert_eq!(bob.send(group, "hello <&>").await.unwrap().state, MessageState::Stored);
    assert_eq!(alice.incoming().await.text, "hello <&>");
    alice.send(group, "and back").await.unwrap();
    assert_eq!(bob.incoming().await.text, "and back");
    // Both have shown that they read it, Alice by the invite already.
    for person in [&alice, &bob] {
        assert!(person.epoch(group).await.members.iter().all(|member| member.reads_daily));
        assert_eq!(person.texts(group).await, ["hello <&>", "and back"]);
        assert_eq!(person.days(group).await.unfit, 0);
        assert!(person.rejects().await.is_empty());
    }
    // Joining again changes nothing.
    bob.join(&created.invite).await.unwrap();
    assert_eq!(bob.groups().await.len(), 1);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_program_is_not_known_is_invited_after_a_word_only() {
    let world = World::new();
    let server = world.server().await;
    let server_string = server.bundle().to_server_string();
    let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
    alice.know(&bob, "Bob").await;
    let created = alice.try_make("friends", &server_string, GroupKeys::Strangers, &[]).await.unwrap();
    let refused = alice.invite(&created.group, "Bob", (false, false), Some(0)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.problem), (ErrorKind::Refused, Problem::DailyUnknown));
    assert!(alice.messages(&bob.address).await.is_empty(), "nothing was queued");
    alice.invite(&created.group, "Bob", (false, true), Some(0)).await.unwrap();
    // Static groups are made and invited to as ever, and have no list.
    let listed = alice.try_make("old", &server_string, GroupKeys::Static, &["Bob"]).await.unwrap_err();
    assert_eq!(listed.problem, Problem::StaticHasNoList);
    let old = alice.new_group("old", &server_string).await.unwrap();
    assert!(old.invite.starts_with("torv3") && old.members.is_empty() && old.keys == GroupKeys::Static);
    alice.invite(&old.group, "Bob", (false, false), Some(0)).await.unwrap();
    let epoch = alice.epoch(&old.group).await;
    assert!(epoch.days.is_none() && epoch.members.is_empty() && epoch.keys == GroupKeys::Static);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_member_seals_is_refused_and_what_is_no_chat_is_not_shown() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let server_string = server.bundle().to_server_string();
    let created = alice.try_make("friends", &server_string, GroupKeys::Trusted, &[]).await.unwrap();
    let group = &created.group;
    let mallory = ByHand::new(&created.invite, 1);
    let now = i64::try_from(mallory.days.first_day()).unwrap() * DAY + DAY / 2;
    let none = ForkRecords::default();
    let control = ForkRecords { control: true, ..ForkRecords::default() };
    let honest = mallory.says(&overlay("honest"), now, &none);
    let invented = ByHand { days: mallory.invented(), ..ByHand::new(&created.invite, 1) };
    world
        .post_by_hand(
            &server,
            &[
                honest.clone(),
                mallory.says(CONTROL_TEXT, now, &control),
                // Whoever says that their chat is none is read all the same.
                mallory.says(&overlay("not hidden"), now, &control),
                mallory.says(CONTROL_TEXT, now, &none),
                mallory.resealed(&mallory.says(&overlay("of another day"), now, &none), &mallory.days, 3),
                invented.says(&overlay("under an invented key"), now, &none),
                mallory.says(&overlay("last"), now, &none),
            ],
        )
        .await;
    let synced = alice.sync().await.unwrap();
    assert_eq!(synced.rejected, 2);
    assert_eq!(alice.texts(group).await, ["honest", "not hidden", "", "last"]);
    let days = alice.days(group).await;
    assert_eq!((days.unfit, days.sealed, days.late), (1, 0, 0));
    let mut reasons: Vec<_> = alice.rejects().await.into_iter().map(|reject| reject.reason).collect();
    reasons.sort();
    assert!(reasons[0].contains("another day") && reasons[1].contains("ask another member"), "{reasons:?}");
    assert_eq!(alice.groups().await[0].messages, 4);
    // Again, from the beginning: nothing is counted twice.
    alice.sync().await.unwrap();
    assert_eq!(alice.days(group).await.unfit, 1);
    server.shutdown().await;
}

/// A server whose clock is the test's, and everybody's.
struct Time {
    world: World,
    server: MemoryServer,
    now: Arc<AtomicI64>,
}

impl Time {
    async fn new() -> Self {
        let world = World::new();
        let keys = ServerKeys::new(7);
        let mut log = HonestLog::first(keys.clone(), START, 0);
        log.commit(START, &[entry(1)]);
        let server = MemoryServer::start(&world.network, keys, log, START).await;
        Self { world, server, now: Arc::new(AtomicI64::new(START.cast_signed() + 1)) }
    }

    async fn person(&self, name: &str) -> Person {
        let now = self.now.clone();
        let mut options = EngineOptions::new(Mode::OneShot);
        options.clock = Some(Arc::new(move || now.load(Ordering::Acquire)));
        options.probes = Probes::new(|| None);
        let person = Person::start_with(self.world.profile(name), self.world.network.clone(), options).await;
        person.enable().await;
        person
    }

    /// So many days pass; the server signs anew.
    fn pass(&self, days: i64) {
        let now = self.now.fetch_add(days * DAY, Ordering::AcqRel) + days * DAY;
        self.server.with(|state| {
            state.now = now.cast_unsigned();
            state.log.tick(now.cast_unsigned());
        });
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::Acquire)
    }

    fn server_string(&self) -> String {
        self.server.bundle.to_server_string()
    }
}

/// The day of a time, as the time at which it begins.
fn day(time: i64) -> i64 {
    time / DAY * DAY
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_with_the_days_and_newcomers_read_from_theirs_on() {
    let time = Time::new().await;
    let (alice, bob, carol, dave) = (
        time.person("alice").await,
        time.person("bob").await,
        time.person("carol").await,
        time.person("dave").await,
    );
    for other in [(&bob, "Bob"), (&carol, "Carol"), (&dave, "Dave")] {
        alice.know(other.0, other.1).await;
    }
    let server = time.server_string();
    let created = alice.try_make("friends", &server, GroupKeys::Trusted, &["Bob"]).await.unwrap();
    let (group, begin) = (&created.group, time.now());
    bob.join(&created.invite).await.unwrap();
    for n in 0..5 {
        let sent = alice.send(group, &format!("day {}", n * 10)).await.unwrap();
        assert_eq!(sent.state, MessageState::Stored);
        bob.sync().await.unwrap();
        let sent = bob.send(group, &format!("bob on day {}", n * 10)).await.unwrap();
        assert_eq!(sent.state, MessageState::Stored);
        alice.sync().await.unwrap();
        time.pass(10);
    }
    // Day 50. Both have read everything, and the keys of the first twenty days are gone.
    alice.sync().await.unwrap();
    bob.sync().await.unwrap();
    for person in [&alice, &bob] {
        let days = person.days(group).await;
        assert_eq!((days.first, days.kept_from), (day(begin), day(begin) + 20 * DAY));
        assert_eq!((days.sealed, days.unfit, days.late), (0, 0, 0));
        assert_eq!(person.texts(group).await.len(), 10, "texts stay");
        assert_eq!(person.days(group).await.writes, WritesInfo::Freely);
    }
    // A newcomer reads from today on; one to whom the past is given, as far back as keys are.
    let today = alice.invite_text(group, "Carol", false).await;
    let past = alice.invite_text(group, "Dave", true).await;
    carol.join(&today).await.unwrap();
    dave.join(&past).await.unwrap();
    alice.send(group, "welcome").await.unwrap();
    carol.sync().await.unwrap();
    dave.sync().await.unwrap();
    assert_eq!(carol.texts(group).await, ["welcome"]);
    assert_eq!(carol.days(group).await.sealed, 10);
    assert_eq!(
        dave.texts(group).await,
        ["day 20", "bob on day 20", "day 30", "bob on day 30", "day 40", "bob on day 40", "welcome"]
    );
    assert_eq!(dave.days(group).await.sealed, 4);
    assert_eq!(dave.days(group).await.kept_from, day(begin) + 20 * DAY);
    // What cannot be read is nothing that is missing: it is there, and it was counted.
    for person in [&carol, &dave] {
        assert!(person.groups().await[0].missing.is_empty());
    }
    assert!(dave.messages(group).await.iter().skip(1).all(|message| !message.gap));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_writes_once_others_were_read_and_what_waited_is_of_the_day_on_which_it_leaves() {
    let time = Time::new().await;
    let (alice, bob, dave) =
        (time.person("alice").await, time.person("bob").await, time.person("dave").await);
    alice.know(&bob, "Bob").await;
    alice.know(&dave, "Dave").await;
    let created =
        alice.try_make("friends", &time.server_string(), GroupKeys::Trusted, &["Bob", "Dave"]).await.unwrap();
    let group = &created.group;
    time.pass(1);
    // Not from the founding on: Dave comes by an invite of the second day.
    let invite = {
        let full = DailyInvite::parse(&created.invite).unwrap();
        let later = DailyInvite::new(
            1,
            full.group_key().clone(),
            full.day_key().next(),
            full.notice().clone(),
            full.server().cloned(),
        );
        later.unwrap().to_text()
    };
    dave.join(&invite).await.unwrap();
    assert_eq!(dave.days(group).await.writes, WritesInfo::AfterAnother);
    let why = dave.queues(group, "am I read?", None).await;
    assert!(why.contains("a listed member who did not invite you"), "{why}");
    // And is nobody to invite others.
    dave.know(&alice, "Alice").await;
    let refused = dave.invite(group, "Alice", (false, true), Some(0)).await.unwrap_err();
    assert_eq!(refused.problem, Problem::KeyUnconfirmed { sync: false });
    // One may be who invented the key; two are not.
    alice.send(group, "one").await.unwrap();
    dave.sync().await.unwrap();
    assert_eq!(dave.days(group).await.writes, WritesInfo::AfterAnother);
    time.pass(10);
    bob.join(&created.invite).await.unwrap();
    bob.send(group, "two").await.unwrap();
    dave.sync().await.unwrap();
    assert_eq!(dave.days(group).await.writes, WritesInfo::Freely);
    dave.sync().await.unwrap();
    let messages = dave.messages(group).await;
    let own = messages.iter().find(|message| message.own).unwrap();
    assert_eq!(
        (own.state, own.sent),
        (MessageState::Stored, Some(time.now())),
        "of the day on which it left"
    );
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(group).await.last().map(String::as_str), Some("am I read?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_whom_a_founder_lists_may_write_after_a_sync() {
    let time = Time::new().await;
    let (alice, bob, carol) =
        (time.person("alice").await, time.person("bob").await, time.person("carol").await);
    alice.know(&bob, "Bob").await;
    alice.know(&carol, "Carol").await;
    let created = alice
        .try_make("friends", &time.server_string(), GroupKeys::Trusted, &["Bob", "Carol"])
        .await
        .unwrap();
    let group = &created.group;
    // Later, too, a listed member is given all that there is.
    time.pass(3);
    let invite = alice.invite_text(group, "Carol", false).await;
    for (person, invite) in [(&bob, &created.invite), (&carol, &invite)] {
        person.join(invite).await.unwrap();
        assert_eq!(person.days(group).await.writes, WritesInfo::AfterSync);
        let sent = person.send(group, "here").await.unwrap();
        assert_eq!(sent.state, MessageState::Stored);
    }
    alice.sync().await.unwrap();
    assert_eq!(alice.texts(group).await, ["here", "here"]);
}

/// The invite of somebody who invented the key of the days.
fn false_invite(mallory: &ByHand) -> String {
    let invented = mallory.invented();
    let (day, key, invite) = (invented.oldest(), invented.oldest_key().clone(), &mallory.invite);
    let (notice, server) = (invite.notice().clone(), invite.server().cloned());
    DailyInvite::new(day, invite.group_key().clone(), key, notice, server).unwrap().to_text().to_string()
}

/// Signatures are over words, not over boxes: who invents a key can put true words of others into a box of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_false_key_is_found_out_before_anything_is_written_under_it() {
    let time = Time::new().await;
    let (alice, bob, carol) =
        (time.person("alice").await, time.person("bob").await, time.person("carol").await);
    alice.know(&bob, "Bob").await;
    alice.know(&carol, "Carol").await;
    let members = ["Bob", "Carol"];
    let created =
        alice.try_make("friends", &time.server_string(), GroupKeys::Trusted, &members).await.unwrap();
    let group = &created.group;
    carol.join(&created.invite).await.unwrap();
    assert_eq!(carol.send(group, "hi").await.unwrap().state, MessageState::Stored);
    assert_eq!(alice.send(group, "true").await.unwrap().state, MessageState::Stored);
    // Mallory, whom nobody lists, invites Bob with an invented key, and says something under it.
    let mallory = ByHand::new(&created.invite, 1);
    let false_keys = ByHand { days: mallory.invented(), ..ByHand::new(&created.invite, 1) };
    let lie = false_keys.says(&overlay("trust me"), time.now(), &ForkRecords::default());
    let mut entries = time.server.with(|state| state.log.reply(0).records);
    let Some(Record::Entry(of_alice)) = entries.pop() else { panic!("Alice's message is the last") };
    let copy = mallory.resealed(&of_alice, &mallory.invented(), 0);
    let now = time.now().cast_unsigned();
    time.server.with(|state| drop(state.log.commit(now, &[lie, copy])));

    bob.join(&false_invite(&mallory)).await.unwrap();
    assert_eq!(bob.days(group).await.writes, WritesInfo::AfterSync);
    let why = bob.queues(group, "is it you?", None).await;
    assert!(why.contains("ask another member for an invite"), "{why}");
    let days = bob.days(group).await;
    assert_eq!((days.unfit, days.writes), (2, WritesInfo::AfterAnother));
    bob.sync().await.unwrap();
    assert_eq!(bob.days(group).await.writes, WritesInfo::AfterAnother);
    // Nothing of Bob's has left; to the others Mallory's messages are told as what they are.
    assert_eq!(time.server.with(|state| state.log.size()), 5);
    assert_eq!(alice.sync().await.unwrap().rejected, 2);
    assert_eq!(
        (alice.texts(group).await, alice.days(group).await.unfit),
        (vec!["hi".into(), "true".into()], 2)
    );

    // Another invite takes the place of the false one, and everything is read anew. Alice's words of before are doubtful: they
    // stood beside a box that does not open with the true key either.
    bob.join(&created.invite).await.unwrap();
    assert_eq!(bob.days(group).await.unfit, 0);
    bob.sync().await.unwrap();
    let days = bob.days(group).await;
    assert_eq!((days.unfit, days.writes), (2, WritesInfo::AfterAnother));
    assert_eq!(alice.send(group, "it is me").await.unwrap().state, MessageState::Stored);
    bob.sync().await.unwrap();
    assert_eq!(bob.days(group).await.writes, WritesInfo::Freely);
    bob.sync().await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.texts(group).await, ["hi", "true", "it is me", "is it you?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_days_off_posts_nothing() {
    let time = Time::new().await;
    let alice = time.person("alice").await;
    let created = alice.try_make("friends", &time.server_string(), GroupKeys::Trusted, &[]).await.unwrap();
    alice.send(&created.group, "in time").await.unwrap();
    // The server's clock stands still.
    time.now.fetch_add(2 * DAY, Ordering::AcqRel);
    let why = alice.queues(&created.group, "too early", Some(2)).await;
    assert!(!why.is_empty());
    assert_eq!(time.server.with(|state| state.log.size()), 2);
    time.pass(0);
    soon("the message", async {
        loop {
            alice.sync().await.unwrap();
            if time.server.with(|state| state.log.size()) == 3 {
                return;
            }
        }
    })
    .await;
}

/// The inviter is known, by the chat in which the invite came; what waits leaves by itself, once somebody else is read.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_by_another_than_the_founder_waits_for_the_founder() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob, created) = two(&world, &server.bundle().to_server_string()).await;
    let mut carol = world.daemon("carol").await;
    carol.know(&bob, "Bob").await;
    bob.know(&carol, "Carol").await;
    let group = &created.group;
    alice.invite(group, "Bob", (false, false), None).await.unwrap();
    let invite = bob.incoming().await.text;
    bob.join(&invite).await.unwrap();
    assert_eq!(bob.send(group, "bob").await.unwrap().state, MessageState::Stored);
    // Of Carol, whom nobody lists, nothing is known.
    bob.invite(group, "Carol", (true, true), None).await.unwrap();
    let invite = carol.incoming().await.text;
    carol.join(&invite).await.unwrap();
    assert_eq!(carol.days(group).await.writes, WritesInfo::AfterAnother);
    let why = carol.queues(group, "am I read?", None).await;
    assert!(why.contains("who did not invite you"), "{why}");
    assert_eq!(carol.texts(group).await, ["bob", "am I read?"]);
    assert_eq!(carol.days(group).await.writes, WritesInfo::AfterAnother, "he invited");

    assert_eq!(alice.send(group, "alice").await.unwrap().state, MessageState::Stored);
    until("what waited", async || alice.texts(group).await.last().is_some_and(|text| text == "am I read?"))
        .await;
    assert_eq!(carol.days(group).await.writes, WritesInfo::Freely);
    // It is known of her now.
    assert!(alice.show(group).await.written_by.iter().any(|author| author.author == carol.address));
    server.shutdown().await;
}
