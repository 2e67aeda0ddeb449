//! What others can see: of connections, of circuits, of the disk.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::chat::talk;
use crate::common::{Person, cwtch};
use crate::groups::group_of_two;
use crate::stage::{PEOPLE, Place, SERVERS, Slow, Stage, circuits, until};

/// The system calls by which a program reaches anything outside itself.
const WATCHED: &str = "trace=connect,bind,sendto,sendmsg,sendmmsg";

/// Starts a person's daemon under a watch of its system calls; `false`, saying so, where there is no `strace`.
fn start_watched(person: &mut Person, log: &Path) -> bool {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("SKIPPED: strace is not installed, so nothing can watch system calls (apt install strace)");
        return false;
    }
    let program = cwtch();
    let own = person.command(&["--json", "--network", &person.network, "daemon"]);
    let mut command = Command::new("strace");
    // -D: the program stays our child, so that signals reach it.
    command.args(["-D", "-f", "-qq", "-e", WATCHED, "-o"]).arg(log);
    command.arg(program.get_program()).args(own.get_args());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    person.start_by(command);
    true
}

/// The internet addresses in the watch's log, with the system call that named each.
fn reached(log: &Path) -> Vec<(String, SocketAddr)> {
    let text = std::fs::read_to_string(log).expect("the watch's log");
    let mut found = Vec::new();
    for line in text.lines() {
        let call = line.split_whitespace().nth(1).and_then(|rest| rest.split('(').next()).unwrap_or_default();
        for part in line.split("{sa_family=").skip(1) {
            let quoted = |after: &str, end: char| {
                part.split_once(after)
                    .and_then(|(_, rest)| rest.split_once(end))
                    .map(|(inside, _)| inside.to_owned())
            };
            let family = part.split([',', '}']).next().unwrap_or_default();
            let address = match family {
                // They do not leave the machine.
                "AF_UNIX" | "AF_NETLINK" | "AF_UNSPEC" => continue,
                "AF_INET" => quoted("inet_addr(\"", '"'),
                "AF_INET6" => quoted("inet_pton(AF_INET6, \"", '"'),
                other => panic!("{other} in {line}"),
            };
            let port = quoted("htons(", ')').and_then(|port| port.parse().ok());
            let ip: Option<IpAddr> = address.and_then(|address| address.parse().ok());
            found.push((call.to_owned(), SocketAddr::new(ip.expect(line), port.expect(line))));
        }
    }
    found
}

/// What a person's daemon reaches while it talks with a contact and in a group; `None` where nothing can watch.
fn reached_in_daily_life(place: &Place, mut alice: Person) -> Option<Vec<(String, SocketAddr)>> {
    let mut bob = place.embedded("bob");
    let mut server = place.embedded_server("server");
    let log = place.world.path("calls");
    if !start_watched(&mut alice, &log) {
        return None;
    }
    bob.goes_online();
    alice.is_online();
    talk(&alice, &bob);
    group_of_two(&server, "Hikers", &alice, &bob);
    alice.stop();
    bob.stop();
    server.stop();

    Some(reached(&log))
}

pub(crate) fn an_embedded_client_connects_to_relays_only(stage: &Stage) {
    let place = stage.world();
    let Some(reached) = reached_in_daily_life(&place, place.embedded("alice")) else { return };
    let relays: HashSet<SocketAddr> = place.net.relay_addresses().into_iter().collect();
    assert!(reached.iter().any(|(call, at)| call == "connect" && relays.contains(at)), "it used Tor");
    for (call, at) in reached {
        assert!(call == "connect" && relays.contains(&at), "{call} to {at}, which is no relay");
    }
}

pub(crate) fn a_client_of_the_system_s_tor_connects_to_it_only(stage: &Stage) {
    let place = stage.world();
    let Some(reached) = reached_in_daily_life(&place, place.system("alice", PEOPLE)) else { return };
    let tor = place.net.client(PEOPLE).expect("a client");
    let control: SocketAddr = tor.control().to_string().parse().expect("a TCP control port");
    assert!(reached.contains(&("connect".to_owned(), tor.socks())), "it used Tor: {reached:?}");
    for (call, at) in reached {
        // A service's own end, where Tor cannot have a Unix socket, listens on this machine only.
        let listens = call == "bind" && at.ip().is_loopback();
        let tor = call == "connect" && (at == tor.socks() || at == control);
        assert!(listens || tor, "{call} to {at}, which is not Tor");
    }
}

/// The service side's circuits on which somebody has met the service.
fn met(tor: &cwtch_testkit::tornet::Client, service: &str) -> HashSet<String> {
    let query = format!("REND_QUERY={service}");
    circuits(tor, |line| line.contains(&query) && line.contains("HS_STATE=HSSR_JOINED"))
        .iter()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect()
}

pub(crate) fn every_board_connection_has_a_circuit_of_its_own(stage: &Stage) {
    let place = stage.world();
    let mut server = place.system_server("server");
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    alice.start();
    bob.start();
    group_of_two(&server, "Hikers", &alice, &bob);
    let tor = place.net.client(SERVERS).expect("a client");
    let before = until("both are connected to the board", || {
        Some(met(tor, &server.address)).filter(|circuits| circuits.len() >= 2)
    });
    // The same process, the same profile, the same board: a second visit.
    alice.ok(&["experiment", "disable", "groups"]);
    alice.ok(&["experiment", "enable", "groups"]);
    alice.says("Hikers", "again");
    bob.hears("Hikers", "again");
    let after = met(tor, &server.address);
    assert!(after.difference(&before).next().is_some(), "a new circuit: {before:?}, then {after:?}");
    alice.stop();
    bob.stop();
    server.stop();
}

