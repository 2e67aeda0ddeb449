//! One connection: requests in, answers and events out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cwtch_api::rpc::{self, Answer, INTERFACE, Method, REQUEST_MAX, RpcError};
use cwtch_api::{ApiError, Command, Event, FeedInfo, Problem, Reply, Told};
use cwtch_client::engine::{Account, Follower, Turn};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufWriter, Interest};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::ServerShared;
use super::order::{Job, Line, in_order};
use super::seat::Seat;
use crate::daemon::door::Arrival;
use crate::rpc::lines::{LineError, Lines};
use crate::words::{number, say, word, words};

/// Bytes of requests that were read and have not begun; beyond that it is not read from.
const UNBEGUN_MAX: u32 = 2 << 20;
/// The same as a number of requests.
const QUEUE: usize = 256;
/// The most that is still read of a line that is too long, and for how long: closing at once would take the answer away
/// from a client that is still writing.
const DISCARD_MAX: usize = 64 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// Time that a connection may take to read why it is closed.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Time that requests that came before `shutdown` may take to begin.
const BEGIN_MAX: Duration = Duration::from_secs(10);
/// Pause between two looks whether the client is still there, once it says nothing more.
const GONE_LOOK: Duration = Duration::from_secs(1);
/// Lines that wait to be written to one connection.
const OUTBOX: usize = 64;

/// Reason why a connection is read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client closed it, or closed its sending side.
    Stream,
    /// It sent a line over the limit.
    TooLong,
    /// It asked the daemon to stop.
    Stop,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves a connection until it ends or has to make room.
pub(super) async fn run(arrival: Arrival, shared: Arc<ServerShared>, seat: Arc<Seat>) {
    let Arrival { stream, door } = arrival;
    let (reader, writer) = stream.into_split();
    let (outbox, queue) = mpsc::channel(OUTBOX);
    let mut writing = tokio::spawn(write(writer, queue, seat.clone()));
    let _stop_writing = AbortOnDrop(writing.abort_handle());
    let lost = seat.lost.clone();
    let last = outbox.clone();
    let end = tokio::select! {
        end = converse(reader, door, shared, seat, outbox) => end,
        () = lost.cancelled() => {
            let why = RpcError::busy(word("cli-socket-crowded"));
            let _ = last.try_send(rpc::response(&Value::Null, None, &Err(why)));
            drop(last);
            let _ = timeout(LAST_WORD, &mut writing).await;
            return;
        }
    };
    drop(last);
    let _ = writing.await;
    drop(end);
}

/// Reads and answers until nothing more comes and all is answered. What it returns keeps the reading side open until
/// the last answer is written.
async fn converse(
    reader: OwnedReadHalf,
    door: Option<Arc<str>>,
    shared: Arc<ServerShared>,
    seat: Arc<Seat>,
    outbox: mpsc::Sender<String>,
) -> Lines<OwnedReadHalf> {
    let mut lines = Lines::new(reader, REQUEST_MAX);
    let (queue, jobs) = mpsc::channel(QUEUE);
    let mut beginning = tokio::spawn(in_order(jobs, outbox.clone()));
    let _stop_beginning = AbortOnDrop(beginning.abort_handle());
    let mut connection = Connection {
        shared: shared.clone(),
        seat,
        door,
        outbox,
        queue,
        room: Arc::new(Semaphore::new(UNBEGUN_MAX as usize)),
        subscriptions: BTreeMap::new(),
    };
    let end = tokio::select! {
        end = connection.read(&mut lines) => end,
        // What was asked for is still answered: the engine says what became of it.
        () = shared.closing.cancelled() => End::Stream,
    };
    // What was read takes effect, whoever stops.
    drop(connection);
    let mut waiting = match end {
        End::Stop => {
            let begun = timeout(BEGIN_MAX, &mut beginning).await;
            shared.stop.notify_one();
            begun.map_or_else(|_| JoinSet::new(), Result::unwrap_or_default)
        }
        End::Stream | End::TooLong => beginning.await.unwrap_or_default(),
    };
    let all = async { while waiting.join_next().await.is_some() {} };
    tokio::select! {
        () = all => {}
        () = nobody_reads(&lines) => {}
    }
    if end == End::TooLong {
        let _ = timeout(DISCARD_TIME, lines.discard(DISCARD_MAX)).await;
    }
    lines
}

/// Returns when the client has closed the connection as a whole, and not just its sending side: what is waited for
/// then concerns nobody. It takes effect all the same.
async fn nobody_reads(lines: &Lines<OwnedReadHalf>) {
    loop {
        match lines.reader().ready(Interest::WRITABLE).await {
            Ok(ready) if !ready.is_write_closed() => sleep(GONE_LOOK).await,
            _ => return,
        }
    }
}

