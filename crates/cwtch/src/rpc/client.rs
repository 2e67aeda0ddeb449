//! A command's side of the daemon's socket.

use std::path::Path;
use std::time::Duration;

use cwtch_api::rpc::{BUSY, Caller, INTERFACE, Incoming, REPLY_MAX};
use cwtch_api::{Command, Event, Heard, HostCommand, Reply};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::lines::Lines;
use super::socket;
use crate::command_error::CommandError;
use crate::words::word;

/// Time that a daemon may take for its first answer; one that just starts answers when it is online.
const GREETING: Duration = Duration::from_secs(60);

/// A connection with a daemon.
pub(crate) struct Client {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    caller: Caller,
    subscribed: bool,
    /// The network on which the daemon is.
    network: Option<String>,
}

/// The parts of a connection: each line that is read is for [`Caller::hear`].
pub(crate) struct Parts {
    pub(crate) lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    pub(crate) caller: Caller,
}

impl Parts {
    /// Writes a line.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub(crate) async fn write(&mut self, line: &str) -> Result<(), ()> {
        for part in [line.as_bytes(), b"\n"] {
            self.writer.write_all(part).await.map_err(drop)?;
        }
        Ok(())
    }
}

impl Client {
    /// Connects to the daemon that listens in a directory: a profile's, of which it then speaks, or the daemon's own;
    /// `None` if none does.
    ///
    /// # Errors
    /// If there is one that cannot be used, or that speaks another version of the interface.
    pub(crate) async fn connect(dir: &Path) -> Result<Option<Self>, CommandError> {
        let Some(stream) = socket::connect(dir).await? else { return Ok(None) };
        let (reader, writer) = stream.into_split();
        let lines = Lines::new(reader, REPLY_MAX);
        let mut client = Self { lines, writer, caller: Caller::default(), subscribed: false, network: None };
        let version = timeout(GREETING, client.plain("version"))
            .await
            .map_err(|_| CommandError::new("closed", word("cli-daemon-silent")))??;
        if version.get("interface").and_then(Value::as_u64) != Some(INTERFACE) {
            return Err(CommandError::new("refused", word("cli-daemon-other-version")));
        }
        client.network = version.get("network").and_then(Value::as_str).map(str::to_owned);
        Ok(Some(client))
    }

    /// The parts of the connection, for a caller that waits for several answers at once.
    pub(crate) fn into_parts(self) -> Parts {
        Parts { lines: self.lines, writer: self.writer, caller: self.caller }
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
    ) -> Result<Reply, CommandError> {
        let line = self.caller.command(command)?;
        let result = self.exchange(line, |heard| on_event(heard.told.event)).await?;
        Ok(Caller::reply(command, result)?)
    }

    /// Asks for something that is done with a profile as a whole.
    ///
    /// # Errors
    /// The daemon's refusal, or that it is gone.
    pub(crate) async fn host(&mut self, command: &HostCommand) -> Result<Value, CommandError> {
        let line = self.caller.host(command)?;
        self.exchange(line, |_| {}).await
    }

    /// Subscribes to events: from now on [`Self::call`] and [`Self::next_event`] hear them.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub(crate) async fn subscribe(&mut self) -> Result<(), CommandError> {
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
        on_event: impl FnMut(Heard),
    ) -> Result<(), CommandError> {
        let line = self.caller.subscribe(after);
        self.exchange(line, on_event).await?;
        self.subscribed = true;
        Ok(())
    }

    /// Subscribes as [`Self::subscribe`] does, for callers that can do without: where too many listen already nothing
    /// is heard.
    ///
    /// # Errors
    /// If the daemon is gone.
    pub(crate) async fn subscribe_if_there_is_room(&mut self) -> Result<(), CommandError> {
        match self.subscribe().await {
            Err(error) if error.kind == BUSY => Ok(()),
            outcome => outcome,
        }
    }

    /// The next event; `None` when the daemon has stopped.
    ///
    /// # Errors
    /// If the daemon writes something that is not understood.
    pub(crate) async fn next_event(&mut self) -> Result<Option<Heard>, CommandError> {
        loop {
            let Ok(Some(line)) = self.lines.next().await else { return Ok(None) };
            match self.caller.take(&line)? {
                Incoming::Event(heard) => return Ok(Some(*heard)),
                Incoming::Refused(why) => return Err(why.into()),
                Incoming::Answer(_) | Incoming::Other => {}
            }
        }
    }

    /// Has the daemon stop, and returns when it has closed the connection.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn shut_down(mut self) -> Result<(), CommandError> {
        self.plain("shutdown").await?;
        while let Ok(Some(_)) = self.lines.next().await {}
        Ok(())
    }

    async fn plain(&mut self, method: &str) -> Result<Value, CommandError> {
        let line = self.caller.plain(method);
        self.exchange(line, |_| {}).await
    }

    async fn exchange(
        &mut self,
        line: impl AsRef<[u8]>,
        mut on_event: impl FnMut(Heard),
    ) -> Result<Value, CommandError> {
        // In two parts, as it may hold a password that should not be copied.
        for part in [line.as_ref(), b"\n"] {
            self.writer.write_all(part).await.map_err(|_| gone())?;
        }
        loop {
            let line = self.lines.next().await.map_err(|_| gone())?.ok_or_else(gone)?;
            match self.caller.take(&line)? {
                Incoming::Answer(outcome) => return Ok(outcome?),
                Incoming::Event(heard) => on_event(*heard),
                Incoming::Refused(why) => return Err(why.into()),
                Incoming::Other => {}
            }
        }
    }
}

fn gone() -> CommandError {
    CommandError::new("closed", word("cli-daemon-gone"))
}