/// The user and the number that a stream gave its circuit, by which a system's Tor keeps circuits apart.
type Mark = (String, String);

/// The client side's circuits to services of a system's Tor, each with its mark and its service.
fn marked(tor: &cwtch_testkit::tornet::Client) -> HashSet<(Mark, String)> {
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("{key}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let mut seen = HashSet::new();
    for line in circuits(tor, |line| line.contains("SOCKS_USERNAME=") && line.contains("HSCR_JOINED")) {
        let mark = value(&line, "SOCKS_USERNAME").zip(value(&line, "SOCKS_PASSWORD")).expect(&line);
        let query = line.split("REND_QUERY=").nth(1).and_then(|rest| rest.split(' ').next());
        seen.insert((mark, query.expect(&line).to_owned()));
    }
    seen
}

/// No mark serves two places, the board and the token service say, or two contacts; and two profiles that are connected with
/// the board have two.
fn nothing_is_shared(place: &Place, server: &str) {
    let tor = place.net.client(PEOPLE).expect("a client");
    let seen = until("both are connected to the board", || {
        let seen = marked(tor);
        (seen.iter().filter(|(_, to)| to == server).count() >= 2).then_some(seen)
    });
    let marks: HashSet<_> = seen.iter().map(|(mark, _)| mark).collect();
    assert_eq!(marks.len(), seen.len(), "{seen:?}");
}

pub(crate) fn profiles_and_purposes_never_share_circuits(stage: &Stage) {
    let place = stage.world();
    let mut server = place.embedded_server("server");
    let (mut alice, mut bob) = (place.system("alice", PEOPLE), place.system("bob", PEOPLE));
    alice.start();
    bob.start();
    group_of_two(&server, "Hikers", &alice, &bob);
    nothing_is_shared(&place, &server.address);
    alice.stop();
    bob.stop();
    server.stop();
}

pub(crate) fn profiles_of_one_daemon_never_share_circuits(stage: &Stage) {
    let place = stage.world();
    let mut server = place.embedded_server("server");
    let [mut alice, bob] = place.household("system-tor", ["alice", "bob"]);
    // Somebody whom both know: the same service, over a circuit of each.
    let mut carol = place.embedded("carol");
    carol.goes_online();
    alice.start_with(&[&bob]);
    group_of_two(&server, "Hikers", &alice, &bob);
    for (person, name) in [(&alice, "Alice"), (&bob, "Bob")] {
        person.befriend("Carol", &carol, name);
        person.says("Carol", "hello");
    }
    let tor = place.net.client(PEOPLE).expect("a client");
    nothing_is_shared(&place, &server.address);
    // Carol may have come first; whoever dialled her has a circuit that the other one has not.
    let to_carol: HashSet<Mark> =
        marked(tor).into_iter().filter(|(_, to)| *to == carol.address).map(|(mark, _)| mark).collect();
    let to_board: HashSet<Mark> =
        marked(tor).into_iter().filter(|(_, to)| *to == server.address).map(|(mark, _)| mark).collect();
    assert!(to_carol.is_disjoint(&to_board), "{to_carol:?} {to_board:?}");
    alice.stop();
    carol.stop();
    server.stop();
}

pub(crate) fn profiles_of_one_embedded_tor_meet_a_server_on_circuits_of_their_own(stage: &Stage) {
    let place = stage.world();
    let mut server = place.system_server("server");
    let [mut alice, bob] = place.household("arti", ["alice", "bob"]);
    alice.start_with(&[&bob]);
    group_of_two(&server, "Hikers", &alice, &bob);
    let tor = place.net.client(SERVERS).expect("a client");
    until("both are connected to the board, and not over one circuit", || {
        (met(tor, &server.address).len() >= 2).then_some(())
    });
    // One is closed: it is out of reach, and the other one still hears.
    bob.ok(&["profile", "close", "alice"]);
    let before = met(tor, &server.address);
    bob.says("Hikers", "alone now");
    assert!(!before.is_empty());
    bob.ok(&["profile", "open", "alice"]);
    alice.hears("Hikers", "alone now");
    alice.stop();
    server.stop();
}

pub(crate) fn what_lies_on_disk_names_nobody_and_is_private(stage: &Stage) {
    let place = stage.world();
    let (mut alice, mut bob) = (place.embedded("alice"), place.embedded("bob"));
    alice.goes_online();
    bob.goes_online();
    talk(&alice, &bob);
    let mut files = 0;
    let mut look = vec![alice.data.clone()];
    while let Some(dir) = look.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            let meta = std::fs::symlink_metadata(&path).expect("its data");
            let mode = meta.permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
            if meta.is_dir() {
                look.push(path);
            } else if meta.is_file() {
                files += 1;
                let content = std::fs::read(&path).expect("a file");
                for (whose, address) in [("the own", &alice.address), ("a contact's", &bob.address)] {
                    let name = path.display().to_string();
                    let found = content.windows(address.len()).any(|part| part == address.as_bytes());
                    assert!(!found && !name.contains(address.as_str()), "{whose} address in {name}");
                }
            }
        }
    }
    assert!(files > 5, "Tor's state was looked at: {files} files");
    alice.stop();
    bob.stop();
}
