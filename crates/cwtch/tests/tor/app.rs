//! The app as people meet it, on a Tor network.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::common::cwtch;
use crate::session::{self, KEYS_MAX, Way};
use crate::stage::{PEOPLE, Stage};

/// A daemon that the app started does not outlive a test.
struct Daemons([PathBuf; 2]);

impl Drop for Daemons {
    fn drop(&mut self) {
        for data in &self.0 {
            let _ = cwtch().arg("--data").arg(data).args(["daemon", "--stop"]).output();
        }
    }
}

/// Nothing is prepared but the settings that make this network theirs.
pub(crate) fn two_people_come_from_an_empty_folder_to_a_delivered_message(stage: &Stage) {
    let place = stage.world();
    let people = ["alice", "bob"].map(|name| place.world.path(name));
    let _daemons = Daemons(people.clone());
    for data in &people {
        DirBuilder::new().mode(0o700).create(data).expect("a folder");
        std::fs::copy(place.tor_toml(PEOPLE), data.join("tor.toml")).expect("settings");
    }
    let keys = session::two_people(&Way::Tor, |name| {
        let mut command = cwtch();
        command.arg("--data").arg(place.world.path(name));
        command
    });
    assert!(keys <= KEYS_MAX, "{keys} keys");
}
