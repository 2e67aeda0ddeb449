//! Who is dialled first where many wait.

use std::time::Duration;

use cwtch_client::api::{Command, ErrorKind};
use cwtch_net::{Readiness, Step};
use cwtch_primitives::{Address, Identity};

use crate::fabric::Manner;
use crate::support::{Person, World, settle, turn, turn_until};

/// As many dials as may be under way.
const PLACES: usize = 16;

fn contact(n: u8) -> Address {
    Identity::from_seed(&[n; 32]).address()
}

async fn look(person: &Person, conversation: &str) -> Result<(), ErrorKind> {
    let command = Command::Focus { conversation: conversation.to_owned() };
    person.call(command).await.map(drop).map_err(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn what_the_person_waits_for_or_looks_at_is_dialled_first() {
    let world = World::new();
    let site = world.fabric.site(Manner { dial: Duration::from_secs(30), ..Manner::default() });
    site.ready.send_replace(Readiness::waiting(0, Step::Network));
    let mut alice = world.start("alice", site, cwtch_client::engine::Mode::Daemon).await.unwrap();
    for n in 1..=40 {
        alice.add(&contact(n)).await;
    }
    look(&alice, contact(40).as_str()).await.unwrap();
    alice.site.ready.send_replace(Readiness::ready());
    turn(Duration::from_secs(20), &mut [&mut alice]).await;
    let dialled: Vec<Address> = alice.site.dials().into_iter().map(|(to, _)| to).collect();
    assert_eq!(dialled.len(), PLACES);
    assert_eq!(dialled[0], contact(40));

    // While all others wait, the person turns elsewhere.
    let waiting: Vec<u8> = (1..=40).filter(|n| !dialled.contains(&contact(*n))).collect();
    let (looked, wanted) = (waiting[20], waiting[10]);
    look(&alice, contact(looked).as_str()).await.unwrap();
    let sending = alice.begin_send(&contact(wanted), Some(120));
    settle(&mut [&mut alice]).await;
    turn_until("more dials", Duration::from_secs(20), &mut [&mut alice], |people| {
        people[0].site.dials().len() >= PLACES + 2
    })
    .await;
    let next: Vec<Address> = alice.site.dials()[PLACES..PLACES + 2].iter().map(|(to, _)| *to).collect();
    assert_eq!(next, [contact(wanted), contact(looked)]);
    sending.abort();
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_can_look_only_at_what_there_is() {
    let world = World::new();
    let alice = world.daemon("alice", Manner::default()).await;
    assert_eq!(look(&alice, contact(1).as_str()).await, Err(ErrorKind::NotFound));
    assert_eq!(look(&alice, "nobody").await, Err(ErrorKind::NotFound));
    alice.add(&contact(1)).await;
    assert_eq!(look(&alice, contact(1).as_str()).await, Ok(()));
    alice.stop().await;
}
