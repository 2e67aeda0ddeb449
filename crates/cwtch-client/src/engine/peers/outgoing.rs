//! Queues a message durably, then waits until the contact has it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::overlay::{Overlay, peer_limit};
use cwtch_wire::peer::PeerVersion;
use tokio::sync::oneshot;

use super::{Peers, dialer};
use crate::api::{ApiError, ErrorKind, Event, MessageInfo, MessageState};
use crate::engine::context::Context;
use crate::engine::dial::Target;
use crate::engine::info::{message_by_id, own_content};
use crate::engine::patience::{GaveUp, Patience};
use crate::profile::{Contact, ContactState};

/// Who waits for which acknowledgement, by the protocol's message id.
#[derive(Default)]
pub(super) struct Waiters(Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>);

/// One wait; gives its place up when dropped.
struct Wait {
    waiters: Waiters,
    id: String,
    arrived: oneshot::Receiver<()>,
}

impl Clone for Waiters {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Waiters {
    fn wait_for(&self, id: &str) -> Wait {
        let (sender, arrived) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), sender);
        Wait { waiters: self.clone(), id: id.to_owned(), arrived }
    }

    /// The acknowledgement of a message is durable.
    pub(super) fn arrived(&self, id: &str) {
        if let Some(waiter) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id) {
            let _ = waiter.send(());
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waiters.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Peers {
    /// Queues an overlay to an accepted contact and waits for its acknowledgement.
    ///
    /// The limit is that of version 2 while the contact is connected and announced it, else that of version 1,
    /// which every contact can read (§1.10).
    ///
    /// # Errors
    /// `Refused` for a contact that is not accepted, `Usage` for a text over the limit: nothing is stored
    /// then. `Unreachable` when the patience ends: the message stays queued.
    pub(crate) async fn send(
        &self,
        contact: &Contact,
        overlay: Overlay,
        mut patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        refuse_state(contact.state)?;
        let shared = &self.shared;
        let context = &shared.context;
        let peer = contact.address;
        let content = own_content(overlay);
        let version_two = shared.registry.link(&peer).is_some_and(|l| l.version_two.load(Ordering::Acquire));
        let limit = peer_limit(if version_two { PeerVersion::V2 } else { PeerVersion::V1 });
        if content.json.len() > limit {
            return Err(ApiError::new(
                ErrorKind::Usage,
                format!(
                    "The message is too long: {} bytes as it is sent (quotation marks, line breaks and <>& take \
                     more than one), at most {limit} go to this contact; shorten it or send it in parts.",
                    content.json.len()
                ),
            ));
        }

        let protocol_id = fresh_id(&mut OsRng);
        let mut waiting = shared.waiters.wait_for(&protocol_id);
        let now = context.now();
        let context_in_job = context.clone();
        let message = context
            .store
            .run(move |profile| {
                if let Some(state) = profile.contact_state(&peer)? {
                    refuse_state(state)?;
                }
                let id = profile.enqueue_p2p(&peer, &protocol_id, &content, now)?;
                let message = message_by_id(profile, peer.as_str(), id)?;
                context_in_job.emit(Event::Message { message: message.clone() });
                Ok::<_, ApiError>(message)
            })
            .await?;

        let attention = context.dialing.attention();
        attention.look(Target::Contact(peer));
        attention.active(Target::Contact(peer), now);
        let _wanted = attention.want(Target::Contact(peer));
        dialer::ensure(shared, peer);
        shared.registry.nudge(&peer);
        tokio::select! {
            biased;
            _ = &mut waiting.arrived => {}
            () = context.shutdown.cancelled() => return Err(Context::closed_with_a_queued_message()),
            gave_up = patience.ends() => return Err(self.unacknowledged(&peer, gave_up, &patience)),
        }
        // Not read back: the engine may be stopping, and whoever hears of a failure sends it again.
        Ok(MessageInfo { state: MessageState::Acknowledged, ..message })
    }

    fn unacknowledged(&self, peer: &Address, gave_up: GaveUp, patience: &Patience) -> ApiError {
        let when = if self.shared.context.is_daemon() {
            "as soon as both sides are online"
        } else {
            "with the next command that reaches this contact, or by itself while `cwtch daemon` runs"
        };
        let message = match gave_up {
            GaveUp::Hopeless(why) => format!("{why} The message stays queued and goes out {when}."),
            GaveUp::Late => {
                let why = patience.network_trouble().or_else(|| self.shared.registry.standing(peer).trouble);
                let why = why.map(|why| format!(" {why}")).unwrap_or_default();
                format!(
                    "The contact has not acknowledged the message within {} s; it stays queued and goes out {when}.{why}",
                    patience.wait().as_secs()
                )
            }
        };
        ApiError::new(ErrorKind::Unreachable, message)
    }
}

/// Only accepted contacts are written to.
fn refuse_state(state: ContactState) -> Result<(), ApiError> {
    let sentence = match state {
        ContactState::Accepted => return Ok(()),
        ContactState::Unknown => {
            "This contact is not accepted yet; accept it first with `cwtch contact accept`."
        }
        ContactState::Blocked => "This contact is blocked; accept it first with `cwtch contact accept`.",
    };
    Err(ApiError::new(ErrorKind::Refused, sentence))
}
