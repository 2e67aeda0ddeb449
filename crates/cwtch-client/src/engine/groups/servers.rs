//! Servers: what a person adds and sees (§1.7).

use cwtch_primitives::Address;
use cwtch_wire::bundle::{KeyBundle, SERVER_PREFIX};

use super::links::Links;
use super::{Groups, described, limits, problems};
use crate::api::{ApiError, Event, Limited, ServerInfo};
use crate::engine::feed::Leaving;
use crate::profile::{NewServer, Profile, Server, StorageError};

impl Groups {
    /// Adds a server by its `server:…` string. The first bundle that is seen for an address counts: the same
    /// again changes nothing, one with another key is refused.
    ///
    /// # Errors
    /// `Usage` for a string that is malformed or whose signature is wrong; `Refused` for a changed key.
    pub(crate) async fn server_add(&self, server: &str) -> Result<ServerInfo, ApiError> {
        let bundle = KeyBundle::parse_server_string(server).map_err(|e| problems::bad_server(&e))?;
        let now = self.context().now();
        let server = self.context().store.run(move |profile| add(profile, &bundle, now)).await?;
        server_info(&self.links, &server).await
    }

    /// Forgets a server that carries no group.
    ///
    /// # Errors
    /// `Usage` for what is no address, `NotFound` for an unknown server, `Refused` for one that carries groups or has
    /// evidence against it.
    pub(crate) async fn server_remove(&self, server: &str) -> Result<(), ApiError> {
        let board = Address::parse_pasted(server).map_err(|error| problems::no_server(&error))?;
        let feed = self.context().feed.clone();
        let remove = move |profile: &mut Profile| {
            let number = profile.server_number(&board)?;
            profile.remove_server(&board)?;
            // Behind this job the change is told, and nobody knows the address any more.
            let gone = Event::ServerRemoved { address: Some(board.to_string()) };
            feed.farewell(Leaving::Server(number), gone);
            Ok::<_, StorageError>(())
        };
        self.context().store.run(remove).await?;
        self.context().store.sweep().await
    }

    /// All servers, in the order in which they were added.
    ///
    /// # Errors
    /// Trouble with the database.
    pub(crate) async fn server_list(&self) -> Result<Vec<ServerInfo>, ApiError> {
        let servers = self.context().store.read(|profile| profile.servers()).await?;
        let mut infos = Vec::with_capacity(servers.len());
        for server in &servers {
            infos.push(server_info(&self.links, server).await?);
        }
        Ok(infos)
    }
}

/// A server as user interfaces see it.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn server_info(links: &Links, server: &Server) -> Result<ServerInfo, ApiError> {
    let (server, standing) = (server.clone(), links.standing(&server.board));
    let read = move |profile: &Profile| described::server_info(profile, &server, standing);
    links.shared.context.store.read(read).await
}

/// Keeps a server as its verified bundle describes it.
pub(super) fn add(profile: &mut Profile, bundle: &KeyBundle, now: i64) -> Result<Server, ApiError> {
    if profile.server(bundle.board())?.is_none() && profile.servers()?.len() >= limits::SERVERS {
        return Err(problems::too_many(Limited::Servers, limits::SERVERS));
    }
    let new = NewServer {
        board: *bundle.board(),
        token_service: *bundle.token_service(),
        issuer: *bundle.issuer(),
        bundle: bundle.to_json().into_bytes(),
    };
    Ok(profile.add_server(&new, now)?.into_inner())
}

/// The server that a person names: by its address, or by a `server:…` string, which is then added.
pub(super) fn named(profile: &mut Profile, text: &str, now: i64) -> Result<Server, ApiError> {
    if text.trim().starts_with(SERVER_PREFIX) {
        let bundle = KeyBundle::parse_server_string(text).map_err(|e| problems::bad_server(&e))?;
        return add(profile, &bundle, now);
    }
    match Address::parse_pasted(text) {
        Ok(board) => profile.server(&board)?.ok_or_else(problems::unknown_server),
        Err(error) => Err(problems::no_server(&error)),
    }
}

/// The bundle of a known server, verified once more: it has been on a disk.
pub(super) fn bundle_of(profile: &Profile, board: &Address) -> Result<KeyBundle, ApiError> {
    let server = profile.server(board)?.ok_or(StorageError::UnknownServer)?;
    KeyBundle::from_json(&server.bundle).map_err(|_| StorageError::Damaged.into())
}
