//! What must not be seen: in files, in `Debug`, in errors.

use super::*;

const SECRET_TEXT: &str = "the-meeting-is-at-noon";

/// The bytes of every file below a directory.
fn all_bytes(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(all_bytes(&path));
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn the_files_hold_no_plaintext() {
    let dir = tempfile::tempdir().unwrap();
    let password = Password::from_text("a-good-password").unwrap();
    let mut profile = data_dir(&dir).create("alice", &password, &mut rng(1)).unwrap();
    let friend = peer(1);
    profile.add_contact(&friend, Some("a-local-name"), NOW).unwrap();
    profile.receive_p2p(&friend, "1", &text(SECRET_TEXT), NOW).unwrap();
    let seed = *profile.identity().seed().expose();
    let key = *profile.key.expose();
    // While it is open there is a journal, and afterwards there is none.
    let open = all_bytes(dir.path());
    drop(profile);
    let closed = all_bytes(dir.path());
    for bytes in [open, closed] {
        assert!(bytes.len() > 4096);
        for secret in [
            SECRET_TEXT.as_bytes(),
            b"a-local-name",
            b"a-good-password",
            friend.as_bytes(),
            friend.public_key().as_bytes(),
            &seed,
            &key,
            b"SQLite format 3",
            b"CREATE TABLE",
        ] {
            assert!(!holds(&bytes, secret));
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("sub/file"), format!("xx{SECRET_TEXT}xx")).unwrap();
    assert!(holds(&all_bytes(dir.path()), SECRET_TEXT.as_bytes()));
}

#[test]
fn debug_shows_no_text_no_key_and_nobody() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let friend = peer(1);
    let contact = profile.add_contact(&friend, Some("a-local-name"), NOW).unwrap();
    let id = profile.enqueue_p2p(&friend, "1", &text(SECRET_TEXT), NOW).unwrap();
    profile.add_tokens(&server.board, &tokens(1, 1)).unwrap();
    let posted = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    profile.take_token_for_post(posted).unwrap();
    let mut shown = vec![
        format!("{profile:?}"),
        format!("{contact:?}"),
        format!("{:?}", profile.message(id).unwrap()),
        format!("{:?}", profile.pending_p2p(&friend, MessageId(0), 9).unwrap()),
        format!("{:?}", profile.find_conversation("group 1").unwrap()),
        format!("{:?}", profile.servers().unwrap()),
        format!("{group:?} {server:?}"),
        format!("{:?}", profile.begin_sync(&server.board).unwrap()),
        format!("{:?}", Content { data: SECRET_TEXT.into(), ..text(SECRET_TEXT) }),
    ];
    let token = profile.pending_posts(&server.board, MessageId(0), 9).unwrap();
    shown.push(format!("{:?}", token[0].token));
    for text in shown {
        for secret in [SECRET_TEXT, "a-local-name", "group 1", friend.as_str(), server.board.as_str()] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(!text.contains(&group.id.to_string()), "{text}");
        assert!(!text.contains("[1, 1, 1, 1"), "a group key: {text}");
    }
}

#[test]
fn a_wrong_database_key_is_not_quoted_in_the_error() {
    let (dir, profile) = profile();
    let path = profile.path().join(db::FILE);
    drop(profile);
    let error = db::open(&path, &DatabaseKey::new([0xab; 32])).unwrap_err();
    assert!(matches!(error, StorageError::Damaged));
    assert!(!format!("{error} {error:?}").contains("abab"));
    drop(dir);
}
