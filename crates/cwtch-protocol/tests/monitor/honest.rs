//! Honest servers are never accused, and what they have is what the client gets.

use cwtch_primitives::group::LogTag;
use cwtch_protocol::monitor::{ComparisonOutcome, LivePlace, Notice, Refused};
use cwtch_testkit::log::{START, entry_id};
use cwtch_testkit::rng;
use cwtch_wire::board::PostLog;
use proptest::prelude::*;
use rand_core::RngCore;

use crate::reader::PostFate;
use crate::support::{Client, Server};

const TAG: LogTag = LogTag::from_bytes([7; 16]);

#[derive(Debug, Clone)]
enum Step {
    Grow(u64),
    Pass(u64),
    Sync,
    /// A sync that ends after this many records.
    Interrupted(usize),
    /// The log grows, and the messages come live; some are lost on the way if `drop` says so.
    Live {
        count: u64,
        drop: bool,
    },
    Disconnect,
    Probe,
    /// A post, with whether its answer comes, and whether it is repeated.
    Post {
        repeat: bool,
    },
    Prune,
    Restart,
    /// A backup is restored that lacks this many of the newest entries.
    Restore(u64),
    /// A backup is restored that was made before others were.
    OldBackup,
    LearnCertificate,
    Compare,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![1u64..5, 50u64..300, Just(256), Just(64)].prop_map(Step::Grow),
        3 => prop_oneof![1u64..59, 60u64..600, Just(3600), Just(86_400)].prop_map(Step::Pass),
        4 => Just(Step::Sync),
        2 => (0usize..600).prop_map(Step::Interrupted),
        4 => (1u64..6, prop::bool::weighted(0.2)).prop_map(|(count, drop)| Step::Live { count, drop }),
        1 => Just(Step::Disconnect),
        2 => Just(Step::Probe),
        3 => any::<bool>().prop_map(|repeat| Step::Post { repeat }),
        1 => Just(Step::Prune),
        2 => Just(Step::Restart),
        1 => prop_oneof![Just(0u64), 1u64..400].prop_map(Step::Restore),
        1 => Just(Step::OldBackup),
        1 => Just(Step::LearnCertificate),
        2 => Just(Step::Compare),
    ]
}

struct World {
    server: Server,
    backup: Server,
    a: Client,
    b: Client,
    restores: u32,
}

impl World {
    fn run(&mut self, step: &Step) -> Result<(), Refused> {
        match *step {
            Step::Grow(count) => self.server.grow(count),
            Step::Pass(seconds) => self.server.pass(seconds),
            Step::Sync => self.a.sync(&self.server)?,
            Step::Interrupted(records) => {
                let asked = self.a.ask();
                self.a.commit();
                let now = self.a.now(&self.server);
                self.a.receive(&self.server.log.reply(asked), records, now)?;
            }
            Step::Live { count, drop } => self.live(count, drop)?,
            Step::Disconnect => self.a.disconnect(),
            Step::Probe => {
                let now = self.a.now(&self.server);
                self.a.probe(&self.server.log.head(), now)?;
            }
            Step::Post { repeat } => self.post(repeat)?,
            Step::Prune => {
                let to = self.a.rng.next_u64() % (self.server.size() + 1);
                self.server.log.prune(self.server.now, to);
            }
            Step::Restart => self.a.restart(),
            Step::Restore(lost) => {
                self.backup = self.server.clone();
                self.server.restore(self.server.size().saturating_sub(lost));
                self.restored();
            }
            Step::OldBackup => {
                let backup = self.backup.clone();
                self.server.restore_backup(&backup);
                self.restored();
            }
            Step::LearnCertificate => {
                let now = self.a.now(&self.server);
                let bytes = self.server.log.certificate().to_bytes();
                match self.a.monitor_mut().certificate_learnt(&bytes, now) {
                    Err(Refused::Malformed(_)) => panic!("the certificate is valid"),
                    other => other.map(|_| ())?,
                }
                self.a.commit();
            }
            Step::Compare => self.compare()?,
        }
        Ok(())
    }

    /// A loss shortly after another is an alarm, also with an honest operator; and a client that missed more than
    /// four certificates cannot follow. Neither is what is tested here.
    fn restored(&mut self) {
        self.restores += 1;
        self.server.pass(91 * 24 * 3600);
    }

    fn live(&mut self, count: u64, drop: bool) -> Result<(), Refused> {
        let first = self.server.size();
        self.server.grow(count);
        let now = self.a.now(&self.server);
        if !self.a.monitor().expects_log() {
            return Ok(());
        }
        for message in self.server.live(first) {
            if drop && self.a.rng.next_u32().is_multiple_of(2) {
                continue;
            }
            match self.a.live(&message, now) {
                // The certificate of a new incarnation comes with the next sync; an old connection does not outlive it.
                Err(Refused::Malformed(_)) => {
                    self.a.disconnect();
                    return Ok(());
                }
                other => other.map(|_| ())?,
            }
        }
        Ok(())
    }

    fn post(&mut self, repeat: bool) -> Result<(), Refused> {
        let message = self.server.draw();
        let now = self.a.now(&self.server);
        let times = if repeat { 2 } else { 1 };
        for _ in 0..times {
            if self.a.post(&message, now).is_none() {
                // Something is to be read before.
                return Ok(());
            }
            let answer =
                self.server.log.commit(self.server.now, std::slice::from_ref(&message)).answers.remove(0);
            let fate = self.a.take_answer(&answer, now);
            self.a.reader.why().map_or(Ok(()), Err)?;
            self.a.commit();
            // Of an incarnation whose certificate is not known, a receipt cannot be read.
            let pinned = self.a.monitor().certificate().map(cwtch_log::Certificate::incarnation);
            if pinned == Some(self.server.incarnation()) {
                let place = self.server.log.index_of(&entry_id(&message)).unwrap();
                assert_eq!(fate, Some(PostFate::Stored(Some(place))));
                assert!(matches!(answer, PostLog::Receipt(_) | PostLog::Duplicate(_)));
            }
        }
        Ok(())
    }

