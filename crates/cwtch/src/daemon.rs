//! `cwtch daemon`: keeps a profile online and serves its socket.

pub(crate) mod detach;

use std::time::Duration;

use cwtch_api::{Command, Event, Presence, Reply};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Listener, Mode};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

use crate::cli::events;
use crate::cli::receive::over;
use crate::fault::Fault;
use crate::output::{News, capital, human, note, presence, print};
use crate::prompt::terminal;
use crate::rpc::client::Client;
use crate::rpc::server::Server;
use crate::rpc::socket::Socket;
use crate::session::{Chosen, choose};
use crate::settings::{PasswordSource, Settings};
use crate::text;

/// Manner in which the daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// In front of somebody, or of a program.
    Attended,
    /// Started by `daemon --detach`: nobody reads what it prints after the first line.
    Detached,
    /// As `receive`: prints what happens, and ends after this time.
    Receiving(Option<Duration>),
}

/// Runs as [`run`] after it has left whoever started it, who hears whether it is ready.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_detached(settings: &Settings, appear_offline: bool) -> Result<(), Fault> {
    detach::leave();
    let settings = Settings { password: PasswordSource::Handed, ..settings.clone() };
    let outcome = run(&settings, Manner::Detached, appear_offline).await;
    if let Err(fault) = &outcome {
        detach::tell(fault);
    }
    outcome
}

/// Runs until SIGTERM, SIGINT, SIGHUP or a client's `shutdown`; with `appear_offline`, it appears offline from the start,
/// for once.
///
/// # Errors
/// If the profile cannot be opened (a daemon runs already, wrong password), if it cannot listen, or if the database's
/// thread ends.
pub(crate) async fn run(settings: &Settings, manner: Manner, appear_offline: bool) -> Result<(), Fault> {
    let signal = |kind| {
        signal(kind).map_err(|e| Fault::internal(format!("The program cannot listen for signals: {e}.")))
    };
    // Before anything that a signal should end cleanly.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    terminal::ends_by_itself();

    let chosen = choose(settings)?;
    if Client::connect(&chosen.path).await?.is_some() {
        return Err(Fault::new("locked", text::DAEMON_RUNS));
    }
    let profile = chosen.open(&chosen.password(&settings.password)?).await?;
    let network = chosen.network(settings).await?;
    let network_name = settings.network.clone().unwrap_or_default().full_name();

    let address = profile.address().to_string();
    // The profile's lock is ours from here on, so whatever socket is there belongs to nobody.
    let socket = Socket::bind(&chosen.path)?;
    let mut options = EngineOptions::new(Mode::Daemon);
    options.appear_offline = appear_offline;
    let engine = engine::start(profile, network, options).await?;
    // Before the network is looked at, so that no change is missed.
    let events = engine.subscribe();
    let ready = json!({"event": "ready", "address": address, "socket": socket.path()});
    let mut voice = match manner {
        Manner::Attended if settings.json => {
            print(&format!("{ready}\n"))?;
            let news = News::new();
            Voice::Programs(
                news.map_err(|e| Fault::internal(format!("The program cannot start its threads: {e}.")))?,
            )
        }
        Manner::Attended => Voice::People(None),
        Manner::Detached => {
            print(&format!("{ready}\n"))?;
            Voice::Log(None)
        }
        Manner::Receiving(_) => Voice::Silent { json: settings.json },
    };
    let mut server = Server::new(engine.clone(), &chosen.label, &address, &network_name);
    let outcome = tokio::select! {
        () = server.serve(&socket) => Ok(()),
        told = tell(&engine, events, &mut voice) => told,
        ended = receive(settings, &chosen, manner) => ended,
        () = engine.broke() => Err(Fault::internal(text::DATABASE_ENDED)),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    };
    // No new commands; then what runs is finished and answered, and the profile's lock is released last.
    drop(socket);
    server.close();
    engine.shutdown().await;
    server.finish().await;
    if matches!(voice, Voice::People(_) | Voice::Log(_)) {
        note("Stopped.");
    }
    outcome
}

