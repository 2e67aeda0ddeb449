//! A large profile, as the engine uses it: `cargo bench -p cwtch-client --bench scale [-- NAME…]`.
//!
//! Run without `--bench`, as `cargo test --all-targets` does, it does nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and one that cannot go on should say so"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cwtch_client::api::{Command, Event, Reply};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Mode};
use cwtch_client::profile::{
    Content, DataDir, History, NewGroup, NewServer, Password, Profile, SyncBatch, SyncItem,
};
use cwtch_log::{EntryId, MsgId};
use cwtch_net::{Loopback, Network};
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::rand_core::RngCore;
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_server::keys::ServerKeys;
use cwtch_server::store::{NewEntry, NewPost, SqliteStore, Store};
use cwtch_server::{Config, RunningServer, Server};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{
    DailyInvite, DayKeys, Draft, ForkRecords, Mode as DailyMode, NoticeFields, ServerPart, TIME_STEP,
    compose_daily,
};
use cwtch_wire::group::{Extensions, GroupContext, compose};
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const NOW: i64 = 1_700_000_000;
const ROUNDS: usize = 9;
/// Messages of a group that is sealed: some 80 MiB.
const SEALED: usize = 125_000;

/// A measurement and its name.
type Bench = (&'static str, fn());

const BENCHES: [Bench; 9] = [
    ("list", list),
    ("search", search),
    ("pages", pages),
    ("contacts", contacts),
    ("names", names),
    ("leave", leave),
    ("seal", seal),
    ("single", single),
    ("join", join),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    println!("{:<64} {:>9} {:>9} {:>9} aim", "bench (milliseconds)", "median", "min", "max");
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            bench();
        }
    }
}

