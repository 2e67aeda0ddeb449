//! Profiles that come back from a copy, and copies that run elsewhere.

mod since;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use cwtch_client::api::{
    Advice, Command, ErrorKind, Event, MessageInfo, MessageState, NoteKind, Reply, SeenBy, StatusInfo,
};
use cwtch_client::engine::{EngineOptions, Mode};
use cwtch_client::profile::Twin;
use cwtch_server::{Config, Declarations};
use tempfile::TempDir;

use crate::fake_server::{Answer, FakeServer};
use crate::log::restored::copy_all;
use crate::support::{Person, World, profile};

/// How a copy comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The folder is replaced by the copy: another file with the old content.
    Replaced,
    /// The files get their old content, as by a snapshot of the disk: nothing shows it from outside.
    Rewound,
}

const WAYS: [Way; 2] = [Way::Replaced, Way::Rewound];

pub(crate) struct Copy {
    kept: TempDir,
    of: PathBuf,
}

impl Copy {
    /// Of a profile that is not open.
    pub(crate) fn of(world: &World, name: &str) -> Self {
        let (kept, of) = (tempfile::tempdir().unwrap(), world.profile_dir(name));
        copy_all(&of, &kept.path().join("alice"));
        Self { kept, of }
    }

    pub(crate) fn put_back(&self, way: Way) {
        let from = self.kept.path().join("alice");
        if way == Way::Replaced {
            // First beside it, so that no file gets the place of the one before.
            let beside = self.of.with_extension("back");
            copy_all(&from, &beside);
            fs::remove_dir_all(&self.of).unwrap();
            fs::rename(&beside, &self.of).unwrap();
            return;
        }
        for entry in fs::read_dir(&self.of).unwrap().map(Result::unwrap) {
            match fs::read(from.join(entry.file_name())) {
                Ok(content) => fs::write(entry.path(), content).unwrap(),
                Err(_) => fs::remove_file(entry.path()).unwrap(),
            }
        }
    }
}

