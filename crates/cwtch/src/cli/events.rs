//! `cwtch events`: what happens in the running daemon.

use cwtch_api::{ErrorKind, Event, Heard};
use serde_json::json;

use crate::command_error::CommandError;
use crate::output::human;
use crate::output::reader::{self, Reader};
use crate::output::{print_json_to_reader, print_to_reader};
use crate::rpc::client::Client;
use crate::session::choose;
use crate::settings::Settings;
use crate::words::{say, word};

/// Prints events until interrupted, until nobody reads them any more, or until the profile is closed or the daemon stops: those after a change with
/// a number, or those from now on.
///
/// # Errors
/// If no daemon runs, if changes after that number are not kept any more, or standard output cannot be written.
pub(crate) async fn run(settings: &Settings, after: Option<i64>) -> Result<(), CommandError> {
    let chosen = choose(settings)?;
    let no_daemon = || CommandError::new("no-daemon", word("cli-daemon-none"));
    let client = Client::connect(&chosen.path).await?.ok_or_else(no_daemon)?;
    listen(settings, client, after).await
}

/// Prints what a daemon tells, as [`run`].
///
/// # Errors
/// If standard output cannot be written, or the daemon has no place for one more who listens.
pub(crate) async fn listen(
    settings: &Settings,
    mut client: Client,
    after: Option<i64>,
) -> Result<(), CommandError> {
    let mut early = Vec::new();
    client.subscribe_after(after, |heard| early.push(heard)).await?;
    // Whoever wants to see what happens from now on is not told how everything stands.
    let mut begins = after.is_none() && !settings.json;
    let mut print = |heard: &Heard| {
        let skipped = begins && heard.told.seq.is_none();
        begins &= !matches!(heard.told.event, Event::CaughtUp { .. });
        if skipped { Ok(Reader::There) } else { print_event(settings, heard) }
    };
    for heard in early {
        if print(&heard)? == Reader::Gone {
            return Ok(());
        }
    }
    let mut gone = std::pin::pin!(reader::gone());
    loop {
        let heard = tokio::select! {
            heard = client.next_event() => heard?,
            () = &mut gone => return Ok(()),
        };
        let Some(heard) = heard else { return Ok(()) };
        if let Event::ChangesGone { feed, detail } = heard.told.event {
            let mut error = CommandError::new(ErrorKind::ChangesGone.name(), detail);
            error.data.insert("changes".to_owned(), json!(feed));
            return Err(error);
        }
        let closed = matches!(heard.told.event, Event::ProfileClosed { .. });
        if print(&heard)? == Reader::Gone || closed {
            return Ok(());
        }
    }
}

fn print_event(settings: &Settings, heard: &Heard) -> Result<Reader, CommandError> {
    if !settings.json {
        return print_to_reader(&human::event(&heard.told.event));
    }
    let line = serde_json::to_string(heard)
        .map_err(|e| CommandError::internal(say("cli-json-no-event", [("detail", e.to_string().into())])))?;
    print_json_to_reader(&line)
}
