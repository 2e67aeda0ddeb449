//! What people are told when something is wrong, and that it passes.

use crate::chat::guarded;
use crate::common::Person;
use crate::stage::{GUARDED, PEOPLE, Slow, Stage, trouble, until};

/// A command without a daemon that cannot get through: its exit code, a sentence, and nothing lost.
fn cannot_send(person: &Person, text: &str) -> String {
    let network = person.network.clone();
    let queued = person.queues(&["--network", &network, "send", "Bob", text, "--timeout", "5"]);
    let message = queued["detail"].as_str().expect("a reason").to_owned();
    assert!(message.ends_with('.'), "{message}");
    assert_eq!(person.texts("Bob").last().map(String::as_str), Some(text), "it stays queued");
    message
}

pub(crate) fn a_wrong_clock_is_explained(stage: &Stage) {
    let Some(library) = cwtch_testkit::faketime::library() else { return };
    let place = stage.world();
    for skew in ["+3d", "-3d"] {
        let mut alice = place.embedded(&format!("alice{skew}"));
        let mut command = alice.command(&["--json", "--network", &alice.network, "daemon"]);
        command.env("LD_PRELOAD", &library).env("FAKETIME", skew);
        alice.start_by(command);
        let told = until("she is told what is wrong", || trouble(&alice));
        assert!(told.contains("clock"), "{skew}: {told}");
        alice.stop();
    }
}

pub(crate) fn an_unreachable_network_is_explained(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    bob.goes_online();
    alice.befriend("Bob", &bob, "Alice");
    // The same network, as if every relay were unplugged: nothing listens on port 1.
    let settings = place.tor_toml(PEOPLE);
    let whole = std::fs::read_to_string(&settings).expect("settings");
    let mut unplugged = whole.clone();
    for at in place.net.relay_addresses() {
        unplugged = unplugged.replace(&at.to_string(), &format!("{}:1", at.ip()));
    }
    let cut = place.world.path("cut.toml");
    std::fs::write(&cut, unplugged).expect("a file");
    let restored =
        std::mem::replace(&mut alice.extra, vec!["--tor-config".to_owned(), cut.display().to_string()]);
    let message = cannot_send(&alice, "into the void");
    assert!(message.contains("Tor"), "{message}");
    // A daemon starts all the same, says what is wrong, and keeps trying.
    alice.start();
    let told = until("she is told what is wrong", || trouble(&alice));
    assert!(told.contains("bridges in tor.toml"), "{told}");
    alice.stop();
    // With the network back nothing is lost.
    alice.extra = restored;
    alice.start();
    bob.hears("Alice", "into the void");
    alice.stop();
    bob.stop();
}

pub(crate) fn a_missing_or_refusing_control_port_is_explained(stage: &Stage) {
    let place = stage.world();
    let mut bob = place.embedded("bob");
    bob.goes_online();

    // Nobody listens.
    let mut alice = place.system("alice", PEOPLE);
    alice.befriend("Bob", &bob, "Alice");
    alice.network = "system-tor:127.0.0.1:1".to_owned();
    let message = cannot_send(&alice, "no Tor");
    assert!(message.contains("control port") || message.contains("no Tor"), "{message}");
    alice.start();
    let told = until("she is told what is wrong", || trouble(&alice));
    assert!(told.contains("Tor"), "{told}");
    alice.stop();
    alice.network = "system-tor".to_owned();
    alice.start();
    bob.hears("Alice", "no Tor");
    alice.stop();

    // A password is asked for: none, a wrong one, the right one.
    let mut carol = guarded(&place);
    carol.befriend("Bob", &bob, "Carol");
    let settings = place.tor_toml(GUARDED);
    let message = cannot_send(&carol, "no password");
    assert!(message.contains("password"), "{message}");
    let mut with_password = std::fs::read_to_string(&settings).expect("settings");
    with_password.push_str("password_file = \"control-password\"\n");
    std::fs::write(&settings, with_password).expect("a file");
    place.world.password_file("control-password", "wrong");
    let message = cannot_send(&carol, "wrong password");
    assert!(message.contains("password"), "{message}");
    place.world.password_file("control-password", crate::stage::PASSWORD);
    carol.start();
    bob.hears("Carol", "wrong password");
    carol.stop();
    bob.stop();
}

pub(crate) fn an_identity_that_runs_twice_is_noticed(stage: &Stage) {
    let place = stage.world();
    let mut alice = place.embedded("alice");
    alice.goes_online();
    // The whole profile, copied to another machine.
    let mut twin = place.embedded("twin");
    std::fs::remove_dir_all(&twin.data).expect("a directory");
    let copied = std::process::Command::new("cp").arg("-a").arg(&alice.data).arg(&twin.data).status();
    assert!(copied.expect("cp").success());
    let _ = std::fs::remove_file(twin.data.join("profiles/alice/daemon.sock"));
    std::fs::remove_dir_all(twin.data.join("daemon")).expect("what the daemon and its Tor keep");
    twin.address.clone_from(&alice.address);
    twin.start();
    // Descriptors of both overwrite each other, so that one of the two is out of reach sooner or later.
    let told = until("one of them is told", || {
        [&alice, &twin]
            .into_iter()
            .find_map(|person| trouble(person).filter(|trouble| trouble.contains("another machine")))
    });
    assert!(told.contains("Stop it there"), "{told}");
    alice.stop();
    twin.stop();
}
