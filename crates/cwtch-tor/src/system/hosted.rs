//! One onion service of the network: its state and its socket.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use cwtch_net::onion::Arrivals;
use cwtch_net::{Obstacle, Readiness, Step};
use cwtch_primitives::Address;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hosting::OnionKey;
use super::local::Local;
use super::publication::{Publication, Upload};
use super::session::ControlSession;
use crate::config::Listen;

/// The first and the longest pause before a login or a service is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// An onion service that is to be served.
pub(crate) struct Hosted {
    /// The service's number, unique in the network.
    pub(crate) id: u64,
    /// Address under which it is served.
    pub(crate) address: Address,
    key: OnionKey,
    arrivals: Arrivals,
    /// Progress of its publication by Tor.
    published: watch::Sender<Readiness>,
    /// Cancelled when it is served no more.
    ended: CancellationToken,
    local: Option<(Listen, Local)>,
    stage: Stage,
    retries: ExponentialBackoff,
}

enum Stage {
    /// Not served; to be tried at this time, or not in this session.
    Waiting(Instant, Option<Obstacle>),
    Served(Publication),
}

impl Hosted {
    pub(crate) fn new(
        id: u64,
        address: Address,
        key: OnionKey,
        arrivals: Arrivals,
        published: watch::Sender<Readiness>,
        ended: CancellationToken,
    ) -> Self {
        let stage = Stage::Waiting(Instant::now(), None);
        Self { id, address, key, arrivals, published, ended, local: None, stage, retries: retries() }
    }

    /// Reports how far the service is, given the network's own readiness.
    pub(crate) fn report(&self, network: &Readiness) {
        let readiness = match &self.stage {
            Stage::Waiting(_, Some(obstacle)) => {
                Readiness::waiting(50, Step::ServiceTaken).with_trouble(obstacle.clone())
            }
            _ if !network.is_ready() => Readiness { percent: network.percent / 2, ..network.clone() },
            Stage::Waiting(_, None) => Readiness::waiting(50, Step::ServiceTaken),
            Stage::Served(publication) => publication.readiness(),
        };
        set(&self.published, readiness);
    }

    /// Notes that no Tor serves it any more: the connection is gone.
    pub(crate) fn lost(&mut self) {
        self.stage = Stage::Waiting(Instant::now(), None);
    }

    /// True if a Tor serves it.
    pub(crate) fn is_served(&self) -> bool {
        matches!(self.stage, Stage::Served(_))
    }

    /// Moment at which it is to be tried, if no Tor serves it.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Waiting(at, _) => Some(at),
            Stage::Served(_) => None,
        }
    }

    /// Applies an event, if it is about this service.
    pub(crate) fn event(&mut self, upload: &Upload) {
        match &mut self.stage {
            Stage::Served(publication) if self.address.to_string() == upload.service => {
                publication.event(upload)
            }
            _ => {}
        }
    }

    /// Notes that the network is ready, or not, at this moment.
    pub(crate) fn tick(&mut self, ready: bool) {
        match &mut self.stage {
            Stage::Served(publication) if ready => publication.look_at_the_clock(),
            Stage::Served(publication) => publication.wait_from_now(),
            Stage::Waiting(..) => {}
        }
    }

    /// Has the Tor serve it, with a socket of its own. An error is one of the connection.
    pub(crate) async fn serve(&mut self, session: &mut ControlSession) -> Result<(), Obstacle> {
        let served = match self.socket(session.listen.clone()).await {
            Ok(target) => session.serve(&self.key, &target).await?,
            Err(obstacle) => Err(obstacle),
        };
        self.stage = match (served, &self.stage) {
            (Ok(()), _) => {
                self.retries = retries();
                Stage::Served(Publication::new(session.tells_uploads))
            }
            (Err(obstacle), before) => {
                if !matches!(before, Stage::Waiting(_, Some(same)) if *same == obstacle) {
                    tracing::warn!(obstacle = obstacle.code(), "an onion service is not served");
                }
                let pause = self.retries.next().unwrap_or(RETRY.1);
                Stage::Waiting(Instant::now() + pause, Some(obstacle))
            }
        };
        Ok(())
    }

    async fn socket(&mut self, listen: Result<Listen, Obstacle>) -> Result<String, Obstacle> {
        let listen = listen?;
        let local = match self.local.take() {
            Some((same, local)) if same == listen => local,
            // The port of another kind is closed first.
            other => {
                drop(other);
                Local::open(&listen, self.arrivals.clone()).await?
            }
        };
        let target = local.target().to_owned();
        self.local = Some((listen, local));
        Ok(target)
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// Pauses that double, with jitter and without end: programs that lost the same Tor do not come back in lockstep.
pub(crate) fn retries() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(RETRY.0)
        .with_max_delay(RETRY.1)
        .without_max_times()
        .build()
}

/// Reports a value if it has changed.
pub(crate) fn set<T: PartialEq>(report: &watch::Sender<T>, now: T) {
    report.send_if_modified(|last| {
        let changed = *last != now;
        *last = now;
        changed
    });
}
