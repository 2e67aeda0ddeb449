//! The present state of everything that is not stored as a change: told to whoever may have missed how it came about.

use crate::api::{ApiError, ContactPhase, Event, NameKind};
use crate::engine::info::{name_info, readiness_info};
use crate::engine::inner::Inner;
use crate::engine::presence;

/// The network, the presence, the own address, and connections with contacts and servers.
///
/// # Errors
/// Trouble with the database.
pub(super) async fn events(inner: &Inner) -> Result<Vec<Event>, ApiError> {
    let Inner { context, peers, groups, .. } = inner;
    let mut events = vec![Event::Network(readiness_info(&context.network.readiness().borrow()))];
    events.push(Event::Presence(presence::info(context).await?));
    events.extend(peers.reachability().map(Event::Reachability));
    for contact in context.store.read(|profile| profile.contacts()).await? {
        let Some(standing) = peers.standing(&contact.address) else { continue };
        let address = contact.address.to_string();
        if standing.phase == ContactPhase::Authenticated {
            let who = name_info(NameKind::Contact, contact.naming.as_ref(), &address);
            events.push(Event::ContactOnline { address: address.clone(), who });
        }
        let (phase, why) = (standing.phase, standing.trouble.map(Box::new));
        events.push(Event::ContactConnection { address, phase, detail: None, why });
    }
    if groups.enabled() {
        for server in groups.server_list().await? {
            if let Some(phase) = server.phase {
                let (address, why) = (server.address, server.why);
                events.push(Event::Server { address, phase, detail: None, why });
            }
        }
    }
    Ok(events)
}
