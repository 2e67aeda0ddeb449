//! What people get wrong, and what others try to slip in.

use cwtch_client::api::{Advice, Command, ErrorKind};
use cwtch_client::engine::Mode;
use cwtch_primitives::group::GroupKey;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Identity, OsRng};
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use data_encoding::BASE64;

use crate::support::World;

struct Offline {
    board: Identity,
    bundle: KeyBundle,
}

/// A server that nobody runs.
fn offline_server(seed: u8) -> Offline {
    let board = Identity::from_seed(&[seed; 32]);
    let tokens = Identity::from_seed(&[seed + 1; 32]).address();
    let bundle = KeyBundle::sign(&board, &tokens, IssuerKey::generate(&mut OsRng).public());
    Offline { board, bundle }
}

/// The same text with a part of its inner JSON replaced.
fn tampered(text: &str, prefix: &str, from: &str, to: &str) -> String {
    let json =
        String::from_utf8(BASE64.decode(text.strip_prefix(prefix).unwrap().as_bytes()).unwrap()).unwrap();
    assert!(json.contains(from));
    format!("{prefix}{}", BASE64.encode(json.replace(from, to).as_bytes()))
}

#[tokio::test]
async fn a_server_is_taken_once_and_its_keys_never_change() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let server = offline_server(1);
    let text = server.bundle.to_server_string();

    let other_service = Identity::from_seed(&[99; 32]).address();
    let changed_by_others =
        tampered(&text, "server:", server.bundle.token_service().as_str(), other_service.as_str());
    for (bad, hint) in [
        (changed_by_others.as_str(), "signature"),
        ("server:!!", "base64"),
        ("torv3abc", "server:"),
        ("", "server:"),
    ] {
        let error = alice.add_server(bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(crate::words::error(&error).contains(hint), "{error}");
    }
    assert!(alice.servers().await.is_empty(), "nothing half-written");

    let added = alice.add_server(&text).await.unwrap();
    assert_eq!((added.address, added.bundle), (server.board.address().to_string(), text.clone()));
    alice.add_server(&text).await.unwrap();
    assert_eq!(alice.servers().await.len(), 1);

    // The operator's own key under other keys: validly signed, and refused.
    let moved = KeyBundle::sign(&server.board, &other_service, IssuerKey::generate(&mut OsRng).public());
    let error = alice.add_server(&moved.to_server_string()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let error = alice.new_group("g", &moved.to_server_string()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let invite = GroupInvite::new("g", GroupKey::new([5; 32]), &server.board.address()).unwrap();
    let tofu = TofuBundle::new(moved, invite).unwrap().to_text();
    let error = alice.join(&tofu).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(alice.servers().await[0].bundle, text, "the first bundle stays");
    assert!(alice.groups().await.is_empty());
}

#[tokio::test]
async fn invites_are_checked() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let server = offline_server(1);
    let invite = GroupInvite::new("friends", GroupKey::new([5; 32]), &server.board.address()).unwrap();
    let (id, text) = (invite.group_id().to_string(), invite.to_text());

    let error = alice.join(&text).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        crate::words::error(&error).contains("tofubundle") && error.advice == [Advice::ServerAdd],
        "{error}"
    );

    alice.add_server(&server.bundle.to_server_string()).await.unwrap();
    let wrong_id = tampered(&text, "torv3", &id[..8], "00000000");
    for (bad, hint) in [
        (wrong_id.as_str(), "group id"),
        ("torv3%%%", "base64"),
        ("hello", "torv3"),
        ("tofubundle:server:abc", "invite"),
    ] {
        let error = alice.join(bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(crate::words::error(&error).contains(hint), "{error}");
    }
    let stranger = offline_server(7);
    let foreign = format!("tofubundle:{}||{}", stranger.bundle.to_server_string(), *text);
    let error = alice.join(&foreign).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    assert!(alice.groups().await.is_empty());
    assert_eq!(alice.servers().await.len(), 1, "nothing half-written");

    let joined = alice.join(&format!("  {}\n", *text)).await.unwrap();
    assert_eq!((joined.group, joined.name.as_str()), (id, "friends"));
}

#[tokio::test]
async fn a_name_from_outside_moves_no_cursor() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let server = offline_server(1);
    let name = format!("\u{1b}[2J{}", "x".repeat(200));
    let invite = GroupInvite::new(&name, GroupKey::new([5; 32]), &server.board.address()).unwrap();
    let tofu = TofuBundle::new(server.bundle, invite).unwrap().to_text();
    let joined = alice.join(&tofu).await.unwrap();
    assert!(joined.name.len() <= 128 && !joined.name.chars().any(char::is_control));

    let nameless = GroupInvite::new("\n", GroupKey::new([6; 32]), &server.board.address()).unwrap();
    let joined = alice.join(&nameless.to_text()).await.unwrap();
    assert_eq!(joined.name, format!("group {}", &joined.group[..8]));
}

#[tokio::test]
async fn a_group_is_made_on_a_known_server_or_a_given_one() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let server = offline_server(1);
    let address = server.board.address().to_string();
    let error = alice.new_group("friends", &address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = alice.new_group("friends", "nonsense").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let error = alice.new_group("a\nb", &server.bundle.to_server_string()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(alice.servers().await.is_empty(), "nothing half-written");

    let one = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let two = alice.new_group("friends", &format!("{address}.onion")).await.unwrap();
    assert_ne!(one.group, two.group);
    assert_eq!(alice.groups().await.len(), 2);
    // The invites are what they should be: others derive the same id.
    assert_eq!(GroupInvite::parse(&one.invite).unwrap().group_id().to_string(), one.group);
    assert_eq!(
        *TofuBundle::parse(&one.tofubundle).unwrap().invite(),
        GroupInvite::parse(&one.invite).unwrap()
    );
}

#[tokio::test]
async fn texts_that_a_group_cannot_carry_are_refused_and_not_kept() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &offline_server(1).bundle.to_server_string()).await.unwrap();
    for (bad, hint) in [
        ("x".repeat(1790), "1800"),
        ("<".repeat(400), "1800"),
        ("a\u{8}b".to_owned(), "U+0008"),
        ("a\u{c}b".to_owned(), "U+000C"),
    ] {
        let error = alice.send_as(&created.group, &bad, Some(1), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(crate::words::error(&error).contains(hint), "{error}");
    }
    assert!(alice.messages(&created.group).await.is_empty());
}

#[tokio::test]
async fn until_the_experiment_is_on_every_group_command_says_how() {
    let world = World::new();
    let alice = world.start("alice", Mode::Daemon).await;
    for command in [
        Command::ServerAdd { server: "server:".to_owned() },
        Command::ServerList,
        Command::GroupNew {
            name: "g".to_owned(),
            server: "server:".to_owned(),
            keys: Default::default(),
            with: vec![],
        },
        Command::GroupJoin { invite: "torv3".to_owned() },
        Command::GroupList,
        Command::GroupLeave { group: "g".to_owned() },
        Command::Sync { group: None },
        Command::Rejects,
        Command::ServerResume { server: "x".to_owned() },
        Command::Repair { group: "g".to_owned(), timeout: None },
    ] {
        let error = alice.call(command).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.advice, [Advice::ExperimentEnable { name: "groups".to_owned() }], "{error}");
    }
}
