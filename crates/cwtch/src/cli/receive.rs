//! `cwtch receive`: online for a while, without a daemon.

use std::time::Duration;

use tokio::time::sleep;

use super::events;
use crate::command_error::CommandError;
use crate::daemon::{self, Manner};
use crate::rpc::client::Client;
use crate::session::choose;
use crate::settings::Settings;

/// Listens, connects and receives, and prints what happens. Where a daemon does that already, only the last.
///
/// # Errors
/// As [`daemon::run`].
pub(crate) async fn run(settings: &Settings, time: Option<Duration>) -> Result<(), CommandError> {
    let Some(client) = Client::connect(&choose(settings)?.path).await? else {
        return daemon::run(settings, Manner::Receiving(time), &[], false).await;
    };
    tokio::select! {
        ended = events::listen(settings, client, None) => ended,
        () = over(time) => Ok(()),
    }
}

/// Returns when the time is over.
pub(crate) async fn over(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}
