//! Helpers that several tests need.

use std::collections::VecDeque;

use cwtch_primitives::Identity;
use cwtch_protocol::channel::{Channel, Packet, Start};
use cwtch_testkit::rng;
use proptest::test_runner::{Config, RngSeed};
use rand_core::{CryptoRng, RngCore};

/// Configuration of property tests, which draw the same cases everywhere, so that a failure can be seen again.
pub(crate) fn cases(n: u32) -> Config {
    Config { cases: n, rng_seed: RngSeed::Fixed(0xc37c), failure_persistence: None, ..Config::default() }
}

/// A "generator" that gives the bytes of a vector, so that machines do what the vector's maker did.
pub(crate) struct Scripted(VecDeque<u8>);

impl Scripted {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        Self(parts.concat().into())
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }
}

impl RngCore for Scripted {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for byte in dest {
            *byte = self.0.pop_front().expect("the script has enough bytes");
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Scripted {}

pub(crate) fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rng(seed))
}

/// A packet from a vector's or an attacker's bytes.
pub(crate) fn packet(bytes: &[u8]) -> Box<Packet> {
    Box::new(bytes.try_into().expect("8192 bytes"))
}

/// A plain packet with this payload.
pub(crate) fn plain(payload: &[u8]) -> Box<Packet> {
    let mut packet = Box::new([0; 8192]);
    cwtch_wire::packet::write_frame(payload, packet.as_mut_slice()).unwrap();
    packet
}

/// Two ends of an authenticated connection: the dialling one first.
pub(crate) fn connected(seed: u64) -> (Channel, Channel) {
    let (alice, bob) = (identity(1), identity(2));
    // Far from the seeds of identities: equal seeds would draw equal keys.
    let mut rng = rng(1_000_000 + seed);
    let (a, a_hello) = Start::outbound(&alice, &bob.address(), &mut rng);
    let (b, b_hello) = Start::inbound(&bob, &mut rng);
    let (a, a_proof) = a.on_packet(&b_hello, &mut rng).unwrap();
    let (b, b_proof) = b.on_packet(&a_hello, &mut rng).unwrap();
    (a.on_packet(&b_proof).unwrap(), b.on_packet(&a_proof).unwrap())
}
