//! A server, the people on it, and what they do.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_primitives::OsRng;
use cwtch_primitives::token::Token;
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{HonestLog, Live, START, ServerKeys, entry, entry_id};
use cwtch_testkit::malice::{Attack, MaliciousServer, Posted};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{Chain, GroupContext, open_and_verify};
use rand_core::RngCore;
use tempfile::TempDir;

use super::link::Cut;
use super::person::{LABEL, Person, directory};
use super::tricks::{self, Trick};
use crate::profile::fixtures as helpers;
use crate::profile::{DataDir, History, NewGroup, NewServer, Password};

const PEOPLE: usize = 3;
const GROUPS: u8 = 2;

/// Tokens for posts; the server of the schedules asks for nothing.
pub(in super::super) static TOKENS: LazyLock<Vec<Token>> =
    LazyLock::new(|| (1..4).flat_map(|seed| helpers::tokens(8, seed)).collect());

static LOG: LazyLock<HonestLog> = LazyLock::new(|| {
    let mut log = HonestLog::first(ServerKeys::new(1), START, 0);
    log.commit(START + 60, &(0..250).map(entry).collect::<Vec<_>>());
    log
});

static CREW: LazyLock<Vec<NewGroup>> = LazyLock::new(|| {
    let server = server();
    (1..=GROUPS).map(|n| helpers::group(n, &server, History::Empty)).collect()
});

/// New profiles of everybody in the first group, made once. Others are joined in the schedules.
static TEMPLATES: LazyLock<Vec<TempDir>> = LazyLock::new(|| {
    let template = |_| {
        let dir = directory();
        let data = DataDir::open_or_create(dir.path().join("data")).unwrap();
        let mut profile = data.create(LABEL, &Password::None, &mut OsRng).unwrap();
        profile.add_server(&server(), 0).unwrap();
        profile.add_group(&CREW[0], 0).unwrap();
        dir
    };
    (0..PEOPLE).map(template).collect()
});

fn server() -> NewServer {
    NewServer { board: LOG.address(), ..helpers::server(1) }
}

/// A message that was posted.
pub(super) struct Said {
    pub(super) author: usize,
    pub(super) group: usize,
    pub(super) name: MsgId,
    pub(super) chain: Option<Chain>,
    pub(super) trick: Option<Trick>,
    pub(super) message: EncryptedGroupMessage,
}

/// What came of a schedule.
pub(super) struct Outcome {
    /// The server did something that it should not.
    pub(super) acted: bool,
    /// Somebody found out, and left it.
    pub(super) caught: bool,
}

