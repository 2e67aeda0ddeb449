//! Making, opening, locking and listing profiles.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn everything_is_private_to_its_owner() {
    let (dir, mut profile) = profile();
    profile.set_setting("k", Some("v")).unwrap();
    assert_eq!(mode(dir.path().join("data")), 0o700);
    assert_eq!(mode(dir.path().join("data/profiles")), 0o700);
    assert_eq!(mode(profile.path()), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(profile.path()).unwrap() {
        assert_eq!(mode(entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files >= 3, "profile.json, profile.db, lock and perhaps a journal");
}

#[test]
fn a_directory_that_others_can_change_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    DataDir::open_or_create(&data).unwrap();
    set_mode(&data, 0o720);
    let error = DataDir::open_or_create(&data).unwrap_err();
    assert!(matches!(error, StorageError::Permissions { access: "change", mode: "700", .. }));
    set_mode(&data, 0o755);
    DataDir::open_or_create(&data).unwrap();
}

#[test]
fn profile_files_that_others_can_read_are_refused() {
    let (dir, profile) = profile();
    let path = profile.path().to_path_buf();
    drop(profile);
    for (name, loose, right) in
        [("", 0o750, 0o700), ("profile.json", 0o640, 0o600), ("profile.db", 0o604, 0o600)]
    {
        set_mode(path.join(name), loose);
        let error = data_dir(&dir).open("alice", &Password::None).unwrap_err();
        assert!(matches!(error, StorageError::Permissions { access: "read", .. }), "{name}: {error}");
        set_mode(path.join(name), right);
    }
    data_dir(&dir).open("alice", &Password::None).unwrap();
}

#[test]
fn labels_are_file_names() {
    let dir = tempfile::tempdir().unwrap();
    let data = data_dir(&dir);
    let (longest, long) = ("x".repeat(64), "x".repeat(65));
    for label in ["", ".", "..", ".hidden", "a/b", "a\0b", "a\nb", "a\u{85}b", long.as_str()] {
        let created = data.create(label, &Password::None, &mut rng(1));
        assert!(matches!(created, Err(StorageError::Label)), "{label:?}");
        assert!(matches!(data.open(label, &Password::None), Err(StorageError::Label)), "{label:?}");
    }
    for label in ["a", "Anna Bell", "Бета", longest.as_str()] {
        data.create(label, &Password::None, &mut rng(1)).unwrap();
    }
    assert_eq!(data.list().unwrap().len(), 4);
}

#[test]
fn a_profile_keeps_its_identity() {
    let (dir, profile) = profile();
    let address = *profile.address();
    assert_eq!(profile.identity().address(), address);
    let profile = reopen(&dir, profile);
    assert_eq!(*profile.address(), address);
    assert_eq!(profile.identity().address(), address);
}

#[test]
fn several_profiles_are_listed_and_apart() {
    let dir = tempfile::tempdir().unwrap();
    let data = data_dir(&dir);
    let bob = data.create("bob", &Password::None, &mut rng(1)).unwrap();
    let secret = Password::from_text("secret").unwrap();
    let alice = data.create("alice", &secret, &mut rng(2)).unwrap();
    assert_ne!(alice.address(), bob.address());
    fs::create_dir(dir.path().join("data/profiles/not a profile")).unwrap();
    let listed: Vec<_> = data.list().unwrap().into_iter().map(|p| (p.label, p.has_password)).collect();
    assert_eq!(listed, [("alice".to_owned(), true), ("bob".to_owned(), false)]);
    assert!(matches!(data.create("bob", &secret, &mut rng(3)), Err(StorageError::ProfileExists)));
    assert!(matches!(data.open("carol", &secret), Err(StorageError::NoSuchProfile)));
}

#[test]
fn an_open_profile_is_locked() {
    let (dir, profile) = profile();
    let again = data_dir(&dir).open("alice", &Password::None);
    assert!(matches!(again, Err(StorageError::Locked)));
    reopen(&dir, profile);
}

#[test]
fn passwords_open_and_change() {
    let dir = tempfile::tempdir().unwrap();
    let data = data_dir(&dir);
    let old = Password::from_text("old").unwrap();
    let new = Password::from_text("new").unwrap();
    let mut profile = data.create("alice", &old, &mut rng(1)).unwrap();
    profile.set_setting("k", Some("v")).unwrap();
    drop(profile);
    assert!(matches!(data.open("alice", &new), Err(StorageError::WrongPassword)));
    assert!(matches!(data.open("alice", &Password::None), Err(StorageError::PasswordNeeded)));

    data.change_password("alice", &old, &new, &mut rng(2)).unwrap();
    assert!(matches!(data.open("alice", &old), Err(StorageError::WrongPassword)));
    // While it is open, too, by whoever knows the one that holds.
    let mut profile = data.open("alice", &new).unwrap();
    let replaced =
        |profile: &mut Profile, old: &Password| profile.replace_password(old, &Password::None, &mut rng(3));
    assert!(matches!(replaced(&mut profile, &old), Err(StorageError::WrongPassword)));
    assert!(matches!(replaced(&mut profile, &Password::None), Err(StorageError::PasswordNeeded)));
    replaced(&mut profile, &new).unwrap();
    assert!(matches!(replaced(&mut profile, &new), Err(StorageError::NoPasswordSet)));
    drop(profile);
    assert!(matches!(data.open("alice", &new), Err(StorageError::NoPasswordSet)));
    let profile = data.open("alice", &Password::None).unwrap();
    assert_eq!(profile.setting("k").unwrap().as_deref(), Some("v"));
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let (dir, profile) = profile();
    profile.conn.pragma_update(None, "user_version", schema::current_version() + 1).unwrap();
    drop(profile);
    for _ in 0..2 {
        let error = data_dir(&dir).open("alice", &Password::None).unwrap_err();
        assert!(matches!(error, StorageError::NewerVersion));
    }
}

#[test]
fn missing_or_broken_files_are_told() {
    let (dir, profile) = profile();
    let path = profile.path().to_path_buf();
    drop(profile);
    let open = || data_dir(&dir).open("alice", &Password::None);

    let database = fs::read(path.join("profile.db")).unwrap();
    let mut broken = database.clone();
    broken[100] ^= 1;
    fs::write(path.join("profile.db"), &broken).unwrap();
    assert!(matches!(open(), Err(StorageError::Damaged)));
    fs::remove_file(path.join("profile.db")).unwrap();
    assert!(matches!(open(), Err(StorageError::Damaged)));
    assert!(!path.join("profile.db").exists(), "opening makes no new database");

    fs::write(path.join("profile.db"), &database).unwrap();
    set_mode(path.join("profile.db"), 0o600);
    open().unwrap();
    fs::remove_file(path.join("profile.json")).unwrap();
    assert!(matches!(open(), Err(StorageError::Damaged)));
}

#[test]
fn half_made_profiles_are_ignored_then_removed() {
    let dir = tempfile::tempdir().unwrap();
    let data = data_dir(&dir);
    let half = dir.path().join("data/profiles/.new-abc");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("profile.json"), b"{").unwrap();
    assert!(data.list().unwrap().is_empty());
    data.create("alice", &Password::None, &mut rng(1)).unwrap();
    assert!(!half.exists());
    assert_eq!(data.list().unwrap().len(), 1);
}

