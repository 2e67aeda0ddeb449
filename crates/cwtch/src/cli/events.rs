//! `cwtch events`: what happens in the running daemon.

use crate::fault::Fault;
use crate::output::human;
use crate::output::reader::{self, Reader};
use crate::output::{print_json_to_reader, print_to_reader};
use crate::rpc::client::Client;
use crate::session::choose;
use crate::settings::Settings;
use crate::text;

/// Prints events until interrupted, until nobody reads them any more, or until the daemon stops.
///
/// # Errors
/// If no daemon runs, or standard output cannot be written.
pub(crate) async fn run(settings: &Settings) -> Result<(), Fault> {
    let chosen = choose(settings)?;
    let no_daemon = || Fault::new("no-daemon", text::NO_DAEMON);
    let client = Client::connect(&chosen.path).await?.ok_or_else(no_daemon)?;
    listen(settings, client).await
}

/// Prints what a daemon tells, as [`run`].
///
/// # Errors
/// If standard output cannot be written, or the daemon has no place for one more who listens.
pub(crate) async fn listen(settings: &Settings, mut client: Client) -> Result<(), Fault> {
    client.subscribe().await?;
    let mut gone = std::pin::pin!(reader::gone());
    loop {
        let event = tokio::select! {
            event = client.next_event() => event?,
            () = &mut gone => return Ok(()),
        };
        let Some(event) = event else { return Ok(()) };
        if settings.json {
            let line = serde_json::to_string(&event)
                .map_err(|e| Fault::internal(format!("An event cannot be written as JSON: {e}.")))?;
            if print_json_to_reader(&line)? == Reader::Gone {
                return Ok(());
            }
            continue;
        }
        if print_to_reader(&human::event(&event))? == Reader::Gone {
            return Ok(());
        }
    }
}
