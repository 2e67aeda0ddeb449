//! Passwords of the profiles that a daemon is to open.

use crate::command_error::CommandError;
use crate::host_dir::HostDir;
use crate::prompt::Typed;
use crate::rpc::client::Client;
use crate::session::Chosen;
use crate::settings::{PasswordSource, Settings};
use crate::words::word;

/// The passwords of profiles, asked for one after another. Nobody types one for a daemon that cannot start.
///
/// # Errors
/// If a daemon runs already, or a password cannot be had.
pub(super) async fn passwords(settings: &Settings, chosen: &[Chosen]) -> Result<Vec<Typed>, CommandError> {
    for one in chosen {
        if Client::connect(&one.path).await?.is_some() {
            return Err(CommandError::new("locked", word("cli-daemon-runs")));
        }
    }
    if HostDir::of(&settings.data).connect().await?.is_some() {
        return Err(CommandError::new("locked", word("cli-daemon-of-others-runs")));
    }
    if chosen.len() > 1 && matches!(settings.password, PasswordSource::File(_)) {
        return Err(CommandError::usage(word("cli-password-one-file")));
    }
    chosen.iter().map(|one| one.typed(&settings.password)).collect()
}