#[test]
fn settings_experiments_and_attributes_survive() {
    let (dir, mut profile) = profile();
    profile.set_setting("a", Some("1")).unwrap();
    profile.set_setting("a", Some("2")).unwrap();
    profile.set_setting("b", Some("3")).unwrap();
    profile.set_setting("b", None).unwrap();
    assert!(profile.set_experiment("groups", true).unwrap());
    assert!(!profile.set_experiment("groups", true).unwrap());
    profile.set_experiment("files", true).unwrap();
    assert!(profile.set_experiment("files", false).unwrap());
    profile.set_attribute(Attribute::Name, Some("Alice")).unwrap();
    profile.set_attribute(Attribute::Attribute2, Some("")).unwrap();
    profile.set_attribute(Attribute::Status, Some("away")).unwrap();
    profile.set_attribute(Attribute::Status, None).unwrap();
    let too_long = "x".repeat(Attribute::MAX + 1);
    let refused = profile.set_attribute(Attribute::Status, Some(&too_long));
    assert!(matches!(refused, Err(StorageError::TooLong { .. })));

    let profile = reopen(&dir, profile);
    assert_eq!(profile.setting("a").unwrap().as_deref(), Some("2"));
    assert_eq!(profile.setting("b").unwrap(), None);
    assert_eq!(profile.experiments().unwrap(), ["groups"]);
    assert!(profile.experiment_enabled("groups").unwrap());
    assert!(!profile.experiment_enabled("files").unwrap());
    assert_eq!(
        profile.attributes().unwrap(),
        [(Attribute::Name, "Alice".to_owned()), (Attribute::Attribute2, String::new())]
    );
}

