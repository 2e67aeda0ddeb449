//! An operator's accidents with the real program: whatever happens to its files, nothing that it ever signed makes a proof.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that fails may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cwtch_log::fraud::Disagreement;
use cwtch_log::{Certificate, CertificateKind, Checkpoint, FraudProof, Head, Policy, Receipt, Retain};
use cwtch_net::Loopback;
use cwtch_primitives::Address;
use cwtch_protocol::app::board_client::pay;
use cwtch_server::keys::ServerKeys;
use cwtch_server::store::{SqliteStore, Store};
use cwtch_testkit::faketime;
use cwtch_wire::board::PostLog;
use rustix::process::Signal;

use super::common::{PATIENCE, connect, message, mint};
use super::{Place, Running, stderr};

const DATABASE: [&str; 3] = ["board.sqlite", "board.sqlite-wal", "board.sqlite-shm"];
const KEYS: [&str; 3] = ["board.key", "token-service.key", "issuer.key"];

/// A server's files, its program, and everything that it ever signed and showed.
struct Lab {
    place: Place,
    address: Address,
    certificates: BTreeSet<Vec<u8>>,
    /// Statements with the certificate that they verify under.
    checkpoints: BTreeSet<(Vec<u8>, Vec<u8>)>,
    policies: BTreeSet<(Vec<u8>, Vec<u8>)>,
    retains: BTreeSet<(Vec<u8>, Vec<u8>)>,
    posted: u32,
    /// Minutes by which the clock of declared starts is ahead, so that no clock ever goes back.
    minutes: i64,
}

impl Lab {
    /// Makes a first start, by a clock that is this many seconds ahead, and a few posts.
    fn begun(ahead: i64) -> Option<Self> {
        let environment = faketime::shifted(ahead)?;
        let place = Place::new();
        let running = Running::start_in(&place.run_args(), environment);
        let address = ServerKeys::load(&place.data()).unwrap().board.address();
        let (certificates, checkpoints) = (BTreeSet::new(), BTreeSet::new());
        let (policies, retains) = (BTreeSet::new(), BTreeSet::new());
        let mut lab =
            Self { place, address, certificates, checkpoints, policies, retains, posted: 0, minutes: 0 };
        lab.post(3);
        lab.stop(running);
        Some(lab)
    }

    fn args(&self, declared: &[&str]) -> Vec<String> {
        let mut args = self.place.run_args();
        args.extend(declared.iter().map(|&flag| flag.to_owned()));
        args
    }

    /// Starts a server that has nothing to wait for.
    fn start(&self) -> Running {
        let environment = faketime::shifted(self.minutes * 60).unwrap();
        Running::start_in(&self.args(&[]), environment)
    }

    /// Makes a declared start just before a minute ends, so that the wait is short; later than every one before.
    fn declare(&mut self, declared: &[&str]) -> Running {
        let environment = faketime::shifted(faketime::end_of_a_minute() + self.minutes * 60).unwrap();
        self.minutes += 1;
        let running = Running::start_in(&self.args(declared), environment);
        assert!(running.ready.starts_with("Ready."), "{}", running.ready);
        running
    }

    /// Starts a server that refuses, and checks that it made nothing; returns what it says.
    fn refused(&self, declared: &[&str]) -> String {
        let before = self.database().exists();
        let mut command = super::command(&self.args(declared));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        if !ready.is_empty() {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it started: {ready}");
        }
        let refused = child.wait_with_output().unwrap();
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        assert_eq!(self.database().exists(), before, "a refused start made a database");
        stderr(&refused)
    }

    fn database(&self) -> PathBuf {
        self.place.data().join(DATABASE[0])
    }

    fn stop(&mut self, running: Running) {
        self.look();
        let (status, log) = running.stop(Signal::TERM);
        assert!(status.success(), "{log}");
        self.look();
    }

    fn kill(&mut self, running: Running) {
        self.look();
        let _ = running.stop(Signal::KILL);
    }

    /// Posts over the network and keeps what the answers say.
    fn post(&mut self, count: u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let network = Loopback::new(self.place.0.path().join("net"));
        let issuer = ServerKeys::load(&self.place.data()).unwrap().issuer;
        let current = self.look();
        let certificate = Certificate::from_bytes(&current, &self.address).unwrap();
        runtime.block_on(async {
            let mut client = connect(&network, &self.address).await.unwrap();
            for token in mint(&issuer, count as usize) {
                let post = message(self.posted);
                self.posted += 1;
                let answer = client.post_for_receipt(&pay(token, &post, &self.address), &post).await;
                let Some(PostLog::Receipt(receipt)) = answer else { panic!("{answer:?}") };
                let receipt = Receipt::from_bytes(&receipt, &certificate).unwrap();
                self.checkpoints.insert((current.clone(), receipt.checkpoint().to_bytes().to_vec()));
            }
        });
    }

