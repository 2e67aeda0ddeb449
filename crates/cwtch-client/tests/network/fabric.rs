//! A network in memory: every dial takes a while, every byte arrives a moment later, and a test can make it fail.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cwtch_net::{BoxStream, Isolation, Listener, NetError, Network, Obstacle, Readiness, UnreachableWhy};
use cwtch_primitives::{Address, Identity};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// What connects the sites.
#[derive(Default)]
pub struct Fabric {
    listeners: Mutex<HashMap<Address, mpsc::UnboundedSender<BoxStream>>>,
    /// Streams that were opened, in order.
    lines: Mutex<Vec<Arc<Line>>>,
}

/// One stream between two sites, as the test sees it.
pub struct Line {
    pub to: Address,
    fate: watch::Sender<Fate>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Carries,
    /// Swallows everything; nobody is told.
    Dead,
    /// Swallows everything; the one who accepted it sees its end.
    DeadForDialler,
    /// Swallows everything; the one who dialled it sees its end.
    DeadForListener,
}

impl Line {
    pub fn die(&self) {
        self.fate.send_replace(Fate::Dead);
    }

    pub fn die_seen_by_listener(&self) {
        self.fate.send_replace(Fate::DeadForDialler);
    }

    pub fn die_seen_by_dialler(&self) {
        self.fate.send_replace(Fate::DeadForListener);
    }
}

/// One person's way into the fabric.
pub struct Site {
    fabric: Arc<Fabric>,
    pub ready: watch::Sender<Readiness>,
    /// What the first who looks at the readiness sees instead.
    pub first_look: Mutex<Option<Readiness>>,
    pub published: watch::Sender<Readiness>,
    manner: Mutex<Manner>,
    dials: Mutex<Vec<(Address, Isolation)>>,
    pub left: watch::Sender<bool>,
}

/// How a site behaves.
#[derive(Clone, Default)]
pub struct Manner {
    /// From a dial to its stream.
    pub dial: Duration,
    /// From a byte's start to its arrival.
    pub latency: Duration,
    /// Each packet takes between nothing and twice that, by this seed.
    pub jitter: Option<u64>,
    /// What dials come to instead.
    pub refuse: Option<UnreachableWhy>,
    /// What listening comes to instead, once for each.
    pub listen: Vec<Refusal>,
}

#[derive(Clone, Copy)]
pub enum Refusal {
    NotReady,
    Setup,
}

impl Fabric {
    pub fn site(self: &Arc<Self>, manner: Manner) -> Arc<Site> {
        Arc::new(Site {
            fabric: self.clone(),
            ready: watch::Sender::new(Readiness::ready()),
            first_look: Mutex::default(),
            published: watch::Sender::new(Readiness::ready()),
            manner: Mutex::new(manner),
            dials: Mutex::default(),
            left: watch::Sender::new(false),
        })
    }

    pub fn lines(&self) -> Vec<Arc<Line>> {
        self.lines.lock().unwrap().clone()
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<Address, mpsc::UnboundedSender<BoxStream>>> {
        self.listeners.lock().unwrap()
    }

    /// Takes the streams of an address without any engine behind it.
    pub fn listen_by_hand(&self, address: Address) -> mpsc::UnboundedReceiver<BoxStream> {
        let (streams, arriving) = mpsc::unbounded_channel();
        self.listeners().insert(address, streams);
        arriving
    }

    /// Ends an address's listener as the network would.
    pub fn drop_listener(&self, address: &Address) {
        self.listeners().remove(address);
    }
}

impl Site {
    pub fn set(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().unwrap());
    }

    /// Who was dialled with which isolation, in order.
    pub fn dials(&self) -> Vec<(Address, Isolation)> {
        self.dials.lock().unwrap().clone()
    }

    pub fn dials_to(&self, address: &Address) -> Vec<Isolation> {
        self.dials().into_iter().filter(|(to, _)| to == address).map(|(_, isolation)| isolation).collect()
    }

    fn manner(&self) -> Manner {
        self.manner.lock().unwrap().clone()
    }
}

