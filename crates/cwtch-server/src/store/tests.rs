//! The store's rules, by example and against a model.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

const BOARD: &[u8] = b"board";

struct Fixture {
    dir: tempfile::TempDir,
    cap: Option<u64>,
}

impl Fixture {
    fn new(cap: Option<u64>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), cap }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(SqliteStore::FILE)
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), BOARD, self.cap).unwrap()
    }
}

fn token(n: u32) -> [u8; 32] {
    let mut token = [0; 32];
    token[..4].copy_from_slice(&n.to_be_bytes());
    token
}

fn post(n: u32, signature: &str, ciphertext: &str) -> NewPost {
    NewPost { token: token(n), entry: Some(NewEntry::new(signature.into(), ciphertext.into())) }
}

fn stored(seq: Seq) -> Outcome {
    Outcome::Stored { seq, shadowed: false }
}

/// Everything that a replay from `last_commit` sends, checked against its announced count.
fn replay(store: &SqliteStore, last_commit: Option<&str>) -> Vec<(Seq, String)> {
    let mut reader = store.reader().unwrap();
    let plan = reader.plan(last_commit.map(str::as_bytes)).unwrap();
    let (mut found, mut next) = (Vec::new(), plan.from);
    while next <= plan.to {
        next = reader
            .read(next, plan.to, 2, &mut |entry| {
                found.push((entry.seq, String::from_utf8(entry.ciphertext.to_vec()).unwrap()));
            })
            .unwrap();
    }
    assert_eq!(found.len() as u64, plan.count);
    found
}

fn texts(found: &[(Seq, String)]) -> Vec<&str> {
    found.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn posts_are_numbered_kept_and_replayed_in_order() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.commit(&[post(1, "a", "A"), post(2, "b", "B")]).unwrap(), [stored(1), stored(2)]);
    assert_eq!(writer.commit(&[post(3, "c", "C")]).unwrap(), [stored(3)]);
    assert_eq!(texts(&replay(&store, None)), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&store, Some("b"))), ["B", "C"]);
    assert_eq!(texts(&replay(&store, Some("c"))), ["C"]);
    assert_eq!(texts(&replay(&store, Some(""))), ["A", "B", "C"]);
    assert_eq!(texts(&replay(&store, Some("unknown"))), ["A", "B", "C"]);
}

#[test]
fn an_empty_board_replays_nothing() {
    let store = Fixture::new(None);
    let store = store.open();
    assert_eq!(store.reader().unwrap().plan(None).unwrap(), ReplayPlan { from: 1, to: 0, count: 0 });
}

#[test]
fn the_same_message_is_stored_once_and_costs_one_token() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let outcomes = writer.commit(&[post(1, "a", "A"), post(1, "a", "A"), post(2, "a", "A")]).unwrap();
    assert_eq!(outcomes, [stored(1), Outcome::Duplicate, Outcome::Duplicate]);
    // Token 2 was left alone.
    assert_eq!(writer.commit(&[post(2, "b", "B")]).unwrap(), [stored(2)]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.spent, status.newest), (2, 2, 2));
}

#[test]
fn a_spent_token_stores_nothing() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "a", "A")]).unwrap();
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap(), [Outcome::TokenSpent]);
    // Within one batch as well.
    let outcomes = writer.commit(&[post(2, "c", "C"), post(2, "d", "D")]).unwrap();
    assert_eq!(outcomes, [stored(2), Outcome::TokenSpent]);
    assert_eq!(texts(&replay(&store, None)), ["A", "C"]);
}

#[test]
fn a_repeated_signature_is_stored_but_shadowed() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let outcomes =
        writer.commit(&[post(1, "s", "first"), post(2, "s", "second"), post(3, "t", "T")]).unwrap();
    assert_eq!(outcomes, [stored(1), Outcome::Stored { seq: 2, shadowed: true }, stored(3)]);
    assert_eq!(texts(&replay(&store, None)), ["first", "T"]);
    assert_eq!(texts(&replay(&store, Some("s"))), ["first", "T"]);
    assert_eq!(store.reader().unwrap().status().unwrap().messages, 3);
}

