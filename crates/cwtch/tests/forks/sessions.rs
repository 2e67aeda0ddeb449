//! Whole lives of groups: removals, rekeys at the same moment, members who are away.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cwtch_testkit::faketime;
use rustix::process::Signal;
use serde_json::Value;

use super::common::{Person, Server, World, until};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// A group with its server and everybody who was ever in it, whose programs all see the same time.
struct Life {
    world: World,
    server: Server,
    people: Vec<Person>,
    away: BTreeSet<usize>,
    /// How far ahead the clocks are, in seconds.
    ahead: i64,
}

impl Life {
    /// `None` where clocks cannot be set.
    fn of(names: &[&str]) -> Option<Self> {
        faketime::library()?;
        let world = World::new();
        let server = world.server("server");
        let people: Vec<_> = names.iter().map(|name| world.person_online(name)).collect();
        for (name, person) in names.iter().zip(&people).skip(1) {
            people[0].befriend(name, person, names[0]);
        }
        for person in &people {
            person.ok(&["experiment", "enable", "groups"]);
        }
        Some(Self { world, server, people, away: BTreeSet::new(), ahead: 0 })
    }

    /// The first one founds a group of all; each of them writes once.
    fn found(&self, keys: &str) {
        let mut new = vec!["group", "new", "Hikers", "--server", &self.server.bundle, "--keys", keys];
        for person in &self.people[1..] {
            new.extend(["--with", &person.address]);
        }
        let made = self.people[0].ok(&new);
        let invite = made["invite"].as_str().unwrap();
        for person in &self.people[1..] {
            person.ok(&["group", "join", invite]);
        }
        self.people[0].ok(&["send", "Hikers", "all here?"]);
        for person in &self.people[1..] {
            person.ok(&["send", "Hikers", "here"]);
        }
        for person in &self.people {
            until("all can be given a key", || {
                let members = person.ok(&["group", "members", "Hikers"]);
                let mut members = members.as_array().unwrap().iter();
                members.all(|member| member["reachable"] == true).then_some(())
            });
        }
    }

    fn start(&mut self, who: usize) {
        let person = &mut self.people[who];
        let network = person.network.clone();
        let mut command = person.command(&["--json", "--network", &network, "daemon"]);
        command.envs(faketime::shifted(self.ahead).unwrap());
        person.start_by(command);
        self.away.remove(&who);
    }

    fn leaves(&mut self, who: usize) {
        self.people[who].stop();
        self.away.insert(who);
    }

    /// Time goes by for the server and for everybody who is there.
    fn pass(&mut self, seconds: i64) {
        self.ahead += seconds;
        let here: Vec<_> = (0..self.people.len()).filter(|who| !self.away.contains(who)).collect();
        here.iter().for_each(|who| self.people[*who].stop());
        self.server.stop();
        self.server.start_in(&["--confirm-clock"], faketime::shifted(self.ahead).unwrap());
        here.iter().for_each(|who| self.start(*who));
    }

    fn forks(&self, who: usize) -> Vec<Value> {
        self.people[who].ok(&["group", "forks", "Hikers"]).as_array().unwrap().clone()
    }

    /// Makes a fork; its name.
    fn fork(&self, who: usize, people: &[&str]) -> String {
        let made = self.people[who].ok(&[&["group", "fork", "Hikers"], people].concat());
        made["fork"].as_str().unwrap().to_owned()
    }

    /// Everything that is on the server is known to these.
    fn synced(&self, who: impl IntoIterator<Item = usize>) {
        for who in who {
            self.people[who].ok(&["sync", "Hikers"]);
        }
    }

    /// Says yes to whatever is asked until nothing is; how often.
    fn accepts_all(&self, who: usize) -> usize {
        let asked = || self.forks(who).into_iter().find(|fork| fork["standing"] == "asked");
        let mut times = 0;
        while let Some(fork) = asked() {
            self.people[who].ok(&["group", "accept", "Hikers", fork["fork"].as_str().unwrap()]);
            times += 1;
        }
        times
    }

    fn group(&self, who: usize) -> String {
        self.people[who].ok(&["group", "show", "Hikers"])["group"].as_str().unwrap().to_owned()
    }
}

