//! Tests of the profile storage, by topic; this file holds what they share.

mod activity;
mod afterwards;
mod changes;
mod contacts;
mod conversations;
mod crash;
mod directory;
mod erase;
mod fixture;
mod group_sync;
mod log;
mod log_crash;
mod migration;
mod names;
mod order;
mod p2p;
mod posts;
mod properties;
mod requests;
mod scale;
mod secrecy;
mod transcript;

use cwtch_log::EntryId;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::token::{IssuerKey, PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, Identity};
use cwtch_wire::board::EncryptedGroupMessage;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;

use super::*;

const NOW: i64 = 1_700_000_000;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A fresh profile without a password, in a directory that lives as long as the first value.
pub(crate) fn profile() -> (TempDir, Profile) {
    let dir = tempfile::tempdir().unwrap();
    let profile = data_dir(&dir).create("alice", &Password::None, &mut rng(7)).unwrap();
    (dir, profile)
}

fn data_dir(dir: &TempDir) -> DataDir {
    DataDir::open_or_create(dir.path().join("data")).unwrap()
}

/// Closes and opens again: what is not on disk is gone.
fn reopen(dir: &TempDir, profile: Profile) -> Profile {
    drop(profile);
    data_dir(dir).open("alice", &Password::None).unwrap()
}

pub(crate) fn peer(n: u64) -> Address {
    Identity::generate(&mut rng(1000 + n)).address()
}

/// A text overlay.
fn text(text: &str) -> Content {
    Content { kind: 1, data: text.into(), json: format!("{{\"o\":1,\"d\":\"{text}\"}}").into_bytes() }
}

pub(crate) fn server(n: u64) -> NewServer {
    NewServer {
        board: peer(100 + n),
        token_service: peer(200 + n),
        issuer: *IssuerKey::generate(&mut rng(n)).public(),
        bundle: b"{\"Keys\":{}}".to_vec(),
    }
}

pub(crate) fn group(n: u8, server: &NewServer, history: History) -> NewGroup {
    let key = GroupKey::new([n; 32]);
    NewGroup {
        id: GroupId::derive(&key, server.board.public_key()),
        key,
        name: format!("group {n}"),
        server: server.board,
        history,
    }
}

/// Real tokens of one batch.
pub(crate) fn tokens(count: usize, seed: u64) -> Vec<Token> {
    let mut rng = rng(seed);
    let issuer = IssuerKey::generate(&mut rng);
    let pending: Vec<_> = (0..count).map(|_| PendingToken::generate(&mut rng)).collect();
    let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
    let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
    PendingToken::finish_batch(&mut Transcript::new(), issuer.public(), &pending, &signed, &proof).unwrap()
}

/// A verified message number `n` of a group; `previous` is another message's number.
pub(crate) fn item(group: &NewGroup, author: &Address, n: u64, previous: Option<u64>) -> SyncItem {
    SyncItem {
        group: group.id,
        author: *author,
        content: text(&format!("message {n}")),
        sent: Some(NOW),
        signature: signature(n),
        previous: previous.map(signature).unwrap_or_default(),
        message_hash: hash(n),
        entry: EntryId::of(&signature(n), &[9; 2800]),
        place: None,
        extensions: None,
        ciphertext: vec![9; 2800],
    }
}

/// The server of the first group says that it has a post.
fn stored(profile: &mut Profile, post: MessageId) -> Result<bool, StorageError> {
    profile.mark_post_stored(&server(1).board, post, &Confirmation::default())
}

fn signature(n: u64) -> Vec<u8> {
    let mut bytes = vec![0; 56];
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes
}

fn hash(n: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn post(n: u64, previous: Option<u64>) -> NewPost {
    NewPost {
        content: text(&format!("message {n}")),
        ciphertext: vec![9; 2800],
        signature: signature(n),
        previous: previous.map(signature).unwrap_or_default(),
        message_hash: hash(n),
        said: None,
    }
}

impl Profile {
    /// Queues and composes a message in one go; the wallet may be empty.
    fn enqueue_group_post(
        &mut self,
        group: &GroupId,
        post: &NewPost,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        let author = self.address;
        self.write("queue a composed message", |tx| {
            let id = crate::profile::posts::draft(tx, &author, group, &post.content, now)?;
            crate::profile::posts::compose(tx, &author, id, post)?;
            Ok(id)
        })
    }
}

/// What leaves of a post.
fn leaves(post: &PendingPost) -> &EncryptedGroupMessage {
    match &post.body {
        PostBody::Composed(message) => message,
        PostBody::Draft { .. } => panic!("a draft"),
    }
}

/// A profile with one server and one group on it.
fn in_group(history: History) -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let group = group(1, &server, history);
    profile.add_group(&group, NOW).unwrap();
    (dir, profile, server, group)
}

/// Applies items as one batch of the running sync.
fn apply(profile: &mut Profile, server: &NewServer, items: Vec<SyncItem>) -> SyncOutcome {
    let epoch = profile.begin_sync(&server.board).unwrap().epoch;
    let cursor = items.last().map(|item| item.signature.clone());
    profile
        .apply_sync_batch(&server.board, &SyncBatch { epoch, items, cursor, ..SyncBatch::default() }, NOW)
        .unwrap()
}
