//! Two connections between the same two people, over a network where everything takes long.

use std::time::Duration;

use cwtch_client::api::{MessageState, Reply};
use cwtch_net::UnreachableWhy;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::fabric::Manner;
use crate::support::{Person, World, turn, turn_until};

fn connected(people: &[&mut Person]) -> bool {
    people.iter().all(|person| person.is_connected())
}

/// A message each way arrives over whatever connection there is.
async fn talk(one: &mut Person, other: &mut Person) {
    let sent = [one.begin_send(&other.address, Some(30)), other.begin_send(&one.address, Some(30))];
    turn_until("acknowledgements", Duration::from_secs(40), &mut [one, other], |_| {
        sent.iter().all(tokio::task::JoinHandle::is_finished)
    })
    .await;
    for sent in sent {
        let Reply::Message(message) = sent.await.unwrap().unwrap() else { panic!() };
        assert_eq!(message.state, MessageState::Acknowledged);
    }
}

#[tokio::test(start_paused = true)]
async fn two_who_dial_at_once_keep_one_connection_however_slow_each_dial_is() {
    for seed in 0..12 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let world = World::new();
        let (mut small, mut large) = world.ordered(&Manner::default()).await;
        for person in [&small, &large] {
            let (dial, latency) = (rng.gen_range(0..60_000), rng.gen_range(0..4_000));
            person.site.set(|manner| {
                manner.dial = Duration::from_millis(dial);
                manner.latency = Duration::from_millis(latency);
            });
        }
        small.add(&large.address).await;
        turn(Duration::from_millis(rng.gen_range(0..2_000)), &mut [&mut small, &mut large]).await;
        large.add(&small.address).await;
        turn_until("a connection", Duration::from_secs(150), &mut [&mut small, &mut large], connected).await;
        turn(Duration::from_secs(240), &mut [&mut small, &mut large]).await;
        for person in [&small, &large] {
            assert_eq!((person.onlines(), person.offlines()), (1, 0), "seed {seed}");
        }
        talk(&mut small, &mut large).await;
        small.stop().await;
        large.stop().await;
    }
}

/// Handshakes that overlap as closely as can be, in all orders.
#[tokio::test(start_paused = true)]
async fn handshakes_that_overlap_end_in_one_connection() {
    let mut overlapped = 0;
    for seed in 100..130 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let world = World::new();
        let (mut small, mut large) = world.ordered(&Manner::default()).await;
        for person in [&small, &large] {
            let (dial, latency) = (rng.gen_range(1_000..4_000), rng.gen_range(1_000..4_000));
            let jitter = Some(rng.r#gen::<u32>().into());
            person.site.set(|manner| {
                manner.dial = Duration::from_millis(dial);
                manner.latency = Duration::from_millis(latency);
                manner.jitter = jitter;
            });
        }
        small.add(&large.address).await;
        large.add(&small.address).await;
        turn_until("a connection", Duration::from_secs(60), &mut [&mut small, &mut large], connected).await;
        turn(Duration::from_secs(120), &mut [&mut small, &mut large]).await;
        for person in [&small, &large] {
            assert_eq!((person.onlines(), person.offlines()), (1, 0), "seed {seed}");
        }
        // Where both dials got through, the smaller address's one carries.
        if world.fabric.lines().len() == 2 {
            overlapped += 1;
            let loser = world.fabric.lines().into_iter().find(|line| line.to == small.address).unwrap();
            loser.die();
            talk(&mut small, &mut large).await;
        }
        small.stop().await;
        large.stop().await;
    }
    assert!(overlapped > 5, "{overlapped} of the seeds test anything");
}

/// Whichever side sees a connection die, and whoever dialled it, the two find each other over a new one.
#[tokio::test(start_paused = true)]
async fn an_older_connection_that_is_dead_for_one_side_does_not_win() {
    for small_dials in [true, false] {
        for seen_by_small in [true, false] {
            let world = World::new();
            let (mut small, mut large) = world.ordered(&Manner::default()).await;
            let (dialler, other) = if small_dials { (&small, &large) } else { (&large, &small) };
            other.site.set(|manner| manner.refuse = Some(UnreachableWhy::NoDescriptor));
            dialler.add(&other.address).await;
            other.add(&dialler.address).await;
            turn_until("a connection", Duration::from_secs(30), &mut [&mut small, &mut large], connected)
                .await;
            for person in [&small, &large] {
                person.site.set(|manner| manner.refuse = None);
            }
            let line = world.fabric.lines().pop().unwrap();
            if seen_by_small == small_dials {
                line.die_seen_by_dialler()
            } else {
                line.die_seen_by_listener()
            }

            // The one who sees it dials; the other one holds a connection that it takes for alive.
            let seer = usize::from(!seen_by_small);
            turn_until("the loss", Duration::from_secs(5), &mut [&mut small, &mut large], |people| {
                people[seer].offlines() == 1
            })
            .await;
            turn_until("a new connection", Duration::from_secs(40), &mut [&mut small, &mut large], connected)
                .await;
            turn(Duration::from_secs(25), &mut [&mut small, &mut large]).await;
            talk(&mut small, &mut large).await;
            turn(Duration::from_secs(200), &mut [&mut small, &mut large]).await;
            assert!(small.offlines() <= 1 && large.offlines() <= 1, "{small_dials} {seen_by_small}");
            small.stop().await;
            large.stop().await;
        }
    }
}
