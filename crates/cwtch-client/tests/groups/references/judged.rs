//! Members who lie, who are old-fashioned, or who have two devices; over the real server.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cwtch_client::api::{Event, NoteKind};
use cwtch_client::engine::{EngineOptions, Mode};
use cwtch_client::profile::{DataDir, MessageId, Password};
use cwtch_log::EntryPrefix;
use cwtch_primitives::OsRng;
use cwtch_primitives::group::GroupId;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{Chain, Extensions, Parent, compose_with};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::kinds;
use crate::forgery::Mallory;
use crate::support::{Person, World};

impl Mallory {
    /// A message that says whatever it likes about the ones before it.
    pub(super) fn claiming(&self, text: &str, extensions: &Extensions) -> EncryptedGroupMessage {
        let text = format!(r#"{{"o":1,"d":"{text}"}}"#);
        compose_with(self.context(), &self.identity, &text, 1_700_000_003, &[], extensions, &mut OsRng)
            .unwrap()
            .message
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refers_to_what_was_never_posted_is_named_and_the_server_is_not() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let bob = world.one_shot("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "one").await.unwrap();
    alice.send(group, "two").await.unwrap();
    alice.sync().await.unwrap();
    alice.stop().await;

    // What an honest member would say, taken from Alice's own database.
    let profile = world.profile("alice");
    let truth = profile.next_extensions(&group.parse::<GroupId>().unwrap(), 1).unwrap();
    assert_eq!((truth.parents.len(), truth.parents[0].index), (1, 1));
    assert!(truth.gossip.is_some());
    drop(profile);

    let mallory = Mallory::new(&created.invite);
    let invented = Extensions {
        parents: vec![Parent { id: EntryPrefix::from_bytes([6; 20]), index: 1 }],
        ..truth.clone()
    };
    let honest = Extensions { chain: None, abandoned: Vec::new(), certificate: None, ..truth };
    let messages = [
        mallory.claiming("you remember?", &Extensions { chain: None, certificate: None, ..invented }),
        mallory.claiming("indeed", &honest),
        // Of the deployed program: it says nothing, and nothing is held against it.
        mallory.honest("I use the old program"),
    ];
    world.post_by_hand(&server, &messages).await;
    bob.sync().await.unwrap();
    bob.befriend(&mallory.identity.address().to_string(), "Mallory").await;

    let shown = bob.messages(group).await;
    assert_eq!(
        shown.iter().map(|m| (m.text.as_str(), kinds(m))).collect::<Vec<_>>(),
        [
            ("one", vec![]),
            ("two", vec![]),
            ("you remember?", vec![NoteKind::NeverPosted]),
            ("indeed", vec![]),
            ("I use the old program", vec![]),
        ]
    );
    assert_eq!(shown[2].notes[0].sentence, "Mallory refers to a message that was never posted.");
    let log = bob.servers().await[0].log.clone().unwrap();
    assert_eq!((log.size, log.alarm), (5, None));
    assert!(bob.evidence().await.is_empty());
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_is_told_and_accuses_nobody_and_what_no_key_opens_is_unreadable() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    alice.send(group, "one").await.unwrap();
    let sealed = EncryptedGroupMessage { ciphertext: vec![3; 200], signature: vec![4; 64] };
    let mallory = Mallory::new(&created.invite);
    world.post_by_hand(&server, std::slice::from_ref(&sealed)).await;
    alice.sync().await.unwrap();
    alice.stop().await;
    let profile = world.profile("alice");
    let truth = profile.next_extensions(&group.parse::<GroupId>().unwrap(), 1).unwrap();
    drop(profile);

    let entry = cwtch_log::EntryId::of(&sealed.signature, &sealed.ciphertext);
    let mut elsewhere = Extensions { chain: None, certificate: None, ..truth.clone() };
    elsewhere.gossip.as_mut().unwrap().root = [7; 32];
    let mut unreadable = Extensions { chain: None, certificate: None, gossip: None, ..truth };
    unreadable.parents = vec![Parent { id: entry.prefix(), index: 1 }];
    let messages = [mallory.claiming("my log", &elsewhere), mallory.claiming("read that", &unreadable)];
    world.post_by_hand(&server, &messages).await;
    let alice = world.one_shot("alice").await;
    alice.sync().await.unwrap();
    assert_eq!(alice.notes(group, "my log").await, [NoteKind::OtherLog]);
    assert_eq!(alice.notes(group, "read that").await, [NoteKind::Unreadable]);
    assert_eq!(alice.servers().await[0].log.clone().unwrap().alarm, None);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicting_histories_are_both_shown_and_copies_are_folded() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    alice.send(group, "hello").await.unwrap();
    let mallory = Mallory::new(&created.invite);
    let chain = |sequence| {
        let chain = Chain { label: 9, sequence, previous: EntryPrefix::NONE };
        Extensions { chain: Some(chain), ..Extensions::default() }
    };
    let yes = mallory.claiming("yes", &chain(1));
    world.post_by_hand(&server, std::slice::from_ref(&yes)).await;
    assert_eq!(kinds(&alice.incoming().await), []);
    world.post_by_hand(&server, &[mallory.claiming("no", &chain(1))]).await;
    assert_eq!(kinds(&alice.incoming().await), [NoteKind::Conflicting]);
    assert_eq!(alice.notes(group, "yes").await, [NoteKind::Conflicting]);

    // Somebody seals the first one anew: the same message, and another entry.
    let key = mallory.invite.key();
    let plain = cwtch_primitives::secretbox::open(key, &yes.ciphertext).unwrap();
    let again = EncryptedGroupMessage {
        ciphertext: cwtch_primitives::secretbox::seal(key, &plain, &mut OsRng),
        signature: yes.signature,
    };
    world.post_by_hand(&server, &[again]).await;
    let told = alice.event("a note", |event| match event {
        Event::MessageNotes { notes, .. } if notes.len() == 2 => Some(notes.clone()),
        _ => None,
    });
    assert_eq!(
        told.await.iter().map(|n| n.kind).collect::<Vec<_>>(),
        [NoteKind::Conflicting, NoteKind::Copy]
    );
    assert_eq!(alice.texts(group).await, ["hello", "yes", "no"]);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_of_one_person_have_two_chains_and_nobody_is_accused() {
    let world = World::new();
    let server = world.server().await;
    let bob = world.one_shot("bob").await;
    let created = bob.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    let dir = tempfile::tempdir().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let mut devices = Vec::new();
    for name in ["phone", "desk"] {
        let data = DataDir::open_or_create(dir.path().join(name)).unwrap();
        // The same seed, the same identity.
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let profile = data.create(name, &Password::None, &mut rng).unwrap();
        // For both it is always the same second, so that neither can say that the other one runs at the same time.
        let mut options = EngineOptions::new(Mode::OneShot);
        options.clock = Some(Arc::new(move || now));
        let device = Person::start_with(profile, world.network.clone(), options).await;
        device.enable().await;
        device.join(&created.tofubundle).await.unwrap();
        devices.push(device);
    }
    assert_eq!(devices[0].address, devices[1].address);
    for n in 0..3 {
        for (device, name) in devices.iter().zip(["phone", "desk"]) {
            device.send(group, &format!("{name} {n}")).await.unwrap();
        }
    }
    bob.send(group, "hello").await.unwrap();
    let mut labels = Vec::new();
    for (device, name) in devices.into_iter().zip(["phone", "desk"]) {
        device.sync().await.unwrap();
        let shown = device.messages(group).await;
        assert_eq!(shown.len(), 7);
        assert!(shown.iter().all(|message| message.notes.is_empty()), "{shown:?}");
        device.stop().await;
        let profile =
            DataDir::open_or_create(dir.path().join(name)).unwrap().open(name, &Password::None).unwrap();
        let next = profile.next_extensions(&group.parse::<GroupId>().unwrap(), 1).unwrap().chain.unwrap();
        assert_eq!(next.sequence, 4);
        labels.push(next.label);
        assert!(
            profile
                .messages(profile.groups().unwrap()[0].conversation, MessageId(0), 9)
                .unwrap()
                .iter()
                .all(|m| m.log_index.is_some())
        );
    }
    assert_ne!(labels[0], labels[1]);
    bob.sync().await.unwrap();
    let shown = bob.messages(group).await;
    assert!(shown.len() == 7 && shown.iter().all(|message| message.notes.is_empty()), "{shown:?}");
    assert!(bob.groups().await[0].missing.is_empty());
    server.shutdown().await;
}