#[test]
fn a_token_may_be_spent_on_nothing() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    let nothing = NewPost { token: token(1), entry: None };
    assert_eq!(writer.commit(std::slice::from_ref(&nothing)).unwrap(), [Outcome::TokenOnly]);
    assert_eq!(writer.commit(&[nothing]).unwrap(), [Outcome::TokenSpent]);
    assert_eq!(replay(&store, None), []);
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let fixture = Fixture::new(None);
    {
        let store = fixture.open();
        let mut writer = store.writer().unwrap();
        writer.commit(&[post(1, "a", "A")]).unwrap();
        // No orderly close: the writer is leaked with its connection open.
        std::mem::forget(writer);
    }
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    assert_eq!(texts(&replay(&store, None)), ["A"]);
    assert!(store.reader().unwrap().contains(&NewEntry::new(b"a".to_vec(), b"A".to_vec())).unwrap());
    assert!(!store.reader().unwrap().contains(&NewEntry::new(b"a".to_vec(), b"B".to_vec())).unwrap());
    assert_eq!(writer.commit(&[post(1, "b", "B")]).unwrap(), [Outcome::TokenSpent]);
    assert_eq!(writer.commit(&[post(2, "b", "B")]).unwrap(), [stored(2)]);
}

#[test]
fn over_the_cap_the_oldest_tenth_goes() {
    let fixture = Fixture::new(Some(20));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    for n in 1..=20 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
        assert!(!writer.prune_step().unwrap());
    }
    assert_eq!(replay(&store, None).len(), 20);
    writer.commit(&[post(21, "21", "21")]).unwrap();
    assert!(!writer.prune_step().unwrap());
    let left = replay(&store, None);
    assert_eq!((left.len(), left[0].0), (19, 3));
    // A pruned message is unknown: everything is sent. Its token stays spent.
    assert_eq!(replay(&store, Some("1")).len(), 19);
    assert_eq!(writer.commit(&[post(1, "x", "x")]).unwrap(), [Outcome::TokenSpent]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.pruned, status.newest), (19, 2, 21));
    drop(writer);
    fixture.open();
}

#[test]
fn a_message_is_shadowed_no_longer_than_what_shadows_it_exists() {
    let fixture = Fixture::new(Some(10));
    let store = fixture.open();
    let mut writer = store.writer().unwrap();
    writer.commit(&[post(1, "s", "squatter")]).unwrap();
    for n in 2..=10 {
        writer.commit(&[post(n, &n.to_string(), &n.to_string())]).unwrap();
    }
    writer.commit(&[post(11, "s", "honest")]).unwrap();
    assert!(!texts(&replay(&store, None)).contains(&"honest"));
    writer.prune_step().unwrap();
    assert_eq!(texts(&replay(&store, None)).last(), Some(&"honest"));
}

#[test]
fn pruning_down_to_a_lowered_cap_takes_steps_and_leaves_a_sound_database() {
    let fixture = Fixture::new(None);
    {
        let mut writer = fixture.open().writer().unwrap();
        let posts: Vec<_> = (0..2500).map(|n| post(n, &n.to_string(), "x")).collect();
        writer.commit(&posts).unwrap();
    }
    let lowered = Fixture { cap: Some(100), ..fixture };
    let store = lowered.open();
    let mut writer = store.writer().unwrap();
    let mut steps = 1;
    while writer.prune_step().unwrap() {
        steps += 1;
    }
    assert_eq!(steps, 3);
    assert_eq!(replay(&store, None).len(), 100);
    drop(writer);
    lowered.open();
}

#[test]
fn a_full_disk_stores_nothing_of_the_batch_and_spends_no_token() {
    let fixture = Fixture::new(None);
    let store = fixture.open();
    let mut writer = store.writer_with("PRAGMA max_page_count = 30").unwrap();
    let posts: Vec<_> = (0..64).map(|n| post(n, &n.to_string(), &"x".repeat(3000))).collect();
    assert!(matches!(writer.commit(&posts), Err(StoreError::Full)));
    assert_eq!(replay(&store, None), []);
    assert_eq!(store.reader().unwrap().status().unwrap(), StoreStatus::default());
    // A post that fits goes through, with a token of the refused batch.
    assert_eq!(writer.commit(&[post(0, "a", "A")]).unwrap(), [stored(1)]);
    drop(writer);
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.commit(&posts[1..]).unwrap().len(), 63);
    assert_eq!(replay(&store, None).len(), 64);
}

