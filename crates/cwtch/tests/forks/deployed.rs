//! Somebody whose program speaks the deployed protocol and nothing else: no log, no forks, no prekeys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test support")]

use std::time::{Duration, SystemTime};

use cwtch_net::{Deadlines, Isolation, Loopback, SecureConnection};
use cwtch_primitives::token::{IssuerKey, PendingToken};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::board_client::{BoardClient, Event, pay};
use cwtch_protocol::app::peer::{Event as PeerEvent, Peer};
use cwtch_server::keys::ServerKeys;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{GroupContext, compose, open_and_verify};
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use cwtch_wire::overlay::{KIND_GROUP_INVITE, KIND_TEXT, Overlay};
use tokio::runtime::{Builder, Runtime};

use super::common::{PATIENCE, Person, Server, World};

pub(super) struct Deployed {
    identity: Identity,
    network: Loopback,
    /// The server's: tokens are made with it, as anybody would buy them.
    issuer: IssuerKey,
    runtime: Runtime,
}

impl Deployed {
    pub(super) fn new(world: &World, server: &Server) -> Self {
        Self {
            identity: Identity::generate(&mut OsRng),
            network: Loopback::new(world.path("network")),
            issuer: ServerKeys::load(&server.data).unwrap().issuer,
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    pub(super) fn address(&self) -> String {
        self.identity.address().to_string()
    }

    async fn connect(&self, as_whom: &Identity, whom: &Address) -> SecureConnection {
        let deadlines = Deadlines::all(PATIENCE);
        SecureConnection::connect(&self.network, as_whom, whom, Isolation::new(), &deadlines, OsRng)
            .await
            .unwrap()
    }

    /// Visits a contact until they have sent an invite to a group; takes what they sent before, too.
    pub(super) fn is_invited(&self, by: &Person) -> GroupInvite {
        self.runtime.block_on(async {
            let mut line = self.connect(&self.identity, &by.address.parse().unwrap()).await;
            let mut machine = Peer::new();
            let mut invite = None;
            loop {
                while let Some(event) = machine.poll_event() {
                    let PeerEvent::Message { id, data } = event else { continue };
                    machine.acknowledge(&id).unwrap();
                    let overlay = Overlay::from_json(&data).unwrap();
                    if overlay.kind == KIND_GROUP_INVITE {
                        let (_, invited) = TofuBundle::parse(&overlay.data).unwrap().into_parts();
                        invite = Some(invited);
                    }
                }
                while let Some(payload) = machine.poll_send() {
                    line.send(&payload).await.unwrap();
                }
                if let Some(invite) = invite {
                    line.close().await.unwrap();
                    return invite;
                }
                machine.handle(&received(&mut line).await).unwrap();
            }
        })
    }

    /// Reads a group as a stranger, from its beginning: authors and texts, in the server's order.
    pub(super) fn reads(&self, invite: &GroupInvite) -> Vec<(String, String)> {
        let messages: Vec<EncryptedGroupMessage> = self.runtime.block_on(async {
            let (mut line, mut machine) = self.board(invite).await;
            machine.request_replay(None).unwrap();
            let mut messages = Vec::new();
            loop {
                match next(&mut line, &mut machine).await {
                    Event::Entry { message, .. } => messages.push(message),
                    Event::Synced => return messages,
                    Event::ReplayStarted { .. } => {}
                    other => panic!("{other:?} during a replay"),
                }
            }
        });
        let open = messages.iter().filter_map(|message| open_and_verify(context(invite), message).ok());
        open.map(|message| {
            let text = message.text().trim_end().to_owned();
            let overlay = Overlay::from_json(text.as_bytes()).unwrap();
            assert_eq!(overlay.kind, KIND_TEXT, "shown as something else: {text}");
            (message.author().to_string(), overlay.data)
        })
        .collect()
    }

    /// Writes to a group; `ahead` is how far its clock is ahead, in seconds.
    pub(super) fn writes(&self, invite: &GroupInvite, text: &str, ahead: i64) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_secs()).unwrap() + ahead;
        let text = Overlay { kind: KIND_TEXT, data: text.to_owned() }.to_json();
        let message = compose(context(invite), &self.identity, &text, now, &[], &mut OsRng).unwrap();
        let pending: Vec<_> = (0..10).map(|_| PendingToken::generate(&mut OsRng)).collect();
        let blinded: Vec<_> = pending.iter().map(|token| *token.blinded()).collect();
        let (signed, proof) = self.issuer.sign_batch(&mut Transcript::new(), &blinded, &mut OsRng).unwrap();
        let issuer = self.issuer.public();
        let tokens = PendingToken::finish_batch(&mut Transcript::new(), issuer, &pending, &signed, &proof);
        let token = pay(tokens.unwrap().pop().unwrap(), &message, invite.server());
        self.runtime.block_on(async {
            let (mut line, mut machine) = self.board(invite).await;
            machine.post(&token, &message).unwrap();
            match next(&mut line, &mut machine).await {
                Event::PostAnswered { success, .. } => assert!(success, "the server refuses a post"),
                other => panic!("{other:?} instead of an answer"),
            }
        });
    }

    async fn board(&self, invite: &GroupInvite) -> (SecureConnection, BoardClient) {
        let line = self.connect(&Identity::generate(&mut OsRng), invite.server()).await;
        (line, BoardClient::new(u64::MAX))
    }
}

fn context(invite: &GroupInvite) -> GroupContext<'_> {
    GroupContext { id: invite.group_id(), key: invite.key(), server: invite.server() }
}

async fn next(line: &mut SecureConnection, machine: &mut BoardClient) -> Event {
    loop {
        while let Some(payload) = machine.poll_send() {
            line.send(&payload).await.unwrap();
        }
        if let Some(event) = machine.poll_event() {
            return event;
        }
        machine.handle(&received(line).await).unwrap();
    }
}

async fn received(line: &mut SecureConnection) -> Vec<u8> {
    let limit: Duration = PATIENCE;
    let received = tokio::time::timeout(limit, line.recv()).await;
    received.expect("the other side says nothing").unwrap().expect("the other side has closed")
}