/// Several times of the same work.
fn row(name: &str, aim: &str, mut rounds: Vec<Duration>) {
    rounds.sort();
    let ms = |time: Option<&Duration>| time.unwrap().as_secs_f64() * 1000.0;
    let (median, min, max) = (ms(rounds.get(rounds.len() / 2)), ms(rounds.first()), ms(rounds.last()));
    println!("{name:<64} {median:>9.2} {min:>9.2} {max:>9.2} {aim}");
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn measure(name: &str, aim: &str, mut work: impl FnMut()) {
    row(name, aim, (0..ROUNDS).map(|_| timed(&mut work)).collect());
}

// --- profiles ---

fn place() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn profile(dir: &TempDir) -> Profile {
    let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
    data.create("me", &Password::None, &mut OsRng).unwrap()
}

fn somebody() -> Address {
    Identity::generate(&mut OsRng).address()
}

fn server() -> NewServer {
    NewServer {
        board: somebody(),
        token_service: somebody(),
        issuer: *IssuerKey::generate(&mut OsRng).public(),
        bundle: b"{}".to_vec(),
    }
}

fn group(server: &Address, history: History) -> NewGroup {
    let key = GroupKey::generate(&mut OsRng);
    let id = GroupId::derive(&key, server.public_key());
    NewGroup { id, key, name: format!("group {id}"), server: *server, history, notice: None }
}

/// A message as large on the disk as real ones.
fn message(group: &NewGroup, author: &Address) -> SyncItem {
    let (mut signature, mut hash) = (vec![0; 64], [0; 32]);
    OsRng.fill_bytes(&mut signature);
    OsRng.fill_bytes(&mut hash);
    let text = "a message of a common length, some words and no more than that";
    let json = format!(r#"{{"o":1,"d":"{text}"}}"#).into_bytes();
    let ciphertext = vec![7; 2800];
    SyncItem {
        group: group.id,
        author: *author,
        content: Content { kind: 1, data: text.to_owned(), json },
        sent: Some(NOW),
        entry: EntryId::of(&signature, &ciphertext),
        signature,
        previous: Vec::new(),
        msg_id: MsgId::from_bytes(hash),
        place: None,
        extensions: None,
        ciphertext,
        day: None,
        hidden: false,
        records: cwtch_wire::group::fork::ForkRecords::default(),
    }
}

/// Stores so many messages in each of the groups of a server, written by these in turn.
fn fill(profile: &mut Profile, server: &Address, groups: &[NewGroup], messages: usize, authors: &[Address]) {
    for group in groups {
        let mut authors = authors.iter().cycle();
        let mut left = messages;
        while left > 0 {
            let count = left.min(1024);
            left -= count;
            let items = (0..count).map(|_| message(group, authors.next().unwrap())).collect();
            let epoch = profile.begin_sync(server).unwrap().epoch;
            let batch = SyncBatch { epoch, items, ..SyncBatch::default() };
            profile.apply_sync_batch(server, &batch, NOW).unwrap();
        }
    }
}

/// A profile with groups that hold messages.
fn with_groups(dir: &TempDir, groups: usize, messages: usize) -> (Profile, Vec<NewGroup>) {
    let mut profile = profile(dir);
    profile.set_experiment("groups", true).unwrap();
    let server = server();
    profile.add_server(&server, NOW).unwrap();
    let groups: Vec<NewGroup> = (0..groups).map(|_| group(&server.board, History::Empty)).collect();
    for group in &groups {
        profile.add_group(group, NOW).unwrap();
    }
    let authors: Vec<Address> = (0..20).map(|_| somebody()).collect();
    fill(&mut profile, &server.board, &groups, messages, &authors);
    (profile, groups)
}

/// An engine over a network of its own.
struct World {
    runtime: Runtime,
    engine: EngineHandle,
}

impl World {
    fn start(dir: &TempDir, profile: Profile, mode: Mode) -> Self {
        let runtime = Runtime::new().unwrap();
        let network: Arc<dyn Network> = Arc::new(Loopback::new(dir.path().join("net")));
        let engine = runtime.block_on(engine::start(profile, network, EngineOptions::new(mode))).unwrap();
        Self { runtime, engine }
    }

    fn call(&self, command: Command) -> Reply {
        self.runtime.block_on(self.engine.call(command)).unwrap()
    }

    fn end(self) {
        self.runtime.block_on(self.engine.shutdown());
    }
}

// --- what is measured ---

fn list() {
    let dir = place();
    let (profile, groups) = with_groups(&dir, 300, 100_000 / 300);
    let world = World::start(&dir, profile, Mode::OneShot);
    measure("group.list: 300 groups with 100,000 messages", "<= 20", || {
        let Reply::Groups(found) = world.call(Command::GroupList) else { panic!("no groups") };
        assert_eq!(found.len(), groups.len());
    });
    let conversation = groups.first().unwrap().id.to_string();
    measure("messages: the last 100 of one group", "", || {
        drop(world.call(page(&conversation, 100, At::Newest)))
    });
    world.end();
}

/// Place at which a page is read.
#[derive(Clone, Copy)]
enum At {
    Newest,
    Since(i64),
    After(i64),
    Before(i64),
    Around(i64),
}

fn page(conversation: &str, limit: u32, at: At) -> Command {
    let (mut since, mut after, mut before, mut around) = (None, None, None, None);
    match at {
        At::Newest => {}
        At::Since(id) => since = Some(id),
        At::After(id) => after = Some(id),
        At::Before(id) => before = Some(id),
        At::Around(id) => around = Some(id),
    }
    let conversation = conversation.to_owned();
    Command::Messages { conversation, since, after, before, around, limit: Some(limit) }
}

fn pages() {
    const MESSAGES: i64 = 100_000;
    type By = fn(i64) -> At;
    let dir = place();
    let (profile, groups) = with_groups(&dir, 1, MESSAGES.try_into().unwrap());
    let world = World::start(&dir, profile, Mode::OneShot);
    let name = groups.first().unwrap().id.to_string();
    let read = |limit, at| {
        let Reply::Messages(found) = world.call(page(&name, limit, at)) else { panic!("no messages") };
        found
    };
    measure("messages: the newest 20 of 100,000", "<= 10", || assert_eq!(read(20, At::Newest).len(), 20));
    let newest = read(1, At::Newest).first().unwrap().id;
    // Ids all over the conversation, as somebody holds them who scrolls.
    let tenths: Vec<i64> = (1..10).map(|tenth| newest - MESSAGES * tenth / 10).collect();
    let kinds: [(&str, By); 4] =
        [("since", At::Since), ("after", At::After), ("before", At::Before), ("around", At::Around)];
    for (kind, at) in kinds {
        let times = tenths.iter().map(|id| timed(|| assert!(read(50, at(*id)).len() >= 50)));
        row(&format!("messages: 50 {kind} one, all over 100,000"), "max <= 20", times.collect());
    }
    world.end();
}

/// Words of several scripts, as unevenly used as words are, and a text of so many of them.
struct Language {
    words: Vec<String>,
    state: u64,
}

impl Language {
    const LETTERS: [&str; 5] = [
        "etaoinshrdlucmfwypvbgkjqxz",
        "еанитоврслкдмпуяыьгзбч",
        "äöüéèçßaeiourtslmn",
        "اليمنرتبةعدسفهكقحج",
        "的一是在不了有和人这中大为上个国我以要他",
    ];

    fn new() -> Self {
        let mut language = Self { words: Vec::new(), state: 1 };
        language.words = (0..20_000).map(|_| language.word()).collect();
        language
    }

    /// A number below another one, the same ones each time.
    fn below(&mut self, end: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % end
    }

    fn word(&mut self) -> String {
        let script = self.below(Self::LETTERS.len());
        let letters: Vec<char> = Self::LETTERS.get(script).unwrap().chars().collect();
        let length = 2 + self.below(8);
        (0..length).map(|_| *letters.get(self.below(letters.len())).unwrap()).collect()
    }

    fn common(&mut self) -> &str {
        // Few words are most of what is said.
        let rank = self.below(self.words.len());
        let rank = rank * self.below(1_000) / 1_000 * self.below(1_000) / 1_000;
        self.words.get(rank).unwrap()
    }

    fn text(&mut self) -> String {
        let length = 3 + self.below(18);
        (0..length).map(|_| self.common().to_owned()).collect::<Vec<_>>().join(" ")
    }
}

fn search() {
    const MESSAGES: usize = 100_000;
    let dir = place();
    let (mut profile, groups) = with_groups(&dir, 100, 0);
    let server = groups.first().unwrap().server;
    let authors: Vec<Address> = (0..20).map(|_| somebody()).collect();
    let mut language = Language::new();
    for group in &groups {
        let said = |(author, text): (&Address, String)| {
            let json = format!(r#"{{"o":1,"d":"{text}"}}"#).into_bytes();
            SyncItem { content: Content { kind: 1, data: text, json }, ..message(group, author) }
        };
        let texts: Vec<String> = (0..MESSAGES / groups.len()).map(|_| language.text()).collect();
        let items = authors.iter().cycle().zip(texts).map(said).collect();
        let epoch = profile.begin_sync(&server).unwrap().epoch;
        profile.apply_sync_batch(&server, &SyncBatch { epoch, items, ..SyncBatch::default() }, NOW).unwrap();
    }
    let (index, all) = cwtch_profile::fixtures::index_bytes(&profile);
    println!(
        "{:<64} {:>8.1}% (aim: <= 100): {:.1} of {:.1} MiB",
        "the index, of what else 100,000 messages take",
        100.0 * index as f64 / (all - index) as f64,
        index as f64 / f64::from(1 << 20),
        all as f64 / f64::from(1 << 20)
    );
    let world = World::start(&dir, profile, Mode::OneShot);
    let ask = |words: &str, conversation: Option<String>, from: Option<String>| {
        let (words, has) = (words.to_owned(), None);
        let command = Command::Search {
            words,
            conversation,
            from,
            after: None,
            before: None,
            has,
            below: None,
            limit: Some(50),
        };
        timed(|| drop(world.call(command)))
    };
    let mut kinds: Vec<(&str, Vec<Duration>)> = Vec::new();
    let mut add = |kind, times: Vec<Duration>| kinds.push((kind, times));
    let mut by = |of: &mut dyn FnMut(&mut Language) -> String| -> Vec<String> {
        (0..200).map(|_| of(&mut language)).collect()
    };
    let words = by(&mut |language| language.common().to_owned());
    let beginnings = by(&mut |language| language.common().chars().take(2).collect());
    let letters = by(&mut |language| language.common().chars().take(1).collect());
    let pairs = by(&mut |language| format!("{} {}", language.common().to_owned(), language.common()));
    let phrases = by(&mut |language| format!("\"{} {}\"", language.common().to_owned(), language.common()));
    let each = |queries: &[String]| queries.iter().map(|words| ask(words, None, None)).collect();
    add("a word", each(&words));
    add("two letters of one", each(&beginnings));
    add("one letter", each(&letters));
    add("two words", each(&pairs));
    add("a phrase", each(&phrases));
    let one = groups.get(7).unwrap().id.to_string();
    add("one letter in one conversation", letters.iter().map(|w| ask(w, Some(one.clone()), None)).collect());
    let author = authors.first().unwrap().to_string();
    add("one letter by one author", letters.iter().map(|w| ask(w, None, Some(author.clone()))).collect());
    add("all of one author", letters.iter().map(|_| ask("", None, Some(author.clone()))).collect());
    let mut all: Vec<Duration> = Vec::new();
    for (kind, times) in kinds {
        all.extend(&times);
        row(&format!("search in 100,000 messages: {kind}"), "", times);
    }
    all.sort();
    let p99 = all.get(all.len() * 99 / 100).unwrap();
    println!("{:<64} {:>9.2} (aim: <= 100)", "the 99th of 100 of all these", p99.as_secs_f64() * 1000.0);
    world.end();
}

fn contacts() {
    let dir = place();
    let (mut profile, groups) = with_groups(&dir, 300, 20);
    let contacts: Vec<Address> = (0..1000).map(|_| somebody()).collect();
    for contact in &contacts {
        profile.add_contact(contact, None, NOW).unwrap();
    }
    let server = groups.first().unwrap().server;
    // Each wrote in a group or two.
    for (contact, group) in contacts.iter().zip(groups.iter().cycle()) {
        fill(&mut profile, &server, std::slice::from_ref(group), 1, std::slice::from_ref(contact));
    }
    measure("whom to compare with: 1,000 contacts online, 300 groups, in all", "", || {
        let found: usize = contacts.iter().map(|contact| profile.companions(contact).unwrap().len()).sum();
        assert!(found >= contacts.len());
    });
    let one = contacts.first().unwrap();
    measure("the same: what the database does at once", "", || {
        profile.companions(one).unwrap();
    });
}

fn names() {
    let dir = place();
    let mut profile = profile(&dir);
    for n in 0..5000 {
        profile.add_contact(&somebody(), Some(&format!("contact {n}")), NOW).unwrap();
    }
    let address = somebody();
    profile.add_contact(&address, Some("Bob"), NOW).unwrap();
    let world = World::start(&dir, profile, Mode::OneShot);
    for (what, name) in [("ADDRESS", address.to_string()), ("NAME", "Bob".to_owned())] {
        let aim = if what == "NAME" { "<= 2 x ADDRESS" } else { "" };
        measure(&format!("100 x finding {what} among 5,000 contacts"), aim, || {
            for _ in 0..100 {
                world.call(Command::Focus { conversation: name.clone() });
            }
        });
    }
    world.end();
}

fn leave() {
    let dir = place();
    let (profile, groups) = with_groups(&dir, 2, 50_000);
    let world = World::start(&dir, profile, Mode::Daemon);
    let [left, other] = groups.as_slice() else { panic!("two groups") };
    let begun = Instant::now();
    row(
        "group.leave: 50,000 messages, until it is gone",
        "<= 50",
        vec![timed(|| drop(world.call(Command::GroupLeave { group: left.id.to_string() })))],
    );
    // Somebody who wants something from the database all the time, until everything is erased.
    let mut waits = Vec::new();
    let conversation = other.id.to_string();
    let database = dir.path().join("data");
    let mut quiet = 0;
    while quiet < 200 {
        let took = timed(|| drop(world.call(page(&conversation, 1, At::Newest))));
        // A step is under way most of the time, while there are any.
        quiet = if took < Duration::from_millis(2) { quiet + 1 } else { 0 };
        waits.push(took);
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("{:<64} {:>9.0}", "  and erased within, about", begun.elapsed().as_secs_f64() * 1000.0);
    row("what others waited meanwhile", "max <= 50", waits);
    world.end();
    drop(database);
}

fn seal() {
    let dir = place();
    let (profile, groups) = with_groups(&dir, 1, SEALED);
    let file = profile.path().join("profile.db");
    let world = World::start(&dir, profile, Mode::Daemon);
    let [group] = groups.as_slice() else { panic!("one group") };
    let seal = |older_than| {
        drop(world.call(Command::GroupSeal { group: group.id.to_string(), older_than }));
    };
    let mib = |file: &std::path::Path| file.metadata().unwrap().len() >> 20;
    seal(None);
    println!("{:<64} {:>9}", "group.seal: size of the database, MiB", mib(&file));
    row(
        "group.seal: invites, posted forms, another key",
        "<= 3000",
        (0..3).map(|_| timed(|| seal(None))).collect(),
    );
    row("group.seal: the same, and all its texts", "", vec![timed(|| seal(Some(0)))]);
    println!("{:<64} {:>9}", "  the database behind it, MiB", mib(&file));
    world.end();
}

/// Groups on a real server whose board holds messages of one of them, and a few of the others.
struct Board {
    invites: Vec<String>,
}

/// A group that messages are composed for.
struct Posting {
    id: GroupId,
    key: GroupKey,
    /// Of a group with daily keys.
    days: Option<DayKeys>,
}

impl Posting {
    fn fixed(keys: &ServerKeys) -> (Self, String) {
        let (key, server) = (GroupKey::generate(&mut OsRng), keys.board.address());
        let id = GroupId::derive(&key, server.public_key());
        let invite = GroupInvite::from_known(id, format!("group {id}"), key.clone(), server);
        let text = TofuBundle::new(keys.bundle(), invite).unwrap().to_text().to_string();
        (Self { id, key, days: None }, text)
    }

    /// A group that was founded today, with daily keys.
    fn daily(keys: &ServerKeys, founder: &Identity) -> (Self, String) {
        let server = *keys.board.public_key();
        let part = ServerPart::new(&keys.bundle(), None).unwrap();
        let fields = NoticeFields {
            mode: DailyMode::Trusted,
            depth: 0,
            time: today().cast_unsigned() / TIME_STEP * TIME_STEP,
            server,
            old: None,
            server_part: Some(part.hash()),
            name: "daily".to_owned(),
            members: [*founder.public_key()].into(),
        };
        let (notice, made) = fields.sign(founder, &ForkSecret::generate(&mut OsRng)).unwrap();
        let days = DayKeys::new(notice.first_day(), 0, made.first_day.clone());
        let invite = DailyInvite::new(0, made.group.clone(), made.first_day, notice, Some(part)).unwrap();
        let id = GroupId::derive(&made.group, &server);
        (Self { id, key: made.group, days: Some(days) }, invite.to_text().to_string())
    }

    fn message(&self, server: &Address, author: &Identity) -> EncryptedGroupMessage {
        let context = GroupContext { id: &self.id, key: &self.key, server };
        let text = r#"{"o":1,"d":"a message of a common length, some words and no more than that"}"#;
        let Some(days) = &self.days else {
            return compose(context, author, text, NOW, &[], &mut OsRng).unwrap();
        };
        let (extensions, records) = (Extensions::default(), ForkRecords::default());
        let draft =
            Draft { text, timestamp: today(), previous: &[], extensions: &extensions, records: &records };
        compose_daily(context, days, author, draft, &mut OsRng).unwrap().composed.message
    }
}

/// Seconds since the beginning of 1970, which the engine reads by itself.
fn today() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().cast_signed()
}

impl Board {
    fn fill(data: &std::path::Path, groups: usize, messages: usize, daily: bool) -> Self {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().mode(0o700).create(data).unwrap();
        let keys = ServerKeys::load_or_create(data, false, &mut OsRng).unwrap();
        let server = keys.board.address();
        let author = Identity::generate(&mut OsRng);
        let (groups, invites): (Vec<Posting>, Vec<String>) = (0..groups)
            .map(|_| if daily { Posting::daily(&keys, &author) } else { Posting::fixed(&keys) })
            .unzip();
        let store = SqliteStore::open(&data.join(SqliteStore::FILE), server.as_bytes(), None).unwrap();
        let mut writer = store.writer().unwrap();
        let others = groups.iter().skip(1).cycle();
        let posts = (0..messages).zip(others).map(|(n, other)| {
            // One in a hundred is of another group.
            let group = if n % 100 == 0 { other } else { groups.first().unwrap() };
            let EncryptedGroupMessage { signature, ciphertext } = group.message(&server, &author);
            let mut token = [0; 32];
            OsRng.fill_bytes(&mut token);
            NewPost { token, entry: Some(NewEntry::new(signature, ciphertext)) }
        });
        let posts: Vec<NewPost> = posts.collect();
        for batch in posts.chunks(500) {
            writer.commit(batch).unwrap();
        }
        writer.finish();
        Self { invites }
    }
}

/// Somebody who can join the groups of a server, and that server.
struct Joining {
    world: World,
    server: RunningServer,
    invites: Vec<String>,
    _dir: TempDir,
}

impl Joining {
    fn start(groups: usize, messages: usize, daily: bool) -> Self {
        let dir = place();
        let data = dir.path().join("server");
        let invites = Board::fill(&data, groups, messages, daily).invites;
        let world = World::start(&dir, profile(&dir), Mode::Daemon);
        let network: Arc<dyn Network> = Arc::new(Loopback::new(dir.path().join("net")));
        let server = world.runtime.block_on(Server::start(Config::default(), &data, network)).unwrap();
        world.call(Command::ExperimentEnable { name: "groups".to_owned() });
        Self { world, server, invites, _dir: dir }
    }

    /// Joins some of the groups one after the other, until all is there.
    fn join(&self, invites: std::ops::Range<usize>) -> Duration {
        timed(|| {
            for invite in self.invites.get(invites).unwrap() {
                self.world.call(Command::GroupJoin { invite: invite.clone() });
            }
            self.world.call(Command::Sync { group: None });
        })
    }

    fn end(self) {
        self.world.end();
        Runtime::new().unwrap().block_on(self.server.shutdown());
    }
}

fn single() {
    let (mut fixed, mut daily) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (times, is_daily) in [(&mut fixed, false), (&mut daily, true)] {
            let joining = Joining::start(2, 10_000, is_daily);
            times.push(joining.join(0..1));
            joining.end();
        }
    }
    let mut ratios: Vec<f64> =
        fixed.iter().zip(&daily).map(|(fixed, daily)| daily.as_secs_f64() / fixed.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    row("group.join and sync: 10,000 messages, nearly all of the group", "<= 1000", fixed);
    row("the same with daily keys", "", daily);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    println!("{:<64} {median:>9.3} {:>9} {:>9} <= 1.1", "  the median of neighbours' ratios", "", "");
}

fn join() {
    const GROUPS: usize = 301;
    let joining = Joining::start(GROUPS, 20_000, false);
    let first = joining.join(0..1);
    row("group.join and sync: the first group, 20,000 messages on the server", "", vec![first]);
    row("the same: a second group", "", vec![joining.join(1..2)]);
    row("the same: 299 further groups one after the other", "", vec![joining.join(2..GROUPS)]);
    let mut events = joining.world.engine.subscribe();
    joining.world.call(Command::Sync { group: None });
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(&*event, Event::Message { .. }), "all of it was there");
    }
    joining.end();
}
