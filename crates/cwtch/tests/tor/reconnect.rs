//! Coming back.

use crate::chat::talk;
use crate::stage::{PEOPLE, RESTARTED, Slow, Stage, until};

/// How often a peer's service goes and comes back in the longest test.
const RECONNECTS: usize = 20;

pub(crate) fn an_address_is_the_same_after_a_restart(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    let mut server = place.embedded_server("server");
    let (address, bundle) = (server.address.clone(), server.bundle.clone());
    alice.goes_online();
    bob.goes_online();
    talk(&alice, &bob);
    // `start` compares the address that the daemon says with the profile's.
    bob.stop();
    bob.goes_online();
    alice.says("Bob", "still you?");
    bob.hears("Alice", "still you?");
    server.stop();
    server.start();
    assert_eq!((&server.address, &server.bundle), (&address, &bundle));
    for person in [&mut alice, &mut bob] {
        person.stop();
    }
    server.stop();
}

pub(crate) fn peers_find_each_other_again_after_a_restart(stage: &Stage) {
    let place = stage.world();
    for (mut alice, mut bob) in [
        (place.embedded("alice"), place.system("bob", PEOPLE)),
        (place.system("carol", PEOPLE), place.embedded("dave")),
    ] {
        alice.goes_online();
        bob.goes_online();
        talk(&alice, &bob);
        // Neither a clean end nor a sudden one keeps them apart.
        for clean in [true, false] {
            if clean {
                bob.stop()
            } else {
                bob.kill()
            }
            bob.goes_online();
            let text = format!("back, clean: {clean}");
            bob.says("Alice", &text);
            alice.hears("Bob", &text);
        }
        alice.stop();
        bob.stop();
    }
}

pub(crate) fn twenty_reconnects_in_a_row(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    alice.goes_online();
    alice.befriend("Bob", &bob, "Alice");
    for round in 0..RECONNECTS {
        bob.start();
        // Whoever of the two is quicker dials.
        let text = format!("round {round}");
        bob.says("Alice", &text);
        alice.hears("Bob", &text);
        bob.stop();
    }
    assert_eq!(alice.texts("Bob").len(), RECONNECTS, "each once");
    alice.stop();
}

pub(crate) fn a_system_tor_that_restarts_brings_everybody_back(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.system("alice", RESTARTED), place.embedded("bob"));
    alice.goes_online();
    bob.goes_online();
    talk(&alice, &bob);
    let tor = place.net.client(RESTARTED).expect("a client");
    tor.stop();
    let status = until("she knows that Tor is gone", || {
        let status = alice.ok(&["status"]);
        (status["online"] == false && status["network_readiness"]["trouble"].is_string()).then_some(status)
    });
    let trouble = status["network_readiness"]["trouble"].as_str().expect("a sentence").to_owned();
    assert!(trouble.ends_with('.') && trouble.contains("Tor"), "{trouble}");
    tor.start().expect("it starts again");
    alice.is_online();
    bob.says("Alice", "there you are");
    alice.hears("Bob", "there you are");
    alice.says("Bob", "and you");
    bob.hears("Alice", "and you");
    alice.stop();
    bob.stop();
}
