//! `cwtch daemon`: keeps profiles online and serves their sockets.

pub(crate) mod accounts;
pub(crate) mod detach;
pub(crate) mod door;
mod passwords;
mod voice;

use std::sync::Arc;
use std::time::Duration;

use cwtch_client::profile::{Password, Profile};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use self::accounts::{Accounts, Change};
use self::door::Door;
use self::passwords::passwords;
use self::voice::{To, Voice};
use crate::cli::events;
use crate::cli::receive::over;
use crate::command_error::CommandError;
use crate::host_dir::HostDir;
use crate::output::{News, note};
use crate::prompt::{Typed, terminal};
use crate::rpc::client::Client;
use crate::rpc::server::Server;
use crate::rpc::socket::Socket;
use crate::session::{Chosen, choose_all};
use crate::settings::Settings;
use crate::words::{say, word};

/// Manner in which the daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// In front of somebody, or of a program.
    Attended,
    /// Started by `daemon --detach`: nobody reads what it prints after the first lines.
    Detached,
    /// As `receive`: prints what happens, and ends after this time.
    Receiving(Option<Duration>),
}

/// Runs as [`run`] after it has left whoever started it, who hears whether it is ready.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_detached(
    settings: &Settings,
    labels: &[String],
    appear_offline: bool,
) -> Result<(), CommandError> {
    detach::leave();
    let outcome = async {
        let handed = detach::handed()?;
        let chosen = choose_all(settings, labels)?;
        serve(settings, Manner::Detached, chosen, Some(handed), appear_offline).await
    };
    let outcome = outcome.await;
    if let Err(error) = &outcome {
        detach::tell(error);
    }
    outcome
}

/// Runs until SIGTERM, SIGINT, SIGHUP or a client's `shutdown`; with `appear_offline`, profiles appear offline from the start,
/// for once.
///
/// # Errors
/// If no profile can be opened (a daemon runs already, wrong password), if it cannot listen, or if the last database's
/// thread ends.
pub(crate) async fn run(
    settings: &Settings,
    manner: Manner,
    labels: &[String],
    appear_offline: bool,
) -> Result<(), CommandError> {
    serve(settings, manner, choose_all(settings, labels)?, None, appear_offline).await
}

async fn serve(
    settings: &Settings,
    manner: Manner,
    chosen: Vec<Chosen>,
    handed: Option<Vec<Typed>>,
    appear_offline: bool,
) -> Result<(), CommandError> {
    let signal = |kind| {
        signal(kind).map_err(|e| {
            CommandError::internal(say("cli-program-no-signals", [("detail", e.to_string().into())]))
        })
    };
    // Before anything that a signal should end cleanly.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    terminal::ends_by_itself();

    let passwords = match handed {
        Some(handed) => handed,
        None => passwords(settings, &chosen).await?,
    };
    let (opened, failed) = open_all(&chosen, passwords).await?;
    let first = opened.first().map_or(settings.data.as_path(), |(_, profile)| profile.path()).to_owned();
    let held = HostDir::of(&settings.data).take(settings).await?;
    let network = held.network(settings, &first).await?;
    let network_name = settings.network_used().full_name();

    let (arrivals, mut coming) = mpsc::channel(1);
    let (changes, mut changed) = mpsc::unbounded_channel();
    let (mut voice, mut words) = Voice::new(match manner {
        Manner::Attended if settings.json => {
            let news = News::new();
            To::Programs(news.map_err(|e| {
                CommandError::internal(say("cli-program-no-threads", [("detail", e.to_string().into())]))
            })?)
        }
        Manner::Attended => To::People,
        Manner::Detached => To::Log,
        Manner::Receiving(_) => To::Silent { json: settings.json },
    });
    let Some(data) = chosen.first().map(|one| one.dir.clone()) else {
        return Err(CommandError::internal(word("cli-daemon-for-nobody")));
    };
    let accounts = Arc::new(Accounts::new(network, data, arrivals.clone(), changes, appear_offline));
    let door = Door::open(Socket::bind(held.path())?, None, arrivals);
    let mut server = Server::new(accounts.clone(), &network_name);
    let started = async {
        for (label, error) in &failed {
            voice.not_opened(label, error)?;
        }
        admit_all(&accounts, opened, &voice).await
    };
    let outcome = match started.await {
        Err(error) => Err(error),
        Ok(()) => {
            let mut serving = std::pin::pin!(server.serve(&mut coming));
            let mut receiving = std::pin::pin!(receive(settings, &chosen, manner));
            loop {
                tokio::select! {
                    () = &mut serving => break Ok(()),
                    ended = &mut receiving => break ended,
                    Some(change) = changed.recv() => {
                        if let Err(error) = noticed(change, &accounts, &mut voice).await {
                            break Err(error);
                        }
                    }
                    Some(word) = words.recv() => {
                        if let Err(error) = voice.say(word) {
                            break Err(error);
                        }
                    }
                    _ = terminate.recv() => break Ok(()),
                    _ = interrupt.recv() => break Ok(()),
                    _ = hangup.recv() => break Ok(()),
                }
            }
        }
    };
    // No new commands; then what runs is finished and answered, and the locks are released last.
    drop(door);
    accounts.close_doors();
    server.close();
    accounts.shutdown().await;
    server.finish().await;
    drop(held);
    if outcome.is_ok() && voice.is_noted() {
        note(&word("cli-daemon-is-stopped"));
    }
    outcome
}

