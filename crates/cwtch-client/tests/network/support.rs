//! Engines in a fabric, and time that passes only when a test turns it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cwtch_client::api::{ApiError, Command, ContactInfo, ContactPhase, Event, Reply, StatusInfo};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Host, Listener, Mode};
use cwtch_client::profile::{DataDir, Password, Profile, StorageError};
use cwtch_primitives::{Address, OsRng};
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, advance};

use crate::fabric::{Fabric, Manner, Site};

/// Unix seconds at which every test begins.
pub const NOW: i64 = 1_700_000_000;

pub struct World {
    dir: TempDir,
    pub fabric: Arc<Fabric>,
    /// Added to the time that has passed: the wall clock may run ahead.
    pub ahead: Arc<AtomicI64>,
    begun: Instant,
}

pub struct Person {
    pub engine: EngineHandle,
    pub site: Arc<Site>,
    pub address: Address,
    receiver: Listener,
    /// Everything that happened, oldest first.
    pub events: Vec<Event>,
}

impl World {
    /// For tests that start with the clock paused.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            fabric: Arc::default(),
            ahead: Arc::default(),
            begun: Instant::now(),
        }
    }

    pub fn profile(&self, name: &str) -> Profile {
        let data = DataDir::open_or_create(self.dir.path().join("data")).unwrap();
        match data.open(name, &Password::None) {
            Err(StorageError::NoSuchProfile) => data.create(name, &Password::None, &mut OsRng).unwrap(),
            opened => opened.unwrap(),
        }
    }

    pub async fn start(&self, name: &str, site: Arc<Site>, mode: Mode) -> Result<Person, ApiError> {
        let starting = tokio::spawn(engine::start(self.profile(name), site.clone(), self.options(mode)));
        Ok(Person::of(finished(starting).await?, site))
    }

    /// One of several daemons of a host, which has this site.
    pub async fn open(&self, host: &Arc<Host>, site: &Arc<Site>, name: &str) -> Result<Person, ApiError> {
        let (host, name) = (host.clone(), name.to_owned());
        let (profile, options) = (self.profile(&name), self.options(Mode::Daemon));
        let opening = tokio::spawn(async move { host.open(&name, profile, options).await });
        Ok(Person::of(finished(opening).await?.engine, site.clone()))
    }

    fn options(&self, mode: Mode) -> EngineOptions {
        let (ahead, begun) = (self.ahead.clone(), self.begun);
        let mut options = EngineOptions::new(mode);
        options.clock = Some(Arc::new(move || {
            let passed = i64::try_from(begun.elapsed().as_secs()).unwrap();
            NOW + passed + ahead.load(Ordering::Acquire)
        }));
        options
    }

    pub async fn daemon(&self, name: &str, manner: Manner) -> Person {
        self.start(name, self.fabric.site(manner), Mode::Daemon).await.unwrap()
    }

    /// Two daemons in the order of their addresses: the first one's dials win.
    pub async fn ordered(&self, manner: &Manner) -> (Person, Person) {
        let (a, b) = (self.daemon("alice", manner.clone()).await, self.daemon("bob", manner.clone()).await);
        if a.address.as_bytes() < b.address.as_bytes() { (a, b) } else { (b, a) }
    }
}

/// The outcome of a task, without letting the clock run by itself: the runtime never idles meanwhile.
pub async fn finished<T>(task: JoinHandle<T>) -> T {
    while !task.is_finished() {
        yield_now().await;
    }
    task.await.unwrap()
}

/// The outcome of a task that ends something: goodbyes have a time limit.
pub async fn ended<T>(task: JoinHandle<T>) -> T {
    while !task.is_finished() {
        for _ in 0..20 {
            yield_now().await;
        }
        advance(Duration::from_millis(10)).await;
    }
    task.await.unwrap()
}

