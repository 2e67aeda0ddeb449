//! Tests of the profile storage, by topic; this file holds what they share.

mod activity;
mod afterwards;
mod bounded;
mod changes;
mod clearing;
mod contacts;
mod conversations;
mod crash;
mod days;
mod directory;
mod epochs;
mod epochs_model;
mod erase;
mod fixture;
mod forget;
mod forks;
mod group_sync;
mod hidden;
mod log;
mod log_crash;
mod migration;
mod moves;
mod names;
mod order;
mod p2p;
mod pages;
mod posts;
mod properties;
mod references;
mod requests;
mod scale;
mod search;
mod secrecy;
mod sweep;
mod told;
mod vanish;

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{ForkId, Mode};
use tempfile::TempDir;

use super::fixtures::{NOW, group, hash, item, msg_id, peer, profile, rng, server, signature, text, tokens};
use super::*;

fn data_dir(dir: &TempDir) -> DataDir {
    DataDir::open_or_create(dir.path().join("data")).unwrap()
}

/// Closes and opens again: what is not on disk is gone.
fn reopen(dir: &TempDir, profile: Profile) -> Profile {
    drop(profile);
    data_dir(dir).open("alice", &Password::None).unwrap()
}

/// The server of the first group says that it has a post.
fn stored(profile: &mut Profile, post: MessageId) -> Result<bool, StorageError> {
    profile.mark_post_stored(&server(1).board, post, &Confirmation::default())
}

fn post(n: u64, previous: Option<u64>) -> NewPost {
    NewPost {
        group: group(1, &server(1), History::Empty).id,
        content: text(&format!("message {n}")),
        ciphertext: vec![9; 2800],
        signature: signature(n),
        previous: previous.map(signature).unwrap_or_default(),
        msg_id: msg_id(n),
        said: None,
        day: None,
        sent: NOW,
        prekey: None,
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
            let id = crate::posts::draft(tx, &author, group, &post.content, now)?;
            let group = groups::of_any_id(tx, group)?.map_or(*group, |written| written.id);
            crate::posts::compose(tx, &author, id, &NewPost { group, ..post.clone() })?;
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
