//! `cwtch` on a terminal: the app, with what it needs of this program around it.

mod host;
mod link;
#[cfg(test)]
mod places;
pub(crate) mod remembered;

use std::io::IsTerminal as _;

use cwtch_app::{HostTold, Input, ProfileChoice, Start, State, Words};
use cwtch_client::profile::DataDir;
use cwtch_tui::{End, Options, TuiError, plain};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use self::host::ThisHost;
use self::remembered::Remembered;
use crate::args::AppArgs;
use crate::command_error::CommandError;
use crate::rpc::socket;
use crate::settings::Settings;
use crate::words::{say, word};

/// News that may wait for the app.
const TOLD_MAX: usize = 256;

/// Runs the app until the person leaves it.
///
/// # Errors
/// If there is no terminal, or the data directory or the terminal cannot be used.
pub(crate) async fn run(settings: &Settings, args: AppArgs) -> Result<(), CommandError> {
    let drawn_on = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if settings.json || !(args.plain || drawn_on) {
        return Err(CommandError::usage(word("cli-usage-app-without-terminal")));
    }
    let start = start(settings).await?;
    let (tell, mut told) = mpsc::channel::<Input>(TOLD_MAX);
    let mut host = ThisHost::new(settings.clone(), tell);
    let state = State::new(Words::english(), TimeZone::system());
    let ended = match args.plain {
        true => plain::run(state, start, &mut host, &mut told).await,
        false => {
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let options = Options { colour: !no_colour, mouse: !args.no_mouse };
            cwtch_tui::run(state, start, &mut host, &mut told, options).await
        }
    };
    let ended = ended.map_err(|error| match error {
        TuiError::Terminal(e) => {
            CommandError::storage(say("cli-app-terminal", [("detail", e.to_string().into())]))
        }
        other => CommandError::internal(crate::output::sentence(&other.to_string())),
    });
    // What was asked for last takes effect, whatever ended the app.
    host.finish(matches!(ended, Ok(End::Stop))).await;
    ended.map(drop)
}

/// The profiles that there are.
async fn profiles(settings: &Settings) -> Result<Vec<ProfileChoice>, CommandError> {
    let mut profiles = Vec::new();
    if settings.data.is_dir() {
        let dir = DataDir::open_or_create(&settings.data)?;
        for info in dir.list()? {
            let open = matches!(socket::connect(&dir.profile_path(&info.label)?).await, Ok(Some(_)));
            profiles.push(ProfileChoice { label: info.label, password: info.has_password, open });
        }
    }
    Ok(profiles)
}

/// The profiles that there are, and what was chosen before.
async fn start(settings: &Settings) -> Result<Start, CommandError> {
    let profiles = profiles(settings).await?;
    if let Some(named) =
        settings.profile.as_ref().filter(|named| profiles.iter().all(|one| one.label != **named))
    {
        return Err(CommandError::new(
            "not-found",
            say("cli-profile-none-here", [("name", named.as_str().into())]),
        ));
    }
    let remembered = Remembered::read(&settings.data)?;
    let network = settings.is_network_named() || !profiles.is_empty() || remembered.network.is_some();
    Ok(Start {
        profiles,
        chosen: settings.profile.clone(),
        network,
        stay: remembered.stay_reachable,
        streamer: remembered.streamer_mode,
        notify: remembered.notifications,
        now: jiff::Timestamp::now().as_second(),
    })
}

/// A failure as it is told to the app.
fn failed(error: &CommandError) -> Input {
    let password = error.kind == "password";
    Input::Host(HostTold::Failed { sentence: error.message.clone(), password })
}
