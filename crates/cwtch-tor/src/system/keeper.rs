//! The task that keeps the one control connection, and with it all onion services of the network.
//!
//! Tor ends a connection's services with the connection. So when it breaks, the task logs in again and adds every
//! service anew.

use std::sync::Arc;
use std::time::Duration;

use cwtch_net::{Obstacle, Readiness, Step};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::directory::Directory;
use super::hosted::{Hosted, retries, set};
use super::publication::Upload;
use super::reply::Reply;
use super::session::{ControlSession, Setup};
use crate::endpoint::Endpoint;

/// Time after which a login counts as a success even though it ended: the pauses begin at the shortest again.
const STABLE: Duration = Duration::from_secs(60);
/// Time from one question about the Tor's progress to the next: while it is not ready, with and without events, and
/// afterwards.
const POLL: (Duration, Duration, Duration) =
    (Duration::from_secs(10), Duration::from_secs(2), Duration::from_secs(30));

/// Requests of the network and its listeners to the task.
pub(crate) enum Request {
    /// Serve this onion service; an earlier one with the same address is ended.
    Add(Box<Hosted>),
    /// Withdraw the service with this number.
    Remove { id: u64, done: Option<oneshot::Sender<()>> },
    /// Withdraw all services, and end.
    Shutdown(oneshot::Sender<()>),
}

/// The task's state.
pub(crate) struct Keeper {
    setup: Arc<Setup>,
    requests: mpsc::UnboundedReceiver<Request>,
    readiness: watch::Sender<Readiness>,
    socks: watch::Sender<Vec<Endpoint>>,
    directory: watch::Sender<Directory>,
    hosted: Vec<Hosted>,
}

impl Keeper {
    pub(crate) fn new(
        setup: Arc<Setup>,
        requests: mpsc::UnboundedReceiver<Request>,
        readiness: watch::Sender<Readiness>,
        socks: watch::Sender<Vec<Endpoint>>,
        directory: watch::Sender<Directory>,
    ) -> Self {
        Self { setup, requests, readiness, socks, directory, hosted: Vec::new() }
    }

