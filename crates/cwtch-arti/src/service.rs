//! An identity's onion service.

use std::sync::{Arc, Weak};
use std::time::Duration;

use arti_client::config::onion_service::OnionServiceConfigBuilder;
use arti_client::{ErrorKind, HasKind};
use async_trait::async_trait;
use cwtch_net::onion::{self, Arrivals};
use cwtch_net::{BoxStream, Listener, NetError, Obstacle, Readiness, Step};
use cwtch_primitives::{Address, Identity};
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tor_hsservice::RunningOnionService;
use tor_hsservice::config::TokenBucketConfig;
use tor_hsservice::status::{OnionServiceStatus, Problem, State};
use tor_llcrypto::pk::ed25519;

use crate::circuits;
use crate::client::{TorShared, dial_weakly, report};
use crate::keys::{self, Begun};

/// Introductions that each introduction point passes on, as a rate per second and a burst (§ "DoS" of Tor's
/// rendezvous specification). A flood of the service spends these; nobody is let in faster.
const INTRODUCTIONS: (u32, u32) = (25, 200);
/// Number of streams on one rendezvous circuit. Our clients open one, others a few.
const STREAMS: u32 = 16;
/// Time for which a service's state "bootstrapping" is believed. In some phases of a network's life arti's state
/// stays there although the descriptor is out; after that only the look from outside counts.
const BELIEVE: Duration = Duration::from_secs(8);
/// Time that an earlier service of the same identity may take to end when the identity listens anew.
const HANDOVER: Duration = Duration::from_secs(5);
/// The longest time that withdrawing may take.
const WITHDRAW: Duration = Duration::from_secs(2);

/// Hosts `identity`.
pub(crate) async fn listen(
    shared: &Arc<TorShared>,
    identity: &Identity,
) -> Result<Box<dyn Listener>, NetError> {
    let address = identity.address();
    let client = shared.client()?;
    let (begun, held) = HeldKeys::begin(shared, &address);
    let setup = |detail: String| NetError::Setup { obstacle: Obstacle::ServiceUnfit { detail } };
    let config = OnionServiceConfigBuilder::default()
        .nickname(begun.name.parse().map_err(|_| NetError::Closed)?)
        .rate_limit_at_intro(Some(TokenBucketConfig::new(INTRODUCTIONS.0, INTRODUCTIONS.1)))
        .max_concurrent_streams_per_circuit(STREAMS)
        .build()
        .map_err(|e| setup(e.to_string()))?;

    // arti has the key while an earlier service of the identity is about to end, which takes a moment.
    let mut key = begun.needs_key.then(|| expand(identity));
    let deadline = Instant::now() + HANDOVER;
    let (service, requests) = loop {
        let launched = match key.take() {
            Some(key) => client
                .launch_onion_service_with_hsid(config.clone(), key.into())
                .map(|some| some.map(|(service, requests)| (service, requests.boxed()))),
            None => client
                .launch_onion_service(config.clone())
                .map(|some| some.map(|(service, requests)| (service, requests.boxed()))),
        };
        match launched {
            Ok(Some(launched)) => break launched,
            Ok(None) => return Err(NetError::Closed),
            Err(error)
                if error.kind() == ErrorKind::LocalResourceAlreadyInUse && Instant::now() < deadline =>
            {
                sleep(Duration::from_millis(100)).await;
            }
            Err(error) => {
                return Err(setup(report(&error)));
            }
        }
    };
    // From here on, the end of the network or of the listener ends the tasks.
    let stop = shared.stop.child_token();
    let (arrivals, streams) = Arrivals::new();
    let pump = circuits::take(shared.tasks.clone(), shared.stop.clone(), requests, arrivals.clone());
    let stopped = stop.clone();
    shared.tasks.spawn(async move { stopped.run_until_cancelled(pump).await });

    let (publish, published) = watch::channel(reachable_later(&shared.readiness.borrow()));
    let publication = follow(service.clone(), shared.readiness.clone(), publish);
    let (report, readiness) = watch::channel(published.borrow().clone());
    let weak = Arc::downgrade(shared);
    let dial = move || {
        let weak = weak.clone();
        async move { dial_weakly(&weak, &address).await }
    };
    let checks = onion::keep_checked(published, arrivals, shared.checks, dial, report);
    let stopped = stop.clone();
    shared.tasks.spawn(async move {
        let both = async { tokio::join!(publication, checks) };
        stopped.run_until_cancelled(both).await
    });
    Ok(Box::new(Service { address, streams, readiness, service: Some(service), stop, _keys: held }))
}