pub(super) struct World {
    pub(super) server: MaliciousServer,
    pub(super) people: Vec<Person>,
    pub(super) said: HashMap<EntryId, Said>,
    pub(super) attack: Option<Attack>,
    /// The operator lost or deleted messages.
    pub(super) lossy: bool,
    calm: bool,
    /// Nothing is given up any more.
    closing: bool,
    pub(super) now: u64,
    rng: ChaCha20Rng,
    written: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = cwtch_testkit::rng(seed);
        let attack = seed.is_multiple_of(3).then(|| Attack::ALL[(seed / 3) as usize % Attack::ALL.len()]);
        let victim = rng.next_u64() as usize % PEOPLE;
        let server = MaliciousServer::new(LOG.clone(), attack, victim, PEOPLE, rng.next_u64());
        let people = TEMPLATES.iter().enumerate().map(|(at, dir)| Person::new(at, dir.path())).collect();
        let calm = rng.next_u32().is_multiple_of(2);
        let mut world = Self {
            server,
            people,
            said: HashMap::new(),
            attack,
            lossy: false,
            calm,
            closing: false,
            now: START + 7200,
            rng,
            written: 0,
        };
        for at in 0..PEOPLE {
            if world.below(2) == 0 {
                world.join(at);
            }
        }
        world
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.rng.next_u64() as usize % limit
    }

    /// The person who lies.
    pub(super) fn liar(&self) -> usize {
        PEOPLE - 1
    }

    pub(super) fn groups(&self) -> &'static [NewGroup] {
        &CREW
    }

    pub(super) fn sync(&mut self, at: usize) {
        let cut = if self.below(10) == 0 { Cut::After(self.below(12)) } else { Cut::Whole };
        self.sync_until(at, cut);
    }

    fn sync_until(&mut self, at: usize, cut: Cut) {
        self.people[at].sync(&mut self.server, &mut self.rng, self.now, cut);
    }

    fn stopped(&self, at: usize) -> bool {
        self.people[at].is_stopped()
    }

    /// Something happens; then the database of everybody whom it touched holds what the memory does.
    pub(super) fn step(&mut self) {
        self.now += self.below(240) as u64;
        self.server.tick(self.now);
        let at = self.below(PEOPLE);
        match self.below(22) {
            0..5 => self.write(at),
            5 | 6 => self.trick(),
            7..10 => self.sync(at),
            10 => self.people[at].restart(),
            11 => self.people[at].disconnect(),
            12 => self.people[at].back_up(),
            13 | 14 => self.put_back(),
            15 | 16 => {
                let from = self.below(PEOPLE);
                self.repair(from, at);
            }
            17 => drop(self.server.fire(self.now)),
            18 => self.join(at),
            19 | 20 => {
                let from = self.below(PEOPLE);
                self.pass_on(from, at);
            }
            _ if self.attack.is_none() && !self.calm => self.mishap(),
            _ => self.deliver(at),
        }
        self.compare();
    }

    fn compare(&mut self) {
        self.people.iter_mut().for_each(Person::compare);
    }

    /// A person joins all groups.
    fn join(&mut self, at: usize) {
        let person = &mut self.people[at];
        for group in CREW.iter().filter(|group| !person.is_in(&group.id)).collect::<Vec<_>>() {
            person.join(group, self.now);
        }
    }

    /// One of the groups that a person is in.
    fn group_of(&mut self, at: usize) -> usize {
        let group = self.below(CREW.len());
        if self.people[at].is_in(&CREW[group].id) { group } else { 0 }
    }

    /// Somebody who has a copy puts it back, and writes.
    fn put_back(&mut self) {
        let first = self.below(PEOPLE);
        let mut all = (0..PEOPLE).map(|at| (first + at) % PEOPLE);
        let Some(at) = all.find(|at| self.people[*at].has_backup()) else { return };
        let as_another = self.below(2) == 0;
        self.people[at].put_back(as_another);
        self.write(at);
    }

    /// A person writes to a group; sometimes it leaves at once.
    fn write(&mut self, at: usize) {
        let group = self.group_of(at);
        self.write_to(at, group);
        if self.below(4) > 0 {
            self.deliver(at);
        }
    }

    fn write_to(&mut self, at: usize, group: usize) {
        self.written += 1;
        let text = format!("message {}", self.written);
        let now = self.now;
        self.people[at].write(&CREW[group].id, &text, now);
    }

    /// A person's queue is composed and posted, behind a sync.
    pub(super) fn deliver(&mut self, at: usize) {
        if !self.is_caught_up(at) {
            return;
        }
        for (id, group, message, token) in self.people[at].compose() {
            let now = self.now;
            let own = self.people[at].profile().message(id).unwrap().unwrap().own;
            if own && !self.closing && self.below(8) == 0 {
                self.people[at].give_up(id, &group);
                continue;
            }
            if !self.is_caught_up(at) || !self.people[at].send(id, &group, &message, token, now) {
                return;
            }
            self.post(at, &message, None);
            let Posted { answer, live } = self.server.post(at, &message, now);
            let first = self.below(2) == 0;
            if first {
                self.spread(&live);
            }
            if self.below(8) == 0 {
                // The answer is lost with the connection; it is sent again.
                self.people[at].disconnect();
            }
            self.people[at].answered(&answer, now);
            if !first {
                self.spread(&live);
            }
        }
    }

    /// A person is connected and has read everything; it becomes so if it can.
    fn is_caught_up(&mut self, at: usize) -> bool {
        if self.stopped(at) {
            return false;
        }
        if self.people[at].is_synced() {
            self.people[at].read_on(&mut self.server, &mut self.rng, self.now, Cut::Whole);
        } else {
            self.sync_until(at, Cut::Whole);
        }
        self.people[at].is_synced()
    }

    /// Everybody who is connected gets what was posted.
    fn spread(&mut self, live: &BTreeMap<usize, Vec<Live>>) {
        for (at, messages) in live {
            messages.iter().for_each(|message| self.people[*at].live(message, self.now));
        }
    }

    /// Takes note of what is posted.
    fn post(&mut self, at: usize, message: &EncryptedGroupMessage, trick: Option<Trick>) {
        let id = entry_id(message);
        let opened = CREW.iter().enumerate().find_map(|(number, group)| {
            let context = GroupContext { id: &group.id, key: &group.key, server: &group.server };
            Some((number, open_and_verify(context, message).ok()?))
        });
        let (group, verified) = opened.expect("a message of a group");
        // A member's message that is posted for another is its author's all the same.
        let author = self.people.iter().position(|person| person.identity.address() == *verified.author());
        self.said.entry(id).or_insert_with(|| Said {
            author: author.unwrap_or(at),
            group,
            name: MsgId::from_bytes(*verified.msg_id().as_bytes()),
            chain: verified.extensions().and_then(|extensions| extensions.chain),
            trick,
            message: message.clone(),
        });
    }

    fn trick(&mut self) {
        let liar = self.liar();
        let group = self.group_of(liar);
        if self.stopped(liar) {
            return;
        }
        let trick = Trick::ALL[self.below(Trick::ALL.len())];
        let to = &CREW[group];
        let context = GroupContext { id: &to.id, key: &to.key, server: &to.server };
        let mut all: Vec<&Said> = self.said.values().filter(|said| said.group == group).collect();
        all.sort_unstable_by_key(|said| entry_id(&said.message));
        let random = self.rng.next_u64();
        let message = if trick == Trick::Copy {
            let others: Vec<_> = all.iter().filter(|said| said.trick.is_none()).collect();
            let Some(original) = others.get(random as usize % others.len().max(1)) else { return };
            tricks::copy(context, &original.message)
        } else {
            let mine = |said: &&&Said| said.author == liar && said.trick.is_none() && said.chain.is_some();
            let used = all.iter().find(mine).and_then(|said| said.chain);
            let person = &self.people[liar];
            let honest = person.profile().next_extensions(&to.id, 9).unwrap();
            let Some(said) = tricks::says(trick, honest, used, &person.monitor(), random) else { return };
            tricks::write(context, &person.identity, &said, self.now.cast_signed())
        };
        self.post(liar, &message, Some(trick));
        let Posted { live, .. } = self.server.post(liar, &message, self.now);
        self.spread(&live);
    }

    /// A member gives another one what it misses.
    fn repair(&mut self, from: usize, to: usize) {
        let both = |group: &&NewGroup| [from, to].iter().all(|at| self.people[*at].is_in(&group.id));
        for group in CREW.iter().filter(both).collect::<Vec<_>>() {
            let (wanted, _) = self.people[to].profile().wanted_entries(&group.id, 0, 8).unwrap();
            for entry in wanted {
                let Some(message) = self.people[from].profile().kept_entry(&group.id, &entry).unwrap() else {
                    continue;
                };
                let now = self.now;
                self.people[to].given(&group.id, &message, now);
            }
        }
    }

    /// A member gives another one the newest message that it lacks, before what that says is there.
    fn pass_on(&mut self, from: usize, to: usize) {
        let group = self.below(CREW.len());
        let id = CREW[group].id;
        let log = &self.server.logs()[0];
        let mut posted: Vec<EntryId> =
            self.said.iter().filter(|(_, said)| said.group == group).map(|(entry, _)| *entry).collect();
        posted.sort_unstable_by_key(|entry| Reverse((log.index_of(entry), *entry)));
        let (giver, taker) = (&self.people[from], &self.people[to]);
        if !giver.is_in(&id) || !taker.is_in(&id) {
            return;
        }
        let lacks = |entry: &EntryPrefix| taker.profile().held_entries(&id, &[*entry]).unwrap().is_empty();
        let mut lacked = posted.iter().map(EntryId::prefix).filter(lacks);
        let message = lacked.find_map(|entry| giver.profile().kept_entry(&id, &entry).unwrap());
        if let Some(message) = message {
            self.people[to].given(&id, &message, self.now);
        }
    }

    /// The operator deletes messages, or puts back a backup and says so.
    fn mishap(&mut self) {
        self.lossy = true;
        let (now, below) = (self.now, self.below(4) as u64);
        let log = self.server.honest();
        if below == 0 {
            let min_index = log.size() - below.min(log.size()) - 2;
            log.prune(now, min_index);
        } else {
            let known = log.time(0).max(log.certificate().incarnation());
            log.restore(now, log.size() - below, known);
            // It started again.
            self.people.iter_mut().for_each(Person::disconnect);
        }
        self.now += 180;
        self.server.tick(self.now);
    }

    /// Everybody delivers, syncs and is asked what they were told.
    pub(super) fn close(mut self) -> Outcome {
        self.closing = true;
        for at in 0..PEOPLE {
            self.join(at);
            // Who gave a number up says so in the next message.
            (0..CREW.len()).for_each(|group| self.write_to(at, group));
        }
        for _ in 0..3 {
            self.now += 600;
            self.server.tick(self.now);
            for at in 0..PEOPLE {
                self.deliver(at);
            }
            self.compare();
        }
        for _ in 0..3 {
            for at in 0..PEOPLE {
                self.sync_until(at, Cut::Whole);
            }
        }
        self.compare();
        self.is_just();
        if self.attack.is_none() && !self.lossy {
            self.everything_is_found();
        }
        let caught = (0..PEOPLE).any(|at| self.stopped(at));
        Outcome { acted: self.server.acted() > 0, caught }
    }
}
