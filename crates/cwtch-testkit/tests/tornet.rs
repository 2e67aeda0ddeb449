//! Private Tor networks as tests and people start them. Without an installed `tor` nothing is tested, which each test says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may panic"
)]

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cwtch_testkit::tornet::{AUTHORITIES, ClientOptions, ControlKind, Options, RELAYS, TorNet, TornetError};
use rustix::process::{Pid, Signal, kill_process};

/// Time for starting three networks at once, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_network_carries_onion_services_and_leaves_nothing_behind() {
    if !TorNet::installed_or_skip() {
        return;
    }
    let unusual = ClientOptions {
        control: ControlKind::Socket,
        cookie: false,
        password: Some("p\"w\\d".to_owned()),
        disable_network: false,
    };
    let asleep = ClientOptions { disable_network: true, ..ClientOptions::default() };
    let options = Options {
        clients: vec![ClientOptions::default(), unusual, asleep],
        deadline: PATIENCE,
        ..Options::default()
    };
    let mut steps = Vec::new();
    let mut net = TorNet::start_reporting(options, &mut |step| steps.push(step.to_string())).unwrap();
    assert!(steps.contains(&"the consensus lists all 8 relays".to_owned()), "{steps:?}");
    net.check().unwrap();

    assert_eq!(net.relays().len(), usize::from(AUTHORITIES + RELAYS));
    assert_eq!(net.authorities().count(), usize::from(AUTHORITIES));
    let addresses: HashSet<_> = net.relay_addresses().into_iter().collect();
    assert_eq!(addresses.len(), usize::from(2 * AUTHORITIES + RELAYS));
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
    for address in &addresses {
        TcpStream::connect(address).unwrap();
    }

    let toml: toml::Table = net.tor_toml(Some(1)).unwrap().parse().unwrap();
    let socket = format!("unix:{}", net.dir().join("client1/control").display());
    assert_eq!(toml["system"]["control"].as_str(), Some(socket.as_str()));
    let network = &toml["embedded"]["tor_network"];
    assert_eq!(network["fallback_caches"].as_array().unwrap().len(), 3);
    assert_eq!(network["authorities"]["v3idents"].as_array().unwrap().len(), 3);
    assert!(!net.tor_toml(None).unwrap().contains("[system]"));
    assert!(matches!(net.tor_toml(Some(3)), Err(TornetError::NoSuchClient { index: 3, clients: 3 })));

    assert_eq!(net.client(2).unwrap().command("GETCONF DisableNetwork").unwrap(), ["DisableNetwork=1"]);
    net.client(1).unwrap().restart().unwrap();
    assert_eq!(said_through_an_onion_service(&net), *b"hello");

    let (dir, pids) = (net.dir().to_owned(), net.pids());
    assert_eq!(pids.len(), 11);
    net.client(0).unwrap().stop();
    net.client(0).unwrap().stop();
    assert_eq!((net.client(0).unwrap().pid(), net.pids().len()), (None, 10));
    net.check().unwrap();
    signal(net.client(2).unwrap().pid().unwrap(), Signal::KILL);
    until(
        "the death to be noticed",
        || matches!(net.check(), Err(TornetError::Exited { name, .. }) if name == "client2"),
    );
    net.stop();
    assert!(running(&pids, &dir).is_empty());
    assert!(dir.exists());
    drop(net);
    assert!(!dir.exists());
}

#[test]
fn a_killed_program_takes_its_network_along() {
    if !TorNet::installed_or_skip() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("net");
    let mut program = Program::start(&dir);
    until("the configuration", || program.lives() && dir.join("tor.toml").exists());
    let toml: toml::Table = fs::read_to_string(dir.join("tor.toml")).unwrap().parse().unwrap();
    assert!(toml["embedded"].is_table() && toml["system"]["socks"].is_str());
    let pids = pids(&dir);
    assert_eq!(pids.len(), 9);
    assert_eq!(running(&pids, &dir), pids);

    let second = Command::new(env!("CARGO_BIN_EXE_cwtch-tornet")).arg(&dir).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8(second.stderr).unwrap().contains("runs now"));

    let mut said = vec![0; 4096];
    let n = program.0.stdout.as_mut().unwrap().read(&mut said).unwrap();
    let command = format!("cwtch --tor-config {}/tor.toml --network system-tor daemon", dir.display());
    assert!(String::from_utf8_lossy(&said[..n]).contains(&command));
    program.0.kill().unwrap();
    // A tor looks for its owner every fifteen seconds, and sees it until it is waited for.
    program.0.wait().unwrap();
    until("the tors to end", || running(&pids, &dir).is_empty());
}

#[test]
fn a_signal_ends_the_program_while_it_starts() {
    if !TorNet::installed_or_skip() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut program = Program::start(place.path());
    until("the first tor", || program.lives() && !pids(place.path()).is_empty());
    let first = pids(place.path());
    signal(program.0.id(), Signal::TERM);
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    assert!(
        running(&first, place.path()).is_empty() && running(&pids(place.path()), place.path()).is_empty()
    );
    assert!(!place.path().join("tor.toml").exists());
}

/// Client 0 has an onion service which says hello; client 1 hears it.
fn said_through_an_onion_service(net: &TorNet) -> [u8; 5] {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap();
    let command = format!("ADD_ONION NEW:ED25519-V3 Flags=Detach,DiscardPK Port=9878,{port}");
    let reply = net.client(0).unwrap().command(&command).unwrap();
    let id = reply.iter().find_map(|line| line.strip_prefix("ServiceID=")).unwrap();
    let service = thread::spawn(move || listener.accept().unwrap().0.write_all(b"hello").unwrap());
    let socks = net.client(1).unwrap().socks();
    let (began, mut said) = (Instant::now(), [0; 5]);
    // The first tries may come before the service's descriptor.
    while let Err(e) = socks_connect(socks, &format!("{id}.onion")).and_then(|mut s| s.read_exact(&mut said))
    {
        assert!(began.elapsed() < PATIENCE, "the onion service cannot be reached: {e}");
        thread::sleep(Duration::from_millis(200));
    }
    service.join().unwrap();
    said
}

fn socks_connect(socks: SocketAddr, host: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(socks)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&[5, 1, 0])?;
    stream.read_exact(&mut [0; 2])?;
    let length = u8::try_from(host.len()).unwrap();
    stream.write_all(&[&[5, 1, 0, 3, length], host.as_bytes(), &9878_u16.to_be_bytes()].concat())?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply)?;
    if reply[1] == 0 { Ok(stream) } else { Err(io::Error::other(format!("SOCKS reply {}", reply[1]))) }
}

/// The program; killed if the test fails.
struct Program(Child);

impl Program {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cwtch-tornet"));
        command.arg(dir).args(["--deadline", "300"]);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn lives(&mut self) -> bool {
        let status = self.0.try_wait().unwrap();
        if status.is_some() {
            let mut said = String::new();
            self.0.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
            panic!("the program ended: {said}");
        }
        true
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Process numbers that the tors below a directory have written.
fn pids(dir: &Path) -> Vec<u32> {
    let files = dir.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path().join("pid"));
    files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok()).collect()
}

/// Those of the processes that still run and are tors of this directory.
fn running(pids: &[u32], dir: &Path) -> Vec<u32> {
    let dir = dir.to_str().unwrap();
    // A process that has ended and is not yet waited for has no command line.
    let runs =
        |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains(dir));
    pids.iter().copied().filter(runs).collect()
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
