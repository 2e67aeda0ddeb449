//! From a command to the part of the engine that does it.

use std::time::Duration;

use super::Inner;
use super::context::Context;
use crate::api::{ApiError, Command, ErrorKind, ExperimentInfo, Reply};

/// How long `send` waits in a daemon where the command names no timeout.
const DAEMON_TIMEOUT: Duration = Duration::from_secs(60);
/// The same without a daemon: somebody sits in front of it.
const ONE_SHOT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest wait that a command may ask for: a day.
const MAX_TIMEOUT: u64 = 86_400;
/// The one experiment there is.
const GROUPS: &str = "groups";

/// Runs one command.
pub(crate) async fn run(inner: &Inner, command: Command) -> Result<Reply, ApiError> {
    if inner.context.shutdown.is_cancelled() {
        return Err(Context::closed());
    }
    if concerns_groups(&command) {
        require_groups(inner)?;
    }
    let Inner { context, peers, groups } = inner;
    match command {
        Command::ServerAdd { server } => Ok(Reply::Server(groups.server_add(&server).await?)),
        Command::ServerList => Ok(Reply::Servers(groups.server_list().await?)),
        Command::GroupNew { name, server } => {
            Ok(Reply::GroupCreated(groups.group_new(&name, &server).await?))
        }
        Command::GroupJoin { invite } => Ok(Reply::Group(groups.group_join(&invite).await?)),
        Command::GroupList => Ok(Reply::Groups(groups.group_list().await?)),
        _ => todo!(),
    }
}

/// Whether the command needs the groups experiment. `send`, `suggest` and `messages` are judged by the
/// conversation that they name.
fn concerns_groups(command: &Command) -> bool {
    matches!(
        command,
        Command::ServerAdd { .. }
            | Command::ServerList
            | Command::GroupNew { .. }
            | Command::GroupInvite { .. }
            | Command::GroupJoin { .. }
            | Command::GroupList
            | Command::GroupLeave { .. }
            | Command::Sync { .. }
            | Command::Rejects
    )
}

/// The one place where the experiment's switch decides.
fn require_groups(inner: &Inner) -> Result<(), ApiError> {
    if inner.groups.enabled() {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorKind::Refused,
        "Groups are an experiment and off. Turn them on with: cwtch experiment enable groups",
    ))
}