#[test]
fn a_foreign_a_newer_and_anothers_database_are_refused() {
    let fixture = Fixture::new(None);
    std::fs::write(
        fixture.path(),
        b"this is no database at all, but long enough to be read as one".repeat(20),
    )
    .unwrap();
    assert!(SqliteStore::open(&fixture.path(), BOARD, None).is_err());

    let fixture = Fixture::new(None);
    rusqlite::Connection::open(fixture.path()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = SqliteStore::open(&fixture.path(), BOARD, None).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");

    let fixture = Fixture::new(None);
    drop(fixture.open());
    let error = SqliteStore::open(&fixture.path(), b"another board", None).unwrap_err();
    assert!(matches!(error, StoreError::OtherServer), "{error}");
    rusqlite::Connection::open(fixture.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for error in [
        SqliteStore::open(&fixture.path(), BOARD, None).map(drop).unwrap_err(),
        SqliteStore::existing(fixture.dir.path()).reader().map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Newer { found: 99, known: 1 }), "{error}");
    }
}

#[test]
fn a_database_with_a_hole_is_refused() {
    let fixture = Fixture::new(None);
    let mut writer = fixture.open().writer().unwrap();
    writer.commit(&[post(1, "a", "A"), post(2, "b", "B"), post(3, "c", "C")]).unwrap();
    drop(writer);
    let conn = rusqlite::Connection::open(fixture.path()).unwrap();
    conn.execute_batch("DELETE FROM messages WHERE seq = 1").unwrap();
    assert!(matches!(SqliteStore::open(&fixture.path(), BOARD, None), Err(StoreError::Damaged)));
}

/// The rules in the simplest form that can be right.
#[derive(Default)]
struct Model {
    spent: HashSet<[u8; 32]>,
    entries: Vec<(Seq, String, String)>,
    newest: Seq,
}

impl Model {
    fn post(&mut self, t: u32, signature: &str, ciphertext: &str) -> Outcome {
        if self.entries.iter().any(|(_, s, c)| (s.as_str(), c.as_str()) == (signature, ciphertext)) {
            return Outcome::Duplicate;
        }
        if !self.spent.insert(token(t)) {
            return Outcome::TokenSpent;
        }
        let shadowed = self.entries.iter().any(|(_, s, _)| s == signature);
        self.newest += 1;
        self.entries.push((self.newest, signature.to_owned(), ciphertext.to_owned()));
        Outcome::Stored { seq: self.newest, shadowed }
    }

    fn prune(&mut self, cap: usize) {
        if self.entries.len() > cap {
            let n = (self.entries.len() / 10).max(self.entries.len() - cap);
            self.entries.drain(..n);
        }
    }

    fn replay(&self, last_commit: Option<&str>) -> Vec<(Seq, String)> {
        let start = self.entries.iter().position(|(_, s, _)| Some(s.as_str()) == last_commit).unwrap_or(0);
        let mut first = HashMap::new();
        for (seq, signature, _) in &self.entries {
            first.entry(signature).or_insert(*seq);
        }
        self.entries[start..]
            .iter()
            .filter(|(seq, signature, _)| first[signature] == *seq)
            .map(|(seq, _, ciphertext)| (*seq, ciphertext.clone()))
            .collect()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u32, u8, u8)>),
    Reopen,
    Replay(Option<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let a_post = (0..40u32, 0..12u8, 0..3u8);
    let step = prop_oneof![
        6 => prop::collection::vec(a_post, 1..8).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
        2 => prop::option::of(0..14u8).prop_map(Step::Replay),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_store_behaves_as_the_model(steps in steps(), cap in prop::option::of(10..20u64)) {
        let fixture = Fixture::new(cap);
        let mut store = fixture.open();
        let mut writer = store.writer().unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Commit(posts) => {
                    let (mut batch, mut expected) = (Vec::new(), Vec::new());
                    for (t, s, c) in posts {
                        let (signature, ciphertext) = (format!("s{s}"), format!("c{c}"));
                        batch.push(post(t, &signature, &ciphertext));
                        expected.push(model.post(t, &signature, &ciphertext));
                    }
                    prop_assert_eq!(writer.commit(&batch).unwrap(), expected);
                    while writer.prune_step().unwrap() {}
                    model.prune(usize::try_from(cap.unwrap_or(u64::MAX)).unwrap());
                }
                Step::Reopen => {
                    drop(writer);
                    store = fixture.open();
                    writer = store.writer().unwrap();
                }
                Step::Replay(from) => {
                    let from = from.map(|s| format!("s{s}"));
                    prop_assert_eq!(replay(&store, from.as_deref()), model.replay(from.as_deref()));
                }
            }
        }
        prop_assert_eq!(replay(&store, None), model.replay(None));
        let status = store.reader().unwrap().status().unwrap();
        prop_assert_eq!(status.messages, model.entries.len() as u64);
        prop_assert_eq!(status.spent, model.spent.len() as u64);
        prop_assert_eq!(status.newest, model.newest);
    }
}
