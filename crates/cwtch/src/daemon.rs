//! `cwtch daemon`: keeps a profile online and serves its socket.

use std::sync::Arc;

use cwtch_client::api::{Command, Event, Reply};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Mode};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::fault::Fault;
use crate::output::{News, capital, human, note, print};
use crate::rpc::client::Client;
use crate::rpc::server::Server;
use crate::rpc::socket::Socket;
use crate::session::choose;
use crate::settings::Settings;

/// Runs until SIGTERM, SIGINT or a client's `shutdown`.
///
/// # Errors
/// If the profile cannot be opened (a daemon runs already, wrong password), or the profile cannot listen.
pub(crate) async fn run(settings: &Settings) -> Result<(), Fault> {
    let signal = |kind| {
        signal(kind).map_err(|e| Fault::internal(format!("The program cannot listen for signals: {e}.")))
    };
    // Before anything that a signal should end cleanly.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let chosen = choose(settings)?;
    if Client::connect(&chosen.path).await?.is_some() {
        let why = "A daemon runs for this profile already: use it, or stop it first.";
        return Err(Fault::new("locked", why));
    }
    let profile = chosen.open(&chosen.password(&settings.password)?).await?;
    let network = chosen.network(settings).await?;
    let network_name = settings.network.clone().unwrap_or_default().full_name();

    let address = profile.address().to_string();
    // The profile's lock is ours from here on, so whatever socket is there belongs to nobody.
    let socket = Socket::bind(&chosen.path)?;
    let engine = engine::start(profile, network, EngineOptions::new(Mode::Daemon)).await?;
    // Before the network is looked at, so that no change is missed.
    let events = engine.subscribe();
    if settings.json {
        let ready = json!({"event": "ready", "address": address, "socket": socket.path()});
        print(&format!("{ready}\n"))?;
    }
    let news = match settings.json.then(News::new).transpose() {
        Ok(news) => news,
        Err(e) => return Err(Fault::internal(format!("The program cannot start its threads: {e}."))),
    };
    let mut server = Server::new(engine.clone(), &chosen.label, &address, &network_name);
    let outcome = tokio::select! {
        () = server.serve(&socket) => Ok(()),
        told = tell(&engine, events, news.as_ref()) => told,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    // No new commands; then what runs is finished and answered, and the profile's lock is released last.
    drop(socket);
    server.close();
    engine.shutdown().await;
    server.finish().await;
    if !settings.json {
        note("Stopped.");
    }
    outcome
}

/// Says how reachable the profile is, whenever that changes: progress and trouble on standard error, being online on
/// standard output. Programs hear the engine's own events on standard output.
async fn tell(
    engine: &EngineHandle,
    mut events: broadcast::Receiver<Arc<Event>>,
    news: Option<&News>,
) -> Result<(), Fault> {
    // Where it stood before the first event.
    let status = match engine.call(Command::Status).await {
        Ok(Reply::Status(status)) => status,
        _ => return std::future::pending().await,
    };
    let mut online = status.online;
    let mut told = None;
    if online {
        say(&Event::Online { address: status.address.clone() }, news, &mut told)?;
    } else {
        say(&Event::Network(status.network_readiness), news, &mut told)?;
    }
    loop {
        match events.recv().await {
            Ok(event) => match &*event {
                Event::Online { .. } if std::mem::replace(&mut online, true) => {}
                Event::Offline { .. } => {
                    online = false;
                    say(&event, news, &mut told)?;
                }
                event => say(event, news, &mut told)?,
            },
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// One event, unless people were told just that.
fn say(event: &Event, news: Option<&News>, told: &mut Option<String>) -> Result<(), Fault> {
    if !matches!(
        event,
        Event::Network(_) | Event::Reachability(_) | Event::Online { .. } | Event::Offline { .. }
    ) {
        return Ok(());
    }
    if let Some(news) = news {
        let line = serde_json::to_string(event)
            .map_err(|e| Fault::internal(format!("An event cannot be written as JSON: {e}.")))?;
        news.tell(&line);
        return Ok(());
    }
    let line = match event {
        Event::Online { address } => return print(&format!("Online as {address}. Stop with Ctrl-C.\n")),
        Event::Offline { detail, .. } => detail.clone(),
        // Said by being online.
        Event::Network(now) | Event::Reachability(now) if now.ready => return Ok(()),
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
