//! Session with a peer: what is said over one connection, and what of it is kept (§1.10).

mod attributes;
mod vanishing;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cwtch_net::ConnError;
use cwtch_primitives::Address;
use cwtch_protocol::app::peer::{Event as PeerEvent, Peer, PeerError};
use cwtch_wire::peer::PeerVersion;
use cwtch_wire::peer_vanish::CONTEXT_VANISH;
use tokio::time::{Duration, Instant};

use super::limits::{
    ASK_AGAIN, PROBE_DEADLINE, RESEND_FIRST, RESEND_MAX, SEEN_EVERY, SILENCE, UNKNOWN_SILENCE, WINDOW,
};
use super::shared::PeerShared;
use super::slot::PeerHandle;
use crate::api::ApiError;
use crate::engine::dial::Target;
use crate::engine::info::received_content;
use crate::profile::{AckOutcome, Attribute, MessageId, Received};

/// Reason why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] ConnError),
    /// The peer broke the protocol, or asked more than it reads answers for.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The peer gave no sign of life.
    #[error("the peer gave no sign of life")]
    Silent,
    /// The peer is not an accepted contact any more.
    #[error("the peer is not an accepted contact any more")]
    Unwelcome,
    /// The database refused, or the engine stops.
    #[error("{0}")]
    Local(ApiError),
}

/// One connection's conversation. It holds no message: what is unconfirmed stays in the database until the
/// peer's acknowledgement is durable there, too.
pub(super) struct PeerSession {
    shared: Arc<PeerShared>,
    peer: Address,
    handle: Arc<PeerHandle>,
    machine: Peer,
    /// Questions for attributes that await their answer.
    questions: HashMap<String, Attribute>,
    /// The question whether the contact's program knows vanishing, if it awaits its answer.
    asked_vanishing: Option<String>,
    /// Protocol ids of messages written to this connection and not acknowledged.
    in_flight: HashSet<String>,
    /// All pending messages up to this one were looked at.
    cursor: MessageId,
    heard: Instant,
    /// Moment at which it was kept last that the contact was here.
    kept: Option<Instant>,
    /// Time at which the contact was heard last, unix seconds, if that is not kept.
    unkept: Option<i64>,
    /// Deadline for a sign of life; `None` if none is waited for.
    probe_due: Option<Instant>,
    resend_at: Instant,
    resend_pause: Duration,
    ask_at: Instant,
}

impl PeerSession {
    pub(super) fn new(shared: Arc<PeerShared>, peer: Address, handle: Arc<PeerHandle>) -> Self {
        let now = Instant::now();
        Self {
            shared,
            peer,
            handle,
            // Its first payload announces version 2.
            machine: Peer::new(),
            questions: HashMap::new(),
            asked_vanishing: None,
            in_flight: HashSet::new(),
            cursor: MessageId(0),
            heard: now,
            kept: None,
            unkept: None,
            probe_due: None,
            resend_at: now + RESEND_FIRST,
            resend_pause: RESEND_FIRST,
            ask_at: now + ASK_AGAIN,
        }
    }

    /// Asks a contact about itself and sends what waits for it.
    pub(super) async fn open(&mut self) -> Result<(), End> {
        if self.handle.accepted {
            self.note_seen().await;
            self.ask_all()?;
            self.say_vanishing().await?;
            self.fill().await?;
            self.shared.came.notify_one();
        }
        Ok(())
    }

    /// The contact is here. It is kept seldom, because each time is a durable write and an idle daemon has many contacts;
    /// [`PeerSession::farewell`] keeps the last time.
    async fn note_seen(&mut self) {
        if !self.handle.accepted {
            return;
        }
        let now = self.shared.context.now();
        self.shared.context.dialing.attention().active(Target::Contact(self.peer), now);
        self.unkept = Some(now);
        if self.kept.is_none_or(|at| at.elapsed() >= SEEN_EVERY) {
            self.kept = Some(Instant::now());
            self.farewell().await;
        }
    }

    /// Keeps when the contact was heard last. It is no reason to end a connection if that fails.
    pub(super) async fn farewell(&mut self) {
        let (peer, Some(seen)) = (self.peer, self.unkept.take()) else { return };
        if let Err(error) = self.shared.context.store.run(move |profile| profile.note_seen(&peer, seen)).await
        {
            tracing::debug!(kind = ?error.kind(), "it could not be kept that a contact was seen");
        }
    }

    /// The next payload to send; `drained` says that everything before it is written, without which bulk waits.
    pub(super) fn poll_send(&mut self, drained: bool) -> Option<Vec<u8>> {
        let payload = self.machine.poll_send_behind(drained);
        if payload.is_some() {
            // There may be room again.
            self.take_asides();
        }
        payload
    }

    /// True if [`PeerSession::poll_send`] has something.
    pub(super) fn has_output(&self, drained: bool) -> bool {
        self.machine.has_output(drained)
    }

    /// Sends what is to be said beside messages, as far as there is room in its class.
    fn take_asides(&mut self) {
        while let Some((class, aside)) = self.handle.next_aside(|class| self.machine.has_room(class)) {
            // What cannot be sent is lost, as it would be with the connection.
            if let Err(error) = self.machine.send(class, aside) {
                tracing::debug!(%error, "something could not be said to a contact");
            }
        }
    }

