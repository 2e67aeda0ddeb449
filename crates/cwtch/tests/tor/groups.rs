//! Groups on servers of both kinds, with members of both kinds.

use crate::common::{Person, Server};
use crate::stage::{PEOPLE, Slow, Stage};

/// One makes a group on the server and invites the other; both write and read.
pub(crate) fn group_of_two(server: &Server, name: &str, alice: &Person, bob: &Person) {
    for person in [alice, bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", name, "--server", &server.bundle]);
    bob.ok(&["group", "join", made["tofubundle"].as_str().expect("an invite")]);
    alice.says(name, "one");
    bob.hears(name, "one");
    bob.says(name, "two");
    alice.hears(name, "two");
}

pub(crate) fn groups_across_a_server_on_each_provider(stage: &Stage) {
    let place = stage.world();
    let mut servers = [place.embedded_server("embedded-server"), place.system_server("system-server")];
    let (mut alice, mut bob) = (place.embedded("alice"), place.system("bob", PEOPLE));
    // Members need not be online for each other.
    alice.start();
    bob.start();
    let [embedded, system] = &servers;
    group_of_two(embedded, "Hikers", &alice, &bob);
    group_of_two(system, "Swimmers", &bob, &alice);

    // A member who was away catches up, without a daemon.
    bob.stop();
    alice.says("Hikers", "three");
    alice.says("Swimmers", "four");
    assert_eq!(bob.ok(&["--network", "system-tor", "sync"])["received"], 2);
    assert_eq!(bob.texts("Hikers"), ["one", "two", "three"]);
    assert_eq!(bob.texts("Swimmers"), ["one", "two", "four"]);
    alice.stop();
    for server in &mut servers {
        server.stop();
    }
}
