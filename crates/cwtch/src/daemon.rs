//! `cwtch daemon`: keeps a profile online and serves its socket.

use cwtch_client::engine::{self, EngineOptions, Mode};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::fault::Fault;
use crate::output::{note, print};
use crate::rpc::client::Client;
use crate::rpc::server::serve;
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
    let ready = if settings.json {
        json!({"event": "ready", "address": address, "socket": socket.path()}).to_string()
    } else {
        format!("Online as {address}. Stop with Ctrl-C.")
    };
    print(&format!("{ready}\n"))?;

    tokio::select! {
        () = serve(&socket, engine.clone(), &chosen.label, &address, &network_name) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // No new commands; then what runs is finished, and the profile's lock is released last.
    drop(socket);
    engine.shutdown().await;
    if !settings.json {
        note("Stopped.");
    }
    Ok(())
}