/// The key as arti wants it. Its memory is erased by those who hold it.
fn expand(identity: &Identity) -> ed25519::ExpandedKeypair {
    ed25519::ExpandedKeypair::from(&ed25519::Keypair::from_bytes(identity.seed().expose()))
}

/// Keys of an identity that listens. They leave arti's keystore with this, unless the identity listens anew already.
struct HeldKeys {
    shared: Weak<TorShared>,
    address: Address,
    number: u64,
}

impl HeldKeys {
    fn begin(shared: &Arc<TorShared>, address: &Address) -> (Begun, Self) {
        let begun = shared.nicknames.begin(address);
        let held = Self { shared: Arc::downgrade(shared), address: *address, number: begun.number };
        (begun, held)
    }
}

impl Drop for HeldKeys {
    fn drop(&mut self) {
        // Without a network nothing is left to do: its end has taken all keys out.
        let Some(shared) = self.shared.upgrade() else { return };
        let Ok(client) = shared.client() else { return };
        shared.nicknames.end(&self.address, self.number, |name| keys::forget(&client, name));
    }
}

/// A listening onion service.
struct Service {
    address: Address,
    streams: mpsc::Receiver<BoxStream>,
    readiness: watch::Receiver<Readiness>,
    service: Option<Arc<RunningOnionService>>,
    stop: CancellationToken,
    // Behind the service, so that its keys go when it has ended.
    _keys: HeldKeys,
}

#[async_trait]
impl Listener for Service {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        self.streams.recv().await.ok_or(NetError::Closed)
    }

    fn address(&self) -> &Address {
        &self.address
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.readiness.clone()
    }

    async fn close(mut self: Box<Self>) {
        self.stop.cancel();
        if let Some(service) = self.service.take() {
            let mut events = service.status_events();
            drop(service);
            let ended = async {
                while let Some(status) = events.next().await {
                    if status.state() == State::Shutdown {
                        break;
                    }
                }
            };
            let _ = timeout(WITHDRAW, ended).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Follows arti's status and reports whether a look from outside is worthwhile, which is what ready means here.
async fn follow(
    service: Arc<RunningOnionService>,
    mut network: watch::Receiver<Readiness>,
    publish: watch::Sender<Readiness>,
) {
    let mut events = service.status_events();
    // Held weakly: closing the listener ends the service.
    let status = Arc::downgrade(&service);
    drop(service);
    let mut waiting_since = Instant::now();
    loop {
        let Some(service) = status.upgrade() else { return };
        let status = service.status();
        drop(service);
        let network_now = network.borrow_and_update().clone();
        if !network_now.is_ready() || status.state() == State::Shutdown {
            waiting_since = Instant::now();
        }
        let believed_until = waiting_since + BELIEVE;
        let now = publication(&network_now, &status, Instant::now() >= believed_until);
        // Sent even if it is the same value: a change of state is a reason to look again.
        publish.send_replace(now);
        tokio::select! {
            event = events.next() => if event.is_none() { return },
            changed = network.changed() => if changed.is_err() { return },
            () = sleep_until(believed_until), if Instant::now() < believed_until => {}
        }
    }
}

fn reachable_later(network: &Readiness) -> Readiness {
    let waiting_for = network.waiting_for.clone().or(Some(Step::ServiceStart));
    Readiness { percent: network.percent / 3, waiting_for, ..network.clone() }
}

fn publication(network: &Readiness, status: &OnionServiceStatus, patience_ended: bool) -> Readiness {
    if !network.is_ready() {
        return reachable_later(network);
    }
    match status.state() {
        State::Shutdown => Readiness::waiting(34, Step::ServiceStart),
        State::Bootstrapping if !patience_ended => Readiness::waiting(60, Step::Introduction),
        State::Broken => match status.current_problem() {
            Some(Problem::DescriptorUpload(_)) => {
                Readiness::waiting(80, Step::Descriptor { done: None, total: None })
                    .with_trouble(Obstacle::DescriptorRefused)
            }
            Some(Problem::Ipt(_)) => {
                Readiness::waiting(50, Step::Introduction).with_trouble(Obstacle::NoIntroduction)
            }
            _ => Readiness::waiting(34, Step::ServiceStart).with_trouble(Obstacle::ServiceFailed),
        },
        // In any other state only a look from outside tells whether the service can be reached.
        _ => Readiness::ready(),
    }
}
