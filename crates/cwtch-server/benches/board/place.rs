//! A directory with a server's keys and messages, and the server's process.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cwtch_log::object::CHECKPOINT_LEN;
use cwtch_net::Loopback;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::rand_core::RngCore;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_server::keys::ServerKeys;
use cwtch_server::store::{NewEntry, NewPost, SqliteStore, Store, StoreWriter};
use cwtch_testkit::usage;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, compose};
use cwtch_wire::packet::SEALED_MAX;

/// Everything of one server, on the disk that also holds the build.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) keys: ServerKeys,
    pub(crate) group: Group,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let data = dir.path().join("data");
        std::fs::DirBuilder::new().mode(0o700).create(&data).unwrap();
        let keys = ServerKeys::load_or_create(&data, false, &mut OsRng).unwrap();
        let group = Group::new(&keys.board);
        Self { dir, keys, group }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn net(&self) -> PathBuf {
        self.dir.path().join("net")
    }

    pub(crate) fn network(&self) -> Loopback {
        Loopback::new(self.net())
    }

    pub(crate) fn address(&self) -> Address {
        self.keys.board.address()
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.data().join(SqliteStore::FILE)
    }

    /// Puts real messages of the group into the database, before a server runs.
    pub(crate) fn fill(&self, count: usize) {
        let path = self.database();
        let store = SqliteStore::open(&path, self.address().as_bytes(), None).unwrap();
        let mut writer = store.writer().unwrap();
        let mut left = count;
        while left > 0 {
            let posts: Vec<NewPost> = (0..left.min(500)).map(|_| self.stored()).collect();
            left -= posts.len();
            writer.commit(&posts).unwrap();
        }
    }

    /// The database's writer, without a server.
    pub(crate) fn writer(&self, cap: Option<u64>) -> Box<dyn StoreWriter> {
        let path = self.database();
        SqliteStore::open(&path, self.address().as_bytes(), cap).unwrap().writer().unwrap()
    }

    /// Puts messages of the common length into the database that all have the same signature.
    pub(crate) fn fill_under_one_signature(&self, count: u64) {
        let (mut writer, message) = (self.writer(None), self.group.message());
        let mut numbers = 0..count;
        loop {
            let posts: Vec<NewPost> = numbers
                .by_ref()
                .take(500)
                .map(|n| {
                    let mut post = NewPost { token: [0; 32], entry: None };
                    let mut ciphertext = message.ciphertext.clone();
                    for bytes in [post.token.first_chunk_mut(), ciphertext.first_chunk_mut()] {
                        *bytes.unwrap() = n.to_be_bytes();
                    }
                    post.entry = Some(NewEntry::new(message.signature.clone(), ciphertext));
                    post
                })
                .collect();
            if posts.is_empty() {
                return;
            }
            writer.commit(&posts).unwrap();
        }
    }

    /// A post of a message of the group.
    pub(crate) fn stored(&self) -> NewPost {
        let mut token = [0; 32];
        OsRng.fill_bytes(&mut token);
        let message = self.group.message();
        NewPost { token, entry: Some(NewEntry::new(message.signature, message.ciphertext)) }
    }

    /// Number of packets in the stream of a log of `count` of the group's messages, which all have the same length.
    pub(crate) fn log_packets(&self, count: usize) -> u64 {
        const HEADER: usize = 4;
        let message = self.group.message();
        let entry = HEADER + message.signature.len() + message.ciphertext.len();
        let boundaries = count / 256 * (HEADER + CHECKPOINT_LEN);
        (count * entry + boundaries).div_ceil(SEALED_MAX) as u64
    }

    /// Starts the program `cwtch-server` and waits until it can be dialled.
    pub(crate) fn serve(&self) -> ServerProcess {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cwtch-server"))
            .args(["run", "--json", "--data"])
            .arg(self.data())
            .arg("--network")
            .arg(format!("loopback:{}", self.net().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains("ready"), "the server did not start");
        ServerProcess(child)
    }
}

/// A running server; killed when dropped.
pub(crate) struct ServerProcess(Child);

impl ServerProcess {
    /// The server's resident memory now, in KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        let [now, _] = usage::mebibytes(self.0.id());
        now * 1024.0
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A group on the board, with one author.
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) key: GroupKey,
    server: Address,
    author: Identity,
}

impl Group {
    fn new(board: &Identity) -> Self {
        let key = GroupKey::generate(&mut OsRng);
        Self {
            id: GroupId::derive(&key, board.public_key()),
            key,
            server: board.address(),
            author: Identity::generate(&mut OsRng),
        }
    }

    /// A short message, which has the same length as all others.
    pub(crate) fn message(&self) -> EncryptedGroupMessage {
        let context = GroupContext { id: &self.id, key: &self.key, server: &self.server };
        let text = r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#;
        compose(context, &self.author, text, 1_700_000_000, &[5; 64], &mut OsRng).unwrap()
    }
}
