//! A server that signs at random: no attack with an aim, but everything that can be well-formed and signed.

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{Certificate, Previous, TICK, floor60};
use cwtch_primitives::Address;
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, PostLog};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use crate::log::{HonestLog, Live, Reply, START, ServerKeys, entry};
use crate::rng;

/// A server that continues, forks, restores and re-signs its log at random.
pub struct Forger {
    log: HonestLog,
    /// Earlier states, to go back to.
    past: Vec<HonestLog>,
    /// Unix seconds.
    now: u64,
    drawn: u64,
    rng: ChaCha20Rng,
}

impl Forger {
    /// A server whose actions follow from a seed.
    pub fn new(seed: u64) -> Self {
        let log = HonestLog::first(ServerKeys::new(seed), START, 3600);
        Self { log, past: Vec::new(), now: START, drawn: 0, rng: rng(seed ^ 0xf0f0) }
    }

    /// The server's address.
    pub fn address(&self) -> Address {
        self.log.address()
    }

    /// The log as it is shown now.
    pub fn log(&self) -> &HonestLog {
        &self.log
    }

    /// The server's clock, unix seconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.rng.next_u64() % limit.max(1)
    }

    /// A message that the log does not have.
    pub fn draw(&mut self) -> EncryptedGroupMessage {
        self.drawn += 1;
        entry(self.drawn)
    }

    /// Does something random to the log.
    pub fn act(&mut self) {
        let size = self.log.size();
        match self.below(16) {
            0..5 => {
                let count = [1, 3, 64, 256, 300][self.below(5) as usize];
                let posts: Vec<_> = (0..count).map(|_| self.draw()).collect();
                self.log.commit(self.now, &posts);
            }
            5 | 6 => {
                self.now += [1, 60, 600, 7200, 100 * 86_400][self.below(5) as usize];
                self.log.tick(self.now);
            }
            7 => self.past.push(self.log.clone()),
            // A restore, usually of everything.
            8 | 9 => {
                let lost = if self.below(2) == 0 { 0 } else { self.below(size + 1) };
                self.log.restore(self.now, size - lost, self.log.time(self.now));
                self.now = self.now.max(self.log.certificate().incarnation());
            }
            10 if !self.past.is_empty() => {
                let at = self.below(self.past.len() as u64) as usize;
                self.log = self.past[at].clone();
                self.log.tick(self.now);
            }
            11 if self.below(8) == 0 => self.log = self.log.twin(),
            12 => {
                let to = self.below(size + 1);
                self.log.prune(self.now, to);
            }
            13 if size > 0 && self.below(8) == 0 => {
                let (time, at) = (self.log.time(self.now), 1 + self.below(size));
                let root = if self.below(2) == 0 { self.log.root_at(at) } else { [7; 32] };
                self.log.sign_retain_of(time, at, root);
            }
            14 if self.below(4) == 0 => {
                let (time, retention) = (self.log.time(self.now), self.below(7200));
                let policy = self.log.signer().policy(time, retention, 0).expect("a policy");
                self.log.keep_policy(policy);
            }
            15 if size >= 256 && self.below(8) == 0 => {
                let at = 256 * (1 + self.below(size / 256));
                self.log.sign_boundary(at, self.log.time(self.now));
            }
            _ => {}
        }
    }

    /// Any certificate of the server: before or after the one in force, continuing whatever it likes.
    pub fn certificate(&mut self) -> Certificate {
        let incarnation = match self.below(3) {
            0 => self.log.certificate().incarnation() + TICK * (1 + self.below(5)),
            1 => floor60(START + self.below(1 << 20)),
            _ => floor60(START - self.below(1 << 30)),
        };
        let which = self.below(1 << 16);
        let (keys, key) = (self.log.keys().clone(), self.log.keys().log_key(incarnation, which));
        let (identity, public) = (keys.identity(), key.public_key());
        match self.below(6) {
            0 => return Certificate::sign_first(identity, public, incarnation).expect("a first one"),
            1 => {
                return Certificate::sign_total_loss(identity, public, incarnation)
                    .expect("after a total loss");
            }
            _ => {}
        }
        let before = self.log.certificate().incarnation();
        let before = if before < incarnation { before } else { incarnation - TICK * (1 + self.below(3)) };
        let size = self.below(self.log.size() + 2).min(self.log.size());
        let root = if self.below(4) == 0 && size > 0 { [9; 32] } else { self.log.root_at(size) };
        let previous = Previous { incarnation: before, size, root };
        Certificate::sign_next(identity, public, incarnation, previous).expect("one that continues")
    }

    /// Four certificates for a chain.
    pub fn chain(&mut self) -> Vec<[u8; CERTIFICATE_LEN]> {
        (0..4).map(|_| self.certificate().to_bytes()).collect()
    }

    /// A reply to what was asked for, with something in it that no honest server sends, or nothing.
    pub fn reply(&mut self, asked: u64) -> Reply {
        let mut reply = self.log.reply(asked.min(1 << 40));
        match self.below(8) {
            0..3 => reply.log.certificates.earlier = self.chain(),
            3 if self.below(2) == 0 => reply.log.certificates.current = self.certificate().to_bytes(),
            4 if self.below(2) == 0 && !self.past.is_empty() => {
                let at = self.below(self.past.len() as u64) as usize;
                reply = self.past[at].reply(asked.min(self.past[at].size()));
            }
            5 if self.below(4) == 0 && !reply.records.is_empty() => {
                let at = self.below(reply.records.len() as u64) as usize;
                if let Record::Entry(entry) = &mut reply.records[at] {
                    entry.ciphertext.push(1);
                }
            }
            _ => {}
        }
        reply
    }

    /// The answer to a LogHead.
    pub fn head(&mut self) -> HeadLog {
        let mut head = match self.below(4) {
            0 if !self.past.is_empty() => self.past[self.past.len() - 1].head(),
            _ => self.log.head(),
        };
        if self.below(2) == 0 {
            head.certificates.earlier = self.chain();
        }
        head
    }

    /// A message that is appended now, as it is sent live; some with another place than theirs.
    pub fn live(&mut self) -> Live {
        let message = self.draw();
        let mut live = self.log.commit(self.now, &[message]).live.remove(0);
        if self.below(8) == 0 {
            live.log.index = self.below(self.log.size());
        }
        live
    }

    /// A post, and its answer; some receipts are of an entry that nobody else will see.
    pub fn answer(&mut self) -> (EncryptedGroupMessage, PostLog) {
        let message = self.draw();
        let mut log = self.log.clone();
        let answer = log.commit(self.now, std::slice::from_ref(&message)).answers.remove(0);
        if self.below(4) > 0 {
            self.log = log;
        }
        (message, answer)
    }
}
