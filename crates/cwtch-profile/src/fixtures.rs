//! Things that tests of the storage and of what stands over it begin with: profiles, people, servers, groups, messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot begin should say so")]

use cwtch_log::{EntryId, MsgId};
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::token::{IssuerKey, PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_wire::group::fork::{BUNDLE_LEN, DayKeys, ForkRecords, Mode, NoticeFields, ServerPart, TIME_STEP};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

pub use crate::fuse::Accident;
use crate::fuse::Fuse;
use crate::{Content, DataDir, History, NewGroup, NewNotice, NewServer, Password, Profile, SyncItem, Writes};

/// Time of everything, in unix seconds.
pub const NOW: i64 = 1_700_000_000;

/// Randomness that is the same each time.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A fresh profile without a password, in a directory that lives as long as the first value.
pub fn profile() -> (TempDir, Profile) {
    let dir = tempfile::tempdir().unwrap();
    let profile = DataDir::open_or_create(dir.path().join("data"))
        .unwrap()
        .create("alice", &Password::None, &mut rng(7))
        .unwrap();
    (dir, profile)
}

/// A new profile with this identity, without a password.
pub fn profile_as(data: &DataDir, label: &str, identity: &Identity) -> Profile {
    let profile = data.create(label, &Password::None, &mut OsRng).unwrap();
    profile.conn.execute("UPDATE identity SET seed = ?1", [identity.seed().expose().as_slice()]).unwrap();
    drop(profile);
    data.open(label, &Password::None).unwrap()
}

/// Has an accident happen to a profile's program at the transaction behind so many others. From then on every transaction fails.
pub fn light(profile: &mut Profile, at: u64, accident: Accident) {
    profile.fuse = Fuse::Lit(at, accident);
}

/// Puts out what [`light`] lit; what happened meanwhile, if anything did.
pub fn put_out(profile: &mut Profile) -> Option<Accident> {
    match core::mem::take(&mut profile.fuse) {
        Fuse::Burnt(accident) => Some(accident),
        Fuse::Unlit | Fuse::Lit(..) => None,
    }
}

/// True if the program of a profile died.
pub fn has_died(profile: &Profile) -> bool {
    profile.fuse.has_died()
}

/// True if the disk of a profile is full.
pub fn is_full(profile: &Profile) -> bool {
    profile.fuse.is_full()
}

/// Number of rows that this program has changed in a profile's database since it was opened.
pub fn rows_changed(profile: &Profile) -> i64 {
    profile.conn.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap()
}

/// Bytes of the search index, and of everything that a profile's database holds.
pub fn index_bytes(profile: &Profile) -> (u64, u64) {
    let bytes = |sql: &str| -> i64 { profile.conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    let index = bytes(
        "SELECT (SELECT sum(length(block) + 8) FROM words_data) + (SELECT sum(length(term) + 8) FROM words_idx)",
    );
    let all = bytes(
        "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    );
    (index.cast_unsigned(), all.cast_unsigned())
}

/// Shows every value of every row of a profile's database, numbers aside.
pub fn each_value(profile: &Profile, mut show: impl FnMut(&str, &[u8])) {
    // The search index is read in the tables behind it.
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'";
    let mut tables = profile.conn.prepare(tables).unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for table in tables {
        let mut statement = profile.conn.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let ValueRef::Blob(bytes) | ValueRef::Text(bytes) = row.get_ref(column).unwrap() {
                    show(&table, bytes);
                }
            }
        }
    }
}

/// Address of somebody, by a number.
pub fn peer(n: u64) -> Address {
    Identity::generate(&mut rng(1000 + n)).address()
}

/// A server, by a number.
pub fn server(n: u64) -> NewServer {
    NewServer {
        board: peer(100 + n),
        token_service: peer(200 + n),
        issuer: *IssuerKey::generate(&mut rng(n)).public(),
        bundle: b"{\"Keys\":{}}".to_vec(),
    }
}

/// A group on a server whose key is a byte 32 times.
pub fn group(n: u8, server: &NewServer, history: History) -> NewGroup {
    let key = GroupKey::new([n; 32]);
    NewGroup {
        id: GroupId::derive(&key, server.board.public_key()),
        key,
        name: format!("group {n}"),
        server: server.board,
        history,
        notice: None,
    }
}

/// A group with daily keys on a server, whose founder lists these members; with the keys of its days.
pub fn daily_group(
    n: u8,
    server: &NewServer,
    founder: &Identity,
    members: &[Address],
    history: History,
) -> (NewGroup, DayKeys) {
    let listed = members.iter().map(|member| *member.public_key()).chain([*founder.public_key()]);
    let server_part = ServerPart { bundle: [n; BUNDLE_LEN], certificate: None };
    let fields = NoticeFields {
        mode: Mode::Trusted,
        depth: 0,
        time: NOW.cast_unsigned() / TIME_STEP * TIME_STEP,
        server: *server.board.public_key(),
        old: None,
        server_part: Some(server_part.hash()),
        name: format!("group {n}"),
        members: listed.collect(),
    };
    let (notice, keys) = fields.sign(founder, &ForkSecret::new([n; 32])).unwrap();
    let days = DayKeys::new(notice.first_day(), 0, keys.first_day);
    let group = NewGroup {
        id: GroupId::derive(&keys.group, server.board.public_key()),
        key: keys.group,
        name: format!("group {n}"),
        server: server.board,
        history,
        notice: Some(NewNotice {
            notice,
            days: Some(days.clone()),
            server: Some(server_part),
            writes: Writes::Yes,
            inviter: None,
        }),
    };
    (group, days)
}

/// Real tokens of one batch.
pub fn tokens(count: usize, seed: u64) -> Vec<Token> {
    let mut rng = rng(seed);
    let issuer = IssuerKey::generate(&mut rng);
    let pending: Vec<_> = (0..count).map(|_| PendingToken::generate(&mut rng)).collect();
    let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
    let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
    PendingToken::finish_batch(&mut Transcript::new(), issuer.public(), &pending, &signed, &proof).unwrap()
}

/// A verified message number `n` of a group; `previous` is another message's number.
pub fn item(group: &NewGroup, author: &Address, n: u64, previous: Option<u64>) -> SyncItem {
    SyncItem {
        group: group.id,
        author: *author,
        content: text(&format!("message {n}")),
        sent: Some(NOW),
        signature: signature(n),
        previous: previous.map(signature).unwrap_or_default(),
        msg_id: msg_id(n),
        entry: EntryId::of(&signature(n), &[9; 2800]),
        place: None,
        extensions: None,
        ciphertext: vec![9; 2800],
        day: None,
        hidden: false,
        records: ForkRecords::default(),
    }
}

/// A text overlay.
pub(crate) fn text(text: &str) -> Content {
    Content { kind: 1, data: text.into(), json: format!("{{\"o\":1,\"d\":\"{text}\"}}").into_bytes() }
}

/// Signature of a message, by its number.
pub(crate) fn signature(n: u64) -> Vec<u8> {
    [[0; 56].as_slice(), &n.to_be_bytes()].concat()
}

/// Hash of a message, by its number.
pub(crate) fn hash(n: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, part)| *byte = part);
    bytes
}

/// Name of a message, by its number.
pub(crate) fn msg_id(n: u64) -> MsgId {
    MsgId::from_bytes(hash(n))
}
