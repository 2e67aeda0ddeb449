//! Peers that talk.

use crate::common::Person;
use crate::stage::{GUARDED, PASSWORD, PEOPLE, Place, Slow, Stage};

/// Both add each other, meet, and each says something.
pub(crate) fn talk(alice: &Person, bob: &Person) {
    alice.befriend("Bob", bob, "Alice");
    alice.says("Bob", "can you hear me?");
    bob.hears("Alice", "can you hear me?");
    bob.says("Alice", "over Tor!");
    alice.hears("Bob", "over Tor!");
    alice.meets(bob);
    bob.meets(alice);
}

pub(crate) fn two_embedded_peers_chat(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    alice.goes_online();
    bob.goes_online();
    talk(&alice, &bob);
    alice.stop();
    bob.stop();
}

pub(crate) fn embedded_and_system_peers_chat_either_way(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.system("bob", PEOPLE));
    let mut carol = guarded(&place);
    for person in [&mut alice, &mut bob, &mut carol] {
        person.goes_online();
    }
    talk(&alice, &bob);
    // A Tor with a password, and one side that dials first each time.
    talk(&carol, &alice);
    for person in [&mut alice, &mut bob, &mut carol] {
        person.stop();
    }
}

/// Somebody whose Tor takes a password.
pub(crate) fn guarded(place: &Place) -> Person {
    let person = place.system("carol", GUARDED);
    let path = place.tor_toml(GUARDED);
    place.world.password_file("control-password", PASSWORD);
    let mut settings = std::fs::read_to_string(&path).expect("settings");
    if !settings.contains("password_file") {
        // Under [system], the last table.
        settings.push_str("password_file = \"control-password\"\n");
        std::fs::write(&path, settings).expect("a file");
    }
    person
}

pub(crate) fn commands_without_a_daemon_reach_a_peer(stage: &Stage) {
    let place = stage.world();
    let mut bob = place.embedded("bob");
    bob.goes_online();
    for (alice, text) in [(place.embedded("alice"), "passing by"), (place.system("alex", PEOPLE), "me, too")]
    {
        alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
        bob.ok(&["contact", "add", &alice.address]);
        alice.says("Bob", text);
        bob.hears(&alice.address, text);
    }
    bob.stop();
}
