//! Events: those of what is stored, as rows of the change feed once they are committed, and those of what is not.
//!
//! Each stored change that is shown is a numbered row of the transaction that made it ([`crate::profile::What`]). [`tell`]
//! makes events of new rows on the database's thread, right behind the commit, from what was just written. [`follow`] goes on from any number: it reads the rows that it has not been told live, so that whoever is
//! slow, or was away, hears every change once. What is not stored (connections, progress) has no number; whoever missed
//! some of it is told how everything stands ([`now`]).

mod follow;
mod now;
mod read;
mod servers;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cwtch_primitives::Address;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

pub use self::follow::Follower;
pub(super) use self::tell::Teller;
use super::info::{ServerStanding, Standing};
use crate::api::Event;
use crate::profile::ConversationId;

/// Events that a listener may be behind before it has to read the rows itself.
const BACKLOG: usize = 1024;

type StandingOf = Box<dyn Fn(&Address) -> Option<Standing> + Send + Sync>;
type ServerStandingOf = Box<dyn Fn(&Address) -> Option<ServerStanding> + Send + Sync>;

/// Something that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Leaving {
    /// A conversation.
    Conversation(ConversationId),
    /// A server, by its local number.
    Server(i64),
}

/// Something that happened, as listeners in this process hear it.
#[derive(Debug)]
struct Live {
    /// The number of the row that it tells, and the number up to which everything was told before it. `None` for what is not
    /// stored.
    numbers: Option<Numbers>,
    event: Arc<Event>,
}

#[derive(Debug, Clone, Copy)]
struct Numbers {
    after: i64,
    seq: i64,
}

/// The place where events come together, with what the rows of the database do not say.
pub(super) struct Feed {
    live: broadcast::Sender<Arc<Live>>,
    /// Standing of the connection with a contact.
    standing: OnceLock<StandingOf>,
    /// Standing of the connection with a server.
    server_standing: OnceLock<ServerStandingOf>,
    /// Events that tell that something goes: its row does not say any more what it was.
    farewells: Mutex<HashMap<Leaving, Event>>,
}

impl Feed {
    pub(super) fn new() -> Arc<Self> {
        let (live, _) = broadcast::channel(BACKLOG);
        Arc::new(Self {
            live,
            standing: OnceLock::new(),
            server_standing: OnceLock::new(),
            farewells: Mutex::default(),
        })
    }

    /// Tells something that is not stored; nobody listening is no error.
    pub(super) fn emit(&self, event: Event) {
        let _ = self.live.send(Arc::new(Live { numbers: None, event: Arc::new(event) }));
    }

    /// Every event from now on.
    pub(super) fn listen(&self) -> Listener {
        Listener(self.live.subscribe())
    }

    /// Learns how to tell the way to a contact.
    pub(super) fn knows_standing(
        &self,
        standing: impl Fn(&Address) -> Option<Standing> + Send + Sync + 'static,
    ) {
        // Nobody sets it twice.
        let _ = self.standing.set(Box::new(standing));
    }

    /// Learns how to tell the way to a server.
    pub(super) fn knows_servers(
        &self,
        standing: impl Fn(&Address) -> Option<ServerStanding> + Send + Sync + 'static,
    ) {
        let _ = self.server_standing.set(Box::new(standing));
    }

    fn server_standing(&self, server: &Address) -> ServerStanding {
        self.server_standing.get().and_then(|standing| standing(server)).unwrap_or_default()
    }

    fn standing(&self, contact: &Address) -> Option<Standing> {
        self.standing.get().and_then(|standing| standing(contact))
    }

    /// The next row that says that this is gone is told with this event. Called before that row is told.
    pub(super) fn farewell(&self, leaving: Leaving, event: Event) {
        self.farewells.lock().unwrap_or_else(PoisonError::into_inner).insert(leaving, event);
    }

    fn take_farewell(&self, leaving: Leaving) -> Option<Event> {
        self.farewells.lock().unwrap_or_else(PoisonError::into_inner).remove(&leaving)
    }
}

/// Hears every event from the moment on at which it was made. One that lags behind loses some, and hears how many:
/// a [`Follower`] does not.
pub struct Listener(broadcast::Receiver<Arc<Live>>);

impl Listener {
    /// The next event.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] where some were lost, [`RecvError::Closed`] after the engine's end.
    pub async fn recv(&mut self) -> Result<Arc<Event>, RecvError> {
        Ok(self.0.recv().await?.event.clone())
    }

    /// The next event, if there is one already.
    ///
    /// # Errors
    /// As [`Self::recv`], and [`TryRecvError::Empty`].
    pub fn try_recv(&mut self) -> Result<Arc<Event>, TryRecvError> {
        Ok(self.0.try_recv()?.event.clone())
    }
}