/// Profiles by label: those that are open now, and those that are not, each with the reason.
type Sorted = (Vec<(String, Profile)>, Vec<(String, CommandError)>);

/// Opens profiles. One that cannot be opened keeps the others from nothing.
///
/// # Errors
/// Of the first one, if none can be opened.
async fn open_all(chosen: &[Chosen], passwords: Vec<Typed>) -> Result<Sorted, CommandError> {
    let (mut opened, mut failed) = (Vec::new(), Vec::new());
    for (one, password) in chosen.iter().zip(passwords) {
        match one.open(&password.map_or(Password::None, Password::Some)).await {
            Ok(profile) => opened.push((one.label.clone(), profile)),
            Err(error) => failed.push((one.label.clone(), error)),
        }
    }
    match (opened.as_slice(), failed.is_empty()) {
        ([], false) => Err(failed.swap_remove(0).1),
        _ => Ok((opened, failed)),
    }
}

/// Starts the engines of profiles; as [`open_all`] for those that cannot be started.
async fn admit_all(
    accounts: &Accounts,
    opened: Vec<(String, Profile)>,
    voice: &Voice,
) -> Result<(), CommandError> {
    let mut first = None;
    for (label, profile) in opened {
        if let Err(error) = accounts.admit(&label, profile).await {
            let error = CommandError::from(error);
            voice.not_opened(&label, &error)?;
            first.get_or_insert(error);
        }
    }
    match first {
        Some(error) if accounts.is_empty() => Err(error),
        _ => Ok(()),
    }
}

/// Takes note of what happened to a profile.
///
/// # Errors
/// If the last one has failed, or standard output cannot be written.
async fn noticed(change: Change, accounts: &Accounts, voice: &mut Voice) -> Result<(), CommandError> {
    match change {
        Change::Opened(account, events, path) => voice.opened(&account, events, &path),
        Change::Closed(label) => {
            voice.closed(&label, false);
            Ok(())
        }
        Change::Broke(label) => {
            voice.closed(&label, true);
            // It may have been closed by somebody meanwhile.
            let _ = accounts.close(&label).await;
            if accounts.is_empty() {
                Err(CommandError::internal(word("cli-daemon-database-ended")))
            } else {
                Ok(())
            }
        }
    }
}

/// Prints what happens as `events` does, as a client of this very daemon, until the time is over or nobody reads it.
async fn receive(settings: &Settings, chosen: &[Chosen], manner: Manner) -> Result<(), CommandError> {
    let (Manner::Receiving(time), Some(one)) = (manner, chosen.first()) else {
        return std::future::pending().await;
    };
    let listen = async {
        match Client::connect(&one.path).await? {
            Some(client) => events::listen(settings, client, None).await,
            None => Err(CommandError::internal(word("cli-daemon-own-socket"))),
        }
    };
    tokio::select! {
        ended = listen => ended,
        () = over(time) => Ok(()),
    }
}