    fn compare(&mut self) -> Result<(), Refused> {
        self.b.sync(&self.server)?;
        for (one, other) in [(&self.a, &self.b), (&self.b, &self.a)] {
            if let Some(comparison) = one.monitor().comparison(TAG) {
                let outcome = other.monitor().compare_with(&comparison);
                assert!(matches!(outcome, ComparisonOutcome::Same | ComparisonOutcome::Unknown));
            }
        }
        let now = self.a.now(&self.server);
        let evidence = self.b.monitor().mismatch(TAG, u64::MAX);
        self.a.monitor_mut().mismatch_received(&evidence, now)?;
        self.a.commit();
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn an_honest_server_is_never_accused(
        seed: u64,
        skew in -290i64..1500,
        retention in prop_oneof![Just(0u64), Just(3600)],
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let server = Server::new(seed, retention);
        let (mut a, b) = (Client::new(&server, seed ^ 1), Client::new(&server, seed ^ 2));
        a.skew = skew;
        let mut world = World { backup: server.clone(), server, a, b, restores: 0 };
        for step in &steps {
            match world.run(step) {
                Ok(()) => {}
                // After more restores than a chain shows.
                Err(Refused::Unlinked) if world.restores > 4 => return Ok(()),
                Err(other) => return Err(TestCaseError::fail(format!("{step:?}: {other}"))),
            }
        }
        match world.a.sync(&world.server) {
            Err(Refused::Unlinked) if world.restores > 4 => return Ok(()),
            other => prop_assert_eq!(other, Ok(())),
        }
        world.a.agrees_with(&world.server);
        prop_assert_eq!(world.a.accusations(), Vec::<&Notice>::new());
        prop_assert!(world.a.monitor().evidence().is_empty());
        prop_assert!(world.a.store.heads.is_empty(), "{:?}", world.a.store.heads);
    }
}

#[test]
fn live_messages_are_verified_with_their_commit() {
    let mut server = Server::new(1, 0);
    let mut client = Client::new(&server, 1);
    client.sync(&server).unwrap();
    server.grow(3);
    let messages = server.live(0);
    for message in &messages[..2] {
        assert!(matches!(client.live(message, server.now), Ok(LivePlace::New { .. })));
        assert_eq!(client.monitor().verified_size(), 0);
    }
    assert_eq!(client.live(&messages[1], server.now), Ok(LivePlace::Known));
    assert_eq!(client.live(&messages[2], server.now), Ok(LivePlace::New { index: 2 }));
    assert_eq!(client.monitor().verified_size(), 3);
    server.grow(2);
    assert_eq!(client.live(&server.live(4)[0], server.now), Ok(LivePlace::Gap));
    client.agrees_with(&{
        let mut shorter = Server::new(1, 0);
        shorter.grow(3);
        shorter
    });
}

#[test]
fn a_long_reply_is_verified_in_parts() {
    let mut server = Server::new(2, 0);
    server.grow(1000);
    let mut client = Client::new(&server, 2);
    let mut draws = rng(2);
    assert!(client.monitor_mut().replay_request(&mut draws).last_commit_allowed);
    let asked = client.ask();
    client.receive(&server.log.reply(asked), 600, server.now).unwrap();
    assert_eq!(client.monitor().verified_size(), 512);
    assert!(!client.monitor_mut().replay_request(&mut draws).last_commit_allowed);
    client.sync(&server).unwrap();
    client.agrees_with(&server);
}

#[test]
fn clocks_and_stale_answers_accuse_nobody() {
    let mut server = Server::new(4, 0);
    server.grow(10);
    let mut client = Client::new(&server, 4);
    client.skew = -301 - 60;
    assert_eq!(client.sync(&server), Err(Refused::ClockAhead));
    assert_eq!(client.monitor().verified_size(), 0);
    // The certificate is pinned all the same.
    assert!(client.monitor().expects_log());
    client.skew = 31 * 60;
    client.sync(&server).unwrap();
    let told: Vec<bool> = client.notices.iter().map(|n| matches!(n, Notice::Stale { .. })).collect();
    assert_eq!(told.iter().filter(|stale| **stale).count(), 1);
    // An older state, as a lagging front end shows it.
    client.skew = 0;
    let old = server.clone();
    server.grow(10);
    client.sync(&server).unwrap();
    assert_eq!(client.sync(&old), Err(Refused::Older));
    assert!(client.accusations().is_empty());
    client.sync(&server).unwrap();
}

#[test]
fn without_a_log_it_is_an_alarm_once_there_was_one() {
    let mut server = Server::new(5, 0);
    let mut client = Client::new(&server, 5);
    assert_eq!(client.monitor_mut().replay_without_log(START), Ok(()));
    client.monitor_mut().certificate_learnt(&server.log.certificate().to_bytes(), START).unwrap();
    assert_eq!(client.monitor_mut().replay_without_log(START), Err(Refused::Downgrade));
    client.commit();
    assert!(!client.monitor().is_stopped());
    assert_eq!(client.accusations(), [&Notice::Downgrade]);
    server.log.retire(server.now);
    client.sync(&server).unwrap();
    assert_eq!(client.monitor_mut().replay_without_log(START), Ok(()));
    assert!(client.notices.contains(&Notice::Retired));
}
