//! Finding one's groups' messages on a full board, as the engine does it: `cargo bench -p cwtch-client --bench trial`.
//!
//! Run without `--bench`, as `cargo test --all-targets` does, it does nothing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and one that cannot go on should say so"
)]

use std::time::Instant;

use cwtch_client::profile::{DataDir, Password};
use cwtch_client::trial::classify_all;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::group::{Outcome, TrialSet};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, compose};

const MESSAGES: usize = 100_000;
/// The engine's batch: so many are tried, then stored in one transaction.
const BATCH: usize = 1024;
const ROUNDS: usize = 5;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    println!("{:<52} {:>8} {:>8} {:>8} aim (seconds)", "bench", "median", "min", "max");
    let server = Identity::generate(&mut OsRng);
    let groups: Vec<Group> = (0..100).map(|_| Group::new(&server)).collect();
    let strangers: Vec<Group> = (0..10).map(|_| Group::new(&server)).collect();

    let board = board(&strangers);
    trials("100,000 messages of others x 1 key", &board, groups.get(..1).unwrap(), 0, "");
    trials("100,000 messages of others x 100 keys", &board, &groups, 0, "<= 15");
    drop(board);

    let board = self::board(&groups);
    trials("100,000 messages of ours x 100 keys, all verified", &board, &groups, MESSAGES, "");
    drop(board);
    profile();
}

struct Group {
    id: GroupId,
    key: GroupKey,
    server: Identity,
    author: Identity,
}

impl Group {
    fn new(server: &Identity) -> Self {
        let key = GroupKey::generate(&mut OsRng);
        let id = GroupId::derive(&key, server.public_key());
        Self { id, key, server: server.clone(), author: Identity::generate(&mut OsRng) }
    }

    fn message(&self) -> EncryptedGroupMessage {
        let context = GroupContext { id: &self.id, key: &self.key, server: &self.server.address() };
        let text = r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#;
        compose(context, &self.author, text, 1_700_000_000, &[5; 64], &mut OsRng).unwrap()
    }
}

/// A full board of these groups.
fn board(groups: &[Group]) -> Vec<EncryptedGroupMessage> {
    groups.iter().cycle().take(MESSAGES).map(Group::message).collect()
}

fn trials(name: &str, board: &[EncryptedGroupMessage], groups: &[Group], ours: usize, aim: &str) {
    let mut set = TrialSet::new();
    for group in groups {
        set.push(group.id, group.key.clone(), group.server.address());
    }
    measure(name, aim, || {
        let count = |batch| {
            let outcomes = classify_all(&set, batch);
            assert!(!outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected { .. })));
            outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Verified { .. })).count()
        };
        assert_eq!(board.chunks(BATCH).map(count).sum::<usize>(), ours);
    });
}

/// Opening a profile is one derivation of its key, made slow on purpose.
fn profile() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
    let password = Password::from_text("a password of some length").unwrap();
    data.create("bench", &password, &mut OsRng).unwrap();
    measure("opening a profile with a password", "", || drop(data.open("bench", &password).unwrap()));
}

fn measure(name: &str, aim: &str, work: impl Fn()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let [min, .., max] = rounds.as_slice() else { return };
    println!("{name:<52} {:>8.3} {min:>8.3} {max:>8.3} {aim}", rounds.get(ROUNDS / 2).unwrap());
}