#[async_trait]
impl Network for Site {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        let refusal = {
            let mut manner = self.manner.lock().unwrap();
            (!manner.listen.is_empty()).then(|| manner.listen.remove(0))
        };
        match refusal {
            Some(Refusal::NotReady) => return Err(NetError::NotReady { obstacle: None }),
            Some(Refusal::Setup) => {
                return Err(NetError::Setup { obstacle: Obstacle::ControlPasswordWrong });
            }
            None => {}
        }
        let address = identity.address();
        let streams = self.fabric.listen_by_hand(address);
        Ok(Box::new(SiteListener { address, streams, published: self.published.subscribe() }))
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        if !self.ready.borrow().is_ready() {
            return Err(NetError::NotReady { obstacle: None });
        }
        self.dials.lock().unwrap().push((*address, isolation));
        let manner = self.manner();
        // A sleep of no time may still wait for the clock's next tick, which nobody turns.
        if !manner.dial.is_zero() {
            sleep(manner.dial).await;
        }
        let why = manner.refuse.unwrap_or(UnreachableWhy::NoDescriptor);
        let listener = self.fabric.listeners().get(address).cloned().filter(|_| manner.refuse.is_none());
        let listener = listener.ok_or(NetError::unreachable(why))?;
        let line = Line { to: *address, fate: watch::Sender::new(Fate::Carries) };
        let line = Arc::new(line);
        let (here, there) = relay(&line, manner.latency, manner.jitter);
        listener.send(Box::new(there)).map_err(|_| NetError::unreachable(why))?;
        self.fabric.lines.lock().unwrap().push(line);
        Ok(Box::new(here))
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        match self.first_look.lock().unwrap().take() {
            Some(seen) => watch::channel(seen).1,
            None => self.ready.subscribe(),
        }
    }

    async fn shutdown(&self) {
        assert!(self.fabric.listeners().is_empty() || !self.listens(), "listeners are closed before");
        self.left.send_replace(true);
    }

    fn describe(&self) -> &'static str {
        "a fabric in memory"
    }
}

impl Site {
    fn listens(&self) -> bool {
        self.published.receiver_count() > 0
    }
}

struct SiteListener {
    address: Address,
    streams: mpsc::UnboundedReceiver<BoxStream>,
    published: watch::Receiver<Readiness>,
}

#[async_trait]
impl Listener for SiteListener {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        self.streams.recv().await.ok_or(NetError::Closed)
    }

    fn address(&self) -> &Address {
        &self.address
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.published.clone()
    }

    async fn close(self: Box<Self>) {}
}

/// Both ends of a stream with a way between them.
fn relay(line: &Arc<Line>, latency: Duration, jitter: Option<u64>) -> (DuplexStream, DuplexStream) {
    const BUFFER: usize = 256 * 1024;
    let ((dialler, near), (far, listener)) = (duplex(BUFFER), duplex(BUFFER));
    let ((from_dialler, to_dialler), (from_listener, to_listener)) = (split(near), split(far));
    for (from, to, closes_on) in [
        (from_dialler, to_listener, Fate::DeadForDialler),
        (from_listener, to_dialler, Fate::DeadForListener),
    ] {
        let mut rng = jitter
            .map(|seed| ChaCha20Rng::seed_from_u64(seed * 2 + u64::from(closes_on == Fate::DeadForDialler)));
        let latency = move || match &mut rng {
            Some(rng) => latency.mul_f64(rng.gen_range(0.0..2.0)),
            None => latency,
        };
        tokio::spawn(carry(from, to, latency, line.fate.subscribe(), closes_on));
    }
    (dialler, listener)
}

/// Carries one direction until its end; a dead line goes on to read and writes nothing.
async fn carry(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    mut latency: impl FnMut() -> Duration,
    mut fate: watch::Receiver<Fate>,
    closes_on: Fate,
) -> io::Result<()> {
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let now = fate.clone();
    let write = async move {
        loop {
            tokio::select! {
                biased;
                dead = until_dead(&mut fate) => {
                    if dead == closes_on {
                        let _ = to.shutdown().await;
                    }
                    // Held open: the other end hears nothing.
                    std::future::pending::<()>().await;
                }
                next = under_way.recv() => {
                    let Some((at, bytes)) = next else { break };
                    sleep_until(at).await;
                    if *now.borrow() == Fate::Carries && to.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
            }
        }
        let _ = to.shutdown().await;
    };
    let read = async move {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                // What is under way is written before the end is.
                return Ok(());
            }
            if sender.send((Instant::now() + latency(), buffer[..count].to_vec())).is_err() {
                return Ok(());
            }
        }
    };
    let (_, read) = tokio::join!(write, read);
    read
}

async fn until_dead(fate: &mut watch::Receiver<Fate>) -> Fate {
    let dead = fate.wait_for(|fate| *fate != Fate::Carries).await;
    dead.map_or(Fate::Dead, |fate| *fate)
}
