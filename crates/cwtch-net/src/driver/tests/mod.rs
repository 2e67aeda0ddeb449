//! Connections against each other and against peers that misbehave.

mod deadlines;
mod flow;
mod handshake;
mod plain;

use std::time::Duration;

use cwtch_primitives::{Address, Identity};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::io::duplex;

use super::{ConnError, Deadlines, SecureConnection};
use crate::network::{BoxStream, Isolation};

const LIMIT: Duration = Duration::from_secs(30);

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rng(seed))
}

fn address(seed: u64) -> Address {
    identity(seed).address()
}

fn deadlines() -> Deadlines {
    Deadlines::all(LIMIT)
}

/// Two ends of a stream that holds `capacity` bytes in each direction.
fn streams(capacity: usize) -> (BoxStream, BoxStream) {
    let (a, b) = duplex(capacity);
    (Box::new(a), Box::new(b))
}

/// An established connection, both ends: the dialler (identity 1) and the acceptor (identity 2).
async fn connected(capacity: usize, deadlines: &Deadlines) -> (SecureConnection, SecureConnection) {
    let (a, b) = streams(capacity);
    let (dialler, acceptor, to) = (identity(1), identity(2), address(2));
    let (a, b) = tokio::join!(
        SecureConnection::outbound(a, &dialler, &to, deadlines, rng(10)),
        SecureConnection::accept(b, &acceptor, deadlines, rng(20)),
    );
    (a.unwrap(), b.unwrap())
}

/// The error, whose text must name no address.
fn error<T>(result: Result<T, ConnError>) -> ConnError {
    match result {
        Ok(_) => panic!("no error"),
        Err(e) => {
            let text = format!("{e} {e:?}");
            for seed in [1, 2, 3] {
                assert!(!text.contains(address(seed).as_str()), "the text names an address");
            }
            e
        }
    }
}

/// A payload that differs by its number, of a length that varies over the whole range.
fn payload(number: usize) -> Vec<u8> {
    let mut bytes = vec![(number % 251) as u8; 8 + number * 613 % 8142];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}