struct Connection {
    shared: Arc<ServerShared>,
    seat: Arc<Seat>,
    /// The profile behind whose door it is: that is meant where none is named.
    door: Option<Arc<str>>,
    outbox: mpsc::Sender<String>,
    queue: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    /// Subscriptions by the label of the profile.
    subscriptions: BTreeMap<Arc<str>, AbortOnDrop>,
}

impl Connection {
    /// Reads requests until there is no next one. What concerns the connection itself is answered at once, whatever
    /// waits; commands begin one after another.
    async fn read(&mut self, lines: &mut Lines<OwnedReadHalf>) -> End {
        loop {
            let line = match lines.next().await {
                Ok(Some(line)) => line,
                Ok(None) | Err(LineError::Io(_)) => return End::Stream,
                Err(too_long @ LineError::TooLong(_)) => {
                    let error =
                        RpcError::parse(say("cli-socket-refused", [("detail", too_long.to_string().into())]));
                    self.answer(&Value::Null, None, Err(error)).await;
                    return End::TooLong;
                }
            };
            // It may hold a password.
            let line = Zeroizing::new(line);
            let asked = self.seat.asked();
            let request = match rpc::parse(&line) {
                Ok(request) => request,
                Err((id, error)) => {
                    self.answer(&id, None, Err(error)).await;
                    continue;
                }
            };
            let (id, named) = (request.id, request.profile);
            let stop = request.method == Method::Shutdown;
            let (profile, result) = match request.method {
                Method::Command(command) => {
                    let (shared, seat, door) = (self.shared.clone(), self.seat.clone(), self.door.clone());
                    let start = Box::new(move |turn| -> Line {
                        Box::pin(async move {
                            // In its turn: what stands before it may open or close profiles.
                            let account = shared.accounts.find(named.as_deref(), door.as_deref());
                            let label = account.as_ref().ok().map(|account| account.label.clone());
                            let outcome = match account {
                                Ok(account) => carry_out(&shared, &account, &seat, *command, turn).await,
                                Err(error) => Err(refused(&error)),
                            };
                            drop(asked);
                            id.map(|id| rpc::response(&id, label.as_deref().or(named.as_deref()), &outcome))
                        })
                    });
                    if !self.begin(line.len(), start).await {
                        return End::Stream;
                    }
                    continue;
                }
                Method::Host(command) => {
                    let shared = self.shared.clone();
                    let start = Box::new(move |turn: Turn| -> Line {
                        Box::pin(async move {
                            let outcome = shared.accounts.carry_out(*command).await;
                            drop((asked, turn));
                            let outcome = outcome.map(Answer::Plain).map_err(|error| refused(&error));
                            id.map(|id| rpc::response(&id, None, &outcome))
                        })
                    });
                    if !self.begin(line.len(), start).await {
                        return End::Stream;
                    }
                    continue;
                }
                Method::Ping => (None, Ok(Answer::Plain(json!("pong")))),
                Method::Version => (None, Ok(Answer::Plain(self.version()))),
                Method::Subscribe { after } => {
                    match self.shared.accounts.find(named.as_deref(), self.door.as_deref()) {
                        Ok(account) => (Some(account.label.clone()), self.subscribe(&account, after).await),
                        Err(error) => (None, Err(refused(&error))),
                    }
                }
                Method::Unsubscribe => {
                    self.unsubscribe(named.as_deref());
                    (None, Ok(Answer::done()))
                }
                Method::Shutdown => (None, Ok(Answer::done())),
            };
            if let Some(id) = id {
                self.answer(&id, profile.as_deref(), result).await;
            }
            if stop {
                return End::Stop;
            }
        }
    }

    /// Queues what a request of so many bytes asks for; false if nothing is begun any more.
    async fn begin(&self, size: usize, start: Box<dyn FnOnce(Turn) -> Line + Send>) -> bool {
        let size = u32::try_from(size).unwrap_or(UNBEGUN_MAX).min(UNBEGUN_MAX);
        // The semaphore is never closed.
        let Ok(room) = self.room.clone().acquire_many_owned(size).await else { return false };
        self.queue.send(Job { start, room }).await.is_ok()
    }

    async fn answer(&self, id: &Value, profile: Option<&str>, outcome: Result<Answer, RpcError>) {
        let _ = self.outbox.send(rpc::response(id, profile, &outcome)).await;
    }