/// A copy of somebody's data directory as it is now; its owner's program stands still meanwhile.
fn copy(life: &mut Life, who: usize, name: &str) -> PathBuf {
    life.leaves(who);
    let (from, to) = (life.people[who].data.clone(), life.world.path(name));
    copy_directory(&from, &to);
    life.start(who);
    to
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_directory(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn whoever_is_removed_opens_nothing_later_with_all_that_they_ever_held() {
    let Some(mut life) = Life::of(&["ann", "ben", "cem"]) else { return };
    let (ben, cem) = (1, 2);
    let mut held = vec![copy(&mut life, cem, "cem-invited")];
    life.found("trusted");
    held.push(copy(&mut life, cem, "cem-member"));
    life.pass(2 * DAY);
    life.people[cem].ok(&["send", "Hikers", "two days later"]);
    life.people[ben].receives("Hikers", "two days later");
    life.leaves(ben);
    life.synced([0]);
    held.push(copy(&mut life, cem, "cem-before"));
    let removal = life.fork(0, &["--without", &life.people[cem].address]);
    life.pass(5 * MINUTE);
    life.people[0].ok(&["send", "Hikers", "without cem"]);
    life.people[cem].ok(&["send", "Hikers", "is anybody here?"]);
    held.push(copy(&mut life, cem, "cem-removed"));
    life.pass(3 * DAY);
    life.people[0].ok(&["send", "Hikers", "days later"]);

    // Whoever was away is asked once, and reads what was written meanwhile.
    life.start(ben);
    let asked = until("the removal is asked about", || {
        life.forks(ben).into_iter().find(|fork| fork["standing"] == "asked")
    });
    assert_eq!((&asked["fork"], life.forks(ben).len()), (&Value::from(removal), 1));
    life.people[ben].ok(&["group", "accept", "Hikers", asked["fork"].as_str().unwrap()]);
    for text in ["without cem", "days later", "two days later", "all here?"] {
        life.people[ben].receives("Hikers", text);
    }
    life.people[ben].ok(&["send", "Hikers", "I am back"]);
    life.people[0].receives("Hikers", "I am back");
    assert_eq!(life.accepts_all(ben) + life.accepts_all(0), 0, "asked once more");
    assert_eq!(life.group(ben), life.group(0));

    // Everything that the server stores, with all that the profile held at any time.
    life.synced([cem]);
    held.push(copy(&mut life, cem, "cem-last"));
    life.leaves(cem);
    let network = life.people[cem].network.clone();
    let mut read = 0;
    for directory in held {
        life.people[cem].data = directory;
        let cem = &life.people[cem];
        if cem.ok(&["group", "list"]).as_array().unwrap().is_empty() {
            continue;
        }
        let mut sync = cem.command(&["--json", "--network", &network, "sync", "Hikers"]);
        let run = sync.envs(faketime::shifted(life.ahead).unwrap()).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        let texts = cem.texts("Hikers");
        assert!(texts.iter().any(|text| text == "is anybody here?"), "{texts:?}");
        for later in ["without cem", "days later", "I am back"] {
            assert!(!texts.iter().any(|text| text == later), "{later:?} in {texts:?}");
        }
        assert_eq!(cem.ok(&["group", "forks", "Hikers"]), Value::from(Vec::<Value>::new()));
        read += 1;
    }
    assert_eq!(read, 4);
}

#[test]
fn ten_meet_again_after_two_rekeys_and_a_removal_at_once() {
    let names = ["ann", "ben", "cem", "dan", "eve", "fay", "gus", "hal", "ida", "jon"];
    let Some(mut life) = Life::of(&names) else { return };
    life.found("trusted");
    // Whoever founded a group a moment ago would be asked about.
    life.pass(8 * DAY);
    let (away, jon) = ([6, 7, 8], 9);
    away.iter().for_each(|who| life.leaves(*who));
    life.synced(0..=2);
    // None of the three sees the others' before all are made: the server stands still meanwhile.
    life.server.signal(Signal::STOP);
    life.fork(0, &[]);
    life.fork(1, &[]);
    let removal = life.fork(2, &["--without", &life.people[jon].address]);
    life.server.signal(Signal::CONT);
    life.pass(5 * MINUTE);
    for who in 0..6 {
        until("all three are known", || (life.forks(who).len() == 3).then_some(()));
    }
    let mut asked = [0; 10];
    for who in [0, 1, 3, 4, 5] {
        asked[who] += life.accepts_all(who);
    }
    // Some write where they are, and rekeys would have been followed by now.
    life.people[0].ok(&["send", "Hikers", "with the new key"]);
    for _ in 0..4 {
        life.pass(DAY);
        for (who, asked) in asked.iter_mut().enumerate().take(6) {
            life.synced([who]);
            *asked += life.accepts_all(who);
        }
    }
    let head = life.group(2);
    for who in away {
        life.start(who);
        until("who was away is where the others are", || {
            asked[who] += life.accepts_all(who);
            (life.group(who) == head).then_some(())
        });
        life.people[who].receives("Hikers", "with the new key");
        life.people[who].ok(&["send", "Hikers", &format!("{} is back", names[who])]);
    }
    for who in 0..9 {
        let text = format!("{} is back", names[8]);
        life.people[who].receives("Hikers", &text);
        assert_eq!(life.group(who), head, "{} is elsewhere", names[who]);
        assert!(asked[who] <= 1, "{} was asked {} times", names[who], asked[who]);
    }
    // Whoever was removed has the rekeys, and nothing of what the others write.
    life.synced([jon]);
    let texts = life.people[jon].texts("Hikers");
    assert_eq!(texts.iter().filter(|text| *text == "here").count(), 9, "{texts:?}");
    assert!(!texts.iter().any(|text| text.ends_with("is back") || text == "with the new key"), "{texts:?}");
    assert_ne!(life.group(jon), head);
    assert_eq!(life.forks(jon).iter().filter(|fork| fork["fork"] == *removal).count(), 0);
}
