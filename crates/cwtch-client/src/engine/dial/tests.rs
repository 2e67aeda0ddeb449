//! Dials over a network that is told when it is ready and whom it reaches; time stands still unless it has to pass.

use async_trait::async_trait;
use cwtch_net::{Listener, Readiness, Step, UnreachableWhy};
use cwtch_primitives::Identity;
use tokio::sync::{Semaphore, mpsc, watch};

use super::*;

/// Each dial is told to the test and then waits until the test lets one end.
struct Held {
    ready: watch::Sender<Readiness>,
    dials: mpsc::UnboundedSender<(Address, Isolation)>,
    ends: Semaphore,
    not_ready_once: Mutex<bool>,
}

#[async_trait]
impl Network for Held {
    async fn listen(&self, _: &Identity) -> Result<Box<dyn Listener>, NetError> {
        Err(NetError::Closed)
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        if std::mem::take(&mut *self.not_ready_once.lock().unwrap()) {
            return Err(NetError::NotReady { obstacle: None });
        }
        self.dials.send((*address, isolation)).unwrap();
        self.ends.acquire().await.unwrap().forget();
        Err(NetError::unreachable(UnreachableWhy::NoAnswer))
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.ready.subscribe()
    }

    fn describe(&self) -> &'static str {
        "held"
    }
}

struct Bench {
    network: Arc<Held>,
    exchange: Arc<Exchange>,
    dialing: Arc<Dialing>,
    dials: mpsc::UnboundedReceiver<(Address, Isolation)>,
}

fn bench(ready: bool) -> Bench {
    let (dial_out, dials) = mpsc::unbounded_channel();
    let readiness = if ready { Readiness::ready() } else { Readiness::waiting(10, Step::Network) };
    let network = Arc::new(Held {
        ready: watch::Sender::new(readiness),
        dials: dial_out,
        ends: Semaphore::new(0),
        not_ready_once: Mutex::new(false),
    });
    let exchange = Arc::new(Exchange::new(network.clone()));
    Bench { dialing: Arc::new(Dialing::over(exchange.clone())), exchange, network, dials }
}

fn address(n: u8) -> Address {
    Identity::from_seed(&[n; 32]).address()
}

impl Bench {
    fn dial(&self, n: u8) -> tokio::task::JoinHandle<Result<(), ConnError>> {
        Self::dial_by(&self.dialing, n)
    }

    fn dial_by(dialing: &Arc<Dialing>, n: u8) -> tokio::task::JoinHandle<Result<(), ConnError>> {
        let (dialing, to) = (dialing.clone(), address(n));
        tokio::spawn(async move {
            let deadlines = Deadlines::default();
            dialing.dial(Target::Contact(to), &to, Isolation::new(), &deadlines, |_| {}).await.map(drop)
        })
    }

    async fn next(&mut self) -> Address {
        self.dials.recv().await.unwrap().0
    }
}