/// Lets everybody do what can be done without time passing, the databases' threads included.
pub async fn settle(people: &mut [&mut Person]) {
    for _ in 0..3 {
        for person in people.iter_mut() {
            // Answered behind all that waits for the thread that changes things, and for the one that reads.
            for command in [Command::MessageCancel { id: 0 }, Command::ContactList] {
                let _ = person.call(command).await;
            }
            for _ in 0..20 {
                yield_now().await;
            }
            person.hear();
        }
    }
}

/// Turns the time until a condition holds; fails if it does not within `limit`.
pub async fn turn_until(
    what: &str,
    limit: Duration,
    people: &mut [&mut Person],
    mut holds: impl FnMut(&[&mut Person]) -> bool,
) {
    let begun = Instant::now();
    loop {
        settle(people).await;
        if holds(people) {
            return;
        }
        assert!(begun.elapsed() < limit, "waited in vain for {what}");
        advance(Duration::from_millis(500)).await;
    }
}

/// Turns the time by `time`, in small steps.
pub async fn turn(time: Duration, people: &mut [&mut Person]) {
    let end = Instant::now() + time;
    turn_until("the time", time + Duration::from_secs(1), people, |_| Instant::now() >= end).await;
}

impl Person {
    fn of(engine: EngineHandle, site: Arc<Site>) -> Self {
        let address = *engine.address();
        Self { receiver: engine.subscribe(), engine, site, address, events: Vec::new() }
    }

    fn hear(&mut self) {
        while let Ok(event) = self.receiver.try_recv() {
            let mut event = (*event).clone();
            crate::words::event(&mut event);
            self.events.push(event);
        }
    }

    pub fn begin(&self, command: Command) -> JoinHandle<Result<Reply, ApiError>> {
        let engine = self.engine.clone();
        tokio::spawn(async move {
            let mut outcome = engine.call(command).await;
            // As whoever answers a person does.
            if let Ok(reply) = &mut outcome {
                crate::words::reply(reply);
            }
            outcome
        })
    }

    pub async fn call(&self, command: Command) -> Result<Reply, ApiError> {
        finished(self.begin(command)).await
    }

    pub fn begin_send(&self, to: &Address, timeout: Option<u64>) -> JoinHandle<Result<Reply, ApiError>> {
        self.begin(Command::Send {
            conversation: to.to_string(),
            text: "hello".to_owned(),
            timeout,
            reply_to: None,
            anyway: false,
        })
    }

    pub async fn add(&self, contact: &Address) {
        let command = Command::ContactAdd { address: contact.to_string(), name: None };
        self.call(command).await.unwrap();
    }

    pub async fn contact(&self, address: &Address) -> ContactInfo {
        let Reply::Contacts(contacts) = self.call(Command::ContactList).await.unwrap() else { panic!() };
        contacts.into_iter().find(|contact| contact.address == address.as_str()).unwrap()
    }

    pub async fn status(&self) -> StatusInfo {
        let Reply::Status(status) = self.call(Command::Status).await.unwrap() else { panic!() };
        status
    }

    /// How often a contact came and went.
    pub fn onlines(&self) -> usize {
        self.count(|event| matches!(event, Event::ContactOnline { .. }))
    }

    pub fn offlines(&self) -> usize {
        self.count(|event| matches!(event, Event::ContactOffline { .. }))
    }

    /// Whether the last that was heard of contacts is that one is here.
    pub fn is_connected(&self) -> bool {
        self.onlines() > self.offlines()
    }

    pub fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| which(event)).count()
    }

    /// The phases of the way to contacts, in order.
    pub fn phases(&self) -> Vec<ContactPhase> {
        let phases = self.events.iter().filter_map(|event| match event {
            Event::ContactConnection { phase, .. } => Some(*phase),
            _ => None,
        });
        phases.collect()
    }

    pub async fn stop(self) {
        let engine = self.engine.clone();
        ended(tokio::spawn(async move { engine.shutdown().await })).await;
    }
}
