//! Programs that are killed at any instant while a group gets new keys.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use cwtch_primitives::rand_core::RngCore;
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::budget::{self, Sample};
use serde_json::{Value, json};

use super::common::until;
use super::life::{DAY, Life};

/// Kills, where `CWTCH_FORK_KILLS` says nothing else.
const KILLS: u64 = 16;
/// How many of them take place whatever the time is.
const FLOOR: u64 = 4;
/// A kill comes so many milliseconds, at most, after somebody was told to do something.
const DELAY_MS: u64 = 400;
/// After every so many kills more than a week passes, so that forks are settled and epochs left behind.
const WEEK_EVERY: u64 = 8;
const MEMBERS: usize = 3;

/// What programs said that they have done, which no kill may undo.
#[derive(Default)]
struct Told {
    texts: Vec<(usize, String)>,
    forks: Vec<(usize, String)>,
    /// The first day whose key is kept, by member and epoch.
    days: BTreeMap<(usize, String), u64>,
}

#[test]
fn kills_while_a_group_gets_new_keys_lose_nothing_that_was_told_as_done() {
    let Some(mut life) = Life::of(&["ann", "ben", "cem"]) else { return };
    life.people[1].befriend("cem", &life.people[2], "ben");
    life.found("trusted");
    life.pass(8 * DAY);
    let mut rng = cwtch_testkit::rng(cwtch_testkit::seed("CWTCH_FORK_SEED"));
    let mut told = Told::default();
    let kills = budget::number("CWTCH_FORK_KILLS").unwrap_or(KILLS);
    for kill in &Sample::new("kills in a group that gets new keys", kills, FLOOR) {
        let doer = draw(&mut rng, MEMBERS);
        let arguments = work(&life, doer, kill, &mut rng);
        let doing = begin(&life, doer, &arguments);
        sleep(Duration::from_millis(rng.next_u64() % DELAY_MS));
        match draw(&mut rng, MEMBERS + 1) {
            MEMBERS => {
                life.servers[0].kill();
                life.starts_server(0);
            }
            // Whoever does it, more often than others.
            victim => {
                let victim = if rng.next_u64().is_multiple_of(2) { doer } else { victim };
                life.people[victim].kill();
                life.starts(victim);
            }
        }
        told.hears(doer, &arguments, &doing.wait_with_output().unwrap());
        told.holds(&life);
        if kill % WEEK_EVERY == WEEK_EVERY - 1 {
            life.pass(8 * DAY);
        }
    }
    meet(&mut life);
    for who in 0..MEMBERS {
        let text = format!("{who} at last");
        life.people[who].ok(&["send", "Hikers", &text]);
        life.people.iter().for_each(|person| drop(person.receives("Hikers", &text)));
        assert_eq!(life.people[who].ok(&["rejects"]), json!([]));
    }
    told.holds(&life);
}

fn draw(rng: &mut ChaCha20Rng, limit: usize) -> usize {
    usize::try_from(rng.next_u64() % u64::try_from(limit).unwrap()).unwrap()
}

/// What somebody is told to do: write, make a fork, answer a question, or forget keys.
fn work(life: &Life, who: usize, kill: u64, rng: &mut ChaCha20Rng) -> Vec<String> {
    let asked = life.forks(who).into_iter().find(|fork| fork["standing"] == "asked");
    let words: Vec<String> = match (rng.next_u64() % 8, asked) {
        (0..4, Some(asked)) => {
            let answer = if rng.next_u64().is_multiple_of(4) { "decline" } else { "accept" };
            ["group", answer, "Hikers", asked["fork"].as_str().unwrap()].map(str::to_owned).into()
        }
        (4 | 5, _) => ["group", "fork", "Hikers", "--anyway"].map(str::to_owned).into(),
        (6, _) => ["group", "fork", "Hikers", "--anyway", "--quiet"].map(str::to_owned).into(),
        (7, _) => ["group", "seal", "Hikers"].map(str::to_owned).into(),
        _ => ["send", "Hikers", &format!("text {kill}")].map(str::to_owned).into(),
    };
    words
}

fn begin(life: &Life, who: usize, arguments: &[String]) -> Child {
    let mut command = life.people[who].command(&["--json"]);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

impl Told {
    /// Keeps what a command said before its daemon or the server died.
    fn hears(&mut self, who: usize, arguments: &[String], output: &Output) {
        // The first line is what is durable: a queued message, a fork; later ones tell how it goes on.
        let text = String::from_utf8_lossy(&output.stdout);
        let Some(said) = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok()) else {
            return;
        };
        match arguments {
            [first, _, text] if first == "send" => self.texts.push((who, text.clone())),
            _ => self.forks.extend(said["fork"].as_str().map(|fork| (who, fork.to_owned()))),
        }
    }

    /// Everybody has one group, whose epochs and forks stand as they may, and what was told as done is done once.
    fn holds(&mut self, life: &Life) {
        for (who, person) in life.people.iter().enumerate() {
            let groups = person.ok(&["group", "list"]);
            assert_eq!(groups.as_array().unwrap().len(), 1, "{groups}");
            let shown = person.ok(&["group", "show", "Hikers"]);
            let written = shown["epochs"].as_array().unwrap().iter();
            let written = written.filter(|epoch| epoch["group"] == shown["group"]).count();
            assert_eq!(written, 1, "{shown}");
            for epoch in shown["epochs"].as_array().unwrap() {
                let Some(kept) = epoch["days"]["kept_from"].as_u64() else { continue };
                let at = (who, epoch["group"].as_str().unwrap().to_owned());
                let before = self.days.insert(at, kept).unwrap_or_default();
                assert!(before <= kept, "keys that were forgotten are back: {shown}");
            }
            let forks = life.forks(who);
            for fork in &forks {
                let standing = fork["standing"].as_str().unwrap();
                assert!(["written", "followed", "asked", "declined", "known"].contains(&standing), "{fork}");
            }
            let own = self.forks.iter().filter(|(by, _)| *by == who);
            own.for_each(|(_, fork)| assert!(forks.iter().any(|f| f["fork"] == **fork), "{fork}: {forks:?}"));
            let texts = person.texts("Hikers");
            let different: BTreeSet<_> = texts.iter().filter(|text| text.starts_with("text")).collect();
            let all = texts.iter().filter(|text| text.starts_with("text")).count();
            assert_eq!(different.len(), all, "twice: {texts:?}");
            let own = self.texts.iter().filter(|(by, _)| *by == who);
            own.for_each(|(_, text)| assert!(texts.contains(text), "{text:?} in {texts:?}"));
        }
    }
}

/// Everybody says yes to what they are asked until all write in one place.
fn meet(life: &mut Life) {
    for _ in 0..8 {
        life.pass(2 * DAY);
        for who in 0..MEMBERS {
            life.synced([who]);
            life.accepts_all(who);
        }
    }
    until("all write in one place", || {
        let _: Vec<usize> = (0..MEMBERS).map(|who| life.accepts_all(who)).collect();
        let heads: BTreeSet<_> = (0..MEMBERS).map(|who| life.group(who)).collect();
        (heads.len() == 1).then_some(())
    });
}