fn texts(messages: &[MessageInfo]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

/// Nobody is accused of anything, and nothing has failed.
fn all_is_well(who: &str, messages: &[MessageInfo]) {
    for message in messages {
        assert_ne!(message.state, MessageState::Failed, "{who}: {}", message.text);
        let notes: Vec<_> = message.notes.iter().map(|note| &note.sentence).collect();
        assert!(message.notes.iter().all(|note| note.kind != NoteKind::Conflicting), "{who}: {notes:?}");
    }
}

async fn status(person: &Person) -> StatusInfo {
    match person.call(Command::Status).await.unwrap() {
        Reply::Status(status) => status,
        other => panic!("no status: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_was_put_back_goes_on_and_nobody_is_accused() {
    for way in WAYS {
        let world = World::new();
        let server = world.server().await;
        let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
        let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
        let group = created.group.clone();
        bob.join(&created.tofubundle).await.unwrap();
        alice.send(&group, "before").await.unwrap();
        assert_eq!(bob.incoming().await.text, "before");
        // Two posts wait in the copy.
        server.shutdown().await;
        alice.phase(cwtch_client::api::ServerPhase::Offline).await;
        for text in ["queued", "queued, too"] {
            let queued = alice.send_as(&group, text, Some(1), None).await.unwrap();
            assert_eq!(queued.state, MessageState::Queued);
        }
        alice.stop().await;
        let copy = Copy::of(&world, "alice");

        // The original goes on: the queue leaves, and more than all the tokens that the copy has are spent.
        let server = world.server().await;
        let alice = world.start("alice", Mode::Daemon).await;
        for n in 0..12 {
            alice.send(&group, &format!("later {n}")).await.unwrap();
        }
        let mut expected: Vec<String> = ["before", "queued", "queued, too"].map(str::to_owned).into();
        expected.extend((0..12).map(|n| format!("later {n}")));
        alice.stop().await;

        copy.put_back(way);
        let alice = world.start("alice", Mode::Daemon).await;
        // At once: nothing has been fetched yet.
        for n in 0..3 {
            let sent = alice.send(&group, &format!("after {n}")).await.unwrap();
            assert_eq!(sent.state, MessageState::Stored, "{way:?}");
            expected.push(format!("after {n}"));
        }
        alice.sync().await.unwrap();
        bob.sync().await.unwrap();
        for (who, person) in [("bob", &bob), ("alice", &alice)] {
            let messages = person.messages(&group).await;
            all_is_well(who, &messages);
            let (mut told, mut expected) =
                (texts(&messages), expected.iter().map(String::as_str).collect::<Vec<_>>());
            told.sort_unstable();
            expected.sort_unstable();
            assert_eq!(told, expected, "{who} has each once, {way:?}");
        }
        assert!(bob.messages(&group).await.iter().all(|message| message.notes.is_empty()));
        assert_eq!(status(&alice).await.runs_elsewhere, None, "{way:?}: the past is no twin");
        assert_eq!(status(&alice).await.queued, 0);
        server.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_deleted_meanwhile_accuses_nobody() {
    let world = World::new();
    // It keeps ten messages.
    let config = || {
        let mut config = Config::default();
        config.storage.max_messages = Some(10);
        config
    };
    let server = world.server_with(config(), Declarations::default()).await;
    let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "before").await.unwrap();
    alice.stop().await;
    let copy = Copy::of(&world, "alice");
    let alice = world.start("alice", Mode::Daemon).await;
    for n in 0..3 {
        alice.send(group, &format!("gone {n}")).await.unwrap();
    }
    bob.sync().await.unwrap();
    alice.stop().await;
    // Boundaries let it delete: what Alice wrote is gone.
    world.post_by_hand(&server, &crate::log::honest::others(0, 300)).await;

    copy.put_back(Way::Rewound);
    let alice = world.start("alice", Mode::Daemon).await;
    for n in 0..3 {
        alice.send(group, &format!("after {n}")).await.unwrap();
    }
    assert!(!alice.texts(group).await.contains(&"gone 2".to_owned()), "the story is the intended one");
    bob.sync().await.unwrap();
    let messages = bob.messages(group).await;
    all_is_well("bob", &messages);
    assert_eq!(texts(&messages), ["before", "gone 0", "gone 1", "gone 2", "after 0", "after 1", "after 2"]);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_under_way_when_the_copy_was_made_arrives_once() {
    for way in WAYS {
        for answer in [Answer::HangUp, Answer::StoreAndHangUp] {
            let world = World::new();
            let server = FakeServer::start(&world.network, &[], None).await;
            let alice = world.daemon("alice").await;
            let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
            let group = created.group.clone();
            alice.send(&group, "before").await.unwrap();
            // It is sent, and nobody answers.
            server.script(&[answer]);
            server.silent_after_posts(true);
            let sending = {
                let (engine, group) = (alice.engine.clone(), group.clone());
                let text = "under way".to_owned();
                let command = Command::Send {
                    conversation: group,
                    text,
                    timeout: Some(100),
                    reply_to: None,
                    anyway: false,
                };
                tokio::spawn(async move { engine.call(command).await })
            };
            crate::support::soon("the post", async {
                while server.seen(|seen| seen.posts.len() < 2) {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            alice.stop().await;
            let _ = sending.await;
            let copy = Copy::of(&world, "alice");
            server.silent_after_posts(false);
            let alice = world.start("alice", Mode::Daemon).await;
            alice.send(&group, "later").await.unwrap();
            alice.stop().await;

            copy.put_back(way);
            let alice = world.start("alice", Mode::Daemon).await;
            alice.send(&group, "after").await.unwrap();
            alice.sync().await.unwrap();
            let messages = alice.messages(&group).await;
            all_is_well("alice", &messages);
            let mut told = texts(&messages);
            told.sort_unstable();
            assert_eq!(told, ["after", "before", "later", "under way"], "{way:?} {answer:?}");
            assert_eq!(server.seen(|seen| seen.log.len()), 4, "{way:?} {answer:?}: each is posted once");
            alice.stop().await;
        }
    }
}

/// A clock that is at the next second whenever somebody looks.
fn running_clock(ahead: i64) -> EngineOptions {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let ticks = Arc::new(AtomicI64::new(i64::try_from(now).unwrap() + ahead));
    let mut options = EngineOptions::new(Mode::Daemon);
    options.clock = Some(Arc::new(move || ticks.fetch_add(1, Ordering::AcqRel)));
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_runs_elsewhere_stops_sending_until_the_person_chooses() {
    for way in WAYS {
        let world = World::new();
        let server = world.server().await;
        let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
        let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
        let group = &created.group;
        bob.join(&created.tofubundle).await.unwrap();
        alice.send(group, "one").await.unwrap();
        alice.stop().await;
        let elsewhere = tempfile::tempdir().unwrap();
        let twin_dir = elsewhere.path().join("data/profiles/alice");
        drop(profile(elsewhere.path(), "alice"));
        if way == Way::Replaced {
            fs::remove_dir_all(&twin_dir).unwrap();
            copy_all(&world.profile_dir("alice"), &twin_dir);
        } else {
            rewind(&world.profile_dir("alice"), &twin_dir);
        }

        let mut alice = world.start("alice", Mode::Daemon).await;
        alice.sync().await.unwrap();
        let mut options = running_clock(60);
        options.mode = Mode::OneShot;
        let twin =
            Person::start_with(profile(elsewhere.path(), "alice"), world.network.clone(), options).await;
        assert_eq!(twin.address, alice.address);
        twin.send(group, "from elsewhere").await.unwrap();

        let seen = alice
            .event("the twin", |event| match event {
                Event::RunsElsewhere { seen, detail, advice } => {
                    assert!(detail.ends_with('.') && advice.contains("the only copy"), "{detail} {advice}");
                    Some(*seen)
                }
                _ => None,
            })
            .await;
        assert_eq!(seen, SeenBy::Message);
        assert_eq!(status(&alice).await.runs_elsewhere.unwrap().seen, SeenBy::Message);
        let error = alice.send(group, "never").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.advice, [Advice::ConfirmOnlyCopy], "{error}");
        twin.stop().await;

        // It lasts, until the person chooses. What waits is kept.
        alice.stop().await;
        let mut alice = world.start("alice", Mode::Daemon).await;
        assert_eq!(alice.send(group, "never").await.unwrap_err().kind(), ErrorKind::Refused);
        alice.call(Command::ConfirmOnlyCopy).await.unwrap();
        alice.event("the end of it", |event| matches!(event, Event::OnlyCopy {}).then_some(())).await;
        assert_eq!(status(&alice).await.runs_elsewhere, None);
        assert_eq!(alice.send(group, "here again").await.unwrap().state, MessageState::Stored);
        bob.sync().await.unwrap();
        let messages = bob.messages(group).await;
        all_is_well("bob", &messages);
        assert_eq!(texts(&messages), ["one", "from elsewhere", "here again"]);
        server.shutdown().await;
    }
}

/// Gives the files of a profile the content of another one's.
fn rewind(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::write(to.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_waits_for_the_choice() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    alice.send(group, "one").await.unwrap();
    server.shutdown().await;
    alice.phase(cwtch_client::api::ServerPhase::Offline).await;
    alice.send_as(group, "waits", Some(1), None).await.unwrap();
    alice.stop().await;
    let twin = Twin { by: cwtch_client::profile::SeenBy::Address, at: 1_700_000_000 };
    assert!(world.profile("alice").note_twin(twin).unwrap());

    let server = world.server().await;
    let mut alice = world.start("alice", Mode::Daemon).await;
    alice.sync().await.unwrap();
    let info = status(&alice).await.runs_elsewhere.unwrap();
    assert_eq!((info.seen, info.at), (SeenBy::Address, 1_700_000_000));
    let waiting = alice.messages(group).await.pop().unwrap();
    assert_eq!((waiting.text.as_str(), waiting.state), ("waits", MessageState::Queued));
    assert_eq!(alice.log().await.unwrap().size, 1, "nothing was sent");
    alice.call(Command::ConfirmOnlyCopy).await.unwrap();
    alice.state(waiting.id, MessageState::Stored).await;
    assert_eq!(alice.log_until("both", |log| log.size == 2).await.alarm, None);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_past_is_no_twin() {
    let world = World::new();
    let server = world.server().await;
    let bundle = server.bundle().to_server_string();
    // Its clock moves between any two looks, so that everything was written after the profile was opened.
    let alice = Person::start_with(world.profile("alice"), world.network.clone(), running_clock(0)).await;
    alice.enable().await;
    let one = alice.new_group("one", &bundle).await.unwrap();
    let other = alice.new_group("other", &bundle).await.unwrap();
    for n in 0..3 {
        alice.send(&one.group, &format!("one {n}")).await.unwrap();
        alice.send(&other.group, &format!("other {n}")).await.unwrap();
    }
    alice.sync().await.unwrap();
    // A group that is left and joined again brings messages that are not here any more; so does the last one of a server.
    for groups in [vec![&one], vec![&one, &other]] {
        for group in &groups {
            alice.call(Command::GroupLeave { group: group.group.clone() }).await.unwrap();
        }
        for group in &groups {
            alice.join(&group.tofubundle).await.unwrap();
        }
        alice.sync().await.unwrap();
        assert_eq!(alice.texts(&one.group).await, ["one 0", "one 1", "one 2"]);
        assert_eq!(alice.texts(&other.group).await, ["other 0", "other 1", "other 2"]);
        assert_eq!(status(&alice).await.runs_elsewhere, None);
    }
    assert_eq!(alice.send(&one.group, "on").await.unwrap().state, MessageState::Stored);
    server.shutdown().await;
}