    /// Sends pending messages, oldest first, as far as the window allows.
    pub(super) async fn fill(&mut self) -> Result<(), End> {
        if !self.handle.accepted {
            return Ok(());
        }
        self.take_asides();
        if self.handle.vanishing.swap(false, Ordering::AcqRel) {
            self.say_vanishing().await?;
        }
        if self.handle.look_again.swap(false, Ordering::AcqRel) {
            self.cursor = MessageId(0);
        }
        while self.in_flight.len() < WINDOW && !self.shared.context.alone.is_stopped() {
            let room = u32::try_from(WINDOW - self.in_flight.len()).unwrap_or(1);
            let (peer, after) = (self.peer, self.cursor);
            let pending = self
                .shared
                .context
                .store
                .run(move |profile| profile.take_pending_p2p(&peer, after, room))
                .await
                .map_err(End::Local)?;
            if pending.is_empty() {
                break;
            }
            for message in pending {
                self.cursor = message.id;
                if self.in_flight.contains(&message.protocol_id) {
                    continue;
                }
                match self.machine.send_message_as(&message.protocol_id, &message.content.json) {
                    Ok(()) => {
                        self.in_flight.insert(message.protocol_id);
                    }
                    // Queued while the peer was known to read version 2: waits for that announcement.
                    Err(PeerError::TooLong { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Takes one payload.
    pub(super) async fn handle(&mut self, payload: &[u8]) -> Result<(), End> {
        self.heard = Instant::now();
        self.probe_due = None;
        self.handle.heard.notify_waiters();
        self.handle.spoke.cancel();
        self.note_seen().await;
        self.machine.handle(payload)?;
        while let Some(event) = self.machine.poll_event() {
            self.react(event).await?;
        }
        Ok(())
    }

    async fn react(&mut self, event: PeerEvent) -> Result<(), End> {
        match event {
            PeerEvent::GetVal { id, scope, path } => self.answer(&id, &scope, &path).await,
            // Nothing else that somebody unknown says has an effect.
            _ if !self.handle.accepted => Ok(()),
            PeerEvent::Message { id, data } => self.receive(id, data).await,
            PeerEvent::Acknowledged { id } => self.acknowledged(id).await,
            PeerEvent::RetVal { id, value } => self.learn(&id, value).await,
            PeerEvent::Other(message) if message.context == CONTEXT_VANISH => {
                self.hear_vanishing(&message.data).await
            }
            PeerEvent::Other(message) => {
                self.shared.context.contexts.hear(self.peer, message);
                Ok(())
            }
            PeerEvent::PeerVersion(PeerVersion::V2) => {
                if !self.handle.version_two.swap(true, Ordering::AcqRel) {
                    // What was too long for version 1 fits now.
                    self.cursor = MessageId(0);
                    self.fill().await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Stores first, then acknowledges; a repetition is acknowledged again. If the database refuses,
    /// nothing is acknowledged and the peer sends it again later.
    async fn receive(&mut self, id: String, data: Vec<u8>) -> Result<(), End> {
        let (peer, now, protocol_id) = (self.peer, self.shared.context.now(), id.clone());
        let content = received_content(data);
        let store = &self.shared.context.store;
        let stored = store.run(move |profile| profile.receive_p2p(&peer, &protocol_id, &content, now));
        match stored.await {
            Ok(Received::Stored(_) | Received::Duplicate(_)) => {
                self.shared.context.dialing.attention().active(Target::Contact(peer), now);
                Ok(self.machine.acknowledge(&id)?)
            }
            Ok(Received::NotAccepted) => Err(End::Unwelcome),
            Err(error) => Err(End::Local(error)),
        }
    }

    async fn acknowledged(&mut self, id: String) -> Result<(), End> {
        let made_room = self.in_flight.remove(&id);
        let shared = self.shared.clone();
        let peer = self.peer;
        let outcome = self.shared.context.store.run(move |profile| {
            let outcome = profile.mark_acknowledged(&peer, &id)?;
            // Here, not after the await: whoever waits hears it even if the connection ends now.
            if let AckOutcome::Acknowledged(message) = outcome {
                shared.waiters.arrived(&id);
                if profile.is_to_vanish(message)? {
                    profile.count_vanishing(shared.context.now())?;
                    shared.context.store.look_again();
                }
            }
            Ok::<_, ApiError>(outcome)
        });
        // One that an earlier connection has brought already makes room in the window as well.
        if matches!(outcome.await.map_err(End::Local)?, AckOutcome::Acknowledged(_)) || made_room {
            self.resend_pause = RESEND_FIRST;
            self.resend_at = Instant::now() + RESEND_FIRST;
            self.fill().await?;
        }
        Ok(())
    }

    /// Asks for a sign of life: a question that every peer answers.
    pub(super) fn probe(&mut self) -> Result<(), End> {
        if self.handle.accepted && self.probe_due.is_none() {
            self.ask(Attribute::Name)?;
            self.probe_due = Some(Instant::now() + PROBE_DEADLINE);
        }
        Ok(())
    }

    /// Moment at which [`PeerSession::tick`] is due.
    pub(super) fn deadline(&self) -> Instant {
        if !self.handle.accepted {
            return self.heard + UNKNOWN_SILENCE;
        }
        let life = self.probe_due.unwrap_or(self.heard + SILENCE);
        let resend = if self.in_flight.is_empty() { life } else { self.resend_at };
        life.min(resend).min(self.ask_at)
    }

    /// Does what time asks for.
    pub(super) async fn tick(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if !self.handle.accepted {
            return if now >= self.heard + UNKNOWN_SILENCE { Err(End::Silent) } else { Ok(()) };
        }
        match self.probe_due {
            Some(due) if now >= due => return Err(End::Silent),
            None if now >= self.heard + SILENCE => self.probe()?,
            _ => {}
        }
        if now >= self.ask_at {
            self.ask_all()?;
            self.say_vanishing().await?;
        }
        if now >= self.resend_at && !self.in_flight.is_empty() {
            self.resend_pause = (self.resend_pause * 2).min(RESEND_MAX);
            self.resend_at = now + self.resend_pause;
            self.in_flight.clear();
            self.cursor = MessageId(0);
            self.fill().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
