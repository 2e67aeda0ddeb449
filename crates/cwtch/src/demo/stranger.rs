//! A stranger who got hold of an invite: can read the group and write to it, but not as somebody else.
//!
//! It speaks the protocol itself, since no command of this program forges anything. It pays for its post
//! like everybody: the server cannot know what is inside, and takes it.

use std::time::{SystemTime, UNIX_EPOCH};

use cwtch_net::{Deadlines, Isolation, Network, PlainConnection, SecureConnection};
use cwtch_primitives::secretbox::seal;
use cwtch_primitives::token::Token;
use cwtch_primitives::{CryptoRngCore, Identity, OsRng};
use cwtch_protocol::app::board_client::{BoardClient, DEFAULT_MAX_REPLAY, Event, pay};
use cwtch_protocol::app::token_client::{Progress, TokenClient};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::PlainGroupMessage;
use cwtch_wire::invite::GroupInvite;
use cwtch_wire::overlay::{KIND_TEXT, Overlay};

use crate::command_error::CommandError;

/// Candidates for the proof of work between two looks at the clock of the runtime.
const SLICE: u32 = 4096;

/// Posts a message to the group of a leaked invite that names `victim`, an address, as its author.
///
/// # Errors
/// If the server does not take it, which it must: only members can see what is wrong with it.
pub(super) async fn forge(
    network: &dyn Network,
    bundle: &str,
    invite: &str,
    victim: &str,
    words: &str,
) -> Result<(), CommandError> {
    let bundle = KeyBundle::parse_server_string(bundle).map_err(told)?;
    let invite = GroupInvite::parse(invite).map_err(told)?;
    let deadlines = Deadlines::default();
    let message = forgery(&invite, victim, words);

    let service =
        PlainConnection::connect(network, bundle.token_service(), Isolation::new(), &deadlines).await;
    let token = buy(service.map_err(told)?, &bundle, &deadlines).await?;
    let spent = pay(token, &message, bundle.board());

    let nobody = Identity::generate(&mut OsRng);
    let mut connection =
        SecureConnection::connect(network, &nobody, bundle.board(), Isolation::new(), &deadlines, OsRng)
            .await
            .map_err(told)?;
    let mut board = BoardClient::new(DEFAULT_MAX_REPLAY);
    let post = board.post(&spent, &message).map_err(told)?;
    loop {
        while let Some(payload) = board.poll_send() {
            connection.send(&payload).await.map_err(told)?;
        }
        board.handle(&connection.recv_within(deadlines.handshake_step).await.map_err(told)?).map_err(told)?;
        while let Some(event) = board.poll_event() {
            match event {
                Event::PostAnswered { id, success: true, .. } if id == post => return Ok(()),
                Event::PostAnswered { .. } => {
                    return Err(CommandError::internal(
                        "The server refused the stranger's post, though it was paid for.",
                    ));
                }
                _ => {}
            }
        }
    }
}

/// A message as the group's members write them, but for the signature: the victim's key is needed for that.
fn forgery(invite: &GroupInvite, victim: &str, words: &str) -> EncryptedGroupMessage {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut padding = vec![0; 1200];
    let rng: &mut dyn CryptoRngCore = &mut OsRng;
    rng.fill_bytes(&mut padding);
    let plain = PlainGroupMessage {
        text: Overlay { kind: KIND_TEXT, data: words.to_owned() }.to_json(),
        author: victim.to_owned(),
        timestamp: i64::try_from(now).unwrap_or(i64::MAX),
        group_id: Some(invite.group_id().as_bytes().to_vec()),
        previous: Some(Vec::new()),
        padding: Some(padding),
    }
    .to_json();
    let stranger = Identity::generate(&mut OsRng);
    EncryptedGroupMessage {
        ciphertext: seal(invite.key(), &plain, &mut OsRng),
        signature: stranger.sign(&plain).to_vec(),
    }
}

async fn buy(
    mut service: PlainConnection,
    bundle: &KeyBundle,
    deadlines: &Deadlines,
) -> Result<Token, CommandError> {
    let mut purchase = TokenClient::new(*bundle.issuer(), 1, &mut OsRng).map_err(told)?;
    purchase.handle(&service.recv_within(deadlines.handshake_step).await.map_err(told)?).map_err(told)?;
    while purchase.work(SLICE).map_err(told)? != Progress::Done {
        tokio::task::yield_now().await;
    }
    while let Some(payload) = purchase.poll_send() {
        service.send(&payload).await.map_err(told)?;
    }
    purchase.handle(&service.recv_within(deadlines.handshake_step).await.map_err(told)?).map_err(told)?;
    let tokens = purchase.take_tokens().unwrap_or_default();
    tokens
        .into_iter()
        .next()
        .ok_or_else(|| CommandError::internal("The token service sold the stranger nothing."))
}

fn told(error: impl std::error::Error) -> CommandError {
    CommandError::internal(format!("The stranger cannot go on: {error}."))
}
