//! Clients that do no more than a measurement needs.

use cwtch_net::{BoxStream, Deadlines, Isolation, Network, SecureConnection};
use cwtch_primitives::token::{PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::app::board_client::pay;
use cwtch_protocol::channel::handshake::Start;
use cwtch_protocol::channel::{Channel, empty_packet};
use cwtch_server::keys::ServerKeys;
use cwtch_wire::board::{ClientMessage, PostLog, ServerMessage};
use cwtch_wire::packet::PACKET_LEN;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::place::Place;

/// One thread for all clients, so that the server has the rest of the machine.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, work)
}

/// Connects a client like those in the programs.
pub(crate) async fn connect(place: &Place) -> SecureConnection {
    let identity = Identity::generate(&mut OsRng);
    let (network, address) = (place.network(), place.address());
    SecureConnection::connect(&network, &identity, &address, Isolation::new(), &Deadlines::default(), OsRng)
        .await
        .unwrap()
}

/// A client that, once it is authenticated, counts packets and opens none that it need not.
pub(crate) struct RawClient {
    stream: BoxStream,
    channel: Channel,
}

impl RawClient {
    pub(crate) async fn connect(place: &Place) -> Self {
        let mut stream = place.network().dial(&place.address(), Isolation::new()).await.unwrap();
        let identity = Identity::generate(&mut OsRng);
        let (start, hello) = Start::outbound(&identity, &place.address(), &mut OsRng);
        stream.write_all(hello.as_slice()).await.unwrap();
        let mut packet = empty_packet();
        stream.read_exact(packet.as_mut_slice()).await.unwrap();
        let (start, proof) = start.on_packet(&packet, &mut OsRng).unwrap();
        stream.write_all(proof.as_slice()).await.unwrap();
        stream.read_exact(packet.as_mut_slice()).await.unwrap();
        Self { stream, channel: start.on_packet(&packet).unwrap() }
    }

    /// Asks for everything and returns how many messages were announced.
    pub(crate) async fn ask_replay(&mut self) -> u64 {
        match self.ask(&ClientMessage::Replay { last_commit: None, log: None }).await {
            ServerMessage::ReplayResult { count } => count,
            other => panic!("not the result of a replay: {other:?}"),
        }
    }

    /// Asks for the whole log and returns how many entries were announced.
    pub(crate) async fn ask_log_replay(&mut self) -> u64 {
        match self.ask(&ClientMessage::Replay { last_commit: None, log: Some(0) }).await {
            ServerMessage::LogReplayResult { count, .. } => count,
            other => panic!("not the result of a replay of the log: {other:?}"),
        }
    }

    async fn ask(&mut self, request: &ClientMessage) -> ServerMessage {
        let mut packet = empty_packet();
        let request = request.to_json();
        self.channel.seal(&request, &mut OsRng, &mut packet).unwrap();
        self.stream.write_all(packet.as_slice()).await.unwrap();
        self.stream.read_exact(packet.as_mut_slice()).await.unwrap();
        let answer = self.channel.open(&packet).unwrap();
        ServerMessage::from_json(&answer).unwrap().unwrap()
    }

    /// Reads exactly `packets` packets, through a buffer of that many packets.
    pub(crate) async fn skip(&mut self, packets: u64, buffer: &mut [u8]) {
        let mut left = usize::try_from(packets).unwrap() * PACKET_LEN;
        while left > 0 {
            let space = left.min(buffer.len());
            let got = self.stream.read(buffer.get_mut(..space).unwrap()).await.unwrap();
            assert!(got > 0, "the server closed the connection");
            left -= got;
        }
    }
}

/// Makes `count` tokens, signed with the server's own key instead of bought.
pub(crate) fn mint(keys: &ServerKeys, count: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(count);
    while tokens.len() < count {
        let pending: Vec<PendingToken> = (0..10).map(|_| PendingToken::generate(&mut OsRng)).collect();
        let blinded: Vec<_> = pending.iter().map(|token| *token.blinded()).collect();
        let signed = keys.issuer.sign_batch(&mut Transcript::new(), &blinded, &mut OsRng);
        let (signed, proof) = signed.unwrap();
        let issuer = keys.issuer.public();
        let batch = PendingToken::finish_batch(&mut Transcript::new(), issuer, &pending, &signed, &proof);
        tokens.extend(batch.unwrap());
    }
    tokens.truncate(count);
    tokens
}

/// Makes `count` posts, paid for and ready to be sent; `log` asks for receipts.
pub(crate) fn posts(place: &Place, count: usize, log: bool) -> Vec<Vec<u8>> {
    let board = place.address();
    let ready = mint(&place.keys, count).into_iter().map(|token| {
        let message = place.group.message();
        ClientMessage::Post { token: Some(pay(token, &message, &board)), message, log }.to_json()
    });
    ready.collect()
}

/// Sends a post and waits until the server says that it is durable.
pub(crate) async fn post(client: &mut SecureConnection, request: &[u8]) {
    client.send(request).await.unwrap();
    expect_stored(client).await;
}

pub(crate) async fn expect_stored(client: &mut SecureConnection) {
    let answer = client.recv().await.unwrap().unwrap();
    let stored = match ServerMessage::from_json(&answer).unwrap() {
        Some(ServerMessage::PostResult { success }) => success,
        Some(ServerMessage::LogPostResult(answer)) => matches!(answer, PostLog::Receipt(_)),
        _ => false,
    };
    assert!(stored, "a post was refused");
}
