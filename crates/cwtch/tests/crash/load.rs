//! Load on a daemon that may vanish: somebody who sends through its socket and keeps accounts.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{JoinHandle, spawn};

use serde_json::{Value, json};

use crate::common::PATIENCE;

/// How long a daemon shall wait for a confirmation, in seconds: longer than anything here takes.
const TIMEOUT: u64 = 600;

/// A daemon as those who use it know it.
pub struct Target {
    socket: PathBuf,
    /// Which of its lives can be used, from 1; `None` when nothing new is to be sent.
    life: Mutex<Option<u64>>,
    changed: Condvar,
}

impl Target {
    pub fn new(socket: PathBuf) -> Arc<Self> {
        Arc::new(Self { socket, life: Mutex::new(Some(0)), changed: Condvar::new() })
    }

    /// A life began.
    pub fn lives(&self, life: u64) {
        *self.life.lock().unwrap() = Some(life);
        self.changed.notify_all();
    }

    /// Nothing new from now on; what was asked is still answered.
    pub fn enough(&self) {
        *self.life.lock().unwrap() = None;
        self.changed.notify_all();
    }

    fn is_enough(&self) -> bool {
        self.life.lock().unwrap().is_none()
    }

    fn next_life(&self, before: u64) -> Option<u64> {
        *self.changed.wait_while(self.life.lock().unwrap(), |life| *life == Some(before)).unwrap()
    }
}

/// What a sender knows about its texts.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Everything that was asked to be sent.
    pub asked: HashSet<String>,
    /// The daemon said that it keeps them: it told of the message, or that it stays queued.
    pub durable: HashSet<String>,
    /// The daemon said that the contact or the server has them.
    pub confirmed: HashSet<String>,
}

/// A thread that sends one text after the other to one conversation.
pub struct Sender {
    thread: JoinHandle<Accounts>,
    confirmed: Arc<AtomicU64>,
    name: &'static str,
}

impl Sender {
    /// Sends texts that begin with `name`, at most `window` unconfirmed at a time. `good` is the state that
    /// a confirmed message has.
    pub fn start(
        name: &'static str,
        target: &Arc<Target>,
        conversation: &str,
        window: usize,
        good: &'static str,
    ) -> Self {
        let confirmed = Arc::new(AtomicU64::new(0));
        let mut sending = Sending {
            name,
            target: Arc::clone(target),
            conversation: conversation.to_owned(),
            window,
            good,
            next: 0,
            waiting: HashMap::new(),
            accounts: Accounts::default(),
            confirmed: Arc::clone(&confirmed),
        };
        let thread = spawn(move || {
            let mut life = 0;
            while let Some(next) = sending.target.next_life(life) {
                life = next;
                if sending.through_a_life().is_some() {
                    break;
                }
                sending.waiting.clear();
            }
            sending.accounts
        });
        Self { thread, confirmed, name }
    }

    /// Texts confirmed so far.
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::SeqCst)
    }

    /// Whether it has ended, which before [`Target::enough`] means that it found a fault.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    pub fn accounts(self) -> Accounts {
        self.thread.join().unwrap_or_else(|_| panic!("the sender {} found a fault, see above", self.name))
    }
}

struct Sending {
    name: &'static str,
    target: Arc<Target>,
    conversation: String,
    window: usize,
    good: &'static str,
    next: u64,
    /// Texts by request.
    waiting: HashMap<u64, String>,
    accounts: Accounts,
    confirmed: Arc<AtomicU64>,
}

impl Sending {
    /// Sends until the daemon is gone (`None`) or it is enough.
    fn through_a_life(&mut self) -> Option<()> {
        let mut stream = UnixStream::connect(&self.target.socket).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        write(&mut stream, &json!({"jsonrpc": "2.0", "id": "events", "method": "subscribe"}))?;
        loop {
            while self.waiting.len() < self.window && !self.target.is_enough() {
                self.next += 1;
                let text = format!("{} {:05}", self.name, self.next);
                let params = json!({"conversation": self.conversation, "text": text, "timeout": TIMEOUT});
                self.accounts.asked.insert(text.clone());
                self.waiting.insert(self.next, text);
                write(
                    &mut stream,
                    &json!({"jsonrpc": "2.0", "id": self.next, "method": "send", "params": params}),
                )?;
            }
            if self.waiting.is_empty() {
                return Some(());
            }
            let mut line = String::new();
            match lines.read_line(&mut line) {
                Ok(_) if line.ends_with('\n') => {}
                // The daemon was killed, perhaps in the middle of a line.
                Ok(_) => return None,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("{}: the daemon did not confirm {:?} within {PATIENCE:?}", self.name, self.waiting)
                }
                Err(_) => return None,
            }
            self.hear(&serde_json::from_str(&line).unwrap());
        }
    }

    fn hear(&mut self, line: &Value) {
        if line["method"] == "event" {
            let message = &line["params"]["message"];
            if message["own"] == true && self.accounts.asked.contains(message["text"].as_str().unwrap()) {
                self.accounts.durable.insert(message["text"].as_str().unwrap().to_owned());
            }
            return;
        }
        let Some(text) = line["id"].as_u64().and_then(|id| self.waiting.remove(&id)) else {
            assert_eq!(line["id"], "events", "{line}");
            return;
        };
        let result = &line["result"];
        assert_eq!(result["state"], self.good, "{}: {text:?} was answered with {line}", self.name);
        assert_eq!(result["text"], text.as_str());
        self.accounts.confirmed.insert(text);
        self.confirmed.fetch_add(1, Ordering::SeqCst);
    }
}

fn write(stream: &mut UnixStream, request: &Value) -> Option<()> {
    stream.write_all(format!("{request}\n").as_bytes()).ok()
}
