//! A program's first databases, opened by many threads at once. Alone in its binary: only a process that has
//! opened none before can show it.

use std::sync::Barrier;
use std::thread;

use cwtch_client::profile::{DataDir, Password};
use cwtch_primitives::rand_core::SeedableRng;
use rand_chacha::ChaCha20Rng;

const THREADS: u64 = 32;

#[test]
fn the_first_profiles_may_be_made_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let at_once = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (at_once, data) = (&at_once, dir.path().join(n.to_string()));
            scope.spawn(move || {
                let data = DataDir::open_or_create(data).unwrap();
                let mut rng = ChaCha20Rng::seed_from_u64(n);
                at_once.wait();
                data.create("alice", &Password::None, &mut rng).unwrap();
            });
        }
    });
}
