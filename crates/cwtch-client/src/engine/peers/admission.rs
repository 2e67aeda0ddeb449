//! Admission of an authenticated peer: what it may do.

use std::sync::Arc;

use cwtch_net::SecureConnection;

use super::aside::{self, Settled};
use super::connection;
use super::registry::Admitted;
use super::shared::PeerShared;
use crate::api::Event;
use crate::engine::dial::Target;
use crate::engine::info::person_info;
use crate::profile::{ContactState, NotedPeer, StorageError};

/// Takes in a connection whose peer is known by now, or closes it. `dialled`: this side opened it.
pub(super) async fn admit(shared: &Arc<PeerShared>, mut connection: SecureConnection, dialled: bool) {
    let context = &shared.context;
    let peer = *connection.peer();
    let allowed = || context.dialing.attention().allows(Target::Contact(peer));
    // The profile began to hide during the handshake: to this peer, it is away.
    if !allowed() {
        return;
    }
    let now = context.now();
    let noted = context.store.run(move |profile| profile.note_peer(&peer, now)).await;
    let noted = match noted {
        Ok(noted) => noted,
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "a peer was turned away: its state cannot be read");
            return;
        }
    };
    let state = match noted {
        NotedPeer::Known(state) => state,
        NotedPeer::New => ContactState::Unknown,
        NotedPeer::Unwanted => return,
    };
    let accepted = state == ContactState::Accepted;
    if state == ContactState::Blocked || (dialled && !accepted) {
        return;
    }
    let mut first = None;
    let (handle, came_online) = loop {
        match shared.registry.admit(&context.address, &peer, dialled, accepted) {
            Admitted::In(handle, came_online) => break (handle, came_online),
            Admitted::No => return,
            Admitted::Spare(other) => return other.until_used().await,
            Admitted::Aside(doubt) => match aside::settle(&doubt, &mut connection).await {
                Settled::TakeNew(payload) => first = payload,
                Settled::KeepOld => return,
            },
        }
    };
    if came_online {
        let teller = context.clone();
        let told = context.store.run(move |profile| {
            // Here, so that news of a contact keep their order.
            let who = person_info(profile, &peer)?;
            teller.emit(Event::ContactOnline { address: peer.to_string(), who });
            Ok::<_, StorageError>(())
        });
        if let Err(error) = told.await {
            tracing::warn!(kind = ?error.kind(), "it could not be told that a contact is here");
        }
    }
    // A person may have accepted or blocked the peer before this connection was in the registry, where the
    // command would have found it.
    let again = context.store.run(move |profile| profile.contact_state(&peer)).await;
    if !matches!(again, Ok(Some(now)) if now == state) || !allowed() {
        handle.close.cancel();
    }
    tracing::debug!(dialled, accepted, "a peer connected");
    // Not `Context::spawn`: at shutdown the task still writes out what is queued.
    context.tasks.spawn(connection::run(shared.clone(), connection, handle, first));
}
