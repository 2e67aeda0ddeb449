//! A contact who speaks by hand, and not as it should.

use cwtch_client::api::NoteKind;
use cwtch_log::EntryPrefix;
use cwtch_net::{Deadlines, Isolation, SecureConnection};
use cwtch_primitives::group::LogTag;
use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::app::Peer;
use cwtch_protocol::app::lanes::Class;
use cwtch_protocol::app::peer::{Event as PeerEvent, fresh_id};
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::peer::PeerMessage;
use cwtch_wire::peer_log::{
    BoundaryEvidence, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT, Have, Mismatch, Want,
};

use super::patient;
use crate::forgery::Mallory;
use crate::log::memory_server::MemoryServer;
use crate::support::{Person, World, soon};

/// A connection with somebody's engine, as a peer.
struct Hand {
    connection: SecureConnection,
    machine: Peer,
}

impl Hand {
    async fn reach(world: &World, identity: &Identity, person: &Person) -> Self {
        let (deadlines, address) = (Deadlines::default(), person.address.parse().unwrap());
        let connection = SecureConnection::connect(
            &*world.network,
            identity,
            &address,
            Isolation::new(),
            &deadlines,
            OsRng,
        );
        Self { connection: soon("a connection", connection).await.unwrap(), machine: Peer::new() }
    }

    async fn say(&mut self, context: &str, data: Vec<u8>) {
        self.machine.send(Class::Bulk, PeerMessage::new(fresh_id(&mut OsRng), context, data)).unwrap();
        while let Some(payload) = self.machine.poll_send() {
            self.connection.send(&payload).await.unwrap();
        }
    }

    /// All answers about logs until the engine has looked at everything that was said.
    async fn answers(&mut self, person: &Person) -> Vec<PeerMessage> {
        // What is said last is answered last.
        let marker = self.machine.get_val("public", "profile.name", &mut OsRng).unwrap();
        while let Some(payload) = self.machine.poll_send() {
            self.connection.send(&payload).await.unwrap();
        }
        let mut answers = Vec::new();
        loop {
            let payload = soon("an answer", self.connection.recv()).await.unwrap().unwrap();
            self.machine.handle(&payload).unwrap();
            while let Some(event) = self.machine.poll_event() {
                match event {
                    PeerEvent::Other(message) => answers.push(message),
                    PeerEvent::RetVal { id, .. } if id == marker => {
                        // Logs are looked at beside the connection: let that come to its end.
                        person.servers().await;
                        return answers;
                    }
                    _ => {}
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_asked_for_changes_nothing() {
    let world = World::new();
    let keys = ServerKeys::new(7);
    let honest = || HonestLog::first(keys.clone(), START, 0);
    let mut log = honest();
    log.commit(START, &(0..300).map(entry).collect::<Vec<_>>());
    let server = MemoryServer::start(&world.network, keys.clone(), log, START).await;
    let mut options = patient();
    options.clock = Some(std::sync::Arc::new(|| START as i64 + 1));
    let alice = Person::start_with(world.profile("alice"), world.network.clone(), options).await;
    alice.enable().await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let group = &created.group;
    alice.send(group, "hello").await.unwrap();
    alice.sync().await.unwrap();
    let mallory = Mallory::new(&created.invite);
    alice.befriend(&mallory.identity.address().to_string(), "Mallory").await;
    let mut hand = Hand::reach(&world, &mallory.identity, &alice).await;

    let tag = LogTag::of(mallory.invite.key(), mallory.invite.server().public_key());
    // Signed by the server, and contradicting what Alice reads: but nobody asked.
    let mut other = honest();
    other.commit(START, &(1000..1300).map(entry).collect::<Vec<_>>());
    let evidence = BoundaryEvidence {
        checkpoint: other.boundary(256).unwrap().to_bytes(),
        certificate: other.certificate().to_bytes(),
    };
    let unsolicited = Mismatch { tag, evidence: Some(Box::new(evidence)) };
    hand.say(CONTEXT_LOG_MISMATCH, unsolicited.to_bytes()).await;
    // A message of the group that Alice never wanted, and one that is none.
    let message = mallory.honest("take this");
    let wanted = cwtch_log::EntryId::of(&message.signature, &message.ciphertext);
    hand.say(CONTEXT_LOG_HAVE, Have { tag, message }.to_bytes().unwrap()).await;
    let junk = EncryptedGroupMessage { signature: vec![1; 64], ciphertext: vec![2; 99] };
    hand.say(CONTEXT_LOG_HAVE, Have { tag, message: junk }.to_bytes().unwrap()).await;
    // Not in the group's history, unknown groups, nothing that can be read.
    hand.say(CONTEXT_LOG_WANT, Want { tag, entry: wanted.prefix() }.to_bytes()).await;
    hand.say(
        CONTEXT_LOG_WANT,
        Want { tag: LogTag::from_bytes([9; 16]), entry: EntryPrefix::from_bytes([1; 20]) }.to_bytes(),
    )
    .await;
    for context in ["compare", "mismatch", "want", "have"] {
        hand.say(&format!("im.cwtch.log.{context}"), vec![7; 33]).await;
    }
    // Mallory has the group's key, but wrote nothing: what Alice wrote is not given away.
    let profile_entry = server.with(|state| state.log.entry(300).clone());
    let hers = cwtch_log::EntryId::of(&profile_entry.signature, &profile_entry.ciphertext);
    let want = Want { tag, entry: hers.prefix() }.to_bytes();
    hand.say(CONTEXT_LOG_WANT, want.clone()).await;
    assert!(hand.answers(&alice).await.is_empty());
    assert_eq!(alice.texts(group).await, ["hello"]);
    assert!(alice.evidence().await.is_empty());

    // Who wrote gets it, byte for byte, but not as often as one likes.
    let said = mallory.honest("I am here");
    server.with(|state| state.log.commit(START, &[said]));
    alice.sync().await.unwrap();
    for _ in 0..200 {
        hand.say(CONTEXT_LOG_WANT, want.clone()).await;
    }
    let mut answers = Vec::new();
    soon("an answer", async {
        while answers.is_empty() {
            answers.extend(hand.answers(&alice).await);
        }
    })
    .await;
    answers.extend(hand.answers(&alice).await);
    assert!(answers.len() < 50, "{} answers", answers.len());
    let have = Have::from_bytes(&answers[0].data).unwrap();
    assert_eq!((answers[0].context.as_str(), have.message), (CONTEXT_LOG_HAVE, profile_entry));
    assert_eq!(alice.notes(group, "I am here").await, Vec::<NoteKind>::new());
    alice.stop().await;
}
