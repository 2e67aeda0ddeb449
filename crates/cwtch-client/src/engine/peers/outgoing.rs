//! Queues a message durably, then waits until the contact has it.

use std::sync::atomic::Ordering;

use cwtch_primitives::{Address, OsRng};
use cwtch_protocol::app::peer::fresh_id;
use cwtch_wire::overlay::{Overlay, peer_limit};
use cwtch_wire::peer::PeerVersion;

use super::waiters::{Fate, Wait};
use super::{Peers, dialer};
use crate::api::{Advice, ApiError, Leaves, MessageInfo, MessageState, Problem};
use crate::engine::dial::Target;
use crate::engine::info::{message_by_id, own_content};
use crate::engine::patience::{GaveUp, Patience};
use crate::engine::talk;
use crate::profile::{Contact, ContactState, MessageId, Profile, StorageError};

impl Peers {
    /// Queues an overlay to an accepted contact and waits for its acknowledgement.
    ///
    /// The limit is that of version 2 while the contact is connected and announced it, else that of version 1,
    /// which every contact can read (§1.10).
    ///
    /// # Errors
    /// `Refused` for a contact that is not accepted, `Usage` for a text over the limit: nothing is stored then. When the
    /// patience ends the answer is the message, which stays queued, with why.
    pub(crate) async fn send(
        &self,
        contact: &Contact,
        overlay: Overlay,
        patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        refuse_state(contact.state)?;
        self.shared.context.alone.check()?;
        let shared = &self.shared;
        let context = &shared.context;
        let peer = contact.address;
        let content = own_content(overlay);
        let handle = shared.registry.handle(&peer);
        let version_two = handle.as_ref().is_some_and(|handle| handle.version_two.load(Ordering::Acquire));
        let limit = peer_limit(if version_two { PeerVersion::V2 } else { PeerVersion::V1 });
        if content.json.len() > limit {
            let (bytes, max) = (content.json.len() as u64, limit as u64);
            return Err(Problem::MessageTooLong { bytes, max }.into());
        }

        let protocol_id = fresh_id(&mut OsRng);
        let waiting = shared.waiters.wait_for(&protocol_id);
        let now = context.now();
        let message = context
            .store
            .run(move |profile| {
                if let Some(state) = profile.contact_state(&peer)? {
                    refuse_state(state)?;
                }
                let id = match &handle {
                    Some(_) => profile.enqueue_p2p_leaving(&peer, &protocol_id, &content, now)?,
                    None => profile.enqueue_p2p(&peer, &protocol_id, &content, now)?,
                };
                Ok::<_, ApiError>(message_by_id(profile, peer.as_str(), id)?)
            })
            .await?;

        context.dialing.attention().active(Target::Contact(peer), now);
        self.confirmed(peer, message, waiting, patience).await
    }

    /// Queues a message again that was given up, or hurries one that is queued, and waits as [`Self::send`] does.
    ///
    /// # Errors
    /// `Refused` for a contact that is not accepted, or trouble with the database.
    pub(crate) async fn send_again(
        &self,
        contact: &Contact,
        id: MessageId,
        patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        refuse_state(contact.state)?;
        let context = &self.shared.context;
        let (peer, waiters) = (contact.address, self.shared.waiters.clone());
        let queue = move |profile: &mut Profile| {
            let protocol_id = profile.message(id)?.and_then(|message| message.protocol_id);
            let waiting = waiters.wait_for(&protocol_id.ok_or(StorageError::UnknownMessage)?);
            profile.queue_again(id)?;
            let message = message_by_id(profile, peer.as_str(), id)?;
            Ok::<_, ApiError>((message, waiting))
        };
        let (message, waiting) = context.store.run(queue).await?;
        if message.state == MessageState::Acknowledged {
            return Ok(message);
        }
        // A connection goes on from the newest message that it has looked at.
        if let Some(handle) = self.shared.registry.handle(&peer) {
            handle.look_again.store(true, Ordering::Release);
        }
        self.confirmed(peer, message, waiting, patience).await
    }

    /// The person took a message back: who waits for its acknowledgement waits in vain.
    pub(crate) fn taken_back(&self, protocol_id: &str) {
        self.shared.waiters.settle(protocol_id, Fate::TakenBack);
    }

    /// Has the contact dialled and waits for the acknowledgement of a queued message.
    async fn confirmed(
        &self,
        peer: Address,
        message: MessageInfo,
        mut waiting: Wait,
        mut patience: Patience,
    ) -> Result<MessageInfo, ApiError> {
        let shared = &self.shared;
        let context = &shared.context;
        // Who only queues does not show to a contact that the profile is there.
        if patience.is_none() && !context.keeps(Target::Contact(peer)) {
            return Ok(message);
        }
        let attention = context.dialing.attention();
        attention.look(Target::Contact(peer));
        attention.queued(Target::Contact(peer), true);
        let _wanted = attention.want(Target::Contact(peer));
        dialer::ensure(shared, peer);
        shared.registry.nudge(&peer);
        patience.only_waits();
        if patience.is_none() {
            return Ok(message);
        }
        tokio::select! {
            biased;
            // Not read back: the engine may be stopping, and whoever hears of a failure sends it again.
            fate = &mut waiting.fate => match fate {
                Ok(Fate::TakenBack) => Err(talk::taken_back(message)),
                Ok(Fate::Arrived) | Err(_) => Ok(MessageInfo { state: MessageState::Acknowledged, ..message }),
            },
            () = context.shutdown.cancelled() => Ok(talk::still_queued(message, Problem::Stopping)),
            stopped = context.alone.until_stopped() => Ok(talk::still_queued(message, stopped.problem)),
            gave_up = patience.ends() => {
                let why = self.unacknowledged(&peer, gave_up, &patience);
                Ok(talk::still_queued(message, why))
            }
        }
    }

    fn unacknowledged(&self, peer: &Address, gave_up: GaveUp, patience: &Patience) -> Problem {
        let leaves = if self.shared.context.keeps(Target::Contact(*peer)) {
            Leaves::ContactOnline
        } else if self.shared.context.is_daemon() {
            Leaves::CommandOrOnline
        } else {
            Leaves::CommandOrDaemon
        };
        match gave_up {
            GaveUp::Hopeless(why) => Problem::MessageWaits { because: Box::new(why), leaves },
            GaveUp::Late => {
                let why = patience.network_trouble().or_else(|| self.shared.registry.standing(peer).trouble);
                let (seconds, because) = (patience.wait().as_secs(), why.map(Box::new));
                Problem::NotAcknowledged { seconds, leaves, because }
            }
        }
    }
}

/// Refuses to write to whoever is no accepted contact.
pub(in crate::engine) fn refuse_state(state: ContactState) -> Result<(), ApiError> {
    let problem = match state {
        ContactState::Accepted => return Ok(()),
        ContactState::Unknown | ContactState::Rejected => Problem::ContactNotAccepted,
        ContactState::Blocked => Problem::ContactBlocked,
    };
    Err(ApiError::from(problem).advise([Advice::ContactAccept]))
}
