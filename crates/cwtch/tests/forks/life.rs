//! The life of a group: its server, everybody who was ever in it, and days that pass for all of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, reason = "test support")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use cwtch_testkit::faketime;
use serde_json::Value;

use super::common::{Person, Server, World, snapshot, until};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A group with its servers and its people, whose programs all see the same time.
pub struct Life {
    pub world: World,
    /// The group is founded on the first one.
    pub servers: Vec<Server>,
    pub people: Vec<Person>,
    away: BTreeSet<usize>,
    /// How far ahead the clocks are, in seconds.
    pub ahead: i64,
}

impl Life {
    /// People of whom the first knows all others; `None` where clocks cannot be set.
    pub fn of(names: &[&str]) -> Option<Self> {
        faketime::library()?;
        let world = World::new();
        let servers = vec![world.server("server")];
        let people: Vec<_> = names.iter().map(|name| world.person_online(name)).collect();
        for (name, person) in names.iter().zip(&people).skip(1) {
            people[0].befriend(name, person, names[0]);
        }
        for person in &people {
            person.ok(&["experiment", "enable", "groups"]);
        }
        Some(Self { world, servers, people, away: BTreeSet::new(), ahead: 0 })
    }

    /// The first one founds a group of all; each of them can give all another key.
    pub fn found(&self, keys: &str) {
        let others: Vec<_> = self.people[1..].iter().collect();
        self.people[0].founds("Hikers", &self.servers[0], keys, &others);
        others.iter().for_each(|person| person.can_give_keys("Hikers", self.people.len()));
    }

    /// One more server.
    pub fn opens_server(&mut self, name: &str) {
        let mut server = self.world.server_over(name, &self.world.network(), &[]);
        server.start_in(&[], faketime::shifted(self.ahead).unwrap());
        self.servers.push(server);
    }

    pub fn starts(&mut self, who: usize) {
        let person = &mut self.people[who];
        let network = person.network.clone();
        let mut command = person.command(&["--json", "--network", &network, "daemon"]);
        command.envs(faketime::shifted(self.ahead).unwrap());
        person.start_by(command);
        self.away.remove(&who);
    }

    pub fn leaves(&mut self, who: usize) {
        self.people[who].stop();
        self.away.insert(who);
    }

    /// Starts a server that does not run.
    pub fn starts_server(&mut self, number: usize) {
        self.servers[number].start_in(&["--confirm-clock"], faketime::shifted(self.ahead).unwrap());
    }

    /// Time goes by for the servers and for everybody who is there.
    pub fn pass(&mut self, seconds: i64) {
        self.ahead += seconds;
        let here: Vec<_> = (0..self.people.len()).filter(|who| !self.away.contains(who)).collect();
        here.iter().for_each(|who| self.people[*who].stop());
        for number in 0..self.servers.len() {
            self.servers[number].stop();
            self.starts_server(number);
        }
        here.iter().for_each(|who| self.starts(*who));
    }

    /// Runs a command of somebody whose daemon does not run, over the network.
    pub fn alone(&self, who: usize, arguments: &[&str]) {
        let person = &self.people[who];
        let mut command = person.command(&["--json", "--network", &person.network]);
        let run = command.args(arguments).envs(faketime::shifted(self.ahead).unwrap()).output().unwrap();
        assert!(run.status.success(), "{arguments:?}: {run:?}");
    }

    pub fn forks(&self, who: usize) -> Vec<Value> {
        self.people[who].ok(&["group", "forks", "Hikers"]).as_array().unwrap().clone()
    }

    /// Makes a fork; its name.
    pub fn fork(&self, who: usize, rest: &[&str]) -> String {
        let made = self.people[who].ok(&[&["group", "fork", "Hikers"], rest].concat());
        made["fork"].as_str().unwrap().to_owned()
    }

    /// Everything that is on the server is known to these.
    pub fn synced(&self, who: impl IntoIterator<Item = usize>) {
        for who in who {
            self.people[who].ok(&["sync", "Hikers"]);
        }
    }

    /// The fork that somebody is asked about, or will be.
    pub fn asked(&self, who: usize) -> Value {
        until("a fork is asked about", || {
            self.forks(who).into_iter().find(|fork| fork["standing"] == "asked")
        })
    }

    /// Says yes to whatever is asked until nothing is; how often.
    pub fn accepts_all(&self, who: usize) -> usize {
        let asked = || self.forks(who).into_iter().find(|fork| fork["standing"] == "asked");
        let mut times = 0;
        while let Some(fork) = asked() {
            self.people[who].ok(&["group", "accept", "Hikers", fork["fork"].as_str().unwrap()]);
            times += 1;
        }
        times
    }

    /// The group that somebody writes to.
    pub fn group(&self, who: usize) -> String {
        self.people[who].ok(&["group", "show", "Hikers"])["group"].as_str().unwrap().to_owned()
    }

    /// A copy of somebody's data directory as it is now; their program stands still meanwhile.
    pub fn copies(&mut self, who: usize, name: &str) -> PathBuf {
        self.leaves(who);
        let (from, to) = (self.people[who].data.clone(), self.world.path(name));
        snapshot(&from, &to);
        self.starts(who);
        to
    }
}
