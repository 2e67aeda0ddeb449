//! Commands without a daemon, over a network that takes its time.

use std::sync::Arc;
use std::time::Duration;

use cwtch_client::api::{ApiError, Command, Event, MessageState, Reply};
use cwtch_client::engine::Mode;
use cwtch_net::{Obstacle, Readiness, Step};
use cwtch_primitives::Address;
use tokio::time::Instant;

use crate::fabric::{Manner, Site};
use crate::support::{Person, World, turn, turn_until};

struct Bench {
    world: World,
    alice: Person,
    site: Arc<Site>,
    bob: Address,
}

/// A person without a daemon whose network is on its way, and a contact who is not there.
async fn bench() -> Bench {
    let world = World::new();
    let site = world.fabric.site(Manner::default());
    site.ready.send_replace(Readiness::waiting(5, Step::Directory));
    let alice = world.start("alice", site.clone(), Mode::OneShot).await.unwrap();
    let bob = *world.profile("bob").address();
    alice.add(&bob).await;
    Bench { world, alice, site, bob }
}

impl Bench {
    /// A message to Bob while `change` is done after `delay`: the error, and how long it took.
    async fn send(&mut self, timeout: u64, delay: u64, change: impl FnOnce(&Site)) -> (String, Duration) {
        let begun = Instant::now();
        let sending = self.alice.begin_send(&self.bob, Some(timeout));
        turn(Duration::from_secs(delay), &mut [&mut self.alice]).await;
        change(&self.site);
        turn_until("the command's end", Duration::from_secs(300), &mut [&mut self.alice], |_| {
            sending.is_finished()
        })
        .await;
        (unconfirmed(sending.await.unwrap()), begun.elapsed())
    }

    async fn queued(&self) -> usize {
        let command = Command::Messages {
            conversation: self.bob.to_string(),
            since: None,
            after: None,
            before: None,
            around: None,
            limit: None,
        };
        let Reply::Messages(messages) = self.alice.call(command).await.unwrap() else { panic!() };
        messages.iter().filter(|message| message.state == MessageState::Queued).count()
    }
}

/// Why a message was not confirmed; it is queued.
fn unconfirmed(outcome: Result<Reply, ApiError>) -> String {
    let Reply::Message(message) = outcome.unwrap() else { panic!() };
    assert_eq!(message.state, MessageState::Queued);
    message.detail.expect("why it waits")
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_command_counts_from_the_network_s_readiness_on() {
    let mut bench = bench().await;
    let (why, took) = bench.send(5, 80, |site| drop(site.ready.send_replace(Readiness::ready()))).await;
    assert!((85..=87).contains(&took.as_secs()), "{took:?}");
    // The network carries; it is the contact who is away.
    let says = ["within 5 s", "stays queued", "The peer cannot be reached"];
    assert!(says.iter().all(|part| why.contains(part)), "{why}");
    assert_eq!(bench.queued().await, 1);
    let told = bench.alice.events.iter().find_map(|event| match event {
        Event::Network(info) => info.step.clone(),
        _ => None,
    });
    assert_eq!(told, Some(Step::Directory), "whoever waits hears for what");
    bench.alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_network_that_never_is_ready_ends_the_wait_with_its_reason() {
    let mut bench = bench().await;
    let (why, took) = bench.send(5, 1, |_| {}).await;
    assert!((95..=97).contains(&took.as_secs()), "{took:?}");
    assert!(why.contains("stays queued") && why.contains("the directory of the Tor network"), "{why}");
    assert_eq!(bench.queued().await, 1);
    bench.alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_only_a_person_can_mend_ends_the_wait_at_once() {
    let mut bench = bench().await;
    let wrong = crate::words::obstacle(&Obstacle::ControlPasswordWrong);
    let change = |site: &Site| {
        site.ready.send_replace(
            Readiness::waiting(0, Step::ControlPort).with_trouble(Obstacle::ControlPasswordWrong),
        );
    };
    let (why, took) = bench.send(60, 3, change).await;
    assert!(took.as_secs() <= 4, "{took:?}");
    assert!(why.contains(&wrong) && why.contains("stays queued"), "{why}");
    assert_eq!(bench.queued().await, 1);
    // A trouble that may pass is waited for.
    let passes = Readiness::waiting(0, Step::Network).with_trouble(Obstacle::NetworkDown);
    bench.site.ready.send_replace(passes);
    let (why, took) = bench.send(5, 0, |_| {}).await;
    assert!(took.as_secs() >= 95, "{took:?}");
    assert!(why.contains(&crate::words::obstacle(&Obstacle::NetworkDown)), "{why}");
    bench.alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_leaves_as_soon_as_the_network_is_ready() {
    let mut bench = bench().await;
    let mut bob = bench.world.daemon("bob", Manner::default()).await;
    bob.add(&bench.alice.address).await;
    let sending = bench.alice.begin_send(&bench.bob, None);
    turn(Duration::from_secs(60), &mut [&mut bench.alice, &mut bob]).await;
    assert!(!sending.is_finished());
    bench.site.ready.send_replace(Readiness::ready());
    turn_until("the acknowledgement", Duration::from_secs(5), &mut [&mut bench.alice, &mut bob], |_| {
        sending.is_finished()
    })
    .await;
    let Reply::Message(message) = sending.await.unwrap().unwrap() else { panic!() };
    assert_eq!(message.state, MessageState::Acknowledged);
    bench.alice.stop().await;
    bob.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_network_that_becomes_ready_while_the_command_starts_is_used() {
    let world = World::new();
    let site = world.fabric.site(Manner::default());
    // Who looks first sees it on its way, who looks next sees it there.
    *site.first_look.lock().unwrap() = Some(Readiness::waiting(90, Step::Directory));
    let mut alice = world.start("alice", site.clone(), Mode::OneShot).await.unwrap();
    assert!(site.first_look.lock().unwrap().is_none());
    let bob = *world.profile("bob").address();
    alice.add(&bob).await;
    let sending = alice.begin_send(&bob, Some(5));
    turn_until("the command's end", Duration::from_secs(60), &mut [&mut alice], |_| sending.is_finished())
        .await;
    unconfirmed(sending.await.unwrap());
    assert!(!site.dials_to(&bob).is_empty(), "he was dialled");
    alice.stop().await;
}
