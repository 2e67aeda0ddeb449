//! A server with many messages of one group.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::rand_core::RngCore;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_server::keys::ServerKeys;
use cwtch_server::signer::{self, Opening, Reading};
use cwtch_server::store::{NewEntry, NewPost, SqliteStore, Store};
use cwtch_wire::group::{GroupContext, compose};
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use serde_json::{Value, json};

use crate::common::{Person, Server};
use crate::stage::{Place, Provider};
use crate::watch::Watch;

/// Messages on the board.
pub(crate) const MESSAGES: usize = 4000;
/// Messages of one transaction.
const BATCH: usize = 500;

/// A server, and what makes somebody a member of the group on it.
pub(crate) struct Board {
    pub(crate) server: Server,
    address: String,
    invite: String,
}

impl Board {
    /// Puts the messages into the database of a server that does not run yet: over Tor that would take hours.
    pub(crate) fn filled(place: &Place<'_>, name: &str, provider: Provider) -> Self {
        let data = place.world.path(name);
        DirBuilder::new().mode(0o700).create(&data).expect("a directory");
        let keys = ServerKeys::load_or_create(&data, false, &mut OsRng).expect("keys");
        let board = keys.board.address();
        let key = GroupKey::generate(&mut OsRng);
        let invite = GroupInvite::new("Hikers", key, &board).expect("an invite");
        fill(&data, &board, &invite);
        let text = TofuBundle::new(keys.bundle(), invite).expect("one server").to_text();
        Self {
            server: place.server(name, provider),
            address: board.to_string(),
            invite: text.as_str().to_owned(),
        }
    }

    /// Ends the log of the running server for ever, so that it answers in the deployed form from now on.
    pub(crate) fn retires_its_log(&mut self) {
        self.server.stop();
        let data = &self.server.data;
        let keys = ServerKeys::load(data).expect("the server's keys");
        let database = data.join(SqliteStore::FILE);
        let store =
            SqliteStore::open(&database, keys.board.address().as_bytes(), None).expect("its database");
        let opening = Opening::new(&keys.board, signer::directory(data), Box::new(Reading::of_system));
        opening.retire(&store, &mut OsRng).expect("a log that was begun");
        drop(store);
        self.server.start();
    }

    /// Makes somebody a member, who then begins to fetch the messages.
    pub(crate) fn joins(&self, watch: &mut Watch) {
        watch.ask("experiment.enable", json!({"name": "groups"}));
        watch.ask("group.join", json!({"invite": self.invite}));
    }

    /// Waits until a member's connection with the server is so far.
    pub(crate) fn is(&self, watch: &mut Watch, phase: &str) {
        watch.hears("server", &[("address", self.address.as_str().into()), ("phase", phase.into())]);
    }

    /// Fails unless a member has every message.
    pub(crate) fn is_complete(&self, member: &Person) {
        let groups = member.ok(&["group", "list"]);
        let messages = groups.pointer("/0/messages").and_then(Value::as_u64);
        assert_eq!(messages, Some(MESSAGES as u64), "{groups}");
    }
}

fn fill(data: &Path, board: &Address, invite: &GroupInvite) {
    let store = SqliteStore::open(&data.join(SqliteStore::FILE), board.as_bytes(), None).expect("a database");
    let mut writer = store.writer().expect("its writer");
    let id: &GroupId = invite.group_id();
    let context = GroupContext { id, key: invite.key(), server: board };
    let author = Identity::generate(&mut OsRng);
    let text = r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#;
    let post = || {
        let message =
            compose(context, &author, text, 1_700_000_000, &[5; 64], &mut OsRng).expect("a message");
        let mut token = [0; 32];
        OsRng.fill_bytes(&mut token);
        NewPost { token, entry: Some(NewEntry::new(message.signature, message.ciphertext)) }
    };
    for _ in 0..MESSAGES / BATCH {
        let posts: Vec<NewPost> = (0..BATCH).map(|_| post()).collect();
        writer.commit(&posts).expect("a commit");
    }
}