    /// Keeps the statements that anybody may see now; returns the current certificate.
    fn look(&mut self) -> Vec<u8> {
        let head = SqliteStore::existing(&self.place.data()).reader().unwrap().log_head().unwrap();
        let head = head.expect("it has a log");
        let current = head.certificates.current.to_vec();
        self.certificates.insert(current.clone());
        self.certificates.extend(head.certificates.earlier.iter().map(|bytes| bytes.to_vec()));
        let state = head.state.expect("it runs");
        self.checkpoints.insert((current.clone(), state.checkpoint.to_vec()));
        self.policies.insert((current.clone(), state.policy.to_vec()));
        self.retains.extend(state.retain.map(|retain| (current.clone(), retain.to_vec())));
        current
    }

    fn current(&mut self) -> Certificate {
        Certificate::from_bytes(&self.look(), &self.address).unwrap()
    }

    /// Takes away everything but the three keys that the manual says to back up.
    fn lose_all_but_the_keys(&self) {
        let keys = self.place.data().join("keys");
        for name in DATABASE {
            let _ = fs::remove_file(self.place.data().join(name));
        }
        for entry in fs::read_dir(keys).unwrap().map(Result::unwrap) {
            if !KEYS.iter().any(|key| entry.file_name() == *key) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    fn lose_log_key(&self) {
        fs::remove_file(self.place.data().join("keys/log.key")).unwrap();
    }

    /// Copies the database, or with `all` everything.
    fn copy(&self, all: bool) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_files(&self.place.data(), copy.path());
        if all {
            fs::create_dir(copy.path().join("keys")).unwrap();
            copy_files(&self.place.data().join("keys"), &copy.path().join("keys"));
        }
        copy
    }

    fn put_back(&self, copy: &Path) {
        for name in DATABASE {
            let _ = fs::remove_file(self.place.data().join(name));
        }
        copy_files(copy, &self.place.data());
        let keys = copy.join("keys");
        if keys.exists() {
            fs::remove_dir_all(self.place.data().join("keys")).unwrap();
            fs::create_dir(self.place.data().join("keys")).unwrap();
            copy_files(&keys, &self.place.data().join("keys"));
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(self.place.data().join("keys"), private).unwrap();
        }
    }

    /// Tries every kind of fraud proof that needs no path, over every pair of statements that the server ever signed.
    fn accuse_in_vain(&self) {
        let read = |bytes: &Vec<u8>| Certificate::from_bytes(bytes, &self.address).unwrap();
        let certificates: Vec<_> = self.certificates.iter().map(read).collect();
        let mut proofs: Vec<Option<FraudProof>> = Vec::new();
        for log in &certificates {
            let bytes = log.to_bytes().to_vec();
            let own = |(certificate, _): &&(Vec<u8>, Vec<u8>)| *certificate == bytes;
            let checkpoints = self.checkpoints.iter().filter(own);
            let checkpoints: Vec<_> =
                checkpoints.map(|(_, bytes)| Checkpoint::from_bytes(bytes, log).unwrap()).collect();
            let policies = self.policies.iter().filter(own);
            let policies: Vec<_> =
                policies.map(|(_, bytes)| Policy::from_bytes(bytes, log).unwrap()).collect();
            let retains = self.retains.iter().filter(own);
            let retains: Vec<_> = retains.map(|(_, bytes)| Retain::from_bytes(bytes, log).unwrap()).collect();
            let heads = checkpoints.iter().cloned().map(Head::from);
            let heads: Vec<_> = heads.chain(retains.iter().cloned().map(Head::from)).collect();
            for other in &certificates {
                proofs.push(FraudProof::two_certificates(log, other));
                proofs.extend(checkpoints.iter().map(|one| FraudProof::old_signer(log, other, one)));
                let same = Disagreement::SameSize;
                proofs.extend(heads.iter().map(|head| FraudProof::wrong_start(log, other, head, &same)));
            }
            for a in &heads {
                proofs.extend(heads.iter().map(|b| FraudProof::same_size(log, a, b)));
            }
            for a in &checkpoints {
                proofs.extend(checkpoints.iter().map(|b| FraudProof::shrunk(log, a, b)));
                proofs.extend(checkpoints.iter().map(|b| FraudProof::second_boundary(log, a, b)));
            }
            for a in &retains {
                proofs.extend(retains.iter().map(|b| FraudProof::retain_backwards(log, a, b)));
                for policy in &policies {
                    let early = |one| FraudProof::pruned_early(log, policy, one, a);
                    proofs.extend(checkpoints.iter().map(early));
                }
            }
            for a in &policies {
                proofs.extend(policies.iter().map(|b| FraudProof::policy_backwards(log, a, b)));
            }
        }
        assert!(proofs.len() > 20, "nothing was tried");
        let found = proofs.into_iter().flatten().next();
        assert!(found.is_none(), "an honest server is framed: {found:?}");
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        // Files that SQLite and the lock keep for a running process are no part of a copy.
        let name = entry.file_name();
        if entry.file_type().unwrap().is_file() && name != "board.sqlite-shm" && name != "lock" {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// The manual's worst case: the disk is gone, and there are the three keys.
#[test]
fn with_the_keys_alone_a_server_asks_waits_and_begins_what_says_that_all_was_lost() {
    let Some(mut lab) = Lab::begun(0) else { return };
    for _ in 0..2 {
        lab.lose_all_but_the_keys();
        let said = lab.refused(&[]);
        assert!(said.contains("--declare-total-loss") && said.contains("no database"), "{said}");
        let said = lab.refused(&["--declare-restore"]);
        assert!(said.contains("no database that could have been restored"), "{said}");
        let running = lab.declare(&["--declare-total-loss", "--confirm-clock"]);
        lab.post(2);
        let certificate = lab.current();
        assert_eq!(certificate.kind(), CertificateKind::TotalLoss);
        lab.stop(running);
        // The declaration stays on the command line: nothing happens.
        let running = lab.declare(&["--declare-total-loss", "--confirm-clock"]);
        assert_eq!(lab.current(), certificate);
        lab.post(1);
        lab.kill(running);
        let running = lab.start();
        assert_eq!(lab.current(), certificate);
        lab.post(1);
        lab.stop(running);
    }
    assert_eq!(lab.certificates.len(), 3);
    lab.accuse_in_vain();
}

/// If nobody vouches for the old machine's clock, nothing is signed until what that clock may have signed lies in the
/// past.
#[test]
fn after_a_clock_that_may_have_been_ahead_a_declared_start_waits_and_says_until_when() {
    let Some(mut lab) = Lab::begun(9 * 60) else { return };
    lab.lose_all_but_the_keys();
    let data = lab.place.data();
    let mut command = super::command(&lab.args(&["--declare-total-loss"]));
    let said = data.with_extension("log");
    command.stderr(fs::File::create(&said).unwrap()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    let read = || fs::read_to_string(&said).unwrap();
    while !read().contains("takes three hours") {
        assert!(begun.elapsed() < PATIENCE, "{}", read());
        assert!(child.try_wait().unwrap().is_none(), "{}", read());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(read().contains(" UTC") && read().contains("--confirm-clock"), "{}", read());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success(), "{}", read());
    let head = SqliteStore::existing(&data).reader().unwrap().log_head().unwrap();
    assert!(head.is_none(), "it was begun");
    // And the next start asks again.
    assert!(lab.refused(&[]).contains("--declare-total-loss"));
    // Three hours later nothing contradicts what the wrong clock had signed.
    lab.minutes = 3 * 60 + 4;
    let running = lab.declare(&["--declare-total-loss", "--confirm-clock"]);
    lab.post(1);
    lab.stop(running);
    lab.accuse_in_vain();
}

#[test]
fn a_snapshot_that_is_put_back_twice_and_declared_twice_frames_nobody() {
    let Some(mut lab) = Lab::begun(0) else { return };
    let snapshot = lab.copy(true);
    let running = lab.start();
    lab.post(2);
    lab.kill(running);
    let mut sizes = Vec::new();
    for _ in 0..2 {
        lab.put_back(snapshot.path());
        // As the manual says: what the snapshot brought back cannot notice anything.
        lab.lose_log_key();
        assert!(lab.refused(&[]).contains("keys/log.key"));
        let running = lab.declare(&["--declare-restore", "--confirm-clock"]);
        lab.post(2);
        let previous = *lab.current().previous().expect("it continues");
        sizes.push(previous.size);
        lab.kill(running);
    }
    assert_eq!(sizes, [3, 3]);
    assert_eq!(lab.certificates.len(), 3);
    lab.accuse_in_vain();
}

#[test]
fn after_a_kill_a_database_of_the_same_minute_is_noticed() {
    let Some(mut lab) = Lab::begun(0) else { return };
    let running = lab.start();
    lab.post(2);
    let copy = lab.copy(false);
    lab.post(2);
    lab.kill(running);
    lab.put_back(copy.path());
    let said = lab.refused(&[]);
    assert!(said.contains("ends at 5 entries") && said.contains("signed 7"), "{said}");
    assert!(lab.refused(&["--declare-total-loss"]).contains("not everything is lost"));
    // The guard outlived the database, so nobody has to vouch for a clock.
    let running = lab.declare(&["--declare-restore"]);
    lab.post(2);
    assert_eq!(lab.current().previous().unwrap().size, 5);
    lab.stop(running);
    lab.accuse_in_vain();
}

/// The disk died; keys and database come from their backups, to another machine.
#[test]
fn keys_and_database_from_their_backups_go_on_behind_what_was_kept() {
    let Some(mut lab) = Lab::begun(0) else { return };
    let backup = lab.copy(false);
    let running = lab.start();
    lab.post(4);
    lab.stop(running);
    lab.lose_all_but_the_keys();
    lab.put_back(backup.path());
    assert!(lab.refused(&[]).contains("--declare-restore"));
    let running = lab.declare(&["--declare-restore", "--confirm-clock"]);
    lab.post(1);
    assert_eq!(lab.current().previous().unwrap().size, 3);
    lab.stop(running);
    lab.accuse_in_vain();
}