#[test]
fn a_full_disk_is_named_and_changes_nothing() {
    let (dir, mut profile) = profile();
    let friend = peer(1);
    profile.add_contact(&friend, None, NOW).unwrap();
    let pages: i64 = profile.conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    profile.conn.query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(())).unwrap();
    let long = text(&"x".repeat(4000));
    let mut stored = 0;
    let error = loop {
        match profile.receive_p2p(&friend, &format!("id{stored}"), &long, NOW) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StorageError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("disk is full"));
    let profile = reopen(&dir, profile);
    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    assert_eq!(profile.messages(conversation, MessageId(0), 100).unwrap().len(), stored);
}

#[test]
fn an_open_database_needs_no_shared_memory() {
    let (_dir, mut profile) = profile();
    profile.set_setting("k", Some("v")).unwrap();
    assert!(profile.path().join("profile.db-wal").exists());
    assert!(!profile.path().join("profile.db-shm").exists());
}

#[test]
fn a_profile_that_cannot_be_opened_when_made_leaves_its_name_free() {
    let (dir, profile) = profile();
    let path = profile.path().to_owned();
    drop(profile);
    let full = || StorageError::DiskFull { doing: "test" };
    assert!(dir::or_remove(Ok(()), &path).is_ok());
    assert!(path.exists());
    assert!(matches!(dir::or_remove::<()>(Err(full()), &path), Err(StorageError::DiskFull { .. })));
    assert!(!path.exists());
    DataDir::open_or_create(dir.path().join("data"))
        .unwrap()
        .create(path.file_name().unwrap().to_str().unwrap(), &Password::None, &mut rng(7))
        .unwrap();
}

#[test]
fn profiles_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Profile>();
}

#[test]
fn a_renamed_profile_is_the_same_under_another_name() {
    let (dir, mut profile) = profile();
    let address = *profile.address();
    profile.set_setting("k", Some("v")).unwrap();
    let data = data_dir(&dir);
    assert!(matches!(data.rename("alice", "amy"), Err(StorageError::Locked)));
    drop(profile);
    data.create("bob", &Password::None, &mut rng(8)).unwrap();
    for (from, to, why) in
        [("alice", "bob", "already"), ("nobody", "amy", "no profile"), ("alice", ".x", "name")]
    {
        let error = data.rename(from, to).unwrap_err();
        assert!(error.to_string().contains(why), "{from} {to}: {error}");
    }
    data.rename("alice", "amy").unwrap();
    assert!(matches!(data.open("alice", &Password::None), Err(StorageError::NoSuchProfile)));
    let profile = data.open("amy", &Password::None).unwrap();
    assert_eq!((*profile.address(), profile.setting("k").unwrap().as_deref()), (address, Some("v")));
}

#[test]
fn a_deleted_profile_loses_its_keys_first_and_nothing_is_left() {
    let (dir, profile) = profile();
    let data = data_dir(&dir);
    assert!(matches!(data.delete("alice"), Err(StorageError::Locked)));
    let path = profile.path().to_path_buf();
    drop(profile);
    data.create("bob", &Password::None, &mut rng(8)).unwrap();
    fs::write(path.join("profile.json.new"), "a key that was to be").unwrap();
    fs::create_dir(path.join("more")).unwrap();
    // A crash after the first step: what is left opens for nobody, and can be deleted.
    vault::erase(&path).unwrap();
    assert!(!path.join("profile.json").exists() && !path.join("profile.json.new").exists());
    assert!(data.open("alice", &Password::None).is_err());
    assert_eq!(data.list().unwrap().len(), 2);
    data.delete("alice").unwrap();
    assert!(matches!(data.delete("alice"), Err(StorageError::NoSuchProfile)));
    assert_eq!(data.list().unwrap().len(), 1);
    // A crash in the middle of the last step.
    let left = dir.path().join("data/profiles/.gone-1");
    fs::create_dir(&left).unwrap();
    data.rename("bob", "ben").unwrap();
    assert!(!left.exists());
    let names: Vec<_> = fs::read_dir(dir.path().join("data/profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    data.create("alice", &Password::None, &mut rng(8)).unwrap();
}
