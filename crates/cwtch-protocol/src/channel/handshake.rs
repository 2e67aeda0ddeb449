//! Authentication (§1.5): both sides send first, then read.
//!
//! Each step uses up the last: `Start` → [`AwaitHello`] → [`AwaitProof`] → [`Channel`]. Data cannot be sent
//! before the peer has proved who it is, because the type that sends does not exist until then.

use core::fmt;

use cwtch_primitives::secretbox::{BoxKey, NONCE_LEN, open_into};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{ADDRESS_LEN, Address, CryptoRngCore, Identity, PublicKey, PublicKeyError};
use cwtch_wire::auth::Hello;
use cwtch_wire::packet::{PacketError, SEALED_BODY, read_frame, write_frame};
use sha3::{Digest, Sha3_256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::established::{Channel, seal_packet};
use super::nonces::OwnNonces;
use super::{Packet, empty_packet};

/// Length of the proof: 64 bytes of the transcript and the prover's address.
const PROOF_LEN: usize = 64 + ADDRESS_LEN;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This side dialled.
    Outbound,
    /// This side accepted.
    Inbound,
}

/// Reason why a handshake failed. Every one of these ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The first packet's length field is wrong.
    #[error("the peer's first packet is malformed")]
    Packet(#[source] PacketError),
    /// The first packet is not the JSON of two keys.
    #[error("the peer's first packet is not a greeting with two public keys; it does not speak Cwtch")]
    Hello,
    /// The peer sent one of our own keys back.
    #[error("the peer sent our own key back; somebody reflects the connection")]
    Reflected,
    /// The peer's long-term key is not usable.
    #[error("the peer's long-term key is not usable: {0}")]
    LongTermKey(#[source] PublicKeyError),
    /// The peer's ephemeral key is not usable.
    #[error("the peer's ephemeral key is not usable: {0}")]
    EphemeralKey(#[source] PublicKeyError),
    /// The peer is not the one that was dialled.
    #[error("the peer is not the one that was dialled; do not trust this connection")]
    WrongHost,
    /// A key agreement's result would be known to everybody.
    #[error("a key agreement with the peer has no secret result")]
    Agreement,
    /// The second packet does not open: the peer does not have the keys that it announced.
    #[error("the peer could not show that it has its keys: its packet does not open")]
    WrongKey,
    /// The second packet opened, but is malformed or has another length than a proof.
    #[error("the peer's proof of identity has the wrong form")]
    ProofForm,
    /// The proof is for another conversation or another identity.
    #[error("the peer's proof of identity is wrong")]
    Proof,
}

/// The beginning of a handshake.
#[derive(Debug)]
pub struct Start;

impl Start {
    /// Begins as the dialling side: as `identity`, accepting nobody but `expected` at the other end. Send the packet.
    pub fn outbound(
        identity: &Identity,
        expected: &Address,
        rng: &mut impl CryptoRngCore,
    ) -> (AwaitHello, Box<Packet>) {
        AwaitHello::new(identity, Some(*expected), rng)
    }

    /// Begins as the accepting side: as `identity`, whoever dialled. Send the packet; it needs nothing from the peer.
    pub fn inbound(identity: &Identity, rng: &mut impl CryptoRngCore) -> (AwaitHello, Box<Packet>) {
        AwaitHello::new(identity, None, rng)
    }
}

/// A handshake whose hello is on its way, and which awaits the peer's.
pub struct AwaitHello {
    identity: Identity,
    ephemeral: Identity,
    hello: Vec<u8>,
    /// The address that was dialled; `None` on the accepting side.
    expected: Option<Address>,
}

impl AwaitHello {
    fn new(
        identity: &Identity,
        expected: Option<Address>,
        rng: &mut impl CryptoRngCore,
    ) -> (Self, Box<Packet>) {
        let ephemeral = Identity::generate(rng);
        let hello = Hello {
            long_term: *identity.public_key().as_bytes(),
            ephemeral: *ephemeral.public_key().as_bytes(),
        }
        .to_json();
        let mut packet = empty_packet();
        // This cannot fail: a hello is far shorter than a packet. An empty packet would end the connection.
        let written = write_frame(&hello, packet.as_mut_slice());
        debug_assert!(written.is_ok());
        (Self { identity: identity.clone(), ephemeral, hello, expected }, packet)
    }

    /// The end of the connection that this is.
    pub fn role(&self) -> Role {
        if self.expected.is_some() { Role::Outbound } else { Role::Inbound }
    }

    /// Takes the peer's hello; send the packet, which is our proof.
    ///
    /// # Errors
    /// [`HandshakeError`]; close the connection.
    pub fn on_packet(
        self,
        packet: &Packet,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(AwaitProof, Box<Packet>), HandshakeError> {
        let peer_hello = read_frame(packet.as_slice()).map_err(HandshakeError::Packet)?;
        let hello = Hello::from_json(peer_hello).map_err(|_| HandshakeError::Hello)?;

        // Checked before anything is computed: an echo of all our packets would otherwise pass as a peer that has our
        // own identity.
        let own = [self.identity.public_key().as_bytes(), self.ephemeral.public_key().as_bytes()];
        if own.contains(&&hello.long_term) || own.contains(&&hello.ephemeral) {
            return Err(HandshakeError::Reflected);
        }
        let long_term = PublicKey::from_bytes(&hello.long_term).map_err(HandshakeError::LongTermKey)?;
        let ephemeral = PublicKey::from_bytes(&hello.ephemeral).map_err(HandshakeError::EphemeralKey)?;
        let (peer, local) = (long_term.address(), self.identity.address());
        if self.expected.is_some_and(|expected| expected != peer) {
            return Err(HandshakeError::WrongHost);
        }

        let key = self.agree(&long_term, &ephemeral)?;
        let challenge = self.challenge(&local, &peer, peer_hello);
        let mut ours = [0; PROOF_LEN];
        proof(&challenge, &local, &mut ours);
        let mut theirs = [0; PROOF_LEN];
        proof(&challenge, &peer, &mut theirs);

        let mut packet = empty_packet();
        // This cannot fail: a proof is far shorter than a packet.
        let own = OwnNonces::new(rng);
        seal_packet(&key, &own, &ours, rng, &mut packet).map_err(HandshakeError::Packet)?;
        Ok((AwaitProof { key, local, peer, theirs, own }, packet))
    }

    /// Agrees on the connection's key (§1.5 step 2).
    fn agree(&self, long_term: &PublicKey, ephemeral: &PublicKey) -> Result<BoxKey, HandshakeError> {
        let dh = |own: &Identity, theirs| own.diffie_hellman(theirs).map_err(|_| HandshakeError::Agreement);
        let ours = dh(&self.identity, ephemeral)?;
        let theirs = dh(&self.ephemeral, long_term)?;
        let both = dh(&self.ephemeral, ephemeral)?;
        let (outbound_first, inbound_first) = match self.role() {
            Role::Outbound => (&ours, &theirs),
            Role::Inbound => (&theirs, &ours),
        };
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(
            Sha3_256::new()
                .chain_update(outbound_first.expose())
                .chain_update(inbound_first.expose())
                .chain_update(both.expose())
                .finalize()
                .into(),
        );
        Ok(BoxKey::new(*key))
    }

    /// Computes the challenge (§1.5 step 3). The hellos go in as they were sent, not as this implementation would
    /// write them.
    fn challenge(&self, local: &Address, peer: &Address, peer_hello: &[u8]) -> [u8; 64] {
        let ours = (local.as_bytes(), self.hello.as_slice());
        let theirs = (peer.as_bytes(), peer_hello);
        let (outbound, inbound) = match self.role() {
            Role::Outbound => (ours, theirs),
            Role::Inbound => (theirs, ours),
        };
        let mut transcript = Transcript::new();
        transcript.new_protocol("auth-app");
        transcript.add("outbound-hostname", outbound.0);
        transcript.add("inbound-hostname", inbound.0);
        transcript.add("outbound-challenge", outbound.1);
        transcript.add("inbound-challenge", inbound.1);
        transcript.commit("3dh-auth-challenge")
    }
}

impl fmt::Debug for AwaitHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitHello").field("role", &self.role()).finish_non_exhaustive()
    }
}

/// A handshake whose proof is on its way, and which awaits the peer's.
pub struct AwaitProof {
    key: BoxKey,
    local: Address,
    peer: Address,
    theirs: [u8; PROOF_LEN],
    own: OwnNonces,
}

impl AwaitProof {
    /// Takes the peer's proof.
    ///
    /// # Errors
    /// [`HandshakeError`]; close the connection.
    pub fn on_packet(self, packet: &Packet) -> Result<Channel, HandshakeError> {
        let (nonce, boxed) = packet.split_first_chunk::<NONCE_LEN>().ok_or(HandshakeError::ProofForm)?;
        if self.own.made(nonce) {
            return Err(HandshakeError::Reflected);
        }
        let mut body = [0; SEALED_BODY];
        open_into(&self.key, nonce, boxed, &mut body).map_err(|_| HandshakeError::WrongKey)?;
        let proof = read_frame(&body).map_err(|_| HandshakeError::ProofForm)?;
        if proof.len() != PROOF_LEN {
            return Err(HandshakeError::ProofForm);
        }
        if !bool::from(proof.ct_eq(&self.theirs)) {
            return Err(HandshakeError::Proof);
        }
        Ok(Channel::new(self.key, self.local, self.peer, self.own, nonce))
    }
}

impl fmt::Debug for AwaitProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitProof([redacted])")
    }
}

fn proof(challenge: &[u8; 64], address: &Address, out: &mut [u8; PROOF_LEN]) {
    let (head, tail) = out.split_at_mut(challenge.len());
    head.copy_from_slice(challenge);
    tail.copy_from_slice(address.as_bytes());
}