/// Prints what happens as `events` does, as a client of this very daemon, until the time is over or nobody reads it.
async fn receive(settings: &Settings, chosen: &Chosen, manner: Manner) -> Result<(), Fault> {
    let Manner::Receiving(time) = manner else { return std::future::pending().await };
    let listen = async {
        match Client::connect(&chosen.path).await? {
            Some(client) => events::listen(settings, client, None).await,
            None => Err(Fault::internal("The socket of this program does not answer.")),
        }
    };
    tokio::select! {
        ended = listen => ended,
        () = over(time) => Ok(()),
    }
}

/// Listener that hears how reachable the profile is.
enum Voice {
    /// People, who are not told the same twice in a row.
    People(Option<String>),
    /// A log, which names no address.
    Log(Option<String>),
    /// Programs.
    Programs(News),
    /// Nobody, but for what keeps everything from happening.
    Silent { json: bool },
}

/// Says how reachable the profile is, whenever that changes: progress and trouble on standard error, being online on
/// standard output. Programs hear the engine's own events on standard output.
async fn tell(engine: &EngineHandle, mut events: Listener, voice: &mut Voice) -> Result<(), Fault> {
    // Where it stood before the first event.
    let status = match engine.call(Command::Status).await {
        Ok(Reply::Status(status)) => status,
        _ => return std::future::pending().await,
    };
    let mut online = status.online;
    if status.presence.presence == Presence::AppearOffline {
        say(&Event::Presence(status.presence), voice)?;
    } else if online {
        say(&Event::Online { address: status.address.clone() }, voice)?;
    } else {
        say(&Event::Network(status.network_readiness), voice)?;
    }
    loop {
        match events.recv().await {
            Ok(event) => match &*event {
                Event::Online { .. } if std::mem::replace(&mut online, true) => {}
                Event::Offline { .. } => {
                    online = false;
                    say(&event, voice)?;
                }
                event => say(event, voice)?,
            },
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// One event, unless people were told just that.
fn say(event: &Event, voice: &mut Voice) -> Result<(), Fault> {
    if !matches!(
        event,
        Event::Network(_)
            | Event::Reachability(_)
            | Event::Online { .. }
            | Event::Offline { .. }
            | Event::Presence(_)
    ) {
        return Ok(());
    }
    let (told, in_a_log) = match voice {
        Voice::Silent { json: true } => return Ok(()),
        Voice::Silent { json: false } => {
            if matches!(event, Event::Presence(now) if now.presence == Presence::AppearOffline) {
                note(presence::HIDDEN);
            }
            return Ok(());
        }
        Voice::Programs(news) => {
            let line = serde_json::to_string(event)
                .map_err(|e| Fault::internal(format!("An event cannot be written as JSON: {e}.")))?;
            news.tell(&line);
            return Ok(());
        }
        Voice::People(told) => (told, false),
        Voice::Log(told) => (told, true),
    };
    let line = match event {
        Event::Online { address } if !in_a_log => {
            return print(&format!("Online as {address}. Stop with Ctrl-C.\n"));
        }
        Event::Online { .. } => "Online.".to_owned(),
        Event::Offline { detail, .. } => detail.clone(),
        // Said by being online.
        Event::Network(now) | Event::Reachability(now) if now.ready => return Ok(()),
        Event::Presence(now) if now.presence == Presence::AppearOffline => presence::HIDDEN.to_owned(),
        Event::Presence(_) => return Ok(()),
        Event::Network(now) => human::readiness(now),
        Event::Reachability(now) => human::readiness(now),
        _ => return Ok(()),
    };
    let line = capital(&line);
    if told.as_ref() != Some(&line) {
        note(&line);
        *told = Some(line);
    }
    Ok(())
}