    /// Keeps the connection until the network is shut down or its last handle is gone.
    pub(crate) async fn run(mut self) {
        let mut pauses = retries();
        loop {
            let setup = self.setup.clone();
            let obstacle = match self.meanwhile(ControlSession::open(setup)).await {
                None => return,
                Some(Err(obstacle)) => obstacle,
                Some(Ok(session)) => {
                    let begun = Instant::now();
                    match self.online(session).await {
                        Ok(()) => return,
                        Err(obstacle) => {
                            if begun.elapsed() >= STABLE {
                                pauses = retries();
                            }
                            obstacle
                        }
                    }
                }
            };
            self.offline(&obstacle);
            let pause = pauses.next().unwrap_or(STABLE);
            if self.meanwhile(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Notes that there is no connection, and why.
    fn offline(&mut self, obstacle: &Obstacle) {
        let readiness = Readiness::waiting(0, Step::ControlPort).with_trouble(obstacle.clone());
        if *self.readiness.borrow() != readiness {
            tracing::warn!(obstacle = obstacle.code(), "Tor cannot be used; trying again");
        }
        self.hosted.iter_mut().for_each(Hosted::lost);
        self.report(readiness);
    }

    fn report(&self, network: Readiness) {
        for hosted in &self.hosted {
            hosted.report(&network);
        }
        set(&self.readiness, network);
    }

    /// Waits for something while there is no connection, and serves requests meanwhile; `None` if the network ends
    /// before.
    async fn meanwhile<T>(&mut self, something: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(something);
        loop {
            tokio::select! {
                out = &mut something => return Some(out),
                request = self.requests.recv() => match request? {
                    Request::Add(hosted) => {
                        self.hosted.retain(|other| other.address != hosted.address);
                        hosted.report(&self.readiness.borrow());
                        self.hosted.push(*hosted);
                    }
                    Request::Remove { id, done } => {
                        self.hosted.retain(|hosted| hosted.id != id);
                        answer(done);
                    }
                    Request::Shutdown(done) => {
                        self.hosted.clear();
                        answer(Some(done));
                        return None;
                    }
                },
            }
        }
    }

    /// Serves until nobody needs the network any more; an error breaks the connection.
    async fn online(&mut self, mut session: ControlSession) -> Result<(), Obstacle> {
        let session = &mut session;
        let socks = session.socks().await?;
        set(&self.socks, socks);
        // Set before the readiness: whoever waits for that finds the directory known.
        set(&self.directory, session.directory);
        self.report(session.status.readiness());
        let mut poll_at = Instant::now() + poll_pause(session);
        loop {
            self.serve_due(session).await?;
            self.report(session.status.readiness());
            let until = self.hosted.iter().filter_map(Hosted::due).fold(poll_at, Instant::min);
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => if self.request(session, request).await? { return Ok(()) },
                    None => return Ok(()),
                },
                event = session.event() => self.event(session, &event?),
                () = sleep_until(until) => {}
            }
            if Instant::now() >= poll_at {
                session.poll().await?;
                // A Tor that connects has its ports only then, and a torrc may be read anew.
                let socks = session.socks().await?;
                set(&self.socks, socks);
                set(&self.directory, session.directory);
                let ready = session.status.readiness().is_ready();
                self.hosted.iter_mut().for_each(|hosted| hosted.tick(ready));
                poll_at = Instant::now() + poll_pause(session);
            }
        }
    }

    async fn serve_due(&mut self, session: &mut ControlSession) -> Result<(), Obstacle> {
        for hosted in &mut self.hosted {
            if hosted.due().is_some_and(|at| at <= Instant::now()) {
                hosted.serve(session).await?;
            }
        }
        Ok(())
    }

    /// Carries out a request; `true` if the network is over then.
    async fn request(&mut self, session: &mut ControlSession, request: Request) -> Result<bool, Obstacle> {
        match request {
            Request::Add(hosted) => {
                let gone = self.take_out(|other| other.address == hosted.address);
                // Kept before anything can fail: a broken connection must not lose the service.
                self.hosted.push(*hosted);
                withdraw(session, gone).await?;
            }
            Request::Remove { id, done } => {
                let gone = self.take_out(|hosted| hosted.id == id);
                withdraw(session, gone).await?;
                answer(done);
            }
            Request::Shutdown(done) => {
                let gone = self.take_out(|_| true);
                withdraw(session, gone).await?;
                answer(Some(done));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes out services that are not to be served any more, before Tor withdraws them: if the connection breaks
    /// meanwhile, they are gone with it, and must not come back.
    fn take_out(&mut self, which: impl Fn(&Hosted) -> bool) -> Vec<Hosted> {
        self.hosted.extract_if(.., |hosted| which(hosted)).collect()
    }

    fn event(&mut self, session: &mut ControlSession, event: &Reply) {
        if session.status.event(event) {
            return;
        }
        if let Some(upload) = Upload::of(event) {
            self.hosted.iter_mut().for_each(|hosted| hosted.event(&upload));
        }
    }
}

async fn withdraw(session: &mut ControlSession, gone: Vec<Hosted>) -> Result<(), Obstacle> {
    for hosted in gone {
        if hosted.is_served() {
            session.withdraw(&hosted.address).await?;
        }
    }
    Ok(())
}

fn poll_pause(session: &ControlSession) -> Duration {
    match (session.status.readiness().is_ready(), session.tells_progress) {
        (true, _) => POLL.2,
        (false, true) => POLL.0,
        (false, false) => POLL.1,
    }
}

/// Tells the one who waits that a request is done, if anybody does.
fn answer(done: Option<oneshot::Sender<()>>) {
    done.map(|done| done.send(()));
}
