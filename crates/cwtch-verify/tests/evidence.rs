//! Evidence that a client keeps against a server that cheats, which this program must accept.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use cwtch_log::{FraudProof, armour};
use cwtch_protocol::monitor::{Begun, Monitor, Refused};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry, entry_id};
use cwtch_testkit::malice::{Attack, MaliciousServer, Visitor};
use cwtch_wire::board::stream::Record;

/// Makes a proof: a client reads a log, the server cheats, the client reads on and looks from outside, until it holds
/// a proof.
fn proof(attack: Attack) -> Vec<u8> {
    (0..50).find_map(|seed| play(attack, seed)).unwrap_or_else(|| panic!("{attack} left no proof"))
}

fn play(attack: Attack, seed: u64) -> Option<Vec<u8>> {
    let retention = if matches!(attack, Attack::RetainBackwards | Attack::FalseRetain) { 0 } else { 86_400 };
    let mut log = HonestLog::first(ServerKeys::new(3), START, retention);
    log.commit(START + 60, &(0..300).map(entry).collect::<Vec<_>>());
    let mut monitor = Monitor::new(log.address());
    let mut server = MaliciousServer::new(log, Some(attack), 0, 2, seed);
    let mut rng = cwtch_testkit::rng(seed);
    for round in 1..8 {
        let now = START + 600 * round;
        server.tick(now);
        let stopped = sync(&mut monitor, &mut server, &mut rng, now).is_err()
            || monitor.head(&server.head(Visitor::Stranger).0, now) == Err(Refused::Stopped);
        if stopped {
            return monitor.evidence().iter().find_map(|found| found.proof.clone());
        }
        server.post(0, &entry(1000 + round), now);
        server.fire(now + 120);
        server.posts(&[entry(2000 + round), entry(3000 + round)], now + 180);
    }
    None
}

fn sync(
    monitor: &mut Monitor,
    server: &mut MaliciousServer,
    rng: &mut cwtch_testkit::ChaCha20Rng,
    now: u64,
) -> Result<(), Refused> {
    let Some(reply) = server.replay(0, monitor.replay_request(rng).from) else { return Ok(()) };
    let Begun::Entries { .. } = monitor.begin_replay(&reply.log, reply.count, now)? else { return Ok(()) };
    for record in &reply.records {
        match record {
            Record::Entry(entry) => drop(monitor.entry(entry_id(entry))?),
            Record::Boundary(boundary) => drop(monitor.boundary(boundary.as_slice())?),
        }
    }
    monitor.finish_replay(now)
}

fn exit_code(input: &[u8], server: &str) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cwtch-verify"))
        .args(["-", "--server", server])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn evidence_of_every_kind_is_accepted() {
    let (server, other) = (ServerKeys::new(3).address(), ServerKeys::new(4).address());
    let attacks = [
        Attack::ModifyView,
        Attack::FreezeSigned,
        Attack::TwoCertificates,
        Attack::RetainBackwards,
        Attack::LaunderOldSigner,
        Attack::LaunderWrongStart,
        Attack::LaunderOtherLog,
        Attack::PruneEarly,
        Attack::PerClientBoundary,
        Attack::PromiseBackwards,
        Attack::InsertIntoHistory,
    ];
    let mut kinds = BTreeSet::new();
    for attack in attacks {
        let bytes = proof(attack);
        let proof = FraudProof::verify(&bytes, &server).unwrap();
        kinds.insert(proof.kind().number());
        let text = armour::encode(&proof);
        assert_eq!(exit_code(text.as_bytes(), &server.to_string()), Some(0), "{attack}");
        assert_eq!(exit_code(&bytes, &server.to_string()), Some(0), "{attack}");
        assert_eq!(exit_code(&bytes, &other.to_string()), Some(1), "{attack}");
        let mut edited = bytes.clone();
        let last = edited.len() - 1;
        edited[last] ^= 1;
        assert_ne!(exit_code(&edited, &server.to_string()), Some(0), "{attack}");
    }
    // All that this client looks for: it has no use for kind 2, and 4 does not exist.
    assert_eq!(kinds, BTreeSet::from([1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13]));
}
