//! Beginnings of replays: at blocks that many clients share, however much a server has to do.

use std::collections::BTreeMap;

use cwtch_protocol::monitor::{Monitor, Noise, Snapshot, limits};
use proptest::prelude::*;

use crate::support::{Client, Server};

const DAY: u64 = 24 * 3600;

/// A server to which `days` days brought `volume` messages each, in parts of a day.
fn busy(volume: u64, days: u64, parts: u64) -> Server {
    let mut server = Server::new(3, 0);
    for _ in 0..days * parts {
        server.grow(volume / parts);
        server.pass(DAY / parts);
    }
    server
}

fn restored(server: &Server, kept: &Snapshot) -> Monitor {
    Monitor::restore(server.log.address(), kept).unwrap()
}

/// The block, and the index from which a client asks that drew this noise.
fn asked(server: &Server, kept: &Snapshot, draw: u8) -> (u64, u64) {
    let mut client = Client::new(server, u64::from(draw));
    client.store = kept.clone();
    client.reader.begin(restored(server, kept));
    client.ask();
    let noise = client.store.noise.unwrap();
    let drawn = Snapshot { noise: Some(Noise { draw, ..noise }), ..kept.clone() };
    (noise.block, restored(server, &drawn).replay_request(&mut client.rng).from)
}

#[test]
fn the_cursor_is_drawn_once_for_each_size_and_names_blocks() {
    let server = busy(500, 10, 2);
    let mut first = Client::new(&server, 9);
    first.sync(&server).unwrap();
    let mut draws = BTreeMap::new();
    for seed in 0..200 {
        let mut client = Client::new(&server, seed);
        client.store = first.store.clone();
        client.reader.begin(restored(&server, &first.store));
        let from = client.ask();
        client.restart();
        assert_eq!(client.ask(), from);
        assert!(from.is_multiple_of(64) && (4992 - 64 * 31..=4992).contains(&from));
        *draws.entry((4992 - from) / 64).or_insert(0u32) += 1;
    }
    // Half of them, a quarter, …: far from the edges of chance.
    assert!((60..140).contains(&draws[&0]) && (20..80).contains(&draws[&1]), "{draws:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// A block holds at least a sixteenth of a day, and every size that the noise may name can be folded on from.
    #[test]
    fn a_block_grows_with_the_volume(
        volume in prop_oneof![24u64..2000, 2000u64..24_000], more in 0u64..700, pieces in 1u64..4,
    ) {
        let mut server = busy(volume, 2, 24);
        // One read all at once, another came again and again: they name the same block.
        let mut often = Client::new(&server, 1);
        often.sync(&server).unwrap();
        for _ in 0..pieces {
            server.grow(more);
            often.sync(&server).unwrap();
        }
        let mut once = Client::new(&server, 2);
        once.sync(&server).unwrap();
        let (block, _) = asked(&server, &once.store, 0);
        prop_assert_eq!(asked(&server, &often.store, 0).0, block);
        prop_assert!(block.is_power_of_two() && block >= 64);
        // What the last day brought, as far as boundaries tell: all of the last messages, and no more than a day.
        let least = (volume * 22 / 24).saturating_sub(512) / 16;
        prop_assert!(block >= least.min(limits::BLOCK_MAX), "{} of {}", block, volume);
        prop_assert!(block <= ((volume + pieces * more + 512) / 8).max(64), "{} of {}", block, volume);
        for draw in [0, 1, 2, 7, 20, limits::NOISE_MAX] {
            let wanted = (server.size() / block * block).saturating_sub(block * u64::from(draw));
            for kept in [&often.store, &once.store] {
                prop_assert_eq!(asked(&server, kept, draw), (block, wanted));
            }
            let mut client = Client::new(&server, 5);
            let noise = Some(Noise { size: server.size(), draw, block });
            client.store = Snapshot { noise, ..often.store.clone() };
            client.reader.begin(restored(&server, &client.reader.store));
            let mut longer = server.clone();
            longer.grow(3);
            prop_assert_eq!(client.sync(&longer), Ok(()));
            prop_assert!(client.accusations().is_empty());
        }
    }
}

/// A profile of the program before this one holds the last 64 multiples of 64 only: it asks by smaller blocks until it
/// has more, and never for everything again.
#[test]
fn a_profile_of_an_older_program_asks_for_what_it_can_fold_on_from() {
    let server = busy(24_000, 1, 24);
    let mut client = Client::new(&server, 1);
    client.sync(&server).unwrap();
    let mut kept = client.store.clone();
    let end = server.size();
    kept.ranges.retain(|size, _| end - size <= 64 * 64);
    let (block, _) = asked(&server, &kept, 0);
    assert!(block >= 1024, "{block}");
    for draw in [0, 1, 3, 10] {
        let (_, from) = asked(&server, &kept, draw);
        assert!(from.is_multiple_of(64) && end - from <= 64 * 64, "{draw}: {from} of {end}");
    }
}