#[tokio::test(start_paused = true)]
async fn only_so_many_dials_are_under_way() {
    let mut bench = bench(true);
    let places = PLACES.ranked + PLACES.fair;
    let count = u8::try_from(places).unwrap() + 3;
    let tasks: Vec<_> = (0..count).map(|n| bench.dial(n)).collect();
    let begun = Instant::now();
    for _ in 0..places {
        bench.next().await;
    }
    assert!(begun.elapsed() > Duration::ZERO && begun.elapsed() <= APART * u32::from(count));
    sleep(Duration::from_secs(10)).await;
    assert!(bench.dials.try_recv().is_err());
    bench.network.ends.add_permits(1);
    bench.next().await;
    // Who gives up gives its place up.
    for task in tasks.iter().take(5) {
        task.abort();
    }
    bench.network.ends.add_permits(usize::from(count));
    bench.next().await;
    bench.next().await;
    for task in tasks {
        if let Ok(outcome) = task.await {
            assert!(matches!(outcome, Err(ConnError::Network(NetError::Unreachable { .. }))));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_waits_for_the_network_and_then_for_its_turn() {
    let mut bench = bench(false);
    let attention = bench.dialing.attention().clone();
    let tasks: Vec<_> = (0..40).map(|n| bench.dial(n)).collect();
    sleep(Duration::from_secs(3600)).await;
    assert!(bench.dials.try_recv().is_err());
    assert!(tasks.iter().all(|task| !task.is_finished()), "waiting is no failure");
    attention.active(Target::Contact(address(37)), 100);
    attention.look(Target::Contact(address(38)));
    let wanted = attention.want(Target::Contact(address(39)));

    bench.network.ready.send_replace(Readiness::ready());
    bench.dialing.set_open(true);
    assert_eq!(bench.next().await, address(39));
    assert_eq!(bench.next().await, address(38));
    assert_eq!(bench.next().await, address(37));
    drop(wanted);
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_begins_at_once() {
    let mut bench = bench(true);
    let wanted = bench.dialing.attention().want(Target::Contact(address(1)));
    let begun = Instant::now();
    bench.dial(1);
    bench.next().await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    drop(wanted);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_not_ready_after_all_costs_no_attempt() {
    let mut bench = bench(true);
    *bench.network.not_ready_once.lock().unwrap() = true;
    let task = bench.dial(1);
    assert_eq!(bench.next().await, address(1));
    // It went away under the dial: not the contact's fault either.
    bench.network.ready.send_replace(Readiness::waiting(50, Step::Network));
    bench.network.ends.add_permits(1);
    assert_eq!(bench.next().await, address(1));
    assert!(!task.is_finished());
    bench.network.ready.send_replace(Readiness::ready());
    bench.network.ends.add_permits(1);
    assert!(matches!(task.await.unwrap(), Err(ConnError::Network(NetError::Unreachable { .. }))));
}

#[tokio::test(start_paused = true)]
async fn while_the_profile_hides_only_who_is_chosen_or_waited_for_is_dialled() {
    let mut bench = bench(true);
    let attention = bench.dialing.attention().clone();
    attention.hide(true);
    let tasks: Vec<_> = (0..4).map(|n| bench.dial(n)).collect();
    sleep(Duration::from_secs(3600)).await;
    assert!(bench.dials.try_recv().is_err());
    attention.choose(Target::Contact(address(1)), true);
    assert_eq!(bench.next().await, address(1));
    let wanted = attention.want(Target::Contact(address(2)));
    assert_eq!(bench.next().await, address(2));
    sleep(Duration::from_secs(10)).await;
    assert!(bench.dials.try_recv().is_err(), "nobody else");

    // Whoever is not waited for any more is left alone in the middle of it, and waits as before.
    drop(wanted);
    attention.choose(Target::Contact(address(1)), false);
    sleep(Duration::from_secs(10)).await;
    assert!(tasks.iter().all(|task| !task.is_finished()));
    attention.choose(Target::Contact(address(1)), true);
    assert_eq!(bench.next().await, address(1), "its place was given back");
    attention.hide(false);
    let mut rest = [bench.next().await, bench.next().await, bench.next().await];
    let mut expected = [0, 2, 3].map(address);
    rest.sort();
    expected.sort();
    assert_eq!(rest, expected);
    attention.hide(true);
    assert!(!attention.allows(Target::Contact(address(1))), "who was chosen is not chosen any more");
}

#[tokio::test(start_paused = true)]
async fn profiles_on_one_network_share_its_places_and_not_its_gate() {
    let mut bench = bench(true);
    let (one, other) = (bench.dialing.clone(), Arc::new(Dialing::over(bench.exchange.clone())));
    one.set_open(false);
    let places = PLACES.ranked + PLACES.fair;
    let count = u8::try_from(places).unwrap();
    let mut tasks: Vec<_> = (0..count).map(|n| Bench::dial_by(&one, n)).collect();
    tasks.push(Bench::dial_by(&other, count));
    assert_eq!(bench.next().await, address(count), "who is shut out keeps nobody out");
    sleep(Duration::from_secs(20)).await;
    assert!(bench.dials.try_recv().is_err());
    one.set_open(true);
    for _ in 1..places {
        bench.next().await;
    }
    // One place of them is the other one's.
    sleep(Duration::from_secs(10)).await;
    assert!(bench.dials.try_recv().is_err(), "no more than the network has");
    // What one person looked at last goes before what another one looked at before.
    tasks.extend([Bench::dial_by(&one, 101), Bench::dial_by(&other, 102)]);
    one.attention().look(Target::Contact(address(101)));
    other.attention().look(Target::Contact(address(102)));
    sleep(Duration::from_millis(1)).await;
    // The dials that began first hold places for who matters most.
    bench.network.ends.add_permits(1);
    assert_eq!(bench.next().await, address(102));
    bench.network.ends.add_permits(1);
    assert_eq!(bench.next().await, address(101));
    tasks.into_iter().for_each(|task| task.abort());
}
