//! A command's side of the daemon's socket.

use std::path::Path;
use std::time::Duration;

use cwtch_api::rpc::{BUSY, Caller, INTERFACE, Incoming, REPLY_MAX};
use cwtch_api::{Command, Event, Reply, Told};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::lines::Lines;
use super::socket;
use crate::fault::Fault;

/// Time that a daemon may take for its first answer; one that just starts answers when it is online.
const GREETING: Duration = Duration::from_secs(60);

/// A connection with a profile's daemon.
pub(crate) struct Client {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    caller: Caller,
    subscribed: bool,
    /// The network on which the daemon is.
    network: Option<String>,
}

impl Client {
    /// Connects; `None` if no daemon runs for the profile of this directory.
    ///
    /// # Errors
    /// If there is one that cannot be used, or that speaks another version of the interface.
    pub(crate) async fn connect(profile_dir: &Path) -> Result<Option<Self>, Fault> {
        let Some(stream) = socket::connect(profile_dir).await? else { return Ok(None) };
        let (reader, writer) = stream.into_split();
        let lines = Lines::new(reader, REPLY_MAX);
        let mut client = Self { lines, writer, caller: Caller::default(), subscribed: false, network: None };
        let version = timeout(GREETING, client.plain("version")).await.map_err(|_| {
            Fault::new("closed", "The daemon of this profile does not answer: stop it and start it again.")
        })??;
        if version.get("interface").and_then(Value::as_u64) != Some(INTERFACE) {
            return Err(Fault::new(
                "refused",
                "The running daemon is of another version of cwtch: stop it and start it again.",
            ));
        }
        client.network = version.get("network").and_then(Value::as_str).map(str::to_owned);
        Ok(Some(client))
    }

    /// The full name of the network on which the daemon is.
    pub(crate) fn network(&self) -> Option<&str> {
        self.network.as_deref()
    }

    /// Asks for a command and waits for the answer; events that arrive meanwhile go to `on_event`.
    ///
    /// # Errors
    /// The daemon's refusal, or that it is gone.
    pub(crate) async fn call(
        &mut self,
        command: &Command,
        mut on_event: impl FnMut(Event),
    ) -> Result<Reply, Fault> {
        let line = self.caller.command(command)?;
        let result = self.exchange(line, |told| on_event(told.event)).await?;
        Ok(Caller::reply(command, result)?)
    }

    /// From now on [`Self::call`] and [`Self::next_event`] hear events.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub(crate) async fn subscribe(&mut self) -> Result<(), Fault> {
        if !self.subscribed {
            self.subscribe_after(None, |_| {}).await?;
        }
        Ok(())
    }

    /// The same after a change with a number. What arrives before the answer goes to `on_event`.
    ///
    /// # Errors
    /// If not all changes after that number are kept, or the daemon is gone.
    pub(crate) async fn subscribe_after(
        &mut self,
        after: Option<i64>,
        on_event: impl FnMut(Told),
    ) -> Result<(), Fault> {
        let line = self.caller.subscribe(after);
        self.exchange(line, on_event).await?;
        self.subscribed = true;
        Ok(())
    }

    /// As [`Self::subscribe`], for who can do without: where too many listen already nothing is heard.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub(crate) async fn subscribe_if_there_is_room(&mut self) -> Result<(), Fault> {
        match self.subscribe().await {
            Err(fault) if fault.kind == BUSY => Ok(()),
            outcome => outcome,
        }
    }

    /// The next event; `None` when the daemon has stopped.
    ///
    /// # Errors
    /// If the daemon writes something that is not understood.
    pub(crate) async fn next_event(&mut self) -> Result<Option<Told>, Fault> {
        loop {
            let Ok(Some(line)) = self.lines.next().await else { return Ok(None) };
            match self.caller.take(&line)? {
                Incoming::Event(told) => return Ok(Some(*told)),
                Incoming::Refused(why) => return Err(why.into()),
                Incoming::Answer(_) | Incoming::Other => {}
            }
        }
    }

    /// Has the daemon stop, and returns when it has closed the connection.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn shut_down(mut self) -> Result<(), Fault> {
        self.plain("shutdown").await?;
        while let Ok(Some(_)) = self.lines.next().await {}
        Ok(())
    }

    async fn plain(&mut self, method: &str) -> Result<Value, Fault> {
        let line = self.caller.plain(method);
        self.exchange(line, |_| {}).await
    }

    async fn exchange(&mut self, mut line: String, mut on_event: impl FnMut(Told)) -> Result<Value, Fault> {
        line.push('\n');
        self.writer.write_all(line.as_bytes()).await.map_err(|_| gone())?;
        loop {
            let line = self.lines.next().await.map_err(|_| gone())?.ok_or_else(gone)?;
            match self.caller.take(&line)? {
                Incoming::Answer(outcome) => return Ok(outcome?),
                Incoming::Event(told) => on_event(*told),
                Incoming::Refused(why) => return Err(why.into()),
                Incoming::Other => {}
            }
        }
    }
}

fn gone() -> Fault {
    Fault::new(
        "closed",
        "The daemon stopped before it answered: start it, and look what it has done before you repeat the command.",
    )
}
