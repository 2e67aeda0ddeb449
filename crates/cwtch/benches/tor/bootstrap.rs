//! From nothing to being reachable.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cwtch_testkit::tornet::Client;

use crate::common::Person;
use crate::stage::{Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;
use cwtch_testkit::usage;

const ROUNDS: usize = 5;
/// From one start to the next. A descriptor is numbered by the second, and directories refuse one whose number they
/// have seen: only on a network as fast as this could a restart come out in the same second.
const APART: Duration = Duration::from_secs(1);

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let place = stage.place();
    let mut round = 0;
    let mut person = |provider| {
        round += 1;
        place.person(&format!("person-{round}"), provider)
    };
    let [fresh, publish, cached, republish] = usage::rounds("embedded", ROUNDS, || {
        let mut person = person(Provider::Embedded);
        let ([fresh, publish], [cached, republish]) = (goes_online(&mut person), goes_online(&mut person));
        [fresh, publish, cached, republish]
    });
    let tor = stage.system_tor();
    let [tor_fresh, tor_cached] = usage::rounds("the system's Tor", ROUNDS, || {
        tor.stop();
        forget(tor);
        [started(tor), {
            tor.stop();
            started(tor)
        }]
    });
    let [running, system_publish, _, system_republish] = usage::rounds("system", ROUNDS, || {
        let mut person = person(Provider::System);
        let ([running, publish], [again, republish]) = (goes_online(&mut person), goes_online(&mut person));
        [running, publish, again, republish]
    });
    vec![
        Row::new("bootstrap, nothing cached", "s", [fresh, tor_fresh]),
        Row::new("bootstrap, directory cached", "s", [cached, tor_cached]),
        Row::new("start of the program until its running Tor carries streams", "s", [Vec::new(), running]),
        Row::new("publish: from there until the own address answered", "s", [publish, system_publish]),
        Row::new("the same after a restart", "s", [republish, system_republish]),
    ]
}

/// Seconds from the start until the network carries streams, and from there until the own address has answered.
fn goes_online(person: &mut Person) -> [f64; 2] {
    let start = Instant::now();
    person.start();
    let mut watch = Watch::of(person);
    watch.has_network();
    let network = start.elapsed().as_secs_f64();
    watch.is_online();
    let online = start.elapsed().as_secs_f64();
    person.stop();
    sleep(APART);
    [network, online - network]
}

/// Removes what a system's Tor has learned of its network.
fn forget(tor: &Client) {
    for entry in fs::read_dir(tor.data_dir()).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("cached-") || name == "state" {
            fs::remove_file(path).expect("it is removed");
        }
    }
}

/// Seconds until a system's Tor has bootstrapped.
fn started(tor: &Client) -> f64 {
    let start = Instant::now();
    tor.start().expect("it starts");
    start.elapsed().as_secs_f64()
}