    /// The answer to `version`.
    fn version(&self) -> Value {
        let open = self.shared.accounts.open_profiles();
        // The one that is meant where none is named.
        let meant = self.shared.accounts.find(None, self.door.as_deref()).ok();
        json!({
            "program": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "interface": INTERFACE,
            "profile": meant.as_ref().map(|account| &*account.label),
            "address": meant.as_ref().map(|account| account.engine.address().to_string()),
            "network": self.shared.network, "profiles": open,
        })
    }

    /// Events of a profile from before the answer on arrive. A second time begins anew, where it was told where.
    async fn subscribe(&mut self, account: &Account, after: Option<i64>) -> Result<Answer, RpcError> {
        // What is told from now on has to be had before a place is taken.
        let follower = account.engine.follow(after).await.map_err(|error| refused(&error))?;
        let begins = follower.after();
        // Those of profiles that were closed have ended.
        self.subscriptions.retain(|_, subscription| !subscription.0.is_finished());
        if self.subscriptions.contains_key(&account.label) && after.is_none() {
            return Ok(Answer::done());
        }
        if self.subscriptions.is_empty() {
            self.seat.subscribe().map_err(|places| {
                RpcError::busy(say("cli-socket-events-full", [("number", number(places))]))
            })?;
        }
        self.subscriptions.insert(account.label.clone(), self.listen(account.label.clone(), follower));
        Ok(Answer::Plain(json!({ "after": begins })))
    }

    /// Events of a profile, or of any, arrive no more.
    fn unsubscribe(&mut self, named: Option<&str>) {
        match named {
            Some(label) => drop(self.subscriptions.remove(label)),
            None => self.subscriptions.clear(),
        }
        if self.subscriptions.is_empty() {
            self.seat.unsubscribe();
        }
    }

    fn listen(&self, label: Arc<str>, mut follower: Follower) -> AbortOnDrop {
        let (outbox, closing) = (self.outbox.clone(), self.shared.closing.clone());
        let task = tokio::spawn(async move {
            let last = loop {
                // A client that reads slowly fills the outbox, and this task goes on in the database where it was.
                match follower.next().await {
                    Ok(Some(mut told)) => {
                        cwtch_words::event(words(), &mut told.event);
                        if outbox.send(rpc::notification(&label, &told)).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => break Event::ProfileClosed { detail: None },
                    Err(error) => match last_word(error) {
                        Some(event) => break event,
                        None => return,
                    },
                }
            };
            // Where the whole daemon ends, the connection's end says it.
            if !closing.is_cancelled() {
                let _ = outbox.send(rpc::notification(&label, &Told { seq: None, event: last })).await;
            }
        });
        AbortOnDrop(task.abort_handle())
    }
}

/// Last event for whoever cannot be told anything more.
fn last_word(error: ApiError) -> Option<Event> {
    match error.problem {
        Problem::ChangesGone { oldest, newest, .. } => {
            let detail = cwtch_words::error(words(), &error);
            Some(Event::ChangesGone { feed: FeedInfo { oldest, newest }, detail })
        }
        Problem::Closed => Some(Event::ProfileClosed { detail: None }),
        _ => None,
    }
}

/// A refusal of the engine in words: here is where a daemon has them from.
fn refused(error: &ApiError) -> RpcError {
    RpcError::refused(error, cwtch_words::error(words(), error))
}

/// Has the profile's engine do it. Where too many wait already, this one is done, and not waited for.
async fn carry_out(
    shared: &ServerShared,
    account: &Account,
    seat: &Arc<Seat>,
    mut command: Command,
    turn: Turn,
) -> Result<Answer, RpcError> {
    let _waiting = match command.waits() {
        true => {
            let place = seat.wait();
            if place.is_none() && !command.do_not_wait() {
                return Err(RpcError::busy(word("cli-socket-waits-full")));
            }
            place
        }
        false => None,
    };
    let answered = account.engine.call_in_turn(command, turn).await;
    let mut reply = answered.map_err(|error| refused(&error))?;
    cwtch_words::reply(words(), &mut reply);
    if let Reply::Status(status) = &mut reply {
        status.profiles = shared.accounts.open_profiles();
    }
    Ok(Answer::Reply(Box::new(reply)))
}

/// Writes what is queued, and flushes when nothing more waits.
async fn write(writer: OwnedWriteHalf, mut queue: mpsc::Receiver<String>, seat: Arc<Seat>) {
    let mut writer = BufWriter::new(writer);
    while let Some(line) = queue.recv().await {
        let mut line = Some(line);
        while let Some(mut text) = line {
            text.push('\n');
            seat.writes(true);
            if writer.write_all(text.as_bytes()).await.is_err() {
                return;
            }
            line = queue.try_recv().ok();
        }
        if writer.flush().await.is_err() {
            return;
        }
        seat.writes(false);
    }
}
